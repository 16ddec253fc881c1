"""The timetable of a room: its slots, what they inherit, and what is wrong with them."""

from __future__ import annotations

import pytest

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.spec.dates.overlap import check
from reconciler.spec.settings import Settings
from reconciler.spec.spec import ParseResult, parse
from reconciler.spec.yaml.document import Source

HEAD = """\
version: 1
defaults: {host: room@example.com, timezone: Europe/Berlin}
closures: {berlin: [2027-04-05]}
meetings:
  clinic:
    topic: Clinic
    type: 3
    duration: 30m
    skip: berlin
    timetable:
"""
MONDAYS = "      europe: {start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}}\n"


def parsed(*lines: str, head: str = HEAD) -> ParseResult:
    return parse([Source("meetings.yaml", (head + "".join(lines)).encode())], Settings())


def room(*lines: str) -> Meeting:
    result = parsed(*lines)
    assert result.spec is not None, result.diagnostics
    return result.spec.meetings["clinic"]


def findings(*lines: str, head: str = HEAD) -> list[tuple[str, int, str]]:
    return [
        (each.code, each.span.start.line if each.span else 0, each.hint)
        for each in parsed(*lines, head=head).diagnostics
    ]


def test_a_slot_has_the_zone_length_and_topic_of_its_room() -> None:
    """Of the room itself, Zoom gets none of its times."""
    found = room(MONDAYS, "      launch: {start_time: 2027-03-03 18:00, duration: 2h, topic: Launch}\n")

    (europe, launch) = found.timetable
    assert dict(found.attributes) == {"topic": "Clinic", "type": 3}
    assert (europe.name, dict(europe.meeting.attributes)) == (
        "europe",
        {
            "topic": "Clinic",
            "timezone": "Europe/Berlin",
            "duration": 30,
            "start_time": "2027-01-11T10:00:00",
            "type": 8,
            "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0},
        },
    )
    berlin = Closure("berlin", (DayRange("2027-04-05", "2027-04-05"),))
    assert europe.meeting.dates == SingleDates({}, (berlin,))
    assert (launch.meeting.attributes["type"], launch.meeting.attributes["duration"]) == (2, 120)
    assert (launch.meeting.attributes["topic"], bool(launch.meeting.dates)) == ("Launch", False)


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ("a: {start_time: 2027-01-12 10:00, repeat: {every: week, on: mon}}", "series.start-off-rule", "tue"),
        ("a: {start_time: 2027-01-11 10:00, timezone: berlin}", "time.zone-unknown", "Europe/Berlin"),
        ("a: {start_time: 2027-03-28 02:30}", "time.skipped", ""),
        ("a: {repeat: {every: week}}", "spec.missing", ""),
        ("a: {start_time: 2027-01-11 10:00, agenda: x}", "spec.unknown-field", ""),
        (
            "a: {start_time: 2027-01-11 10:00, repeat: {every: week}, exceptions: {2027-01-19: skip}}",
            "series.exception-off-rule",
            "`2027-01-18`",
        ),
    ],
)
def test_a_mistake_in_a_slot_is_reported_at_its_line(line: str, code: str, hint: str) -> None:
    (found,) = findings(MONDAYS, f"      {line}\n")

    assert (found[0], found[1], hint in found[2]) == (code, 12, True)


def test_a_series_in_a_slot_with_an_offset_and_no_zone_is_told_once() -> None:
    """The rules of series miss the zone too, and know nothing of the offset."""
    slot = "      a: {start_time: 2027-01-11T10:00:00+01:00, repeat: {every: week, on: mon}}\n"

    found = findings(slot, head=HEAD.replace(", timezone: Europe/Berlin", ""))

    hint = "Add the zone of the participants, such as `timezone: Europe/Berlin`."
    assert found == [("time.zone-missing", 11, hint)]


def test_slots_of_one_room_that_overlap_are_a_warning() -> None:
    """The second Monday in March is the first on which both are held."""
    overlapping = "      review: {start_time: 2027-03-08 10:15, repeat: {every: month, on: second mon}}\n"

    result = parsed(MONDAYS, overlapping)

    first = "Mon 8 Mar 2027, 10:15 Europe/Berlin"
    detail = f"`europe` and `review` overlap, first on {first}: both are in the same room."
    assert [(each.code, each.detail) for each in result.diagnostics] == [("series.slots-overlap", detail)]


def test_a_long_date_overlaps_after_a_shorter_one_within_it() -> None:
    weekly = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 5}
    once = {"type": 2, "start_time": "2027-01-11T14:00:00", "timezone": "UTC", "duration": 30}
    series = {**once, "type": 8, "start_time": "2027-01-11T10:00:00", "recurrence": weekly}
    exceptions = {"2027-01-11": {"duration": 600}, "2027-01-18": {"start_time": "2027-01-11T12:00:00"}}
    slots = (
        Slot("other", Meeting("clinic", "room@example.com", once)),
        Slot("europe", Meeting("clinic", "room@example.com", series, dates=SingleDates(exceptions))),
    )

    (found,) = check(slots, None)

    assert "first on Mon 11 Jan 2027, 14:00 UTC" in found.detail


def test_slots_that_only_share_a_weekday_do_not_overlap() -> None:
    pattern = "      a: {start_time: 2027-01-04 10:00, repeat: {every: month, on: first mon}}\n"
    other = "      b: {start_time: 2027-01-18 10:00, repeat: {every: month, on: third mon}}\n"

    assert findings(pattern, other) == []


def test_a_timetable_on_another_type_names_repeat() -> None:
    head = HEAD.replace("type: 3", "type: 2\n    start_time: 2027-01-11 10:00")

    (found,) = findings(MONDAYS, head=head)

    assert (found[0], "repeat: {every: week, on: mon}" in found[2]) == ("series.timetable-type", True)


def test_a_template_has_no_timetable() -> None:
    slot = "{timetable: {a: {start_time: 2027-01-11 10:00}}}"
    text = f"version: 1\ntemplates:\n  t: {slot}\nmeetings: {{}}\n"

    result = parse([Source("meetings.yaml", text.encode())], Settings())

    assert result.spec is None
