"""The meetings that hosts have once a plan is carried out: declared ones, and what else is recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.ports import Json
from reconciler.spec.spec import Spec
from reconciler.state.state import Record, State


def bookings(spec: Spec, state: State, steps: Iterable[Step]) -> Mapping[str, Meeting]:
    """Return the meetings by key: first those that are recorded and not declared, then the declared ones.

    Left out is what the plan deletes, and what is recorded under the former key of a declared meeting.
    """
    gone = {line.from_key for line in spec.moved if line.to_key in spec.meetings}
    for step in steps:
        if step.from_key:
            gone.add(step.from_key)
        if step.action is Action.DESTROY and step.status is not Status.WITHHELD:
            gone.add(step.key)
    return dict(_recorded(spec, state, gone)) | dict(spec.meetings)


def _recorded(spec: Spec, state: State, gone: set[str]) -> Iterator[tuple[str, Meeting]]:
    for key, record in sorted(state.meetings.items()):
        if key not in spec.meetings and key not in gone:
            yield key, _as_recorded(key, record)


def _as_recorded(key: str, record: Record) -> Meeting:
    dates = SingleDates(exceptions=record.exceptions)
    slots = tuple(recorded_slot(key, record.host, name, each) for name, each in record.timetable.items())
    meeting = Meeting(key, record.host, record.attributes, dates=dates, timetable=slots)
    rule = record.attributes.get("recurrence")
    if not rule or not record.window.get("to"):
        return meeting
    # Nobody extends the window of a series that is not declared any more.
    kept = {name: value for name, value in rule.items() if name != "end_times"}
    kept["end_date_time"] = record.window["to"]
    return replace(meeting, attributes={**record.attributes, "recurrence": kept})


def recorded_slot(key: str, host: str, name: str, recorded: Json) -> Slot:
    """Return a slot of a room from what `Slot.content` gave of it."""
    attributes = dict(recorded)
    content = attributes.pop("dates", {})
    ranges = tuple(DayRange(first, last) for first, last in content.get("closed", ()))
    dates = SingleDates(
        content.get("exceptions", {}),
        (Closure("", ranges),) if ranges else (),
        tuple((week, day) for week, day in content.get("pattern", ())),
    )
    return Slot(name, Meeting(key, host, attributes, dates=dates))
