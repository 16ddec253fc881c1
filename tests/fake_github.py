"""A GitHub that knows pull requests and their comments, on a port of this machine."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

BOT = "github-actions[bot]"


@dataclass(slots=True)
class GitHub:
    """Its pull requests, its comments in order, and what was asked of it, as `METHOD path`."""

    address: str = ""
    pulls: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def say(self, body: str, author: str = BOT) -> dict[str, Any]:
        """Add a comment."""
        comment = {"id": 1000 + len(self.comments), "user": {"login": author}, "body": body}
        self.comments.append(comment)
        return comment

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """What it answers; it does what it is asked."""
        self.asked.append(f"{method} {path}")
        if path.endswith("/pulls"):
            return [pull for pull in self.pulls if pull["label"] == query["head"][0]]
        if method == "GET":
            first = 100 * (int(query["page"][0]) - 1)
            return self.comments[first : first + 100]
        assert len(body["body"]) <= 65_536
        if method == "POST":
            return self.say(body["body"])
        (comment,) = (each for each in self.comments if str(each["id"]) == path.rsplit("/", 1)[1])
        comment["body"] = body["body"]
        return comment


@contextmanager
def github() -> Iterator[GitHub]:
    """One that answers until the block ends."""
    world = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            world.tokens.add(self.headers.get("Authorization", ""))
            answer = world.answer(
                self.command, parts.path, parse_qs(parts.query), json.loads(sent or b"null")
            )
            document = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        do_GET = do_POST = do_PATCH = do  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

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
