"""The rules for meetings: each with meetings that break it and meetings that keep it."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting.fields import join_path, table
from reconciler.meeting.meeting import Meeting
from reconciler.spec.rules.check import check, check_all

ERROR, WARNING = Severity.ERROR, Severity.WARNING

ONCE: dict[str, Any] = {"topic": "Launch", "start_time": "2027-01-14T15:00:00Z", "duration": 60}
SERIES: dict[str, Any] = {
    "topic": "Weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "recurrence": {"type": 2, "weekly_days": "2", "end_times": 20},
}
REPEATED = (
    "Clocks in Europe/Berlin repeat 2027-10-31T02:30:00 when they are set back. "
    "The first of the two is 2027-10-31T00:30:00Z."
)
IN_UTC = (
    "2027-01-11T09:00:00Z is 10:00 in Europe/Berlin. The series keeps this local time, so its time in UTC "
    "moves by an hour when the clocks change."
)
IN_UTC_HINT = (
    "Write `start_time: 2027-01-11T10:00:00` to keep the local time, "
    "or `timezone: UTC` to keep the time in UTC."
)

ENDLESS_HINT = (
    "For a series without an end, write `repeat: {every: 2 weeks, on: [mon, wed]}` in place of `type` and "
    "`recurrence`. For one with an end, write `end_times: 20`, or an `end_date_time` in UTC."
)


class Out(Enum):
    """A marker for a field that is left out; its name is the same in every process."""

    OUT = "out"


OUT = Out.OUT
"""In a change: the field is left out."""

EXAMPLE: dict[str, Any] = {
    "topic": "Town hall",
    "type": 2,
    "start_time": "2022-03-25T07:32:55Z",
    "timezone": "America/Los_Angeles",
    "password": "123456",
    "pre_schedule": False,
    "template_id": "Dv4YdINdTk+Z5RToadh5ug==",
    "recurrence": {
        "end_date_time": "2022-04-02T15:59:00Z",
        "end_times": 7,
        "monthly_day": 1,
        "monthly_week": 1,
        "monthly_week_day": 1,
        "repeat_interval": 1,
        "type": 1,
        "weekly_days": "1",
    },
    "settings": {
        "language_interpretation": {
            "enable": True,
            "interpreters": [{"email": "interpreter@example.com", "languages": "US,FR"}],
        },
        "use_pmi": False,
    },
}
"""As full of contradictions as the example body of the API's own document."""


