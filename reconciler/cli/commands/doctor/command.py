"""`doctor`: is everything there that an apply needs? Reads only, and one failed check stops no other."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Generic, TypeVar

import click

from reconciler import __version__
from reconciler.cli.commands.doctor import zoom
from reconciler.cli.options import example_epilog, format_option, state_options
from reconciler.errors.diagnostic import Exit, Severity
from reconciler.errors.exceptions import ReconcilerError
from reconciler.errors.text import count_noun
from reconciler.plan import budget
from reconciler.state.state import State
from reconciler.stores.lock import describe
from reconciler.views import results
from reconciler.views.results import Check, CheckStatus, ok, warn
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import LockInfo, Snapshot


@click.command(epilog=example_epilog("reconciler doctor", "reconciler doctor --sandbox"))
@format_option("doctor")
@state_options
def doctor(workspace: Workspace, format_name: str) -> Exit:
    """Check that all is there.

    Settings, specs, state and lock, what is left of the day, credentials, scopes, clock and hosts: each
    line is ok, or says what to do. Changes nothing, and takes nothing from the daily budget.
    """
    return run(workspace, format_name=format_name)


Given = TypeVar("Given")


def run(workspace: Workspace, *, format_name: str) -> Exit:
    """Show every check; an error where one failed."""
    snapshot = Lazy(lambda: workspace.store.read())  # noqa: PLW0108 - to open the store may fail, too
    state = Lazy(lambda: workspace.decoded(snapshot()))
    looks: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
        ("version", _version),
        ("settings", lambda: _settings(workspace)),
        ("specs", lambda: _specs(workspace)),
        ("state", lambda: _state(workspace, state())),
        ("lock", lambda: _lock(workspace, snapshot)),
        ("quota", lambda: _quota(workspace, state)),
        ("credentials", lambda: _account(workspace, state)),
    )
    found = tuple(check for name, look in looks for check in _guarded(name, look))
    console = workspace.console
    colour = console.colours(console.stdout, workspace.choices)
    console.stdout.write(view("doctor", format_name)(found, TextStyle(colour=colour)))
    return Exit.ERROR if any(each.status is CheckStatus.FAIL for each in found) else Exit.DONE


class Lazy(Generic[Given]):
    """What `read` gives, asked for once: a store that cannot be reached takes its time to say so."""

    def __init__(self, read: Callable[[], Given]) -> None:
        self._read = read
        self._given: tuple[Given] | ReconcilerError | None = None

    def __call__(self) -> Given:
        """What was read. Raises what reading raised, each time."""
        if self._given is None:
            try:
                self._given = (self._read(),)
            except ReconcilerError as error:
                self._given = error
        if isinstance(self._given, ReconcilerError):
            raise self._given
        return self._given[0]

    @property
    def is_lost(self) -> bool:
        """Whether it cannot be had: another check says so, and why."""
        try:
            self()
        except ReconcilerError:
            return True
        return False


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except ReconcilerError as error:
        yield from (results.from_diagnostic(name, told) for told in error.diagnostics)


def _version() -> Iterator[Check]:
    yield ok("version", f"reconciler {__version__}, Python {platform.python_version()}")


def _settings(workspace: Workspace) -> Iterator[Check]:
    named = workspace.settings.document is not None
    yield ok("settings", "reconciler.yaml is valid" if named else "no reconciler.yaml: everything as preset")


def _specs(workspace: Workspace) -> Iterator[Check]:
    found = workspace.findings(())
    errors = [each for each in found.diagnostics if each.severity is Severity.ERROR]
    warnings = len(found.diagnostics) - len(errors)
    files = count_noun(found.files, "file")
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        first = results.from_diagnostic("specs", errors[0])
        remedy = first.remedy if len(errors) == 1 else "`reconciler validate` shows them all."
        yield Check("specs", CheckStatus.FAIL, first.summary + more, remedy, first.code)
        return
    meetings = len(found.parsed.spec.meetings) if found.parsed.spec else 0
    told = f"{count_noun(meetings, 'meeting')} in {files}"
    if warnings:
        yield warn("specs", f"{told}, {count_noun(warnings, 'warning')}", "`reconciler validate` shows them.")
    else:
        yield ok("specs", told)


def _state(workspace: Workspace, recorded: tuple[State, str | None]) -> Iterator[Check]:
    state, version = recorded
    location = workspace.store.location
    if version is None:
        yield ok("state", f"{location} does not exist yet; the first apply makes it")
        return
    told = f"{location}: serial {state.serial}, {count_noun(len(state.meetings), 'meeting')}"
    if state.intents:
        keys = ", ".join(sorted(state.intents))
        yield warn(
            "state",
            f"{told}, {count_noun(len(state.intents), 'interrupted request')}: {keys}",
            "`reconciler apply` looks up what became of them.",
        )
    else:
        yield ok("state", told)


def _lock(workspace: Workspace, snapshot: Lazy[Snapshot | None]) -> Iterator[Check]:
    if snapshot.is_lost:
        return
    info = workspace.store.holder()
    if info is None:
        yield ok("lock", "nobody holds the state")
    else:
        remedy = _remedy(info, workspace.clock.now())
        yield warn("lock", f"somebody holds the state{describe(info)}", remedy)


def _remedy(held: LockInfo, now: datetime) -> str:
    if held.expires_at is None:
        return "Wait for that run; `reconciler explain state.locked` says more."
    if held.expires_at <= now:
        return "It has run out: the next run watches it for up to a minute, and takes it over."
    return "Wait for that run. If it is dead, its lock runs out by itself, and the next run takes it over."


def _quota(workspace: Workspace, recorded: Lazy[tuple[State, str | None]]) -> Iterator[Check]:
    if recorded.is_lost or Lazy(lambda: workspace.settings).is_lost:
        return
    state, _ = recorded()
    now = workspace.clock.now()
    rows = budget.budget_lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    if not rows:
        yield ok("quota", "no host is recorded yet, so nothing is spent")
        return
    spent = [row.host for row in rows if not row.left]
    if spent:
        ends = reset_words(now)
        yield warn("quota", f"nothing left today for {', '.join(spent)}", f"{ends[0].upper()}{ends[1:]}.")
        return
    least = min(rows, key=lambda row: row.left)
    yield ok("quota", f"{count_noun(len(rows), 'host')}; the least is {least.left} left of {least.limit} "
             f"today, for {least.host}")  # fmt: skip


def _account(workspace: Workspace, recorded: Lazy[tuple[State, str | None]]) -> Iterator[Check]:
    if Lazy(lambda: workspace.settings).is_lost:  # it says how fast we may ask
        return
    if recorded.is_lost:
        yield from zoom.check_account(workspace, State(), "")
    else:
        yield from zoom.check_account(workspace, recorded()[0], workspace.store.location)
