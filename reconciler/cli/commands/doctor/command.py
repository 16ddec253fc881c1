"""The command `doctor`: checks everything that an apply needs. No check stops another.

It only reads, but for the lock of the state, which it takes and frees.
"""

from __future__ import annotations

import platform
import shlex
from typing import TYPE_CHECKING, Generic, TypeVar

import click

from reconciler import __version__
from reconciler.cli.commands.doctor import zones, zoom
from reconciler.cli.commands.doctor.history import check_history
from reconciler.cli.commands.doctor.lock import check_lock
from reconciler.cli.notices import sender
from reconciler.cli.options import example_epilog, format_option, paths_argument, state_options
from reconciler.errors.diagnostic import Exit, Severity
from reconciler.errors.exceptions import ReconcilerError
from reconciler.errors.text import count_noun
from reconciler.meeting import masking
from reconciler.plan import budget
from reconciler.state.state import State
from reconciler.views import results
from reconciler.views.results import Check, CheckStatus, ok, warn
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Snapshot


Value = TypeVar("Value")


@click.command(epilog=example_epilog("reconciler doctor", "reconciler doctor meetings/team.yaml --sandbox"))
@paths_argument
@format_option("doctor")
@state_options
def doctor(workspace: Workspace, paths: tuple[str, ...], format_name: str) -> Exit:
    """Check the configuration, the state and the Zoom account.

    Checks settings, the specs in PATHS, the state with its git history and its lock, the budget of today,
    credentials, scopes, clock, hosts and the rules of the account. Each line is ok, or says what to do. Takes
    the lock of the state and frees it, to see that the state can be written; changes nothing else, and uses
    nothing of the daily budget.
    """
    return run(workspace, paths, format_name=format_name)


def run(workspace: Workspace, paths: tuple[str, ...] = (), *, format_name: str) -> Exit:
    """Show every check; exit 1 where one failed."""
    snapshot = Lazy(lambda: workspace.store.read())  # noqa: PLW0108 - opening the store may fail too
    state = Lazy(lambda: workspace.decode_state(snapshot()))
    checks: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
        ("version", _version),
        ("settings", lambda: _settings(workspace)),
        ("specs", lambda: _specs(workspace, paths)),
        ("state", lambda: _state(workspace, state())),
        ("history", lambda: check_history(workspace)),
        ("lock", lambda: _lock(workspace, snapshot)),
        ("quota", lambda: _quota(workspace, state)),
        ("credentials", lambda: _account(workspace, paths, state)),
        ("notices", lambda: _notices(workspace)),
    )
    rows = tuple(row for name, check in checks for row in _run_check(name, check))
    console = workspace.console
    colour = console.colours(console.stdout, workspace.options)
    console.stdout.write(view("doctor", format_name)(rows, TextStyle(colour=colour)))
    return Exit.ERROR if any(each.status is CheckStatus.FAIL for each in rows) else Exit.DONE


