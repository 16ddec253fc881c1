"""The submodules of a checkout: repositories of their own, whose files no pull request shows."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GITMODULES_BYTES_MAX = 1024 * 1024
"""Bytes of `.gitmodules` that are looked at."""


def submodules_around(folder: Path) -> frozenset[str]:
    """Return the real paths of the submodules of the checkout that has `folder`; none outside of one."""
    folder = folder.resolve()
    root = next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), None)
    try:
        listed = (root / ".gitmodules").read_bytes()[:GITMODULES_BYTES_MAX] if root else b""
    except OSError:
        return frozenset()
    paths = re.findall(r"^[ \t]*path[ \t]*=[ \t]*\"?([^\"\n]*[^\"\s])", os.fsdecode(listed), re.MULTILINE)
    return frozenset(os.path.realpath(f"{root}/{path}") for path in paths if "\0" not in path)
