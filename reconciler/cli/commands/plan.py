"""`plan`: declared against recorded; needs no credentials and sends nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import plan as plans
from reconciler import views
from reconciler.errors import Exit, Severity
from reconciler.verbs import absent, failing, paged
from reconciler.verbs.output import write
from reconciler.views.look import Look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.errors import Diagnostic
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
    with failing.reported(workspace, options, format_name=format_name, json_into=json_into):
        declared = workspace.declared(options.paths)
        plan, unread = _made(workspace, declared, options)
    look = Look(
        colour=workspace.console.colours(workspace.console.stdout, workspace.choices),
        verbose=workspace.choices.verbose,
        changes_only=changes_only,
        commit=workspace.console.commit,
    )
    if format_name == "text":
        warn(workspace, declared.warnings)
    shown = plan if format_name == "text" else _with_warnings(plan, declared)
    workspace.console.stdout.write(views.plan_view(format_name)(shown, look))
    if json_into:
        write(json_into, views.plan_view("json")(_with_warnings(plan, declared), look))
    if out:
        write(out, views.plan_view("json")(_with_warnings(plan, declared), Look()))
    paged.planned(workspace, _with_warnings(plan, declared))
    has_changes = detailed_exitcode and plan.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if has_changes else Exit.DONE)


def _made(workspace: Workspace, declared: Declared, options: Options) -> tuple[Plan, bool]:
    """The plan, and whether something that was to be read for it could not be."""
    state, version = workspace.state()
    told = absent.remarks(workspace, version)
    if options.refresh:
        from reconciler.verbs import refreshing  # noqa: PLC0415 - only where Zoom is asked

        asked = refreshing.refreshed(workspace, state, declared.spec, options)
        state, told = asked.state, (*told, *asked.told)
    plan = build(workspace, declared, state, options)
    unread = any(each.severity is Severity.ERROR for each in told)
    return replace(plan, diagnostics=(*told, *plan.diagnostics)), unread


def build(workspace: Workspace, declared: Declared, state: State, options: Options) -> Plan:
    """The plan of this instant."""
    workspace.check_zones(state)
    return plans.build(declared.spec, state, workspace.clock.now(), workspace.allowances, options)


def warn(workspace: Workspace, warnings: Sequence[Diagnostic]) -> None:
    """Tell on stderr what is odd about the spec."""
    if warnings:
        from reconciler.views import findings  # noqa: PLC0415 - only where there is one

        stderr = workspace.console.stderr
        colour = workspace.console.colours(stderr, workspace.choices)
        stderr.write(findings.text(warnings, colour=colour) + "\n")


def _with_warnings(plan: Plan, declared: Declared) -> Plan:
    return replace(plan, diagnostics=(*declared.warnings, *plan.diagnostics))
