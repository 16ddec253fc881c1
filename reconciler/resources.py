"""The schema files that ship with the program.

A wheel carries them inside the package; an editable checkout has them beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


@cache
def read(name: str) -> bytes:
    """The file `name`, a path below `schemas/` such as `meetings.schema.json`.

    Read once per process. Raises FileNotFoundError where neither place has it:
    then the installation is broken.
    """
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise FileNotFoundError(f"schemas/{name} is missing; install meetings-reconciler again")


@cache
def document(name: str) -> Any:
    """The same file as a JSON value, parsed once: not to be changed."""
    return orjson.loads(read(name))
