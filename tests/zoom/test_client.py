import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest
from scripted_zoom import Reaction, ScriptedZoom, answer, no, using

from reconciler import __version__
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    NeverSentError,
    RefusedError,
    RemoteError,
    UnknownOutcomeError,
)
from reconciler.ports import IN_FLIGHT_MAX, Answer, Remote
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import TIMEOUT_SECONDS, ZoomClient
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

T = TypeVar("T")
Work = Callable[[ZoomClient], Coroutine[Any, Any, T]]

HOST = "a@example.com"
MADE = answer(201, {"id": 81234567890, "topic": "Retro"}, x_zm_trackingid="WEB_1")
PER_SECOND = no(429, 429, "You have reached the maximum per-second rate limit for this API. Try again later.")
HOST_DAY = no(429, 429, "You have exceeded the daily rate limit (100) for this particular user.")
UNCLEAR = no(429, 429, "Slow down.")
STALE = no(401, 124, "Access token is expired.")


def run(zoom: ScriptedZoom, work: Work[T], **options: Any) -> T:
    return asyncio.run(using(zoom.client(**options), work))


def failure(zoom: ScriptedZoom, work: Work[Any], **options: Any) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        run(zoom, work, **options)
    return caught.value


def create(client: ZoomClient) -> Coroutine[Any, Any, Answer]:
    return client.create(HOST, {"topic": "Retro"})


def update(client: ZoomClient) -> Coroutine[Any, Any, Answer]:
    return client.update(7, {"topic": "Retro"})


def delete(client: ZoomClient) -> Coroutine[Any, Any, Answer]:
    return client.delete(7)


def read(client: ZoomClient) -> Coroutine[Any, Any, Answer]:
    return client.read(7)


def listing(client: ZoomClient) -> Coroutine[Any, Any, tuple[Any, ...]]:
    return client.meetings(HOST)


NO_MAILS = "schedule_for_reminder=false&cancel_meeting_reminder=false"
WRITES = {"create": create, "update": update, "delete": delete}


# Requests and answers


def test_it_is_a_remote() -> None:
    client: Remote = ScriptedZoom(MADE).client()

    assert client.timeout_seconds == TIMEOUT_SECONDS


@pytest.mark.parametrize(
    ("work", "reaction", "asked", "given"),
    [
        (
            create,
            MADE,
            "POST /v2/users/a%40example.com/meetings",
            Answer(json.loads(MADE.content), None, "WEB_1"),
        ),
        (update, answer(204), "PATCH /v2/meetings/7", Answer({})),
        (delete, answer(204), "DELETE /v2/meetings/7", Answer({})),
        (read, answer(200, {"id": 7}), "GET /v2/meetings/7", Answer({"id": 7})),
        (
            lambda client: client.read_date(7, "1800262800000"),
            answer(200, {"id": 7}),
            "GET /v2/meetings/7?occurrence_id=1800262800000",
            Answer({"id": 7}),
        ),
        (
            lambda client: client.update_date(7, "1800262800000", {"duration": 30}),
            answer(204),
            "PATCH /v2/meetings/7?occurrence_id=1800262800000",
            Answer({}),
        ),
        (
            lambda client: client.delete_date(7, "1800262800000"),
            answer(204),
            f"DELETE /v2/meetings/7?occurrence_id=1800262800000&{NO_MAILS}",
            Answer({}),
        ),
        (
            lambda client: client.user(HOST),
            answer(200, {"id": "u1"}),
            "GET /v2/users/a%40example.com",
            Answer({"id": "u1"}),
        ),
    ],
)
def test_each_method_sends_one_request_and_returns_the_answer(
    work: Work[Answer], reaction: Reaction, asked: str, given: Answer
) -> None:
    zoom = ScriptedZoom(reaction)

    assert run(zoom, work) == given
    assert zoom.asked == [asked]


