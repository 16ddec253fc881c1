"""Values that a YAML text names, to be repeated by an alias, and how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reconciler.fields import Json


class Anchored(NamedTuple):
    """A named value; `values` are in it at all depths, `levels` of mappings and lists."""

    value: Json
    values: int
    levels: int


class Anchors:
    """The names so far; one that is given twice means the later value."""

    def __init__(self) -> None:
        self._named: dict[str, Anchored] = {}
        self._levels: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._named)

    def name(self, name: str, value: Json, values: int) -> None:
        """Let `name` mean `value`."""
        self._named[name] = Anchored(value, values, self._levels_of(value))

    def get(self, name: str) -> Anchored | None:
        """What `name` means, if anything."""
        return self._named.get(name)

    def _levels_of(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return 0
        if id(value) not in self._levels:  # each once: aliases of aliases can make a small text huge
            inner = value.values() if isinstance(value, dict) else value
            self._levels[id(value)] = 1 + max(map(self._levels_of, inner), default=0)
        return self._levels[id(value)]
