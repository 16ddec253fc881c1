"""Object storage as small as it can be: enough of S3 to keep objects on conditions, and to fail as told."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "states"

HANG = "hang"
DROP = "drop"
LOSE = "lose"
"""Faults that are no answer: none ever, none at all, and none though it was done."""


class BucketServer:
    """What it has, what it was asked, and what it does instead of answering rightly."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.faults: list[str] = []
        """One for each of the next requests: "STATUS CODE", or `HANG`, `DROP`, `LOSE`; "" is none."""
        self.keeps_conditions = True
        self.tells_versions = True
        self.closing = threading.Event()
        self.port = 0

    @property
    def environ(self) -> dict[str, str]:
        """What leads a client of S3 here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "ours",
            "AWS_SECRET_ACCESS_KEY": "secret-of-ours",
            "AWS_REGION": "eu-central-1",
        }

    def etag(self, path: str) -> str | None:
        """The version of what is there, quoted as in a header."""
        return f'"{md5(self.objects[path]).hexdigest()}"' if path in self.objects else None

    def answer(self, method: str, path: str, body: bytes, conditions: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of an answer, everything done as asked."""
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
        return 200, b""

    def _holds(self, name: str, conditions: dict[str, str]) -> bool:
        if "if-none-match" in conditions:
            return name not in self.objects
        return conditions.get("if-match") == self.etag(name)


class _Handler(BaseHTTPRequestHandler):
    ours: ClassVar[BucketServer]

    def do_GET(self) -> None:
        server = self.ours
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        server.asked.append(self.command)
        fault = server.faults.pop(0) if server.faults else ""
        if fault == HANG:
            server.closing.wait()
        if fault in {HANG, DROP}:
            return
        conditions = {
            name.lower(): value for name, value in self.headers.items() if name.lower()[:3] == "if-"
        }
        if fault and fault != LOSE:
            told, _, code = fault.partition(" ")
            self._reply(int(told), _error(code), None)
            return
        status, answer = server.answer(self.command, self.path, body, conditions)
        if fault != LOSE:
            version = server.etag(self.path.removeprefix(f"/{BUCKET}/"))
            self._reply(status, answer, version if server.tells_versions else None)

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
        """Nothing: the tests ask `asked`."""


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """Storage with one empty bucket, on a port of this machine."""
    ours = BucketServer()
    handler = type("Handler", (_Handler,), {"ours": ours})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        ours.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield ours
        finally:
            ours.closing.set()
            server.shutdown()
            thread.join()


def _error(code: str) -> bytes:
    return (
        f"<Error><Code>{code}</Code><Message>As the test asked.</Message></Error>".encode() if code else b""
    )
