"""Files that a verb writes where somebody named one."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put `text` into a file at once, for the owner only. Raises `SettingsError`."""
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        fresh.unlink(missing_ok=True)  # left by a run that was killed, or a link that a checkout holds
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise SettingsError(unwritable(path, error)) from error


def unwritable(path: Path, error: OSError) -> Diagnostic:
    """What to say of a file that the system does not let us write."""
    return Diagnostic(
        code="output.unwritable",
        summary="The file could not be written",
        detail=f"{path}: {error.strerror or error}.",
        hint="Name a file in a folder that exists and can be written to.",
    )
