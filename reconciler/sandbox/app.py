"""The emulator as one ASGI application: routes, with faults and latency around them."""

from __future__ import annotations

import asyncio
import json
import uuid
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.sandbox import control, messages, operations
from reconciler.sandbox.account import Account, Request
from reconciler.sandbox.emulator import Call, Emulator, Operation
from reconciler.sandbox.faults import Cut, Fault, Faults
from reconciler.sandbox.replies import NO_OBJECT, Reply
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
    ("GET", "/v2/users", operations.USERS),
    ("GET", "/v2/users/{user}", operations.USER),
    ("GET", "/v2/tracking_fields", operations.TRACKING_FIELDS),
    ("GET", "/v2/meetings/{meeting}", operations.READ),
    ("PATCH", "/v2/meetings/{meeting}", operations.UPDATE),
    ("DELETE", "/v2/meetings/{meeting}", operations.DELETE),
    ("PUT", "/v2/meetings/{meeting}/status", operations.STATUS),
)

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
    """Return the application for `account`.

    `now` returns aware instants, `monotonic` seconds. `on_change` gets each change before the response
    leaves, `before_request` runs before a request is handled, `set_clock` gets the body of POST
    /sandbox/clock (ValueError: rejected). Latency and delays wait with `sleep`.
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
    """The ASGI application. `emulator` and `faults` are public for tests."""

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
        self._router = Starlette(
            routes=[
                *(Route(path, _endpoint(emulator, each), methods=[verb]) for verb, path, each in _ROUTES),
                Route("/oauth/token", _token_endpoint(emulator), methods=["POST"]),
                *control.routes(emulator, faults, set_clock),
            ],
            exception_handlers={404: _no_endpoint(emulator), 405: _no_endpoint(emulator)},
        )
        self._router.router.redirect_slashes = False
        self._unfinished: set[asyncio.Task[list[Message]]] = set()
        self._previous: list[Message] = []

    @property
    def account(self) -> Account:
        """The emulated account."""
        return self.emulator.account

    @property
    def switches(self) -> Switches:
        """The switches of the emulator; a new value holds from the next request on."""
        return self.emulator.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.emulator.switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Raises `Cut` where the connection is to be cut."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            await self._router(scope, receive, send)
            return
        scope = {**scope, "headers": list(scope["headers"])}
        body = await messages.read(receive)
        request, status = self._request(scope), 0
        try:
            response = await self._respond(scope, body)
            status = response[0]["status"]
        finally:
            self.account.log_request(replace(request, status=status))
        self._previous = response
        for message in response:
            await send(message)

    async def _respond(self, scope: Scope, body: bytes) -> list[Message]:
        fault = self.faults.take(scope["method"], scope["path"])
        latency = self.emulator.switches.latency_seconds
        if fault is None and not latency:
            return await self._carry_out(scope, body)
        work = self._with_fault(fault or Fault(), latency, scope, body)
        return await self._shielded(work)

    async def _shielded(self, work: Coroutine[Any, Any, list[Message]]) -> list[Message]:
        """Return the result of `work`, which runs to its end even if the client disconnects."""
        task = asyncio.get_running_loop().create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[list[Message]]) -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it when nobody awaits the task

    async def _with_fault(self, fault: Fault, latency: float, scope: Scope, body: bytes) -> list[Message]:
        if fault.cut == "before":
            raise Cut("cut before the request was handled")
        await self._pause(latency / 2 + fault.delay_before_seconds)
        is_replaced = fault.status is not None
        response = messages.fault_response(fault)
        if fault.commit or not is_replaced:
            previous = self._previous if fault.previous else []
            carried_out = await self._carry_out(scope, body)
            response = response if is_replaced else previous or carried_out
        await self._pause(latency / 2 + fault.delay_after_seconds)
        if fault.cut == "after":
            raise Cut("cut before the response")
        return response if fault.keep_bytes is None else messages.truncated(response, fault.keep_bytes)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)

    async def _carry_out(self, scope: Scope, body: bytes) -> list[Message]:
        response: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            response.append(message)

        await self._router(scope, receive, send)
        return response

    def _request(self, scope: Scope) -> Request:
        parts = scope["path"].split("/")
        host = parts[3] if parts[1:3] == ["v2", "users"] and len(parts) > 3 else None  # noqa: PLR2004 - see `parts`
        emulator = self.emulator
        return Request(scope["method"], scope["path"], host, emulator.now(), emulator.monotonic(), 0)


def _endpoint(emulator: Emulator, operation: Operation) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        try:
            body = json.loads(await request.body() or "null")
        except (ValueError, RecursionError):
            return _response(NO_OBJECT, emulator)
        call = Call(
            parts=request.path_params,
            query=dict(request.query_params),
            body=body,
            authorization=request.headers.get("authorization", ""),
        )
        return _response(emulator.answer(operation, call), emulator)

    return endpoint


def _token_endpoint(emulator: Emulator) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        form = dict(request.query_params) | dict(parse_qsl((await request.body()).decode(errors="replace")))
        reply = emulator.issue_token(
            authorization=request.headers.get("authorization", ""),
            form=form,
            api_url=str(request.base_url).rstrip("/"),
        )
        return _response(reply, emulator)

    return endpoint


def _no_endpoint(emulator: Emulator) -> Callable[[HttpRequest, Exception], Awaitable[Response]]:
    async def endpoint(_request: HttpRequest, _error: Exception) -> Response:
        return _response(_NO_ENDPOINT, emulator)

    return endpoint


def _response(reply: Reply, emulator: Emulator) -> Response:
    date = {"date": format_datetime(emulator.now(), usegmt=True)} if emulator.switches.sends_date else {}
    headers = {
        **date,
        "x-zm-trackingid": f"v=2.0;clid=sandbox;rid=WEB_{uuid.uuid4().hex}",
        **reply.headers,
    }
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)
