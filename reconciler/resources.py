"""The schema files that ship with the program.

A wheel carries them inside the package; an editable checkout has them beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


@cache
def read(name: str) -> bytes:
    """The file `name`, a path below `schemas/` such as `meetings.schema.json`.

    Read once per process. Raises FileNotFoundError where neither place has it:
    then the installation is broken.
    """
    return next(path for folder in _FOLDERS if (path := folder / name).is_file()).read_bytes()
