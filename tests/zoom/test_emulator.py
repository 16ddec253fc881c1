import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import pytest
from manual_clock import ManualClock

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    RefusedError,
    RemoteError,
    UnknownOutcomeError,
)
from reconciler.ports import Clock
from reconciler.sandbox.faults import (
    Fault,
    answer_lost,
    empty_201,
    gateway_page,
    never_arrived,
    redirect,
    refused_with_200,
    truncated,
)
from reconciler.sandbox.sandbox import Sandbox
from reconciler.sandbox.switches import Switches
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

T = TypeVar("T")
Work = Callable[[ZoomClient], Coroutine[Any, Any, T]]

HOST = "a+b@example.com"
RETRO = {
    "topic": "Retro",
    "type": 2,
    "start_time": "2026-12-14T10:00:00Z",
    "duration": 30,
    "password": "Pass1",
}


def sandbox(*faults: Fault, **switches: Any) -> Sandbox:
    opened = Sandbox.open(
        None,
        now="2026-12-01T09:00:00Z",
        real_now=lambda: datetime(2026, 12, 1, 9, tzinfo=UTC),
        switches=Switches(**switches),
    )
    opened.faults.add(*faults)
    return opened


def run(world: Sandbox, work: Work[T], *, pace: str | int = 1000, clock: Clock | None = None) -> T:
    time = clock or ManualClock()

    async def using() -> T:
        client = ZoomClient(
            Credentials("acc", "cid", "secret"),
            Addresses(),
            pace=Pace.of(pace, time),
            clock=ZoomClock(time),
            random=lambda: 0.5,
            user_limit=UserLimit(),
            transport=httpx.ASGITransport(world.app),
        )
        async with client:
            return await work(client)

    return asyncio.run(using())


def failure(world: Sandbox, work: Work[Any], **options: Any) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        run(world, work, **options)
    return caught.value


def create(client: ZoomClient) -> Coroutine[Any, Any, Any]:
    return client.create(HOST, RETRO)


def topics(world: Sandbox) -> list[str]:
    """Return the topics of the host's meetings in the emulator."""
    return [str(meeting["topic"]) for meeting in run(world, lambda client: client.meetings(HOST))]


def answered(world: Sandbox) -> list[int]:
    """Return the status of every create."""
    return [request.status for request in world.account.requests if request.path.endswith("/meetings")]


def test_a_meeting_is_created_read_changed_listed_and_deleted() -> None:
    async def life(client: ZoomClient) -> tuple[object, ...]:
        made = await client.create(HOST, RETRO)
        meeting_id = made.body["id"]
        changed = await client.update(meeting_id, {"topic": "Review"})
        read = await client.read(meeting_id)
        listed = await client.meetings(HOST)
        deleted = await client.delete(meeting_id)
        return (
            made.body["topic"],
            changed.body,
            read.body["topic"],
            [meeting["id"] == meeting_id for meeting in listed],
            deleted.body,
            await client.meetings(HOST),
        )

    assert run(sandbox(), life) == ("Retro", {}, "Review", [True], {}, ())


def test_a_missing_meeting_or_user_is_gone() -> None:
    assert type(failure(sandbox(), lambda client: client.read(81111111111))) is GoneError
    assert type(failure(sandbox(), lambda client: client.delete(81111111111))) is GoneError
    assert type(failure(sandbox(users=("b@example.com",)), create)) is GoneError


def test_a_user_has_its_id_and_account() -> None:
    user = run(sandbox(), lambda client: client.user(HOST)).body

    assert user["email"] == HOST
    assert user["id"]
    assert user["account_id"]


def test_a_list_of_several_pages_is_complete() -> None:
    world = sandbox(page_size_max=2)

    async def five(client: ZoomClient) -> None:
        for number in range(5):
            await client.create(HOST, {**RETRO, "topic": f"Retro {number}"})

    run(world, five)

    assert sorted(topics(world)) == [f"Retro {number}" for number in range(5)]


