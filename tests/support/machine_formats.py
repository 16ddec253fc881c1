"""Checks every JSON document that our program prints or writes in a test against its schema.

The published schemas allow fields that a later minor version adds. Here a field that its schema does
not name is an error, so that a new one must be described before it can be printed.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft7Validator

from reconciler import resources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BY_VERB = {
    "apply": "apply",
    "budget": "budget",
    "calendar": "calendar",
    "doctor": "doctor",
    "drift": "plan",
    "explain": "explain",
    "history": "history",
    "links": "links",
    "plan": "plan",
    "state list": "state-list",
    "state lock": "state-lock",
    "state mv": "state-change",
    "state rm": "state-change",
    "state show": "state-show",
    "validate": "validate",
}
"""The schema of the document that a command prints with `--format json`."""

WRITTEN = ("--out", "--json-into")
"""The flags of `plan` that name a JSON file to write."""

STATES = ("reconciler.state.json", ".reconciler/sandbox/reconciler.state.json", "s.json")
"""The state files of the tests that run commands."""


@cache
def validator(name: str) -> Any:
    """Return the validator of the schema `name`, closed against other fields."""
    return Draft7Validator(closed(resources.document(f"{name}.schema.json")))


def closed(schema: Any) -> Any:
    """Return a schema with `additionalProperties: false` in every mapping that does not set it."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    if "properties" in schema and "additionalProperties" not in schema and schema.get("type") == "object":
        inner["additionalProperties"] = False
    return inner


def misfits(name: str, text: str) -> list[str]:
    """Return what is wrong with `text`: one document, or one a line in the log of an apply."""
    texts = text.splitlines() if name == "apply" else [text]
    return [
        f"{name}: {error.message}" for one in texts for error in validator(name).iter_errors(json.loads(one))
    ]


def _printed(arguments: Sequence[str]) -> str | None:
    """Return the schema of what the arguments print; None if it is no JSON."""
    flags = " ".join(arguments).replace("=", " ")
    if "--format json" not in flags or "--help" in arguments:
        return None
    words = [argument for argument in arguments if not argument.startswith("-")]
    return BY_VERB[" ".join(words[: 2 if words[0] == "state" else 1])]


def _written(arguments: Sequence[str], folder: Path) -> Iterator[Path]:
    for flag, value in pairwise(arguments):
        if flag in WRITTEN and arguments[0] == "plan" and (folder / value).is_file():
            yield folder / value


def states(folder: Path) -> dict[Path, int]:
    """Return the states in a folder, each with the time of its last write."""
    return {path: path.stat().st_mtime_ns for name in STATES if (path := folder / name).is_file()}


def is_pushed(arguments: Sequence[str], path: Path, folder: Path) -> bool:
    """Return whether the state at `path` is, byte for byte, the file that `state push` was given.

    Such a state may have fields of a newer version, which no schema of this version names.
    """
    match list(arguments):
        case ["state", "push", name, *_] if (folder / name).is_file():
            return (folder / name).read_bytes() == path.read_bytes()
    return False


def check(arguments: Sequence[str], out: str, folder: Path, before: dict[Path, int]) -> None:
    """Fail if anything that a run of our program printed or wrote does not match its schema."""
    errors: list[str] = []
    name = _printed(arguments)
    if name and out:
        errors += misfits(name, out)
    for path in _written(arguments, folder):
        errors += misfits("plan", path.read_text())
    for path, written_at in states(folder).items():
        if before.get(path) != written_at and not is_pushed(arguments, path, folder):
            errors += misfits("state", path.read_text())
    assert errors == [], f"{' '.join(arguments)} prints what no schema describes"


OPEN = """\
version: 1
meetings:
  retro: {topic: Retro, type: 2, duration: 60}
"""
"""A spec with two errors: no host, no start."""
