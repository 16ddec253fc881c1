"""The lines of one section of the document, kept from one write to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import compress
from operator import is_not
from typing import Any

import orjson
from msgspec import Struct

from reconciler.ports import Json


class Section(Struct):
    """The lines of one section as it was written last; a value that is the same object keeps its line."""

    as_json: Callable[[Any], Json]
    _values: Mapping[str, Any] = {}
    _lines: dict[str, bytes] = {}
    _keys: list[str] = []

    def lines(self, name: bytes, values: Mapping[str, Any]) -> list[bytes]:
        """Return the section, which is called `name`: a line for each value, by key."""
        if not values:
            return [name + b"{}"]
        # Each key is looked at for each write, so no Python runs for one whose value stayed.
        changed = {
            key: orjson.dumps(key)
            + b":"
            + orjson.dumps(self.as_json(values[key]), option=orjson.OPT_SORT_KEYS)
            for key in compress(values, map(is_not, values.values(), map(self._values.get, values)))
        }
        self._keys += changed.keys() - self._lines.keys()
        self._lines |= changed
        if len(self._lines) > len(values):
            self._lines = {key: line for key, line in self._lines.items() if key in values}
            self._keys = [key for key in self._keys if key in values]
        self._keys.sort()  # nearly sorted already: one comparison for each
        self._values = values
        return enclosed(name + b"{\n", list(map(self._lines.__getitem__, self._keys)), b"\n}")


def enclosed(start: bytes, lines: list[bytes], end: bytes) -> list[bytes]:
    """Return `lines`, at least one, with `start` before the first one and `end` behind the last one."""
    lines[0] = start + lines[0]
    lines[-1] += end
    return lines
