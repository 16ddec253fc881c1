"""Where everything stands in a YAML text: a second pass over it, made only to tell of a finding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.masking import Columns, is_reference, is_secret
from reconciler.scanner import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    ScanError,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    scan,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Range = tuple[int, int, int, int]
"""Start line and column, end line and column; all from 0, the end not in it."""

DEPTH_MAX = 60
"""Mappings and lists inside one another, in a text that is taken at all."""


@dataclass(slots=True)
class Place:
    """Where a value stands, its key, and what is in it: the `text` of a scalar, or `children`."""

    value: Range
    key: Range | None = None
    is_container: bool = False
    text: str = ""
    children: dict[str | int, Place] = field(default_factory=dict)

    @property
    def named(self) -> Range:
        """What a person is pointed at: the value, or the key of a mapping or list."""
        return self.key if self.is_container and self.key else self.value


@dataclass(frozen=True, slots=True)
class Twin:
    """A key that stands twice in one mapping."""

    name: str
    first: Range
    second: Range


@dataclass(slots=True)
class Trace:
    """The places of a whole text, or of a piece of it; of a broken one, up to the break.

    `secrets` maps a line to the stretches of it that hold secret values, `secret_texts`
    the line on which a secret begins to the secret itself.
    """

    root: Place | None = None
    twins: list[Twin] = field(default_factory=list)
    secrets: dict[int, list[Columns]] = field(default_factory=dict)
    secret_texts: dict[int, list[str]] = field(default_factory=dict)
    is_whole: bool = False

    def hide(self, place: Place) -> None:
        """Note a scalar, which may go over several lines, as secret."""
        start_line, start, end_line, end = place.value
        self.secret_texts.setdefault(start_line, []).append(place.text)
        for line in range(start_line, end_line + 1):
            columns = (start if line == start_line else 0, end if line == end_line else 1 << 30)
            self.secrets.setdefault(line, []).append(columns)


def trace(text: str, *, first_line: int = 0) -> Trace:
    """The places in `text`, whose first line is line `first_line` of its file."""
    walk = _Walk(text, first_line)
    try:
        walk.document()
    except ScanError:
        walk.found.is_whole = False
    return walk.found


class _Walk:
    def __init__(self, text: str, first_line: int) -> None:
        self.next_event: Callable[[], Any] = scan(text)
        self.first_line = first_line
        self.anchors: dict[str, Place] = {}
        self.found = Trace()

    def document(self) -> None:
        event = self.next_event()
        while type(event) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                return
            event = self.next_event()
        self.found.root = self.place(self.next_event(), None, "", depth=0)
        self.next_event()  # the end of the document
        self.found.is_whole = type(self.next_event()) is StreamEndEvent

    def place(self, event: Any, key: Range | None, secret: str, *, depth: int) -> Place:
        """The place of the value that begins with `event`; `secret`: the key that hides it, or empty."""
        if type(event) is AliasEvent:
            return self.alias(event, key, secret)
        place = Place(self.range(event), key)
        if type(event) is MappingStartEvent or type(event) is SequenceStartEvent:
            if depth > DEPTH_MAX:
                raise ScanError("too deep")
            place.is_container = True
            fill = self.mapping if type(event) is MappingStartEvent else self.sequence
            fill(place, secret, depth + 1)
        else:
            place.text = event.value
            if secret and not is_reference(secret, event.value):
                self.found.hide(place)
        if event.anchor is not None:  # only now: a value cannot be inside itself
            self.anchors[event.anchor] = place
        return place

    def alias(self, event: Any, key: Range | None, secret: str) -> Place:
        target = self.anchors.get(event.anchor)
        if target is None:
            return Place(self.range(event), key)
        if secret:
            self.hide_all(target, set())
        return Place(self.range(event), key, target.is_container, target.text, target.children)

    def hide_all(self, place: Place, seen: set[int]) -> None:
        if not place.is_container:
            self.found.hide(place)
        if id(place.children) in seen:  # aliases of aliases can make a small text huge
            return
        seen.add(id(place.children))
        for child in place.children.values():
            self.hide_all(child, seen)

    def mapping(self, place: Place, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.place(event, None, secret, depth=depth)
                self.place(self.next_event(), None, secret, depth=depth)
                continue
            name, key = event.value, self.range(event)
            if event.anchor is not None:
                self.anchors[event.anchor] = Place(key, text=name)
            beneath = name if secret or is_secret(name) else ""
            child = self.place(self.next_event(), key, beneath, depth=depth)
            first = place.children.setdefault(name, child)
            if first is not child and first.key:
                self.found.twins.append(Twin(name, first.key, key))
        place.value = self.until(place.value, event)

    def sequence(self, place: Place, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not SequenceEndEvent:
            index = len(place.children)
            place.children[index] = self.place(event, None, secret, depth=depth)
        place.value = self.until(place.value, event)

    def range(self, event: Any) -> Range:
        start, end = event.start_mark, event.end_mark
        return (start.line + self.first_line, start.column, end.line + self.first_line, end.column)

    def until(self, place: Range, event: Any) -> Range:
        return (*place[:2], event.end_mark.line + self.first_line, event.end_mark.column)