@pytest.mark.parametrize("occurrence_id", ["", " ", "18002628x", "1&x=2", "-1", "\N{SUPERSCRIPT TWO}"])
def test_a_date_whose_id_is_not_digits_is_never_sent(occurrence_id: str) -> None:
    """Without its query, the request would change or delete the whole series."""
    zoom = ScriptedZoom()

    for work in (
        lambda client: client.delete_date(7, occurrence_id),
        lambda client: client.update_date(7, occurrence_id, {}),
        lambda client: client.read_date(7, occurrence_id),
    ):
        with pytest.raises(ValueError, match="is not the id of an occurrence"):
            run(zoom, work)

    assert zoom.asked == []


def test_a_body_of_frozen_mappings_is_sent_as_json() -> None:
    zoom = ScriptedZoom(MADE)
    body = MappingProxyType({"topic": "R\u00e9tro", "settings": MappingProxyType({"waiting_room": True})})

    run(zoom, lambda client: client.create(HOST, body))

    assert json.loads(zoom.bodies[0]) == {"topic": "R\u00e9tro", "settings": {"waiting_room": True}}


def test_a_request_has_the_headers_of_the_program() -> None:
    headers: list[httpx.Headers] = []

    def listen(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        return MADE

    run(ScriptedZoom(listen), create)

    assert headers[0]["User-Agent"] == f"meetings-reconciler/{__version__}"
    assert headers[0]["Content-Type"] == "application/json"
    assert headers[0]["Authorization"] == "Bearer token-1-9"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a+b@example.com", "/v2/users/a%2Bb%40example.com"),
        ("x/../y", "/v2/users/x%2F..%2Fy"),
        ("q?r#s%t", "/v2/users/q%3Fr%23s%25t"),
    ],
)
def test_a_host_stays_one_part_of_the_path(host: str, path: str) -> None:
    zoom = ScriptedZoom(answer(200, {"id": host}))

    run(zoom, lambda client: client.user(host))

    assert zoom.asked == [f"GET {path}"]


@pytest.mark.parametrize("host", ["", ".", ".."])
def test_a_host_that_would_change_the_path_is_never_sent(host: str) -> None:
    zoom = ScriptedZoom(MADE)

    error = failure(zoom, lambda client: client.create(host, {}))

    assert (type(error), error.diagnostic.code) == (NeverSentError, "zoom.host-name")
    assert zoom.asked == []


def test_the_origin_is_the_api_and_the_account() -> None:
    zoom = ScriptedZoom(answer(200, {"id": "u1", "account_id": "acc"}))

    assert run(zoom, ZoomClient.origin) == "api.zoom.us/ACCOUNT"
    assert zoom.asked == []
    assert run(zoom, ZoomClient.origin, credentials=Credentials(access_token="t-9")) == "api.zoom.us/acc"
    assert zoom.asked == ["GET /v2/users/me"]


# Requests left


@pytest.mark.parametrize(("work", "left"), [(create, 42), (update, 42), (delete, None), (read, None)])
def test_only_a_create_and_an_update_return_the_requests_left(work: Work[Answer], left: int | None) -> None:
    zoom = ScriptedZoom(answer(200, {"id": 7}, x_ratelimit_limit="50", x_ratelimit_remaining="42"))

    assert run(zoom, work, user_limit=UserLimit(frozenset({50}))).requests_left == left


# Writes: at most once


@pytest.mark.parametrize("work", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize(
    "reaction",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        ConnectionResetError(),
        answer(500, {"code": 300, "message": "No."}),
        httpx.Response(502, content=b"<html>"),
        answer(302, None, location="https://example.com"),
        httpx.Response(403, content=b"<html>"),
        httpx.Response(401, content=b"<html>"),
        answer(200, {"code": 300, "message": "No."}),
        httpx.Response(200, content=b"<html>"),
        no(408, 300, "Too slow."),
    ],
)
def test_a_write_whose_outcome_is_unknown_is_not_sent_again(work: Work[Answer], reaction: Reaction) -> None:
    zoom = ScriptedZoom(reaction)

    assert type(failure(zoom, work)) is UnknownOutcomeError
    assert len(zoom.asked) == 1


