"""Meetings that exist already, recorded under the keys that `imports` gives them. Nothing is sent.

Each is read first: it must be there, belong to the declared host, and be of a kind that
can be declared. What it has otherwise than declared is kept beside it, and told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reconciler import advice, readback
from reconciler.diff import Action
from reconciler.errors import AccessError, GoneError, RemoteError
from reconciler.events import StepDone
from reconciler.meeting import kind, recorded, schedule
from reconciler.state import Record, host_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.fields import Json
    from reconciler.ports import Body
    from reconciler.run import Run
    from reconciler.state import State
    from reconciler.step import Step

PERSONAL = 4
"""A meeting under the host's personal id."""


async def record(run: Run, steps: Iterable[Step]) -> None:
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
        _tell(run, step, records[step.key])


async def _read(run: Run, step: Step) -> Body | None:
    """The meeting; None, and told, where it cannot be recorded under this key."""
    assert step.id is not None, "an import names an id"
    try:
        stored = (await run.remote.read(step.id)).body
    except GoneError as error:
        run.fail(step, advice.import_gone(step, error))
    except RemoteError as error:
        run.fail(step, error.diagnostic)
        if isinstance(error, AccessError):
            run.failure = error
    else:
        unfit = _unfit(run, step, stored)
        if unfit is None:
            return stored
        run.fail(step, advice.import_unfit(step, unfit))
    return None


def _unfit(run: Run, step: Step, stored: Body) -> str | None:
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
    names = {host.casefold(), host_key(state, host)}
    return stored.get("host_id") in names or str(stored.get("host_email")).casefold() in names


def _record(run: Run, step: Step, stored: Body) -> Record:
    meeting = step.meeting
    assert meeting is not None
    return Record(
        id=stored["id"],
        host=step.host,
        created_at=stored.get("created_at"),
        attributes=recorded(meeting.attributes, run.author.salt()),
        observed=readback.observed(_without_passcode(meeting.attributes), stored),
        protect=meeting.protect,
    )


def _without_passcode(attributes: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in attributes.items() if name != "password"}


def _tell(run: Run, step: Step, made: Record) -> None:
    now = run.now()
    notes = readback.notes(made.attributes, made.observed)
    next_at = schedule(made.attributes, now).next_at
    run.tell(StepDone(now, step.key, Action.IMPORT, step.host, made.id, next_at, notes))
