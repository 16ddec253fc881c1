"""GitHub Actions: sets the outputs of a step, adds to its job summary and annotates the files.

The files that the runner names in the environment are appended to; no secret is ever written to them.
Source: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan.change import Action
from reconciler.plan.plan import ANNOTATED_CODES, ending_keys
from reconciler.plan.step import Status
from reconciler.views.results import severity_counts
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.apply.events import Event, EventListener, Summary
    from reconciler.cli.console import Console
    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.plan.plan import Plan


ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables of GitHub and GitLab with the root of the checkout. Source: each one's list of variables."""

STOP_TOKEN = "RECONCILER_STOP_TOKEN"  # noqa: S105 - the name of a variable
"""Names the variable with the token that resumes workflow commands, for a job that has stopped them."""


def relative_to_root(
    diagnostics: Sequence[Diagnostic], folder: Path, environ: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Return `diagnostics` with paths relative to the checkout's root; unchanged outside a checkout."""
    root = next((Path(environ[name]) for name in ROOTS if environ.get(name)), None)
    if root is None or not folder.resolve().is_relative_to(root.resolve()):
        return tuple(diagnostics)
    return tuple(_relative(diagnostic, folder, root) for diagnostic in diagnostics)


def _relative(diagnostic: Diagnostic, folder: Path, root: Path) -> Diagnostic:
    if diagnostic.span is None:
        return diagnostic
    path = (folder / diagnostic.span.filename).resolve()
    if not path.is_relative_to(root.resolve()):
        return diagnostic
    filename = path.relative_to(root.resolve()).as_posix()
    return replace(diagnostic, span=replace(diagnostic.span, filename=filename))


class JobOutputs(Struct, frozen=True):
    """The outputs, the job summary and the annotations of the step that runs this program."""

    folder: Path
    environ: Mapping[str, str]
    stderr: TextIO

    def set_outputs(self, **values: object) -> None:
        """Set outputs of the step; True is written as `true`. Raises `SettingsError`."""
        self._append("GITHUB_OUTPUT", "".join(_output(name, value) for name, value in values.items()))

    def add_summary(self, markdown: str) -> None:
        """Add to the job summary. Raises `SettingsError`."""
        self._append("GITHUB_STEP_SUMMARY", f"{markdown}\n")

    def annotate(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Annotate the line of each diagnostic."""
        from reconciler.views.annotations import commands  # noqa: PLC0415 - only in GitHub Actions

        written = commands(relative_to_root(diagnostics, self.folder, self.environ))
        if not written:
            return
        token = self.environ.get(STOP_TOKEN)
        self.stderr.write(f"::{token}::\n{written}::stop-commands::{token}\n" if token else written)
        self.stderr.flush()

    def _append(self, variable: str, text: str) -> None:
        name = self.environ.get(variable)
        if not name:
            return
        try:
            with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError as error:
            raise SettingsError.of(
                "output.unwritable",
                detail=f"The file that {variable} names, {name}: {error.strerror or error}. "
                "What was sent to Zoom, if anything, is recorded.",
                hint=f"GitHub Actions sets {variable} by itself: leave it as it is.",
            ) from error


def _output(name: str, value: object) -> str:
    import uuid  # noqa: PLC0415 - only in GitHub Actions

    # A delimiter that nobody can guess: the value cannot end itself and set another output.
    text, delimiter = str(value).lower() if isinstance(value, bool) else str(value), f"end-{uuid.uuid4()}"
    return f"{name}<<{delimiter}\n{text}\n{delimiter}\n"


def job_outputs(folder: Path, console: Console) -> JobOutputs:
    """Return the outputs of the current step."""
    return JobOutputs(folder, console.environ, console.stderr)


def _outputs(workspace: Workspace) -> JobOutputs | None:
    if not workspace.console.is_github_actions:
        return None
    return job_outputs(workspace.folder, workspace.console)


@contextmanager
def reporting_failure(folder: Path, console: Console, command: str) -> Iterator[None]:
    """Report a failure of `command`, such as `state show`, in the job as well, then raise it again."""
    try:
        yield
    except ReconcilerError as error:
        from reconciler.views.markdown import job_summary  # noqa: PLC0415 - only after a failure

        outputs = job_outputs(folder, console)
        with suppress(SettingsError):  # the failure itself matters more, and is printed on stderr
            outputs.annotate(error.diagnostics)
            outputs.set_outputs(error=error.diagnostic.code)
            outputs.add_summary(job_summary.failure(command, error.diagnostics, console.commit))
        raise


def plan_outputs(plan: Plan) -> dict[str, object]:
    """Return the outputs of a plan: `changes`, the counts of the line `Plan: …`, and the digest."""
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
        "ends_soon": "\n".join(ending_keys(plan.diagnostics)),
    }


def apply_outputs(plan: Plan, summary: Summary | None) -> dict[str, object]:
    """Return the same outputs for an apply; without a `summary` it was cut short and has no counts."""
    ends_soon = "\n".join(ending_keys(plan.diagnostics))
    if summary is None:
        return {"digest": plan.digest, "ends_soon": ends_soon}
    done = summary.added + summary.changed + summary.destroyed + summary.resolved + summary.recorded
    return {
        "changes": done > 0,
        "add": summary.added,
        "change": summary.changed,
        "destroy": summary.destroyed,
        "deferred": summary.deferred,
        "failed": summary.failed + summary.unresolved,
        "digest": plan.digest,
        "ends_soon": ends_soon,
    }


def report_plan(workspace: Workspace, plan: Plan) -> None:
    """Report a plan to the job. Raises `SettingsError` where a file of the runner cannot be written."""
    outputs = _outputs(workspace)
    if outputs:
        from reconciler.views.style import TextStyle  # noqa: PLC0415 - only in GitHub Actions

        outputs.annotate(_worth_annotating([*plan.diagnostics, *plan.waiting]))
        outputs.set_outputs(**plan_outputs(plan))
        outputs.add_summary(view("plan", "markdown")(plan, TextStyle(commit=workspace.console.commit)))


def report_drift(workspace: Workspace, report: Plan, requests: int) -> None:
    """Report drift to the job. Raises as `report_plan` does."""
    outputs = _outputs(workspace)
    if outputs:
        from reconciler.views.style import TextStyle  # noqa: PLC0415 - only in GitHub Actions

        outputs.annotate(_worth_annotating(report.diagnostics))
        outputs.set_outputs(**plan_outputs(report))
        style = TextStyle(commit=workspace.console.commit)
        outputs.add_summary(view("drift", "markdown")(report, style, requests))


def report_nothing_to_apply(workspace: Workspace, plan: Plan) -> None:
    """Report an apply that had nothing to send. Raises as `report_plan` does."""
    from reconciler.apply.events import Summary  # noqa: PLC0415 - only for an apply

    summary = Summary(workspace.clock.now(), withheld=plan.summary["withheld"])
    with EventRecorder(summary).reporting(workspace, plan):
        pass


def report_validation(workspace: Workspace, result: ValidationResult, *, annotated: bool) -> None:
    """Report the result of `validate`; `annotated`: stdout has the annotations already. Raises as above."""
    outputs = _outputs(workspace)
    if outputs:
        from reconciler.views.markdown import job_summary  # noqa: PLC0415 - only in GitHub Actions

        errors, warnings = severity_counts(result.diagnostics)
        meetings = len(result.parsed.spec.meetings) if result.parsed.spec else 0
        if not annotated:
            outputs.annotate(result.diagnostics)
        outputs.set_outputs(valid=not errors, errors=errors, warnings=warnings)
        outputs.add_summary(job_summary.validation(result.diagnostics, meetings=meetings, files=result.files))


class EventRecorder:
    """Records the events of one apply, to report them to the job."""

    def __init__(self, *events: Event) -> None:
        self._events = list(events)

    @property
    def events(self) -> Sequence[Event]:
        """The events so far."""
        return self._events

    def recording(
        self, wrap: Callable[[EventListener], EventListener]
    ) -> Callable[[EventListener], EventListener]:
        """Return `wrap` with a recorder inside: it records the events that reach the view."""
        return lambda listener: wrap(self._recording(listener))

    def _recording(self, listener: EventListener) -> EventListener:
        def record(event: Event) -> None:
            self._events.append(event)
            listener(event)

        return record

    @contextmanager
    def reporting(self, workspace: Workspace, plan: Plan) -> Iterator[None]:
        """Report the apply when the block ends, even by an exception. Raises as `report_plan` does."""
        try:
            yield
        finally:
            outputs = _outputs(workspace)
            if outputs:
                self._report(outputs, plan)

    def _report(self, outputs: JobOutputs, plan: Plan) -> None:
        from reconciler.apply.events import Noticed, StepFailed, Summary  # noqa: PLC0415 - only for an apply
        from reconciler.views.markdown import job_summary  # noqa: PLC0415 - only in GitHub Actions

        summary = next((event for event in reversed(self._events) if isinstance(event, Summary)), None)
        outputs.annotate(_worth_annotating([*plan.diagnostics, *plan.waiting]))
        outputs.annotate([each.diagnostic for each in self._events if isinstance(each, Noticed | StepFailed)])
        outputs.set_outputs(**apply_outputs(plan, summary))
        outputs.add_summary(job_summary.apply(plan, self._events))


def _worth_annotating(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return errors, whatever has a line in a file, and what nobody else would see.

    The job summary has all diagnostics.
    """
    return [
        each
        for each in diagnostics
        if each.span or each.severity is Severity.ERROR or each.code in ANNOTATED_CODES
    ]
