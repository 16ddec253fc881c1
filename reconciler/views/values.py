"""Values of fields as text: without secrets, on one line, shortened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import count_noun, escape_control, quote, shorten
from reconciler.meeting import fields
from reconciler.meeting.meeting import Schedule, schedule
from reconciler.plan.change import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.meeting.passcode import PasscodeReference
    from reconciler.plan.change import FieldChange
    from reconciler.ports import Json


WIDTH_MAX = 60
"""Characters of one value that are shown, unless the whole value is asked for."""

LEAD = 20
"""Characters before the first difference of two texts that are shown."""

_HIDDEN = "(secret)"


def redact_secrets(path: tuple[str | int, ...], value: Json) -> Json:
    """Return the value at a path without list wildcards, with every secret inside it replaced by a word."""
    if isinstance(value, list):
        return [redact_secrets((*path, index), entry) for index, entry in enumerate(value)]
    if isinstance(value, dict):
        return {name: redact_secrets((*path, name), entry) for name, entry in value.items()}
    field = fields.field_at(path)
    is_secret = field is not None and field.secret and value is not None
    return _HIDDEN if is_secret and value != REDACTED else value


def change_words(change: FieldChange, reference: PasscodeReference | None, *, whole: bool) -> str:
    """Return `path: before → after   (effect)`; `reference` is that of the passcode."""
    before, after = (
        value_words(value, whole=whole)
        for value in changed_values(change, width_max=None if whole else WIDTH_MAX)
    )
    if change.path == "password" and reference is not None:
        after = passcode_words(reference)
    effect = f"   ({change.effect})" if change.effect else ""
    return f"{escape_control(change.path)}: {before} → {after}{effect}"


def changed_values(change: FieldChange, *, width_max: int | None, lead: int = LEAD) -> tuple[Json, Json]:
    """Return the values before and after a change, without secrets.

    Texts that are equal up to `width_max` are given from their first difference on, with `lead` characters
    before it.
    """
    path = tuple(change.path.split("."))
    before, after = redact_secrets(path, change.before), redact_secrets(path, change.after)
    if isinstance(before, str) and isinstance(after, str) and width_max is not None:
        return _from_first_difference(before, after, width_max, lead)
    return before, after


def passcode_words(reference: PasscodeReference | None) -> str:
    """Return where a passcode comes from, never the passcode."""
    if reference is None:
        return "as written in the spec"
    return f"from {escape_control(reference.name)}, version {reference.version}"


def value_words(value: Json, *, whole: bool) -> str:
    """Return a value on one line; a list or mapping as JSON."""
    if value is None:
        return "(not set)"
    if value == REDACTED:
        return REDACTED
    if not isinstance(value, str):
        return _shortened(escape_control(orjson.dumps(value).decode()), whole=whole)
    return quote(_shortened(value, whole=whole))


def short_words(value: Json, *, whole: bool) -> str:
    """Return a value among others: of a list only the length, unless `whole`."""
    if isinstance(value, list) and not whole:
        return count_noun(len(value), "entry", "entries")
    return value_words(value, whole=whole)


def leaves(path: tuple[str, ...], attributes: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Return every field in a mapping with its path, in the order declared; a list is one field."""
    for name, value in attributes.items():
        if isinstance(value, dict):
            yield from leaves((*path, name), value)
        else:
            yield (*path, name), redact_secrets((*path, name), value)


def schedule_or_none(attributes: Mapping[str, Json], now: datetime) -> Schedule | None:
    """Return the schedule of recorded attributes; None where this machine cannot compute it.

    A record may hold a zone that only another machine knows, or half a rule, and must be shown all the same.
    """
    try:
        return schedule(attributes, now)
    except (KeyError, TypeError, ValueError):
        return None


def _from_first_difference(before: str, after: str, width_max: int, lead: int) -> tuple[str, str]:
    characters = enumerate(zip(before, after, strict=False))
    shared = next((index for index, (old, new) in characters if old != new), min(len(before), len(after)))
    if shared < width_max - lead:
        return before, after
    return f"…{before[shared - lead :]}", f"…{after[shared - lead :]}"


def _shortened(text: str, *, whole: bool) -> str:
    return text if whole else shorten(text, WIDTH_MAX)
