"""The names of the files that are read or written, and comparison of paths."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SPECS = ("meetings.yaml", "meetings/")
SUFFIXES = (".yaml", ".yml")

SCHEMA = "meetings.schema.json"
"""The schema of specs, which `init` writes into the working folder for editors."""


def as_typed(path: str) -> str:
    """Return a path as a person would type it."""
    name = path.replace(os.sep, "/")
    return name.rstrip("/") or "/"


def is_below(path: Path, folder: Path) -> bool:
    """Return True where `path`, as written, is in `folder`."""
    return within(os.path.abspath(path), os.path.abspath(folder))  # noqa: PTH100 - links must stay as written


def resolves_below(path: Path, folder: Path) -> bool:
    """Return True where `path`, with links resolved, is in `folder`."""
    return within(os.path.realpath(path), os.path.realpath(folder))


def within(path: str, folder: str) -> bool:
    """Return True where `path` is `folder` or in it; both are absolute."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