def changed(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = {**base, **change}
    if isinstance(change.get("recurrence"), dict):
        merged["recurrence"] = changed(base["recurrence"], change["recurrence"])
    return {name: value for name, value in merged.items() if value is not OUT}


def findings(attributes: dict[str, Any]) -> tuple[UnlocatedDiagnostic, ...]:
    return check(Meeting("weekly", "host@example.com", MappingProxyType(attributes)))


def reported(attributes: dict[str, Any]) -> list[tuple[Severity, str, str]]:
    return [
        (finding.severity, finding.code, ".".join(map(str, finding.path))) for finding in findings(attributes)
    ]


def monthly(**parts: int) -> dict[str, Any]:
    return {"recurrence": {"type": 3, "weekly_days": OUT, **parts}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"type": 2},
        {"type": 3, "start_time": OUT},
        {"type": 10, "start_time": OUT},
        {"start_time": "2027-01-14T15:00:00", "timezone": "Europe/Berlin"},
        {"start_time": "2022-01-14T15:00:00Z"},
        {"password": {"env": "LAUNCH_PASSCODE", "version": 1}},
        {"agenda": "https://example.com/j/1?a=b and 100% of spawpwd or backpwd=1"},
        {"type": 3, "start_time": OUT, "pre_schedule": True, "settings": {"use_pmi": True}},
        {"settings": {"waiting_room_options": {"mode": "follow_setting"}}},
        {"settings": {"language_interpretation": {"enable": False}, "waiting_room_options": {}}},
    ],
    ids=str,
)
def test_a_good_meeting_has_no_findings(change: dict[str, Any]) -> None:
    """Not even for a start in the past: the plan decides whether a meeting is over."""
    assert findings(changed(ONCE, change)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"recurrence": {"type": 1, "weekly_days": OUT, "repeat_interval": 99}},
        {"recurrence": {"repeat_interval": 50, "weekly_days": "2,4"}},
        {"recurrence": {"end_times": 50}},
        {"recurrence": {"end_times": 51}},
        {"recurrence": {"end_times": OUT, "end_date_time": "2030-01-01T00:00:00Z"}},
        {"recurrence": {"end_times": OUT, "end_date_time": "2027-12-20T09:00:00Z"}},
        {"recurrence": {"end_times": OUT, "end_date_time": "2027-01-11T09:00:00Z"}},
        monthly(monthly_day=11, repeat_interval=10),
        monthly(monthly_week=2, monthly_week_day=2),
        {"start_time": "2027-01-31T10:00:00", **monthly(monthly_day=31)},
        {"start_time": "2027-01-29T10:00:00", **monthly(monthly_week=-1, monthly_week_day=6)},
        {"start_time": "2027-01-11T10:00:00Z", "timezone": "Asia/Tokyo"},
        {"start_time": "2027-01-10T23:30:00Z", "timezone": "Asia/Tokyo"},
    ],
    ids=str,
)
def test_a_good_series_has_no_findings(change: dict[str, Any]) -> None:
    assert findings(changed(SERIES, change)) == ()


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"topic": OUT}, "meeting.topic-missing", "topic"),
        ({"topic": "  "}, "meeting.topic-missing", "topic"),
        ({"type": 1}, "meeting.instant", "type"),
        ({"type": 10, "start_time": OUT, "pre_schedule": True}, "meeting.pre-schedule", "pre_schedule"),
        (
            {"settings": {"waiting_room_options": {"who_goes_to_waiting_room": "everyone"}}},
            "meeting.field-missing",
            "settings.waiting_room_options.mode",
        ),
        (
            {"settings": {"waiting_room_options": {"mode": "custom"}}},
            "meeting.field-missing",
            "settings.waiting_room_options.who_goes_to_waiting_room",
        ),
        ({"start_time": OUT}, "time.start-missing", "start_time"),
        ({"type": 2, "start_time": OUT}, "time.start-missing", "start_time"),
        ({"start_time": "2027-01-14T15:00:00"}, "time.zone-missing", "timezone"),
        ({"timezone": "Europe/Berln"}, "time.zone-unknown", "timezone"),
        ({"timezone": "+01:00"}, "time.zone-unknown", "timezone"),
        ({"start_time": "2027-02-30T15:00:00Z"}, "time.impossible", "start_time"),
        ({"start_time": "9999-12-31T23:59:59Z"}, "time.impossible", "start_time"),
        (
            {"start_time": "2027-03-28T02:30:00", "timezone": "Europe/Berlin"},
            "time.skipped",
            "start_time",
        ),
        ({"recurrence": {"type": 1, "end_times": 2}}, "series.type-missing", "recurrence"),
        ({"agenda": "https://zoom.us/j/1?pwd=abc"}, "passcode.in-link", "agenda"),
        ({"agenda": "https://zoom.us/s/1?x=1&ZAK=abc"}, "passcode.in-link", "agenda"),
        ({"agenda": "https://safe.example/?url=zoom.us%2Fj%2F1%3Fpwd%3Dabc"}, "passcode.in-link", "agenda"),
        (
            {"tracking_fields": [{"field": "a"}, {"field": "b", "value": "zoom.us/j/1?pwd=abc"}]},
            "passcode.in-link",
            "tracking_fields.1.value",
        ),
        (
            {"settings": {"audio_conference_info": "zoom.us/j/1?pwd=abc"}},
            "passcode.in-link",
            "settings.audio_conference_info",
        ),
    ],
    ids=str,
)
def test_an_error_of_a_meeting(change: dict[str, Any], code: str, path: str) -> None:
    attributes = changed({**ONCE, "recurrence": {}}, {"recurrence": OUT, **change})

    assert reported(attributes) == [(ERROR, code, path)]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"start_time": OUT}, "time.start-missing", "start_time"),
        ({"timezone": OUT}, "time.zone-missing", "timezone"),
        ({"timezone": OUT, "start_time": "2027-01-11T10:00:00Z"}, "time.zone-missing", "timezone"),
        ({"timezone": "Europe/Berln"}, "time.zone-unknown", "timezone"),
        ({"start_time": "2027-02-30T10:00:00"}, "time.impossible", "start_time"),
        ({"pre_schedule": True}, "meeting.pre-schedule", "pre_schedule"),
        ({"recurrence": OUT}, "series.rule-missing", "recurrence"),
        ({"recurrence": {"type": OUT}}, "series.unit-missing", "recurrence.type"),
        ({"recurrence": {"end_times": OUT}}, "series.end-missing", "recurrence"),
        ({"recurrence": {"end_times": 0}}, "series.end-missing", "recurrence.end_times"),
        (
            {"recurrence": {"end_date_time": "2027-06-30T00:00:00Z"}},
            "series.end-twice",
            "recurrence.end_times",
        ),
        ({"recurrence": {"weekly_days": OUT}}, "series.days-missing", "recurrence.weekly_days"),
        (monthly(), "series.day-missing", "recurrence"),
        (monthly(monthly_day=11, monthly_week=2), "series.day-twice", "recurrence.monthly_day"),
        (
            monthly(monthly_day=11, monthly_week=2, monthly_week_day=2),
            "series.day-twice",
            "recurrence.monthly_day",
        ),
        (monthly(monthly_week=2), "series.day-half", "recurrence.monthly_week_day"),
        (monthly(monthly_week_day=2), "series.day-half", "recurrence.monthly_week"),
        ({"recurrence": {"weekly_days": "3"}}, "series.start-off-rule", "recurrence.weekly_days"),
        (monthly(monthly_day=12), "series.start-off-rule", "recurrence.monthly_day"),
        (
            monthly(monthly_week=1, monthly_week_day=2),
            "series.start-off-rule",
            "recurrence.monthly_week",
        ),
        ({"recurrence": {"repeat_interval": 51}}, "series.interval", "recurrence.repeat_interval"),
        (monthly(monthly_day=11, repeat_interval=11), "series.interval", "recurrence.repeat_interval"),
        (
            {"recurrence": {"end_times": OUT, "end_date_time": "2027-01-11T08:59:59Z"}},
            "series.end-before-start",
            "recurrence.end_date_time",
        ),
        (
            {"recurrence": {"end_times": OUT, "end_date_time": "2027-06-31T00:00:00Z"}},
            "time.impossible",
            "recurrence.end_date_time",
        ),
    ],
    ids=str,
)
def test_an_error_of_a_series(change: dict[str, Any], code: str, path: str) -> None:
    assert reported(changed(SERIES, change)) == [(ERROR, code, path)]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"start_time": "2027-01-11T09:00:00Z"}, "time.utc-in-series", "start_time"),
        (
            {"start_time": "2027-10-31T02:30:00", "recurrence": {"weekly_days": "1"}},
            "time.ambiguous",
            "start_time",
        ),
        ({"type": 2}, "series.ignored", "recurrence"),
        ({"type": 3, "start_time": OUT, "timezone": OUT}, "series.ignored", "recurrence"),
        ({"recurrence": {"monthly_day": 11}}, "series.unused", "recurrence.monthly_day"),
        ({"password": "abc-123_@*"}, "passcode.literal", "password"),
        ({"settings": {"use_pmi": True}}, "meeting.no-effect", "settings.use_pmi"),
        ({"settings": {"cn_meeting": False}}, "meeting.obsolete-field", "settings.cn_meeting"),
        (
            {"settings": {"language_interpretation": {"interpreters": [{}, {"languages": "US,FR"}]}}},
            "meeting.obsolete-field",
            "settings.language_interpretation.interpreters.1.languages",
        ),
    ],
    ids=str,
)
def test_a_warning_of_a_series(change: dict[str, Any], code: str, path: str) -> None:
    assert reported(changed(SERIES, change)) == [(WARNING, code, path)]


