"""The texts of a meeting in one string, so that rules about texts cost one search for most meetings."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.ports import Json

_STRUCTURED = frozenset({"start_time", "timezone", "recurrence"})
"""Fields whose form the schema or a rule checks: they hold no free text."""


def joined(attributes: Mapping[str, Json]) -> str:
    """Return every free text in `attributes`, at any depth, on lines of their own."""
    # Without recursion: this runs over every meeting.
    texts: list[str] = []
    open_values: list[Json] = [value for name, value in attributes.items() if name not in _STRUCTURED]
    while open_values:
        value = open_values.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            open_values.extend(value.values())
        elif isinstance(value, (list, tuple)):
            open_values.extend(value)
    return "\n".join(texts)
