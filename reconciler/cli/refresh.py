"""Reads what is recorded from Zoom, with progress on stderr; used by `drift` and by every `--refresh`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.connection import check_origin, connect
from reconciler.errors.exceptions import ReconcilerError
from reconciler.live import read as live_read
from reconciler.live import refresh
from reconciler.live.read import without_strangers
from reconciler.live.report import warnings_for
from reconciler.views.text import progress
from reconciler.views.text.drift import cost_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.live.read import ReadResult
    from reconciler.plan.plan import Options
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State
    from reconciler.views.text.progress import TellCount
    from reconciler.zoom.client import ZoomClient


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What was seen, by key, and how many requests it took."""

    seen: Mapping[str, ReadResult]
    requests: int


@dataclass(frozen=True, slots=True)
class RefreshedState:
    """A state as Zoom has it. `state` is to plan with, `facts` may be recorded; `told` is for people."""

    state: State
    facts: State
    told: tuple[Diagnostic, ...]


def read_recorded(
    workspace: Workspace, state: State, keys: Collection[str] | None, pace: str | None = None
) -> RefreshResult:
    """Read from Zoom what is recorded. Raises `SettingsError`, `StateError` and `RemoteError`."""
    workspace.check_zones(state)
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    remote = connect(workspace, pace)
    colour = console.colours(console.stderr, workspace.choices)
    with progress.open_read_bar(console.stderr, terminal=terminal, colour=colour) as tell:
        return asyncio.run(_look(workspace, remote, state, keys, tell))


def refresh_state(
    workspace: Workspace, state: State, spec: Spec, options: Options, pace: str | None = None
) -> RefreshedState:
    """The state as Zoom has it, as far as `options` asks for it; the cost is told on stderr."""
    looked = read_recorded(workspace, state, _asked(state, spec, options), pace)
    now, seen = workspace.clock.now(), looked.seen
    workspace.console.stderr.write(f"Refresh: {cost_words(len(seen), looked.requests)}\n")
    seen = without_strangers(state, seen, lambda: declared_hosts(spec))
    return RefreshedState(
        refresh.apply_refresh(state, seen, now),
        refresh.correct_records(state, seen),
        warnings_for(state, seen),
    )


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


async def _look(
    workspace: Workspace,
    remote: ZoomClient,
    state: State,
    keys: Collection[str] | None,
    tell: TellCount,
) -> RefreshResult:
    async with remote:
        if state.meetings:
            check_origin(state, await remote.origin(), workspace.store.location)
        seen = await live_read.read_all(remote, state, workspace.clock, keys=keys, progress=tell)
        return RefreshResult(seen, remote.requests)
