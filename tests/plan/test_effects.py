"""What people will notice of an update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import NOW, at, one_off, weekly

from reconciler.plan import _effects as effects
from reconciler.plan import diff

if TYPE_CHECKING:
    from datetime import datetime

COME_BACK = "dates that were moved or cancelled by hand come back"
RULE = weekly()["recurrence"]
IN_2027 = at("2027-01-29T12:00:00Z")


def noticed(before: dict[str, Any], after: dict[str, Any], now: datetime = NOW) -> dict[str, str]:
    """The effect of each field that differs, by its path."""
    changes, _ = diff.field_changes(before, after)
    return {change.path: change.effect for change in effects.with_effects(changes, before, after, now)}


def moves(before: str, after: str) -> str:
    return f"time moves from {before} to {after}; the join link stays"


def ruled(**rule: Any) -> dict[str, Any]:
    """The series with another rule; None leaves a part out."""
    return weekly(recurrence={name: value for name, value in {**RULE, **rule}.items() if value is not None})


def test_a_field_has_the_words_of_the_table() -> None:
    """Where nothing more exact is known."""
    assert noticed(one_off(), one_off(duration=90, topic="Launch", settings={"waiting_room": True})) == {
        "duration": "length changes",
        "settings.waiting_room": "who may join early changes",
        "topic": "title changes",
    }


def test_a_time_that_moves_is_described_by_both_starts() -> None:
    """In the meeting's own zone, and with both zones where it gets another one."""
    assert noticed(one_off(), one_off(start_time="2027-01-14T16:30:00Z")) == {
        "start_time": moves("Thu 14 Jan 2027, 15:00", "Thu 14 Jan 2027, 16:30 UTC")
    }
    local = one_off(start_time="2027-01-14T15:00:00", timezone="Europe/Berlin")
    assert noticed(local, {**local, "timezone": "America/New_York"}) == {
        "timezone": moves("Thu 14 Jan 2027, 15:00 Europe/Berlin", "Thu 14 Jan 2027, 15:00 America/New_York")
    }
    both = {"timezone": "America/New_York", "start_time": "2027-01-14T10:00:00"}
    assert noticed(local, {**local, **both}) == {
        "start_time": moves(
            "Thu 14 Jan 2027, 15:00 Europe/Berlin", "Thu 14 Jan 2027, 10:00 America/New_York"
        ),
        "timezone": "time zone changes",
    }
    assert noticed(one_off(), one_off(timezone="Europe/Berlin")) == {"timezone": "time zone changes"}


def test_a_time_that_is_new_has_the_effect_of_the_table() -> None:
    """There was none, or it is over."""
    assert noticed(one_off(start_time="2026-11-01T15:00:00Z"), one_off()) == {"start_time": "time moves"}
    assert noticed(one_off(type=3, start_time=None), one_off())["start_time"] == "time moves"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"end_times": 20}, {"end_times": 16}, "series shortened by 4"),
        ({"end_times": 20}, {"end_times": 21}, "series extended by 1"),
        ({"end_times": 20}, {"end_times": 0}, "series has no end any more"),
        ({"end_times": 0}, {"end_times": 3}, "series has an end now"),
    ],
)
def test_a_series_gets_longer_or_shorter_by_a_number(
    before: dict[str, Any], after: dict[str, Any], said: str
) -> None:
    """Of dates."""
    assert noticed(ruled(**before), ruled(**after)) == {"recurrence.end_times": f"{said}; {COME_BACK}"}


def test_only_the_dates_to_come_count() -> None:
    """Three of 20 are over: to cut it to 4 leaves one of 17."""
    assert noticed(weekly(), ruled(end_times=4), IN_2027) == {
        "recurrence.end_times": f"series shortened by 16; {COME_BACK}"
    }


def test_an_end_date_is_counted_in_dates() -> None:
    """An end that is written otherwise can leave as many as before."""
    until = {"end_times": None, "end_date_time": "2027-02-08T23:00:00Z"}

    assert noticed(ruled(end_times=5), ruled(**until)) == {
        "recurrence.end_date_time": f"as many dates as before; {COME_BACK}"
    }
    later = {**until, "end_date_time": "2027-02-22T23:00:00Z"}
    assert noticed(ruled(**until), ruled(**later)) == {
        "recurrence.end_date_time": f"series extended by 2; {COME_BACK}"
    }


def test_a_series_without_an_end_keeps_the_words_of_the_table() -> None:
    """Two ways to say that there is none."""
    found = noticed(ruled(end_times=None), ruled(end_times=0))

    assert found == {"recurrence.end_times": f"series gets longer or shorter; {COME_BACK}"}


def test_a_new_schedule_brings_edited_dates_back_and_says_so_once() -> None:
    """At its first field; what leaves the dates alone says nothing of them."""
    moved = weekly(start_time="2027-01-12T11:00:00", recurrence={**RULE, "weekly_days": "3"})

    assert noticed(weekly(), moved) == {
        "recurrence.weekly_days": f"dates of the series change; {COME_BACK}",
        "start_time": moves("Mon 11 Jan 2027, 10:00", "Tue 12 Jan 2027, 11:00 Europe/Berlin"),
    }
    assert noticed(weekly(), weekly(duration=30, topic="Weekly")) == {
        "duration": "length changes",
        "topic": "title changes",
    }


def test_a_series_that_goes_on_keeps_its_next_date() -> None:
    """Its start is written later, on the same days."""
    later = weekly(start_time="2027-02-01T10:00:00", recurrence={**RULE, "end_times": 20})

    assert noticed(weekly(), later, IN_2027) == {"start_time": f"the next date stays; {COME_BACK}"}


def test_a_rule_on_a_single_meeting_brings_nothing_back() -> None:
    """Zoom ignores it there."""
    assert noticed(one_off(recurrence={**RULE}), one_off(recurrence={**RULE, "end_times": 3})) == {
        "recurrence.end_times": "series gets longer or shorter"
    }


def test_a_zone_of_a_meeting_that_has_no_time_any_more_has_the_words_of_the_table() -> None:
    before = one_off(timezone="Europe/Berlin")
    after = one_off(type=3, start_time=None, timezone="America/New_York")

    assert (
        noticed(before, after)["timezone"] == noticed(after, {**after, "timezone": "Asia/Tokyo"})["timezone"]
    )
