"""A state that is not there, where a runner named it: right before the first apply, and never a surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.workspace import Workspace


def remarks(workspace: Workspace, version: str | None) -> tuple[Diagnostic, ...]:
    """A warning where a CI job read a state of no `version`: nothing was ever recorded there.

    A fork's job that missed its snapshot would else show every meeting as one to add, and no drift.
    """
    if version is not None or workspace.sandbox or not workspace.console.is_runner:
        return ()
    return (
        Diagnostic(
            code="state.absent",
            summary="There is no state yet",
            detail=f"{workspace.store.location} holds none, so nothing counts as existing: "
            "whatever is declared shows as new, and nothing can have drifted.",
            hint="Before the first apply that is right. Later it is not: see that the job names the state "
            "that apply writes (--state, RECONCILER_STATE, reconciler.yaml) and may read it.",
            severity=Severity.WARNING,
        ),
    )
