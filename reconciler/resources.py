"""The files that ship with the program: schemas, workflows for CI systems, the parts of the calendar's page.

Schemas and workflows are inside the package in a wheel, and next to it in an editable checkout.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")
_WORKFLOWS = (_PACKAGE / "ci", _PACKAGE.parent / "examples" / "ci")
_PAGE = _PACKAGE / "views" / "html"
_EXPLANATIONS = _PACKAGE / "errors" / "explanations"
_SUFFIX = ".schema.json"


class BrokenInstallError(FileNotFoundError):
    """A file that ships with the program is missing; the text is its name."""


def check() -> None:
    """Raise `BrokenInstallError` if a folder of files that ship with the program is not there, or empty.

    A run that began without them would fail in the middle, or do less without a word.
    """
    shipped = (
        ("schemas", "meetings.schema.json", _FOLDERS),
        ("ci", "github/meetings-plan.yml", _WORKFLOWS),
        ("views/html", "calendar.html.jinja", (_PAGE,)),
        ("errors/explanations", "usage.toml", (_EXPLANATIONS,)),
    )
    for name, file, folders in shipped:
        if not any((folder / file).is_file() for folder in folders):
            raise BrokenInstallError(f"{name}/{file}")


@cache
def read(name: str) -> bytes:
    """Return the file `name`, a path in `schemas/` such as `meetings.schema.json`.

    It is read once per process. Raise `BrokenInstallError` if the installation lacks it.
    """
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise BrokenInstallError(f"schemas/{name}")


@cache
def page(name: str) -> bytes:
    """Return a part of a page, such as `calendar.css`; raise `BrokenInstallError` if it is missing."""
    if not (_PAGE / name).is_file():
        raise BrokenInstallError(f"views/html/{name}")
    return (_PAGE / name).read_bytes()


def schemas() -> tuple[str, ...]:
    """Return the name of every schema, such as `meetings`, sorted."""
    names = {path.name.removesuffix(_SUFFIX) for folder in _FOLDERS for path in folder.glob(f"*{_SUFFIX}")}
    if not names:
        raise BrokenInstallError("schemas/")
    return tuple(sorted(names))


def workflows(system: str) -> dict[str, str]:
    """Return the workflow files of a CI system by name; empty for an unknown `system`."""
    folder = next((path / system for path in _WORKFLOWS if (path / system).is_dir()), None)
    paths = sorted(folder.iterdir()) if folder else ()
    return {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}


@cache
def document(name: str) -> Any:
    """Return the file `name` in `schemas/` as a JSON value. Parsed once; do not change it."""
    import orjson  # noqa: PLC0415 - not for --help

    return orjson.loads(read(name))
