"""A JSON value as YAML that a person would have written, with comments.

What is written reads back as the same value here, and as no other kind of value to other
readers of YAML: text that any of them takes for a number or a constant stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.errors.text import escape_character, escape_control
from reconciler.ports import Json
from reconciler.spec.yaml.scalars import is_text

Path = tuple[str | int, ...]

WIDTH = 110
"""Characters up to which a mapping or a list stays on one line; text is never folded."""

_INDENT = 2
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_FIRST = re.compile(r"[A-Za-z0-9(/_$]|[^\x00-\x7f]")
_IN_FLOW = re.compile(r"[^,\[\]{}?:]*(?::[A-Za-z0-9][^,\[\]{}?:]*)*")
# YAML 1.1 and 1.2 have more constants and numbers than JSON: `yes`, `~`, `0730`, `10:30`, `1_000`, `.inf`.
_MISREAD = re.compile(
    r"(?i)y|n|yes|no|on|off|true|false|null|[-+]?\.(?:inf|nan)|[-+.]?[0-9][0-9a-fxo_,.:+-]*"
)


def _never(_: Path) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Layout:
    """How a value is laid out, by the paths in it.

    `above` has lines of comment before an entry, an empty one for an empty line, `beside` a
    comment on its first line. A container for which `is_open` is true is never put on one line.
    """

    above: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    beside: Mapping[Path, str] = field(default_factory=dict)
    is_open: Callable[[Path], bool] = _never


def render(value: Mapping[str, Json], layout: Layout | None = None) -> str:
    """A mapping as a YAML document. Numbers are finite, and no text holds half of a surrogate pair."""
    lines = _Writer(layout or Layout()).block(value, (), 0) if value else ("{}",)
    return "".join(f"{line}\n" for line in lines)


def render_comment(line: str) -> str:
    """One line of comment, whatever it holds; an empty one for an empty line."""
    return f"# {escape_control(line)}" if line else ""


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        # Every path above one that has a comment: what it leads to cannot stand on one line.
        noted = (*layout.above, *layout.beside)
        self.opened = {path[:depth] for path in noted for depth in range(len(path))}

    def block(self, value: Json, path: Path, indent: int) -> Iterator[str]:
        """The lines of a mapping or a list that is not empty."""
        pad = " " * indent
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in named:
            here = (*path, name)
            yield from (
                f"{pad}{line}" if line else ""
                for line in map(render_comment, self.layout.above.get(here, ()))
            )
            head = f"{pad}-" if isinstance(name, int) else f"{pad}{_scalar(name, in_flow=False)}:"
            yield from self.entry(head, inner, here, indent)

    def entry(self, head: str, value: Json, path: Path, indent: int) -> Iterator[str]:
        """The lines of one entry, whose first begins with `head`."""
        beside = self.layout.beside.get(path)
        note = f"  {render_comment(beside)}" if beside else ""
        line = self.on_one_line(head, value, path)
        if line is not None:
            yield f"{head} {line}{note}"
        elif isinstance(value, str):
            yield f"{head} {'|' if value.endswith(chr(10)) else '|-'}{note}"
            pad = " " * (indent + _INDENT)
            yield from (f"{pad}{each}" if each else "" for each in value.removesuffix("\n").split("\n"))
        elif head.endswith("-") and not note:
            first, *others = self.block(value, path, indent + _INDENT)
            yield f"{head} {first.lstrip()}"
            yield from others
        else:
            yield f"{head}{note}"
            yield from self.block(value, path, indent + _INDENT)

    def on_one_line(self, head: str, value: Json, path: Path) -> str | None:
        """The value as it stands behind `head`; None where it takes lines of its own."""
        if isinstance(value, str):
            return None if _is_literal(value) else _scalar(value, in_flow=False)
        if not value or not isinstance(value, (dict, list)):
            return _flow(value)
        if path in self.opened or self.layout.is_open(path):
            return None
        line = _flow(value)
        return line if len(head) + 1 + len(line) <= WIDTH else None


def _flow(value: Json) -> str:
    if isinstance(value, dict):
        inner = (f"{_scalar(name, in_flow=True)}: {_flow(each)}" for name, each in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value, in_flow=True)


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
    """Whether it can stand without quotes, outside of brackets."""
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
    """Whether it is several lines that can be shown just as they are, below a `|`."""
    first, *others = value.removesuffix("\n").split("\n")
    if not others or not others[-1] or not first or first.startswith(" "):
        return False
    return all(line.isprintable() and not line.endswith(" ") for line in (first, *others))
