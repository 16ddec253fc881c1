"""Maps a YAML text to the positions of its values and keys, and finds the secret values in it.

It reads a text a second time, so `locator` calls it only for text with a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from reconciler.errors.secrets import Columns, is_secret_name
from reconciler.spec.yaml._events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    ScanError,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    event_reader,
)
from reconciler.spec.yaml._parser import DEPTH_MAX
from reconciler.spec.yaml.duplicates import DuplicateKey, Range
from reconciler.spec.yaml.snippet import is_reference, is_reference_field

NODES_MAX = 400_000
"""Values of one text whose places are found, in about four seconds; 10,000 meetings have fewer."""


class Node(Struct):
    """The ranges of a value and of its key, with the `text` of a scalar or the `children` of a container."""

    value: Range
    key: Range | None = None
    is_container: bool = False
    text: str = ""
    children: dict[str | int, Node] = {}

    @property
    def label(self) -> Range:
        """Return the range that a caret points at: the value, or the key of a mapping or list."""
        return self.key if self.is_container and self.key else self.value


class PositionMap(Struct):
    """The nodes of a whole text or of a piece of it; of a broken text, up to the error.

    `secrets` maps a line to the columns of it that hold secret values, `secret_texts` the line on which a
    secret begins to the secret itself.
    """

    root: Node | None = None
    duplicates: list[DuplicateKey] = []
    secrets: dict[int, list[Columns]] = {}
    secret_texts: dict[int, list[str]] = {}
    is_whole: bool = False

    def deepest(self, path: tuple[str | int, ...]) -> tuple[Node | None, int]:
        """Return the node at `path`, or its nearest parent, and the number of steps that lead to it."""
        node, depth = self.root, 0
        for step in path:
            child = node.children.get(step) if node else None
            if child is None:
                break
            node, depth = child, depth + 1
        return node, depth

    def hide(self, node: Node) -> None:
        """Note a scalar, which may span several lines, as secret."""
        start_line, start, end_line, end = node.value
        self.secret_texts.setdefault(start_line, []).append(node.text)
        for line in range(start_line, end_line + 1):
            columns = (start if line == start_line else 0, end if line == end_line else 1 << 30)
            self.secrets.setdefault(line, []).append(columns)


def map_positions(text: str, *, first_line: int = 0) -> PositionMap:
    """Return the positions in `text`, whose first line is line `first_line` of its file."""
    mapper = _PositionMapper(text, first_line)
    try:
        mapper.document()
    except ScanError:
        mapper.positions.is_whole = False
    return mapper.positions


class _PositionMapper:
    def __init__(self, text: str, first_line: int) -> None:
        self.next_event: Callable[[], Any] = event_reader(text)
        self.first_line = first_line
        self.anchors: dict[str, Node] = {}
        self.positions = PositionMap()
        self.nodes = 0

    def document(self) -> None:
        event = self.next_event()
        while type(event) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                return
            event = self.next_event()
        self.positions.root = self.node(self.next_event(), None, "", depth=0)
        self.next_event()  # the end of the document
        self.positions.is_whole = type(self.next_event()) is StreamEndEvent

    def node(self, event: Any, key: Range | None, secret: str, *, depth: int) -> Node:
        """Return the node that begins with `event`; `secret` is the key that hides it, or empty."""
        if type(event) is AliasEvent:
            return self.alias(event, key, secret)
        self.nodes += 1
        if self.nodes > NODES_MAX:
            raise ScanError("too long")
        node = Node(self.range(event), key)
        if type(event) is MappingStartEvent or type(event) is SequenceStartEvent:
            if depth > DEPTH_MAX:
                raise ScanError("too deep")
            node.is_container = True
            fill = self.mapping if type(event) is MappingStartEvent else self.sequence
            fill(node, secret, depth + 1)
        else:
            node.text = event.value
            if secret and not is_reference(secret, event.value):
                self.positions.hide(node)
        if event.anchor is not None:  # only now: a value cannot contain itself
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, key: Range | None, secret: str) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            return Node(self.range(event), key)
        if secret:
            self.hide_all(target, set())
        return Node(self.range(event), key, target.is_container, target.text, target.children)

    def hide_all(self, node: Node, visited: set[int]) -> None:
        if not node.is_container:
            self.positions.hide(node)
        if id(node.children) in visited:  # aliases of aliases can make a small text huge
            return
        visited.add(id(node.children))
        for child in node.children.values():
            self.hide_all(child, visited)

    def mapping(self, node: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.node(event, None, secret, depth=depth)
                self.node(self.next_event(), None, secret, depth=depth)
                continue
            name, key = event.value, self.range(event)
            if event.anchor is not None:
                self.anchors[event.anchor] = Node(key, text=name)
            beneath = name if secret or is_secret_name(name) else ""
            child = self.node(self.next_event(), key, beneath, depth=depth)
            if secret and not (child.is_container or child.text or is_reference_field(name)):
                self.positions.hide(Node(key, text=name))  # a passcode in braces is a key without a value
            first = node.children.setdefault(name, child)
            if first is not child and first.key:
                self.positions.duplicates.append(DuplicateKey(name, first.key, key))
        node.value = self.extended(node.value, event)

    def sequence(self, node: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not SequenceEndEvent:
            index = len(node.children)
            node.children[index] = self.node(event, None, secret, depth=depth)
        node.value = self.extended(node.value, event)

    def range(self, event: Any) -> Range:
        start, end = event.start_mark, event.end_mark
        return (start.line + self.first_line, start.column, end.line + self.first_line, end.column)

    def extended(self, start: Range, end: Any) -> Range:
        """Return the range from `start` to the event `end`."""
        return (*start[:2], end.end_mark.line + self.first_line, end.end_mark.column)
