"""When a meeting happens, what is sent for it, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, at, meeting, one_off, weekly

from reconciler.meeting import (
    PasscodeReference,
    Schedule,
    body,
    kind,
    recorded,
    same_passcode,
    schedule,
    series,
    shown,
    start_at,
)

SALT = bytes(range(16))
REFERENCE = {"env": "LAUNCH_PASSCODE", "version": 1}


def test_a_meeting_to_come_has_its_start_before_it() -> None:
    """Of a single meeting and of a series that has not begun."""
    assert schedule(one_off(), NOW) == Schedule(next_at=at("2027-01-14T15:00:00Z"))
    assert schedule(weekly(), NOW) == Schedule(next_at=at("2027-01-11T09:00:00Z"))


@pytest.mark.parametrize(
    ("now", "expired"),
    [("2027-01-14T15:00:00Z", False), ("2027-01-14T15:59:59Z", False), ("2027-01-14T16:00:00Z", True)],
)
def test_a_single_meeting_has_begun_at_its_start_and_expires_at_its_end(now: str, expired: bool) -> None:  # noqa: FBT001 - expected
    """A start at this very instant is no start that can be sent any more."""
    assert schedule(one_off(), at(now)) == Schedule(over=1, left=0, begun=True, expired=expired)


def test_without_a_duration_a_meeting_lasts_an_hour() -> None:
    """Zoom's own default."""
    brief = one_off(duration=None)

    assert not schedule(brief, at("2027-01-14T15:59:59Z")).expired
    assert schedule(brief, at("2027-01-14T16:00:00Z")).expired


def test_a_running_series_goes_on_with_its_next_occurrence() -> None:
    """Three Mondays are over by 29 January; the fourth is the first of February."""
    assert schedule(weekly(), at("2027-01-29T12:00:00Z")) == Schedule(
        next_at=at("2027-02-01T09:00:00Z"), over=3, left=17
    )


def test_a_series_expires_when_its_last_occurrence_has_ended() -> None:
    """The 20th Monday is 24 May, 10:00 in summer time, 45 minutes long."""
    running, ended = at("2027-05-24T08:44:00Z"), at("2027-05-24T08:45:00Z")

    assert schedule(weekly(), running) == Schedule(over=20, left=0, begun=True)
    assert schedule(weekly(), ended) == Schedule(over=20, left=0, begun=True, expired=True)


def test_a_series_whose_end_lies_before_its_start_is_over() -> None:
    """It has no occurrence at all, and so nothing that could be sent."""
    rule = {"type": 1, "repeat_interval": 1, "end_date_time": "2026-01-01T00:00:00Z"}
    empty = weekly(start_time="2026-11-30T10:00:00", recurrence=rule)

    assert schedule(empty, NOW) == Schedule(over=0, left=0, begun=True, expired=True)


def test_a_meeting_without_a_fixed_time_is_always_to_come() -> None:
    """Type 3 has no start, even where one is written."""
    assert [schedule(one_off(type=3, start_time=start), NOW) for start in (None, "2020-01-01T00:00:00Z")] == [
        Schedule(),
        Schedule(),
    ]


def test_a_wall_time_is_read_in_its_zone() -> None:
    """The same text in two zones names two instants."""
    berlin, tokyo = weekly(), weekly(timezone="Asia/Tokyo")

    assert (start_at(berlin), start_at(tokyo)) == (at("2027-01-11T09:00:00Z"), at("2027-01-11T01:00:00Z"))


def test_only_type_8_is_a_series() -> None:
    """On any other type Zoom ignores the rule, and so do we; no type is type 2."""
    rule = weekly()["recurrence"]

    assert [series(one_off(recurrence=rule)), series(weekly(recurrence=None))] == [None, None]
    assert series(weekly()) is not None
    assert (kind({}), kind(weekly())) == (2, 8)


def test_the_body_of_a_meeting_to_come_is_as_declared() -> None:
    """A series that has not begun is sent whole."""
    assert [body(one_off(), NOW, None), body(weekly(), NOW, None)] == [one_off(), weekly()]


