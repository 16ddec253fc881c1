"""Makes the plan of a command: what is declared, what is recorded and, on request, what Zoom has now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan import plan as plans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.cli.workspace import LoadedSpec, Workspace
    from reconciler.plan.plan import Options, Plan
    from reconciler.state.state import Record, State


@dataclass(frozen=True, slots=True)
class PlannedState:
    """A plan, and the state to go on from: with `--refresh` it has what was read and may be recorded.

    `unread` tells that something which was to be read from Zoom could not be.
    """

    plan: Plan
    state: State
    unread: bool


def make_plan(  # noqa: PLR0913 - each is a part of the world, handed in
    workspace: Workspace,
    declared: LoadedSpec,
    state: State,
    options: Options,
    *,
    pace: str | None = None,
    remarks: Sequence[Diagnostic] = (),
) -> PlannedState:
    """Plan from `state`, after a refresh where `options` ask for one; `remarks` come first in the plan.

    Raises `SettingsError`, `StateError` and `RemoteError`.
    """
    facts = state
    imported: Mapping[str, Record] = {}
    if options.refresh:
        from reconciler.cli import refresh  # noqa: PLC0415 - only where Zoom is asked

        refreshed = refresh.refresh_state(workspace, state, declared.spec, options, pace)
        state, facts, remarks = refreshed.state, refreshed.facts, (*remarks, *refreshed.told)
        imported = refreshed.imported
    workspace.check_zones(state)
    plan = plans.build(
        declared.spec, state, workspace.clock.now(), workspace.allowances, options, imported=imported
    )
    unread = any(each.severity is Severity.ERROR for each in remarks)
    return PlannedState(replace(plan, diagnostics=(*remarks, *plan.diagnostics)), facts, unread)


def missing_state_warnings(workspace: Workspace, version: str | None) -> tuple[Diagnostic, ...]:
    """A warning where a CI job read a state of no `version`: nothing was ever recorded there.

    A fork's job that missed its snapshot would else show every meeting as one to add, and no drift.
    """
    if version is not None or workspace.sandbox or not workspace.console.is_runner:
        return ()
    return (
        Diagnostic(
            code="state.absent",
            detail=f"{workspace.store.location} holds none, so nothing counts as existing: "
            "whatever is declared shows as new, and nothing can have drifted.",
            hint="Before the first apply that is right. Later it is not: see that the job names the state "
            "that apply writes (--state, RECONCILER_STATE, reconciler.yaml) and may read it.",
            severity=Severity.WARNING,
        ),
    )