@pytest.mark.parametrize(
    "reaction",
    [
        answer(201),
        answer(201, {"topic": "Retro"}),
        *(answer(201, {"id": odd}) for odd in (None, 0, True, 1.5, "81234567890", [1], 10**30)),
        httpx.Response(201, content=b'{"id": 1, "topic": "\\ud800"}'),
    ],
)
def test_a_create_without_an_id_in_its_answer_is_unknown(reaction: Reaction) -> None:
    """Also with an id that is not a number, or with text that no state can keep."""
    assert type(failure(ScriptedZoom(reaction), create)) is UnknownOutcomeError


def test_a_create_that_names_a_meeting_that_was_read_before_is_unknown() -> None:
    """It is a second answer to that read; a meeting that was created now cannot have been read before."""
    zoom = ScriptedZoom(answer(200, {"id": 7}), answer(200, {"id": 7}))

    async def read_then_create(client: ZoomClient) -> Answer:
        await read(client)
        return await create(client)

    error = failure(zoom, read_then_create)

    assert (type(error), error.diagnostic.detail) == (
        UnknownOutcomeError,
        "Creating a meeting for a@example.com: the answer is about meeting 7, which is an older one.",
    )


@pytest.mark.parametrize("work", [update, delete])
def test_a_change_or_deletion_with_the_answer_of_another_request_is_unknown(work: Work[Answer]) -> None:
    bodies: list[object] = [{"id": 8}, {"meetings": []}, {"access_token": "t"}]

    assert {type(failure(ScriptedZoom(answer(200, body)), work)) for body in bodies} == {UnknownOutcomeError}


@pytest.mark.parametrize("work", [update, delete, read])
def test_that_another_meeting_is_gone_says_nothing_about_this_one(work: Work[Answer]) -> None:
    error = failure(ScriptedZoom(no(404, 3001, "Meeting does not exist: 81234567890.")), work)

    assert type(error) is UnknownOutcomeError


def test_a_user_of_another_address_is_asked_for_twice() -> None:
    """Zoom knows a user by former addresses; but the answer may belong to another request."""
    other, asked = (
        answer(200, {"id": "u2", "email": "b@example.com"}),
        answer(200, {"id": "u1", "email": HOST}),
    )
    doubled, renamed = ScriptedZoom(other, asked), ScriptedZoom(other, other)

    assert run(doubled, lambda client: client.user(HOST)).body["id"] == "u1"
    assert run(renamed, lambda client: client.user(HOST)).body["id"] == "u2"
    assert (len(doubled.asked), len(renamed.asked)) == (2, 2)


def test_two_users_for_one_address_are_no_answer() -> None:
    first, second = (answer(200, {"id": name, "email": f"{name}@example.com"}) for name in ("u2", "u3"))

    assert type(failure(ScriptedZoom(first, second), lambda client: client.user(HOST))) is UnknownOutcomeError


@pytest.mark.parametrize("odd", [None, "", 7, ["u1"]])
def test_a_user_without_an_id_is_no_answer(odd: object) -> None:
    error = failure(ScriptedZoom(*[answer(200, {"id": odd})] * 4), lambda client: client.user(HOST))

    assert error.diagnostic.code == "zoom.unreadable"


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (httpx.ConnectError("no route"), NeverSentError),
        (no(400, 300, "Validation Failed."), RefusedError),
        (no(404, 1001, "User does not exist: a."), GoneError),
        (no(400, 4711, "does not contain scopes:[meeting:write:meeting]"), AccessError),
    ],
)
@pytest.mark.parametrize("work", WRITES.values(), ids=WRITES.keys())
def test_a_write_that_did_not_happen_is_not_sent_again_either(
    work: Work[Answer], reaction: Reaction, kind: type[RemoteError]
) -> None:
    zoom = ScriptedZoom(reaction)

    assert type(failure(zoom, work)) is kind
    assert len(zoom.asked) == 1


