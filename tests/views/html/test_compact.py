"""The page's data: every date of the document is in it, and the dates that clash are marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from calendar_documents import clashing, crowd, date, document, instant, team, weekly

from reconciler.views.html.compact import compact, ranges, runs

if TYPE_CHECKING:
    from collections.abc import Sequence


def unrolled(values: Sequence[int]) -> list[int]:
    found = list(values[:1])
    for step, times in zip(values[1::2], values[2::2], strict=True):
        found += [found[-1] + step * (number + 1) for number in range(times)]
    return found


def rows(data: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The dates of the page's data, as the document has them."""
    return sorted(
        (
            meeting["key"],
            meeting["topic"],
            instant(start),
            instant(start + timedelta(seconds=meeting["seconds"])),
        )
        for meeting in data["meetings"]
        for start in (datetime.fromtimestamp(second, UTC) for second in unrolled(meeting["dates"]))
    )


def declared(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return sorted(
        (each["key"], each["topic"], each["start_at"], each["end_at"]) for each in document["dates"]
    )


def test_a_random_calendar_comes_back_whole() -> None:
    random = Random(7)
    first = datetime.fromisoformat("2026-12-01T00:00")
    for _ in range(50):
        world = document(
            date(
                f"key-{number}",
                (first + timedelta(minutes=random.randrange(500_000))).isoformat(),
                random.choice([5, 30, 61]),
            )
            for number in random.choices(range(5), k=60)
        )
        assert rows(compact(world, frozenset())) == declared(world)


def test_a_weekly_meeting_is_one_run() -> None:
    (meeting,) = compact(document(weekly("sync", "2026-12-02T09:00", 52)), frozenset())["meetings"]

    assert meeting == {
        "key": "sync",
        "topic": "Sync",
        "host": "room-1@example.com",
        "zone": "Europe/Berlin",
        "seconds": 1800,
        "dates": [1796202000, 604800, 51],
    }


def test_runs_and_ranges() -> None:
    assert (runs([]), runs([5]), runs([5, 7, 9, 10])) == ([], [5], [5, 2, 2, 1, 1])
    assert (ranges([]), ranges([0, 1, 2, 5])) == ([], [0, 2, 5, 5])


def test_the_dates_that_clash_are_marked() -> None:
    meetings = compact(team(), clashing())["meetings"]

    assert {each["key"]: each["clashing"] for each in meetings if "clashing" in each} == {
        "sync": [0, 1],
        "retro": [0, 1],
    }


def test_a_skipped_date_keeps_its_topic_its_host_and_its_closure() -> None:
    assert compact(team(), frozenset())["skipped"] == [
        {
            "key": "sync",
            "topic": "Sync",
            "host": "room-1@example.com",
            "closure": "Winter break",
            "days": [739974],
        }
    ]


def test_an_empty_calendar_is_a_calendar() -> None:
    assert compact(document([]), frozenset())["meetings"] == []
    assert len(compact(crowd(3, 2), frozenset())["meetings"]) == 3
