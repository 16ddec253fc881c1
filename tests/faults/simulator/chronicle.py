"""The history against what happened: each change of a meeting is told once, in the write that records it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.state import history
from reconciler.state.history import Fact, Kind
from reconciler.state.state import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from reconciler.state.state import Record, State

_MAKES = {Kind.CREATE, Kind.REPLACE}
_CHANGES = {Kind.UPDATE, Kind.EXTEND, Kind.HAND_OVER, Kind.RELEASE, Kind.IMPORT, Kind.DATES, *_MAKES}
_ENDS = {Kind.DESTROY, Kind.FORGET, Kind.EXPIRE}


class Chronicle:
    """Compares each state that is written with the one before, and at the end with what Zoom did.

    `fail` takes what does not hold.
    """

    def __init__(self, fail: Callable[[str, str], None]) -> None:
        self._fail = fail
        self.excused: set[int] = set()
        """Meetings that may leave the state untold, since Zoom has them no more."""
        self.follows_hosts = False
        """Whether runs read Zoom first, and record untold which host each meeting has by then."""
        self._told: Counter[tuple[str, int]] = Counter()
        """How often each meeting, by its number, was told as made, changed and deleted."""
        self._done: Counter[tuple[str, int]] = Counter()
        """What Zoom did for the program."""

    def answered(self, request: httpx.Request, number: int) -> None:
        """Note what Zoom did to the meeting with this number."""
        what = "dates" if "occurrence_id" in request.url.params else request.method
        self._done[what, number] += 1

    def written(self, before: State, after: State) -> None:
        """Look at one write."""
        so_far = set(_facts(after))  # a key that is changed twice by a run is named once
        told = so_far - set(_facts(before) if _same_run(before, after) else ())
        self._look_at_records(before, after, _by_kind(so_far))
        self._count(before, after, _by_kind(told))

    def look_at_end(self, live: set[int]) -> None:
        """What Zoom did to each meeting that is there was told; nothing was told twice."""
        twice = [each for each, count in self._told.items() if count > 1 and each[0] != "changed"]
        untold = [
            f"{what} of {number}"
            for what, number in self._done
            if number in live and not self._told[_TOLD[what], number]
        ]
        if twice or untold:
            self._fail("history", f"told twice {twice}, not told {untold}")

    def _look_at_records(self, before: State, after: State, told: dict[Kind, set[str]]) -> None:
        numbers = {record.id for record in after.meetings.values()}
        moved = {record.id: key for key, record in before.meetings.items()}
        for key, record in after.meetings.items():
            was = before.meetings.get(moved.get(record.id, key))
            if record.id in moved and moved[record.id] != key:
                self._expect({Kind.MOVE}, key, told)
            if was is None or was.id != record.id:
                self._expect({*_MAKES, Kind.IMPORT}, key, told)
            elif _declares_otherwise(was, record) and not (self.follows_hosts and _is_followed(was, record)):
                self._expect({*_CHANGES, Kind.RENAME}, key, told)
        for key, record in before.meetings.items():
            if record.id not in numbers | self.excused and key not in after.meetings:
                self._expect(_ENDS, key, told)

    def _expect(self, kinds: set[Kind], key: str, told: dict[Kind, set[str]]) -> None:
        if not any(key in told.get(kind, ()) for kind in kinds):
            words = " or ".join(sorted(kinds))
            self._fail("history", f"the state changes {key} without telling of a {words}: {told}")

    def _count(self, before: State, after: State, told: dict[Kind, set[str]]) -> None:
        for kind, keys in told.items():
            for key in keys:
                record = after.meetings.get(key)
                if kind in _MAKES and record:
                    self._told["made", record.id] += 1
                elif kind in _CHANGES and record:
                    self._told["changed", record.id] += 1
                if kind in _MAKES and (record is None or record.id in before.known_ids()):
                    self._fail("history", f"{key} is told as made, and was not")
                if kind is Kind.DESTROY and after.known_ids() == before.known_ids():
                    self._fail("history", f"{key} is told as deleted, and no number is gone")


_TOLD = {"POST": "made", "PATCH": "changed", "dates": "changed"}


def _facts(state: State) -> Iterator[Fact]:
    """Yield the facts of the newest entry, of what is done, by kind and key."""
    if state.history:
        for fact in history.parse(state.history[-1]).facts:
            if fact.kind not in history.LEFT:
                yield fact


def _by_kind(facts: set[Fact]) -> dict[Kind, set[str]]:
    """Return the keys of each kind."""
    found: dict[Kind, set[str]] = {}
    for fact in facts:
        found.setdefault(fact.kind, set()).add(fact.key)
    return found


def _same_run(before: State, after: State) -> bool:
    """Return whether the newest entry only grew."""
    if not before.history or len(before.history) != len(after.history):
        return False
    return bool(before.history[-1]["by"] == after.history[-1]["by"])


def _is_followed(was: Record, record: Record) -> bool:
    """Return whether nothing but the host is another one."""
    return record == follow(was, record.host)


def _declares_otherwise(was: Record, record: Record) -> bool:
    return was.attributes != record.attributes or was.host != record.host
