"""A fake GitHub with pull requests and comments, and a fake GitLab with notes, on a local port."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

World = TypeVar("World", "GitHub", "GitLab")

BOT = "github-actions[bot]"


class GitHub(Struct):
    """Its pull requests, its comments in order, and the requests to it, as `METHOD path`.

    `refusals` are the status and the body of the answers to a method that is refused.
    """

    address: str = ""
    refusals: dict[str, tuple[int, str]] = {}
    pulls: list[dict[str, Any]] = []
    comments: list[dict[str, Any]] = []
    asked: list[str] = []
    tokens: set[str] = set()

    def say(self, body: str, author: str = BOT) -> dict[str, Any]:
        """Add a comment."""
        comment = {"id": 1000 + len(self.comments), "user": {"login": author}, "body": body}
        self.comments.append(comment)
        return comment

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Carry out a request; return the body of the response."""
        self.asked.append(f"{method} {path}")
        if path.endswith("/pulls"):
            return [pull for pull in self.pulls if pull["label"] == query["head"][0]]
        if method == "GET":
            return _page(self.comments, query)
        assert len(body["body"]) <= 65_536
        return self.say(body["body"]) if method == "POST" else _change(self.comments, path, body)


class GitLab(Struct):
    """One merge request's notes, in order; every client is user 1. `refusals` are as those of `GitHub`."""

    address: str = ""
    refusals: dict[str, tuple[int, str]] = {}
    notes: list[dict[str, Any]] = []
    asked: list[str] = []
    tokens: set[str] = set()

    def say(self, body: str, author: int = 1) -> dict[str, Any]:
        """Add a note."""
        note = {"id": 1000 + len(self.notes), "author": {"id": author}, "body": body}
        self.notes.append(note)
        return note

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Carry out a request; return the body of the response."""
        self.asked.append(f"{method} {path}")
        if path == "/user":
            return {"id": 1}
        if method == "GET":
            return _page(self.notes, query)
        return self.say(body["body"]) if method == "POST" else _change(self.notes, path, body)


@contextmanager
def github() -> Iterator[GitHub]:
    """Run one until the block ends."""
    with _serving(GitHub()) as world:
        yield world


@contextmanager
def gitlab() -> Iterator[GitLab]:
    """Run one until the block ends."""
    with _serving(GitLab()) as world:
        yield world


@contextmanager
def _serving(world: World) -> Iterator[World]:
    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            world.tokens.add(self.headers.get("Authorization") or str(self.headers.get("PRIVATE-TOKEN")))
            status, document = 200, b""
            if self.command in world.refusals:
                status, text = world.refusals[self.command]
                document = text.encode()
            else:
                answer = world.answer(self.command, parts.path, parse_qs(parts.query), _read(sent))
                document = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        do_GET = do_POST = do_PATCH = do_PUT = do  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    size = int(query["per_page"][0])
    first = size * (int(query["page"][0]) - 1)
    return rows[first : first + size]


def _change(rows: list[dict[str, Any]], path: str, body: Any) -> dict[str, Any]:
    (row,) = (each for each in rows if str(each["id"]) == path.rsplit("/", 1)[1])
    row["body"] = body["body"]
    return row


def _read(sent: bytes) -> Any:
    """Read a body: a form, or JSON."""
    if sent.startswith(b"body="):
        return {name: values[0] for name, values in parse_qs(sent.decode()).items()}
    return json.loads(sent or b"null")
