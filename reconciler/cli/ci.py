"""What a job of GitHub Actions is told beside our output: outputs, a summary, annotations.

The files that the runner names in the environment are appended to; no secret is ever in them.
Source: GitHub's documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.checkout import seen_from_root
from reconciler.diff import Action
from reconciler.errors import Diagnostic, ReconcilerError, SettingsError
from reconciler.step import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.console import Console
    from reconciler.events import Summary
    from reconciler.plan import Plan

STOP_TOKEN = "RECONCILER_STOP_TOKEN"  # noqa: S105 - a variable's name: whoever stopped commands lets ours through
"""Holds the word that ends `::stop-commands::`, where our output stands between the two."""


@dataclass(frozen=True, slots=True)
class Page:
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
        from reconciler.views import github  # noqa: PLC0415 - only in GitHub Actions

        commands = github.commands(seen_from_root(diagnostics, self.folder, self.environ))
        if not commands:
            return
        stop = self.environ.get(STOP_TOKEN)
        self.stderr.write(f"::{stop}::\n{commands}::stop-commands::{stop}\n" if stop else commands)
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


def page(folder: Path, console: Console) -> Page:
    """The page of the job that we are."""
    return Page(folder, console.environ, console.stderr)


@contextmanager
def failing(folder: Path, console: Console, verb: str) -> Iterator[None]:
    """Report a failure of `verb` too, then let it pass on."""
    try:
        yield
    except ReconcilerError as error:
        from reconciler.views import outcome  # noqa: PLC0415 - only where a run failed

        there = page(folder, console)
        with suppress(SettingsError):  # the failure itself is worth more, and is told on stderr
            there.annotate(error.diagnostics)
            there.put(error=error.diagnostic.code)
            there.show(outcome.failed(verb, error.diagnostics, console.commit))
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
        summary=f"The file that {variable} names could not be written",
        detail=f"{name}: {error.strerror or error}. What was sent to Zoom, if anything, is recorded.",
        hint=f"GitHub Actions sets {variable} by itself: leave it as it is.",
    )
