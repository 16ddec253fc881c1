"""Writes the rules of series as `repeat`; the comments in a rule move above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.ports import Json
from reconciler.spec.layout.tree import Collection, Entry, Node, Scalar, Text
from reconciler.spec.yaml.writer import flow


def write(text: Text, repeats: Mapping[str, Mapping[str, Json]]) -> None:
    """Replace `recurrence` by `repeat` in the meetings of `text` that are keys of `repeats`."""
    root = text.root
    if not repeats or not isinstance(root, Collection):
        return
    meetings = next((each.value for each in root.entries if each.name == "meetings"), None)
    for entry in meetings.entries if isinstance(meetings, Collection) else ():
        repeat = repeats.get(entry.name or "")
        if repeat is not None and isinstance(entry.value, Collection) and not entry.value.is_tied:
            _replace(entry.value, repeat)


def _replace(meeting: Collection, repeat: Mapping[str, Json]) -> None:
    type_ = next((each for each in meeting.entries if each.name == "type"), None)
    rule = next(each for each in meeting.entries if each.name == "recurrence")
    above = [] if type_ is None else [*type_.above, *type_.beside]
    above += [*rule.above, *_comments(rule.value)]
    written = Entry(Scalar("repeat", "repeat"), Scalar(flow(repeat), ""), above, rule.beside)
    meeting.entries = [written if each is rule else each for each in meeting.entries if each is not type_]


def _comments(node: Node) -> Iterator[str]:
    """Yield the comments inside of a value."""
    if not isinstance(node, Collection):
        return
    for entry in node.entries:
        yield from (*entry.above, *entry.beside)
        yield from _comments(entry.value)
    yield from node.foot
