"""The log of an apply as JSON lines: one event each."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.apply.events import (
    DatesDone,
    Noticed,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
    StepStarted,
    Summary,
)
from reconciler.errors.diagnostic import Diagnostic
from reconciler.views.json.diagnostics import diagnostic_json
from reconciler.views.json.encode import FORMAT_VERSION, instant_utc, line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from reconciler.apply.events import Event, EventListener
    from reconciler.plan.plan import Plan
    from reconciler.ports import Json


_TYPES = {
    StepStarted: "step_started",
    StepDone: "step_done",
    DatesDone: "dates_done",
    StepFailed: "step_failed",
    StepDeferred: "deferred",
    Resolved: "resolved",
    Noticed: "diagnostic",
    Summary: "summary",
}
"""The `type` of each event in the log of an apply."""


@contextmanager
def open_apply(
    stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan
) -> Iterator[EventListener]:
    """Write the log of an apply as JSON lines, each at once.

    The first has the format version; then come the diagnostics of the plan, which a text log follows.
    """
    del stderr, terminal, colour  # a program reads the log

    def write(row: dict[str, Json]) -> None:
        stdout.write(line(row))
        stdout.flush()

    write(
        {
            "type": "version",
            "format_version": FORMAT_VERSION,
            "tool_version": __version__,
            "at": instant_utc(plan.planned_at),
        }
    )
    for each in plan.diagnostics:
        write(event_json(Noticed(plan.planned_at, each)))
    yield lambda event: write(event_json(event))


def event_json(event: Event) -> dict[str, Json]:
    """Return `{type, at, key, …}` with the fields of the event by their own names; a summary has no key."""
    row: dict[str, Json] = {"type": _TYPES[type(event)], "at": instant_utc(event.at)}
    if isinstance(event, Noticed):
        row["key"] = event.diagnostic.key
    for name in event.__struct_fields__[1:]:
        row[name] = _event_value(getattr(event, name))
    return row


def _event_value(value: Json) -> Json:
    if isinstance(value, Diagnostic):
        return diagnostic_json(value)
    return instant_utc(value) if isinstance(value, datetime) else value
