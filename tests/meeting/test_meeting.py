"""The schedule of a meeting, its request bodies, and its passcode."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from builders import NOW, at, meeting, one_off, weekly

from reconciler.meeting.body import body, patch
from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import (
    Schedule,
    kind,
    runs_or_starts_soon,
    schedule,
    sent_start_at,
    series,
    start_at,
)
from reconciler.meeting.passcode import PasscodeReference, as_recorded, redact_passcode, same_passcode

SALT = bytes(range(16))
REFERENCE = {"env": "LAUNCH_PASSCODE", "version": 1}


def test_a_future_meeting_has_a_next_start() -> None:
    """This holds for a single meeting and for a series that has not begun."""
    assert schedule(one_off(), NOW) == Schedule(next_at=at("2027-01-14T15:00:00Z"))
    assert schedule(weekly(), NOW) == Schedule(next_at=at("2027-01-11T09:00:00Z"))


@pytest.mark.parametrize(
    ("now", "expired"),
    [("2027-01-14T15:00:00Z", False), ("2027-01-14T15:59:59Z", False), ("2027-01-14T16:00:00Z", True)],
)
def test_a_single_meeting_begins_at_its_start_and_expires_at_its_end(now: str, expired: bool) -> None:  # noqa: FBT001 - expected
    """A start at the present instant can no longer be sent."""
    assert schedule(one_off(), at(now)) == Schedule(over=1, left=0, begun=True, expired=expired)


def test_without_a_duration_a_meeting_lasts_an_hour() -> None:
    """This is Zoom's default."""
    brief = one_off(duration=None)

    assert not schedule(brief, at("2027-01-14T15:59:59Z")).expired
    assert schedule(brief, at("2027-01-14T16:00:00Z")).expired


def test_a_running_series_continues_with_its_next_occurrence() -> None:
    """Three Mondays are over by 29 January; the fourth is the first of February."""
    assert schedule(weekly(), at("2027-01-29T12:00:00Z")) == Schedule(
        next_at=at("2027-02-01T09:00:00Z"), over=3, left=17
    )


def test_a_series_expires_when_its_last_occurrence_has_ended() -> None:
    """The 20th Monday is 24 May, 10:00 in summer time, 45 minutes long."""
    running, ended = at("2027-05-24T08:44:00Z"), at("2027-05-24T08:45:00Z")

    assert schedule(weekly(), running) == Schedule(over=20, left=0, begun=True)
    assert schedule(weekly(), ended) == Schedule(over=20, left=0, begun=True, expired=True)


def test_a_series_that_ends_before_its_start_is_over() -> None:
    """It has no occurrence that could be sent."""
    rule = {"type": 1, "repeat_interval": 1, "end_date_time": "2026-01-01T00:00:00Z"}
    empty = weekly(start_time="2026-11-30T10:00:00", recurrence=rule)

    assert schedule(empty, NOW) == Schedule(over=0, left=0, begun=True, expired=True)


def test_a_meeting_without_a_fixed_time_never_begins() -> None:
    """Type 3 has no start, even if one is written."""
    assert [schedule(one_off(type=3, start_time=start), NOW) for start in (None, "2020-01-01T00:00:00Z")] == [
        Schedule(),
        Schedule(),
    ]


def test_a_wall_time_is_in_its_zone() -> None:
    """The same text in two zones is two instants."""
    berlin, tokyo = weekly(), weekly(timezone="Asia/Tokyo")

    assert (start_at(berlin), start_at(tokyo)) == (at("2027-01-11T09:00:00Z"), at("2027-01-11T01:00:00Z"))


def test_only_type_8_is_a_series() -> None:
    """Zoom ignores the rule of any other type; a meeting without a type has type 2."""
    rule = weekly()["recurrence"]

    assert [series(one_off(recurrence=rule)), series(weekly(recurrence=None))] == [None, None]
    assert series(weekly()) is not None
    assert (kind({}), kind(weekly())) == (2, 8)


def test_the_body_of_a_future_meeting_is_as_declared() -> None:
    """A series that has not begun is sent whole."""
    assert [body(one_off(), NOW, None), body(weekly(), NOW, None)] == [one_off(), weekly()]


