"""Values of fields as text: without secrets, on one line, shortened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import count_noun, escape_control, quote, shorten
from reconciler.meeting import fields
from reconciler.plan.change import REDACTED
from reconciler.views.differences import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.meeting.passcode import PasscodeReference
    from reconciler.plan.change import FieldChange
    from reconciler.ports import Json


WIDTH_MAX = 60
"""Characters of one value that are shown, unless the whole value is asked for."""

LEAD = 20
"""Characters around a difference that are shown."""

PARTS_MAX = 40
"""Differing parts of one field that are shown; the rest is counted."""

PART_MAX = 1_000
"""Characters of one such part."""

_HIDDEN = "(secret)"


def redact_secrets(path: tuple[str | int, ...], value: Json) -> Json:
    """Return the value at a concrete path, with every secret inside it replaced by `(secret)`."""
    if isinstance(value, list):
        return [redact_secrets((*path, index), entry) for index, entry in enumerate(value)]
    if isinstance(value, dict):
        return {name: redact_secrets((*path, name), entry) for name, entry in value.items()}
    field = fields.field_at(path)
    is_secret = field is not None and field.secret and value is not None
    return _HIDDEN if is_secret and value != REDACTED else value


def change_words(change: FieldChange, reference: PasscodeReference | None, *, whole: bool) -> str:
    """Return `path: before → after   (effect)`; `reference` is that of the passcode.

    Of long lists and texts only the parts that differ are given, unless `whole`.
    """
    before, after = _redacted(change)
    shown = parts(change.path, before, after, width_max=WIDTH_MAX, lead=LEAD)
    if change.path == "password" and reference is not None:
        words = f"{value_words(before, whole=whole)} → {passcode_words(reference)}"
    elif whole or shown == [(before, after)]:
        words = f"{value_words(before, whole=whole)} → {value_words(after, whole=whole)}"
    else:
        words = "; ".join(map(_part_words, shown[:PARTS_MAX]))
        more = len(shown) - PARTS_MAX
        words += f"; and {more} more, see the JSON" if more > 0 else ""
    effect = f"   ({change.effect})" if change.effect else ""
    return f"{escape_control(change.path)}: {words}{effect}"


def changed_parts(change: FieldChange, *, width_max: int, lead: int) -> list[tuple[Json, Json]]:
    """Return the differing parts of a change, each before and after, without secrets."""
    return parts(change.path, *_redacted(change), width_max=width_max, lead=lead)


def _redacted(change: FieldChange) -> tuple[Json, Json]:
    path = tuple(change.path.split("."))
    return redact_secrets(path, change.before), redact_secrets(path, change.after)


def _part_words(part: tuple[Json, Json]) -> str:
    before, after = (
        None if each is None else shorten(value_words(each, whole=True), PART_MAX) for each in part
    )
    if before is None or after is None:
        return f"+ {after}" if before is None else f"- {before}"
    return f"{before} → {after}"


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


def holds_addresses(path: tuple[str, ...]) -> bool:
    """Return whether the field at `path` holds e-mails or users."""
    field = fields.field_at(path)
    return field is not None and field.compare in {fields.Compare.EMAIL, fields.Compare.EMAIL_SET}


def leaves(path: tuple[str, ...], attributes: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield every field in a mapping with its path, in the declared order; a list is one field."""
    for name, value in attributes.items():
        if isinstance(value, dict):
            yield from leaves((*path, name), value)
        else:
            yield (*path, name), redact_secrets((*path, name), value)


def _shortened(text: str, *, whole: bool) -> str:
    return text if whole else shorten(text, WIDTH_MAX)
