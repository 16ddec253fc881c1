"""First attempts of people who never read the reference, with the hint that each of them gets."""

from __future__ import annotations

import pytest

from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

ATTEMPTS = [
    (
        "start: 2027-01-11 10:00, repeat: weekly",
        [
            ("spec.unknown-field", "Did you mean `start_time`?"),
            ("spec.wrong-type", "Write `repeat: {every: week}`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: weekly, on: Mondays, count: 10}",
        [
            ("spec.not-allowed-value", "Write `every: week`."),
            ("spec.not-allowed-value", "Write `on: mon`."),
            ("spec.unknown-field", "Did you mean `times`?"),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {freq: WEEKLY, interval: 2, byday: MO}",
        [
            ("spec.unknown-field", "Did you mean `every`?"),
            ("spec.unknown-field", "Did you mean `every`?"),
            ("spec.unknown-field", "Did you mean `on`?"),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, rrule: FREQ=WEEKLY",
        [
            ("spec.unknown-field", "Did you mean `repeat`?"),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, every: 2 weeks",
        [
            (
                "spec.unknown-field",
                "Write `repeat: {every: week, on: mon}`; also `day`, `2 weeks` or `month`.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: month, on: 2nd monday}",
        [
            ("spec.not-allowed-value", "Write `on: second mon`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: month, on: last day}",
        [
            (
                "spec.not-allowed-value",
                (
                    "Write weekdays, such as `on: [mon, wed]`; for months a day, or a weekday such as "
                    "`on: first mon`."
                ),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon-fri}",
        [
            ("spec.not-allowed-value", "Write `on: [mon, tue, wed, thu, fri]`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: year}",
        [
            (
                "spec.not-allowed-value",
                "Zoom repeats a meeting at most every 10 months: declare single meetings.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: 2}",
        [
            ("spec.wrong-type", "Write the unit after the number: `every: 2 weeks`, or days, or months."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: true}",
        [
            (
                "spec.wrong-type",
                "Write `every: day`, `week` or `month`, or a number of them, such as `every: 2 weeks`.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: 0}",
        [
            (
                "spec.wrong-type",
                "Write `every: day`, `week` or `month`, or a number of them, such as `every: 2 weeks`.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, until: June 2027}",
        [
            (
                "spec.wrong-form",
                (
                    "Write a day, such as `until: 2027-06-30`, or an instant in UTC: `until: "
                    "2027-06-30T22:00:00Z`."
                ),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, times: 0}",
        [
            ("spec.out-of-range", "For a series without an end, leave out both `times` and `until`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10am, duration: 90 min",
        [
            ("spec.wrong-form", "Write `start_time: 2027-01-11 10:00`."),
            ("spec.wrong-form", "Write `duration: 1h30m`, or `duration: 90` for minutes."),
        ],
    ),
    (
        "start_time: 2027-13-11 10:00",
        [
            ("spec.wrong-form", "The month goes from 01 to 12."),
        ],
    ),
    (
        "start_time: 2027-01-32 10am",
        [
            ("spec.wrong-form", "The day goes from 01 to 31."),
        ],
    ),
    (
        "start_time: 2027-01-11 24:00",
        [
            ("spec.wrong-form", "The hour goes from 00 to 23."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:75, duration: '2000'",
        [
            ("spec.wrong-form", "The minute goes from 00 to 59."),
            ("spec.wrong-form", "Write minutes, such as 45, or a length up to a day, such as 45m or 1h30m."),
        ],
    ),
    (
        "start_time: 11.01.2027 10:00",
        [
            ("spec.wrong-form", "Write it like 2027-01-11 10:00, or with Z at the end for UTC."),
        ],
    ),
    (
        "date: 2027-01-11, time: 10:00",
        [
            ("spec.unknown-field", "Did you mean `start_time`?"),
            ("spec.unknown-field", "Did you mean `start_time`?"),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, timezone: CET/Berlin",
        [
            ("time.zone-unknown", "Did you mean `Europe/Berlin`?"),
        ],
    ),
    (
        "start_time: 2027-01-11T10:00:00+02:00",
        [
            (
                "time.offset",
                (
                    "Write `start_time: 2027-01-11T09:00:00` for this instant, or `start_time: "
                    "2027-01-11T10:00:00` for 10:00 in Europe/Berlin."
                ),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, password: {env: TEAM_SECRET}",
        [
            (
                "spec.wrong-form",
                ("Name an environment variable that has PASSCODE in its name, such as LAUNCH_PASSCODE."),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, type: 8, recurrence: {type: weekly, weekly_days: mon}",
        [
            ("spec.wrong-type", "Write one of 1 (days), 2 (weeks), 3 (months)."),
            ("spec.wrong-form", 'Write it like "2,4" for Monday and Wednesday.'),
        ],
    ),
    (
        ("start_time: 2027-01-11 10:00, type: 8, recurrence: {type: 2, weekly_days: [2, 4], end_times: 0}"),
        [
            (
                "series.end-missing",
                (
                    "For a series without an end, write `repeat: {every: week, on: [mon, wed]}` in place "
                    "of `type` and `recurrence`. For one with an end, write `end_times: 20`, or an "
                    "`end_date_time` in UTC."
                ),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, alternative_hosts: [ada@example.com]",
        [
            ("spec.unknown-field", "`alternative_hosts` belongs under `settings`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, settings: {alternative_hosts: [Ada Lovelace]}",
        [
            (
                "spec.unknown-people",
                "Write an e-mail, or declare the list: `people: {ada-lovelace: [ada@example.com]}`.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}, except: [2027-04-05]",
        [
            (
                "spec.unknown-field",
                (
                    "Leave single dates of a series out with `exceptions: {2027-04-05: skip}` beside its "
                    "rule, and days that several meetings leave out with a list under `closures`, which "
                    "`skip` names."
                ),
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}, exceptions: [2027-04-05]",
        [
            ("spec.wrong-type", "Write the dates with what is different: `exceptions: {2027-04-05: skip}`."),
        ],
    ),
    (
        (
            "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}, exceptions: "
            "{2027-04-05: 2027-04-06}"
        ),
        [
            ("spec.wrong-form", "Write `2027-04-05: {start_time: 2027-04-06 10:00}`."),
        ],
    ),
    (
        (
            "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}, exceptions: "
            "{2027-04-05: 2027-13-06}"
        ),
        [
            (
                "spec.wrong-form",
                "Write `skip`, or what is different: `{start_time: 2027-05-18 14:00, duration: 30}`.",
            ),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}, skip: [2027-04-05]",
        [
            ("spec.unknown-closure", "For one date of the series write `exceptions: {2027-04-05: skip}`."),
        ],
    ),
    (
        "start_time: 2027-01-11 10:00, template: open-door",
        [
            (
                "spec.unknown-field",
                (
                    "Share fields by a template: `templates: {NAME: {…}}` beside `meetings`, and `use: "
                    "NAME` in the meeting."
                ),
            ),
        ],
    ),
]


@pytest.mark.parametrize(("fields", "hints"), ATTEMPTS, ids=[fields for fields, _ in ATTEMPTS])
def test_a_first_attempt_gets_the_right_line(fields: str, hints: list[tuple[str, str]]) -> None:
    text = (
        "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\n"
        f"meetings:\n  weekly: {{topic: Weekly, {fields}}}\n"
    )

    found = spec.parse((Source("a.yaml", text.encode()),), Settings()).diagnostics

    assert [(each.code, each.hint) for each in found] == hints
