"""One pass over the events of a YAML text, straight into plain values.

A plain scalar is a number by JSON's grammar only, `true`, `false`, `null` or
nothing (null); everything else is text. Whatever else YAML can do is a defect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from reconciler.ports import Json
from reconciler.spec.yaml._events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    ScanError,
    SequenceEndEvent,
    StreamEndEvent,
    SyntaxProblem,
    event_reader,
    syntax_problem,
)
from reconciler.spec.yaml.scalars import CONSTANTS, is_text, parse_scalar


class AnchoredValue(NamedTuple):
    """A named value; `values` are in it at all depths, `levels` of mappings and lists."""

    value: Json
    values: int
    levels: int


class Anchors:
    """The names so far; one that is given twice means the later value."""

    def __init__(self) -> None:
        self._named: dict[str, AnchoredValue] = {}
        self._levels: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._named)

    def name(self, name: str, value: Json, values: int) -> None:
        """Let `name` mean `value`."""
        self._named[name] = AnchoredValue(value, values, self._levels_of(value))

    def get(self, name: str) -> AnchoredValue | None:
        """What `name` means, if anything."""
        return self._named.get(name)

    def _levels_of(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return 0
        if id(value) not in self._levels:  # each once: aliases of aliases can make a small text huge
            inner = value.values() if isinstance(value, dict) else value
            self._levels[id(value)] = 1 + max(map(self._levels_of, inner), default=0)
        return self._levels[id(value)]


DEPTH_MAX = 60
"""Mappings and lists inside one another, in a text that is taken at all."""

VALUES_MAX = 2_000_000
"""Values in one file once its aliases are expanded; 10,000 meetings have about 400,000."""

KEPT_DEPTH = 2
"""Keys this deep keep their position in the first pass: `meetings:` and the meetings in it."""


class Entry(NamedTuple):
    """Where a key stands, and where its value ends; `line` and `column` count from 0.

    `start` and `end` count characters of the text from 0.
    """

    line: int
    column: int
    start: int
    end: int


class _StoppedError(Exception):
    """The rest of this text cannot be read."""


class Parser:
    """One pass over the events of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next_event: Callable[[], Any] = event_reader(text)
        self.entries: dict[tuple[str, ...], Entry] = {}
        self.defects: list[SyntaxProblem] = []
        self.has_twins = False
        self.has_nulls = False
        self.anchors = Anchors()
        self.values = 0
        self.end = 0  # of the last value read, in characters
        self.good_keys: set[str] = set()

    def document(self) -> Json:
        """The value of the only document; None where there is none, or where it cannot be read."""
        try:
            return self.only_document()
        except ScanError as error:
            self.defects.append(syntax_problem(error, self.text))
        except _StoppedError:
            pass
        return None

    def only_document(self) -> Json:
        """The value of the one document that a file may hold."""
        self.next_event()  # the start of the stream
        if type(self.next_event()) is StreamEndEvent:
            return None
        value = self.value(self.next_event(), (), 0)
        self.next_event()  # the end of the document
        event = self.next_event()
        if type(event) is not StreamEndEvent:
            self.defect(
                event, "yaml.document", "A second document starts here.", "Put it into a file of its own."
            )
        return value

    def value(self, event: Any, path: tuple[str, ...] | None, depth: int) -> Json:
        """The value that begins with `event`; `path` leads to it where positions are kept, else None."""
        kind = type(event)
        if kind is AliasEvent:
            return self.alias(event, depth)
        if event.tag is not None:
            self.tag(event)
        values = self.values
        if kind is ScalarEvent:
            self.end = event.end_mark.index
            value = self.scalar(event) if event.implicit[0] else event.value
        elif depth >= DEPTH_MAX:
            self.stop(
                event, "yaml.depth", f"More than {DEPTH_MAX} levels inside one another.", "Write it flatter."
            )
        elif kind is MappingStartEvent:
            value = self.mapping(path, depth + 1)
        else:
            value = self.sequence(depth + 1)
        if event.tag is not None and kind is not ScalarEvent:
            value, self.has_nulls = None, True  # whatever it was meant to be, it is no list and no mapping
        if event.anchor is not None:
            self.anchors.name(event.anchor, value, self.values - values)
        return value

    def mapping(self, path: tuple[str, ...] | None, depth: int) -> dict[str, Json]:
        """The mapping whose start was just read; the hottest loop of the program."""
        next_event, good_keys = self.next_event, self.good_keys
        below = path is not None and len(path) + 1 < KEPT_DEPTH
        found: dict[str, Json] = {}
        beneath: dict[str, Json] = {}
        while type(event := next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.odd_key(event, depth)
                continue
            key = event.value
            if (key not in good_keys or event.tag is not None or event.anchor is not None) and (
                not self.check_key(event)
            ):
                beneath |= self.unnamed(event, depth)
                continue
            child = next_event()
            if type(child) is ScalarEvent and child.tag is None and child.anchor is None:
                value = child.value
                self.end = child.end_mark.index
                if child.implicit[0]:
                    value = CONSTANTS[value] if value in CONSTANTS else self.scalar(child)
            else:
                value = self.value(child, (*path, key) if below and path is not None else None, depth)
            if key in found:
                self.has_twins = True
                continue
            found[key] = value
            if path is not None:
                mark = event.start_mark
                self.entries[(*path, key)] = Entry(mark.line, mark.column, mark.index, self.end)
        self.end = event.end_mark.index
        self.count(len(found), event)
        return {**beneath, **found} if beneath else found

    def sequence(self, depth: int) -> list[Json]:
        """The list whose start was just read."""
        found: list[Json] = []
        while type(event := self.next_event()) is not SequenceEndEvent:
            found.append(self.value(event, None, depth))
        self.end = event.end_mark.index
        self.count(len(found), event)
        return found

    def scalar(self, event: Any) -> Json:
        """A plain scalar's value."""
        try:
            value = parse_scalar(event.value)
        except OverflowError:
            self.defect(
                event, "yaml.number", "This number is too large.", "Write a smaller one; text goes in quotes."
            )
            value = None
        if value is None:
            self.has_nulls = True
        return value

    def alias(self, event: Any, depth: int) -> Json:
        """The value that was named before."""
        self.end = event.end_mark.index
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            self.defect(
                event,
                "yaml.alias",
                f"Nothing above is named `&{event.anchor}`.",
                "An alias repeats a value that was named before it; it cannot stand inside that value.",
            )
            self.has_nulls = True
            return None
        if depth + anchored.levels > DEPTH_MAX:
            self.stop(
                event, "yaml.depth", f"More than {DEPTH_MAX} levels inside one another.", "Write it flatter."
            )
        self.count(anchored.values, event)
        return anchored.value

    def count(self, values: int, event: Any) -> None:
        """Note so many values more. Stops where they are too many."""
        self.values += values
        if self.values > VALUES_MAX:
            detail = f"More than {VALUES_MAX:,} values in one file, aliases counted each time."
            self.stop(event, "yaml.values", detail, "Use fewer aliases, or part the file.")

    def check_key(self, event: Any) -> bool:
        """Whether a key names a value. Notes what is wrong; remembers a key that is fine without quotes."""
        key = event.value
        if event.tag is not None:
            self.tag(event)
        if event.anchor is not None:
            self.anchors.name(event.anchor, key, 0)
        if key != "<<" and is_text(key):
            self.good_keys.add(key)
        elif not event.implicit[0]:
            return True
        elif key == "<<":
            self.defect(
                event,
                "yaml.merge-key",
                "`<<` does not merge here.",
                "Put what meetings share under `defaults`.",
            )
            return False
        elif key:
            detail = f"The key `{key}` is not text."
            self.defect(event, "yaml.key", detail, f'Write it in quotes: "{key}".')
        else:
            self.defect(event, "yaml.key", "A key is missing before the `:`.", "Write one.")
            return False
        return True

    def odd_key(self, event: Any, depth: int) -> None:
        """Pass over a key that is no scalar, and its value."""
        self.defect(
            event, "yaml.key", "A key must be text, no alias, list or mapping.", "Write the key itself."
        )
        self.value(event, None, depth)
        self.value(self.next_event(), None, depth)

    def unnamed(self, key: Any, depth: int) -> dict[str, Json]:
        """What a merge key brings, so that nothing seems missing because of it; else nothing."""
        value = self.value(self.next_event(), None, depth)
        return value if key.value == "<<" and isinstance(value, dict) else {}

    def tag(self, event: Any) -> None:
        """Note that a tag was written."""
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self.defect(event, "yaml.tag", f"YAML tags such as `{tag}` are not used here.", "Take it out.")

    def defect(self, event: Any, code: str, detail: str, hint: str) -> None:
        """Note what is wrong with what `event` stands for."""
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self.defects.append(SyntaxProblem(start.line, start.column, width, code, detail, hint))

    def stop(self, event: Any, code: str, detail: str, hint: str) -> NoReturn:
        """Note it, and read no further."""
        self.defect(event, code, detail, hint)
        raise _StoppedError
