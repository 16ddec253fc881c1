"""A meeting in Zoom can be the one that was sent, if it differs only by what Zoom changes freely."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from builders import one_off, weekly

from reconciler.apply.resolve import likeness

ALIKE = {
    "as sent": {},
    "trimmed": {"topic": " Launch\treview "},
    "folded": {"topic": "Launch  review"},
    "personal": {"type": 4},
    "seconds": {"start_time": "2027-01-14T15:00:59Z"},
    "another form": {"start_time": "2027-01-14T16:00:00", "timezone": "Europe/Berlin"},
    "nothing named": {"topic": None, "type": None, "start_time": None},
    "duration": {"duration": 7},
}

OTHER = {
    "topic": {"topic": "Launch reviews"},
    "letters": {"topic": "LAUNCH REVIEW"},
    "type": {"type": 8},
    "start_time": {"start_time": "2027-01-14T15:01:00Z"},
}


@pytest.mark.parametrize("fields", ALIKE.values(), ids=ALIKE.keys())
def test_what_zoom_changes_freely_is_no_other_fact(fields: dict[str, Any]) -> None:
    sent = one_off(topic="Launch review")

    assert likeness.other_facts(sent, {**sent, **fields}) == ()


@pytest.mark.parametrize(("name", "fields"), OTHER.items(), ids=OTHER.keys())
def test_any_other_value_is(name: str, fields: dict[str, Any]) -> None:
    sent = one_off(topic="Launch review")

    assert likeness.other_facts(sent, {**sent, **fields}) == (next(iter(fields)),)
    assert name


def test_a_topic_is_compared_up_to_the_200_characters_that_zoom_keeps() -> None:
    long, cut = one_off(topic="x" * 250), one_off(topic="x" * 200)

    assert likeness.has_topic(long, cut)
    assert not likeness.has_topic(long, one_off(topic="x" * 199))


def test_a_meeting_without_a_fixed_time_may_become_a_personal_one() -> None:
    assert likeness.has_type({"type": 3}, {"type": 4})
    assert not likeness.has_type(weekly(), {"type": 4})


@pytest.mark.parametrize(
    ("start", "other"),
    [
        ("2027-01-11T09:00:00Z", ()),
        ("2027-03-29T08:00:00Z", ()),
        ("2027-01-11T10:00:00Z", ("start_time",)),
        ("2027-01-12T09:00:00Z", ("start_time",)),
    ],
)
def test_a_series_may_begin_on_any_of_its_dates(start: str, other: tuple[str, ...]) -> None:
    """Ten o'clock in Berlin, also after the clocks change."""
    assert likeness.other_facts(weekly(), {**weekly(), "start_time": start}) == other


def test_a_start_that_cannot_be_read_is_none() -> None:
    starts = [datetime(2027, 1, 14, 15, tzinfo=UTC)]

    assert likeness.has_start({"start_time": "soon"}, starts) is None
    assert likeness.has_start({"start_time": "2027-01-14T15:00:00Z"}, []) is None
