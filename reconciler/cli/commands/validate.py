"""`validate`: every finding about what is declared; nothing is read but files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import ci
from reconciler.cli.options import example_epilog, format_option, style_options
from reconciler.errors.diagnostic import Exit
from reconciler.views.results import Validation
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.errors.diagnostic import Diagnostic


FROM_ROOT = frozenset({"github", "sarif", "codequality"})
"""Formats that a CI system reads: their paths begin at the root of the checkout."""


@click.command(epilog=example_epilog("reconciler validate meetings/ --strict"))
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@format_option("validate", about="For people, programs, or a pull request.")
@style_options
def validate(workspace: Workspace, paths: tuple[str, ...], strict: bool, format_name: str) -> Exit:  # noqa: FBT001 - click
    """Check what is declared.

    Every finding of one run, each with its place and a remedy.
    """
    return run(workspace, paths, strict=strict, format_name=format_name)


def run(workspace: Workspace, paths: Sequence[str], *, strict: bool, format_name: str) -> Exit:
    """Show the findings; an error where there is one, or, if `strict`, a warning."""
    found = workspace.findings(paths)
    console = workspace.console
    style = TextStyle(colour=console.colours(console.stdout, workspace.choices))
    console.stdout.write(view("validate", format_name)(_result(found, workspace, format_name), style))
    ci.report_validation(workspace, found, annotated=format_name == "github")
    return Exit.ERROR if found.has_errors or (strict and found.diagnostics) else Exit.DONE


def _result(found: ValidationResult, workspace: Workspace, format_name: str) -> Validation:
    diagnostics: Sequence[Diagnostic] = found.diagnostics
    if format_name in FROM_ROOT:
        diagnostics = ci.relative_to_root(diagnostics, workspace.folder, workspace.console.environ)
    meetings = len(found.parsed.spec.meetings) if found.parsed.spec else 0
    return Validation(diagnostics, meetings, found.files)
