"""The files that ship with the program: schemas, and the workflows for CI systems.

A wheel carries them inside the package; an editable checkout has them beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
_WORKFLOWS = (_PACKAGE / "ci", _PACKAGE.parent / "examples" / "ci")
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


def workflows(system: str) -> dict[str, str]:
    """The files that have a CI system run us, by name; empty for a `system` that there are none for."""
    folder = next((each / system for each in _WORKFLOWS if (each / system).is_dir()), None)
    paths = sorted(folder.iterdir()) if folder else ()
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


@cache
def document(name: str) -> Any:
    """The same file as a JSON value, parsed once: not to be changed."""
    return orjson.loads(read(name))