@pytest.mark.parametrize("form", ["seen", "headers", "bare", "parked"])
def test_the_hosts_daily_limit_is_recognized_in_every_form(form: str) -> None:
    async def three(client: ZoomClient) -> None:
        for _ in range(3):
            await create(client)

    world = sandbox(daily_limit=2, daily_429=form)
    error = failure(world, three)

    assert isinstance(error, DailyLimitError)
    assert error.scope == "host"
    assert answered(world) == [201, 201, 429]


def test_the_accounts_daily_limit_is_distinguished() -> None:
    async def three(client: ZoomClient) -> None:
        for _ in range(3):
            await create(client)

    error = failure(sandbox(account_daily_limit=2), three)

    assert isinstance(error, DailyLimitError)
    assert error.scope == "account"


def test_the_requests_left_today_are_returned() -> None:
    assert run(sandbox(ratelimit_headers="host"), create).requests_left == 99
    assert run(sandbox(ratelimit_headers="category"), create).requests_left is None


def test_an_unknown_client_is_an_access_error() -> None:
    error = failure(sandbox(clients={"cid": "another"}), create)

    assert (type(error), error.diagnostic.code) == (AccessError, "zoom.credentials")


def test_a_missing_scope_is_named() -> None:
    error = failure(sandbox(scopes=("meeting:read:meeting:admin",)), create)

    assert (type(error), error.diagnostic.code) == (AccessError, "zoom.scopes")
    assert "`meeting:write:meeting:admin` or `meeting:write:meeting`" in error.diagnostic.detail


def test_a_refused_body_names_its_fields() -> None:
    error = failure(sandbox(), lambda client: client.create(HOST, {**RETRO, "duration": "long"}))

    assert isinstance(error, RefusedError)
    assert [path for path, _ in error.fields] == ["duration"]


def test_a_host_without_a_licence_is_refused() -> None:
    error = failure(sandbox(may_host=False), create)

    assert (type(error), error.diagnostic.code) == (RefusedError, "zoom.host-not-allowed")


FAULTS = {
    "the answer is lost": (answer_lost, True),
    "the request never arrives": (never_arrived, False),
    "a gateway's page": (gateway_page, False),
    "a gateway's page after it was done": (lambda **match: gateway_page(commit=True, **match), True),
    "an answer cut short": (truncated, True),
    "a redirect": (redirect, False),
    "a refusal with status 200": (refused_with_200, False),
}


@pytest.mark.parametrize(("fault", "is_made"), FAULTS.values(), ids=FAULTS.keys())
def test_an_unknown_outcome_is_done_at_most_once(fault: Callable[..., Fault], *, is_made: bool) -> None:
    world = sandbox(fault(method="POST", path="/v2/users/*/meetings"))

    assert type(failure(world, create)) is UnknownOutcomeError
    assert topics(world) == ["Retro"] * is_made


def test_an_empty_201_is_unknown() -> None:
    error = failure(sandbox(empty_201(method="POST", path="/v2/users/*/meetings")), create)

    assert type(error) is UnknownOutcomeError


def test_a_revoked_token_is_replaced_and_the_meeting_created_once() -> None:
    """Another process fetched a token, which revoked ours."""
    world = sandbox(new_token_revokes_old=True)

    async def work(client: ZoomClient) -> None:
        await create(client)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app)) as other:
            form = {"grant_type": "account_credentials", "account_id": "acc"}
            await other.post("https://zoom.us/oauth/token", auth=("cid", "secret"), data=form)
        await create(client)

    run(world, work)

    assert topics(world) == ["Retro", "Retro"]


async def twenty_five(client: ZoomClient) -> None:
    await asyncio.gather(*(client.create(f"{number}@example.com", RETRO) for number in range(25)))


def test_the_pace_of_the_plan_stays_below_the_limit() -> None:
    """The emulator counts twenty in any sliding second of its own clock."""
    world = sandbox(plan="pro", per_second_window="sliding")

    run(world, twenty_five, pace="pro", clock=SystemClock())

    assert answered(world) == [201] * 25


def test_a_pace_that_is_too_fast_creates_each_meeting_once() -> None:
    world = sandbox(plan="pro", per_second_window="sliding")

    run(world, twenty_five, pace=1000, clock=SystemClock())

    counts = Counter(answered(world))
    assert counts[201] == 25
    assert 1 <= counts[429] <= 5
