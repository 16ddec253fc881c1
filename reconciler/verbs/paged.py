"""What the page of a CI job is told of each verb's end: outputs, summary, annotations. Nothing elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler import views
from reconciler.errors import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.events import Event
    from reconciler.github_actions import Page
    from reconciler.plan import Plan
    from reconciler.views import Tell
    from reconciler.workspace import Findings, Workspace


def planned(workspace: Workspace, plan: Plan) -> None:
    """Tell of a plan. Raises `SettingsError` where the page cannot be written to."""
    page = _page(workspace)
    if page:
        from reconciler import github_actions  # noqa: PLC0415 - only there
        from reconciler.views.look import Look  # noqa: PLC0415 - the same

        page.annotate(_placed(plan.diagnostics))
        page.put(**github_actions.plan_outputs(plan))
        page.show(views.plan_view("markdown")(plan, Look(commit=workspace.console.commit)))


def drifted(workspace: Workspace, report: Plan, requests: int) -> None:
    """Tell of a report of drift. Raises `SettingsError` as above."""
    page = _page(workspace)
    if page:
        from reconciler import github_actions  # noqa: PLC0415 - only there
        from reconciler.views.look import Look  # noqa: PLC0415 - the same

        page.annotate(_placed(report.diagnostics))
        page.put(**github_actions.plan_outputs(report))
        look = Look(commit=workspace.console.commit)
        page.show(views.drift_view("markdown")(report, look, requests))


def idle(workspace: Workspace, plan: Plan) -> None:
    """Tell of an apply that had nothing to send. Raises `SettingsError` as above."""
    from reconciler.events import Summary  # noqa: PLC0415 - a plan need not pay for it

    end = Summary(workspace.clock.now(), withheld=plan.summary["withheld"])
    with Heard(end).told(workspace, plan):
        pass


def checked(workspace: Workspace, findings: Findings, *, annotated: bool) -> None:
    """Tell of what `validate` found; `annotated`: stdout has the annotations already. Raises as above."""
    page = _page(workspace)
    if page:
        from reconciler.views import outcome  # noqa: PLC0415 - only there

        errors = sum(each.severity is Severity.ERROR for each in findings.diagnostics)
        meetings = len(findings.parsed.spec.meetings) if findings.parsed.spec else 0
        if not annotated:
            page.annotate(findings.diagnostics)
        page.put(valid=not errors, errors=errors, warnings=len(findings.diagnostics) - errors)
        page.show(outcome.checked(findings.diagnostics, meetings=meetings, files=findings.files))


class Heard:
    """The events of one apply, kept for the page of a job."""

    def __init__(self, *events: Event) -> None:
        self._events = list(events)

    def through(self, before: Callable[[Tell], Tell]) -> Callable[[Tell], Tell]:
        """The same way to a view as `before`, on which we hear what the view is told."""
        return lambda tell: before(self._hearing(tell))

    def _hearing(self, tell: Tell) -> Tell:
        def hear(event: Event) -> None:
            self._events.append(event)
            tell(event)

        return hear

    @contextmanager
    def told(self, workspace: Workspace, plan: Plan) -> Iterator[None]:
        """Tell of the apply when the block ends, however it ends. Raises as above."""
        try:
            yield
        finally:
            page = _page(workspace)
            if page:
                self._tell(page, plan)

    def _tell(self, page: Page, plan: Plan) -> None:
        from reconciler import github_actions  # noqa: PLC0415 - only there
        from reconciler.events import Noticed, StepFailed, Summary  # noqa: PLC0415 - a plan need not
        from reconciler.views import outcome  # noqa: PLC0415 - the same

        end = next((event for event in reversed(self._events) if isinstance(event, Summary)), None)
        page.annotate([each.diagnostic for each in self._events if isinstance(each, Noticed | StepFailed)])
        page.put(**github_actions.apply_outputs(plan, end))
        page.show(outcome.applied(plan, self._events))


def _placed(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that have a line to stand at, or stop something; all the others are in the summary."""
    return [each for each in diagnostics if each.span or each.severity is Severity.ERROR]


def _page(workspace: Workspace) -> Page | None:
    if not workspace.console.is_github_actions:
        return None
    from reconciler import github_actions  # noqa: PLC0415 - only there

    return github_actions.page(workspace.folder, workspace.console)