class Lazy(Generic[Value]):
    """The result of `read`, which is called once: an unreachable store takes long to fail."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._result: tuple[Value] | ReconcilerError | None = None

    def __call__(self) -> Value:
        """Return the result, or raise the error of reading it, each time."""
        if self._result is None:
            try:
                self._result = (self._read(),)
            except ReconcilerError as error:
                self._result = error
        if isinstance(self._result, ReconcilerError):
            raise self._result
        return self._result[0]

    @property
    def has_failed(self) -> bool:
        """True where reading fails; the check that needs the result first reports why."""
        try:
            self()
        except ReconcilerError:
            return True
        return False


def _run_check(name: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except ReconcilerError as error:
        yield from (results.from_diagnostic(name, diagnostic) for diagnostic in error.diagnostics)


def _version() -> Iterator[Check]:
    summary = f"reconciler {__version__}, Python {platform.python_version()}, {zones.words()}"
    yield warn("version", summary, zones.REMEDY) if zones.is_system_newer() else ok("version", summary)


def _settings(workspace: Workspace) -> Iterator[Check]:
    exists = workspace.settings.document is not None
    yield ok(
        "settings", "reconciler.yaml is valid" if exists else "no reconciler.yaml; the defaults are used"
    )


def _specs(workspace: Workspace, paths: tuple[str, ...]) -> Iterator[Check]:
    result = workspace.validate(paths)
    every = f"`{shlex.join(('reconciler', 'validate', *paths))}` shows them."
    errors, warnings = results.severity_counts(result.diagnostics)
    if errors:
        error = next(each for each in result.diagnostics if each.severity is Severity.ERROR)
        first = results.from_diagnostic("specs", error)
        remedy = first.remedy if errors == 1 else every
        others = f"{count_noun(errors, 'error')}, the first: " if errors > 1 else ""
        yield Check("specs", CheckStatus.FAIL, others + first.summary, remedy, first.code)
        return
    meetings = len(result.parsed.spec.meetings) if result.parsed.spec else 0
    counts = f"{count_noun(meetings, 'meeting')} in {count_noun(result.files, 'file')}"
    if warnings:
        yield warn("specs", f"{counts}, {count_noun(warnings, 'warning')}", every)
    else:
        yield ok("specs", counts)


def _state(workspace: Workspace, recorded: tuple[State, str | None]) -> Iterator[Check]:
    state, version = recorded
    location = workspace.store.location
    if version is None:
        yield ok("state", f"{location} does not exist yet; the first apply creates it")
        return
    summary = f"{location}: serial {state.serial}, {count_noun(len(state.meetings), 'meeting')}"
    if state.intents:
        keys = ", ".join(sorted(state.intents))
        yield warn(
            "state",
            f"{summary}, {count_noun(len(state.intents), 'interrupted request')}: {keys}",
            "`reconciler apply` looks up what became of them.",
        )
    else:
        yield ok("state", summary)
    yield from _secrets_of_others(state, location)


def _secrets_of_others(state: State, location: str) -> Iterator[Check]:
    """Yield a warning if somebody wrote a passcode into a meeting: older versions kept it as it was."""
    fields = [
        f"{key} ({', '.join(paths)})"
        for key, record in sorted(state.meetings.items())
        if (paths := [path for path, value in record.observed.items() if masking.holds_secret(value)])
    ]
    if fields:
        yield warn(
            "state",
            f"{location}: somebody wrote a passcode in Zoom into {'; '.join(fields)}. It is masked from the "
            "next write on; git history, the .backup and older versions in a bucket may still have it.",
            "Change the passcode of these meetings, or remove those copies.",
        )


def _lock(workspace: Workspace, snapshot: Lazy[Snapshot | None]) -> Iterator[Check]:
    if not snapshot.has_failed:
        yield from check_lock(workspace, snapshot())


def _quota(workspace: Workspace, recorded: Lazy[tuple[State, str | None]]) -> Iterator[Check]:
    if recorded.has_failed or Lazy(lambda: workspace.settings).has_failed:
        return
    state, _ = recorded()
    now = workspace.clock.now()
    lines = budget.budget_lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    if not lines:
        yield ok("quota", "no host is recorded yet, so no request is used")
        return
    exhausted = [line.host for line in lines if not line.left]
    if exhausted:
        reset = reset_words(now)
        yield warn(
            "quota", f"nothing left today for {', '.join(exhausted)}", f"{reset[0].upper()}{reset[1:]}."
        )
        return
    least = min(lines, key=lambda line: line.left)
    yield ok(
        "quota",
        f"{count_noun(len(lines), 'host')}; {least.host} has the fewest requests left today: "
        f"{least.left} of {least.limit}",
    )


def _notices(workspace: Workspace) -> Iterator[Check]:
    """Check the addresses that get notices, where there are any; nothing is sent to them."""
    addresses = workspace.console.environ.get(sender.VARIABLE, "").split()
    if not addresses:
        return
    problems = tuple(sender.check(addresses))
    yield from (results.from_diagnostic("notices", problem) for problem in problems)
    if not problems:
        yield ok("notices", f"{count_noun(len(addresses), 'address', 'addresses')} in {sender.VARIABLE}")


def _account(
    workspace: Workspace, paths: tuple[str, ...], recorded: Lazy[tuple[State, str | None]]
) -> Iterator[Check]:
    if Lazy(lambda: workspace.settings).has_failed:  # the settings have the pace of requests
        return
    if recorded.has_failed:
        yield from zoom.check_account(workspace, paths, State(), "")
    else:
        yield from zoom.check_account(workspace, paths, recorded()[0], workspace.store.location)
