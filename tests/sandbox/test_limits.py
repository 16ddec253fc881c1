"""The daily limit of a host, the limits of the account, and what the answers tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sandbox_world import HOST, ONCE, World, error

from reconciler.sandbox.account import REQUESTS_KEPT

if TYPE_CHECKING:
    import httpx

    from reconciler.ports import Json

DAILY = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this "
    "particular user. You may resume these requests at GMT 00:00:00."
)
PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
MEETINGS = f"/v2/users/{HOST}/meetings"


def quota(answer: httpx.Response) -> dict[str, str]:
    """The headers that speak of limits."""
    return {
        name: value for name, value in answer.headers.items() if "ratelimit" in name or name == "retry-after"
    }


def test_the_hundred_and_first_create_of_a_day_is_refused() -> None:
    world = World()
    for _ in range(100):
        world.create({})

    answer = world.send("POST", MEETINGS, {})

    assert error(answer) == (429, 429, DAILY)
    assert (world.used(), len(world.account.meetings_of(HOST))) == (100, 100)


def test_creates_and_updates_draw_from_one_budget() -> None:
    world = World(daily_limit=3)
    number = world.create()["id"]
    world.patch(number, {"topic": "a"})
    world.patch(number, {"topic": "b"})

    assert world.send("PATCH", f"/v2/meetings/{number}", {"topic": "c"}).status_code == 429
    assert world.read(number)["topic"] == "b"


def test_the_day_begins_at_midnight_utc() -> None:
    world = World(daily_limit=1)
    world.create()
    world.clock.advance((datetime(2026, 12, 2, tzinfo=UTC) - world.clock.now()).total_seconds() - 1)
    late = world.send("POST", MEETINGS, ONCE).status_code
    world.clock.advance(1)

    assert (late, world.send("POST", MEETINGS, ONCE).status_code) == (429, 201)


def test_one_budget_is_charged_by_e_mail_by_id_and_in_any_case() -> None:
    world = World()
    world.create()
    user = world.account.user(HOST)
    assert user
    world.create(host=user.id)
    world.create(host=HOST.upper())

    assert world.used() == 3


def test_reads_lists_and_deletes_are_free() -> None:
    world = World()
    number = world.create()["id"]
    world.read(number)
    world.list()
    world.send("DELETE", f"/v2/meetings/{number}")
    world.send("PUT", f"/v2/meetings/{number}/status", {"action": "recover"})

    assert world.used() == 1


def test_deletes_and_status_calls_can_be_charged() -> None:
    world = World(delete_counts=True, status_counts=True)
    number = world.create()["id"]
    world.send("DELETE", f"/v2/meetings/{number}")
    world.send("PUT", f"/v2/meetings/{number}/status", {"action": "recover"})

    assert world.used() == 3


@pytest.mark.parametrize(("count", "used"), [(True, 1), (False, 0)])
def test_a_refused_body_is_charged_or_not(count: bool, used: int) -> None:  # noqa: FBT001 - a row of the table
    world = World(refused_requests_count=count)
    world.send("POST", MEETINGS, {"topic": 1})

    assert world.used() == used


def test_a_request_without_a_token_or_a_meeting_costs_nothing() -> None:
    world = World()
    world.send("GET", f"/v2/users/{HOST}")
    world.send("POST", MEETINGS, ONCE, token="guessed")
    world.send("PATCH", "/v2/meetings/81234567890", {})

    assert world.account.usage == {}


def test_a_create_for_another_is_charged_to_the_user_in_the_path_and_its_updates_to_the_host() -> None:
    world = World()
    number = world.create(ONCE | {"schedule_for": "bob@example.com"})["id"]
    world.patch(number, {"topic": "x"})
    world.patch(number, {"topic": "y"})

    assert (world.used(), world.used("bob@example.com")) == (1, 2)


def test_updates_can_be_charged_to_each_meeting() -> None:
    world = World(patch_charged_per_meeting=True, daily_limit=2)
    first, second = world.create()["id"], world.create()["id"]
    for number in (first, first, second):
        world.patch(number, {"topic": "x"})

    assert world.send("PATCH", f"/v2/meetings/{first}", {"topic": "y"}).status_code == 429
    assert (world.used(), world.send("PATCH", f"/v2/meetings/{second}", {}).status_code) == (2, 204)


def test_other_apps_spend_the_same_budget() -> None:
    world = World(spent_elsewhere=99)
    world.create()

    assert world.send("POST", MEETINGS, ONCE).status_code == 429


def test_a_host_can_have_a_limit_of_its_own() -> None:
    world = World(per_host={HOST: {"daily_limit": 1}})
    world.create()

    assert world.send("POST", MEETINGS, ONCE).status_code == 429
    assert world.create(host="bob@example.com")


@pytest.mark.parametrize(
    ("variant", "headers"),
    [
        (
            "seen",
            {"x-ratelimit-category": "Light", "x-ratelimit-limit": "6000", "x-ratelimit-remaining": "5999"},
        ),
        ("headers", {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0"}),
        ("bare", {}),
        (
            "parked",
            {"x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "retry-after": "2026-12-02T00:00:00Z"},
        ),
    ],
)
def test_the_daily_refusal_comes_with_many_headers(variant: str, headers: dict[str, str]) -> None:
    """Clients have seen each of them; none names its type."""
    world = World(daily_limit=1, daily_429=variant, daily_429_code=4001)
    world.create()

    answer = world.send("POST", MEETINGS, ONCE)

    assert (error(answer)[:2], quota(answer)) == ((429, 4001), headers)


def test_an_ordinary_reply_has_its_label_only() -> None:
    world = World()

    created, read = world.send("POST", MEETINGS, ONCE), world.send("GET", f"/v2/users/{HOST}")

    assert quota(created) == {"x-ratelimit-category": "Medium"}
    assert quota(read) == {"x-ratelimit-category": "Light"}


def test_an_ordinary_reply_can_show_the_requests_left_of_the_host() -> None:
    world = World(ratelimit_headers="host", create_label="Light")

    created, read = world.send("POST", MEETINGS, ONCE), world.send("GET", f"/v2/users/{HOST}")

    left = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99"}
    assert quota(created) == {"x-ratelimit-category": "Light", **left}
    assert quota(read) == {"x-ratelimit-category": "Light"}


def test_an_ordinary_reply_can_lack_the_headers() -> None:
    assert quota(World(ratelimit_headers="none").send("POST", MEETINGS, ONCE)) == {}


def test_a_used_up_account_refuses_everything_until_midnight() -> None:
    world = World(account_daily_limit=2)
    world.create()
    world.list()

    answer = world.send("GET", f"/v2/users/{HOST}")

    assert error(answer)[:2] == (429, 429)
    assert error(answer)[2].startswith("You have reached the maximum daily rate limit for this API.")
    assert quota(answer) == {
        "x-ratelimit-category": "Light",
        "x-ratelimit-type": "Daily-limit",
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "0",
        "retry-after": "2026-12-02T00:00:00Z",
    }


def statuses(world: World, count: int) -> list[int]:
    return [world.send("POST", MEETINGS, {}).status_code for _ in range(count)]


@pytest.mark.parametrize(("plan", "limit"), [("free", 2), ("pro", 20), ("business", 60)])
def test_a_plan_admits_so_many_creates_a_second(plan: str, limit: int) -> None:
    world = World(plan=plan)

    assert statuses(world, limit + 1) == [201] * limit + [429]


def test_a_refusal_per_second_names_its_type_and_costs_nothing() -> None:
    world = World(plan="free", per_second_429_code=4001)

    answer = [world.send("POST", MEETINGS, {}) for _ in range(3)][-1]

    assert error(answer) == (429, 4001, PER_SECOND)
    assert (quota(answer), world.used()) == (
        {
            "x-ratelimit-category": "Medium",
            "x-ratelimit-type": "QPS",
            "x-ratelimit-limit": "2",
            "x-ratelimit-remaining": "0",
        },
        2,
    )


def test_each_label_has_its_own_second() -> None:
    world = World(plan="free")
    statuses(world, 3)

    assert world.send("GET", f"/v2/users/{HOST}").status_code == 200


@pytest.mark.parametrize(("window", "expected"), [("fixed", [201, 201]), ("sliding", [429, 429])])
def test_the_per_second_window_is_fixed_or_sliding(window: str, expected: Json) -> None:
    """Judged by the monotonic clock, not by the one that can be set."""
    world = World(plan="free", per_second_window=window)
    world.clock.advance(0.9)
    statuses(world, 2)
    world.clock.advance(0.2)

    assert statuses(world, 2) == expected
    world.clock.advance(1)
    assert statuses(world, 1) == [201]


def test_requests_are_logged_with_time_host_and_status() -> None:
    world = World()
    number = world.create()["id"]
    world.clock.advance(1.5)
    world.read(number)

    assert [(each.method, each.host, each.monotonic, each.status) for each in world.account.requests] == [
        ("POST", HOST, 0.0, 201),
        ("GET", None, 1.5, 200),
    ]
    assert world.account.counters == {"POST": 1, "GET": 1}
    assert world.account.requests.maxlen == REQUESTS_KEPT
