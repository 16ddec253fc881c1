"""Builds plain values from the events of a YAML text, in one pass.

A plain scalar is a number by JSON's grammar only, `true`, `false`, `null` or nothing (null); everything
else is text. All other features of YAML, aliases aside, are problems.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from msgspec import Struct

from reconciler.meeting.fields import free_texts
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
from reconciler.spec.yaml.comments import tight_comments
from reconciler.spec.yaml.scalars import CONSTANTS, OTHER_STARTS, is_text, parse_scalar


class AnchoredValue(Struct, frozen=True):
    """The value of an anchor, with the number of values in it and the depth of their nesting."""

    value: Json
    values: int
    levels: int


class Anchors:
    """The anchors read so far; an anchor that is defined again replaces the earlier value."""

    def __init__(self) -> None:
        self._by_name: dict[str, AnchoredValue] = {}
        self._levels: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def define(self, name: str, value: Json, values: int) -> None:
        """Record `value`, with `values` values in it, as that of the anchor `name`."""
        self._by_name[name] = AnchoredValue(value, values, self._levels_of(value))

    def get(self, name: str) -> AnchoredValue | None:
        """Return the value of the anchor `name`; None where it is not defined."""
        return self._by_name.get(name)

    def _levels_of(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return 0
        if id(value) not in self._levels:  # each once: aliases of aliases can make a small text huge
            children = value.values() if isinstance(value, dict) else value
            self._levels[id(value)] = 1 + max(map(self._levels_of, children), default=0)
        return self._levels[id(value)]


DEPTH_MAX = 60
"""Levels of nested mappings and lists that a text may have."""

NAMES_MAX = 100_000
"""Most different keys of a file, apart from those of its sections, such as the keys of meetings."""

VALUES_MAX = 2_000_000
"""Values in one file once its aliases are expanded; 10,000 meetings have about 400,000."""

NOTED_MAX = 1_000
"""Most problems of a file that are noted; fewer are shown."""

SECTION_DEPTH = 2
"""The depth of a mapping of meetings, templates and the like."""

KEPT_DEPTH = 2
"""Levels of keys whose position is kept in the first pass: `meetings:` and the meetings in it."""


class Entry(Struct, frozen=True, gc=False):
    """Position of a key and the end of its value; `line` and `column` count from 0.

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
        self.problems: list[SyntaxProblem] = []
        self.warnings: list[SyntaxProblem] = []
        self.comments = tight_comments(text)
        self.duplicates = 0
        self.names = 0
        """Different keys apart from those of the sections."""
        self.has_nulls = False
        self.anchors = Anchors()
        self.values = 0
        self.last: Any = None  # the event with which the last value that was read ends
        self.good_keys: dict[str, str] = {}
        """Each key that names a value, by itself: the mappings of a text share one string for it."""

    def document(self) -> Json:
        """Return the value of the only document; None where there is none, or where it cannot be read."""
        try:
            return self.only_document()
        except ScanError as error:
            self.problems.append(syntax_problem(error, self.text))
        except _StoppedError:
            pass
        return None

    def only_document(self) -> Json:
        """Return the value of the one document that a file may hold."""
        self.next_event()  # the start of the stream
        if type(self.next_event()) is StreamEndEvent:
            return None
        value = self.value(self.next_event(), (), 0)
        self.next_event()  # the end of the document
        event = self.next_event()
        if type(event) is not StreamEndEvent:
            hint = "Put the second document into a file of its own."
            self.note(event, "yaml.document", "A file holds one document.", hint)
        return value

    def value(self, event: Any, path: tuple[str, ...] | None, depth: int) -> Json:
        """Return the value that begins with `event`; `path` leads to it where positions are kept."""
        kind = type(event)
        if kind is AliasEvent:
            return self.alias(event, depth)
        if event.tag is not None:
            self.note_tag(event)
        values = self.values
        if kind is ScalarEvent:
            self.last = event
            value = self.scalar(event) if event.implicit[0] else event.value
        elif depth >= DEPTH_MAX:
            self.stop_at_depth(event)
        elif kind is MappingStartEvent:
            value = self.mapping(path, depth + 1)
        else:
            value = self.sequence(depth + 1)
        if event.tag is not None and kind is not ScalarEvent:
            value, self.has_nulls = None, True  # a tagged list or mapping is some other kind of value
        if event.anchor is not None:
            self.anchors.define(event.anchor, value, self.values - values)
        return value

    def mapping(self, path: tuple[str, ...] | None, depth: int) -> dict[str, Json]:
        """Return the mapping whose start was just read; the hottest loop of the program."""
        next_event, good_keys, comments = self.next_event, self.good_keys, self.comments
        keeps_positions = path is not None and len(path) + 1 < KEPT_DEPTH
        result: dict[str, Json] = {}
        merged: dict[str, Json] = {}
        while type(event := next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.skip_entry(event, depth)
                continue
            key = good_keys.get(event.value, event.value)
            if (key not in good_keys or event.tag is not None or event.anchor is not None) and (
                not self.check_key(event, depth)
            ):
                merged |= self.merged_value(event, depth)
                continue
            child = next_event()
            if type(child) is ScalarEvent and child.tag is None and child.anchor is None:
                value, self.last = child.value, child
                if child.implicit[0]:
                    value = self.scalar(child) if value[:1] in OTHER_STARTS else CONSTANTS.get(value, value)
                    if comments and child.end_mark.index in comments:
                        self.warn_of_comment(key, child.end_mark)
            else:
                value = self.value(
                    child, (*path, key) if keeps_positions and path is not None else None, depth
                )
            if key in result:
                self.duplicates += 1
                if self.duplicates > NAMES_MAX:
                    self.stop_at_duplicates(event)
                continue
            result[key] = value
            if path is not None:
                mark = event.start_mark
                end = self.last.end_mark.index
                self.entries[(*path, key)] = Entry(mark.line, mark.column, mark.index, end)
        self.last = event
        self.count(len(result), event)
        return {**merged, **result} if merged else result

    def warn_of_comment(self, key: str, end: Any) -> None:
        """Note a comment that is probably the rest of the free text under `key`, which ends at `end`."""
        if key not in free_texts():
            return
        start, comment_end = self.comments[end.index]
        self.warnings.append(
            SyntaxProblem(
                end.line,
                end.column + start - end.index,
                comment_end - start,
                "yaml.comment",
                f"`{key}` ends before the `#`: with a space in front, it begins a comment.",
                "Put the whole text in quotes. If it is a comment, write a space after the `#`, too.",
                is_warning=True,
            )
        )

    def sequence(self, depth: int) -> list[Json]:
        """Return the list whose start was just read."""
        items: list[Json] = []
        while type(event := self.next_event()) is not SequenceEndEvent:
            items.append(self.value(event, None, depth))
        self.last = event
        self.count(len(items), event)
        return items

    def scalar(self, event: Any) -> Json:
        """Return the value of a plain scalar."""
        try:
            value = parse_scalar(event.value)
        except OverflowError:
            hint = "Write a smaller number, or put text in quotes."
            self.note(event, "yaml.number", "The number is too large to be stored exactly.", hint)
            value = None
        if value is None:
            self.has_nulls = True
        return value

    def alias(self, event: Any, depth: int) -> Json:
        """Return the value that an alias repeats."""
        self.last = event
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            self.note(
                event,
                "yaml.alias",
                f"No anchor `&{event.anchor}` is defined above.",
                "Define the anchor before the alias. An alias cannot be part of the value that it repeats.",
            )
            self.has_nulls = True
            return None
        if depth + anchored.levels > DEPTH_MAX:
            self.stop_at_depth(event)
        self.count(anchored.values, event)
        return anchored.value

    def count(self, values: int, event: Any) -> None:
        """Add to the number of values; stop where they are too many."""
        self.values += values
        if self.values > VALUES_MAX:
            detail = f"It has more than {VALUES_MAX:,} values, counting each use of an alias."
            self.stop(event, "yaml.values", detail, "Use fewer aliases, or split the file.")

    def check_key(self, event: Any, depth: int) -> bool:
        """Return whether a key names a value; note its problems, and remember it where it has none."""
        key = event.value
        if event.tag is not None:
            self.note_tag(event)
        if event.anchor is not None:
            self.anchors.define(event.anchor, key, 0)
        if key != "<<" and is_text(key):
            self.good_keys[key] = key
            self.names += depth != SECTION_DEPTH
            if self.names > NAMES_MAX:
                detail = f"It has more than {NAMES_MAX:,} different keys that name no meeting."
                self.stop(
                    event, "yaml.values", detail, "Remove what was not meant as a key, or split the file."
                )
        elif not event.implicit[0]:
            return True
        elif key == "<<":
            hint = (
                "Put what all meetings of a file share under `defaults`. What only some share is a template, "
                "`templates: {recorded: {settings: {auto_recording: cloud}}}`, which `use: recorded` names."
            )
            self.note(event, "yaml.merge-key", "YAML 1.2 has no merge key `<<`.", hint)
            return False
        elif key:
            detail = f"`{key}` is read as a number or a constant."
            self.note(event, "yaml.key", detail, f'Write the key in quotes: "{key}".')
        else:
            self.note(event, "yaml.key", "The key before the `:` is missing.", "Write the key.")
            return False
        return True

    def skip_entry(self, event: Any, depth: int) -> None:
        """Note a key that is not a scalar, and skip it and its value."""
        detail = "An alias, a list or a mapping cannot be a key."
        self.note(event, "yaml.key", detail, "Write the key as text.")
        self.value(event, None, depth)
        self.value(self.next_event(), None, depth)

    def merged_value(self, key: Any, depth: int) -> dict[str, Json]:
        """Return what a merge key would merge, so that no field is reported as missing; else nothing."""
        value = self.value(self.next_event(), None, depth)
        return value if key.value == "<<" and isinstance(value, dict) else {}

    def note_tag(self, event: Any) -> None:
        """Note that a tag was written."""
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        hint = "Remove the tag, or put text that begins with `!` in quotes."
        self.note(event, "yaml.tag", f"`{tag}` is a YAML tag.", hint)

    def note(self, event: Any, code: str, detail: str, hint: str) -> None:
        """Note a problem at `event`."""
        if len(self.problems) == NOTED_MAX:
            return
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        self.problems.append(SyntaxProblem(start.line, start.column, width, code, detail, hint))

    def stop_at_duplicates(self, event: Any) -> NoReturn:
        """Note that too many keys are there twice, and stop reading."""
        detail = f"It has more than {NAMES_MAX:,} keys that were written before."
        self.stop(event, "yaml.values", detail, "Write each key once.")

    def stop_at_depth(self, event: Any) -> NoReturn:
        """Note that the text is nested too deeply, and stop reading."""
        detail = f"Mappings and lists are nested more than {DEPTH_MAX} levels deep."
        self.stop(event, "yaml.depth", detail, "Use fewer levels. Most often an indentation is wrong.")

    def stop(self, event: Any, code: str, detail: str, hint: str) -> NoReturn:
        """Note a problem, and stop reading."""
        self.note(event, code, detail, hint)
        raise _StoppedError
