"""The short forms of values, in the form of the API."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.shorthand import expand
from reconciler.spec.yaml.document import Source

OFFSET = (
    "The offset of 2027-03-20T10:00:00+02:00 is +02:00, but that of Europe/Berlin is +01:00 at this time."
)
OFFSET_HINT = (
    "Write `start_time: 2027-03-20T09:00:00` for this instant, "
    "or `start_time: 2027-03-20T10:00:00` for 10:00 in Europe/Berlin."
)
ZONE_HINT = (
    "Add the zone, such as `timezone: Europe/Berlin`, or write UTC: `start_time: 2027-03-20T09:00:00Z`."
)


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ({"start_time": "2027-01-11 10:00"}, {"start_time": "2027-01-11T10:00:00"}),
        ({"start_time": "2027-01-11 10:00:30"}, {"start_time": "2027-01-11T10:00:30"}),
        ({"start_time": "2027-01-11T10:00"}, {"start_time": "2027-01-11T10:00:00"}),
        ({"start_time": "2027-01-11 10:00Z"}, {"start_time": "2027-01-11T10:00:00Z"}),
        ({"start_time": "2027-01-11  10:00 Z"}, {"start_time": "2027-01-11T10:00:00Z"}),
        ({"duration": "45m"}, {"duration": 45}),
        ({"duration": "1h"}, {"duration": 60}),
        ({"duration": "1h30m"}, {"duration": 90}),
        ({"duration": "1h 5m"}, {"duration": 65}),
        ({"duration": "24h"}, {"duration": 1440}),
        ({"password": {"env": "A_PASSCODE"}}, {"password": {"env": "A_PASSCODE", "version": 1}}),
        ({"recurrence": {"weekly_days": 3}}, {"recurrence": {"weekly_days": "3"}}),
        ({"recurrence": {"weekly_days": [2, 4]}}, {"recurrence": {"weekly_days": "2,4"}}),
        ({"recurrence": {"weekly_days": ["2", 4]}}, {"recurrence": {"weekly_days": "2,4"}}),
        ({"recurrence": {"weekly_days": "2, 4"}}, {"recurrence": {"weekly_days": "2,4"}}),
        (
            {"settings": {"alternative_hosts": ["a@example.com", "b@example.com"], "use_pmi": False}},
            {"settings": {"alternative_hosts": "a@example.com;b@example.com", "use_pmi": False}},
        ),
        (
            {"settings": {"authentication_domains": ["a.example", "*.b.example"]}},
            {"settings": {"authentication_domains": "a.example,*.b.example"}},
        ),
        (
            {"settings": {"language_interpretation": {"interpreters": [{"languages": ["US", "FR"]}]}}},
            {"settings": {"language_interpretation": {"interpreters": [{"languages": "US,FR"}]}}},
        ),
    ],
)
def test_a_short_form_is_read_as_the_form_of_the_api(short: dict[str, Any], whole: dict[str, Any]) -> None:
    """The form of the API is what it was, the very value."""
    assert expand(short) == whole
    assert expand(whole) is whole or "language_interpretation" in whole.get("settings", {})


def parsed(start: str, timezone: str | None = "Europe/Berlin") -> spec.ParseResult:
    zone = f", timezone: {timezone}" if timezone else ""
    text = f"version: 1\nmeetings:\n  a: {{host: a@b.c, topic: A, start_time: {start}{zone}}}\n"
    return spec.parse((Source("a.yaml", text.encode()),), Settings())


@pytest.mark.parametrize(
    ("written", "timezone", "start"),
    [
        ("2027-03-20T10:00:00+01:00", "Europe/Berlin", "2027-03-20T10:00:00"),
        ("2027-07-20 10:00+02:00", "Europe/Berlin", "2027-07-20T10:00:00"),
        ("2027-07-20 10:00 +02:00", "Europe/Berlin", "2027-07-20T10:00:00"),
        ("2027-07-20 10:00+10:30", "Australia/Lord_Howe", "2027-07-20T10:00:00"),
        ("2027-07-20 10:00-07:00", "America/Los_Angeles", "2027-07-20T10:00:00"),
        ("2027-07-20 10:00+00:00", "UTC", "2027-07-20T10:00:00"),
        ("2027-10-31 02:30+01:00", "Europe/Berlin", "2027-10-31T01:30:00Z"),
    ],
)
def test_an_offset_that_agrees_with_the_zone_is_left_out(written: str, timezone: str, start: str) -> None:
    """Of a time that occurs twice, the offset says which one: the second one is written in UTC."""
    result = parsed(written, timezone)

    assert result.spec is not None, result.diagnostics
    assert result.spec.meetings["a"].attributes["start_time"] == start
    assert result.diagnostics == ()


@pytest.mark.parametrize(
    ("written", "timezone", "code", "detail", "hint"),
    [
        (
            "2027-03-20T10:00:00+02:00",
            "Europe/Berlin",
            "time.offset",
            OFFSET,
            OFFSET_HINT,
        ),
        (
            "2027-03-20T10:00:00+01:00",
            None,
            "time.zone-missing",
            "Zoom takes no offset: a time is in UTC, or local in a zone.",
            ZONE_HINT,
        ),
        (
            "2027-02-30T10:00:00+01:00",
            "Europe/Berlin",
            "time.impossible",
            "The calendar has no 2027-02-30.",
            "Check the month and the day: a date is written as year, month, day.",
        ),
        (
            "9999-12-31T23:00:00-12:00",
            "Europe/Berlin",
            "time.impossible",
            "The calendar has no 9999-12-31.",
            "Check the month and the day: a date is written as year, month, day.",
        ),
    ],
)
def test_an_offset_that_does_not_agree_is_an_error(
    written: str, timezone: str | None, code: str, detail: str, hint: str
) -> None:
    found = parsed(written, timezone).diagnostics

    assert [(each.code, each.detail, each.hint) for each in found] == [(code, detail, hint)]


@pytest.mark.parametrize(
    ("offset", "zone"),
    [("-05:00", "America/New_York"), ("+05:30", "Asia/Kolkata"), ("+00:00", "UTC"), ("+03:17", "UTC")],
)
def test_a_series_with_an_offset_and_no_zone_is_told_one_that_fits(offset: str, zone: str) -> None:
    """Once; a start in UTC would need a zone too, and may be on another day of the week."""
    body = f"start_time: 2027-01-11T22:00:00{offset}, repeat: {{every: week, on: mon}}"
    text = f"version: 1\nmeetings:\n  weekly: {{host: a@example.com, topic: Weekly, {body}}}\n"

    found = spec.parse((Source("a.yaml", text.encode()),), Settings()).diagnostics

    hint = f"Add the zone of the participants, such as `timezone: {zone}`."
    assert [(each.code, each.hint) for each in found if each.code.startswith("time.")] == [
        ("time.zone-missing", hint)
    ]
