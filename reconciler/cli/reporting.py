"""What a program reads of a run that failed: a report is written all the same, and says why."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler import views
from reconciler.clock import system_now
from reconciler.errors import ReconcilerError, SettingsError
from reconciler.plan import Plan
from reconciler.verbs.output import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from reconciler.errors import Diagnostic
    from reconciler.plan import Options
    from reconciler.views import Tell
    from reconciler.workspace import Workspace


@contextmanager
def reported(
    workspace: Workspace, options: Options, *, format_name: str, json_into: Path | None = None
) -> Iterator[None]:
    """Where no plan can be made inside, tell why in the plan's place; what was raised goes on."""
    try:
        yield
    except ReconcilerError as error:
        document = views.failed_plan(error.diagnostics, options, instant(workspace))
        if json_into:
            with suppress(SettingsError):  # why there is no plan is worth more
                write(json_into, document)
        if format_name == "json":
            workspace.console.stdout.write(document)
        raise


def log(workspace: Workspace, error: ReconcilerError, *, format_name: str) -> None:
    """The whole log of an apply that failed before it could plan or send; people read `error` itself."""
    if format_name == "text":
        return
    console = workspace.console
    nothing = Plan((), (), "", 0, instant(workspace))
    opened = views.apply_view(format_name)
    with opened(console.stdout, console.stderr, terminal=False, colour=False, plan=nothing) as tell:
        _end(workspace, tell, error.diagnostics)


@contextmanager
def told(workspace: Workspace, tell: Tell, *, format_name: str) -> Iterator[None]:
    """End the log of an apply that breaks off inside by a summary; what was raised goes on."""
    try:
        yield
    except (ReconcilerError, KeyboardInterrupt) as error:
        if format_name != "text":
            _end(workspace, tell, error.diagnostics if isinstance(error, ReconcilerError) else ())
        raise


def _end(workspace: Workspace, tell: Tell, diagnostics: Sequence[Diagnostic]) -> None:
    from reconciler.events import Noticed, Summary  # noqa: PLC0415 - a plan need not pay for it

    now = instant(workspace)
    for diagnostic in diagnostics:
        tell(Noticed(now, diagnostic))
    tell(Summary(now, ended_early=True))


def instant(workspace: Workspace) -> datetime:
    """Now; by the machine's clock where it is the emulator's that fails."""
    try:
        return workspace.clock.now()
    except ReconcilerError:
        return system_now()
