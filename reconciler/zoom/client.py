"""Zoom as the engine's `Remote`: meetings created, changed, ended and read over HTTP.

A write is done at most once. It is sent again only where Zoom said that it was not
done (a 401, a per-second 429), a bounded number of times. Reads are repeated freely.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote, urlencode

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import NeverSentError, UnknownOutcomeError
from reconciler.ports import IN_FLIGHT_MAX, Answer, Body
from reconciler.zoom._errors import is_token_refused, over_limit, to_error, unknown
from reconciler.zoom._exchange import ApiCall, HttpRequest, Label
from reconciler.zoom.auth import NO_TOKEN, Tokens
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime
    from types import TracebackType

    import httpx

    from reconciler.ports import BeforeSend, Clock
    from reconciler.zoom._exchange import HttpResponse
    from reconciler.zoom.addresses import Addresses
    from reconciler.zoom.auth import Credentials
    from reconciler.zoom.pace import Pace


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """The token's scopes, and when the last answer was sent (aware, UTC, whole seconds); None: not told."""

    scopes: frozenset[str] | None = None
    server_at: datetime | None = None


class RequestGate:
    """At most `connections` requests in flight, each begun at the pace.

    Only the head of each label's line waits for its turn with a connection in hand, so
    that a slow label does not keep the other one from sending.
    """

    def __init__(self, *, tokens: Tokens, pace: Pace, connections: int) -> None:
        self._tokens = tokens
        self._pace = pace
        self._lines = {label: asyncio.Lock() for label in Label}
        self._connections = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def passing(self, label: Label) -> AsyncIterator[str]:
        """The token to send with; what stands inside is sent at once and has a connection of its own."""
        async with self._lines[label]:
            await self._connections.acquire()
            try:
                token = await self._tokens.token()
                await self._pace.turn(label)
            except BaseException:
                self._connections.release()
                raise
        try:
            yield token
        finally:
            self._connections.release()


PAGE_SIZE = 300
"""Meetings asked for at once; Zoom's most."""


def page_query(page_token: str) -> str:
    """The query that asks for the page `page_token`, empty for the first."""
    query = {"type": "scheduled", "page_size": PAGE_SIZE}
    return urlencode({**query, "next_page_token": page_token} if page_token else query)


def is_page(body: Body) -> bool:
    """It is whole: every meeting in it can be told from others, and it says whether more follow."""
    meetings = body.get("meetings")
    if not isinstance(meetings, list) or not isinstance(body.get("next_page_token", ""), str | None):
        return False
    return all(isinstance(meeting, Mapping) and is_meeting_id(meeting.get("id")) for meeting in meetings)


