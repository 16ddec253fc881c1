"""A place in memory, for the rules of lease and state: real compare-and-swap, and faults by the call."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Callable


class Fate(StrEnum):
    """What becomes of one call. A get that is not `OK` is refused, whatever else is said."""

    OK = "ok"
    REFUSED = "refused"
    """Known not to have happened."""
    LOST = "lost"
    """Not written, and nobody is told so."""
    UNTOLD = "untold"
    """Written, and the answer is lost."""
    LATE = "late"
    """No answer; written when `Documents.land` is called, if the version still stands by then."""
    DISOWNED = "disowned"
    """Written, and told as a conflict: a client that repeats a write meets itself."""


class Documents:
    """What stands at the place, whoever looks; `on_landed` is told name, author and document of each write.

    Versions are never the same twice; with `by_content` the same document has the same one.
    """

    def __init__(self, *, by_content: bool = False) -> None:
        self.standing: dict[str, Snapshot] = {}
        self.on_landed: Callable[[str, str, bytes], None] = lambda _name, _author, _document: None
        self._by_content = by_content
        self._count = 0
        self._late: list[tuple[str, str, bytes, str | None]] = []

    def put(self, name: str, author: str, document: bytes, replaces: str | None) -> str:
        """Write it where version `replaces` stands. Raises `ConflictError`."""
        stands = self.standing.get(name)
        if (stands and stands.version) != replaces:
            raise ConflictError(Diagnostic("memory.conflict"))
        self._count += 1
        version = hashlib.md5(document).hexdigest() if self._by_content else f"v{self._count}"
        self.standing[name] = Snapshot(document, version)
        self.on_landed(name, author, document)
        return version

    def delay(self, name: str, author: str, document: bytes, replaces: str | None) -> None:
        """Keep a write that has not landed yet."""
        self._late.append((name, author, document, replaces))

    def land(self) -> None:
        """Have all that was kept land now, each under its condition."""
        late, self._late = self._late, []
        for write in late:
            try:
                self.put(*write)
            except ConflictError:
                continue


class MemoryPlace:
    """A `Place` over documents that others may share.

    `fates` has, by call (`get lock`, `put state` …), what becomes of the next ones; `decide` is
    asked beyond that. `wait` is called before and after each call has its effect.
    """

    location = "memory"
    gather_seconds = 0.0

    def __init__(
        self,
        documents: Documents | None = None,
        *,
        author: str = "",
        decide: Callable[[str], Fate] = lambda _call: Fate.OK,
        wait: Callable[[], object] = lambda: None,
    ) -> None:
        self.documents = documents or Documents()
        self.fates: defaultdict[str, deque[Fate]] = defaultdict(deque)
        self.notes: list[str] = []
        self.calls: list[str] = []
        self.keeps_conditions = True
        self._author = author
        self._decide = decide
        self.wait = wait

    def get(self, name: str) -> Snapshot | None:
        """What stands there."""
        fate = self._met(f"get {name}")
        self.wait()
        if fate is not Fate.OK:
            raise StateError(Diagnostic("memory.unreadable", "No answer came."))
        found = self.documents.standing.get(name)
        self.wait()
        return found

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Write it, or what its fate says instead."""
        fate = self._met(f"put {name}")
        self.notes.append(note)
        self.wait()
        if fate is Fate.REFUSED:
            raise StateError(Diagnostic("memory.refused"))
        if fate is Fate.LATE:
            self.documents.delay(name, self._author, document, replaces)
        if fate in {Fate.LATE, Fate.LOST}:
            self.wait()
            raise UnansweredError(Diagnostic("memory.unanswered", "No answer came."))
        version = self.documents.put(name, self._author, document, replaces)
        self.wait()
        if fate is Fate.UNTOLD:
            raise UnansweredError(Diagnostic("memory.unanswered", "No answer came."))
        if fate is Fate.DISOWNED:
            raise ConflictError(Diagnostic("memory.conflict"))
        return version

    def check(self) -> None:
        """Whether conditions are kept, as the test says."""
        self._met("check")
        if not self.keeps_conditions:
            raise StateError(Diagnostic("memory.conditions"))

    def _met(self, call: str) -> Fate:
        self.calls.append(call)
        waiting = self.fates[call]
        return waiting.popleft() if waiting else self._decide(call)