@pytest.mark.parametrize(("name", "kind"), [("create", UnknownOutcomeError), ("update", GoneError)])
def test_a_create_is_never_told_that_a_meeting_does_not_exist(name: str, kind: type[RemoteError]) -> None:
    """Such an answer is that of another request, so the create may have been carried out."""
    zoom = ScriptedZoom(no(404, 3001, "Meeting does not exist."))

    assert type(failure(zoom, WRITES[name])) is kind


# Sent again: an expired token


def test_an_expired_token_is_replaced_and_the_request_sent_again() -> None:
    zoom = ScriptedZoom(STALE, MADE)

    assert run(zoom, create).body["id"] == 81234567890
    assert zoom.tokens == ["token-1-9", "token-2-9"]


def test_a_refused_new_token_ends_the_request() -> None:
    zoom = ScriptedZoom(STALE)

    error = failure(zoom, create)

    assert (type(error), error.diagnostic.code) == (AccessError, "zoom.token-refused")
    assert zoom.tokens == ["token-1-9", "token-2-9"]


def test_an_expired_fixed_token_cannot_be_replaced() -> None:
    zoom = ScriptedZoom(STALE)

    error = failure(zoom, create, credentials=Credentials(access_token="fixed-9"))

    assert (type(error), error.diagnostic.code) == (AccessError, "zoom.token-refused")
    assert (zoom.tokens, zoom.tokens_given) == (["fixed-9"], 0)


# A gateway that repeats what it was sent


def echo(request: httpx.Request) -> httpx.Response:
    """Zoom's error body with the request in it, in three forms, and in a header."""
    header, body = request.headers["Authorization"], request.content.decode()
    encoded = base64.b64encode(f"{header} {body}".encode()).decode()
    said = f"You sent {header.removeprefix('Bearer ')}; {encoded}; {quote(header + body)}"
    errors = [{"field": header.removeprefix("Bearer "), "message": body}]
    return httpx.Response(
        400,
        json={"code": 300, "message": said, "errors": errors},
        headers={"x-zm-trackingid": header.removeprefix("Bearer ")},
    )


@pytest.mark.parametrize("passcode", ["hunter2-hu", "4711"])
def test_an_echo_shows_neither_token_nor_passcode(passcode: str) -> None:
    """Nor does the echo of a later request, in which the passcode is not sent any more."""
    zoom = ScriptedZoom(echo)

    error = failure(zoom, lambda client: client.create(HOST, {"topic": "Retro", "password": passcode}))

    shown = f"{error.diagnostic} {error}"
    assert [secret for secret in ("token-1-9", passcode, "dG9rZW4tMS05") if secret in shown] == []


# Sent again: too fast


def test_a_per_second_429_is_waited_for_and_the_request_sent_again() -> None:
    """A second and a half each time, with jitter in the middle of its range."""
    zoom = ScriptedZoom(PER_SECOND, PER_SECOND, MADE)

    run(zoom, create)

    assert zoom.sent_at == [0.0, 1.5, 3.0]


def test_a_per_second_429_that_stays_ends_after_five_retries() -> None:
    zoom = ScriptedZoom(PER_SECOND)

    error = failure(zoom, create)

    assert (type(error), error.diagnostic.code) == (RefusedError, "zoom.rate-limit")
    assert len(zoom.asked) == 6


def test_all_requests_of_the_label_wait_after_a_per_second_429() -> None:
    zoom = ScriptedZoom(PER_SECOND, MADE, MADE)

    async def two(client: ZoomClient) -> None:
        await asyncio.gather(create(client), create(client))

    run(zoom, two, pace=Pace.of(1, zoom.clock))

    assert zoom.sent_at == [0.0, 1.5, 2.53]


def test_a_daily_429_is_never_sent_again() -> None:
    zoom = ScriptedZoom(HOST_DAY)

    error = failure(zoom, create)

    assert isinstance(error, DailyLimitError)
    assert error.scope == "host"
    assert len(zoom.asked) == 1