@pytest.mark.parametrize("path", [path for path, field in table().items() if field.obsolete])
def test_each_obsolete_field_of_the_table_is_reported(path: str) -> None:
    """Also where it is inside of mappings and lists."""
    value: Any = "US,FR"
    for step in reversed(path.split(".")):
        value = {step.removesuffix("[]"): [value] if step.endswith("[]") else value}

    assert [(finding.code, join_path(finding.path)) for finding in findings({**ONCE, **value})] == [
        ("meeting.obsolete-field", path)
    ]


def test_an_example_like_the_documents_has_warnings_only() -> None:
    """Only a series is checked against the rules for series: Zoom ignores the rule of other meetings."""
    assert reported(EXAMPLE) == [
        (WARNING, "meeting.obsolete-field", "settings.language_interpretation.interpreters.0.languages"),
        (WARNING, "series.ignored", "recurrence"),
        (WARNING, "passcode.literal", "password"),
    ]


@pytest.mark.parametrize(
    ("passcode", "code", "detail"),
    [
        ("hunter2hunter2", "passcode.length", "It has 14 characters; Zoom takes at most 10."),
        ("hunter 2", "passcode.charset", "It holds characters other than letters, digits and `@ - _ *`."),
        ("hunter2!", "passcode.charset", "It holds characters other than letters, digits and `@ - _ *`."),
        ("hunter2\n", "passcode.charset", "It begins or ends with a space or a line end."),
    ],
)
def test_a_passcode_that_zoom_refuses_is_reported_and_not_shown(
    passcode: str, code: str, detail: str
) -> None:
    found = findings({**ONCE, "password": passcode})

    assert [(finding.code, finding.detail) for finding in found[:1]] == [(code, detail)]
    assert [finding.code for finding in found[1:]] == ["passcode.literal"]
    assert "hunter" not in str(found)


