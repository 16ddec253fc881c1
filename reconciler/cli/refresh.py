"""Reads what is recorded from Zoom, with progress on stderr; used by `drift` and by every `--refresh`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.cli.connection import check_origin, connect
from reconciler.errors.exceptions import ReconcilerError, RemoteError
from reconciler.live import read as live_read
from reconciler.live import refresh
from reconciler.live.read import without_strangers
from reconciler.live.report import warnings_for
from reconciler.meeting.observed import created_at
from reconciler.meeting.passcode import as_recorded
from reconciler.state import identity
from reconciler.state.state import Record
from reconciler.views.text import progress
from reconciler.views.text.drift import cost_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.live.read import ReadResult
    from reconciler.plan.plan import Options
    from reconciler.ports import Body
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State
    from reconciler.views.text.progress import TellCount
    from reconciler.zoom.client import ZoomClient


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What was seen, by key, of what is imported the answers, and how many requests it took."""

    seen: Mapping[str, ReadResult]
    requests: int
    imports: Mapping[str, Body] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefreshedState:
    """A state as Zoom has it. `state` is to plan with, `facts` may be recorded; `told` is for people."""

    state: State
    facts: State
    told: tuple[Diagnostic, ...]
    imported: Mapping[str, Record]


def read_recorded(
    workspace: Workspace,
    state: State,
    keys: Collection[str] | None,
    pace: str | None = None,
    imports: Mapping[str, int] = MappingProxyType({}),
) -> RefreshResult:
    """Read from Zoom what is recorded, and the `imports`, ids by key.

    Raises `SettingsError`, `StateError` and `RemoteError`.
    """
    workspace.check_zones(state)
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    remote = connect(workspace, pace)
    colour = console.colours(console.stderr, workspace.choices)
    with progress.open_read_bar(console.stderr, terminal=terminal, colour=colour) as tell:
        return asyncio.run(_look(workspace, remote, state, keys=keys, imports=imports, tell=tell))


def refresh_state(
    workspace: Workspace, state: State, spec: Spec, options: Options, pace: str | None = None
) -> RefreshedState:
    """The state as Zoom has it, as far as `options` asks for it; the cost is told on stderr."""
    looked = read_recorded(
        workspace, state, _asked(state, spec, options), pace, _imports(state, spec, options)
    )
    now, seen = workspace.clock.now(), looked.seen
    workspace.console.stderr.write(f"Refresh: {cost_words(len(seen), looked.requests)}\n")
    seen = without_strangers(state, seen, lambda: declared_hosts(spec))
    return RefreshedState(
        refresh.apply_refresh(state, seen, now),
        refresh.correct_records(state, seen),
        warnings_for(state, seen),
        _imported(state, spec, looked.imports, now),
    )


def _imports(state: State, spec: Spec, options: Options) -> dict[str, int]:
    """The ids that would be imported, by key."""
    return {
        one.to: one.id
        for one in spec.imports
        if one.to in spec.meetings and one.to not in state.meetings and options.takes(one.to)
    }


def _imported(state: State, spec: Spec, answers: Mapping[str, Body], now: datetime) -> dict[str, Record]:
    """What the imports will record, by key, without those that will fail: apply tells why."""
    records = {}
    for key, stored in answers.items():
        meeting = spec.meetings[key]
        if identity.import_problem(state, meeting.host, meeting.attributes, stored) is None:
            kept = as_recorded(meeting.attributes, b"not written")
            declared = Record(stored["id"], meeting.host, created_at(stored), kept, {}, meeting.protect)
            records[key] = refresh.as_imported(declared, stored, now)
    return records


def declared_hosts(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Under whom each recorded key is declared: its host, and whom it is scheduled for."""
    renamed = {move.to_key: move.from_key for move in spec.moved}
    hosts = {key: (one.host, one.attributes.get("schedule_for")) for key, one in spec.meetings.items()}
    found = hosts | {renamed[key]: names for key, names in hosts.items() if key in renamed}
    return {key: tuple(str(name) for name in names if name) for key, names in found.items()}


def hosts_if_readable(workspace: Workspace, paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The declared hosts by recorded key; none where the specs cannot be read."""
    try:
        return declared_hosts(workspace.declared(paths).spec)
    except ReconcilerError:
        return {}


def _asked(state: State, spec: Spec, options: Options) -> frozenset[str]:
    """The recorded keys that are asked for, be it under the key that they move to."""
    moved = {move.from_key for move in spec.moved if options.takes(move.to_key)}
    return frozenset(key for key in state.meetings if options.takes(key) or key in moved)


async def _look(  # noqa: PLR0913 - what is read, from where, and who is told
    workspace: Workspace,
    remote: ZoomClient,
    state: State,
    *,
    keys: Collection[str] | None,
    imports: Mapping[str, int],
    tell: TellCount,
) -> RefreshResult:
    async with remote:
        if state.meetings:
            check_origin(state, await remote.origin(), workspace.store.location)
        seen = await live_read.read_all(remote, state, workspace.clock, keys=keys, progress=tell)
        answers = await live_read.read_each(tuple(imports.values()), remote.read)
        found = {
            key: answer.body
            for key, answer in zip(imports, answers, strict=True)
            if not isinstance(answer, RemoteError)
        }
        return RefreshResult(seen, remote.requests, found)
