"""Meetings that are over as they are declared, and still to come as they are recorded."""

from __future__ import annotations

from typing import Any

import pytest
from builders import ALLOWANCES, NOW, imported, meeting, one_off, planned, record, spec, state, weekly
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.plan import build
from reconciler.plan.step import Status

RULE = {"type": 2, "repeat_interval": 1, "weekly_days": "2"}
ENDLESS = weekly(start_time="2026-09-07T10:00:00", recurrence={**RULE, "end_times": 0})
ENDED = weekly(start_time="2026-09-07T10:00:00", recurrence={**RULE, "end_date_time": "2026-11-15T22:59:59Z"})

ROOM = {"topic": "Room", "type": 3, "duration": 60}


def remarks(declared: dict[str, Any], recorded: dict[str, Any]) -> tuple[Status, tuple[Diagnostic, ...]]:
    plan = planned(spec(meeting(attributes=declared)), state(meetings={"launch": record(1, recorded)}))
    [step] = plan.steps
    return step.status, plan.diagnostics


@pytest.mark.parametrize(
    ("declared", "recorded", "kept"),
    [
        (one_off(start_time="2026-01-14T15:00:00Z"), one_off(), "next Thu 14 Jan 2027, 15:00 UTC"),
        (ENDED, ENDLESS, "next Mon 7 Dec 2026, 10:00 Europe/Berlin (Mon 7 Dec 2026, 09:00 UTC)"),
        (one_off(start_time="2026-01-14T15:00:00Z"), ROOM, "at no fixed time"),
    ],
    ids=["another year", "an end in the past", "a room"],
)
def test_a_meeting_that_is_over_in_the_spec_alone_is_a_warning(
    declared: dict[str, Any], recorded: dict[str, Any], kept: str
) -> None:
    """Nothing is sent for it, so Zoom holds what nobody declares any more."""
    assert remarks(declared, recorded) == (
        Status.EXPIRED,
        (
            Diagnostic(
                code="plan.over-in-spec",
                detail="As declared, launch is over, so nothing is sent for it. "
                f"In Zoom it stays as recorded, {kept}.",
                hint="If its dates are a mistake, correct them; to end it, take it out of the spec and add "
                "`removed: [{key: launch, id: 81234567001, destroy: true}]`.",
                severity=Severity.WARNING,
                key="launch",
            ),
        ),
    )


def test_a_meeting_that_is_over_as_recorded_too_is_none() -> None:
    over = one_off(start_time="2026-11-01T15:00:00Z")

    assert remarks({**over, "topic": "Renamed"}, over) == (Status.EXPIRED, ())


@pytest.mark.parametrize(("last", "count"), [("2024-09-02T08:00:00Z", 0), ("2026-12-14T09:00:00Z", 1)])
def test_a_window_counts_to_its_last_date(last: str, count: int) -> None:
    """After it Zoom has no date, whatever the recorded rule gives."""
    kept = replace(record(1, ENDLESS), window={"from": "2023-09-18T08:00:00Z", "to": last})

    plan = planned(spec(meeting(attributes=ENDED)), state(meetings={"launch": kept}))

    assert [each.code for each in plan.diagnostics] == ["plan.over-in-spec"] * count


def test_a_meeting_that_is_imported_is_none() -> None:
    """Nothing of it is recorded yet, so a `removed` line would name nothing."""
    declared = spec(
        meeting(attributes=one_off(start_time="2026-01-14T15:00:00Z")), imports=(imported(5, "launch"),)
    )

    plan = build(declared, state(), NOW, ALLOWANCES, imported={"launch": record(5)})

    assert ({step.status for step in plan.steps}, plan.diagnostics) == ({Status.EXPIRED}, ())
