"""Records what needs no write request: imports of existing meetings, and local changes of the state.

An import is read first: the meeting must exist, belong to the declared host, and be of the declared
type. It is recorded as Zoom has it, so that the next plan shows what the spec says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import reduce

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import StepDone
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.meeting import fields, observed
from reconciler.meeting.meeting import schedule
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import Action
from reconciler.plan.diff import field_changes
from reconciler.plan.step import Status, Step
from reconciler.ports import Body
from reconciler.state import identity
from reconciler.state.state import Record, State


async def record_imports(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Read the meetings to import, and record them in one durable write. Raises `StateError`."""
    imports = [step for step in steps if step.action is Action.IMPORT]
    if not imports or run.must_stop():
        return
    bodies = await asyncio.gather(*(_read(run, step) for step in imports))
    found = [(step, body) for step, body in zip(imports, bodies, strict=True) if body is not None]
    if not found or run.must_stop():
        return
    records = {step.key: _record(run, step, body) for step, body in found}

    def adopted(state: State) -> State:
        for key, record in records.items():
            state = state.adopt(key, record)
        return state

    await run.journal.commit(adopted)
    for step, _ in found:
        _report_import(run, step, records[step.key])


async def _read(run: ApplyContext, step: Step) -> Body | None:
    """The meeting; None, and reported, where it cannot be recorded under this key."""
    assert step.id is not None, "an import names an id"
    try:
        stored = (await run.remote.read(step.id)).body
    except GoneError as error:
        run.fail(step, messages.import_gone(step, error))
        return None
    except RemoteError as error:
        run.fail_remote(step, error)
        return None
    assert step.meeting is not None, "what is imported is declared"
    problem = identity.import_problem(run.journal.state, step.host, step.meeting.attributes, stored)
    if problem is not None:
        run.fail(step, messages.import_unfit(step, problem))
        return None
    return stored


def _record(run: ApplyContext, step: Step, stored: Body) -> Record:
    meeting = step.meeting
    assert meeting is not None
    declared = Record(
        id=stored["id"],
        host=step.host,
        created_at=observed.created_at(stored),
        attributes=as_recorded(meeting.attributes, run.author.salt()),
        protect=meeting.protect,
        made="imported",
    )
    return run.as_imported(declared, stored, run.now())


def _report_import(run: ApplyContext, step: Step, record: Record) -> None:
    assert step.meeting is not None
    now = run.now()
    differing = [change.path for change in field_changes(record.attributes, step.meeting.attributes)[0]]
    notes = (f"differs from the spec in {', '.join(differing)}; the next plan updates it",)
    next_at = schedule(record.attributes, now).next_at
    done = StepDone(now, step.key, Action.IMPORT, step.host, record.id, next_at, notes if differing else ())
    run.emit(done)


RECORDING = frozenset({Action.MOVE, Action.FORGET, Action.KEEP})
"""The actions that change only the state."""


async def record_local_changes(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Record every local step in one durable write, and report it. Raises `StateError`.

    This is done even if the run must stop: the steps after it find each record and intent under its
    new key.
    """
    local = [step for step in steps if _is_local(step)]
    if not local:
        return
    before = run.journal.state
    await run.journal.commit(lambda state: reduce(_recorded, local, state))
    for step in local:
        _report_step(run, step, before)


def without_expired(state: State, steps: Iterable[Step]) -> State:
    """The state without the records of meetings that are over and no longer declared."""
    return reduce(_recorded, filter(_is_over, steps), state)


def _is_over(step: Step) -> bool:
    return step.action is Action.DESTROY and step.status is Status.EXPIRED and not step.retires


def _is_local(step: Step) -> bool:
    if step.action is Action.DESTROY:
        return _is_over(step)  # its record is removed without a report
    return step.is_work and step.status is Status.NOW and step.action in RECORDING


def _recorded(state: State, step: Step) -> State:
    match step.action:
        case Action.MOVE:
            assert step.from_key is not None, "a move has an old key"
            return state.move(step.from_key, step.key)
        case Action.KEEP:
            return _released(state, step)
        case _:
            return state.forget(recorded_key(state, step))


def recorded_key(state: State, step: Step) -> str:
    """The key under which the meeting of the step is recorded: another one if a move was deferred."""
    return next((key for key, record in state.meetings.items() if record.id == step.id), step.key)


def _released(state: State, step: Step) -> State:
    """The state with the record's declared attributes and protection alone."""
    record = state.meetings[step.key]
    protect = record.protect if step.protects is None else step.protects
    attributes = reduce(fields.drop, step.released, record.attributes)
    return state.release(step.key, attributes, protect=protect)


def _report_step(run: ApplyContext, step: Step, before: State) -> None:
    if step.action is Action.DESTROY:
        return
    record = before.meetings.get(step.from_key or recorded_key(before, step))
    if record is None:
        return  # only an intent, which is reported when it was looked up
    now = run.now()
    next_at = schedule(record.attributes, now).next_at if step.action is not Action.FORGET else None
    run.emit(StepDone(now, step.key, step.action, record.host, record.id, next_at, from_key=step.from_key))
