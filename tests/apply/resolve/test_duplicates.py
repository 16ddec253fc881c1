"""A list shows whether a declared meeting exists already."""

from __future__ import annotations

from typing import Any

import pytest
from builders import one_off, weekly

from reconciler.apply.resolve import likeness, lookup

NOBODY: frozenset[int] = frozenset()


def listed(**fields: Any) -> dict[str, Any]:
    """A single meeting in a list, in UTC as Zoom gives it."""
    return {"id": 1, "timezone": "UTC", **one_off(), **fields}


def series_listed(**fields: Any) -> dict[str, Any]:
    """A series in a list: its start is in UTC."""
    shown = {"id": 2, "topic": "Platform weekly", "type": 8, "timezone": "Europe/Berlin"}
    return {**shown, "start_time": "2027-01-11T09:00:00Z", **fields}


def test_the_same_topic_type_and_start_is_a_duplicate() -> None:
    assert lookup.find_duplicate(one_off(), [listed(id=7, topic="x"), listed()], NOBODY) == listed()


@pytest.mark.parametrize(
    "fields",
    [
        {"topic": "Launch"},
        {"type": 3},
        {"start_time": "2027-01-14T15:01:00Z"},
        {"start_time": None},
        {"id": 5},
    ],
    ids=["topic", "type", "start", "no start", "known"],
)
def test_any_other_meeting_is_not_a_duplicate(fields: dict[str, Any]) -> None:
    assert lookup.find_duplicate(one_off(), [listed(**fields)], frozenset({5})) is None


def test_another_zone_is_another_meeting() -> None:
    berlin = one_off(start_time="2027-01-14T16:00:00", timezone="Europe/Berlin")

    assert lookup.find_duplicate(berlin, [listed(timezone="Europe/Paris")], NOBODY) is None
    assert lookup.find_duplicate(berlin, [listed(timezone="europe/berlin")], NOBODY) is not None
    assert lookup.find_duplicate(one_off(), [listed(timezone="Europe/Paris")], NOBODY) is not None


def test_another_name_of_the_zone_is_the_same() -> None:
    kolkata = one_off(start_time="2027-01-14T20:30:00", timezone="Asia/Kolkata")

    assert lookup.find_duplicate(kolkata, [listed(timezone="Asia/Calcutta")], NOBODY) is not None


@pytest.mark.parametrize("start", ["2027-01-11T09:00:00Z", "2027-03-29T08:00:00Z", "2027-05-24T08:00:00Z"])
def test_a_series_is_a_duplicate_at_any_of_its_occurrences(start: str) -> None:
    """In daylight saving time too, up to the last of twenty."""
    assert lookup.find_duplicate(weekly(), [series_listed(start_time=start)], NOBODY) is not None


@pytest.mark.parametrize("start", ["2027-01-12T09:00:00Z", "2027-03-29T09:00:00Z", "2027-05-31T08:00:00Z"])
def test_a_series_at_another_time_is_not_a_duplicate(start: str) -> None:
    assert lookup.find_duplicate(weekly(), [series_listed(start_time=start)], NOBODY) is None


def test_a_meeting_without_a_fixed_time_is_a_duplicate_by_its_topic() -> None:
    room = {"topic": "Room", "type": 3}

    assert lookup.find_duplicate(room, [{"id": 1, "topic": "Room", "type": 3}], NOBODY) is not None


def test_an_unreadable_start_is_no_start() -> None:
    assert likeness.listed_start({"start_time": "soon"}) is None
    assert likeness.listed_start({"start_time": "2027-01-14T15:00:00", "timezone": 7}) is None
