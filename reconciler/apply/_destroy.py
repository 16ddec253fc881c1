"""Deletes meetings: only those that a reviewed line names, after one more read of each.

Deleting a meeting twice does no harm, so no intent is recorded. A meeting that is already gone counts
as deleted; an unknown outcome is reported and tried again by the next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce

from reconciler.apply import _messages as messages
from reconciler.apply.context import READ_AGAIN_SECONDS, ApplyContext, NotNowError
from reconciler.apply.events import StepDone, StepStarted
from reconciler.errors.exceptions import (
    DailyLimitError,
    GoneError,
    RemoteError,
    StateError,
    UnknownOutcomeError,
)
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, SOON
from reconciler.meeting.timezones import instant
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Body
from reconciler.state.history import Fact, Kind
from reconciler.state.state import State, host_key
from reconciler.state.stored_dates import DELETED

BUSY = "it runs now or starts within the hour"
LIMIT = "Zoom says that the day's requests are used up"


async def destroy_all(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Delete the meetings of the destroys among `steps`: hosts in parallel, those of a host in turn."""
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        if step.action is Action.DESTROY:
            hosts.setdefault(host_key(run.journal.state, step.host), []).append(step)
    async with asyncio.TaskGroup() as group:
        for host_steps in hosts.values():
            group.create_task(_destroy_each(run, host_steps))


def is_busy(stored: Body, now: datetime) -> bool:
    """Return whether the meeting, by its times in Zoom, runs at `now` or starts within the hour."""
    if stored.get("status") == "started":
        return True
    try:
        return any(start <= now + SOON and now < start + length for start, length in _times(stored))
    except (AttributeError, OverflowError, TypeError, ValueError):
        return True  # a time that cannot be read may be now


def _times(stored: Body) -> Iterator[tuple[datetime, timedelta]]:
    zone = stored.get("timezone") or "UTC"
    for occurrence in stored.get("occurrences") or (stored,):
        if occurrence.get("start_time") and occurrence.get("status") != DELETED:
            minutes = occurrence.get("duration") or stored.get("duration") or DURATION_MINUTES_DEFAULT
            yield instant(occurrence["start_time"], zone), timedelta(minutes=minutes)


async def _destroy_each(run: ApplyContext, steps: Iterable[Step]) -> None:
    for step in steps:
        if run.must_stop():
            run.defer(step, None, messages.STOPPED)
            continue
        try:
            await _destroy(run, step)
        except StateError as error:  # the meeting is gone, and the next run finds that out
            run.failure = run.failure or error
            run.fail(step, error.diagnostic)


async def _destroy(run: ApplyContext, step: Step) -> None:
    assert step.id is not None, "a destroy has an id"
    try:
        if not await _may_delete(run, step, step.id):
            return
        run.emit(StepStarted(run.now(), step.key, Action.DESTROY, step.host, step.topic))
        await run.remote.delete(step.id, before_send=run.check_not_stopped)
        if not await _is_gone(run, step.id):
            run.fail(step, messages.destroy_unknown(step, None))
            return
    except NotNowError:
        run.defer(step, None, messages.STOPPED)
        return
    except GoneError:
        pass  # somebody else deleted it first
    except UnknownOutcomeError as error:
        run.fail(step, messages.destroy_unknown(step, error))
        return
    except DailyLimitError:
        run.defer(step, run.tomorrow(), LIMIT)
        return
    except RemoteError as error:
        run.fail_remote(step, error)
        return
    await _forget(run, step, step.id)


async def _is_gone(run: ApplyContext, meeting_id: int) -> bool:
    """Return whether a read confirms the deletion; an answer to a deletion names no meeting."""
    for seconds in (0.0, *READ_AGAIN_SECONDS):
        if seconds:
            await run.clock.sleep(seconds)
        try:
            await run.remote.read(meeting_id, new_connection=True)
        except GoneError:
            return True
    return False


async def _may_delete(run: ApplyContext, step: Step, meeting_id: int) -> bool:
    """Return whether nothing forbids the deletion right now; a reason is reported. Raises `GoneError`."""
    try:
        stored = await run.remote.read(meeting_id)
    except GoneError:
        raise
    except RemoteError as error:
        run.fail_remote(step, error)
        return False
    stranger = run.stranger(step.key, meeting_id, stored.body)
    if stranger is not None:
        run.fail(step, stranger)
    elif is_busy(stored.body, run.now()):
        run.defer(step, None, BUSY)
    elif run.must_stop():
        run.defer(step, None, messages.STOPPED)
    else:
        return True
    return False


async def _forget(run: ApplyContext, step: Step, meeting_id: int) -> None:
    """Record durably that the meeting is deleted, and report it."""

    def without(state: State) -> State:
        keys = [key for key, record in state.meetings.items() if record.id == meeting_id]
        return reduce(State.forget, keys, state.drop_retired(meeting_id))

    await run.journal.commit(without, Fact(Kind.DESTROY, step.key))
    run.emit(StepDone(run.now(), step.key, Action.DESTROY, step.host, meeting_id, None))
