"""What Zoom stored otherwise than it was asked to: told, never fought.

Pure. Only fields that were sent are looked at, each by its own compare rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.errors.text import shorten
from reconciler.meeting import fields
from reconciler.meeting.compare import differences
from reconciler.ports import Json

CHARACTERS_MAX = 60
"""Of a value that stands in a note."""

HIDDEN = "(not shown)"
"""Stands for a secret that differs."""


def created_at(stored: Mapping[str, Json]) -> str | None:
    """When Zoom says that it made the meeting; None where it does not say."""
    told = stored.get("created_at")
    return told if isinstance(told, str) else None


def observe(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, Json]:
    """The sent fields that Zoom has otherwise, by dotted path, with what it has; secrets are not shown."""
    return {
        each.dotted: HIDDEN if each.described.secret else each.stored for each in differences(sent, stored)
    }


def merge_observed(
    before: Mapping[str, Json], sent: Mapping[str, Json], seen: Mapping[str, Json]
) -> dict[str, Json]:
    """What is known to be otherwise after a partial update: `seen`, and what it did not touch."""
    return {path: value for path, value in before.items() if not fields.has(sent, path)} | dict(seen)


def describe_observed(sent: Mapping[str, Json], seen: Mapping[str, Json]) -> tuple[str, ...]:
    """One line for each field of `observed`, as a person would say it."""
    return tuple(_note(path, fields.get(sent, path), value) for path, value in seen.items())


def _note(path: str, wanted: Json, has: Json) -> str:
    if has == HIDDEN:
        return f"Zoom stored another {path} than was sent"
    if has is None:
        return f"Zoom left out {path}"
    return f"Zoom set {path} to {_word(has)} (sent: {_word(wanted)})"


def _word(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, CHARACTERS_MAX)
