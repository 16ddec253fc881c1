"""Implements the engine's `Remote`: creates, changes, deletes and reads meetings over HTTP.

A write is carried out at most once. It is sent again only if Zoom answered that it was not carried out
(a 401, a per-second 429), a bounded number of times. A read is also tried again after other failures.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote, urlencode

from reconciler import __version__
from reconciler.errors.exceptions import NeverSentError, RefusedError, RemoteError, UnknownOutcomeError
from reconciler.ports import IN_FLIGHT_MAX, Answer, Body
from reconciler.zoom._errors import is_token_refused, limit_error, response_error, unknown_outcome
from reconciler.zoom._exchange import ApiCall, HttpRequest, Label
from reconciler.zoom._shape import is_meeting_id, misshapen_meeting, misshapen_user
from reconciler.zoom._times import with_utc_times
from reconciler.zoom.auth import NO_TOKEN, Tokens
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import TracebackType

    import httpx

    from reconciler.ports import BeforeSend
    from reconciler.zoom._exchange import HttpResponse
    from reconciler.zoom.addresses import Addresses
    from reconciler.zoom.auth import Credentials
    from reconciler.zoom.clock import ZoomClock
    from reconciler.zoom.pace import Pace


class RequestGate:
    """Admits at most `connections` requests at a time, and starts each at the pace.

    Only the first request of each label's queue holds a connection while it waits for the pace,
    so that a slow label does not block the other one.
    """

    def __init__(self, *, tokens: Tokens, pace: Pace, connections: int) -> None:
        self._tokens = tokens
        self._pace = pace
        self._queues = {label: asyncio.Lock() for label in Label}
        self._connections = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def admit(self, label: Label) -> AsyncIterator[str]:
        """Wait for a connection and the pace, and yield the token; the block must send at once."""
        async with self._queues[label]:
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
"""Meetings on one page; Zoom's maximum."""


def page_query(page_token: str) -> str:
    """Return the query of the page `page_token`; empty for the first page."""
    query = {"type": "scheduled", "page_size": PAGE_SIZE}
    return urlencode({**query, "next_page_token": page_token} if page_token else query)


def is_page(body: Body) -> bool:
    """Return whether `body` is a complete page: each meeting has an id, and the next page is named."""
    meetings = body.get("meetings")
    if not isinstance(meetings, list) or not isinstance(body.get("next_page_token", ""), str | None):
        return False
    return all(isinstance(meeting, Mapping) and is_meeting_id(meeting.get("id")) for meeting in meetings)


_NO_MAILS = "schedule_for_reminder=false&cancel_meeting_reminder=false"


def date_query(occurrence_id: str) -> str:
    """Return the query that names one date of a series. Raise `ValueError` for an id that is not digits.

    A request that loses this query changes or deletes the whole series.
    """
    if not (occurrence_id.isascii() and occurrence_id.isdigit()):
        message = f"{occurrence_id[:40]!r} is not the id of an occurrence"
        raise ValueError(message)
    return f"occurrence_id={occurrence_id}"


def path_segment(host: str) -> str:
    """Return the host quoted for a path. Raises `NeverSentError` if it would change the path."""
    if host in {"", ".", ".."}:
        raise NeverSentError.of(
            "zoom.host-name",
            detail=f"`{host}` is neither an e-mail address nor a user id. Nothing was sent.",
            hint="Name the host by e-mail address or user id.",
        )
    return quote(host, safe="")


T = TypeVar("T")

TIMEOUT_SECONDS = 30.0
"""Longest that one attempt may take, from request to response."""

READS_MAX = 4
"""Most attempts of one read."""


