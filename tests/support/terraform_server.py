"""A server of the Terraform HTTP protocol: the plain one, and as GitLab speaks it. Faults by switches.

GitLab's ways are those of its own source (`lib/api/terraform/state.rb`): the lock at `/lock` by POST
and DELETE, 409 where it is held with the asker's own words given back, no serial taken twice, and
the document with the highest serial served.
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "ann", "geheim:42"
MANAGED = "/api/v4/projects/7/terraform/state/meetings"
PLAIN = "/states/meetings"


@dataclass(slots=True)
class Fault:
    """What the next requests of `method` meet.

    `status` is answered in place of the work. `cut` drops the connection "before" the work is done,
    or "after" it; `then` is called at that moment, as somebody else would act.
    """

    method: str
    cut: str = ""
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    then: Any = None


@dataclass(slots=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    lock_id: str | None
    body: bytes
    user: str
    has_sound_md5: bool


class TerraformServer:
    """One state behind an address of this machine."""

    def __init__(self, port: int, *, is_managed: bool) -> None:
        self.is_managed = is_managed
        self.address = f"http://127.0.0.1:{port}{MANAGED if is_managed else PLAIN}"
        self.environ = {"RECONCILER_HTTP_USERNAME": USER, "RECONCILER_HTTP_PASSWORD": PASSWORD}
        self.document: bytes | None = None
        self.serials: set[int] = set()
        self.lock: dict[str, str] | None = None
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.gives_twice = False
        self.mutex = threading.RLock()

    @property
    def methods(self) -> list[str]:
        """What was asked, in order; GitLab's requests about the lock by the protocol's own words."""
        words = {"POST": "LOCK", "DELETE": "UNLOCK"}
        return [
            words[one.method] if self.is_managed and one.path.endswith("/lock") else one.method
            for one in self.seen
        ]

    def next_fault(self) -> Fault:
        """What the newest request meets; none has neither a status nor a cut."""
        word = self.methods[-1]
        found = next((each for each in self.faults if each.method == word and each.times), Fault(word))
        found.times -= 1
        return found

    def answer(self, one: Seen) -> tuple[int, bytes]:
        """Do what is asked."""
        is_lock = one.path.endswith("/lock") if self.is_managed else one.method in {"LOCK", "UNLOCK"}
        if one.user != f"{USER}:{PASSWORD}":
            return 401, b'{"message":"401 Unauthorized"}'
        if one.path not in {MANAGED, MANAGED + "/lock", PLAIN}:
            return 404, b'{"message":"404 Project Not Found"}'
        if not is_lock:
            return self._get() if one.method == "GET" else self._post(one)
        return self._lock(one) if one.method in {"LOCK", "POST"} else self._unlock(one)

    def _get(self) -> tuple[int, bytes]:
        if self.document is None:
            return (204 if self.lock else 404) if self.is_managed else 404, b""
        return 200, self.document

    def _post(self, one: Seen) -> tuple[int, bytes]:
        if (self.lock or {}).get("ID") != one.lock_id:
            return 409 if self.is_managed else 423, json.dumps(self.lock or {}).encode()
        serial = json.loads(one.body)["serial"]
        if self.is_managed and serial in self.serials:
            return 422, b'{"message":"PG::UniqueViolation: ERROR: duplicate key value"}'
        if not self.is_managed or serial > max(self.serials, default=-1):
            self.document = one.body
        self.serials.add(serial)
        return 200, b""

    def _lock(self, one: Seen) -> tuple[int, bytes]:
        asked = json.loads(one.body)
        assert set(asked) >= {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}
        if self.lock is None or self.gives_twice:
            self.lock = {**asked, "Who": USER} if self.is_managed else asked
            return 200, json.dumps(self.lock).encode()
        kept = {name: self.lock[name] for name in ("ID", "Who", "Created")}
        return (
            (409, json.dumps({**asked, **kept}).encode())
            if self.is_managed
            else (
                423,
                json.dumps(self.lock).encode(),
            )
        )

    def _unlock(self, one: Seen) -> tuple[int, bytes]:
        asked = json.loads(one.body)["ID"]
        assert asked == one.lock_id
        if (self.lock or {}).get("ID") != asked:
            return 409, b""
        self.lock = None
        return 200, b""


class _Handler(BaseHTTPRequestHandler):
    state: TerraformServer

    def _serve(self) -> None:
        one = self._read()
        with self.state.mutex:
            self.state.seen.append(one)
            fault = self.state.next_fault()
            if fault.status:
                self._say(fault.status, fault.body, fault.headers)
                return
            if fault.cut != "before":
                status, body = self.state.answer(one)
            if fault.cut:
                self._drop(fault)
                return
        self._say(status, body, {})

    def _drop(self, fault: Fault) -> None:
        if fault.then:
            fault.then()
        self.close_connection = True

    def _read(self) -> Seen:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scheme, _, given = (self.headers.get("Authorization") or " ").partition(" ")
        user = base64.b64decode(given).decode() if scheme == "Basic" else ""
        digest = base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()
        lock_id = parse_qs(parts.query).get("ID", [None])[0]
        return Seen(self.command, parts.path, lock_id, body, user, self.headers.get("Content-MD5") == digest)

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_LOCK = do_UNLOCK = _serve  # noqa: N815 - the library's way

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing."""


@contextmanager
def terraform_server(*, is_managed: bool = False) -> Iterator[TerraformServer]:
    """A server in a thread of its own, until the block ends."""
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
