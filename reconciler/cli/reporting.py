"""Output files, warnings, and the reports that a program still reads when a run fails."""

from __future__ import annotations

import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler import disk
from reconciler.cli.clock import system_now
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan.plan import Plan
from reconciler.views.table import apply_view, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from reconciler.apply.events import EventListener
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Options


def write_private_file(path: Path, text: str) -> None:
    """Write `text` to a file, atomically, readable by its owner only. Raises `SettingsError`."""
    _write_file(path, text, disk.PRIVATE)


def write_public_file(path: Path, text: str) -> None:
    """Write `text` to a file, atomically, readable as other new files of the user. Raises `SettingsError`."""
    _write_file(path, text, disk.PUBLIC)


def _write_file(path: Path, text: str, mode: int) -> None:
    try:
        with disk.open_folder(path.parent) as folder:
            folder.replace(path.name, text.encode(), temporary=_temporary(path), mode=mode)
    except OSError as error:
        raise unwritable_file(path, error) from error


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file, atomically, by one with the same permissions. Raises `OSError`."""
    with disk.open_folder(path.parent) as folder:
        permissions = stat.S_IMODE(folder.status(path.name).st_mode)
        folder.replace(path.name, content, temporary=_temporary(path), permissions=permissions)


def _temporary(path: Path) -> str:
    return f".{path.name}.tmp"


def check_outputs(workspace: Workspace, *paths: Path | None) -> None:
    """Raise `SettingsError` if an output is a file that was read, a file of the state, or named twice.

    Call it once everything is read, and before anything is written.
    """
    named = [path for path in paths if path is not None]
    for number, path in enumerate(named):
        if workspace.is_input(path):
            raise _would_overwrite(path, "the run reads it, or it belongs to the state")
        if path.absolute() in {other.absolute() for other in named[:number]}:
            raise _would_overwrite(path, "two outputs have this name")


def _would_overwrite(path: Path, why: str) -> SettingsError:
    return SettingsError.of(
        "output.overwrites",
        detail=f"{path} is left as it is: {why}. Nothing was written.",
        hint="Name another file.",
    )


def unwritable_file(path: Path, error: OSError) -> SettingsError:
    """The error for a file that the system does not let us write."""
    return SettingsError.of(
        "output.unwritable",
        detail=f"{path}: {error.strerror or error}.",
        hint="Name a file in a folder that exists and is writable.",
    )


def print_diagnostics(workspace: Workspace, diagnostics: Sequence[Diagnostic]) -> None:
    """Write `diagnostics` to stderr."""
    from reconciler.views.text import diagnostics as text_diagnostics  # noqa: PLC0415 - only where there are any

    stderr = workspace.console.stderr
    colour = workspace.console.colours(stderr, workspace.options)
    stderr.write(text_diagnostics.diagnostics(diagnostics, colour=colour))


def print_warnings(workspace: Workspace, warnings: Sequence[Diagnostic]) -> None:
    """Write the warnings about a spec to stderr, with a blank line after them."""
    if warnings:
        print_diagnostics(workspace, warnings)
        workspace.console.stderr.write("\n")


@contextmanager
def reporting_plan_failure(
    workspace: Workspace, options: Options, *, format_name: str, json_into: Path | None = None
) -> Iterator[None]:
    """Write the reason in place of a plan that cannot be made, then raise the error again."""
    try:
        yield
    except ReconcilerError as error:
        failure = (error.diagnostics, options, failure_time(workspace))
        if json_into:
            with suppress(SettingsError):  # the reason why there is no plan matters more
                check_outputs(workspace, json_into)
                write_private_file(json_into, view("failed plan", "json")(*failure))
        if format_name != "text":
            workspace.console.stdout.write(view("failed plan", format_name)(*failure))
        raise


def write_failed_log(workspace: Workspace, error: ReconcilerError, *, format_name: str) -> None:
    """Write the whole log of an apply that failed before it could send; text readers see `error` itself."""
    if format_name == "text":
        return
    console = workspace.console
    no_plan = Plan((), (), "", 0, failure_time(workspace))
    open_log = apply_view(format_name)
    with open_log(console.stdout, console.stderr, terminal=False, colour=False, plan=no_plan) as listener:
        _end_early(workspace, listener, error.diagnostics)


@contextmanager
def closing_log_on_error(
    workspace: Workspace, listener: EventListener, *, format_name: str
) -> Iterator[None]:
    """End the log of an interrupted or failed apply with a summary, then raise the error again."""
    try:
        yield
    except (ReconcilerError, KeyboardInterrupt) as error:
        if format_name != "text":
            _end_early(workspace, listener, error.diagnostics if isinstance(error, ReconcilerError) else ())
        raise


def _end_early(workspace: Workspace, listener: EventListener, diagnostics: Sequence[Diagnostic]) -> None:
    from reconciler.apply.events import Noticed, Summary  # noqa: PLC0415 - a plan need not pay for it

    now = failure_time(workspace)
    for diagnostic in diagnostics:
        listener(Noticed(now, diagnostic))
    listener(Summary(now, ended_early=True))


def failure_time(workspace: Workspace) -> datetime:
    """Return the current instant; by the system clock where the emulator's clock fails."""
    try:
        return workspace.clock.now()
    except ReconcilerError:
        return system_now()