@pytest.mark.parametrize(("passcode", "code"), [("", "passcode.empty"), ("***", "passcode.mask")])
def test_what_is_no_passcode_is_none_that_anybody_can_read(passcode: str, code: str) -> None:
    assert [finding.code for finding in findings({**ONCE, "password": passcode})] == [code]


@pytest.mark.parametrize(
    ("key", "variable"),
    [("launch-review", "LAUNCH_REVIEW_PASSCODE"), ("2027.all", "ALL_PASSCODE"), ("1", "PASSCODE")],
)
def test_a_literal_passcode_has_a_hint_with_the_reference_to_write(key: str, variable: str) -> None:
    found = check(Meeting(key, "host@example.com", {**ONCE, "password": "hunter2"}))

    hint = (
        f"Write `password: {{env: {variable}, version: 1}}` and set that variable where apply runs. "
        "Or leave `password` out: Zoom then generates one where the account requires it."
    )
    assert [finding.hint for finding in found] == [hint]


def test_a_link_is_not_shown() -> None:
    found = findings({**ONCE, "agenda": "https://zoom.us/j/1?pwd=hunter2"})

    assert [finding.code for finding in found] == ["passcode.in-link"]
    assert "hunter" not in str(found)


def test_all_findings_are_reported_at_once() -> None:
    attributes = changed(SERIES, {"topic": OUT, "timezone": "Mars/Base", "recurrence": {"end_times": OUT}})

    assert [code for _, code, _ in reported(attributes)] == [
        "meeting.topic-missing",
        "time.zone-unknown",
        "series.end-missing",
    ]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Europe/Berln", "Did you mean `Europe/Berlin`?"),
        ("europe/berlin", "Did you mean `Europe/Berlin`?"),
        ("Berlin", "Did you mean `Europe/Berlin`?"),
        ("America/New York", "Did you mean `America/New_York`?"),
        ("new york", "Did you mean `America/New_York`?"),
        ("utc", "Did you mean `UTC`?"),
        ("+01:00", "Did you mean `Europe/Berlin` or `Africa/Lagos`?"),
        ("../../etc/passwd", "Write an IANA name, such as `Europe/Berlin` or `UTC`."),
    ],
)
def test_an_unknown_zone_has_a_hint_with_the_nearest_zone(written: str, hint: str) -> None:
    assert [finding.hint for finding in findings({**ONCE, "timezone": written})] == [hint]


@pytest.mark.parametrize(
    ("change", "detail", "hint"),
    [
        (
            {"start_time": "2026-12-01T10:00:00"},
            '2026-12-01 is a Tuesday, but `weekly_days: "2"` is Monday.',
            'Write `weekly_days: "3"`, or start on 2026-12-07, a Monday.',
        ),
        (
            {"start_time": "2026-12-01T10:00:00", "recurrence": {"weekly_days": "4,2"}},
            '2026-12-01 is a Tuesday, but `weekly_days: "4,2"` is Monday and Wednesday.',
            'Write `weekly_days: "2,3,4"`, or start on 2026-12-02, a Wednesday.',
        ),
        (
            {"start_time": "2027-01-10T23:30:00Z", "recurrence": {"weekly_days": "1"}},
            '2027-01-11 is a Monday in Europe/Berlin, but `weekly_days: "1"` is Sunday.',
            'Write `weekly_days: "2"`, or `start_time: 2027-01-16T23:30:00Z`, a Sunday in Europe/Berlin.',
        ),
        (
            monthly(monthly_day=15),
            "2027-01-11 is day 11 of its month, but `monthly_day` is 15.",
            "Write `monthly_day: 11`, or start on 2027-01-15, a Friday.",
        ),
        (
            monthly(monthly_week=-1, monthly_week_day=6),
            "2027-01-11 is the second Monday of its month, but the rule is the last Friday.",
            "Write `monthly_week: 2` with `monthly_week_day: 2`, or start on 2027-01-29, a Friday.",
        ),
        (
            {"start_time": "2027-01-29T10:00:00", **monthly(monthly_week=1, monthly_week_day=6)},
            "2027-01-29 is the last Friday of its month, but the rule is the first Friday.",
            "Write `monthly_week: -1` with `monthly_week_day: 6`, or start on 2027-02-05, a Friday.",
        ),
    ],
    ids=str,
)
def test_a_start_off_its_rule_has_a_hint_with_a_rule_and_a_start_that_fit(
    change: dict[str, Any], detail: str, hint: str
) -> None:
    found = [finding for finding in findings(changed(SERIES, change)) if finding.severity is ERROR]

    assert [(finding.code, finding.detail, finding.hint) for finding in found] == [
        ("series.start-off-rule", detail, hint)
    ]


