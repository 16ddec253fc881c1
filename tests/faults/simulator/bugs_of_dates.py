"""More bugs of single dates, one for each reason that the contract of the wire gives.

Not among them: an update's dates that are not read by the run that finds that it happened. They stay open,
and the next run settles them, so that no history ends otherwise; see `tests/apply/dates/test_settling.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.apply import engine
from reconciler.apply.dates import comparison, runner, sender
from reconciler.apply.dates.sender import DateSender
from reconciler.meeting import single_dates
from reconciler.meeting.closures import SingleDates
from reconciler.meeting.meeting import SERIES
from reconciler.meeting.single_dates import held_schedule
from reconciler.plan import _existing
from reconciler.plan.approval import Approval
from reconciler.plan.dates import steps
from reconciler.plan.step import Status, Step
from reconciler.state import stored_dates
from reconciler.state.state import State
from reconciler.zoom.client import ZoomClient

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from reconciler.apply.context import ApplyContext
    from reconciler.apply.dates.comparison import Comparison, DateWork
    from reconciler.meeting.meeting import Meeting
    from reconciler.meeting.single_dates import Edit, SeriesDate
    from reconciler.ports import Answer, Json
    from reconciler.spec.lifecycle import Removed
    from reconciler.state.state import Record
    from reconciler.state.stored_dates import StoredDate


async def _delete_whole(client: Any, meeting_id: int, _occurrence_id: str, **options: Any) -> Answer:
    """The deletion of a date loses its parameter."""
    deleted: Answer = await client.delete(meeting_id, **options)
    return deleted


async def _day_stays_open(*_asked: Any, **_options: Any) -> None:
    """A daily limit at a date closes no day."""


_may_end = engine._may_end  # noqa: SLF001 - what it does without the bug


def _outdated_believed(run: ApplyContext, step: Step) -> bool:
    """A meeting that was found as an earlier spec had it counts as the one that is declared."""
    run.outdated.clear()
    return _may_end(run, step)


_amend = State.amend


def _amended_alone(state: State, key: str, meeting_id: int, **values: Json) -> State:
    """What a read-back records removes what is open by then."""
    amended = _amend(state, key, meeting_id, **values)
    return replace(amended, intents={name: each for name, each in state.intents.items() if name != key})


def _dropped_alone(state: State, key: str) -> State:
    """An update that did not happen leaves the dates that it might have undone unrecorded."""
    return replace(state, intents={name: each for name, each in state.intents.items() if name != key})


def _taken_back_forgotten(compared: Comparison, _attributes: Json, stored: StoredDate, *_rest: Any) -> None:
    """A change that is declared no more counts as taken back, and nothing is sent."""
    compared.done[stored.day] = None


_of_day = stored_dates._of_day  # noqa: SLF001 - a bug has no door
_compare_declared = comparison._compare_declared  # noqa: SLF001 - a bug has no door


def _first_of_two(*asked: Any) -> StoredDate:
    """Of two dates on one day the first is taken."""
    return replace(_of_day(*asked), doubtful=False)


def _unlisted_believed(compared: Comparison, declared: SeriesDate, edit: Edit, *rest: Any) -> None:
    """A date that Zoom does not list counts as done."""
    _compare_declared(compared, declared, edit, *rest)
    if compared.problems.get(declared.day) == comparison.NOT_LISTED:
        del compared.problems[declared.day]
        compared.done[declared.day] = edit


def _changes_first(work: Iterable[DateWork]) -> list[DateWork]:
    """Changes go before skips."""
    return sorted(work, key=lambda each: (-each.requests, each.turn_at))


def _latest_first(work: Iterable[DateWork]) -> list[DateWork]:
    """The latest change goes first."""
    return sorted(work, key=lambda each: (each.requests, -each.turn_at.timestamp()))


_for_declared = _existing.step_for_declared


def _expired_by_skips(
    meeting: Meeting, record: Record, removal: Removed | None, now: datetime, **options: Any
) -> tuple[Step, ...]:
    """A series is over once everything that is left of it is skipped."""
    found = _for_declared(meeting, record, removal, now, **options)
    is_series = meeting.attributes.get("type") == SERIES
    if not is_series or held_schedule(meeting.attributes, record.exceptions, now).next_at is not None:
        return found
    return tuple(step.with_status(Status.EXPIRED, "its time is over") for step in found)


def _over_by_its_own_start(start: datetime, _edit: Edit, now: datetime) -> bool:
    """A date that is moved to a later instant is over with its own start."""
    return start <= now


_update_date = ZoomClient.update_date


async def _in_local_time(client: Any, number: int, identity: str, body: Json, **options: Any) -> Answer:
    """The start of a date is sent without its `Z`."""
    sent = {**body, "start_time": body["start_time"].removesuffix("Z")}
    return await _update_date(client, number, identity, sent, **options)


_covers = Approval.covers


def _covers_no_dates(approved: Approval, step: Step) -> bool:
    """An approval covers the dates of a create only as long as they are a part of it."""
    return _covers(replace(approved, contents=frozenset()), step)


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
    "outdated-successor-believed": (engine, "_may_end", _outdated_believed),
    "read-back-drops-an-intent": (State, "amend", _amended_alone),
    "dates-lost-by-a-refusal": (State, "drop_intent", _dropped_alone),
    "taken-back-forgotten": (comparison, "_compare_taken_back", _taken_back_forgotten),
    "first-of-two-dates": (stored_dates, "_of_day", _first_of_two),
    "unlisted-date-believed": (comparison, "_compare_declared", _unlisted_believed),
    "part-of-a-date-unrecorded": (sender, "taken_in_part", lambda *_: {}),
    "changes-before-skips": (sender, "in_order", _changes_first),
    "latest-change-first": (sender, "in_order", _latest_first),
    "stop-before-the-next-skips": (sender, "STOP_AFTER", timedelta(0)),
    "stop-after-all-skips": (sender, "STOP_AFTER", timedelta(1000)),
    "skipped-series-made": (steps, "all_skipped", lambda *_: False),
    "last-date-in-zoom-deleted": (runner, "keep_last", lambda *_: None),
    "expired-though-moved": (_existing, "_is_kept_by_a_move", lambda *_: False),
    "over-by-its-own-start": (single_dates, "is_over", _over_by_its_own_start),
    "never-over": (single_dates, "is_over", lambda *_: False),
    "date-in-local-time": (ZoomClient, "update_date", _in_local_time),
    "approval-of-the-create-alone": (Approval, "covers", _covers_no_dates),
    "expired-by-skips": (_existing, "step_for_declared", _expired_by_skips),
    "approval-without-dates": (SingleDates, "content", lambda _: {}),
    "approval-of-names": (SingleDates, "content", _content_by_name),
    "approval-of-now": (Step, "_content", _content_of_now),
}
"""As `bugs.BUGS`."""
