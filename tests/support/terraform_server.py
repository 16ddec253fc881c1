"""A server of the Terraform HTTP protocol, plain or like GitLab, with planned faults.

The behaviour of GitLab follows its source (`lib/api/terraform/state.rb`): POST and DELETE at `/lock`,
409 for a held lock, with the fields of the request echoed, no serial accepted twice, and the
document with the highest serial served.
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER, PASSWORD = "ann", "geheim:42"
MANAGED = "/api/v4/projects/7/terraform/state/meetings"
PLAIN = "/states/meetings"


class Fault(Struct):
    """A fault for the next requests of `method`.

    `status` is answered instead of doing the work. `cut` drops the connection "before" the work is done,
    or "after" it; `then` is called at that moment, to act as somebody else.
    """

    method: str
    cut: str = ""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = {}
    times: int = 1
    then: Any = None


class Request(Struct):
    """A request as it was received."""

    method: str
    path: str
    lock_id: str | None
    body: bytes
    user: str
    has_valid_md5: bool


class TerraformServer:
    """One state at an address on this machine."""

    def __init__(self, port: int, *, is_managed: bool) -> None:
        self.is_managed = is_managed
        self.address = f"http://127.0.0.1:{port}{MANAGED if is_managed else PLAIN}"
        self.environ = {"RECONCILER_HTTP_USERNAME": USER, "RECONCILER_HTTP_PASSWORD": PASSWORD}
        self.document: bytes | None = None
        self.versions: list[tuple[datetime, bytes]] = []
        """Instant and bytes of every write."""
        self.serials: set[int] = set()
        self.lock: dict[str, str] | None = None
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.locks_twice = False
        self.mutex = threading.RLock()
        self.on_write: Callable[[], None] = lambda: None
        """Called before a document is written, as somebody who comes at that moment."""

    @property
    def methods(self) -> list[str]:
        """The methods in order; for the lock requests of GitLab, the protocol's own methods."""
        names = {"POST": "LOCK", "DELETE": "UNLOCK"}
        return [
            names[request.method] if self.is_managed and request.path.endswith("/lock") else request.method
            for request in self.requests
        ]

    def next_fault(self) -> Fault:
        """The fault of the newest request; without a status and a cut, it is no fault."""
        method = self.methods[-1]
        fault = next(
            (fault for fault in self.faults if fault.method == method and fault.times), Fault(method)
        )
        fault.times -= 1
        return fault

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Carry out the request."""
        is_lock = request.path.endswith("/lock") if self.is_managed else request.method in {"LOCK", "UNLOCK"}
        if request.user != f"{USER}:{PASSWORD}":
            return 401, b'{"message":"401 Unauthorized"}'
        if request.path not in {MANAGED, MANAGED + "/lock", PLAIN}:
            return 404, b'{"message":"404 Project Not Found"}'
        if not is_lock:
            return self._get() if request.method == "GET" else self._post(request)
        return self._lock(request) if request.method in {"LOCK", "POST"} else self._unlock(request)

    def _get(self) -> tuple[int, bytes]:
        if self.document is None:
            return (204 if self.lock else 404) if self.is_managed else 404, b""
        return 200, self.document

    def _post(self, request: Request) -> tuple[int, bytes]:
        if (self.lock or {}).get("ID") != request.lock_id:
            return 409 if self.is_managed else 423, json.dumps(self.lock or {}).encode()
        serial = json.loads(request.body)["serial"]
        if self.is_managed and serial in self.serials:
            return 422, b'{"message":"PG::UniqueViolation: ERROR: duplicate key value"}'
        if not self.is_managed or serial > max(self.serials, default=-1):
            self.document = request.body
            self.versions.append((datetime.now(UTC), request.body))
        self.serials.add(serial)
        return 200, b""

    def _lock(self, request: Request) -> tuple[int, bytes]:
        fields = json.loads(request.body)
        assert set(fields) >= {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}
        if self.lock is None or self.locks_twice:
            self.lock = {**fields, "Who": USER} if self.is_managed else fields
            return 200, json.dumps(self.lock).encode()
        kept = {name: self.lock[name] for name in ("ID", "Who", "Created")}
        return (
            (409, json.dumps({**fields, **kept}).encode())
            if self.is_managed
            else (
                423,
                json.dumps(self.lock).encode(),
            )
        )

    def _unlock(self, request: Request) -> tuple[int, bytes]:
        # Terraform names the lock in the body alone, and not at all with `force-unlock`.
        lock_id = json.loads(request.body)["ID"] if request.body else None
        assert request.lock_id in {None, lock_id}
        if lock_id is not None and (self.lock or {}).get("ID") != lock_id:
            return 409, b""
        self.lock = None
        return 200, b""


class _Handler(BaseHTTPRequestHandler):
    state: TerraformServer

    def _serve(self) -> None:
        request = self._read()
        if self.command == "POST" and not request.path.endswith("/lock"):
            self.state.on_write()
        with self.state.mutex:
            self.state.requests.append(request)
            fault = self.state.next_fault()
            if fault.status:
                self._respond(fault.status, fault.body, fault.headers)
                return
            if fault.cut != "before":
                status, body = self.state.answer(request)
            if fault.cut:
                self._drop(fault)
                return
        self._respond(status, body, {})

    def _drop(self, fault: Fault) -> None:
        if fault.then:
            fault.then()
        self.close_connection = True

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scheme, _, given = (self.headers.get("Authorization") or " ").partition(" ")
        user = base64.b64decode(given).decode() if scheme == "Basic" else ""
        digest = base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()
        lock_id = parse_qs(parts.query).get("ID", [None])[0]
        return Request(
            self.command, parts.path, lock_id, body, user, self.headers.get("Content-MD5") == digest
        )

    def _respond(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_LOCK = do_UNLOCK = _serve  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Do nothing."""


@contextmanager
def terraform_server(*, is_managed: bool = False) -> Iterator[TerraformServer]:
    """Run a server in a thread until the block ends."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server = TerraformServer(listener.server_port, is_managed=is_managed)
    listener.RequestHandlerClass = type("Handler", (_Handler,), {"state": server})
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