def test_a_running_series_is_sent_from_its_next_occurrence() -> None:
    """With the count that is left, in the form the start was written in; what was declared is not touched."""
    declared = weekly()

    sent = body(declared, at("2027-01-29T12:00:00Z"), None)

    assert sent == weekly(
        start_time="2027-02-01T10:00:00", recurrence={**weekly()["recurrence"], "end_times": 17}
    )
    assert declared == weekly()


def test_an_end_date_is_sent_as_it_is() -> None:
    """Only a count has to be lowered."""
    rule = {"type": 1, "repeat_interval": 2, "end_date_time": "2027-03-01T00:00:00Z"}
    declared = weekly(recurrence=rule)

    assert body(declared, at("2027-01-12T12:00:00Z"), None) == weekly(
        start_time="2027-01-13T10:00:00", recurrence=rule
    )


def test_a_series_without_an_end_keeps_its_zero() -> None:
    """0 times means for ever; there is no count to lower."""
    rule = {"type": 1, "repeat_interval": 1, "end_times": 0}

    sent = body(weekly(recurrence=rule), at("2027-01-12T12:00:00Z"), None)

    assert sent == weekly(start_time="2027-01-13T10:00:00", recurrence=rule)


def test_a_body_holds_the_passcode_that_was_read() -> None:
    """A literal one is sent as it is."""
    assert body(one_off(password=REFERENCE), NOW, "lift-off") == one_off(password="lift-off")
    assert body(one_off(password="literal"), NOW, None) == one_off(password="literal")


def test_a_reference_that_was_not_read_is_our_mistake() -> None:
    """Nothing may be sent with a passcode missing."""
    with pytest.raises(AssertionError):
        body(one_off(password=REFERENCE), NOW, None)


def test_a_passcode_reference_is_found() -> None:
    """Text is none."""
    assert meeting(attributes=one_off(password=REFERENCE)).passcode == PasscodeReference("LAUNCH_PASSCODE", 1)
    assert meeting(attributes=one_off(password="literal")).passcode is None
    assert meeting().passcode is None


def test_a_literal_passcode_is_recorded_as_scrypt() -> None:
    """Its own salt, no text of it; all else, a reference too, is recorded as declared."""
    kept = recorded(one_off(password="lift-off-7"), SALT)

    assert kept.keys() == {*one_off(), "password"}
    assert kept["password"].keys() == {"scrypt"}
    assert kept["password"]["scrypt"].startswith(SALT.hex() + "$")
    assert "lift-off" not in repr(kept)
    assert recorded(one_off(password=REFERENCE), SALT) == one_off(password=REFERENCE)
    assert recorded(one_off(), SALT) == one_off()


def test_a_recorded_passcode_is_recognized() -> None:
    """Whatever its salt; another one is not."""
    kept = [recorded({"password": "lift-off-7"}, salt)["password"] for salt in (SALT, b"another salt....")]

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
    """A hash that somebody damaged by hand is one, too, and no crash."""
    assert not same_passcode(declared, kept)


def test_the_same_reference_is_the_same_passcode() -> None:
    """Only a raised version rotates it."""
    assert same_passcode(REFERENCE, {"version": 1, "env": "LAUNCH_PASSCODE"})


def test_of_a_literal_passcode_is_shown_that_there_is_one() -> None:
    """Declared or recorded, it reads the same; a reference is no secret."""
    literal, kept = one_off(password="lift-off-7"), recorded(one_off(password="lift-off-7"), SALT)

    assert shown(literal) == shown(kept) == one_off(password="(literal)")
    assert shown(one_off(password=REFERENCE)) == one_off(password=REFERENCE)
    assert shown(one_off()) == one_off()


def test_a_meeting_has_a_topic_even_where_none_is_declared() -> None:
    """An empty one: what is wrong with it is said elsewhere."""
    assert (meeting().topic, meeting(attributes={}).topic) == ("Launch review", "")


def test_a_meeting_shows_no_passcode() -> None:
    """A traceback or a log may hold its repr."""
    assert "lift-off-7" not in repr(meeting(attributes=one_off(password="lift-off-7")))
