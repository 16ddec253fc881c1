"""A minimal server of S3: conditional writes, and faults that a test plans."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "states"

HANG = "hang"
DROP = "drop"
LOSE = "lose"
"""Faults without an answer: it hangs, it closes the connection, it closes it after the work was done."""


class BucketServer:
    """Objects, requests so far, and faults to come."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.versions: list[tuple[datetime, str, bytes]] = []
        """Instant, name and bytes of every write."""
        self.requests: list[str] = []
        self.faults: list[str] = []
        """One for each of the next requests: "STATUS CODE", or `HANG`, `DROP`, `LOSE`; "" is no fault."""
        self.is_busy_for: frozenset[str] = frozenset()
        """Methods that it answers with 503, for as long as they are named."""
        self.keeps_conditions = True
        self.sends_versions = True
        self.closing = threading.Event()
        self.port = 0

    @property
    def environ(self) -> dict[str, str]:
        """Variables that point a client of S3 here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "ours",
            "AWS_SECRET_ACCESS_KEY": "secret-of-ours",
            "AWS_REGION": "eu-central-1",
        }

    def etag(self, path: str) -> str | None:
        """The version of the object, quoted as in a header."""
        return f'"{md5(self.objects[path]).hexdigest()}"' if path in self.objects else None

    def answer(self, method: str, path: str, body: bytes, conditions: dict[str, str]) -> tuple[int, bytes]:
        """Carry out a request; return status and body."""
        if method in self.is_busy_for:
            return 503, _error("SlowDown")
        bucket, _, name = path.removeprefix("/").partition("/")
        if bucket != BUCKET:
            return 404, _error("NoSuchBucket")
        if method == "GET":
            return (200, self.objects[name]) if name in self.objects else (404, _error("NoSuchKey"))
        if method == "DELETE":
            self.objects.pop(name, None)
            return 204, b""
        if self.keeps_conditions and not self._holds(name, conditions):
            return (412, _error("PreconditionFailed")) if name in self.objects else (404, _error("NoSuchKey"))
        self.objects[name] = body
        self.versions.append((datetime.now(UTC), name, body))
        return 200, b""

    def _holds(self, name: str, conditions: dict[str, str]) -> bool:
        if "if-none-match" in conditions:
            return name not in self.objects
        return conditions.get("if-match") == self.etag(name)


class _Handler(BaseHTTPRequestHandler):
    server_state: ClassVar[BucketServer]

    def do_GET(self) -> None:
        server = self.server_state
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        server.requests.append(self.command)
        fault = server.faults.pop(0) if server.faults else ""
        if fault == HANG:
            server.closing.wait()
        if fault in {HANG, DROP}:
            return
        conditions = {
            name.lower(): value for name, value in self.headers.items() if name.lower()[:3] == "if-"
        }
        if fault and fault != LOSE:
            status, _, code = fault.partition(" ")
            self._reply(int(status), _error(code), None)
            return
        answer_status, answer = server.answer(self.command, self.path, body, conditions)
        if fault != LOSE:
            version = server.etag(self.path.removeprefix(f"/{BUCKET}/"))
            self._reply(answer_status, answer, version if server.sends_versions else None)

    do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

    def _reply(self, status: int, body: bytes, version: str | None) -> None:
        self.send_response(status)
        self.send_header("last-modified", "Tue, 01 Dec 2026 09:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        if version:
            self.send_header("etag", version)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Do nothing: the tests read `requests`."""


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """Storage with one empty bucket, on a port of this machine."""
    state = BucketServer()
    handler = type("Handler", (_Handler,), {"server_state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()


def _error(code: str) -> bytes:
    return (
        f"<Error><Code>{code}</Code><Message>As the test asked.</Message></Error>".encode() if code else b""
    )
