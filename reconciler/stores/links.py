"""Refuses symbolic links where files are written: a checkout may contain links that others committed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file that only its owner may read or write."""

PUBLIC = 0o666
"""Mode of a file that the user's own mask decides about, as of any other new file."""


def refuse_link(path: Path, *, below: Path | None = None) -> None:
    """Raise `OSError` if `path`, or a folder of it inside `below` (the working folder), is a link."""
    root = os.path.abspath(below or Path.cwd())  # noqa: PTH100 - links must stay as written
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - the same
    inside = [parent for parent in whole.parents if parent.is_relative_to(root) and str(parent) != root]
    for part in (*reversed(inside), whole):
        if part.is_symlink():
            reason = "it is a link, and nothing is written through links; remove the link"
            raise OSError(errno.ELOOP, reason if part == whole else f"in its path, {part.name}: {reason}")


def open_no_link(path: str, flags: int) -> int:
    """Open a file as the builtin `open` does, for its `opener`. Raises `OSError` for a link."""
    return os.open(path, flags | os.O_NOFOLLOW, PUBLIC)


def create(path: Path, mode: int = PRIVATE) -> int:
    """Return the descriptor of a new file, private unless `mode` says otherwise.

    Raises `OSError` if anything has that name.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
