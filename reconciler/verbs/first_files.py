"""The files that `init` writes: all of them or none, and never over one that exists."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError
from reconciler.verbs.output import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

IGNORED = ".reconciler/"
"""What git shall leave alone: the emulator's folder."""


def check_free(folder: Path, names: Iterable[str]) -> None:
    """Raise `SettingsError` where one of `names` is there already."""
    present = [name for name in names if os.path.lexists(folder / name)]
    if present:
        raise SettingsError(_exists(present))


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, by name. Raises `SettingsError`, and takes back what it wrote, where one cannot be."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            _make(folder / name, text, made)
    except OSError as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise SettingsError(unwritable(folder / name, error)) from error


def ignore(folder: Path) -> bool:
    """Have git leave the emulator's folder alone; False where it does already."""
    path = folder / ".gitignore"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if IGNORED in text.splitlines():
            return False
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{IGNORED}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(unwritable(path, OSError(str(error)))) from error
    return True


def _make(path: Path, text: str, made: list[Path]) -> None:
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir()
            made.append(parent)
    with path.open("x", encoding="utf-8") as file:
        made.append(path)
        file.write(text)


def _exists(present: list[str]) -> Diagnostic:
    return Diagnostic(
        code="init.exists",
        summary="Something is here already",
        detail=f"{', '.join(present)}: what somebody wrote is never overwritten. Nothing was written.",
        hint="Work on with what is there, or run init in another folder.",
    )
