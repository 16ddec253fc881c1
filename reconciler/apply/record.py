"""Meetings that exist already, recorded under the keys that `imports` gives them. Nothing is sent.

Each is read first: it must be there, belong to the declared host, and be of a kind that
can be declared. What it has otherwise than declared is kept beside it, and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import reduce

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import StepDone
from reconciler.errors.exceptions import AccessError, GoneError, RemoteError
from reconciler.meeting import fields, observed
from reconciler.meeting.meeting import PERSONAL, kind, schedule
from reconciler.meeting.names import fold_host
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.ports import Body, Json
from reconciler.state.state import Record, State, host_key


async def record_imports(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Read what is to be imported, and record it in one durable write. Raises `StateError`."""
    wanted = [step for step in steps if step.action is Action.IMPORT]
    if not wanted or run.ended():
        return
    read = await asyncio.gather(*(_read(run, step) for step in wanted))
    found = [(step, body) for step, body in zip(wanted, read, strict=True) if body is not None]
    if not found or run.ended():
        return
    records = {step.key: _record(run, step, body) for step, body in found}

    def adopted(state: State) -> State:
        for key, one in records.items():
            state = state.adopt(key, one)
        return state

    await run.journal.commit(adopted)
    for step, _ in found:
        _report_import(run, step, records[step.key])


async def _read(run: ApplyContext, step: Step) -> Body | None:
    """The meeting; None, and told, where it cannot be recorded under this key."""
    assert step.id is not None, "an import names an id"
    try:
        stored = (await run.remote.read(step.id)).body
    except GoneError as error:
        run.fail(step, messages.import_gone(step, error))
    except RemoteError as error:
        run.fail(step, error.diagnostic)
        if isinstance(error, AccessError):
            run.failure = error
    else:
        unfit = _unfit(run, step, stored)
        if unfit is None:
            return stored
        run.fail(step, messages.import_unfit(step, unfit))
    return None


def _unfit(run: ApplyContext, step: Step, stored: Body) -> str | None:
    """Why it cannot be recorded as what is declared; None: it can."""
    assert step.meeting is not None, "what is imported is declared"
    attributes, has = step.meeting.attributes, stored.get("type")
    if stored["id"] in run.journal.state.known_ids():
        return "is recorded under another key already"
    if has == PERSONAL:
        return "is under the host's personal id (PMI), and such a meeting cannot be managed"
    if has != kind(attributes):
        return f"is of type {has} (declared: {kind(attributes)})"
    if not _is_of(run.journal.state, _host_of(step.host, attributes), stored):
        return f"belongs to {stored.get('host_email') or stored.get('host_id')} (declared: {step.host})"
    return None


def _host_of(host: str, attributes: Mapping[str, Json]) -> str:
    return str(attributes.get("schedule_for") or host)


def _is_of(state: State, host: str, stored: Body) -> bool:
    names = {fold_host(host), host_key(state, host)}
    return stored.get("host_id") in names or fold_host(str(stored.get("host_email"))) in names


def _record(run: ApplyContext, step: Step, stored: Body) -> Record:
    meeting = step.meeting
    assert meeting is not None
    return Record(
        id=stored["id"],
        host=step.host,
        created_at=stored.get("created_at"),
        attributes=as_recorded(meeting.attributes, run.author.salt()),
        observed=observed.observe(_without_passcode(meeting.attributes), stored),
        protect=meeting.protect,
    )


def _without_passcode(attributes: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in attributes.items() if name != "password"}


def _report_import(run: ApplyContext, step: Step, made: Record) -> None:
    now = run.now()
    notes = observed.describe_observed(made.attributes, made.observed)
    next_at = schedule(made.attributes, now).next_at
    run.tell(StepDone(now, step.key, Action.IMPORT, step.host, made.id, next_at, notes))


RECORDING = frozenset({Action.MOVE, Action.FORGET, Action.KEEP})
"""What only changes the state."""


async def record_local_changes(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Make every step that only records durable, in one write, and tell it. Raises `StateError`.

    Even where the run is to stop: what follows finds each record and intent under its new key.
    """
    ours = [step for step in steps if _only_records(step)]
    if not ours:
        return
    before = run.journal.state
    await run.journal.commit(lambda state: reduce(_recorded, ours, state))
    for step in ours:
        _report_step(run, step, before)


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
            return state.forget(recorded_key(state, step))


def recorded_key(state: State, step: Step) -> str:
    """The key under which the meeting of the step is recorded: its own, but where a move waits."""
    return next((key for key, found in state.meetings.items() if found.id == step.id), step.key)


def _released(state: State, step: Step) -> State:
    """Without what is no longer declared, and with the protection that is."""
    kept = state.meetings[step.key]
    protect = kept.protect if step.protects is None else step.protects
    attributes = reduce(fields.drop, step.released, kept.attributes)
    return state.release(step.key, attributes, protect=protect)


def _report_step(run: ApplyContext, step: Step, before: State) -> None:
    if step.action is Action.DESTROY:
        return
    found = before.meetings.get(step.from_key or recorded_key(before, step))
    if found is None:
        return  # only an intent: it is told when it was looked up
    now = run.now()
    next_at = schedule(found.attributes, now).next_at if step.action is not Action.FORGET else None
    run.tell(StepDone(now, step.key, step.action, found.host, found.id, next_at, from_key=step.from_key))
