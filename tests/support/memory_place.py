"""A `DocumentStore` in memory, with real compare-and-swap and a chosen outcome for each call."""

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


class CallOutcome(StrEnum):
    """Outcome of one call. A `get` with another outcome than `OK` is refused."""

    OK = "ok"
    REFUSED = "refused"
    """Known not to have happened."""
    NOT_WRITTEN = "not written"
    """Not written, and the answer is lost."""
    ANSWER_LOST = "answer lost"
    """Written, and the answer is lost."""
    LATE = "late"
    """No answer; written when `Documents.write_late` is called, if the version is still current."""
    FALSE_CONFLICT = "false conflict"
    """Written, and reported as a conflict: a client that repeats a write meets its own."""


class Documents:
    """Stored documents that several stores share; `on_write` gets name, author and document of each write.

    No version is used twice; with `by_content` the same document has the same version.
    """

    def __init__(self, *, by_content: bool = False) -> None:
        self.current: dict[str, Snapshot] = {}
        self.on_write: Callable[[str, str, bytes], None] = lambda _name, _author, _document: None
        self._by_content = by_content
        self._count = 0
        self._late: list[tuple[str, str, bytes, str | None]] = []

    def put(self, name: str, author: str, document: bytes, replaces: str | None) -> str:
        """Write it if `replaces` is the current version. Raises `ConflictError`."""
        current = self.current.get(name)
        if (current and current.version) != replaces:
            raise ConflictError(Diagnostic("memory.conflict"))
        self._count += 1
        version = hashlib.md5(document).hexdigest() if self._by_content else f"v{self._count}"
        self.current[name] = Snapshot(document, version)
        self.on_write(name, author, document)
        return version

    def delay(self, name: str, author: str, document: bytes, replaces: str | None) -> None:
        """Keep a write that has not arrived yet."""
        self._late.append((name, author, document, replaces))

    def write_late(self) -> None:
        """Carry out every kept write now, each under its condition."""
        late, self._late = self._late, []
        for write in late:
            try:
                self.put(*write)
            except ConflictError:
                continue


class MemoryDocumentStore:
    """A `DocumentStore` over documents that other stores may share.

    `outcomes` has, by call (`get lock`, `put state` …), the outcomes of the next calls; `decide`
    gives those of all further ones. `wait` is called before and after each call has its effect.
    """

    location = "memory"
    gather_seconds = 0.0

    def __init__(
        self,
        documents: Documents | None = None,
        *,
        author: str = "",
        decide: Callable[[str], CallOutcome] = lambda _call: CallOutcome.OK,
        wait: Callable[[], object] = lambda: None,
    ) -> None:
        self.documents = documents or Documents()
        self.outcomes: defaultdict[str, deque[CallOutcome]] = defaultdict(deque)
        self.notes: list[str] = []
        self.calls: list[str] = []
        self.keeps_conditions = True
        self._author = author
        self._decide = decide
        self.wait = wait

    def get(self, name: str) -> Snapshot | None:
        """Return the current document."""
        outcome = self._outcome(f"get {name}")
        self.wait()
        if outcome is not CallOutcome.OK:
            raise StateError(Diagnostic("memory.unreadable", "No answer came."))
        current = self.documents.current.get(name)
        self.wait()
        return current

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Write it, or do what its outcome says instead."""
        outcome = self._outcome(f"put {name}")
        self.notes.append(note)
        self.wait()
        if outcome is CallOutcome.REFUSED:
            raise StateError(Diagnostic("memory.refused"))
        if outcome is CallOutcome.LATE:
            self.documents.delay(name, self._author, document, replaces)
        if outcome in {CallOutcome.LATE, CallOutcome.NOT_WRITTEN}:
            self.wait()
            raise UnansweredError(Diagnostic("memory.unanswered", "No answer came."))
        version = self.documents.put(name, self._author, document, replaces)
        self.wait()
        if outcome is CallOutcome.ANSWER_LOST:
            raise UnansweredError(Diagnostic("memory.unanswered", "No answer came."))
        if outcome is CallOutcome.FALSE_CONFLICT:
            raise ConflictError(Diagnostic("memory.conflict"))
        return version

    def check(self) -> None:
        """Raise an error if the test says that conditions are ignored."""
        self._outcome("check")
        if not self.keeps_conditions:
            raise StateError(Diagnostic("memory.conditions"))

    def _outcome(self, call: str) -> CallOutcome:
        self.calls.append(call)
        planned = self.outcomes[call]
        return planned.popleft() if planned else self._decide(call)
