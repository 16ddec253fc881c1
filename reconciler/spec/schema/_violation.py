"""Violations of a schema, and the names of the values and types in messages about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from reconciler.errors.redact import redact_text
from reconciler.errors.secrets import may_hold_secret
from reconciler.errors.text import count_noun, shorten
from reconciler.meeting.fields import Field, field_at
from reconciler.ports import Json

Path = tuple[str | int, ...]


class Codes(Struct, frozen=True):
    """The codes of one kind of finding: about a spec, and about the settings file."""

    spec: str
    settings: str


SHOWN_MAX = 60
"""Characters of a value that a message may carry."""

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
"""JSON Schema's types as messages call them."""


class Violation(Struct, frozen=True):
    """A value that violates one keyword of its schema.

    `path` leads from the document to `value`; where `value` is a key (`in_key`), to its mapping, and `of_key`
    is the value under it, `beside` the keys of the mapping. `limit` is the value of the keyword, `schema` the
    schema that has the keyword.
    """

    path: Path
    keyword: str
    limit: Json
    value: Json
    schema: Mapping[str, Json]
    in_key: bool = False
    of_key: Json = None
    beside: Collection[str] = ()


class SchemaContext(Struct, frozen=True):
    """The schema that a document was validated against, and the pointer at which it was entered.

    `proposed` gathers the keys that hints propose, by mapping, and `numbers` the next number for each.
    """

    name: str
    pointer: str = ""
    proposed: dict[Path, set[str]] = {}
    numbers: dict[tuple[Path, str], Iterator[int]] = {}

    def in_meeting(self, path: Path) -> Path | None:
        """Return the rest of `path` inside a meeting or defaults; None outside of one."""
        if self.pointer.endswith("/meeting"):
            return path
        if path[:1] == ("defaults",):
            return path[1:]
        if self.name == "meetings" and path[:1] == ("templates",):
            return path[2:] if path[1:] else None
        return path[2:] if self.name == "meetings" and path[:1] == ("meetings",) and path[1:] else None

    def field(self, path: Path) -> Field | None:
        """Return the entry of the field table for the value at `path`."""
        meeting_path = self.in_meeting(path)
        return field_at(meeting_path) if meeting_path else None

    def is_secret(self, path: Path) -> bool:
        """Return whether the value at `path` may be secret. Every value of a state or a plan may be."""
        if self.name not in ("meetings", "reconciler", "policies"):
            return True
        fields = (self.field(path[:length]) for length in range(1, len(path) + 1))
        return any(field.secret for field in fields if field)

    def code(self, codes: Codes) -> str:
        """Return the code for a finding in this document."""
        return codes.settings if self.name == "reconciler" else codes.spec

    def subject(self, path: Path) -> str:
        """Return the name of the value at `path`: its path in the meeting, or from the top of the file."""
        meeting_path = self.in_meeting(path)
        if meeting_path is None:
            return f"`{dotted_path(path)}`" if path else "This file"
        if meeting_path:
            return f"`{dotted_path(meeting_path)}`"
        if path[:1] == ("templates",):
            return f"The template `{truncate(str(path[1]))}`"
        return "`defaults`" if path[:1] == ("defaults",) else "The meeting"

    def render(self, path: Path, value: Json) -> str:
        """Return a scalar as it is written, shortened; for anything else, and for a secret, its kind."""
        if isinstance(value, dict | list) or value is None:
            return kind_of_value(value)
        if not isinstance(value, str):
            return kind_of_value(value) if self.is_secret(path) else str(value).lower()
        if self.is_secret(path) or may_hold_secret(value):
            return f"a text of {count_noun(len(value), 'character')}"
        return f'"{truncate(value)}"'


def kind_of_value(value: Json) -> str:
    """Return the kind of a value, without the value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a constant"  # of a secret, the value is masked in the whole message
    if isinstance(value, float):
        return "a number with a fraction"
    names: dict[type, str] = {int: "integer", str: "string", list: "array", dict: "object"}
    return TYPES[names[type(value)]]


def truncate(text: str) -> str:
    """Return at most `SHOWN_MAX` characters of `text`, with secrets masked and control characters escaped."""
    shown = shorten(redact_text(text), SHOWN_MAX)
    return shorten("".join(each if each.isprintable() else ascii(each)[1:-1] for each in shown), SHOWN_MAX)


def dotted_path(path: Path) -> str:
    """Return `path` in the notation of messages: `settings.breakout_room.rooms[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{truncate(step)}" if text else truncate(step)
    return text
