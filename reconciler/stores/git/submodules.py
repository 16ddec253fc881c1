"""The submodules of a checkout: repositories of their own, whose files no pull request shows."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GITMODULES_BYTES_MAX = 1024 * 1024
"""Bytes of `.gitmodules` that are looked at."""

_GITLINK = re.compile(rb"160000 [0-9a-f]+ [0-3]\t(.+)", re.DOTALL)
"""An entry of `git ls-files --stage` for a commit in the place of files."""


def listed_submodules(folder: Path) -> frozenset[str]:
    """Return the real paths that `.gitmodules` lists in the checkout that has `folder`."""
    root = _root(folder)
    try:
        listed = (root / ".gitmodules").read_bytes()[:GITMODULES_BYTES_MAX] if root else b""
    except OSError:
        return frozenset()
    paths = re.findall(r"^[ \t]*path[ \t]*=[ \t]*\"?([^\"\n]*[^\"\s])", os.fsdecode(listed), re.MULTILINE)
    return frozenset(os.path.realpath(f"{root}/{path}") for path in paths if "\0" not in path)


def gitlinks(folder: Path, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the real paths at which the checkout that has `folder` has a commit in the place of files.

    `.gitmodules` need not list them. There are none where git cannot be asked.
    """
    from reconciler.stores.git import _command as commands  # noqa: PLC0415 - only where git is asked

    root = _root(folder)
    if root is None:
        return frozenset()
    arguments = ("ls-files", "--stage", "--full-name", "-z", ":/")
    try:
        result = commands.run(*arguments, folder=folder, environ=commands.environment(environ))
    except (StateError, TimeoutError):
        return frozenset()
    found = (_GITLINK.fullmatch(entry) for entry in result.output.split(b"\0"))
    return frozenset(os.path.realpath(root / os.fsdecode(entry[1])) for entry in found if entry)


def _root(folder: Path) -> Path | None:
    whole = folder.resolve()
    return next((each for each in (whole, *whole.parents) if os.path.lexists(each / ".git")), None)