@pytest.mark.parametrize("waits", [(PER_SECOND,), (PER_SECOND, UNCLEAR)], ids=["second", "unclear"])
def test_a_daily_429_is_never_sent_again_whatever_was_waited_for_before(waits: tuple[Reaction, ...]) -> None:
    zoom = ScriptedZoom(*waits, HOST_DAY, MADE)

    error = failure(zoom, create)

    assert isinstance(error, DailyLimitError)
    assert len(zoom.asked) == len(waits) + 1


def test_an_unclear_429_after_three_waits_is_not_sent_again() -> None:
    """Each kind of limit has its own bound, and all waits of a request count for it."""
    zoom = ScriptedZoom(PER_SECOND, PER_SECOND, PER_SECOND, UNCLEAR, MADE)

    error = failure(zoom, create)

    assert isinstance(error, DailyLimitError)
    assert len(zoom.asked) == 4


@pytest.mark.parametrize("reaction", [UNCLEAR, answer(429)], ids=["a message", "nothing"])
@pytest.mark.parametrize(("work", "kind"), [(create, DailyLimitError), (read, RefusedError)])
def test_an_unclear_429_is_retried_twice_and_then_counts_as_daily(
    work: Work[Answer], kind: type[RemoteError], reaction: Reaction
) -> None:
    """Only for a write: a read does not use up the host's day."""
    zoom = ScriptedZoom(reaction)

    assert type(failure(zoom, work)) is kind
    assert len(zoom.asked) == 3


# Reads


@pytest.mark.parametrize("work", [read, listing], ids=["read", "list"])
@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (httpx.ReadTimeout("slow"), UnknownOutcomeError),
        (httpx.ConnectError("no route"), NeverSentError),
        (httpx.Response(502, content=b"<html>"), UnknownOutcomeError),
        (answer(200, {}), UnknownOutcomeError),
        (answer(200), UnknownOutcomeError),
    ],
)
def test_a_read_is_tried_four_times_before_it_is_given_up(
    work: Work[Any], reaction: Reaction, kind: type[RemoteError]
) -> None:
    zoom = ScriptedZoom(reaction)

    assert type(failure(zoom, work)) is kind
    assert zoom.sent_at == [0.0, 1.0, 3.0, 7.0]


def test_a_read_that_succeeds_in_the_end_returns_its_answer() -> None:
    zoom = ScriptedZoom(httpx.ReadError("reset"), answer(503), answer(200, {"id": 7}))

    assert run(zoom, read).body == {"id": 7}


@pytest.mark.parametrize("work", [read, listing], ids=["read", "list"])
def test_a_refused_read_is_not_retried(work: Work[Any]) -> None:
    zoom = ScriptedZoom(no(404, 3001, "Meeting does not exist: 7."))

    assert type(failure(zoom, work)) is GoneError
    assert len(zoom.asked) == 1


def test_without_a_token_a_read_is_given_up_at_once() -> None:
    """Fetching the token was tried often enough."""
    asked: list[str] = []

    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(503)

    error = failure(ScriptedZoom(MADE), read, transport=httpx.MockTransport(broken))

    assert error.diagnostic.code == "zoom.no-token"
    assert asked == ["zoom.us"] * 3


# Lists


def page(*ids: int, after: str | None = "") -> httpx.Response:
    return answer(200, {"next_page_token": after, "meetings": [{"id": number} for number in ids]})


def test_a_list_is_read_to_its_last_page_once_per_id() -> None:
    zoom = ScriptedZoom(page(1, 2, 2, after="t/1"), page(2, 3, after="t 2"), page(after=None))

    assert run(zoom, listing) == ({"id": 1}, {"id": 2}, {"id": 3})
    assert zoom.asked == [
        "GET /v2/users/a%40example.com/meetings?type=scheduled&page_size=300",
        "GET /v2/users/a%40example.com/meetings?type=scheduled&page_size=300&next_page_token=t%2F1",
        "GET /v2/users/a%40example.com/meetings?type=scheduled&page_size=300&next_page_token=t+2",
    ]


