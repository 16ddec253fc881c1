"""Short ways to the values that many tests are about; what a test does not name is plain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors.diagnostic import Position, Span
from reconciler.meeting.closures import NO_DATES, SingleDates
from reconciler.meeting.meeting import Meeting
from reconciler.plan import plan
from reconciler.plan.budget import Allowances, Limits
from reconciler.spec.lifecycle import Import, Moved, Removed
from reconciler.spec.spec import Spec
from reconciler.state.state import Attempt, Intent, Record, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan.plan import Options, Plan

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
"""A Tuesday; every start below lies after it unless a test says otherwise."""

HOST = "platform@example.com"
ALLOWANCES = Allowances(Limits(), {})

ONE_OFF: Mapping[str, Any] = {
    "topic": "Launch review",
    "type": 2,
    "start_time": "2027-01-14T15:00:00Z",
    "duration": 60,
}
WEEKLY: Mapping[str, Any] = {
    "topic": "Platform weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
}


def one_off(**attributes: Any) -> dict[str, Any]:
    """The attributes of a single meeting; None leaves one out."""
    return _without_none({**ONE_OFF, **attributes})


def weekly(**attributes: Any) -> dict[str, Any]:
    """The attributes of a series of 20 Mondays; None leaves one out."""
    return _without_none({**WEEKLY, **attributes})


def meeting(
    key: str = "launch",
    attributes: Mapping[str, Any] | None = None,
    *,
    host: str = HOST,
    protect: bool = False,
    dates: SingleDates = NO_DATES,
) -> Meeting:
    """A declared meeting."""
    return Meeting(key, host, one_off() if attributes is None else attributes, protect, dates=dates)


def record(
    number: int = 1, attributes: Mapping[str, Any] | None = None, *, host: str = HOST, protect: bool = False
) -> Record:
    """A meeting that exists, with the id 81234567000 + `number`."""
    kept = one_off() if attributes is None else attributes
    created = "2026-11-01T09:00:00Z"
    return Record(81_234_567_000 + number, host, created, kept, {}, protect, "created")


def intent(attributes: Mapping[str, Any] | None = None, *, host: str = HOST, **fields: Any) -> Intent:
    """A create that was begun on the eve of `NOW`."""
    kept = one_off() if attributes is None else attributes
    values: dict[str, Any] = {
        "action": "create",
        "sent": (Attempt(kept.get("start_time"), None),),
        "first_begun_at": "2026-11-30T18:00:00Z",
        "begun_at": "2026-11-30T18:00:00Z",
        "owner": "run-1",
        "measured": True,
    }
    return Intent(host=host, attributes=kept, **{**values, **fields})


def state(**fields: Any) -> State:
    """A state that was written once."""
    return State(**{"lineage": "lineage-1", "serial": 1, **fields})


def spec(*meetings: Meeting, **references: Any) -> Spec:
    """What is declared; `moved`, `imports` and `removed` by name."""
    return Spec(meetings={each.key: each for each in meetings}, **references)


def moved(from_key: str, to_key: str) -> Moved:
    """A renamed key."""
    return Moved(from_key, to_key, _SPAN)


def imported(number: int, to: str) -> Import:
    """A meeting that exists already."""
    return Import(number, to, _SPAN)


def removed(key: str, number: int, *, destroy: bool = True) -> Removed:
    """A meeting to delete, or to manage no longer."""
    return Removed(key, number, destroy, _SPAN)


def planned(
    declared: Spec,
    recorded: State | None = None,
    *,
    now: datetime = NOW,
    allowances: Allowances = ALLOWANCES,
    options: Options | None = None,
) -> Plan:
    """The plan of a spec against a state, by default at `NOW`."""
    return plan.build(declared, recorded or state(), now, allowances, options)


def at(text: str) -> datetime:
    """An aware instant from its text."""
    return datetime.fromisoformat(text)


_SPAN = Span("meetings.yaml", Position(1, 1), Position(1, 2))


def _without_none(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
