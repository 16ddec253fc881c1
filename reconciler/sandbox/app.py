"""The emulator as one ASGI application: routes inside, the way there and back around them."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.sandbox import control, messages, operations
from reconciler.sandbox.account import Account, Request
from reconciler.sandbox.emulator import Call, Emulator, Operation
from reconciler.sandbox.faults import Cut, Fault, Faults
from reconciler.sandbox.replies import Reply
from reconciler.sandbox.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from datetime import datetime

    from starlette.requests import Request as HttpRequest
    from starlette.types import Message, Receive, Scope, Send

    from reconciler.ports import Json


_ROUTES = (
    ("POST", "/v2/users/{user}/meetings", operations.CREATE),
    ("GET", "/v2/users/{user}/meetings", operations.LIST),
    ("GET", "/v2/users/{user}/settings", operations.USER_SETTINGS),
    ("GET", "/v2/users/{user}", operations.USER),
    ("GET", "/v2/meetings/{meeting}", operations.READ),
    ("PATCH", "/v2/meetings/{meeting}", operations.UPDATE),
    ("DELETE", "/v2/meetings/{meeting}", operations.DELETE),
    ("PUT", "/v2/meetings/{meeting}/status", operations.STATUS),
)

_NO_JSON = Reply(400, {"code": 300, "message": "Request Body should be a valid JSON object."})
_NO_ENDPOINT = Reply(404, {"code": 2300, "message": "This API endpoint is not recognized."})


def create_app(  # noqa: PLR0913 - each is a part of the world, handed in
    account: Account,
    *,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
    switches: Switches | None = None,
    faults: Faults | None = None,
    on_change: Callable[[Mapping[str, Json]], None] | None = None,
    before_request: Callable[[], None] | None = None,
    set_clock: Callable[[str], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> SandboxApp:
    """The application over `account`.

    `now` gives aware instants, `monotonic` seconds. `on_change` gets each change before the
    answer leaves, `before_request` runs before a request is judged, `set_clock` takes what
    POST /sandbox/clock was sent (ValueError: refused). Latency and delays wait by `sleep`.
    """
    emulator = Emulator(
        account,
        now=now,
        monotonic=monotonic,
        switches=switches or Switches(),
        on_change=on_change,
        before_request=before_request,
    )
    return SandboxApp(emulator, faults or Faults(), set_clock=set_clock, sleep=sleep)


class SandboxApp:
    """What servers and transports call. `emulator` and `faults` are there for tests to reach in."""

    def __init__(
        self,
        emulator: Emulator,
        faults: Faults,
        *,
        set_clock: Callable[[str], None] | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.emulator = emulator
        self.faults = faults
        self._sleep = sleep
        self._inside = Starlette(
            routes=[
                *(Route(path, _endpoint(emulator, each), methods=[verb]) for verb, path, each in _ROUTES),
                Route("/oauth/token", _token_endpoint(emulator), methods=["POST"]),
                *control.routes(emulator, faults, set_clock),
                Route("/{rest:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ]
        )
        self._late: set[asyncio.Task[list[Message]]] = set()

    @property
    def account(self) -> Account:
        """The account behind it."""
        return self.emulator.account

    @property
    def switches(self) -> Switches:
        """How it behaves; set it to have it behave otherwise from the next request on."""
        return self.emulator.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.emulator.switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises `Cut` where the connection is to break."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._inside(scope, receive, send)
            return
        scope = {**scope, "headers": list(scope["headers"])}
        body = await messages.read(receive)
        seen, status = self._arrived(scope), 0
        try:
            answered = await self._met(scope, body)
            status = answered[0]["status"]
        finally:
            self.account.saw(replace(seen, status=status))
        for message in answered:
            await send(message)

    async def _met(self, scope: Scope, body: bytes) -> list[Message]:
        fault = self.faults.meet(scope["method"], scope["path"])
        latency = self.emulator.switches.latency_seconds
        if fault is None and not latency:
            return await self._carried_out(scope, body)
        work = self._through(fault or Fault(), latency, scope, body)
        return await self._come_what_may(work)

    async def _come_what_may(self, work: Coroutine[Any, Any, list[Message]]) -> list[Message]:
        """Its result; it goes on to its end although the client may have left."""
        task = asyncio.get_running_loop().create_task(work)
        self._late.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[list[Message]]) -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain when nobody waits any more

    async def _through(self, fault: Fault, latency: float, scope: Scope, body: bytes) -> list[Message]:
        if fault.cut == "before":
            raise Cut("cut before the request was carried out")
        await self._pause(latency / 2 + fault.delay_before_seconds)
        instead = fault.status is not None
        answered = messages.answer(fault)
        if fault.commit or not instead:
            carried_out = await self._carried_out(scope, body)
            answered = answered if instead else carried_out
        await self._pause(latency / 2 + fault.delay_after_seconds)
        if fault.cut == "after":
            raise Cut("cut before the answer")
        return answered if fault.keep_bytes is None else messages.shortened(answered, fault.keep_bytes)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)

    async def _carried_out(self, scope: Scope, body: bytes) -> list[Message]:
        answered: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answered.append(message)

        await self._inside(scope, receive, send)
        return answered

    def _arrived(self, scope: Scope) -> Request:
        parts = scope["path"].split("/")
        host = parts[3] if parts[1:3] == ["v2", "users"] else None
        emulator = self.emulator
        return Request(scope["method"], scope["path"], host, emulator.now(), emulator.monotonic(), 0)


def _endpoint(emulator: Emulator, operation: Operation) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        try:
            body = json.loads(await request.body() or "null")
        except ValueError:
            return _response(_NO_JSON)
        call = Call(
            parts=request.path_params,
            query=dict(request.query_params),
            body=body,
            authorization=request.headers.get("authorization", ""),
        )
        return _response(emulator.answer(operation, call))

    return endpoint


def _token_endpoint(emulator: Emulator) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        form = dict(request.query_params) | dict(parse_qsl((await request.body()).decode(errors="replace")))
        reply = emulator.issue_token(
            authorization=request.headers.get("authorization", ""),
            form=form,
            api_url=str(request.base_url).rstrip("/"),
        )
        return _response(reply)

    return endpoint


async def _unknown(_request: HttpRequest) -> Response:
    return _response(_NO_ENDPOINT)


def _response(reply: Reply) -> Response:
    headers = {"x-zm-trackingid": f"v=2.0;clid=sandbox;rid=WEB_{uuid.uuid4().hex}", **reply.headers}
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)
