"""More bugs of single dates, one for each reason that the contract of the wire gives.

Not among them: an update's dates that are not read by the run that finds that it happened. They stay open,
and the next run settles them, so that no history ends otherwise; see `tests/apply/dates/test_settling.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.apply import engine
from reconciler.apply.dates.sender import DateSender
from reconciler.meeting.closures import SingleDates
from reconciler.plan.step import Step
from reconciler.state.state import State
from reconciler.zoom.client import ZoomClient

if TYPE_CHECKING:
    from reconciler.ports import Answer, Json


async def _delete_whole(client: Any, meeting_id: int, _occurrence_id: str, **options: Any) -> Answer:
    """The deletion of a date loses its parameter."""
    deleted: Answer = await client.delete(meeting_id, **options)
    return deleted


async def _day_stays_open(*_asked: Any, **_options: Any) -> None:
    """A daily limit at a date closes no day."""


_amend = State.amend


def _amended_alone(state: State, key: str, meeting_id: int, **values: Json) -> State:
    """What a read-back records removes what is open by then."""
    amended = _amend(state, key, meeting_id, **values)
    return replace(amended, intents={name: each for name, each in state.intents.items() if name != key})


def _dropped_alone(state: State, key: str) -> State:
    """An update that did not happen leaves the dates that it might have undone unrecorded."""
    return replace(state, intents={name: each for name, each in state.intents.items() if name != key})


_content = SingleDates.content
_whole = Step._content  # noqa: SLF001 - a bug has no door


def _content_by_name(dates: SingleDates) -> Json:
    """An approval has the names of closures."""
    return {**_content(dates), "names": [each.name for each in dates.closures]}


def _content_of_now(step: Step) -> Json:
    """An approval has the dates that are to come."""
    whole = _whole(step)
    return {**whole, "dates": {**whole.get("dates", {}), "to come": [each.date for each in step.dates]}}


BUGS_OF_DATES: dict[str, tuple[Any, str, Any]] = {
    "date-deleted-without-its-id": (ZoomClient, "delete_date", _delete_whole),
    "limit-at-a-skip-ignored": (DateSender, "_close_day", _day_stays_open),
    "successor-not-waited-for": (engine, "_may_end", lambda *_: True),
    "read-back-drops-an-intent": (State, "amend", _amended_alone),
    "dates-lost-by-a-refusal": (State, "drop_intent", _dropped_alone),
    "approval-without-dates": (SingleDates, "content", lambda _: {}),
    "approval-of-names": (SingleDates, "content", _content_by_name),
    "approval-of-now": (Step, "_content", _content_of_now),
}
"""As `bugs.BUGS`."""
