"""Writes a JSON value as YAML in the style of handwritten specs, with comments.

The text reads back as the same value here, and as the same kinds of values in other YAML readers: text
that one of them takes for a number or a constant is put in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from reconciler.errors.text import escape_character, escape_control
from reconciler.ports import Json
from reconciler.spec.yaml.scalars import is_text

Path = tuple[str | int, ...]

WIDTH = 110
"""Characters of a line with a whole mapping or list; longer ones are split. Text is never folded."""

_INDENT = 2
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_FIRST = re.compile(r"[A-Za-z0-9(/_$]|[^\x00-\x7f]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IN_FLOW = re.compile(r"[^,\[\]{}?:]*(?::[A-Za-z0-9][^,\[\]{}?:]*)*")
# YAML 1.1 and 1.2 have more constants and numbers than JSON: `yes`, `~`, `0730`, `10:30`, `1_000`, `.inf`.
_MISREAD = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|null|[-+]?\.(?:inf|nan)|[-+.]?[0-9][0-9a-fxo_,.:+-]*"
)


def _never(_: Path) -> bool:
    return False


class Layout(Struct, frozen=True):
    """The layout of a value, by the paths in it.

    `above` has the comment lines before an entry, an empty one for an empty line. `beside` has the comment
    on its first line. A container for which `is_open` is true is never put on one line.
    """

    above: Mapping[Path, tuple[str, ...]] = {}
    beside: Mapping[Path, str] = {}
    is_open: Callable[[Path], bool] = _never


def render(value: Mapping[str, Json], layout: Layout | None = None) -> str:
    """Return `value` as a YAML document. Numbers must be finite, and texts free of lone surrogates."""
    lines = _Writer(layout or Layout()).block(value, (), 0) if value else ("{}",)
    return "".join(f"{line}\n" for line in lines)


def render_comment(line: str) -> str:
    """Return `line` as a comment, with control characters escaped; an empty one for an empty line."""
    return f"# {escape_control(line)}" if line else ""


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        # A container with a comment in it cannot be written on one line.
        commented = (*layout.above, *layout.beside)
        self.opened = {path[:depth] for path in commented for depth in range(len(path))}

    def block(self, value: Json, path: Path, indent: int) -> Iterator[str]:
        """Yield the lines of a mapping or a list that is not empty."""
        pad = " " * indent
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            child_path = (*path, step)
            for line in map(render_comment, self.layout.above.get(child_path, ())):
                yield f"{pad}{line}" if line else ""
            head = f"{pad}-" if isinstance(step, int) else f"{pad}{_key(step, value, in_flow=False)}:"
            yield from self.entry(head, child, child_path, indent)

    def entry(self, head: str, value: Json, path: Path, indent: int) -> Iterator[str]:
        """Yield the lines of one entry; the first begins with `head`."""
        beside = self.layout.beside.get(path)
        comment = f"  {render_comment(beside)}" if beside else ""
        line = self.on_one_line(head, value, path)
        if line is not None:
            yield f"{head} {line}{comment}"
        elif isinstance(value, str):
            yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}{comment}"
            pad = " " * (indent + _INDENT)
            for text_line in value.removesuffix("\n").split("\n"):
                yield f"{pad}{text_line}" if text_line else ""
        elif head.endswith("-") and not comment:
            first, *rest = self.block(value, path, indent + _INDENT)
            yield f"{head} {first.lstrip()}"
            yield from rest
        else:
            yield f"{head}{comment}"
            yield from self.block(value, path, indent + _INDENT)

    def on_one_line(self, head: str, value: Json, path: Path) -> str | None:
        """Return the value as it is written after `head`; None where it needs lines of its own."""
        if isinstance(value, str):
            return None if _is_literal(value) else _scalar(value, in_flow=False)
        if not value or not isinstance(value, (dict, list)):
            return flow(value)
        if path in self.opened or self.layout.is_open(path):
            return None
        line = flow(value)
        return line if len(head) + 1 + len(line) <= WIDTH else None


def flow(value: Json) -> str:
    """Return `value` on one line, as YAML."""
    if isinstance(value, dict):
        entries = (f"{_key(name, value, in_flow=True)}: {flow(child)}" for name, child in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return _scalar(value, in_flow=True)


def _key(name: str, mapping: Mapping[str, Json], *, in_flow: bool) -> str:
    # YAML 1.1 has `on` for true, and takes a day for a date. People write the days of a `repeat` and of
    # `exceptions` as they read them here.
    is_day = _DAY.fullmatch(name) is not None or (name == "on" and "every" in mapping)
    return name if is_day else _scalar(name, in_flow=in_flow)


def _scalar(value: Json, *, in_flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if _is_plain(value) and (not in_flow or _IN_FLOW.fullmatch(value)):
        return value
    return f'"{"".join(_ESCAPES.get(each) or escape_character(each) for each in value)}"'


def _is_plain(value: str) -> bool:
    """Return whether `value` needs no quotes outside of brackets."""
    return (
        value.isprintable()
        and _FIRST.match(value) is not None
        and not value.endswith((" ", ":"))
        and ": " not in value
        and " #" not in value
        and is_text(value)
        and not _MISREAD.fullmatch(value)
    )


def _is_literal(value: str) -> bool:
    """Return whether `value` has several lines that can be written unchanged below a `|`."""
    first, *rest = value.removesuffix("\n").split("\n")
    if not rest or not rest[-1] or not first or first.startswith(" "):
        return False
    return all(line.isprintable() and not line.endswith(" ") for line in (first, *rest))
