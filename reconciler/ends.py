"""The ends of meetings: only what a reviewed line names, looked at once more right before.

To end a meeting twice does no harm, so nothing is begun for it: what is gone is done,
and what cannot be told is told, and tried again by the next run.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING

from reconciler import advice
from reconciler.diff import Action
from reconciler.errors import (
    AccessError,
    DailyLimitError,
    GoneError,
    RemoteError,
    StateError,
    UnknownOutcomeError,
)
from reconciler.events import StepDone, StepStarted
from reconciler.meeting import DURATION_MINUTES_DEFAULT, SOON
from reconciler.state import State, host_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.ports import Body
    from reconciler.run import Run
    from reconciler.step import Step

BUSY = "it runs now or starts within the hour"
STOPPED = "the run ended before its turn"
LIMIT = "Zoom says that the day's requests are used up"


async def work(run: Run, steps: Iterable[Step]) -> None:
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


async def _end_all(run: Run, steps: Iterable[Step]) -> None:
    for step in steps:
        if run.ended():
            run.defer(step, None, STOPPED)
            continue
        try:
            await _end(run, step)
        except StateError as error:  # it is gone; the next run finds that out
            run.failure = run.failure or error
            run.fail(step, error.diagnostic)


async def _end(run: Run, step: Step) -> None:
    try:
        ended = await _ended(run, step)
    except UnknownOutcomeError as error:
        run.fail(step, advice.end_unknown(step, error))
    except DailyLimitError:
        run.defer(step, run.tomorrow(), LIMIT)
    except RemoteError as error:
        run.fail(step, error.diagnostic)
        if isinstance(error, AccessError):
            run.failure = error
    else:
        if ended:
            await _gone(run, step)


async def _ended(run: Run, step: Step) -> bool:
    """Whether the meeting is gone now; what keeps it is told."""
    assert step.id is not None, "what is ended has an id"
    try:
        if is_busy((await run.remote.read(step.id)).body, run.now()):
            run.defer(step, None, BUSY)
            return False
        if run.ended():
            run.defer(step, None, STOPPED)
            return False
        run.tell(StepStarted(run.now(), step.key, Action.DESTROY, step.host, step.topic))
        await run.remote.delete(step.id)
    except GoneError:
        pass  # somebody else was first
    return True


async def _gone(run: Run, step: Step) -> None:
    """Have it durable that the meeting is gone, and tell it."""
    assert step.id is not None
    made = step.id

    def without(state: State) -> State:
        keys = [key for key, found in state.meetings.items() if found.id == made]
        return reduce(State.forget, keys, state.bury(made))

    await run.journal.commit(without)
    run.tell(StepDone(run.now(), step.key, Action.DESTROY, step.host, made, None))
