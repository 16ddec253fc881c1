"""Records what needs no write request: imports of existing meetings, and local changes of the state.

An import is read first: the meeting must exist, belong to the declared host, and be of the declared
type. It is recorded as Zoom has it, so that the next plan shows what the spec says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from functools import partial, reduce

from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import StepDone
from reconciler.apply.history import logbook
from reconciler.errors.exceptions import GoneError, RemoteError, StateError
from reconciler.meeting import fields, observed
from reconciler.meeting.names import fold_host
from reconciler.meeting.passcode import as_recorded
from reconciler.meeting.single_dates import held_schedule
from reconciler.meeting.timezones import utc_text
from reconciler.plan.change import Action
from reconciler.plan.diff import field_changes
from reconciler.plan.step import Status, Step
from reconciler.ports import CODE_MEETING_UNKNOWN, Body
from reconciler.spec.dates.timetable import OF_SLOTS, of_room
from reconciler.state import identity
from reconciler.state.history import Fact, Kind
from reconciler.state.state import Record, State, follow, host_key


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
            state = state.confirm(key, record)
        return state

    await run.journal.commit(adopted, *(Fact(Kind.IMPORT, key) for key in records))
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
    note = f"differs from the spec in {', '.join(differing)}; the next plan updates it"
    notes = (note,) if differing else ()
    next_at = held_schedule(record.attributes, record.exceptions, now).next_at
    zone = record.attributes.get("timezone")
    run.emit(StepDone(now, step.key, Action.IMPORT, step.host, record.id, next_at, notes, timezone=zone))


async def follow_hosts(run: ApplyContext, steps: Iterable[Step]) -> list[Step]:
    """The steps that are left once every host that Zoom names already is recorded.

    The host of such a meeting was renamed, or an admin handed it over: nothing is sent for that.
    """
    steps = list(steps)
    handovers = [step for step in steps if step.action is Action.UPDATE and step.new_host]
    left = await asyncio.gather(*(_follow(run, step) for step in handovers))
    rest = [step for step in steps if step not in handovers]
    return [*rest, *(step for step in left if step is not None)]


async def _follow(run: ApplyContext, step: Step) -> Step | None:
    """The step as it is still to be sent; None, and reported, if it is done or failed."""
    assert step.new_host is not None, "a handover has a new host"
    assert step.id is not None, "what is handed over has an id"
    key, new_host, known = step.key, step.new_host, run.journal.state.meetings[step.key]
    try:
        user_id = str((await run.remote.user(new_host)).body["id"])
        stored = (await run.remote.read(step.id)).body
    except GoneError as error:
        gone = error.zoom_code == CODE_MEETING_UNKNOWN
        run.fail(step, messages.meeting_gone(step, step.id) if gone else error.diagnostic)
        return None
    except RemoteError as error:
        run.fail_remote(step, error)
        return None
    refuse_other_users(run.journal.state, {fold_host(new_host): user_id})
    run.verified.add(fold_host(new_host))
    await run.journal.commit(lambda state: state.resolve_host(new_host, user_id))
    state = run.journal.state
    if run.is_followed(known, stored, (new_host,)):
        return await _followed(run, step, known)
    problem = identity.problem(state, key, known, stored, verified=run.verified)
    if problem is None:
        return step
    run.fail(step, problem)
    return None


async def _followed(run: ApplyContext, step: Step, known: Record) -> Step | None:
    """Record the new host; return the step of the other changes, None if there are none."""
    assert step.meeting is not None, "what is handed over is declared"
    assert step.new_host is not None, "a handover has a new host"
    new_host = step.new_host
    moved = follow(known, new_host)
    if not step.rest:
        attributes = as_recorded(step.meeting.attributes, run.author.salt())
        moved = replace(moved, attributes=attributes, protect=step.meeting.protect)
    changed = identity.host_change(run.journal.state, step.key, known.host, new_host)
    await run.journal.commit(lambda state: state.confirm(step.key, moved), changed)
    if step.rest:
        return replace(step, host=new_host, changes=step.rest)
    next_at = held_schedule(moved.attributes, moved.exceptions, run.now()).next_at
    notes = (f"Zoom names {new_host} as its host already; nothing was sent",)
    zone = moved.attributes.get("timezone")
    run.emit(StepDone(run.now(), step.key, Action.UPDATE, new_host, moved.id, next_at, notes, timezone=zone))
    return None


def refuse_other_users(state: State, ids: dict[str, str]) -> None:
    """Raise `StateError` if one of the hosts by alias is another user than the state knows."""
    for alias, user_id in ids.items():
        before = host_key(state, alias)
        if before not in {alias, user_id}:
            raise StateError.of(
                "state.other-user",
                detail=f"{alias} was user {before} and is {user_id} now. Nothing was sent.",
                hint="Check that the credentials are of the account that this state belongs to. "
                "If the address was given to somebody else, declare the host by user id.",
            )


RECORDING = frozenset({Action.MOVE, Action.FORGET, Action.KEEP})
"""The actions that change only the state."""


async def record_local_changes(run: ApplyContext, steps: Iterable[Step]) -> None:
    """Record every local step in one durable write, and report it. Raises `StateError`.

    This is done even if the run must stop: the steps after it find each record and intent under its
    new key.
    """
    steps = tuple(steps)
    local = [step for step in steps if _is_local(step)]
    before = run.journal.state

    def changed(state: State) -> State:
        now = run.now()
        return with_waiting(reduce(partial(_recorded, now=now), local, state), steps, now)

    if not local and changed(before) is before:
        return
    await run.journal.commit(changed, *(logbook.recorded(step, recorded_key(before, step)) for step in local))
    for step in local:
        _report_step(run, step, before)


def without_expired(state: State, steps: Iterable[Step]) -> State:
    """The state without the records of meetings that are over and no longer declared."""
    return reduce(_forgotten, filter(_is_over, steps), state)


def expired_facts(state: State, steps: Iterable[Step]) -> tuple[Fact, ...]:
    """What the history tells of the records that `without_expired` removes."""
    return tuple(logbook.recorded(step, recorded_key(state, step)) for step in filter(_is_over, steps))


def with_waiting(state: State, steps: Iterable[Step], now: datetime) -> State:
    """The state in which each record says since when a person must decide about it, by what `steps` tell."""
    since = utc_text(now)
    meetings = dict(state.meetings)
    for step in steps:
        key = step.from_key if step.from_key in meetings and step.waits_for_person else step.key
        if key not in meetings:
            continue
        known = meetings[key].withheld_since
        wanted = (known or since) if step.waits_for_person else None
        if wanted != known:
            meetings[key] = replace(meetings[key], withheld_since=wanted)
    return state if meetings == state.meetings else replace(state, meetings=meetings)


def _is_over(step: Step) -> bool:
    return step.action is Action.DESTROY and step.status is Status.EXPIRED and not step.retires


def _is_local(step: Step) -> bool:
    if step.action is Action.DESTROY:
        return _is_over(step)  # its record is removed without a report
    return step.is_work and step.status is Status.NOW and step.action in RECORDING


def _recorded(state: State, step: Step, now: datetime) -> State:
    match step.action:
        case Action.MOVE:
            assert step.from_key is not None, "a move has an old key"
            return state.move(step.from_key, step.key)
        case Action.KEEP:
            return _released(state, step, now)
        case _:
            return _forgotten(state, step)


def _forgotten(state: State, step: Step) -> State:
    return state.forget(recorded_key(state, step))


def recorded_key(state: State, step: Step) -> str:
    """The key under which the meeting of the step is recorded: another one if a move was deferred."""
    return next((key for key, record in state.meetings.items() if record.id == step.id), step.key)


def _released(state: State, step: Step, now: datetime) -> State:
    """The state with the record's declared attributes, protection and timetable alone."""
    record = state.meetings[step.key]
    protect = record.protect if step.protects is None else step.protects
    attributes = reduce(fields.drop, step.released, record.attributes)
    if step.meeting is None or not step.slots:
        return state.release(step.key, attributes, protect=protect)
    # A room with a timetable has these fields in its slots, one without has them itself.
    declared = step.meeting.attributes
    own = {name: declared[name] for name in sorted(OF_SLOTS) if name in declared}
    released = state.release(step.key, {**of_room(attributes), **own}, protect=protect)
    return released.with_timetable(step.key, step.meeting.recorded_timetable(), now)


def _report_step(run: ApplyContext, step: Step, before: State) -> None:
    if step.action is Action.DESTROY:
        return
    record = before.meetings.get(step.from_key or recorded_key(before, step))
    if record is None:
        return  # only an intent, which is reported when it was looked up
    now = run.now()
    times = held_schedule(record.attributes, record.exceptions, now)
    next_at = times.next_at if step.action is not Action.FORGET else None
    zone, origin = record.attributes.get("timezone"), step.from_key
    run.emit(StepDone(now, step.key, step.action, record.host, record.id, next_at, (), origin, zone))