def test_a_running_series_is_sent_from_its_next_occurrence() -> None:
    """It has the remaining count, and a start in the declared form; the declaration is not changed."""
    declared = weekly()

    sent = body(declared, at("2027-01-29T12:00:00Z"), None)

    assert sent == weekly(
        start_time="2027-02-01T10:00:00", recurrence={**weekly()["recurrence"], "end_times": 17}
    )
    assert declared == weekly()


def test_an_end_date_is_sent_unchanged() -> None:
    """Only a count has to be reduced."""
    rule = {"type": 1, "repeat_interval": 2, "end_date_time": "2027-03-01T00:00:00Z"}
    declared = weekly(recurrence=rule)

    assert body(declared, at("2027-01-12T12:00:00Z"), None) == weekly(
        start_time="2027-01-13T10:00:00", recurrence=rule
    )


@pytest.mark.parametrize(
    "end", [{"end_times": 0}, {"end_times": 120}, {"end_date_time": "2027-12-31T23:00:00Z"}]
)
def test_of_a_longer_series_the_next_fifty_dates_are_sent(end: Any) -> None:
    rule = {"type": 1, "repeat_interval": 1}

    sent = body(weekly(recurrence={**rule, **end}), at("2027-01-12T12:00:00Z"), None)

    assert sent == weekly(start_time="2027-01-13T10:00:00", recurrence={**rule, "end_times": 50})


def test_a_window_begins_with_the_first_date_that_is_held() -> None:
    """A pause that covers all of it moves nothing."""
    rule = {"type": 1, "repeat_interval": 1, "end_times": 0}
    closed = Closure("berlin", (DayRange("2027-01-13", "2027-01-14"),))
    paused = Closure("pause", (DayRange("2027-01-13", ""),))

    declared, now = weekly(recurrence=rule), at("2027-01-12T12:00:00Z")

    bodies = [body(declared, now, None, SingleDates({}, (each,))) for each in (closed, paused)]

    assert [each["start_time"] for each in bodies] == ["2027-01-15T10:00:00", "2027-01-13T10:00:00"]


def test_a_series_whose_dates_are_all_kept_is_sent_with_its_own_end() -> None:
    rule = {"type": 1, "repeat_interval": 1, "end_date_time": "2027-03-01T23:00:00Z"}

    sent = body(weekly(recurrence=rule), at("2027-01-12T12:00:00Z"), None)

    assert sent["recurrence"] == rule


def test_a_body_has_the_resolved_passcode() -> None:
    """A literal one is sent unchanged."""
    assert body(one_off(password=REFERENCE), NOW, "lift-off") == one_off(password="lift-off")
    assert body(one_off(password="literal"), NOW, None) == one_off(password="literal")


def test_an_unresolved_reference_is_a_bug() -> None:
    """No body is made without the passcode."""
    with pytest.raises(AssertionError):
        body(one_off(password=REFERENCE), NOW, None)


def test_a_patch_has_only_the_changed_fields() -> None:
    """This holds for settings, too; a mapping inside them and a list are sent whole."""
    rooms = {"enable": True, "rooms": [{"name": "Red"}, {"name": "Blue"}]}
    declared = one_off(
        settings={"waiting_room": True, "jbh_time": 5, "breakout_room": rooms, "resources": []}
    )

    assert [
        patch(declared, paths, NOW, None)
        for paths in (
            ["duration"],
            ["topic", "settings.waiting_room"],
            ["settings.jbh_time", "settings.waiting_room"],
            ["settings.breakout_room.enable", "settings.breakout_room.rooms"],
            ["settings.resources"],
            [],
        )
    ] == [
        {"duration": 60},
        {"topic": "Launch review", "settings": {"waiting_room": True}},
        {"settings": {"jbh_time": 5, "waiting_room": True}},
        {"settings": {"breakout_room": rooms}},
        {"settings": {"resources": []}},
        {},
    ]


