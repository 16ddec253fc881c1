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
_ENDING = ".schema.json"


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


def schemas() -> tuple[str, ...]:
    """The name of every schema, sorted."""
    folder = next(each for each in _FOLDERS if each.is_dir())
    return tuple(sorted(path.name.removesuffix(_ENDING) for path in folder.glob(f"*{_ENDING}")))


@cache
def document(name: str) -> Any:
    """The same file as a JSON value, parsed once: not to be changed."""
    return orjson.loads(read(name))
