"""What a plan only writes down: moved, forgotten, let go. No request is sent for it.

It all goes into one durable write, before anything is sent, so that the steps after
it find each record under its new key.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from reconciler.diff import Action
from reconciler.events import StepDone
from reconciler.meeting import schedule, without
from reconciler.step import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.run import Run
    from reconciler.state import State
    from reconciler.step import Step

RECORDING = frozenset({Action.MOVE, Action.FORGET, Action.KEEP})
"""What only changes the state."""


async def record(run: Run, steps: Iterable[Step]) -> None:
    """Make every step that only records durable, in one write, and tell it. Raises `StateError`.

    Even where the run is to stop: what follows finds each record and intent under its new key.
    """
    ours = [step for step in steps if _only_records(step)]
    if not ours:
        return
    before = run.journal.state
    await run.journal.commit(lambda state: reduce(_recorded, ours, state))
    for step in ours:
        _tell(run, step, before)


def without_expired(state: State, steps: Iterable[Step]) -> State:
    """The state without the records of what is over and no longer declared."""
    return reduce(_recorded, filter(_is_over, steps), state)


def _is_over(step: Step) -> bool:
    return step.action is Action.DESTROY and step.status is Status.EXPIRED and not step.retires


def _only_records(step: Step) -> bool:
    if step.action is Action.DESTROY:
        return _is_over(step)  # the record goes quietly
    return step.is_work and step.status is Status.NOW and step.action in RECORDING


def _recorded(state: State, step: Step) -> State:
    match step.action:
        case Action.MOVE:
            assert step.from_key is not None, "a move has an old key"
            return state.move(step.from_key, step.key)
        case Action.KEEP:
            return _released(state, step)
        case _:
            return state.forget(key_of(state, step))


def key_of(state: State, step: Step) -> str:
    """The key under which the meeting of the step is recorded: its own, but where a move waits."""
    return next((key for key, found in state.meetings.items() if found.id == step.id), step.key)


def _released(state: State, step: Step) -> State:
    """Without what is no longer declared, and with the protection that is."""
    kept = state.meetings[step.key]
    protect = kept.protect if step.protects is None else step.protects
    return state.release(step.key, without(kept.attributes, step.released), protect=protect)


def _tell(run: Run, step: Step, before: State) -> None:
    if step.action is Action.DESTROY:
        return
    found = before.meetings.get(step.from_key or key_of(before, step))
    if found is None:
        return  # only an intent: it is told when it was looked up
    now = run.now()
    next_at = schedule(found.attributes, now).next_at if step.action is not Action.FORGET else None
    run.tell(StepDone(now, step.key, step.action, found.host, found.id, next_at, from_key=step.from_key))
