"""Parts in which two values of a field differ: added and removed entries, changed stretches of a long text.

A view may cut what is equal, never what differs.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import orjson

from reconciler.meeting import fields
from reconciler.ports import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

Part = tuple[Json, Json]
"""A value before and after; None if it is absent."""

LISTS = frozenset(
    {fields.Compare.SET, fields.Compare.CSV_SET, fields.Compare.EMAIL_SET, fields.Compare.KEYED_SET}
)
"""The comparisons of fields whose text is a list."""

WORDS_MAX = 600
"""Words of the differing middle of two texts that are compared one by one."""

_WORD = re.compile(r"\s+|[^\s]+")


def parts(path: str, before: Json, after: Json, *, width_max: int, lead: int) -> list[Part]:
    """Return the parts of a field that differ; a pair of short values is one part.

    `width_max` is the length up to which a text is shown whole, `lead` the characters around a difference.
    """
    old, new = _entries(path, before), _entries(path, after)
    is_long = max(len(_text(before)), len(_text(after))) > width_max
    if is_long and (old is not None or new is not None):
        return _changed_entries(path, old or [], new or []) or [(before, after)]
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > width_max:
        return list(_stretches(before, after, lead))
    return [(before, after)]


def _entries(path: str, value: Json) -> list[Json] | None:
    """Return the entries of a list, or of a text that holds one; None for any other value."""
    if isinstance(value, list):
        return value
    field = fields.field_at(path.split("."))
    if isinstance(value, str) and field is not None and field.compare in LISTS:
        separators = ",;" if field.compare == fields.Compare.EMAIL_SET else field.separator or ","
        return [entry.strip() for entry in re.split(f"[{separators}]", value) if entry.strip()]
    return None


def _changed_entries(path: str, old: list[Json], new: list[Json]) -> list[Part]:
    removed, added = _without(old, new), _without(new, old)
    field = fields.field_at(path.split("."))
    identity = field.identity if field else None
    paired: list[Part] = []
    for entry in removed:
        same = (each for each in added if identity and _name(entry, identity) == _name(each, identity))
        successor = next(same, None)
        if successor is not None:
            added.remove(successor)
        paired.append((entry, successor))
    return [*paired, *((None, entry) for entry in added)]


def _without(entries: list[Json], others: list[Json]) -> list[Json]:
    """Return the `entries` without those of `others`, each as often as it is in `others`."""
    counts = Counter(map(_text, others))
    kept: list[Json] = []
    for entry in entries:
        text = _text(entry)
        if counts[text]:
            counts[text] -= 1
        else:
            kept.append(entry)
    return kept


def _name(entry: Json, identity: str) -> Json:
    return entry.get(identity) if isinstance(entry, dict) else entry


def _text(entry: Json) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


def _stretches(before: str, after: str, lead: int) -> Iterator[Part]:
    """Yield each differing stretch of two texts, with `lead` equal characters around it."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where a long text changes

    start = _equal_at_start(before, after)
    end = _equal_at_start(before[start:][::-1], after[start:][::-1])
    old, new = (
        _WORD.findall(before[start : len(before) - end]),
        _WORD.findall(after[start : len(after) - end]),
    )
    if max(len(old), len(new)) > WORDS_MAX:
        yield _excerpt(before, start, len(before) - end, lead), _excerpt(after, start, len(after) - end, lead)
        return
    old_at, new_at = _offsets(old, start), _offsets(new, start)
    for tag, *at in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield (
                _excerpt(before, old_at[at[0]], old_at[at[1]], lead),
                _excerpt(after, new_at[at[2]], new_at[at[3]], lead),
            )


def _equal_at_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _offsets(words: list[str], start: int) -> list[int]:
    offsets = [start]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    return offsets


def _excerpt(text: str, start: int, end: int, lead: int) -> str:
    first, last = max(0, start - lead), min(len(text), end + lead)
    return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"