@pytest.mark.parametrize("changed", ["start_time", "timezone"])
def test_a_start_is_sent_with_its_zone(changed: str) -> None:
    """Alone it would be in another zone; the rule of a single meeting has no effect and is not sent."""
    local = one_off(start_time="2027-01-14T16:00:00", timezone="Europe/Berlin", recurrence={"type": 1})

    assert patch(local, [changed], NOW, None) == {
        "start_time": "2027-01-14T16:00:00",
        "timezone": "Europe/Berlin",
    }
    assert patch(one_off(), ["start_time"], NOW, None) == {"start_time": "2027-01-14T15:00:00Z"}


@pytest.mark.parametrize(
    "changed",
    [["start_time"], ["timezone"], ["recurrence.end_times"], ["recurrence.weekly_days", "start_time"]],
)
def test_a_series_is_rescheduled_whole(changed: list[str]) -> None:
    """Start, zone and rule are sent together, and nothing else."""
    assert patch(weekly(), changed, NOW, None) == {
        "start_time": "2027-01-11T10:00:00",
        "timezone": "Europe/Berlin",
        "recurrence": weekly()["recurrence"],
    }


def test_a_running_series_is_rescheduled_from_its_next_occurrence() -> None:
    """The same as in a create; a change of the duration alone does not change the dates."""
    now = at("2027-01-29T12:00:00Z")

    assert patch(weekly(), ["recurrence.end_times", "duration"], now, None) == {
        "start_time": "2027-02-01T10:00:00",
        "timezone": "Europe/Berlin",
        "recurrence": {**weekly()["recurrence"], "end_times": 17},
        "duration": 45,
    }
    assert patch(weekly(), ["duration"], now, None) == {"duration": 45}


def test_another_type_is_sent_with_its_times() -> None:
    """A meeting that gets a fixed time needs the start; a meeting without a type is sent with type 2."""
    assert patch(one_off(type=None), ["type"], NOW, None) == {
        "type": 2,
        "start_time": "2027-01-14T15:00:00Z",
    }
    assert patch(one_off(type=3, start_time=None), ["type"], NOW, None) == {"type": 3}


def test_a_patch_has_the_resolved_passcode() -> None:
    """This holds only if the passcode changes."""
    declared = one_off(password=REFERENCE)

    assert patch(declared, ["password"], NOW, "lift-off") == {"password": "lift-off"}
    assert patch(declared, ["duration"], NOW, "lift-off") == {"duration": 60}


@pytest.mark.parametrize(
    ("now", "soon"),
    [
        ("2027-01-14T13:59:59Z", False),
        ("2027-01-14T14:00:00Z", True),
        ("2027-01-14T15:30:00Z", True),
        ("2027-01-14T16:00:00Z", False),
    ],
)
def test_a_meeting_runs_or_starts_soon_from_an_hour_before_it_to_its_end(now: str, soon: bool) -> None:  # noqa: FBT001 - expected
    """It is not deleted while people are joining."""
    assert runs_or_starts_soon(one_off(), at(now)) is soon


@pytest.mark.parametrize(
    ("now", "soon"),
    [
        ("2027-01-18T07:59:00Z", False),
        ("2027-01-18T08:30:00Z", True),
        ("2027-01-18T09:44:00Z", True),
        ("2027-01-18T09:45:00Z", False),
        ("2027-05-24T08:44:00Z", True),
        ("2027-05-24T08:45:00Z", False),
    ],
)
def test_a_series_runs_or_starts_soon_around_each_occurrence(now: str, soon: bool) -> None:  # noqa: FBT001 - expected
    """The second and the last Monday, 10:00 in Berlin, 45 minutes."""
    assert runs_or_starts_soon(weekly(), at(now)) is soon


def test_a_meeting_without_a_fixed_time_is_not_known_to_run() -> None:
    """Neither is one whose times are not recorded."""
    assert [runs_or_starts_soon(one_off(type=3, start_time=None), NOW), runs_or_starts_soon({}, NOW)] == [
        False,
        False,
    ]


def test_a_passcode_reference_is_found() -> None:
    """A text is not a reference."""
    assert meeting(attributes=one_off(password=REFERENCE)).passcode == PasscodeReference("LAUNCH_PASSCODE", 1)
    assert meeting(attributes=one_off(password="literal")).passcode is None
    assert meeting().passcode is None


