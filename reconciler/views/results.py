"""Results that only commands have: findings of `validate`, checks of `doctor`, join links."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import repr_without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from reconciler.calendar.clashes import Clash
    from reconciler.calendar.dates import CalendarDate, ClosedDays, SkippedDate
    from reconciler.calendar.feed import FeedMeeting
    from reconciler.calendar.marks import Marks
    from reconciler.errors.diagnostic import Diagnostic


class Validation(Struct, frozen=True):
    """The findings about some files; `meetings` counts the valid meetings and is 0 if there is an error."""

    diagnostics: Sequence[Diagnostic]
    meetings: int = 0
    files: int = 0


def severity_counts(diagnostics: Sequence[Diagnostic]) -> tuple[int, int]:
    """Return the number of errors and that of warnings, with those that were only counted."""
    counts = dict.fromkeys(Severity, 0)
    for diagnostic in diagnostics:
        counts[diagnostic.severity] += 1 + diagnostic.more
    return counts[Severity.ERROR], counts[Severity.WARNING]


class LastApply(Struct, frozen=True):
    """What the last apply that did something left: numbers of keys, and of steps it did not come to."""

    at: datetime
    deferred: int = 0
    withheld: int = 0
    failed: int = 0
    unfinished: int = 0


class DriftCounts(Struct, frozen=True):
    """The numbers of a report of drift: meetings that somebody changed, deleted, or that were not read."""

    at: datetime
    changed: int = 0
    deleted: int = 0
    unread: int = 0


class Situation(Struct, frozen=True):
    """Numbers besides the budget: recorded meetings, open intents, the last apply and the last drift."""

    meetings: int = 0
    intents: int = 0
    apply: LastApply | None = None
    drift: DriftCounts | None = None


class CheckStatus(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(Struct, frozen=True):
    """One check of `doctor`; `code` is that of the diagnostic that it found, if there is one."""

    name: str
    status: CheckStatus
    summary: str
    remedy: str = ""
    code: str | None = None


def ok(name: str, summary: str) -> Check:
    """Return a check that passed."""
    return Check(name, CheckStatus.OK, summary)


def warn(name: str, summary: str, remedy: str) -> Check:
    """Return a check that passed with a warning; `remedy` says what to do about it."""
    return Check(name, CheckStatus.WARN, summary, remedy)


def from_diagnostic(name: str, diagnostic: Diagnostic) -> Check:
    """Return the check `name` with the outcome that a diagnostic gives it."""
    status = CheckStatus.FAIL if diagnostic.severity is Severity.ERROR else CheckStatus.WARN
    parts = (diagnostic.summary, diagnostic.detail)
    return Check(name, status, ": ".join(filter(None, parts)), diagnostic.hint, diagnostic.code)


class JoinLink(Struct, frozen=True):
    """The join link of one meeting. `next_at` (aware, UTC) is its next start, None if it has none.

    `timezone` is the meeting's own zone, as recorded.
    """

    key: str
    id: int
    host: str
    topic: str
    next_at: datetime | None
    join_url: str
    timezone: str | None = None

    def __repr__(self) -> str:
        return repr_without(self, "join_url")

    @property
    def holds_passcode(self) -> bool:
        """Whether the link contains the passcode, so that people join without typing it."""
        return "pwd=" in self.join_url.casefold()

    @property
    def open_url(self) -> str:
        """The link without its query, where passcodes and other tokens are."""
        return self.join_url.partition("?")[0].partition("#")[0]


class Calendar(Struct, frozen=True):
    """What is declared, as dates from `first` to `last`, both included, by the clock of `zone`.

    `clashing` are the dates that a host cannot run, with the keys that they clash with. `meetings` are those
    of a feed. `links` are join links by key, None without `--links`; `holds_passcodes` is True if they let
    people in without typing a passcode.
    """

    first: date
    last: date
    zone: str
    name: str = "Meetings"
    dates: Sequence[CalendarDate] = ()
    skipped: Sequence[SkippedDate] = ()
    clashes: Sequence[Clash] = ()
    clashing: Marks = {}
    closures: Sequence[ClosedDays] = ()
    meetings: Sequence[FeedMeeting] = ()
    diagnostics: Sequence[Diagnostic] = ()
    links: Mapping[str, str] | None = None
    holds_passcodes: bool = False

    def __repr__(self) -> str:
        return repr_without(self, "links")
