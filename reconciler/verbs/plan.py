"""`plan`: declared against recorded; needs no credentials and sends nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import plan as plans
from reconciler import views
from reconciler.errors import Diagnostic, Exit, SettingsError, Severity
from reconciler.views.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.plan import Options, Plan
    from reconciler.state import State
    from reconciler.workspace import Declared, Workspace


def run(  # noqa: PLR0913 - each flag of the verb
    workspace: Workspace,
    options: Options,
    *,
    format_name: str,
    out: Path | None,
    json_into: Path | None,
    changes_only: bool,
    detailed_exitcode: bool,
) -> Exit:
    """Show what would be done now. With `detailed_exitcode` 2 where there is something to send or record."""
    declared = workspace.declared(options.paths)
    state, _ = workspace.state()
    told: tuple[Diagnostic, ...] = ()
    if options.refresh:
        from reconciler.verbs import refreshing  # noqa: PLC0415 - only where Zoom is asked

        asked = refreshing.refreshed(workspace, state, declared.spec, options)
        state, told = asked.state, asked.told
    plan = build(workspace, declared, state, options)
    plan = replace(plan, diagnostics=(*told, *plan.diagnostics))
    look = Look(
        colour=workspace.console.colours(workspace.console.stdout, workspace.choices),
        verbose=workspace.choices.verbose,
        changes_only=changes_only,
    )
    if format_name == "text":
        warn(workspace, declared.warnings)
    shown = plan if format_name == "text" else _with_warnings(plan, declared)
    workspace.console.stdout.write(views.plan_view(format_name)(shown, look))
    if out:
        write(out, views.plan_view("json")(_with_warnings(plan, declared), Look()))
    if json_into:
        write(json_into, views.plan_view("json")(_with_warnings(plan, declared), look))
    unread = any(each.severity is Severity.ERROR for each in told)
    has_changes = detailed_exitcode and plan.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if has_changes else Exit.DONE)


def build(workspace: Workspace, declared: Declared, state: State, options: Options) -> Plan:
    """The plan of this instant."""
    return plans.build(declared.spec, state, workspace.clock.now(), workspace.allowances, options)


def warn(workspace: Workspace, warnings: Sequence[Diagnostic]) -> None:
    """Tell on stderr what is odd about the spec."""
    if warnings:
        from reconciler.views import findings  # noqa: PLC0415 - only where there is one

        stderr = workspace.console.stderr
        colour = workspace.console.colours(stderr, workspace.choices)
        stderr.write(findings.text(warnings, colour=colour) + "\n")


def write(path: Path, text: str) -> None:
    """Put `text` into a file at once, for the owner only. Raises `SettingsError`."""
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SettingsError(
            Diagnostic(
                code="output.unwritable",
                summary="The file could not be written",
                detail=f"{path}: {error.strerror or error}.",
                hint="Name a file in a folder that exists and can be written to.",
            )
        ) from error


def _with_warnings(plan: Plan, declared: Declared) -> Plan:
    return replace(plan, diagnostics=(*declared.warnings, *plan.diagnostics))
