"""Reads the recorded meetings from Zoom, with progress on stderr; used by `drift` and `--refresh`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.apply.checks.passcodes import read_rules
from reconciler.cli.connection import check_origin, connect
from reconciler.errors.exceptions import ReconcilerError, RemoteError
from reconciler.live import read as live_read
from reconciler.live import refresh
from reconciler.live.adopted import adopt
from reconciler.live.read import ReadStatus, without_strangers
from reconciler.live.report import warnings_for
from reconciler.live.retired import ending_meetings
from reconciler.meeting.meeting import schedule
from reconciler.meeting.observed import created_at
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.passcodes import against_rule, host_of, sent_passcodes
from reconciler.plan.plan import keys_elsewhere
from reconciler.state import identity
from reconciler.state.state import Record
from reconciler.views.text import progress
from reconciler.views.text.drift import cost_words
from reconciler.zoom import skew

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.live.read import ReadResult
    from reconciler.meeting.meeting import Meeting
    from reconciler.meeting.passcode import PasscodeRule
    from reconciler.plan.plan import Options, Plan
    from reconciler.ports import Answer, Body, Clock
    from reconciler.spec.spec import Spec
    from reconciler.state.history import Fact
    from reconciler.state.state import Retired, State
    from reconciler.views.text.progress import ProgressCallback
    from reconciler.zoom.client import ZoomClient


class Selection(Struct, frozen=True):
    """The recorded keys to read (None: all), the meetings to import, ids by key, and the retired ones.

    `renewed` are the keys that are read even if their recorded dates are over.
    """

    keys: Collection[str] | None = None
    renewed: Collection[str] = ()
    imports: Mapping[str, int] = {}
    retired: tuple[Retired, ...] = ()


class RefreshResult(Struct, frozen=True):
    """The result of each read by key, and the requests used.

    `imports` are the bodies of the meetings to import, by key; `retired` has the answers about retired ones.
    """

    results: Mapping[str, ReadResult]
    requests: int
    imports: Mapping[str, Body] = {}
    retired: tuple[tuple[Retired, Answer | RemoteError], ...] = ()


class RefreshedState(Struct, frozen=True):
    """A state refreshed from Zoom: `state` is to plan with, `facts` may be recorded.

    `imported` are the records that imports will make, `gone` those of meetings that Zoom does not have any
    more; both by key. `ending` are Zoom's topics of retired meetings, by id. `told` is what the history tells
    of the facts: what is gone, other hosts, and what people changed as it is declared.
    """

    state: State
    facts: State
    diagnostics: tuple[Diagnostic, ...]
    imported: Mapping[str, Record]
    gone: Mapping[str, Record]
    ending: Mapping[int, str]
    told: tuple[Fact, ...]


def read_recorded(
    workspace: Workspace, state: State, selection: Selection, pace: str | None = None
) -> RefreshResult:
    """Read the selected meetings from Zoom.

    Raises `SettingsError`, `StateError` and `RemoteError`.
    """
    workspace.check_zones(state)
    console = workspace.console
    remote = connect(workspace, pace)
    colour = console.colours(console.stderr, workspace.options)
    with progress.open_read_bar(console.stderr, terminal=console.shows_progress, colour=colour) as on_read:
        return asyncio.run(
            read_all(remote, state, selection, workspace.clock, workspace.store.location, on_read)
        )


def refresh_state(
    workspace: Workspace, state: State, spec: Spec, options: Options, pace: str | None = None
) -> RefreshedState:
    """Refresh the meetings that `options` select, and print the cost on stderr."""
    now = workspace.clock.now()
    read = read_recorded(workspace, state, selection_of(state, spec, options, now), pace)
    count = len(read.results) + len(read.retired)
    workspace.console.stderr.write(f"Refresh: {cost_words(count, read.requests)}\n")
    return corrected(state, spec, read, now)


def selection_of(state: State, spec: Spec, options: Options, now: datetime) -> Selection:
    """Return what a refresh reads where `options` select a part of it."""
    return Selection(
        _selected(state, spec, options),
        _renewed(spec, now),
        _imports(state, spec, options),
        _retired(state, spec, options),
    )


def corrected(state: State, spec: Spec, read: RefreshResult, now: datetime) -> RefreshedState:
    """Return the state as it is after the reads."""
    ending = ending_meetings(state, read.retired)
    results = without_strangers(state, read.results, lambda: declared_hosts(spec))
    found, refreshed = refresh.correct_records(state, results), refresh.apply_refresh(state, results, now)
    facts, adopted = adopt(found, refreshed, _by_recorded_key(spec, found), now)
    return RefreshedState(
        refreshed,
        facts,
        (*warnings_for(state, results), *ending.diagnostics),
        _imported(state, spec, read.imports, now),
        _gone(state, spec, results),
        ending.topics,
        (*refresh.told(state, found), *adopted),
    )


def _by_recorded_key(spec: Spec, state: State) -> dict[str, Meeting]:
    """Return the declared meetings by the keys of their records: the old one of a key that is renamed now."""
    known = state.meetings.keys() | state.intents.keys()
    renamed = {
        line.from_key: spec.meetings[line.to_key]
        for line in spec.moved
        if line.to_key in spec.meetings and line.to_key not in known
    }
    return {**spec.meetings, **renamed}


def passcode_errors(workspace: Workspace, plan: Plan, pace: str | None) -> tuple[Diagnostic, ...]:
    """Return an error for each passcode of the plan that Zoom would refuse, as far as passcodes are known.

    The rule is that of the host, as it is now; one that cannot be read is broken by nothing.
    """
    sent = sent_passcodes((step for step in plan.steps if step.is_work), workspace.console.environ.get)
    if not sent:
        return ()
    rules = asyncio.run(_rules(workspace, sorted({host_of(meeting) for _, meeting, _ in sent}), pace))
    problems = (against_rule(meeting, value, rules[host_of(meeting)]) for _, meeting, value in sent)
    return tuple(problem for problem in problems if problem is not None)


async def _rules(workspace: Workspace, hosts: Sequence[str], pace: str | None) -> dict[str, PasscodeRule]:
    async with connect(workspace, pace) as remote:
        return await read_rules(remote, hosts)


def skew_warnings(workspace: Workspace) -> tuple[Diagnostic, ...]:
    """Return a warning if this machine's clock differs from what Zoom's answers said."""
    return skew.warnings(workspace.clock)


def _imports(state: State, spec: Spec, options: Options) -> dict[str, int]:
    """Return the ids that would be imported, by key."""
    return {
        each.to: each.id
        for each in spec.imports
        if each.to in spec.meetings and each.to not in state.meetings and options.takes(each.to)
    }


def _retired(state: State, spec: Spec, options: Options) -> tuple[Retired, ...]:
    """Return the retired entries whose deletion `options` select."""
    new_keys = {move.from_key: move.to_key for move in spec.moved}
    return tuple(gone for gone in state.retired if options.takes(new_keys.get(gone.key, gone.key)))


def _imported(state: State, spec: Spec, answers: Mapping[str, Body], now: datetime) -> dict[str, Record]:
    """Return the records of the imports by key, without those that will fail: apply reports why."""
    records = {}
    for key, stored in answers.items():
        meeting = spec.meetings[key]
        if identity.import_problem(state, meeting.host, meeting.attributes, stored) is None:
            attributes = as_recorded(meeting.attributes, b"not written")
            record = Record(stored["id"], meeting.host, created_at(stored), attributes, {}, meeting.protect)
            records[key] = refresh.as_imported(record, stored, now)
    return records


def _gone(state: State, spec: Spec, results: Mapping[str, ReadResult]) -> dict[str, Record]:
    """Return the records of meetings that Zoom does not have any more, by the keys that they would have."""
    new_keys = {move.from_key: move.to_key for move in spec.moved}
    return {
        new_keys.get(key, key): state.meetings[key]
        for key, result in results.items()
        if result.status is ReadStatus.GONE and key not in state.intents
    }


def declared_hosts(spec: Spec) -> dict[str, tuple[str, ...]]:
    """Return the declared hosts of each recorded key: its host, and the user it is scheduled for."""
    renamed = {move.to_key: move.from_key for move in spec.moved}
    by_key = {key: (each.host, each.attributes.get("schedule_for")) for key, each in spec.meetings.items()}
    by_key |= {renamed[key]: hosts for key, hosts in by_key.items() if key in renamed}
    return {key: tuple(str(host) for host in hosts if host) for key, hosts in by_key.items()}


def hosts_if_readable(workspace: Workspace, paths: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the declared hosts by recorded key; none where the specs cannot be read."""
    try:
        return declared_hosts(workspace.load_declared(paths).spec)
    except ReconcilerError:
        return {}