def test_a_literal_passcode_is_recorded_as_scrypt() -> None:
    """It has its own salt. Everything else, references included, is recorded as declared."""
    kept = as_recorded(one_off(password="lift-off-7"), SALT)

    assert kept.keys() == {*one_off(), "password"}
    assert kept["password"].keys() == {"scrypt"}
    assert kept["password"]["scrypt"].startswith(SALT.hex() + "$")
    assert "lift-off" not in repr(kept)
    assert as_recorded(one_off(password=REFERENCE), SALT) == one_off(password=REFERENCE)
    assert as_recorded(one_off(), SALT) == one_off()


def test_a_recorded_passcode_is_recognized() -> None:
    """The salt does not matter; another passcode is not recognized."""
    kept = [as_recorded({"password": "lift-off-7"}, salt)["password"] for salt in (SALT, b"another salt....")]

    assert kept[0] != kept[1]
    assert [same_passcode("lift-off-7", each) for each in kept] == [True, True]
    assert [same_passcode("lift-off-8", each) for each in kept] == [False, False]


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ("literal", None),
        ("literal", REFERENCE),
        ("literal", {"scrypt": "no dollar"}),
        ("literal", {"scrypt": "zz$00"}),
        ("literal", {"scrypt": "00$\N{SNOWMAN}"}),
        ("literal", {"scrypt": 7}),
        (REFERENCE, None),
        (REFERENCE, {"scrypt": "00$00"}),
        (REFERENCE, {"env": "LAUNCH_PASSCODE", "version": 2}),
        (REFERENCE, {"env": "OTHER_PASSCODE", "version": 1}),
    ],
)
def test_any_other_record_of_a_passcode_is_a_change(declared: Any, kept: Any) -> None:
    """A damaged hash is a change as well, and no crash."""
    assert not same_passcode(declared, kept)


def test_a_passcode_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refreshed plan compares a passcode twice, and each hash takes about 40 ms."""
    kept = as_recorded({"password": "lift-off-9"}, b"salt of this test")["password"]
    monkeypatch.delattr(hashlib, "scrypt")

    assert same_passcode("lift-off-9", kept)


def test_the_same_reference_is_the_same_passcode() -> None:
    """Only another version rotates it."""
    assert same_passcode(REFERENCE, {"version": 1, "env": "LAUNCH_PASSCODE"})


def test_a_literal_passcode_is_shown_as_a_placeholder() -> None:
    """Declared and recorded ones look the same; a reference is not a secret."""
    literal, kept = one_off(password="lift-off-7"), as_recorded(one_off(password="lift-off-7"), SALT)

    assert redact_passcode(literal) == redact_passcode(kept) == one_off(password="(literal)")
    assert redact_passcode(one_off(password=REFERENCE)) == one_off(password=REFERENCE)
    assert redact_passcode(one_off()) == one_off()


def test_the_topic_is_empty_if_none_is_declared() -> None:
    """A rule reports that it is missing."""
    assert (meeting().topic, meeting(attributes={}).topic) == ("Launch review", "")


def test_a_meeting_shows_no_passcode() -> None:
    """Its repr may be in a traceback or a log."""
    assert "lift-off-7" not in repr(meeting(attributes=one_off(password="lift-off-7")))


GAP = weekly(start_time="2027-03-21T02:30:00", recurrence={"type": 1, "repeat_interval": 7, "end_times": 5})
"""Sundays at 02:30 in Berlin: on the second one, 28 March, clocks skip that time."""


def test_a_series_whose_next_date_falls_into_skipped_hours_has_not_begun_and_is_sent_from_a_later_one() -> (
    None
):
    now = at("2027-03-22T12:00:00Z")

    times = schedule(GAP, now)

    assert (times.next_at, times.begun) == (at("2027-03-28T01:30:00Z"), False)
    assert sent_start_at(GAP, now) == at("2027-04-04T00:30:00Z")


def test_the_body_of_a_series_that_is_over_is_as_declared() -> None:
    assert body(weekly(), at("2028-01-12T12:00:00Z"), None) == weekly()
