"""Makes the plan of a command: the declared spec, the recorded state and, on request, what Zoom has now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.calendar.findings import double_booked
from reconciler.calendar.hosts import Hosts
from reconciler.calendar.kinds import told_once
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan import plan as plans
from reconciler.plan.dates.bookings import bookings
from reconciler.state.state import host_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.cli.workspace import LoadedSpec, Workspace
    from reconciler.errors.diagnostic import UnlocatedDiagnostic
    from reconciler.plan.plan import Options, Plan
    from reconciler.state.history import Fact
    from reconciler.state.state import Record, State


class PlannedState(Struct, frozen=True):
    """A plan, and the state to go on from: with `--refresh`, it has what was read and may be recorded.

    `failed` is True where something could not be read from Zoom, or the plan itself has an error. `told` is
    what the history tells of that state.
    """

    plan: Plan
    state: State
    failed: bool
    told: tuple[Fact, ...] = ()


def make_plan(  # noqa: PLR0913 - each is a part of the world, handed in
    workspace: Workspace,
    declared: LoadedSpec,
    state: State,
    options: Options,
    *,
    pace: str | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> PlannedState:
    """Plan from `state`, after a refresh where `options` ask for one; `diagnostics` come first in the plan.

    Raises `SpecError`, `SettingsError`, `StateError` and `RemoteError`.
    """
    facts = state
    imported: Mapping[str, Record] = {}
    gone: Mapping[str, Record] = {}
    ending: Mapping[int, str] = {}
    told: tuple[Fact, ...] = ()
    if options.refresh:
        from reconciler.cli import refresh  # noqa: PLC0415 - only where Zoom is read

        was_measured = workspace.clock.is_measured  # apply warns of it then
        refreshed = refresh.refresh_state(workspace, state, declared.spec, options, pace)
        state, facts = refreshed.state, refreshed.facts
        imported, gone, ending = refreshed.imported, refreshed.gone, refreshed.ending
        told = refreshed.told
        skew_warnings = () if was_measured else refresh.skew_warnings(workspace)
        diagnostics = (*diagnostics, *skew_warnings, *refreshed.diagnostics)
    workspace.check_zones(state)
    plan = plans.build(
        declared.spec,
        state,
        workspace.clock.now(),
        workspace.allowances,
        options,
        imported=imported,
        gone=gone,
        ending=ending,
    )
    workspace.keep(plan)
    found = told_once((*diagnostics, *plan.diagnostics), declared.spec.meetings)
    failed = any(each.severity is Severity.ERROR for each in found)
    return PlannedState(replace(plan, diagnostics=found), facts, failed, told)


def with_double_bookings(
    workspace: Workspace, declared: LoadedSpec, state: State, planned: PlannedState
) -> PlannedState:
    """Return the plan with a warning for each set of meetings that a host cannot run at one time."""
    meetings = bookings(declared.spec, state, planned.plan.steps)
    not_looked_at = plans.keys_elsewhere(declared.spec, state)

    def concerns(keys: Iterable[str]) -> bool:
        return planned.plan.options.takes(*(key for key in keys if key not in not_looked_at)) and any(
            key not in not_looked_at for key in keys
        )

    def locate(key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        if key in declared.spec.meetings:
            return declared.locate(key, finding)
        return Diagnostic(finding.code, finding.detail, finding.hint, finding.severity, key=key)

    hosts = Hosts.of(workspace.settings, lambda host: host_key(state, host))
    found = told_once(double_booked(meetings, workspace.clock.now(), hosts, locate, concerns), meetings)
    plan = replace(planned.plan, diagnostics=(*planned.plan.diagnostics, *found))
    return replace(planned, plan=plan)


def with_passcode_errors(workspace: Workspace, planned: PlannedState, pace: str | None) -> PlannedState:
    """Return the plan of a refresh with an error for each known passcode that Zoom would refuse."""
    if not planned.plan.options.refresh:
        return planned
    from reconciler.cli.refresh import passcode_errors  # noqa: PLC0415 - only where Zoom is read

    errors = passcode_errors(workspace, planned.plan, pace)
    plan = replace(planned.plan, diagnostics=(*planned.plan.diagnostics, *errors))
    return replace(planned, plan=plan, failed=planned.failed or bool(errors))


def missing_state_warnings(workspace: Workspace, version: str | None) -> tuple[Diagnostic, ...]:
    """Return a warning where a CI job read a state of no `version`, that is, none was recorded yet.

    A job of a fork without its snapshot would otherwise show every meeting as one to add, and no drift.
    """
    if version is not None or workspace.sandbox or not workspace.console.is_runner:
        return ()
    return (
        Diagnostic(
            code="state.absent",
            detail=f"{workspace.store.location} does not exist, so no meeting counts as existing: "
            "every declared meeting shows as new, and nothing can have drifted.",
            hint="Before the first apply, this is expected. Later, check that the job names the state "
            "that apply writes (--state, RECONCILER_STATE, reconciler.yaml) and can read it.",
            severity=Severity.WARNING,
        ),
    )