def _selected(state: State, spec: Spec, options: Options) -> frozenset[str]:
    """Return the recorded keys that `options` select, by their own name or by the one they move to."""
    moved = {move.from_key for move in spec.moved if options.takes(move.to_key)}
    selected = frozenset(key for key in state.meetings if options.takes(key) or key in moved)
    return selected - keys_elsewhere(spec, state)


def _renewed(spec: Spec, now: datetime) -> frozenset[str]:
    """Return the keys, under their old names too, whose declared meetings are not over."""
    coming = {key for key, each in spec.meetings.items() if not schedule(each.attributes, now).expired}
    return frozenset(coming | {move.from_key for move in spec.moved if move.to_key in coming})


async def read_all(  # noqa: PLR0913, PLR0917 - what is read, from where, and the listener
    remote: ZoomClient,
    state: State,
    selection: Selection,
    clock: Clock,
    location: str,
    on_read: ProgressCallback = lambda _done, _total: None,
) -> RefreshResult:
    """Read the selected meetings with `remote`, and close it; `location` is where the state is kept.

    Raises `StateError` and `RemoteError`.
    """
    imports = selection.imports
    async with remote:
        if state.meetings or state.retired:
            check_origin(state, await remote.origin(), location)
        results = await live_read.read_all(
            remote, state, clock,
            keys=selection.keys, renewed=selection.renewed, progress=on_read,
        )  # fmt: skip
        answers = await live_read.read_each(tuple(imports.values()), remote.read)
        bodies = {
            key: answer.body
            for key, answer in zip(imports, answers, strict=True)
            if not isinstance(answer, RemoteError)
        }
        ended = await live_read.read_each(selection.retired, lambda gone: remote.read(gone.id))
        retired = tuple(zip(selection.retired, ended, strict=True))
        return RefreshResult(results, remote.requests, bodies, retired)
