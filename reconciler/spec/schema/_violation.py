"""One value that violates one keyword of its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.errors.text import SECRET_HINT, count_noun, redact_links, shorten
from reconciler.meeting.fields import Field, field_at
from reconciler.ports import Json

Path = tuple[str | int, ...]


class Codes(NamedTuple):
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
"""What a person calls JSON Schema's types."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One value against one keyword of its schema.

    `path` leads from the document to `value`, or to the mapping whose key `value` is
    (`in_key`); `limit` is what the keyword demands, `schema` where it stands.
    """

    path: Path
    keyword: str
    limit: Json
    value: Json
    schema: Mapping[str, Json]
    in_key: bool = False


@dataclass(frozen=True, slots=True)
class SchemaContext:
    """The schema that a document was held against, and the pointer at which it was entered."""

    name: str
    pointer: str = ""

    def in_meeting(self, path: Path) -> Path | None:
        """The rest of `path` inside a meeting or defaults; None outside of one."""
        if self.pointer.endswith("/meeting"):
            return path
        if path[:1] == ("defaults",):
            return path[1:]
        return path[2:] if self.name == "meetings" and path[:1] == ("meetings",) and path[1:] else None

    def field(self, path: Path) -> Field | None:
        """What the field table says about the value at `path`."""
        inside = self.in_meeting(path)
        return field_at(inside) if inside else None

    def is_secret(self, path: Path) -> bool:
        """Whether the value, or what it stands in, must not be shown. State and plan show nothing."""
        if self.name not in ("meetings", "reconciler"):
            return True
        fields = (self.field(path[:length]) for length in range(1, len(path) + 1))
        return any(field.secret for field in fields if field)

    def code(self, codes: Codes) -> str:
        """The stable code of a finding in this document."""
        return codes.settings if self.name == "reconciler" else codes.spec

    def subject(self, path: Path) -> str:
        """How a person names the value at `path`: as written in a meeting, or from the top of the file."""
        inside = self.in_meeting(path)
        if inside is None:
            return f"`{dotted_path(path)}`" if path else "This file"
        if inside:
            return f"`{dotted_path(inside)}`"
        return "`defaults`" if path[:1] == ("defaults",) else "The meeting"

    def shown(self, path: Path, value: Json) -> str:
        """A scalar as it would be written, cut; of a secret only what it is."""
        if isinstance(value, dict | list) or value is None:
            return kind_of_value(value)
        if not isinstance(value, str):
            return kind_of_value(value) if self.is_secret(path) else str(value).lower()
        if self.is_secret(path) or SECRET_HINT.search(value):
            return f"a text of {count_noun(len(value), 'character')}"
        return f'"{truncate(value)}"'


def kind_of_value(value: Json) -> str:
    """What a person calls a value, without telling it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float):
        return "a number with a fraction"
    names: dict[type, str] = {int: "integer", str: "string", list: "array", dict: "object"}
    return TYPES[names[type(value)]]


def truncate(text: str) -> str:
    """At most `SHOWN_MAX` characters, no secret of a join link, and nothing that moves a cursor or hides."""
    shown = shorten(redact_links(text), SHOWN_MAX)
    return shown if shown.isprintable() else ascii(shown)[1:-1]


def dotted_path(path: Path) -> str:
    """A concrete path as a person writes it: `settings.breakout_room.rooms[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{truncate(step)}" if text else truncate(step)
    return text
