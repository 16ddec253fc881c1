"""Implements the engine's `Remote`: creates, changes, deletes and reads meetings over HTTP.

A write is carried out at most once. It is sent again only if Zoom answered that it was not carried out
(a 401, a per-second 429), a bounded number of times. A read is also tried again after other failures.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Self, TypeVar

from msgspec.structs import replace

from reconciler import __version__
from reconciler.errors.exceptions import (
    GoneError,
    NeverSentError,
    RefusedError,
    RemoteError,
    UnknownOutcomeError,
)
from reconciler.ports import CODE_MEETING_UNKNOWN, IN_FLIGHT_MAX, Answer, Body
from reconciler.zoom._errors import (
    TOO_LARGE,
    is_token_refused,
    limit_error,
    response_error,
    unknown_outcome,
)
from reconciler.zoom._exchange import ApiCall, HttpRequest, Label, SecretsOfRun
from reconciler.zoom._pages import Pages
from reconciler.zoom._shape import is_meeting_id, misshapen_meeting, misshapen_user, with_utc_times
from reconciler.zoom._subject import (
    body_with_id,
    check_named,
    check_subject,
    is_page,
    is_user,
    is_user_id,
    names_a_meeting,
)
from reconciler.zoom.addresses import NO_MAILS, date_query, page_query, path_segment
from reconciler.zoom.auth import NO_TOKEN, Tokens
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import RequestGate
from reconciler.zoom.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from types import TracebackType

    import httpx

    from reconciler.ports import BeforeSend
    from reconciler.zoom._exchange import HttpResponse
    from reconciler.zoom.addresses import Addresses
    from reconciler.zoom.auth import Credentials
    from reconciler.zoom.clock import ZoomClock
    from reconciler.zoom.pace import Pace


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
        self._secrets = SecretsOfRun(credentials.secrets)
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
        self._order = count()
        self._read_ids: dict[int, int] = {}
        """Each meeting id that a read or a list named, and when in `_order` that was first."""

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
                    await self._send(call, self._request("GET", "/users/me", new_connection=True))

    async def create(self, host: str, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Create a meeting for `host`; `Answer.body` is the meeting in Zoom."""
        call = _write(f"Creating a meeting for {host}", Label.MEDIUM, body)
        request = self._request("POST", f"/users/{path_segment(host)}/meetings", body)
        begun = next(self._order)
        try:
            response = await self._send(call, replace(request, is_answer=names_a_meeting), before_send)
        except GoneError as error:
            if error.zoom_code == CODE_MEETING_UNKNOWN:
                raise unknown_outcome(call, "the answer is about a meeting that does not exist") from error
            raise
        meeting = with_utc_times(body_with_id(call, response, is_meeting_id))
        if self._read_ids.get(meeting["id"], begun) < begun:
            raise unknown_outcome(call, f"the answer is about meeting {meeting['id']}, which is an older one")
        return self._answer(response, _readable(call, meeting, misshapen_meeting))

    async def update(self, meeting_id: int, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Change the fields in `body`; `Answer.body` is empty."""
        call = _write(f"Changing meeting {meeting_id}", Label.LIGHT, body)
        request = self._request("PATCH", f"/meetings/{meeting_id}", body)
        return self._answer(await self._change(call, meeting_id, request, before_send), {})

    async def delete(self, meeting_id: int, *, before_send: BeforeSend | None = None) -> Answer:
        """Delete a meeting; `Answer.body` is empty."""
        call = _write(f"Deleting meeting {meeting_id}", Label.LIGHT, {})
        request = self._request("DELETE", f"/meetings/{meeting_id}")
        response = await self._change(call, meeting_id, request, before_send)
        return Answer({}, tracking_id=response.tracking_id)

    async def read(self, meeting_id: int, *, new_connection: bool = False) -> Answer:
        """Return the meeting in Zoom."""
        call = ApiCall(f"Reading meeting {meeting_id}", Label.LIGHT)
        request = self._request("GET", f"/meetings/{meeting_id}", new_connection=new_connection)
        answer = await self._retry(partial(self._read_meeting, call, meeting_id), request)
        return replace(answer, body=_readable(call, answer.body, misshapen_meeting))

    async def read_date(self, meeting_id: int, occurrence_id: str) -> Answer:
        """Return the meeting with what one date of the series has of its own."""
        call = ApiCall(f"Reading one date of meeting {meeting_id}", Label.LIGHT)
        # Its answer does not name the date.
        path = f"/meetings/{meeting_id}?{date_query(occurrence_id)}"
        request = self._request("GET", path, new_connection=True)
        answer = await self._retry(partial(self._read_meeting, call, meeting_id), request)
        return replace(answer, body=_readable(call, answer.body, misshapen_meeting))

    async def update_date(
        self, meeting_id: int, occurrence_id: str, body: Body, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Change one date of a series; `Answer.body` is empty."""
        call = _write(f"Changing one date of meeting {meeting_id}", Label.LIGHT, body)
        request = self._request("PATCH", f"/meetings/{meeting_id}?{date_query(occurrence_id)}", body)
        return self._answer(await self._change(call, meeting_id, request, before_send), {})

    async def delete_date(
        self, meeting_id: int, occurrence_id: str, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Delete one date of a series, without a mail to anyone; `Answer.body` is empty."""
        call = _write(f"Deleting one date of meeting {meeting_id}", Label.LIGHT, {})
        path = f"/meetings/{meeting_id}?{date_query(occurrence_id)}&{NO_MAILS}"
        response = await self._change(call, meeting_id, self._request("DELETE", path), before_send)
        return Answer({}, tracking_id=response.tracking_id)

    async def user(self, host: str) -> Answer:
        """Return the user in Zoom."""
        call = ApiCall(f"Reading user {host}", Label.LIGHT)
        request = self._request("GET", f"/users/{path_segment(host)}")
        answer = await self._read_user(call, host, request)
        if is_user(answer.body, host):
            return answer
        # The answer to another request, or the user of a former address: if it comes twice, it is the latter.
        again = await self._read_user(call, host, replace(request, new_connection=True))
        if is_user(again.body, host) or again.body["id"] == answer.body["id"]:
            return again
        raise unknown_outcome(call, "two answers name two users")

    async def security(self, host: str) -> Answer:
        """Return the security settings of the user in Zoom; a failed read is not repeated."""
        call = ApiCall(f"Reading the security settings of {host}", Label.MEDIUM)
        path = f"/users/{path_segment(host)}/settings?option=meeting_security"
        return await self._read_settings(call, path)

    async def tracking_fields(self) -> Answer:
        """Return the tracking fields of the account; a failed read is not repeated."""
        return await self._read_settings(ApiCall("Reading tracking fields", Label.MEDIUM), "/tracking_fields")

    async def meetings(self, host: str) -> tuple[Body, ...]:
        """Return every scheduled meeting of `host`, once per id, in Zoom's order; all pages or an error."""
        call = ApiCall(f"Listing the meetings of {host}", Label.MEDIUM)
        meetings: dict[int, Body] = {}
        pages = Pages(call, self._clock)
        while pages.next_token is not None:
            path = f"/users/{path_segment(host)}/meetings?{page_query(pages.next_token)}"
            # A list does not name its host, so an answer to another request must be impossible.
            request = self._request("GET", path, new_connection=True)
            response = await self._retry(partial(self._read_page, call), request)
            for listed in (response.body or {})["meetings"]:
                meeting = _readable(call, with_utc_times(listed), misshapen_meeting)
                meetings.setdefault(meeting["id"], meeting)
            pages.turn(response)
        self._note_ids(meetings)
        return tuple(meetings.values())

    async def _read_meeting(self, call: ApiCall, meeting_id: int, request: HttpRequest) -> Answer:
        request = replace(request, is_answer=lambda response: (response.body or {}).get("id") == meeting_id)
        response = await self._send_about(call, meeting_id, request)
        body = body_with_id(call, response, is_meeting_id)
        if body["id"] != meeting_id:
            raise unknown_outcome(call, f"the answer is about another meeting, {body['id']}")
        self._note_ids((meeting_id,))
        return Answer(with_utc_times(body), tracking_id=response.tracking_id)

    async def _read_user(self, call: ApiCall, host: str, request: HttpRequest) -> Answer:
        request = replace(request, is_answer=lambda response: is_user(response.body or {}, host))
        response = await self._retry(partial(self._send, call), request)
        body = _readable(call, body_with_id(call, response, is_user_id), misshapen_user)
        return Answer(body, tracking_id=response.tracking_id)

    async def _read_settings(self, call: ApiCall, path: str) -> Answer:
        # The answer names nothing that was asked for.
        response = await self._send(call, self._request("GET", path, new_connection=True))
        if response.body is None:
            raise unknown_outcome(call, "the answer is not an object", response)
        return Answer(response.body, tracking_id=response.tracking_id)

    async def _read_page(self, call: ApiCall, request: HttpRequest) -> HttpResponse:
        response = await self._send(call, request)
        if response.body is None or not is_page(response.body):
            raise unknown_outcome(call, "a page of the list is not complete", response)
        return response

    async def _retry(self, read: Callable[[HttpRequest], Awaitable[T]], request: HttpRequest) -> T:
        """Return what `read` returns; try again, after a growing wait, while it fails without a refusal.

        Each further attempt has a connection of its own.
        """
        for attempt in range(1, READS_MAX):
            try:
                return await read(request)
            except (NeverSentError, UnknownOutcomeError) as error:
                if error.diagnostic.code in {NO_TOKEN, TOO_LARGE}:  # the next attempt would end the same way
                    raise
            request = replace(request, new_connection=True)
            await self._clock.sleep(2 ** (attempt - 1) * (0.5 + self._random()))
        return await read(request)

    def _note_ids(self, meeting_ids: Iterable[int]) -> None:
        now = next(self._order)
        for meeting_id in meeting_ids:
            self._read_ids.setdefault(meeting_id, now)

    def _request(
        self, method: str, path: str, body: Body | None = None, *, new_connection: bool = False
    ) -> HttpRequest:
        content = None if body is None else json.dumps(body, default=dict, allow_nan=False).encode()
        url = f"{self._addresses.api_url}{path}"
        return HttpRequest(method, url, content=content, new_connection=new_connection)

    async def _change(
        self, call: ApiCall, meeting_id: int, request: HttpRequest, before_send: BeforeSend | None
    ) -> HttpResponse:
        # The answer is empty and names nothing, so an answer to another request must be impossible.
        request = replace(request, new_connection=True)
        response = await self._send_about(call, meeting_id, request, before_send)
        check_subject(call, meeting_id, response)
        return response

    async def _send_about(
        self, call: ApiCall, meeting_id: int, request: HttpRequest, before_send: BeforeSend | None = None
    ) -> HttpResponse:
        """As `_send`; an answer that another meeting is gone says nothing about this one."""
        try:
            return await self._send(call, request, before_send)
        except GoneError as error:
            check_named(call, meeting_id, error)
            raise

    async def _send(
        self, call: ApiCall, request: HttpRequest, before_send: BeforeSend | None = None
    ) -> HttpResponse:
        """Return a success; send again, a bounded number of times, after a 401 or a per-second 429.

        A repetition has a connection of its own: the refusal may be on the first one twice.
        """
        retries = left = 0
        has_new_token = self._tokens.is_fixed
        while True:
            check = None if before_send is None else partial(before_send, left)
            try:
                call, token, response = await self._attempt(call, request, check)
            except NeverSentError as unsent:
                unsent.attempts = left
                raise
            left += 1
            limit = self._user_limit.read(response, self._clock.now())
            if limit is not None:
                if retries >= limit.retries_max:
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
            request = replace(request, new_connection=True)

    async def _attempt(
        self, call: ApiCall, request: HttpRequest, check: Callable[[], None] | None
    ) -> tuple[ApiCall, str, HttpResponse]:
        """Return the answer, the call, which knows all secrets sent so far, and the token that was used."""
        async with self._gate.admit(call.label) as token:
            self.requests += 1
            self._secrets.values.update((token, *call.secrets))  # an answer may repeat an earlier request
            call = replace(call, secrets=tuple(self._secrets.values))
            return call, token, await self._transport.send(call, _with_token(request, token), check)

    def _answer(self, response: HttpResponse, body: Body) -> Answer:
        return Answer(body, self._user_limit.requests_left(response), response.tracking_id)


def _write(action: str, label: Label, body: Body) -> ApiCall:
    passcode = body.get("password")
    return ApiCall(action, label, writes=True, secrets=(passcode,) if isinstance(passcode, str) else ())


def _with_token(request: HttpRequest, token: str) -> HttpRequest:
    headers = {"Authorization": f"Bearer {token}"}
    if request.content is not None:
        headers["Content-Type"] = "application/json"
    return replace(request, headers=headers)


def _readable(call: ApiCall, body: Body, misshapen: Callable[[Body], str]) -> Body:
    """Return `body`. Raises `UnknownOutcomeError` where a part of it is of a wrong type."""
    if wrong := misshapen(body):
        raise unknown_outcome(call, f"the answer about {body['id']} cannot be read: {wrong}")
    return body
