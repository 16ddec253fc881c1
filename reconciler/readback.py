"""What Zoom stored otherwise than it was asked to: told, never fought.

Pure. Only fields that were sent are looked at, each by its own compare rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import fields
from reconciler.fields import Compare
from reconciler.normal import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.fields import Json

CHARACTERS_MAX = 60
"""Of a value that stands in a note."""

HIDDEN = "(not shown)"
"""Stands for a secret that differs."""


def observed(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, Json]:
    """The sent fields that Zoom has otherwise, by dotted path, with what it has; secrets are not shown."""
    zones = (sent.get("timezone"), stored.get("timezone"))
    return {".".join(path): value for path, value in _differing((), sent, stored, zones)}


def merged(before: Mapping[str, Json], sent: Mapping[str, Json], seen: Mapping[str, Json]) -> dict[str, Json]:
    """What is known to be otherwise after a partial update: `seen`, and what it did not touch."""
    return {path: value for path, value in before.items() if not touches(sent, path)} | dict(seen)


def touches(sent: Mapping[str, Json], path: str) -> bool:
    """Whether the dotted `path` is in `sent`."""
    value: Json = sent
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


def notes(sent: Mapping[str, Json], seen: Mapping[str, Json]) -> tuple[str, ...]:
    """One line for each field of `observed`, as a person would say it."""
    return tuple(_note(path, _at(sent, path), value) for path, value in seen.items())


def _differing(
    path: tuple[str, ...],
    sent: Mapping[str, Json],
    stored: Mapping[str, Json],
    zones: tuple[str | None, str | None],
) -> Iterator[tuple[tuple[str, ...], Json]]:
    for name, wanted in sent.items():
        here = (*path, name)
        described = fields.at(here)
        if described is None or not described.read:
            continue
        has = stored.get(name)
        if described.compare is Compare.PARTS and isinstance(wanted, dict):
            yield from _differing(here, wanted, has if isinstance(has, dict) else {}, zones)
        elif normal(described, wanted, zones[0]) != normal(described, has, zones[1]):
            yield here, HIDDEN if described.secret else has


def _at(sent: Mapping[str, Json], path: str) -> Json:
    value: Json = sent
    for name in path.split("."):
        value = value[name]
    return value


def _note(path: str, wanted: Json, has: Json) -> str:
    if has == HIDDEN:
        return f"Zoom stored another {path} than was sent"
    if has is None:
        return f"Zoom left out {path}"
    return f"Zoom set {path} to {_word(has)} (sent: {_word(wanted)})"


def _word(value: Json) -> str:
    words = {True: "true", False: "false"}
    text = words[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= CHARACTERS_MAX else f"{text[: CHARACTERS_MAX - 1]}…"
