"""A Zoom that answers from a list, and records the requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
from manual_clock import ManualClock

from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.pace import Pace

SERVER_TO_SERVER = Credentials("ACCOUNT", "client-id-9", "client-secret-9")

Reaction = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]

T = TypeVar("T")


class ScriptedZoom:
    """Answers the n-th API request with the n-th of `reactions`; the last one is repeated.

    The token endpoint returns `token-1-9`, `token-2-9` and so on. `asked` has every API
    request as `METHOD path?query`, `sent_at` its time, `tokens` its token.
    """

    def __init__(self, *reactions: Reaction, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        self.tokens: list[str] = []
        self.sent_at: list[float] = []
        self.tokens_given = 0
        self._reactions = reactions

    def client(self, credentials: Credentials = SERVER_TO_SERVER, **options: Any) -> ZoomClient:
        """Return a client whose only server is this one, or `transport`."""
        options.setdefault("pace", Pace.of(1000, self.clock))
        options.setdefault("transport", httpx.MockTransport(self._answer))
        return ZoomClient(
            credentials, Addresses(), clock=ZoomClock(self.clock), random=lambda: 0.5, **options
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "zoom.us":
            self.tokens_given += 1
            return httpx.Response(
                200, json={"access_token": f"token-{self.tokens_given}-9", "expires_in": 3600}
            )
        reaction = self._reactions[min(len(self.asked), len(self._reactions) - 1)]
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        self.bodies.append(request.content)
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        self.sent_at.append(round(self.clock.monotonic(), 3))
        if isinstance(reaction, Exception):
            raise reaction
        return reaction if isinstance(reaction, httpx.Response) else reaction(request)


def answer(status: int, body: object = None, **headers: str) -> httpx.Response:
    """Return a JSON response, or an empty one; header names are written with `_`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=b"" if body is None else json.dumps(body), headers=names)


def no(status: int, code: int, message: str, **headers: str) -> httpx.Response:
    """Return a response with Zoom's error body."""
    return answer(status, {"code": code, "message": message}, **headers)


async def using(client: ZoomClient, work: Callable[[ZoomClient], Coroutine[Any, Any, T]]) -> T:
    """Return what `work` returns, and close the client."""
    async with client:
        return await work(client)