BAD_PAGES = {
    "no list": answer(200, {"next_page_token": ""}),
    "a list of anything": answer(200, {"meetings": ["x"]}),
    "a meeting without an id": answer(200, {"meetings": [{"topic": "x"}]}),
    "a meeting with an id that is none": answer(200, {"meetings": [{"id": "1"}]}),
    "a token that is none": answer(200, {"meetings": [], "next_page_token": 7}),
    "a server error": answer(500),
    "half a page": httpx.Response(200, content=b'{"meetings": [{"id": 1}'),
    "an error inside": answer(200, {"code": 300, "message": "No.", "meetings": []}),
}


@pytest.mark.parametrize("bad", BAD_PAGES.values(), ids=BAD_PAGES.keys())
def test_a_list_without_a_page_is_an_error(bad: httpx.Response) -> None:
    assert type(failure(ScriptedZoom(page(1, after="t1"), bad), listing)) is UnknownOutcomeError


def test_a_list_that_repeats_a_page_is_an_error() -> None:
    error = failure(ScriptedZoom(page(1, after="t1"), page(2, after="t1")), listing)

    assert type(error) is UnknownOutcomeError


@pytest.mark.no_cover
def test_a_list_that_never_ends_is_given_up() -> None:
    """At 2,000 pages, and at ten empty ones in a row; a list of that length is read."""
    full = [page(number, after=f"t{number}") for number in range(1, 2001)]
    empty = [page(after=f"t{number}") for number in range(9)]

    endless = failure(ScriptedZoom(*full), listing)
    hollow = failure(ScriptedZoom(*empty, page(after="t9")), listing)

    assert len(run(ScriptedZoom(*full[:-1], page(2000)), listing)) == 2000
    assert len(run(ScriptedZoom(*empty, page(1)), listing)) == 1
    assert (endless.diagnostic.code, hollow.diagnostic.code) == ("zoom.too-large", "zoom.unreadable")
    assert "10 pages of the list in a row are empty" in hollow.diagnostic.detail


def test_a_list_keeps_the_meetings_of_other_hosts() -> None:
    """They were scheduled for others, or by others for this host."""
    listed = [{"id": 1, "host_id": "u1"}, {"id": 2, "host_id": "u2"}]

    assert run(ScriptedZoom(answer(200, {"meetings": listed})), listing) == tuple(listed)


def test_an_expired_page_token_is_a_refusal() -> None:
    error = failure(
        ScriptedZoom(page(1, after="t1"), no(400, 300, "The next page token is invalid.")), listing
    )

    assert type(error) is RefusedError


# before_send and the gate


class _TooLateError(Exception):
    pass


def test_before_send_is_called_after_every_wait_and_before_each_attempt() -> None:
    """The waits here: a token, a turn at one a second, a per-second 429, a new token."""
    zoom = ScriptedZoom(MADE, PER_SECOND, STALE, MADE)
    called_at: list[float] = []

    async def two(client: ZoomClient) -> None:
        await create(client)
        await client.create(
            HOST, {}, before_send=lambda _: called_at.append(round(zoom.clock.monotonic(), 3))
        )

    run(zoom, two, pace=Pace.of(1, zoom.clock))

    assert called_at == zoom.sent_at[1:] == [1.03, 2.53, 3.56]


def test_before_send_gets_the_attempts_that_left() -> None:
    zoom = ScriptedZoom(PER_SECOND, STALE, MADE)
    attempts: list[int] = []

    async def write(client: ZoomClient) -> None:
        await client.create(HOST, {}, before_send=attempts.append)

    run(zoom, write)

    assert attempts == [0, 1, 2]


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("method", ["create", "update"])
def test_an_exception_of_before_send_passes_through_and_nothing_is_sent(method: str, attempt: int) -> None:
    zoom = ScriptedZoom(PER_SECOND, MADE)
    calls: list[int] = []

    def too_late(_: int) -> None:
        calls.append(1)
        if len(calls) == attempt:
            raise _TooLateError

    async def write(client: ZoomClient) -> None:
        if method == "create":
            await client.create(HOST, {}, before_send=too_late)
        await client.update(7, {}, before_send=too_late)

    with pytest.raises(_TooLateError):
        run(zoom, write)

    assert len(zoom.asked) == attempt - 1


