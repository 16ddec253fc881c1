"""The command `validate`: every error and warning about the specs; reads nothing but files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.calendar.findings import double_booked
from reconciler.calendar.hosts import Hosts
from reconciler.calendar.kinds import told_once
from reconciler.cli import ci
from reconciler.cli.options import example_epilog, format_option, paths_argument, style_options
from reconciler.errors.diagnostic import Exit, Severity
from reconciler.errors.exceptions import SettingsError
from reconciler.views.results import Validation
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.errors.diagnostic import Diagnostic


FROM_ROOT = frozenset({"github", "sarif", "codequality"})
"""Formats that a CI system reads: their paths are relative to the root of the checkout."""


@click.command(epilog=example_epilog("reconciler validate meetings/ --strict"))
@paths_argument
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@format_option("validate", about="For people, programs, or a pull request.")
@style_options
def validate(workspace: Workspace, paths: tuple[str, ...], strict: bool, format_name: str) -> Exit:  # noqa: FBT001 - click
    """Check the specs for errors.

    Shows every error and warning at once, each with its place and a remedy.
    """
    result = _with_double_bookings(workspace, workspace.validate(paths))
    diagnostics: Sequence[Diagnostic] = result.diagnostics
    if format_name in FROM_ROOT:
        diagnostics = ci.relative_to_root(diagnostics, workspace.folder, workspace.console.environ)
    meetings = len(result.parsed.spec.meetings) if result.parsed.spec else 0
    console = workspace.console
    style = TextStyle(colour=console.colours(console.stdout, workspace.options))
    validation = Validation(diagnostics, meetings, result.files)
    console.stdout.write(view("validate", format_name)(validation, style))
    ci.report_validation(workspace, result, annotated=format_name == "github")
    return Exit.ERROR if result.has_errors or (strict and result.diagnostics) else Exit.DONE


def _with_double_bookings(workspace: Workspace, result: ValidationResult) -> ValidationResult:
    """Return the result with a warning for each set of meetings that a host cannot run at one time.

    Not where errors were only counted: very many meetings would be searched for one warning more.
    """
    if any(each.more and each.severity is Severity.ERROR for each in result.diagnostics):
        return result
    try:
        hosts = Hosts.of(workspace.settings)
    except SettingsError:  # what a host can run is not known
        return result
    parsed = result.parsed
    found = double_booked(parsed.meetings, workspace.clock.now(), hosts, parsed.locate)
    return replace(result, diagnostics=told_once((*result.diagnostics, *found), parsed.meetings))
