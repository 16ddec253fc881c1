"""`validate`: every finding about what is declared; nothing is read but files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Exit
from reconciler.verbs import paged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.workspace import Findings, Workspace


def run(workspace: Workspace, paths: Sequence[str], *, strict: bool, format_name: str) -> Exit:
    """Show the findings; an error where there is one, or, if `strict`, a warning."""
    findings = workspace.findings(paths)
    workspace.console.stdout.write(VIEWS[format_name](findings, workspace))
    paged.checked(workspace, findings, annotated=format_name == "github")
    return Exit.ERROR if findings.has_errors or (strict and findings.diagnostics) else Exit.DONE


def _text(findings: Findings, workspace: Workspace) -> str:
    from reconciler.views import findings as view  # noqa: PLC0415 - the view that is asked for

    colour = workspace.console.colours(workspace.console.stdout, workspace.choices)
    meetings = len(findings.parsed.spec.meetings) if findings.parsed.spec else 0
    told = view.text(findings.diagnostics, colour=colour)
    gap = "\n" if told else ""
    return told + gap + view.verdict(findings.diagnostics, meetings=meetings, files=findings.files)


def _json(findings: Findings, _: Workspace) -> str:
    from reconciler.views import findings as view  # noqa: PLC0415 - the view that is asked for

    return view.json(findings.diagnostics).decode()


def _github(findings: Findings, workspace: Workspace) -> str:
    from reconciler.views import github  # noqa: PLC0415 - the view that is asked for

    return github.commands(_seen_from_root(findings, workspace))


def _sarif(findings: Findings, workspace: Workspace) -> str:
    from reconciler.views import sarif  # noqa: PLC0415 - the view that is asked for

    return sarif.document(_seen_from_root(findings, workspace)).decode()


def _codequality(findings: Findings, workspace: Workspace) -> str:
    from reconciler.views import codequality  # noqa: PLC0415 - the view that is asked for

    return codequality.report(_seen_from_root(findings, workspace)).decode()


def _seen_from_root(findings: Findings, workspace: Workspace) -> Sequence[Diagnostic]:
    from reconciler.checkout import seen_from_root  # noqa: PLC0415 - only for what a CI system reads

    return seen_from_root(findings.diagnostics, workspace.folder, workspace.console.environ)


VIEWS: dict[str, Callable[[Findings, Workspace], str]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "codequality": _codequality,
}
"""The ways to show findings."""
