"""Reads the recorded meetings from Zoom, with progress on stderr; used by `drift` and `--refresh`."""

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
    """The result of each read, by key, and the requests that it took."""

    results: Mapping[str, ReadResult]
    requests: int


@dataclass(frozen=True, slots=True)
class RefreshedState:
    """A state refreshed from Zoom: `state` is to plan with, `facts` may be recorded."""

    state: State
    facts: State
    diagnostics: tuple[Diagnostic, ...]


def read_recorded(
    workspace: Workspace, state: State, keys: Collection[str] | None, pace: str | None = None
) -> RefreshResult:
    """Read recorded meetings from Zoom; None: all. Raises `SettingsError`, `StateError` and `RemoteError`."""
    workspace.check_zones(state)
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    remote = connect(workspace, pace)
    colour = console.colours(console.stderr, workspace.options)
    with progress.open_read_bar(console.stderr, terminal=terminal, colour=colour) as on_read:
        return asyncio.run(_read(workspace, remote, state, keys, on_read))


def refresh_state(
    workspace: Workspace, state: State, spec: Spec, options: Options, pace: str | None = None
) -> RefreshedState:
    """Refresh the meetings that `options` select, and print the cost on stderr."""
    read = read_recorded(workspace, state, _selected(state, spec, options), pace)
    now = workspace.clock.now()
    workspace.console.stderr.write(f"Refresh: {cost_words(len(read.results), read.requests)}\n")
    results = without_strangers(state, read.results, lambda: declared_hosts(spec))
    return RefreshedState(
        refresh.apply_refresh(state, results, now),
        refresh.correct_records(state, results),
        warnings_for(state, results),
    )


def declared_hosts(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the declared hosts of each recorded key: its host, and the user it is scheduled for."""
    renamed = {move.to_key: move.from_key for move in spec.moved}
    by_key = {key: (each.host, each.attributes.get("schedule_for")) for key, each in spec.meetings.items()}
    by_key |= {renamed[key]: hosts for key, hosts in by_key.items() if key in renamed}
    return {key: tuple(str(host) for host in hosts if host) for key, hosts in by_key.items()}


def hosts_if_readable(workspace: Workspace, paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the declared hosts by recorded key; none where the specs cannot be read."""
    try:
        return declared_hosts(workspace.load_spec(paths).spec)
    except ReconcilerError:
        return {}


def _selected(state: State, spec: Spec, options: Options) -> frozenset[str]:
    """Return the recorded keys that `options` select, by their own name or by the one they move to."""
    moved = {move.from_key for move in spec.moved if options.takes(move.to_key)}
    return frozenset(key for key in state.meetings if options.takes(key) or key in moved)


async def _read(
    workspace: Workspace,
    remote: ZoomClient,
    state: State,
    keys: Collection[str] | None,
    on_read: TellCount,
) -> RefreshResult:
    async with remote:
        if state.meetings:
            check_origin(state, await remote.origin(), workspace.store.location)
        results = await live_read.read_all(remote, state, workspace.clock, keys=keys, progress=on_read)
        return RefreshResult(results, remote.requests)
