"""The dates of a calendar's clashes: the document has the sets of meetings, the page marks each date."""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

GAP_SECONDS_MAX = 86400

_ENDS, _STARTS = 0, 1
"""In this order at one instant: spans are half-open."""


class Span(NamedTuple):
    """The seconds since 1970 from which and to which a date runs."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """The duration."""
        return self.end - self.start


def clashing(
    clashes: Sequence[Mapping[str, Any]], dates: Sequence[Mapping[str, Any]], spans: Sequence[Span]
) -> frozenset[int]:
    """Return the positions of the dates at which the meetings of a clash run at once, or too close."""
    own: dict[str, list[int]] = {}
    for position, each in enumerate(dates):
        own.setdefault(each["key"], []).append(position)
    return frozenset(
        position
        for clash in clashes
        for position in _clashing([own.get(key, []) for key in clash["keys"]], spans, clash["dates"])
    )


def _clashing(members: Sequence[Sequence[int]], spans: Sequence[Span], times: int) -> set[int]:
    """Return the dates at which the members meet `times` times.

    The document does not tell how long a host must be free between two meetings. It is the smallest gap with
    which the members meet as often as the document says.
    """
    found: list[tuple[int, ...]] = []
    for buffer in _gaps([position for own in members for position in own], spans):
        found = list(_together(members, spans, buffer))
        if len(found) >= times:
            break
    return {position for together in found for position in together}


def _gaps(positions: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """Return 0 and the least buffers, ascending, that are too long for two dates in a row."""
    ordered = sorted(spans[position] for position in positions)
    between = {after.start - before.end for before, after in pairwise(ordered)}
    return [0, *sorted(gap + 1 for gap in between if 0 <= gap < GAP_SECONDS_MAX)]


def _together(
    members: Sequence[Sequence[int]], spans: Sequence[Span], buffer: int
) -> Iterator[tuple[int, ...]]:
    """Yield the dates of the members at each instant at which each of them has one; a sweep over spans."""
    turns = [
        (instant, kind, member, position)
        for member, positions in enumerate(members)
        for position in positions
        for instant, kind in ((spans[position].start, _STARTS), (spans[position].end + buffer, _ENDS))
    ]
    running: dict[int, int] = {}
    for _, kind, member, position in sorted(turns, key=itemgetter(0, 1)):
        if kind == _ENDS:
            del running[position]
            continue
        running[position] = member
        if len(set(running.values())) == len(members):
            yield tuple(running)