@pytest.mark.parametrize(
    ("change", "detail", "hint"),
    [
        (
            {"start_time": "2027-03-28T02:30:00", "recurrence": {"weekly_days": "1"}},
            "Clocks in Europe/Berlin skip 2027-03-28T02:30:00 when they are set forward.",
            "Write `start_time: 2027-03-28T03:30:00`, or another time.",
        ),
        (
            {"type": 2, "recurrence": OUT, "start_time": "2027-10-31T02:30:00"},
            REPEATED,
            "Write `start_time: 2027-10-31T00:30:00Z`, or another time.",
        ),
        (
            {"start_time": "2027-10-31T02:30:00", "recurrence": {"weekly_days": "1"}},
            REPEATED,
            "Start at another time, or on another day.",
        ),
        (
            {"start_time": "2027-01-11T09:00:00Z"},
            IN_UTC,
            IN_UTC_HINT,
        ),
        (
            {"recurrence": {"repeat_interval": 2, "weekly_days": "2,4", "end_times": OUT}},
            "Zoom would create one single meeting.",
            ENDLESS_HINT,
        ),
    ],
    ids=str,
)
def test_a_finding_names_the_exact_text_to_write(change: dict[str, Any], detail: str, hint: str) -> None:
    found = findings(changed(SERIES, change))

    assert [(finding.detail, finding.hint) for finding in found] == [(detail, hint)]


def test_a_finding_has_the_key_of_its_meeting() -> None:
    found = findings(
        changed(ONCE, {"settings": {"waiting_room_options": {"who_goes_to_waiting_room": "everyone"}}})
    )

    assert found == (
        UnlocatedDiagnostic(
            path=("settings", "waiting_room_options", "mode"),
            code="meeting.field-missing",
            detail="Zoom requires `mode` in `waiting_room_options`. `mode`: Whose rule decides who waits.",
            hint="Add `mode`: one of `follow_setting`, `custom`.",
            key="weekly",
        ),
    )


def meeting(key: str, host: str = "host@example.com", **change: Any) -> Meeting:
    return Meeting(key, host, changed(ONCE, change), filename="team.yaml", line=7)


def test_a_duplicate_is_reported_at_the_later_key() -> None:
    """The two write the same start and the same host in different ways."""
    first = meeting("one")
    second = meeting("two", "Host@Example.com", start_time="2027-01-14T16:00:00", timezone="Europe/Berlin")

    found = check_all({"one": first, "two": second})

    assert found == (
        UnlocatedDiagnostic(
            path=(),
            code="meeting.twin",
            detail="`two` has the same host, topic and start as `one` (team.yaml:7). "
            "If a response of Zoom is lost, nobody can tell which of the two was created.",
            hint="Remove one of them, or give them different topics.",
            severity=WARNING,
            key="two",
        ),
    )


def test_different_meetings_are_no_duplicates() -> None:
    """Neither are two meetings with an impossible start, which another rule reports."""
    meetings = (
        meeting("one"),
        meeting("two", "other@example.com"),
        meeting("three", topic="Other"),
        meeting("four", start_time="2027-01-15T15:00:00Z"),
        meeting("five", start_time="2027-02-30T15:00:00Z"),
        meeting("six", start_time="2027-02-30T15:00:00Z"),
    )

    assert check_all({each.key: each for each in meetings}) == ()


def test_meetings_at_no_fixed_time_can_be_duplicates() -> None:
    rooms = [meeting(key, type=3, start_time=OUT) for key in ("one", "two", "three")]

    assert [finding.key for finding in check_all({room.key: room for room in rooms})] == ["two", "three"]
