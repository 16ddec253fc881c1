"""Where files stand in the checkout of a CI job: its annotations and reports name paths from there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.errors import Diagnostic

ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub and GitLab tell the folder of the checkout. Source: each one's list of variables."""


def seen_from_root(
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
