"""What Zoom stored otherwise than it was asked to: told, never fought.

Pure. Only fields that were sent are looked at, each by its own compare rule.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler import fields
from reconciler.fields import Compare
from reconciler.normal import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.fields import Field, Json

CHARACTERS_MAX = 60
"""Of a value that stands in a note."""

HIDDEN = "(not shown)"
"""Stands for a secret that differs."""


def created_at(stored: Mapping[str, Json]) -> str | None:
    """When Zoom says that it made the meeting; None where it does not say."""
    told = stored.get("created_at")
    return told if isinstance(told, str) else None


def observed(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, Json]:
    """The sent fields that Zoom has otherwise, by dotted path, with what it has; secrets are not shown."""
    zones = (sent.get("timezone"), stored.get("timezone"))
    return {".".join(path): value for path, value in _differing((), sent, stored, zones)}


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
        elif not _same(described, wanted, has, zones):
            yield here, HIDDEN if described.secret else has


def _same(described: Field, wanted: Json, has: Json, zones: tuple[str | None, str | None]) -> bool:
    try:
        return normal(described, wanted, zones[0]) == normal(described, has, zones[1])
    except (TypeError, AttributeError):  # whatever Zoom has there, it is of another kind
        return False


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
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= CHARACTERS_MAX else f"{text[: CHARACTERS_MAX - 1]}…"
