"""The ends of meetings: only what a reviewed line names, looked at once more right before.

To end a meeting twice does no harm, so nothing is begun for it: what is gone is done,
and what cannot be told is told, and tried again by the next run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext, NotNowError
from reconciler.apply.events import StepDone, StepStarted
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    RemoteError,
    StateError,
    UnknownOutcomeError,
)
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, SOON
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Body
from reconciler.state.state import State, host_key

BUSY = "it runs now or starts within the hour"
STOPPED = "the run ended before its turn"
LIMIT = "Zoom says that the day's requests are used up"


async def destroy_all(run: ApplyContext, steps: Iterable[Step]) -> None:
    """End what the destroys among `steps` name: hosts beside each other, one after another of each."""
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        if step.action is Action.DESTROY:
            hosts.setdefault(host_key(run.journal.state, step.host), []).append(step)
    async with asyncio.TaskGroup() as group:
        for waiting in hosts.values():
            group.create_task(_end_all(run, waiting))


def is_busy(stored: Body, now: datetime) -> bool:
    """Whether the meeting, as Zoom has it, runs at `now` or starts within the hour."""
    if stored.get("status") == "started":
        return True
    return any(start <= now + SOON and now < start + length for start, length in _times(stored))


def _times(stored: Body) -> Iterator[tuple[datetime, timedelta]]:
    for one in stored.get("occurrences") or (stored,):
        if one.get("start_time") and one.get("status") != "deleted":
            minutes = one.get("duration") or stored.get("duration") or DURATION_MINUTES_DEFAULT
            yield datetime.fromisoformat(one["start_time"]), timedelta(minutes=minutes)


async def _end_all(run: ApplyContext, steps: Iterable[Step]) -> None:
    for step in steps:
        if run.ended():
            run.defer(step, None, STOPPED)
            continue
        try:
            await _end(run, step)
        except StateError as error:  # it is gone; the next run finds that out
            run.failure = run.failure or error
            run.fail(step, error.diagnostic)


async def _end(run: ApplyContext, step: Step) -> None:
    assert step.id is not None, "what is ended has an id"
    try:
        if await _is_kept(run, step, step.id):
            return
        run.tell(StepStarted(run.now(), step.key, Action.DESTROY, step.host, step.topic))
        await run.remote.delete(step.id, before_send=run.check_goes_on)
    except NotNowError:
        run.defer(step, None, STOPPED)
        return
    except GoneError:
        pass  # somebody else was first
    except UnknownOutcomeError as error:
        run.fail(step, messages.destroy_unknown(step, error))
        return
    except DailyLimitError:
        run.defer(step, run.tomorrow(), LIMIT)
        return
    except RemoteError as error:
        _failed(run, step, error)
        return
    await _gone(run, step, step.id)


async def _is_kept(run: ApplyContext, step: Step, meeting_id: int) -> bool:
    """Whether something speaks against its end right now, which is told. Raises `GoneError`."""
    try:
        stored = await run.remote.read(meeting_id)
    except GoneError:
        raise
    except RemoteError as error:
        _failed(run, step, error)
        return True
    stranger = run.stranger(step.key, meeting_id, stored.body)
    if stranger is not None:
        run.fail(step, stranger)
    elif is_busy(stored.body, run.now()):
        run.defer(step, None, BUSY)
    elif run.ended():
        run.defer(step, None, STOPPED)
    else:
        return False
    return True


def _failed(run: ApplyContext, step: Step, error: RemoteError) -> None:
    run.fail(step, error.diagnostic)
    if isinstance(error, AccessError):
        run.failure = error


async def _gone(run: ApplyContext, step: Step, meeting_id: int) -> None:
    """Have it durable that the meeting is gone, and tell it."""

    def without(state: State) -> State:
        keys = [key for key, found in state.meetings.items() if found.id == meeting_id]
        return reduce(State.forget, keys, state.drop_retired(meeting_id))

    await run.journal.commit(without)
    run.tell(StepDone(run.now(), step.key, Action.DESTROY, step.host, meeting_id, None))
