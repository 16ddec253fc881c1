"""Writes the parts of a text in the one layout: two spaces, one blank line between meetings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reconciler.spec.layout.tree import Alias, Collection, Entry, Node, Scalar, Text
from reconciler.spec.yaml.writer import WIDTH

INDENT = 2

_BLANK = "\0blank"
_KEPT = "\0kept"
"""Marks of lines: an empty line of the layout, and the end of a text that has its own empty lines."""

Path = tuple[str, ...]

_HEADER = re.compile(r"[|>][-+1-9]*")

_APART = ((), ("meetings",))
"""The mappings whose entries have an empty line between them."""

_MAYBE_APART = ("templates",)
"""One where only entries of several lines have one."""


def render(text: Text) -> str:
    """Return the text in the one layout."""
    lines = _comments(text.head, 0)
    if text.is_marked:
        lines.append("---")
    root = text.root
    if isinstance(root, Collection):
        whole = flow(root) if root.is_flow else None
        lines += [whole] if whole is not None and len(whole) <= WIDTH else _block(root, (), 0)
    return "".join(f"{line}\n" for line in _plain(lines))


def _plain(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines without marks; one empty line at most, none at the start or after a kept text."""
    before: str = _BLANK
    for line in lines:
        if line not in (_BLANK, _KEPT):
            yield line
        elif line == _BLANK and before not in (_BLANK, _KEPT):
            yield ""
        before = line


def _block(node: Collection, path: Path, indent: int) -> list[str]:
    """Return the lines of a mapping or list, one or more for each entry."""
    lines: list[str] = []
    before = 0  # lines of the entry before
    for entry in node.entries:
        _settle(entry, indent)
        written = _entry(entry, path, indent)
        if before and (path in _APART or (path == _MAYBE_APART and max(before, len(written)) > 1)):
            lines.append(_BLANK)
        above = _comments(entry.above, indent)
        lines += above if before or above[:1] != [_BLANK] else above[1:]
        lines += written
        before = len(written)
    return lines + _comments(node.foot, indent)


def _settle(entry: Entry, indent: int) -> None:
    """Move comments that have no place beside the entry above it."""
    value = entry.value
    if isinstance(value, Collection) and not value.entries:
        entry.above += value.foot
        value.foot = []
    stays = 1
    if isinstance(value, Scalar) and value.is_block:
        stays = 0
    elif (
        isinstance(value, Collection) and entry.key is None and value.anchor is None
    ):  # it would be a lone dash
        stays = 1 if _on_one_line(value, indent + len("-")) is not None else 0
    entry.above += entry.beside[stays:]
    entry.beside = entry.beside[:stays]


def _comments(comments: Sequence[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{line}" if line else _BLANK for line in comments]


def _entry(entry: Entry, path: Path, indent: int) -> list[str]:
    """Return the lines of an entry without the comments above it."""
    value = entry.value
    head = f"{' ' * indent}{_key(entry)}"
    beside = f"  {entry.beside[0]}" if entry.beside else ""
    if isinstance(value, Alias):
        return [f"{head} *{value.name}{beside}"]
    if value.anchor is not None:
        head += f" &{value.anchor}"
    if isinstance(value, Collection):
        whole = _on_one_line(value, len(head))
        if whole is not None:
            return [f"{head} {whole}{beside}"]
        lines = _block(value, (*path, entry.name or ""), indent + INDENT)
        is_item = entry.key is None and value.anchor is None  # an anchor would be that of its first key
        return _item(head, entry, value, lines) if is_item else [f"{head}{beside}", *lines]
    if "\n" not in value.source:
        return [f"{head} {value.source}{beside}" if value.source else f"{head}{beside}"]
    first, *lines = _block_text(value, indent) if value.is_block else _folded_text(value, indent)
    first = f"{head} {first}"
    return [first, *lines] if not beside else [first, *lines[:-1], f"{lines[-1]}{beside}"]


def _key(entry: Entry) -> str:
    if entry.key is None:
        return "-"
    anchor = f"&{entry.key.anchor} " if entry.key.anchor else ""
    return f"{anchor}{entry.key.source}:"


def _item(head: str, entry: Entry, value: Collection, lines: list[str]) -> list[str]:
    """Return the lines of an item, the first behind its dash; the comments above that one move up."""
    above = value.entries[0].above
    above = above[1:] if above[:1] == [""] else above
    entry.above += above
    first, *rest = lines[len(above) :]
    return [f"{head} {first.lstrip(' ')}", *rest]


def _on_one_line(value: Collection, before: int) -> str | None:
    """Return a value on one line behind `before` characters; None where it is in block style or too long."""
    whole = flow(value) if value.is_flow or not value.entries else None
    return whole if whole is None or not value.entries or before + 1 + len(whole) <= WIDTH else None


def flow(node: Node) -> str | None:
    """Return a value on one line; None where a comment or a text of several lines is in it."""
    if isinstance(node, Alias):
        return f"*{node.name}"
    if isinstance(node, Scalar):
        return None if "\n" in node.source or node.is_block else node.source
    entries = [_flow_entry(entry) for entry in node.entries]
    if node.foot or None in entries:
        return None
    inner = ", ".join(entry for entry in entries if entry is not None)
    return f"{{{inner}}}" if node.is_mapping else f"[{inner}]"


def _flow_entry(entry: Entry) -> str | None:
    value = None if entry.above or entry.beside else flow(entry.value)
    if value is None:
        return None
    anchor = None if isinstance(entry.value, Alias) else entry.value.anchor
    written = f"&{anchor} {value}" if anchor else value
    return written if entry.key is None else f"{_key(entry)} {written}"


def _folded_text(value: Scalar, indent: int) -> list[str]:
    """Return the lines of a plain or quoted text; spaces at the start of a line are not part of it."""
    pad = " " * (indent + INDENT)
    first, *lines = value.source.split("\n")
    return [first, *(f"{pad}{line}" if (line := each.lstrip(" \t")) else "" for each in lines)]


def _block_text(value: Scalar, indent: int) -> list[str]:
    """Return the lines of a text below a `|` or a `>`, which keep what is indented further."""
    header, *lines = value.source.split("\n")
    while lines and not lines[-1].strip(" "):
        lines.pop()
    marks = _HEADER.match(header)
    assert marks is not None, "a header begins with its indicator"
    written = int(digits[0]) if (digits := re.findall("[1-9]", marks[0])) else 0
    before = _indent_before(lines, value.value)
    pad = " " * (indent + (written or INDENT))
    shifted = [f"{pad}{line[before:]}" if len(line) > before else "" for line in lines]
    if "+" in marks[0]:
        ends = len(value.value) - len(value.value.rstrip("\n"))
        return [header, *shifted, *([""] * (ends - 1 if shifted else ends)), _KEPT]
    if (
        value.value and not value.value.endswith("\n") and "-" not in marks[0]
    ):  # the file ended in its last line
        header = f"{marks[0]}-{header[marks.end() :]}"
    return [header.rstrip(), *shifted]


def _indent_before(lines: Sequence[str], value: str) -> int:
    """Return how far the text was indented, from its first line in the text and in the value."""
    first = next((line for line in lines if line.strip(" ")), "")
    kept = next((line for line in value.split("\n") if line.strip(" ")), "")
    return max(0, len(first) - len(first.lstrip(" ")) - (len(kept) - len(kept.lstrip(" "))))
