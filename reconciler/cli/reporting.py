"""What a program reads of a run that failed: a report is written all the same, and says why."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.cli.clock import system_now
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan.plan import Plan
from reconciler.views.table import apply_view, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from reconciler.apply.events import EventListener
    from reconciler.cli.workspace import Workspace
    from reconciler.plan.plan import Options


def write_private_file(path: Path, text: str) -> None:
    """Put `text` into a file at once, for the owner only. Raises `SettingsError`."""
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        fresh.unlink(missing_ok=True)  # left by a run that was killed, or a link that a checkout holds
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise SettingsError(unwritable_file(path, error)) from error


def unwritable_file(path: Path, error: OSError) -> Diagnostic:
    """What to say of a file that the system does not let us write."""
    return Diagnostic(
        code="output.unwritable",
        detail=f"{path}: {error.strerror or error}.",
        hint="Name a file in a folder that exists and can be written to.",
    )


@contextmanager
def reporting_plan_failure(
    workspace: Workspace, options: Options, *, format_name: str, json_into: Path | None = None
) -> Iterator[None]:
    """Where no plan can be made inside, tell why in the plan's place; what was raised goes on."""
    try:
        yield
    except ReconcilerError as error:
        document = view("failed plan", "json")(error.diagnostics, options, failure_time(workspace))
        if json_into:
            with suppress(SettingsError):  # why there is no plan is worth more
                write_private_file(json_into, document)
        if format_name == "json":
            workspace.console.stdout.write(document)
        raise


def write_failed_log(workspace: Workspace, error: ReconcilerError, *, format_name: str) -> None:
    """The whole log of an apply that failed before it could plan or send; people read `error` itself."""
    if format_name == "text":
        return
    console = workspace.console
    nothing = Plan((), (), "", 0, failure_time(workspace))
    opened = apply_view(format_name)
    with opened(console.stdout, console.stderr, terminal=False, colour=False, plan=nothing) as tell:
        _end(workspace, tell, error.diagnostics)


@contextmanager
def closing_log_on_error(workspace: Workspace, tell: EventListener, *, format_name: str) -> Iterator[None]:
    """End the log of an apply that breaks off inside by a summary; what was raised goes on."""
    try:
        yield
    except (ReconcilerError, KeyboardInterrupt) as error:
        if format_name != "text":
            _end(workspace, tell, error.diagnostics if isinstance(error, ReconcilerError) else ())
        raise


def _end(workspace: Workspace, tell: EventListener, diagnostics: Sequence[Diagnostic]) -> None:
    from reconciler.apply.events import (  # noqa: PLC0415 - a plan need not pay for it
        Noticed,
        Summary,
    )

    now = failure_time(workspace)
    for diagnostic in diagnostics:
        tell(Noticed(now, diagnostic))
    tell(Summary(now, ended_early=True))


def failure_time(workspace: Workspace) -> datetime:
    """Now; by the machine's clock where it is the emulator's that fails."""
    try:
        return workspace.clock.now()
    except ReconcilerError:
        return system_now()


def print_warnings(workspace: Workspace, warnings: Sequence[Diagnostic]) -> None:
    """Tell on stderr what is odd about the spec."""
    if warnings:
        from reconciler.views.text import diagnostics as findings  # noqa: PLC0415 - only an error needs it

        stderr = workspace.console.stderr
        colour = workspace.console.colours(stderr, workspace.choices)
        stderr.write(findings.diagnostics(warnings, colour=colour) + "\n")
