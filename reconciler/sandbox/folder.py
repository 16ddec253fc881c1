"""The folder in which a sandbox lasts: files replaced whole, and what to say where it cannot be used."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError
from reconciler.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, at once or not at all. Raises `SettingsError`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        beside.touch(mode=0o600)  # the account holds passcodes, as the real one does
        beside.write_bytes(content)
        beside.replace(path)


def read_file(path: Path) -> str | None:
    """The text of a file; None where there is none. Raises `SettingsError`."""
    with explained(path):
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


def read_switches(path: Path) -> Switches:
    """The switches that a person wrote into a JSON file; the defaults without one. Raises `SettingsError`."""
    text = read_file(path)
    try:
        return changed(Switches(), json.loads(text) if text is not None else {})
    except ValueError as error:
        raise SettingsError(
            Diagnostic(
                code="sandbox.switches",
                summary="The emulator's switches cannot be used",
                detail=f"{path}: {error}.",
                hint='Write a JSON object such as {"daily_limit": 5}, or remove the file.',
            )
        ) from error


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What the system refuses inside, as a `SettingsError` about `path`."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            Diagnostic(
                code="sandbox.folder",
                summary="The emulator cannot use its folder",
                detail=f"{path}: {error}.",
                hint="Make the folder readable and writable, or work in another one.",
            )
        ) from error
