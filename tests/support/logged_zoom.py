"""The emulator on a port, with a log of every request and of its own answer: python logged_zoom.py LOG."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "faults")]

from auditor import Exchange, line  # noqa: E402 - the path comes first

from reconciler.sandbox import server  # noqa: E402 - the path comes first
from reconciler.sandbox.sandbox import Sandbox  # noqa: E402 - the path comes first
from reconciler.sandbox.switches import Switches  # noqa: E402 - the path comes first

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Logged:
    """An application whose requests to the API are written to a file, each before its answer leaves."""

    def __init__(self, app: ASGIApp, log: Path) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
            await self._app(scope, receive, send)
            return
        at, asked, answered = datetime.now(UTC), bytearray(), bytearray()
        status = 0

        async def receiving() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            answered.extend(message.get("body", b""))
            if not message.get("more_body") and message["type"] == "http.response.body":
                self._write(scope, at, bytes(asked), status, bytes(answered))
            await send(message)

        await self._app(scope, receiving, sending)

    def _write(self, scope: Scope, at: datetime, asked: bytes, status: int, answered: bytes) -> None:
        agent = dict(scope["headers"]).get(b"user-agent", b"")
        one = Exchange(
            at,
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode())),
            _json(asked),
            status,
            _json(answered),
            by_hand=not agent.startswith(b"meetings-reconciler"),
        )
        with self._log.open("a") as log:
            log.write(line(one) + "\n")


def _json(body: bytes) -> Any:
    return json.loads(body) if body else None


def _say(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


def main(log: str) -> None:
    """Serve until killed; the first line of stdout is the address."""
    sandbox = Sandbox.open(None, now=None, real_now=lambda: datetime.now(UTC), switches=Switches(plan="off"))
    server.run(Logged(sandbox.app, Path(log)), port=0, on_ready=_say)


if __name__ == "__main__":
    main(sys.argv[1])