class ZoomClient:
    """The `Remote` over HTTP. An async context manager, which calls `close`.

    Answers set `clock`. `random` returns jitter, 0 to 1. `transport` replaces the network.
    """

    def __init__(  # noqa: PLR0913 - the parts that a test replaces
        self,
        credentials: Credentials,
        addresses: Addresses,
        *,
        pace: Pace,
        clock: ZoomClock,
        random: Callable[[], float],
        timeout_seconds: float = TIMEOUT_SECONDS,
        user_limit: UserLimit | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._addresses = addresses
        self._pace = pace
        self._clock = clock
        self._secrets = _SecretsOfRun(set(credentials.secrets))
        self.requests = 0
        """Requests to the API that were sent, with pages and repetitions."""
        self._random = random
        self._user_limit = user_limit or UserLimit()
        self._transport = HttpTransport(
            timeout_seconds=timeout_seconds,
            user_agent=f"meetings-reconciler/{__version__}",
            direct_hosts=addresses.loopback_hosts,
            transport=transport,
            clock=clock,
        )
        self._tokens = Tokens(credentials, addresses.auth_url, self._transport, clock, random)
        self._gate = RequestGate(tokens=self._tokens, pace=pace, connections=IN_FLIGHT_MAX)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; requests in flight are lost."""
        await self._transport.close()

    @property
    def timeout_seconds(self) -> float:
        """Longest that one attempt of a request may take, from request to response."""
        return self._transport.timeout_seconds

    async def origin(self) -> str:
        """Return what a state is bound to, `HOST/ACCOUNT_ID`; an access token requires a request."""
        if self._credentials.account_id is not None:
            return self._addresses.origin(self._credentials.account_id)
        user = await self.user("me")
        return self._addresses.origin(str(user.body.get("account_id") or user.body["id"]))

    async def sign_in(self) -> None:
        """Fetch a token if one is needed. Raises `AccessError` or `NeverSentError`."""
        await self._tokens.token()

    @property
    def scopes(self) -> frozenset[str] | None:
        """Scopes of the token; None if Zoom did not name them."""
        return self._tokens.scopes

    async def measure_clock(self, answers: int) -> None:
        """Have so many answers set the clock; a failed request is left to the calls that need an answer."""
        call = ApiCall("Reading Zoom's time", Label.LIGHT)
        with suppress(RemoteError):
            await self._tokens.token()
            for _ in range(answers - self._clock.agreeing()):
                with suppress(RefusedError):  # a refusal tells the time as well
                    await self._send(call, "GET", "/users/me")

    async def create(self, host: str, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Create a meeting for `host`; `Answer.body` is the meeting in Zoom."""
        call = _write(f"Creating a meeting for {host}", Label.MEDIUM, body)
        response = await self._send(call, "POST", f"/users/{path_segment(host)}/meetings", body, before_send)
        meeting = with_utc_times(_body_with_id(call, response, is_meeting_id))
        return self._answer(response, _readable(call, meeting, misshapen_meeting))

    async def update(self, meeting_id: int, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Change the fields in `body`; `Answer.body` is empty."""
        call = _write(f"Changing meeting {meeting_id}", Label.LIGHT, body)
        response = await self._send(call, "PATCH", f"/meetings/{meeting_id}", body, before_send)
        return self._answer(response, {})

    async def delete(self, meeting_id: int, *, before_send: BeforeSend | None = None) -> Answer:
        """Delete a meeting; `Answer.body` is empty."""
        call = _write(f"Deleting meeting {meeting_id}", Label.LIGHT, {})
        response = await self._send(call, "DELETE", f"/meetings/{meeting_id}", None, before_send)
        return Answer({}, tracking_id=response.tracking_id)

    async def read(self, meeting_id: int) -> Answer:
        """Return the meeting in Zoom."""
        call = ApiCall(f"Reading meeting {meeting_id}", Label.LIGHT)
        answer = await self._retry(partial(self._read_meeting, call, meeting_id))
        return replace(answer, body=_readable(call, answer.body, misshapen_meeting))

    async def read_date(self, meeting_id: int, occurrence_id: str) -> Answer:
        """Return the meeting with what one date of the series has of its own."""
        call = ApiCall(f"Reading one date of meeting {meeting_id}", Label.LIGHT)
        query = date_query(occurrence_id)
        answer = await self._retry(partial(self._read_meeting, call, meeting_id, query))
        return replace(answer, body=_readable(call, answer.body, misshapen_meeting))

    async def update_date(
        self, meeting_id: int, occurrence_id: str, body: Body, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Change one date of a series; `Answer.body` is empty."""
        call = _write(f"Changing one date of meeting {meeting_id}", Label.LIGHT, body)
        path = f"/meetings/{meeting_id}?{date_query(occurrence_id)}"
        return self._answer(await self._send(call, "PATCH", path, body, before_send), {})

    async def delete_date(
        self, meeting_id: int, occurrence_id: str, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Delete one date of a series, without a mail to anyone; `Answer.body` is empty."""
        call = _write(f"Deleting one date of meeting {meeting_id}", Label.LIGHT, {})
        path = f"/meetings/{meeting_id}?{date_query(occurrence_id)}&{_NO_MAILS}"
        response = await self._send(call, "DELETE", path, None, before_send)
        return Answer({}, tracking_id=response.tracking_id)

    async def user(self, host: str) -> Answer:
        """Return the user in Zoom."""
        call = ApiCall(f"Reading user {host}", Label.LIGHT)
        answer = await self._retry(partial(self._read_one, call, f"/users/{path_segment(host)}", _is_user_id))
        return replace(answer, body=_readable(call, answer.body, misshapen_user))

    async def meetings(self, host: str) -> tuple[Body, ...]:
        """Return every scheduled meeting of `host`, once per id, in Zoom's order; all pages or an error."""
        call = ApiCall(f"Listing the meetings of {host}", Label.MEDIUM)
        meetings: dict[object, Body] = {}
        tokens_read: set[str] = set()
        page_token = ""
        while True:
            path = f"/users/{path_segment(host)}/meetings?{page_query(page_token)}"
            page = await self._retry(partial(self._read_page, call, path))
            for listed in page["meetings"]:
                meeting = _readable(call, with_utc_times(listed), misshapen_meeting)
                meetings.setdefault(meeting["id"], meeting)
            page_token = page.get("next_page_token") or ""
            if not page_token:
                return tuple(meetings.values())
            if page_token in tokens_read:
                raise unknown_outcome(call, "the list leads back to a page that was read already")
            tokens_read.add(page_token)

    async def _read_meeting(self, call: ApiCall, meeting_id: int, query: str = "") -> Answer:
        path = f"/meetings/{meeting_id}?{query}" if query else f"/meetings/{meeting_id}"
        answer = await self._read_one(call, path, is_meeting_id)
        if answer.body["id"] != meeting_id:
            raise unknown_outcome(call, f"the answer is about another meeting, {answer.body['id']}")
        return replace(answer, body=with_utc_times(answer.body))

    async def _read_one(self, call: ApiCall, path: str, is_id: Callable[[object], bool]) -> Answer:
        response = await self._send(call, "GET", path)
        return Answer(_body_with_id(call, response, is_id), tracking_id=response.tracking_id)

    async def _read_page(self, call: ApiCall, path: str) -> Body:
        response = await self._send(call, "GET", path)
        if response.body is None or not is_page(response.body):
            raise unknown_outcome(call, "a page of the list is not complete", response)
        return response.body

    async def _retry(self, read: Callable[[], Awaitable[T]]) -> T:
        """Return what `read` returns; try again, after a growing wait, while it fails without a refusal."""
        for attempt in range(1, READS_MAX):
            try:
                return await read()
            except (NeverSentError, UnknownOutcomeError) as error:
                if error.diagnostic.code == NO_TOKEN:  # fetching it was tried often enough
                    raise
            await self._clock.sleep(2 ** (attempt - 1) * (0.5 + self._random()))
        return await read()

    async def _send(
        self,
        call: ApiCall,
        method: str,
        path: str,
        body: Body | None = None,
        before_send: BeforeSend | None = None,
    ) -> HttpResponse:
        """Return a success; send again, a bounded number of times, after a 401 or a per-second 429."""
        content = None if body is None else json.dumps(body, default=dict, allow_nan=False).encode()
        request = HttpRequest(method, f"{self._addresses.api_url}{path}", content=content)
        retries = 0
        has_new_token = self._tokens.is_fixed
        while True:
            async with self._gate.admit(call.label) as token:
                self.requests += 1
                self._secrets.values.update((token, *call.secrets))  # an answer may repeat an earlier request
                call = replace(call, secrets=tuple(self._secrets.values))
                response = await self._transport.send(call, _with_token(request, token), before_send)
            limit = self._user_limit.read(response, self._clock.now())
            if limit is not None:
                if retries == limit.retries_max:
                    raise limit_error(call, response, limit)
                retries += 1
                self._pace.back_off(call.label, 1.0 + self._random())
            elif is_token_refused(response) and not has_new_token:
                has_new_token = True
                self._tokens.refuse(token)
            elif (error := response_error(call, response)) is not None:
                raise error
            else:
                return response

    def _answer(self, response: HttpResponse, body: Body) -> Answer:
        return Answer(body, self._user_limit.requests_left(response), response.tracking_id)


@dataclass(frozen=True, slots=True)
class _SecretsOfRun:
    """Every secret that was sent in this run; a class, so that no repr of the client shows them."""

    values: set[str] = field(repr=False)


def _write(action: str, label: Label, body: Body) -> ApiCall:
    passcode = body.get("password")
    return ApiCall(action, label, writes=True, secrets=(passcode,) if isinstance(passcode, str) else ())


def _with_token(request: HttpRequest, token: str) -> HttpRequest:
    headers = {"Authorization": f"Bearer {token}"}
    if request.content is not None:
        headers["Content-Type"] = "application/json"
    return replace(request, headers=headers)


def _is_user_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _body_with_id(call: ApiCall, response: HttpResponse, is_id: Callable[[object], bool]) -> Body:
    if response.body is None or not is_id(response.body.get("id")):
        raise unknown_outcome(call, "the answer has no id", response)
    return response.body


def _readable(call: ApiCall, body: Body, misshapen: Callable[[Body], str]) -> Body:
    """Return `body`. Raises `UnknownOutcomeError` where a part of it is of a wrong type."""
    if wrong := misshapen(body):
        raise unknown_outcome(call, f"the answer about {body['id']} cannot be read: {wrong}")
    return body
