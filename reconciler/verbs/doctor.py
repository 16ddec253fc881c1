"""`doctor`: is everything there that an apply needs? Reads only, and one failed check stops no other."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors import Exit, ReconcilerError, Severity
from reconciler.state import State
from reconciler.stores.lock import describe
from reconciler.verbs import account, budget
from reconciler.views import checks, doctor_view
from reconciler.views.checks import Check, Verdict, ok, warn
from reconciler.views.look import Look
from reconciler.views.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.workspace import Workspace


def run(workspace: Workspace, *, format_name: str) -> Exit:
    """Show every check; an error where one failed."""
    looks: tuple[tuple[str, Callable[[Workspace], Iterator[Check]]], ...] = (
        ("version", _version),
        ("settings", _settings),
        ("specs", _specs),
        ("state", _state),
        ("lock", _lock),
        ("quota", _quota),
        ("credentials", _account),
    )
    found = tuple(check for name, look in looks for check in _guarded(name, look, workspace))
    console = workspace.console
    colour = console.colours(console.stdout, workspace.choices)
    console.stdout.write(doctor_view(format_name)(found, Look(colour=colour)))
    return Exit.ERROR if any(each.verdict is Verdict.FAIL for each in found) else Exit.DONE


def _guarded(
    name: str, look: Callable[[Workspace], Iterator[Check]], workspace: Workspace
) -> Iterator[Check]:
    try:
        yield from look(workspace)
    except ReconcilerError as error:
        yield from (checks.of(name, told) for told in error.diagnostics)


def _version(_: Workspace) -> Iterator[Check]:
    yield ok("version", f"reconciler {__version__}, Python {platform.python_version()}")


def _settings(workspace: Workspace) -> Iterator[Check]:
    named = workspace.settings.document is not None
    yield ok("settings", "reconciler.yaml is valid" if named else "no reconciler.yaml: everything as preset")


def _specs(workspace: Workspace) -> Iterator[Check]:
    found = workspace.findings(())
    errors = [each for each in found.diagnostics if each.severity is Severity.ERROR]
    warnings = len(found.diagnostics) - len(errors)
    files = _counted(found.files, "file")
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        first = checks.of("specs", errors[0])
        remedy = first.remedy if len(errors) == 1 else "`reconciler validate` shows them all."
        yield Check("specs", Verdict.FAIL, first.summary + more, remedy, first.code)
        return
    meetings = len(found.parsed.spec.meetings) if found.parsed.spec else 0
    told = f"{_counted(meetings, 'meeting')} in {files}"
    if warnings:
        yield warn("specs", f"{told}, {_counted(warnings, 'warning')}", "`reconciler validate` shows them.")
    else:
        yield ok("specs", told)


def _state(workspace: Workspace) -> Iterator[Check]:
    state, version = workspace.state()
    location = workspace.store.location
    if version is None:
        yield ok("state", f"{location} does not exist yet; the first apply makes it")
        return
    told = f"{location}: serial {state.serial}, {_counted(len(state.meetings), 'meeting')}"
    if state.intents:
        keys = ", ".join(sorted(state.intents))
        yield warn(
            "state",
            f"{told}, {_counted(len(state.intents), 'interrupted request')}: {keys}",
            "`reconciler apply` looks up what became of them.",
        )
    else:
        yield ok("state", told)


def _lock(workspace: Workspace) -> Iterator[Check]:
    if _is_lost(lambda: workspace.store):
        return
    info = workspace.store.holder()
    if info is None:
        yield ok("lock", "nobody holds the state")
    else:
        remedy = "Wait for that run; `reconciler explain state.locked` says more."
        yield warn("lock", f"somebody holds the state{describe(info)}", remedy)


def _quota(workspace: Workspace) -> Iterator[Check]:
    if _is_lost(workspace.state) or _is_lost(lambda: workspace.settings):
        return
    state, _ = workspace.state()
    now = workspace.clock.now()
    rows = budget.lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    if not rows:
        yield ok("quota", "no host is recorded yet, so nothing is spent")
        return
    spent = [row.host for row in rows if not row.left]
    if spent:
        ends = reset_words(now)
        yield warn("quota", f"nothing left today for {', '.join(spent)}", f"{ends[0].upper()}{ends[1:]}.")
        return
    least = min(rows, key=lambda row: row.left)
    yield ok("quota", f"{_counted(len(rows), 'host')}; the least is {least.left} left of {least.limit} "
             f"today, for {least.host}")  # fmt: skip


def _account(workspace: Workspace) -> Iterator[Check]:
    if not _is_lost(lambda: workspace.settings):  # it says how fast we may ask
        state = State() if _is_lost(workspace.state) else workspace.state()[0]
        yield from account.look(workspace, state)


def _is_lost(read: Callable[[], object]) -> bool:
    """Whether something cannot be had: another check says so, and why."""
    try:
        read()
    except ReconcilerError:
        return True
    return False


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
