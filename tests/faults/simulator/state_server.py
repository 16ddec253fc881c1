"""A server of the Terraform HTTP protocol in memory, whose requests take their time and meet their fates.

It has no leases: its lock stands until its holder or a person frees it. docs/promise.md assumes that a write
whose answer was lost does not arrive after a later one, so none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from memory_place import CallOutcome
from terraform_server import PASSWORD, USER, Request, TerraformServer

from reconciler.ports import Snapshot
from reconciler.stores import errors
from reconciler.stores import lock as locks
from reconciler.stores.http._endpoints import Endpoints
from reconciler.stores.http._errors import ServerResponse
from reconciler.stores.http._protocol import HttpStateProtocol
from reconciler.stores.http._store import HttpStore
from reconciler.stores.leased._lease import FREE
from reconciler.stores.leased.place import LOCK, STATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from memory_place import Documents

    from reconciler.stores.http._endpoints import Endpoint
    from reconciler.stores.options import StoreOptions
    from simulator.process import Process

CALLS = {"GET": "get state", "POST": "put state", "LOCK": "put lock", "UNLOCK": "put lock"}
"""What each method is called where its fate is chosen."""

PORT = 1
"""Nothing listens there: the server is in memory."""

UNDONE = {CallOutcome.NOT_WRITTEN, CallOutcome.LATE}


class StateServer:
    """One state, shared by the stores that `store` opens; `documents` shows what it holds, and the lock."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._server = TerraformServer(PORT, is_managed=False)

    def store(
        self,
        options: StoreOptions,
        process: Process,
        fate: Callable[[str], CallOutcome] = lambda _call: CallOutcome.OK,
        wait: Callable[[], object] = lambda: None,
    ) -> HttpStore:
        """The store of a process."""
        endpoints = Endpoints.of(self._server.address, {})

        def send(
            endpoint: Endpoint, content: bytes | None = None, lock_id: str | None = None
        ) -> ServerResponse:
            outcome = fate(CALLS[endpoint.method])
            wait()
            if outcome is CallOutcome.REFUSED:
                raise errors.unreachable("memory", "refused")
            if outcome in UNDONE:
                raise errors.unanswered("No answer came.")
            response = self._answer(process.name, endpoint, content, lock_id)
            wait()
            if outcome is not CallOutcome.OK:
                raise errors.unanswered("No answer came.")
            return response

        return HttpStore(HttpStateProtocol(endpoints, send, process.pass_time), options)

    def _answer(
        self, author: str, endpoint: Endpoint, content: bytes | None, lock_id: str | None
    ) -> ServerResponse:
        path = urlsplit(endpoint.url).path
        request = Request(
            endpoint.method, path, lock_id, content or b"", f"{USER}:{PASSWORD}", has_valid_md5=True
        )
        status, body = self._server.answer(request)
        response = ServerResponse(status, body)
        if response.is_success:
            self._show(author, endpoint.method, content or b"")
        return response

    def _show(self, author: str, method: str, content: bytes) -> None:
        """Have `documents` say what the server holds now."""
        if method == "POST":
            self._documents.current[STATE] = Snapshot(content, "")
            self._documents.on_write(STATE, author, content)
        elif method in {"LOCK", "UNLOCK"}:
            stands = self._server.lock
            info = locks.decode(content) if stands else None
            document = locks.encode(info) if info else FREE
            self._documents.current[LOCK] = Snapshot(document, "")