def test_no_more_requests_are_in_flight_than_the_pool_has_connections() -> None:
    """Of 34 requests to a Zoom that never answers 24 are sent; all of them can be cancelled."""
    arrived: list[str] = []
    full = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.url.host == "zoom.us":
            return answer(200, {"access_token": "t-9"})
        arrived.append(request.method)
        if len(arrived) == IN_FLIGHT_MAX:
            full.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def flood(client: ZoomClient) -> list[BaseException | Answer]:
        tasks = [asyncio.create_task(create(client)) for _ in range(IN_FLIGHT_MAX + 10)]
        await asyncio.wait_for(full.wait(), 20)
        await asyncio.sleep(0.2)  # for one too many
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = run(ScriptedZoom(MADE), flood, transport=httpx.MockTransport(hang))

    assert len(arrived) == IN_FLIGHT_MAX
    assert {type(result) for result in results} == {asyncio.CancelledError}


def test_a_slow_label_does_not_block_the_other() -> None:
    """While 40 creates wait for their turns at two a second, a read is sent at once."""
    zoom = ScriptedZoom(answer(200, {"id": 7}))

    async def crowd(client: ZoomClient) -> float:
        creates = [asyncio.create_task(create(client)) for _ in range(40)]
        await asyncio.sleep(0)
        await read(client)
        read_at = zoom.clock.monotonic()
        await asyncio.gather(*creates)
        return read_at

    assert run(zoom, crowd, pace=Pace.of("free", zoom.clock)) < 1.0


def test_a_failed_request_frees_its_connection() -> None:
    zoom = ScriptedZoom(*[httpx.ReadError("reset")] * IN_FLIGHT_MAX, MADE)

    async def many(client: ZoomClient) -> Answer:
        for _ in range(IN_FLIGHT_MAX):
            with pytest.raises(UnknownOutcomeError):
                await create(client)
        return await create(client)

    assert run(zoom, many).body["id"] == 81234567890


def failing_tokens(times: int, asked: list[str]) -> httpx.MockTransport:
    """A Zoom whose token endpoint is down for `times` requests."""

    def react(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "zoom.us":
            is_down = asked.count("zoom.us") <= times
            return httpx.Response(503) if is_down else answer(200, {"access_token": "t-9"})
        return MADE

    return httpx.MockTransport(react)


def test_a_request_without_a_token_frees_its_connection() -> None:
    asked: list[str] = []

    async def many(client: ZoomClient) -> Answer:
        for _ in range(IN_FLIGHT_MAX):
            with pytest.raises(NeverSentError):
                await create(client)
        return await create(client)

    transport = failing_tokens(3 * IN_FLIGHT_MAX, asked)

    assert run(ScriptedZoom(MADE), many, transport=transport).body["id"] == 81234567890
    assert asked.count("api.zoom.us") == 1


def test_the_turn_comes_after_the_token() -> None:
    """Otherwise a slow token would let two requests start within one turn."""
    zoom = ScriptedZoom(MADE)
    sent_at_times: list[float] = []

    async def two(client: ZoomClient) -> None:
        def record(_: int) -> None:
            sent_at_times.append(round(zoom.clock.monotonic(), 3))

        await asyncio.gather(*(client.create(HOST, {}, before_send=record) for _ in range(2)))

    run(zoom, two, pace=Pace.of(1, zoom.clock), transport=failing_tokens(1, []))

    assert sent_at_times == [1.0, 2.03]


def test_what_could_not_be_sent_again_says_what_left_before() -> None:
    """A host's day is charged for it: only what never left is taken back."""
    zoom = ScriptedZoom(PER_SECOND, httpx.ConnectError("no route"))

    async def write(client: ZoomClient) -> None:
        await client.create(HOST, {})

    with pytest.raises(NeverSentError) as error:
        run(zoom, write)

    assert error.value.attempts == 1
