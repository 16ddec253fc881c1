"""A look at Zoom, for every verb that asks it: credentials, the account's origin, progress, the cost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import refresh
from reconciler.connection import check_origin, connect
from reconciler.report import told
from reconciler.views import reading
from reconciler.views.drift import cost_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.errors import Diagnostic
    from reconciler.plan import Options
    from reconciler.seen import Seen
    from reconciler.spec import Spec
    from reconciler.state import State
    from reconciler.views.reading import TellCount
    from reconciler.workspace import Workspace
    from reconciler.zoom.client import ZoomClient


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen, by key, and how many requests it took."""

    seen: Mapping[str, Seen]
    requests: int


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A state as Zoom has it. `state` is to plan with, `facts` may be recorded; `told` is for people."""

    state: State
    facts: State
    told: tuple[Diagnostic, ...]


def look(workspace: Workspace, state: State, keys: Collection[str] | None, pace: str | None = None) -> Looked:
    """Read from Zoom what is recorded. Raises `SettingsError`, `StateError` and `RemoteError`."""
    workspace.check_zones(state)
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    remote = connect(workspace, pace)
    colour = console.colours(console.stderr, workspace.choices)
    with reading.open_bar(console.stderr, terminal=terminal, colour=colour) as tell:
        return asyncio.run(_look(workspace, remote, state, keys, tell))


def refreshed(
    workspace: Workspace, state: State, spec: Spec, options: Options, pace: str | None = None
) -> Refreshed:
    """The state as Zoom has it, as far as `options` asks for it; the cost is told on stderr."""
    looked = look(workspace, state, _asked(state, spec, options), pace)
    now, seen = workspace.clock.now(), looked.seen
    workspace.console.stderr.write(f"Refresh: {cost_words(len(seen), looked.requests)}\n")
    return Refreshed(
        refresh.refreshed(state, seen, now), refresh.corrected(state, seen), told(state, seen, now)
    )


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
) -> Looked:
    async with remote:
        if state.meetings:
            check_origin(state, await remote.origin(), workspace.store.location)
        seen = await refresh.read(remote, state, workspace.clock.now(), keys=keys, tell=tell)
        return Looked(seen, remote.requests)