def is_meeting_id(value: object) -> bool:
    """Whether it is a whole number, above 0, as the state keeps it."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def segment(host: str) -> str:
    """The host, quoted. Raises `NeverSentError` where it would lead to another address."""
    if host in {"", ".", ".."}:
        raise NeverSentError(
            Diagnostic(
                code="zoom.host-name",
                detail=f"`{host}` is not an e-mail or a user id. Nothing was sent.",
                hint="Name the host by e-mail or user id.",
            )
        )
    return quote(host, safe="")


_T = TypeVar("_T")

TIMEOUT_SECONDS = 30.0
"""Longest that one attempt may take, from send to answer."""

READS_MAX = 4
"""How often one read is tried before it is given up."""


class ZoomClient:
    """The `Remote` over HTTP. An async context manager; `close` ends it too.

    `random` gives jitter, 0 to 1. `transport` stands in for the network.
    """

    def __init__(  # noqa: PLR0913 - a state, where it lives, and how to write it
        self,
        credentials: Credentials,
        addresses: Addresses,
        *,
        pace: Pace,
        clock: Clock,
        random: Callable[[], float],
        timeout_seconds: float = TIMEOUT_SECONDS,
        user_limit: UserLimit | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._addresses = addresses
        self._pace = pace
        self._clock = clock
        self.requests = 0
        """Requests to the API that were sent, pages and repetitions among them."""
        self._random = random
        self._user_limit = user_limit or UserLimit()
        self._wire = HttpTransport(
            timeout_seconds=timeout_seconds,
            user_agent=f"meetings-reconciler/{__version__}",
            direct_hosts=addresses.loopback_hosts,
            transport=transport,
        )
        self._tokens = Tokens(credentials, addresses.auth_url, self._wire, clock, random)
        self._gate = RequestGate(tokens=self._tokens, pace=pace, connections=IN_FLIGHT_MAX)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; what is in flight is lost."""
        await self._wire.close()

    @property
    def timeout_seconds(self) -> float:
        """Longest that one attempt of a request may take, from send to answer."""
        return self._wire.timeout_seconds

    async def origin(self) -> str:
        """What a state is bound to, `HOST/ACCOUNT_ID`; with an access token, Zoom is asked who it is."""
        if self._credentials.account_id is not None:
            return self._addresses.origin(self._credentials.account_id)
        user = await self.user("me")
        return self._addresses.origin(str(user.body.get("account_id") or user.body["id"]))

    async def sign_in(self) -> None:
        """Fetch a token where one is needed. Raises `AccessError` or `NeverSentError`."""
        await self._tokens.token()

    @property
    def told(self) -> ServerInfo:
        """What Zoom told by the way so far."""
        return ServerInfo(self._tokens.scopes, self._wire.server_at)

    async def create(self, host: str, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Create a meeting for `host`; `Answer.body` is the meeting as Zoom has it."""
        call = _write(f"Creating a meeting for {host}", Label.MEDIUM, body)
        reply = await self._ask(call, "POST", f"/users/{segment(host)}/meetings", body, before_send)
        return self._counted(reply, _identified(call, reply, is_meeting_id))

    async def update(self, meeting_id: int, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Change the fields in `body`; `Answer.body` is empty."""
        call = _write(f"Changing meeting {meeting_id}", Label.LIGHT, body)
        reply = await self._ask(call, "PATCH", f"/meetings/{meeting_id}", body, before_send)
        return self._counted(reply, {})

    async def delete(self, meeting_id: int, *, before_send: BeforeSend | None = None) -> Answer:
        """End a meeting; `Answer.body` is empty."""
        call = _write(f"Deleting meeting {meeting_id}", Label.LIGHT, {})
        reply = await self._ask(call, "DELETE", f"/meetings/{meeting_id}", None, before_send)
        return Answer({}, tracking_id=reply.tracking_id)

    async def read(self, meeting_id: int) -> Answer:
        """The meeting as Zoom has it."""
        call = ApiCall(f"Reading meeting {meeting_id}", Label.LIGHT)
        return await self._again(partial(self._one, call, f"/meetings/{meeting_id}", is_meeting_id))

    async def user(self, host: str) -> Answer:
        """The user as Zoom has it."""
        call = ApiCall(f"Reading user {host}", Label.LIGHT)
        return await self._again(partial(self._one, call, f"/users/{segment(host)}", _is_user_id))

    async def meetings(self, host: str) -> tuple[Body, ...]:
        """Every scheduled meeting of `host`, once per id, in Zoom's order; all pages or an error."""
        call = ApiCall(f"Listing the meetings of {host}", Label.MEDIUM)
        found: dict[object, Body] = {}
        seen: set[str] = set()
        page_token = ""
        while True:
            path = f"/users/{segment(host)}/meetings?{page_query(page_token)}"
            page = await self._again(partial(self._page, call, path))
            for meeting in page["meetings"]:
                found.setdefault(meeting["id"], meeting)
            page_token = page.get("next_page_token") or ""
            if not page_token:
                return tuple(found.values())
            if page_token in seen:
                raise unknown(call, "the list leads back to a page that was read already")
            seen.add(page_token)

    async def _one(self, call: ApiCall, path: str, is_id: Callable[[object], bool]) -> Answer:
        reply = await self._ask(call, "GET", path)
        return Answer(_identified(call, reply, is_id), tracking_id=reply.tracking_id)

    async def _page(self, call: ApiCall, path: str) -> Body:
        reply = await self._ask(call, "GET", path)
        if reply.body is None or not is_page(reply.body):
            raise unknown(call, "a page of the list is not whole", reply)
        return reply.body

    async def _again(self, read: Callable[[], Awaitable[_T]]) -> _T:
        """What `read` gives; tried again, after a growing wait, while nobody can say."""
        for tries in range(1, READS_MAX):
            try:
                return await read()
            except (NeverSentError, UnknownOutcomeError) as error:
                if error.diagnostic.code == NO_TOKEN:  # tried often enough where it was fetched
                    raise
            await self._clock.sleep(2 ** (tries - 1) * (0.5 + self._random()))
        return await read()

    async def _ask(
        self,
        call: ApiCall,
        method: str,
        path: str,
        body: Body | None = None,
        before_send: BeforeSend | None = None,
    ) -> HttpResponse:
        """Zoom's yes; sent again, a bounded number of times, while Zoom says: too fast, or a new token."""
        content = None if body is None else json.dumps(body, default=dict, allow_nan=False).encode()
        message = HttpRequest(method, f"{self._addresses.api_url}{path}", content=content)
        sent_again = 0
        is_renewed = self._tokens.is_fixed
        while True:
            async with self._gate.passing(call.label) as token:
                self.requests += 1
                call = replace(call, secrets=(*call.secrets, token, *self._credentials.secrets))
                reply = await self._wire.exchange(call, _with_token(message, token), before_send)
            limit = self._user_limit.read(reply, self._clock.now())
            if limit is not None:
                if sent_again == limit.sends_again_max:
                    raise over_limit(call, reply, limit)
                sent_again += 1
                self._pace.back_off(call.label, 1.0 + self._random())
            elif is_token_refused(reply) and not is_renewed:
                is_renewed = True
                self._tokens.refuse(token)
            elif (error := to_error(call, reply)) is not None:
                raise error
            else:
                return reply

    def _counted(self, reply: HttpResponse, body: Body) -> Answer:
        return Answer(body, self._user_limit.requests_left(reply), reply.tracking_id)


def _write(what: str, label: Label, body: Body) -> ApiCall:
    passcode = body.get("password")
    return ApiCall(what, label, writes=True, secrets=(passcode,) if isinstance(passcode, str) else ())


def _with_token(message: HttpRequest, token: str) -> HttpRequest:
    headers = {"Authorization": f"Bearer {token}"}
    if message.content is not None:
        headers["Content-Type"] = "application/json"
    return replace(message, headers=headers)


def _is_user_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _identified(call: ApiCall, reply: HttpResponse, is_id: Callable[[object], bool]) -> Body:
    if reply.body is None or not is_id(reply.body.get("id")):
        raise unknown(call, "the answer names no id", reply)
    return reply.body
