"""What a job of GitHub Actions is told beside our output: outputs, a summary, annotations.

The files that the runner names in the environment are appended to; no secret is ever in them.
Source: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.apply.events import Event, EventListener, Summary
    from reconciler.cli.console import Console
    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.plan.plan import Plan


ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub and GitLab tell the folder of the checkout. Source: each one's list of variables."""


def relative_to_root(
    diagnostics: Sequence[Diagnostic], folder: Path, environ: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """The findings with paths from the checkout's root; as they are where `folder` is in none."""
    root = next((Path(environ[name]) for name in ROOTS if environ.get(name)), None)
    if root is None or not folder.resolve().is_relative_to(root.resolve()):
        return tuple(diagnostics)
    return tuple(_seen(diagnostic, folder, root) for diagnostic in diagnostics)


def _seen(diagnostic: Diagnostic, folder: Path, root: Path) -> Diagnostic:
    if diagnostic.span is None:
        return diagnostic
    path = (folder / diagnostic.span.filename).resolve()
    if not path.is_relative_to(root.resolve()):
        return diagnostic
    filename = path.relative_to(root.resolve()).as_posix()
    return replace(diagnostic, span=replace(diagnostic.span, filename=filename))


STOP_TOKEN = "RECONCILER_STOP_TOKEN"  # noqa: S105 - a variable's name: whoever stopped commands lets ours through
"""Holds the word that ends `::stop-commands::`, where our output stands between the two."""


@dataclass(frozen=True, slots=True)
class JobOutputs:
    """The outputs, the summary and the annotations of the step that runs us."""

    folder: Path
    environ: Mapping[str, str]
    stderr: TextIO

    def put(self, **values: object) -> None:
        """Set outputs of the step; True is `true`. Raises `SettingsError`."""
        self._append("GITHUB_OUTPUT", "".join(_output(name, value) for name, value in values.items()))

    def show(self, markdown: str) -> None:
        """Add to the step's summary. Raises `SettingsError`."""
        self._append("GITHUB_STEP_SUMMARY", f"{markdown}\n")

    def annotate(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Show each finding at its line."""
        from reconciler.views.annotations import commands  # noqa: PLC0415 - the same

        shown = commands(relative_to_root(diagnostics, self.folder, self.environ))
        if not shown:
            return
        stop = self.environ.get(STOP_TOKEN)
        self.stderr.write(f"::{stop}::\n{shown}::stop-commands::{stop}\n" if stop else shown)
        self.stderr.flush()

    def _append(self, variable: str, text: str) -> None:
        name = self.environ.get(variable)
        if not name:
            return
        try:
            with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError as error:
            raise SettingsError(_unwritable(variable, name, error)) from error


def job_outputs(folder: Path, console: Console) -> JobOutputs:
    """The page of the job that we are."""
    return JobOutputs(folder, console.environ, console.stderr)


@contextmanager
def reporting_failure(folder: Path, console: Console, verb: str) -> Iterator[None]:
    """Report a failure of `verb` too, then let it pass on."""
    try:
        yield
    except ReconcilerError as error:
        from reconciler.views.markdown import job_summary as outcome  # noqa: PLC0415 - only where a run failed

        there = job_outputs(folder, console)
        with suppress(SettingsError):  # the failure itself is worth more, and is told on stderr
            there.annotate(error.diagnostics)
            there.put(error=error.diagnostic.code)
            there.show(outcome.failure(verb, error.diagnostics, console.commit))
        raise


def plan_outputs(plan: Plan) -> dict[str, object]:
    """`changes`, the counts of the line `Plan: …`, and the digest."""
    due = [step for step in plan.steps if step.status in {Status.NOW, Status.DEFERRED}]
    replaced = [step for step in due if step.action is Action.REPLACE]
    return {
        "changes": plan.has_work,
        "add": sum(step.action is Action.CREATE for step in due) + len(replaced),
        "change": sum(step.action is Action.UPDATE for step in due),
        "destroy": sum(step.action is Action.DESTROY for step in due)
        + sum(step.retires for step in replaced),
        "deferred": plan.summary["deferred"],
        "digest": plan.digest,
    }


def apply_outputs(plan: Plan, end: Summary | None) -> dict[str, object]:
    """The same of what was done; counts are missing where the run was cut short."""
    if end is None:
        return {"digest": plan.digest}
    done = end.added + end.changed + end.destroyed + end.resolved + end.recorded
    return {
        "changes": done > 0,
        "add": end.added,
        "change": end.changed,
        "destroy": end.destroyed,
        "deferred": end.deferred,
        "failed": end.failed + end.unresolved,
        "digest": plan.digest,
    }


def _output(name: str, value: object) -> str:
    import uuid  # noqa: PLC0415 - only in GitHub Actions

    # What stands between two lines that nobody can guess cannot end itself and set another output.
    text, end = str(value).lower() if isinstance(value, bool) else str(value), f"end-{uuid.uuid4()}"
    return f"{name}<<{end}\n{text}\n{end}\n"


def _unwritable(variable: str, name: str, error: OSError) -> Diagnostic:
    return Diagnostic(
        code="output.unwritable",
        detail=f"The file that {variable} names, {name}: {error.strerror or error}. What was sent to Zoom, if anything, is recorded.",
        hint=f"GitHub Actions sets {variable} by itself: leave it as it is.",
    )


def report_plan(workspace: Workspace, plan: Plan) -> None:
    """Tell of a plan. Raises `SettingsError` where the page cannot be written to."""
    page = _page(workspace)
    if page:
        from reconciler.views.style import TextStyle as Look  # noqa: PLC0415 - the same

        page.annotate(_placed(plan.diagnostics))
        page.put(**plan_outputs(plan))
        page.show(view("plan", "markdown")(plan, Look(commit=workspace.console.commit)))


def report_drift(workspace: Workspace, report: Plan, requests: int) -> None:
    """Tell of a report of drift. Raises `SettingsError` as above."""
    page = _page(workspace)
    if page:
        from reconciler.views.style import TextStyle as Look  # noqa: PLC0415 - the same

        page.annotate(_placed(report.diagnostics))
        page.put(**plan_outputs(report))
        look = Look(commit=workspace.console.commit)
        page.show(view("drift", "markdown")(report, look, requests))


def report_nothing_to_apply(workspace: Workspace, plan: Plan) -> None:
    """Tell of an apply that had nothing to send. Raises `SettingsError` as above."""
    from reconciler.apply.events import Summary  # noqa: PLC0415 - a plan need not pay for it

    end = Summary(workspace.clock.now(), withheld=plan.summary["withheld"])
    with EventRecorder(end).told(workspace, plan):
        pass


def report_validation(workspace: Workspace, findings: ValidationResult, *, annotated: bool) -> None:
    """Tell of what `validate` found; `annotated`: stdout has the annotations already. Raises as above."""
    page = _page(workspace)
    if page:
        from reconciler.views.markdown import job_summary as outcome  # noqa: PLC0415 - only where a run failed

        errors = sum(each.severity is Severity.ERROR for each in findings.diagnostics)
        meetings = len(findings.parsed.spec.meetings) if findings.parsed.spec else 0
        if not annotated:
            page.annotate(findings.diagnostics)
        page.put(valid=not errors, errors=errors, warnings=len(findings.diagnostics) - errors)
        page.show(outcome.validation(findings.diagnostics, meetings=meetings, files=findings.files))


class EventRecorder:
    """The events of one apply, kept for the page of a job."""

    def __init__(self, *events: Event) -> None:
        self._events = list(events)

    def through(
        self, before: Callable[[EventListener], EventListener]
    ) -> Callable[[EventListener], EventListener]:
        """The same way to a view as `before`, on which we hear what the view is told."""
        return lambda tell: before(self._hearing(tell))

    def _hearing(self, tell: EventListener) -> EventListener:
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

    def _tell(self, page: JobOutputs, plan: Plan) -> None:
        from reconciler.apply.events import (  # noqa: PLC0415 - a plan need not pay for it
            Noticed,
            StepFailed,
            Summary,
        )
        from reconciler.views.markdown import job_summary as outcome  # noqa: PLC0415 - only where a run failed

        end = next((event for event in reversed(self._events) if isinstance(event, Summary)), None)
        page.annotate([each.diagnostic for each in self._events if isinstance(each, Noticed | StepFailed)])
        page.put(**apply_outputs(plan, end))
        page.show(outcome.apply(plan, self._events))


def _placed(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that have a line to stand at, or stop something; all the others are in the summary."""
    return [each for each in diagnostics if each.span or each.severity is Severity.ERROR]


def _page(workspace: Workspace) -> JobOutputs | None:
    if not workspace.console.is_github_actions:
        return None

    return job_outputs(workspace.folder, workspace.console)
