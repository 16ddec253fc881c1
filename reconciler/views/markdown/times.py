"""The next start of a meeting before and after a change: weekday, local time and UTC, as a table."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from reconciler.meeting.humanize import moment_words
from reconciler.meeting.timezones import zone
from reconciler.plan.change import Action
from reconciler.state.recorded_times import schedule_or_none
from reconciler.views.markdown.escape import cell_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.meeting.single_dates import Edit
    from reconciler.plan.step import Step
    from reconciler.ports import Json


_TIMES = frozenset({"start_time", "timezone", "recurrence", "type"})
_HEADER = ("| | Local time | Time zone | UTC |", "| --- | --- | --- | --- |")
_NONE = "none to come"


def times(step: Step, now: datetime) -> str:
    """Return a table of the next start, with the one before a change; empty if the step changes no time."""
    rows = list(_rows(step, now))
    return "\n".join((*_HEADER, *rows)) if rows else ""


def _rows(step: Step, now: datetime) -> Iterator[str]:
    if step.meeting is None or step.action in {Action.MOVE, Action.KEEP}:
        return
    declared = step.meeting.attributes
    if any(change.path.partition(".")[0] in _TIMES for change in step.changes):
        yield _row("before", step.recorded or {}, step.recorded_dates, now)
        yield _row("after", declared, {each.date: each.edit for each in step.dates}, now)
    elif step.action in {Action.CREATE, Action.REPLACE} and step.starts_at is not None:
        yield _row_at("next", declared, step.starts_at)


def _row(name: str, attributes: Mapping[str, Json], edits: Mapping[str, Edit], now: datetime) -> str:
    times = schedule_or_none(attributes, edits, now)
    return _row_at(name, attributes, times.next_at if times else None)


def _row_at(name: str, attributes: Mapping[str, Json], next_at: datetime | None) -> str:
    if next_at is None:
        return f"| {name} | {_NONE} | | |"
    declared = str(attributes.get("timezone") or "UTC")
    local = next_at.astimezone(zone(declared) or UTC)
    return f"| {name} | {moment_words(local)} | {cell_code(declared)} | {moment_words(next_at)} |"
