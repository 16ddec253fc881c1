"""Lists of a host's meetings, and their pages."""

from __future__ import annotations

import pytest
from sandbox_world import HOST, ONCE, WEEKLY, World, error, wrong

from reconciler.sandbox import emulator


def test_an_item_has_only_the_few_fields_of_lists() -> None:
    world = World()
    meeting = world.create(ONCE | {"agenda": "x" * 400})

    names = (
        "created_at",
        "duration",
        "host_id",
        "id",
        "join_url",
        "start_time",
        "timezone",
        "topic",
        "type",
        "uuid",
    )
    assert world.list() == {
        "page_count": 1,
        "page_number": 1,
        "page_size": 30,
        "total_records": 1,
        "next_page_token": "",
        "meetings": [{"agenda": "x" * 250, **{name: meeting[name] for name in names}}],
    }


def test_pages_follow_each_other_by_token() -> None:
    world = World()
    numbers = [world.create()["id"] for _ in range(5)]

    token = ""
    found: list[int] = []
    sizes: list[tuple[int, int, int]] = []
    while not sizes or token:
        page = world.list(f"?page_size=2&next_page_token={token}")
        found += [item["id"] for item in page["meetings"]]
        sizes.append((page["total_records"], page["page_count"], len(page["meetings"])))
        token = page["next_page_token"]

    assert (found, sizes) == (numbers, [(5, 3, 2), (5, 3, 2), (5, 3, 1)])


def test_pages_can_be_asked_for_by_number() -> None:
    world = World()
    numbers = [world.create()["id"] for _ in range(3)]

    page = world.list("?page_size=2&page_number=2")

    assert (page["page_number"], [item["id"] for item in page["meetings"]]) == (2, numbers[2:])


def test_a_page_token_expires_after_a_quarter_of_an_hour() -> None:
    world = World()
    for _ in range(2):
        world.create()
    token = world.list("?page_size=1")["next_page_token"]
    world.clock.advance(900)

    answer = world.send("GET", f"/v2/users/{HOST}/meetings?page_size=1&next_page_token={token}")

    assert error(answer) == (400, 300, "The next page token is either invalid or has expired.")


def test_a_page_token_is_good_for_its_own_list_only() -> None:
    world = World()
    for _ in range(2):
        world.create()
    token = world.list("?page_size=1")["next_page_token"]

    answer = world.send("GET", f"/v2/users/bob@example.com/meetings?page_size=1&next_page_token={token}")

    assert error(answer)[:2] == (400, 300)


def test_an_account_can_give_smaller_pages_than_asked_for() -> None:
    world = World(page_size_max=1)
    for _ in range(2):
        world.create()

    page = world.list("?page_size=300")

    assert (page["page_size"], len(page["meetings"])) == (1, 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=301", "page_size"),
        ("page_size=0", "page_size"),
        ("page_size=x", "page_size"),
        ("page_number=0", "page_number"),
        ("type=all", "type"),
    ],
)
def test_a_query_that_does_not_fit_is_refused(query: str, field: str) -> None:
    assert wrong(World().send("GET", f"/v2/users/{HOST}/meetings?{query}")) == (400, 300, [field])


def test_instant_deleted_and_expired_meetings_and_those_of_others_are_left_out() -> None:
    world = World()
    world.create({"type": 1})
    world.create({"start_time": "2026-12-01T10:00:00Z"})
    deleted, stays = world.create()["id"], world.create()["id"]
    world.create(host="bob@example.com")
    world.send("DELETE", f"/v2/meetings/{deleted}")
    world.clock.advance(86_400 * 31)

    assert [item["id"] for item in world.list()["meetings"]] == [stays]


def test_a_meeting_scheduled_for_another_is_on_their_list() -> None:
    world = World()
    number = world.create(ONCE | {"schedule_for": "bob@example.com"})["id"]

    assert [item["id"] for item in world.list(host="bob@example.com")["meetings"]] == [number]
    assert world.list()["meetings"] == []


@pytest.mark.parametrize(
    ("kind", "topics"),
    [
        ("scheduled", ["past", "coming", "timeless", "series"]),
        ("upcoming", ["coming", "timeless", "series"]),
        ("upcoming_meetings", ["coming", "timeless", "series"]),
        ("previous_meetings", ["past"]),
        ("live", ["coming"]),
    ],
)
def test_a_list_is_of_one_kind(kind: str, topics: list[str]) -> None:
    world = World()
    world.create({"topic": "past", "start_time": "2026-12-02T10:00:00Z"})
    running = world.create(ONCE | {"topic": "coming"})["id"]
    world.create({"topic": "timeless", "type": 3})
    world.create(WEEKLY | {"topic": "series"})
    world.switch(running=[running])
    world.clock.advance(86_400 * 3)

    assert [item["topic"] for item in world.list(f"?type={kind}")["meetings"]] == topics


def test_a_series_is_listed_once() -> None:
    world = World()
    world.create(WEEKLY)

    assert [item["start_time"] for item in world.list()["meetings"]] == ["2027-01-11T09:00:00Z"]


def test_a_series_can_be_listed_once_for_each_occurrence() -> None:
    world = World(list_occurrences=True)
    number = world.create(WEEKLY)["id"]

    assert [(item["id"], item["start_time"][:10]) for item in world.list()["meetings"]] == [
        (number, "2027-01-11"),
        (number, "2027-01-18"),
        (number, "2027-01-25"),
    ]


def test_a_list_can_lag_behind_a_create() -> None:
    world = World(list_lag_seconds=5.0)
    number = world.create()["id"]
    early = world.list()["meetings"]
    world.patch(number, {"topic": "New"})
    changed = [item["topic"] for item in world.list()["meetings"]]
    world.clock.advance(5)

    assert (early, changed, len(world.list()["meetings"])) == ([], ["New"], 1)


def test_only_the_newest_writes_can_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered for lagging lists is bounded."""
    monkeypatch.setattr(emulator, "LAGGING_MAX", 3)
    world = World(list_lag_seconds=5.0)
    numbers = [world.create({})["id"] for _ in range(4)]

    assert [item["id"] for item in world.list()["meetings"]] == numbers[:1]


def test_lists_can_come_in_another_order() -> None:
    world = World(lists_reordered=True)
    numbers = [world.create()["id"] for _ in range(3)]

    assert [item["id"] for item in world.list()["meetings"]] == numbers[::-1]


def test_lists_can_be_forbidden() -> None:
    answer = World(list_forbidden=True).send("GET", f"/v2/users/{HOST}/meetings")

    assert error(answer)[:2] == (403, 2306)
