"""What a spec says about single dates: exceptions, closures, and patterns of weekdays of a month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.errors.diagnostic import Severity
from reconciler.meeting.closures import NO_DATES, Closure, DayRange, SingleDates
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
CLOSURES = """\
closures:
  berlin: [2026-12-24..2027-01-01, 2027-04-05]
  year-end: [12-20..01-05, 05-01]
  summer: [2027-07-01..]
"""


def parsed(fields: str, *, top: str = CLOSURES, now: datetime | None = NOW) -> spec.ParseResult:
    """A spec with one meeting, `weekly`, on Mondays, with these fields."""
    text = (
        "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\n"
        f"{top}meetings:\n  weekly: {{topic: Weekly, start_time: 2027-01-11 10:00, {fields}}}\n"
    )
    return spec.parse((Source("a.yaml", text.encode()),), Settings(), now=now)


def dates(fields: str) -> SingleDates:
    result = parsed(fields)
    assert result.spec is not None, result.diagnostics
    meeting = result.spec.meetings["weekly"]
    assert not {"exceptions", "skip", "use", "repeat"} & meeting.attributes.keys()
    return meeting.dates


def found(fields: str, **more: Any) -> list[tuple[str, str, str]]:
    """Code, detail and hint of each finding but those about unused names."""
    diagnostics = parsed(fields, **more).diagnostics
    return [(each.code, each.detail, each.hint) for each in diagnostics if each.code != "spec.unused-name"]


WEEKLY = "repeat: {every: week, on: mon}"
NOTED = f"{WEEKLY}, skip: berlin, exceptions: {{2027-04-05: {{note: none}}"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
def test_an_exception_of_today_before_the_first_date_is_a_stale_line(zone: str) -> None:
    """So stands one whose date is over when the series is continued from the next date on."""
    now = datetime(2027, 1, 4, 10, 5, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    stale, early = parsed(
        f"timezone: {zone}, {WEEKLY}, exceptions: {{2027-01-04: skip, 2027-01-05: skip}}", top="", now=now
    ).diagnostics
    assert [(each.severity, each.detail, each.hint) for each in (stale, early)] == [
        (
            Severity.WARNING,
            "The series has no date on Monday, 2027-01-04.",
            "The series begins on 2027-01-11: remove the line.",
        ),
        (
            Severity.ERROR,
            "The series has no date on Tuesday, 2027-01-05.",
            "Write `2027-01-11`, the nearest date of the rule.",
        ),
    ]


def test_an_impossible_exception_hides_no_finding_about_another() -> None:
    read = found(
        f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-02-30 10:00}}, "
        "2027-05-10: {start_time: 2027-05-11 10:00}, 2027-05-12: skip}"
    )

    assert [code for code, *_ in read] == ["time.impossible", "series.exception-off-rule"]


def test_exceptions_are_read_in_the_form_of_the_api() -> None:
    read = dates(
        f"{WEEKLY}, exceptions: {{2027-04-12: skip, "
        "2027-05-17: {start_time: 2027-05-18 14:00, duration: 1h30m}, "
        '2027-06-07: {note: "Host: Ada"}, 2027-06-14: {agenda: Review, settings: {waiting_room: true}}}'
    )

    assert read == SingleDates(
        {
            "2027-04-12": "skip",
            "2027-05-17": {"start_time": "2027-05-18T14:00:00", "duration": 90},
            "2027-06-07": {"note": "Host: Ada"},
            "2027-06-14": {"agenda": "Review", "settings": {"waiting_room": True}},
        }
    )


def test_closures_are_those_that_skip_names() -> None:
    assert dates(f"{WEEKLY}, skip: [berlin, summer, year-end]").closures == (
        Closure("berlin", (DayRange("2026-12-24", "2027-01-01"), DayRange("2027-04-05", "2027-04-05"))),
        Closure("summer", (DayRange("2027-07-01", ""),)),
        Closure("year-end", (DayRange("12-20", "01-05"), DayRange("05-01", "05-01"))),
    )
    assert dates(f"{WEEKLY}, skip: summer") == dates(f"{WEEKLY}, skip: [summer]")
    assert dates(f"{WEEKLY}, skip: []") is NO_DATES


def test_several_weekdays_of_a_month_are_a_pattern() -> None:
    assert dates("repeat: {every: month, on: [second mon, fourth mon]}") == SingleDates(
        pattern=((2, 2), (4, 2))
    )


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        (
            f"{WEEKLY}, exceptions: {{2027-04-06: skip}}",
            (
                "series.exception-off-rule",
                "The series has no date on Tuesday, 2027-04-06.",
                "Write `2027-04-05` or `2027-04-12`, the nearest dates of the rule.",
            ),
        ),
        (
            "repeat: {every: week, on: mon, times: 3}, exceptions: {2027-02-01: skip}",
            (
                "series.exception-off-rule",
                "The series has no date on Monday, 2027-02-01.",
                "Write `2027-01-25`, the nearest date of the rule.",
            ),
        ),
        (
            "repeat: {every: month, on: [second mon, fourth mon]}, exceptions: {2027-02-01: skip}",
            (
                "series.exception-off-rule",
                "The series has no date on Monday, 2027-02-01.",
                "Write `2027-01-25` or `2027-02-08`, the nearest dates of the rule.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2026-11-01: skip}}",
            (
                "series.exception-off-rule",
                "The series has no date on Sunday, 2026-11-01.",
                "The day is over: remove the line.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-05-10 10:30}}}}",
            (
                "series.exception-overlap",
                "With it, the date of 2027-05-03 overlaps that of 2027-05-10: both have one link.",
                "Write another time, or `2027-05-10: skip`.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-05-31 25:00}}}}",
            (
                "spec.wrong-form",
                '`exceptions.2027-05-03.start_time` is "2027-05-31 25:00".',
                "The hour goes from 00 to 23.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2027-02-30: skip}}",
            (
                "time.impossible",
                "The calendar has no 2027-02-30.",
                "Check the month and the day: a date is written as year, month, day.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2027-03-29: {{start_time: 2027-03-28 02:30}}}}",
            (
                "time.skipped",
                "Clocks in Europe/Berlin skip 2027-03-28T02:30:00 when they are set forward.",
                "Write `start_time: 2027-03-28T03:30:00`, or another time.",
            ),
        ),
        (
            "exceptions: {2027-01-11: skip}",
            (
                "series.exceptions-without-rule",
                "This meeting has no dates of a rule.",
                "Add its rule, such as `repeat: {every: week, on: mon}`, or remove `exceptions`.",
            ),
        ),
        (
            f"{WEEKLY}, skip: [berln]",
            (
                "spec.unknown-closure",
                "No file declares `berln` under `closures`.",
                "Did you mean `berlin`?",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{2027-04-05: moved}}",
            (
                "spec.wrong-form",
                '`exceptions.2027-04-05` is "moved".',
                "Write `skip`, or what is different: `{start_time: 2027-05-18 14:00, duration: 30}`.",
            ),
        ),
        (
            f"{WEEKLY}, exceptions: {{5 April: skip}}",
            (
                "spec.bad-key",
                "`5 April` is no date.",
                "Write it with its year: `2027-04-05`.",
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_wrong_exception_has_a_hint_with_the_right_line(fields: str, finding: tuple[str, str, str]) -> None:
    assert found(fields) == [finding]


@pytest.mark.parametrize(
    "fields",
    [
        f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-05-10 10:30}}, 2027-05-10: skip}}",
        f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-05-10 11:00}}}}",
        f"{WEEKLY}, skip: berlin, exceptions: {{2027-04-05: {{duration: 30}}}}",
        f"{WEEKLY}, skip: berlin, exceptions: {{2027-04-12: {{start_time: 2027-04-05 10:30}}}}",
        f"{WEEKLY}, exceptions: {{2027-05-03: {{start_time: 2027-05-04 10:00+02:00}}}}",
        f"{NOTED}, 2027-04-12: {{start_time: 2027-04-05 10:30}}}}",
        f"{NOTED}, 2027-04-19: {{note: there}}}}",
    ],
)
def test_a_date_that_overlaps_no_other_is_valid(fields: str) -> None:
    """Spans are half-open, a skipped date is free, and a moved date may be on a closed day."""
    assert found(fields) == []


@pytest.mark.parametrize(
    ("exception", "hint"),
    [
        ("start_time: 2027-04-12 10:00", "Write what is different, or `skip`, or remove the line."),
        ("duration: 60", "Write what is different, or `skip`, or remove the line."),
        ("duration: 60, note: Ada", "Write what is different, or only the `note`."),
    ],
)
def test_an_exception_that_changes_nothing_is_a_warning(exception: str, hint: str) -> None:
    (warning,) = parsed(f"{WEEKLY}, exceptions: {{2027-04-12: {{{exception}}}}}", top="").diagnostics

    assert (warning.severity, warning.code) == (Severity.WARNING, "series.exception-same")
    assert (warning.detail, warning.hint) == ("The date of 2027-04-12 is held as the rule gives it.", hint)


def test_an_exception_that_holds_a_closed_day_as_the_rule_gives_it_changes_something() -> None:
    assert (
        found(f"{WEEKLY}, skip: berlin, exceptions: {{2027-04-05: {{start_time: 2027-04-05 10:00}}}}") == []
    )


@pytest.mark.parametrize("repeated", ["2027-10-31 02:30", "2027-10-31T02:30:00"])
def test_a_date_that_is_moved_to_a_time_which_occurs_twice_is_a_warning(repeated: str) -> None:
    (warning,) = parsed(
        f"{WEEKLY}, exceptions: {{2027-11-01: {{start_time: {repeated}}}}}", top=""
    ).diagnostics

    repeats = "Clocks in Europe/Berlin repeat 2027-10-31T02:30:00 when they are set back."
    assert (warning.severity, warning.code, warning.detail, warning.hint) == (
        Severity.WARNING,
        "time.ambiguous",
        f"{repeats} The first of the two is 2027-10-31T00:30:00Z.",
        "Write `start_time: 2027-10-31T00:30:00Z`, or another time.",
    )
    assert found(f"{WEEKLY}, exceptions: {{2027-11-01: {{start_time: 2027-10-31T00:30:00Z}}}}") == []


def test_an_exception_in_defaults_names_the_meetings_that_it_does_not_fit() -> None:
    text = (
        "version: 1\n"
        "defaults: {host: a@example.com, timezone: UTC, exceptions: {2027-01-18: skip}}\n"
        "meetings:\n"
        "  one: {topic: One, start_time: 2027-01-11 10:00}\n"
        "  two: {topic: Two, start_time: 2027-01-11 10:00}\n"
        f"  weekly: {{topic: Weekly, start_time: 2027-01-11 10:00, {WEEKLY}}}\n"
        "  fridays: {topic: F, start_time: 2027-01-15 10:00, repeat: {every: week, on: fri}}\n"
    )

    result = spec.parse((Source("a.yaml", text.encode()),), Settings(), now=NOW)

    assert [(each.code, each.detail) for each in result.diagnostics] == [
        (
            "series.exceptions-without-rule",
            "This meeting has no dates of a rule. It concerns `one` and `two`.",
        ),
        (
            "series.exception-off-rule",
            "The series has no date on Monday, 2027-01-18. It concerns `fridays`.",
        ),
    ]


def test_a_secret_in_the_agenda_of_one_date_is_found() -> None:
    """It would be sent, as any other text."""
    fields = f'{WEEKLY}, exceptions: {{2027-04-05: {{agenda: "https://zoom.us/j/1?pwd=abc"}}}}'

    assert [code for code, _, _ in found(fields)] == ["passcode.in-link"]


def test_a_single_meeting_on_a_closed_day_is_a_warning() -> None:
    closed = "closures: {january: [2027-01-11]}\n"

    assert found("skip: january", top=closed) == [
        (
            "time.closed-day",
            "Mon 11 Jan 2027 is a day of the closure `january`. A single meeting is held all the same.",
            "Write another day, or leave the closure out with `skip: []`.",
        )
    ]


@pytest.mark.parametrize(
    ("days", "finding"),
    [
        ("2027-05-17..2027-05-01", ("spec.closure-reversed", "2027-05-01 is before 2027-05-17.")),
        ("2027-02-30", ("time.impossible", "The calendar has no 2027-02-30.")),
        ("02-30", ("time.impossible", "The calendar has no 02-30.")),
        ("May 1", ("spec.wrong-form", '`closures.x[0]` is "May 1".')),
        ("2027-05-17..05-20", ("spec.wrong-form", '`closures.x[0]` is "2027-05-17..05-20".')),
        ("05-17..", ("spec.wrong-form", '`closures.x[0]` is "05-17..".')),
    ],
)
def test_days_that_are_no_range_are_an_error(days: str, finding: tuple[str, str]) -> None:
    assert [each[:2] for each in found(WEEKLY, top=f"closures: {{x: [{days}]}}\n")] == [finding]


def test_a_template_has_no_exceptions() -> None:
    top = "templates: {x: {exceptions: {2027-04-05: skip}}}\n"

    assert [code for code, _, _ in found(f"{WEEKLY}, use: x", top=top)][:1] == ["spec.unknown-field"]


@pytest.mark.parametrize(
    ("zone", "skipped", "held"),
    [
        ("Europe/Berlin", "2027-03-28T02:30:00", "2027-03-28T03:30:00"),
        ("Australia/Lord_Howe", "2027-10-03T02:15:00", "2027-10-03T02:45:00"),
        ("Africa/Casablanca", "2026-03-22T02:30:00", "2026-03-22T03:30:00"),
    ],
)
def test_a_date_that_is_moved_into_a_skipped_hour_is_an_error_with_the_time_to_paste(
    zone: str, skipped: str, held: str
) -> None:
    """At its place, before anything is planned; what the hint says is valid."""
    fields = f"timezone: {zone}, {WEEKLY}, exceptions: {{2027-01-18: {{start_time: {{}}}}}}"

    result = parsed(fields.replace("{}", skipped, 1), top="")

    [finding] = result.diagnostics
    assert finding.span is not None
    column = len(f"  weekly: {{topic: Weekly, start_time: 2027-01-11 10:00, {fields}") - len("{}}}") + 1
    assert (finding.code, finding.span.start.line, finding.span.start.column) == ("time.skipped", 4, column)
    assert finding.hint == f"Write `start_time: {held}`, or another time."
    assert parsed(fields.replace("{}", held, 1), top="").diagnostics == ()
