"""The daily budget of each host: requests left, and the UTC day on which each request has its turn.

The state has the ledger, the settings have the limits. Zoom's own rule is 100 create and update requests
per user and UTC day, reset at 00:00 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from reconciler.meeting.names import fold_host
from reconciler.ports import DAILY_LIMIT
from reconciler.spec.settings import RESERVE
from reconciler.state.state import State, host_key, ledger, names_of

URGENT = timedelta(hours=48)
"""How soon a meeting must start to use the reserve."""

MIDNIGHT_MARGIN = timedelta(seconds=3)
"""Nothing is sent this close to 00:00 UTC, where two clocks may be on different days."""


class Limits(Struct, frozen=True):
    """A host's requests per UTC day, and the reserve that only urgent meetings may use."""

    daily: int = DAILY_LIMIT
    reserve: int = RESERVE

    @property
    def kept(self) -> int:
        """The effective reserve: at most half of the day's requests.

        A host with a small limit inherits the reserve of the others, and its ordinary meetings
        must still have their turn.
        """
        return min(self.reserve, self.daily // 2)

    def left(self, used: int) -> int:
        """Return the requests that may still be sent today, the reserve included; 0 or more."""
        return max(0, self.daily - used)

    def allows(self, used: int, *, urgent: bool) -> bool:
        """True if one more request may be sent today."""
        return self.left(used) > (0 if urgent else self.kept)


class Allowances(Struct, frozen=True):
    """The limits of every host: `hosts` by folded name, `default` for all others."""

    default: Limits
    hosts: Mapping[str, Limits]

    def of(self, *names: str) -> Limits:
        """Return the lowest limit that is set for one of a host's names, else the default."""
        own = [self.hosts[fold_host(name)] for name in names if fold_host(name) in self.hosts]
        return min(own, key=lambda limits: limits.daily, default=self.default)


class BudgetRequest(Struct, frozen=True):
    """One request that waits for its turn, for the meeting `key`; `starts_at` None: no fixed time.

    `date` names the single date of a series that it changes. `dates` are the requests of the dates that it
    undoes: all must fit into its day.
    """

    key: str
    starts_at: datetime | None
    date: str = ""
    dates: tuple[BudgetRequest, ...] = ()

    @property
    def name(self) -> str:
        """The key, and the date if there is one."""
        return f"{self.key} {self.date}" if self.date else self.key


def day_of(instant: datetime) -> str:
    """Return the UTC day of an instant, as the ledger names it: `2026-12-01`."""
    return instant.astimezone(UTC).date().isoformat()


def reset_at(instant: datetime) -> datetime:
    """Return the next 00:00 UTC, when the budget is reset."""
    return _start_of(instant.astimezone(UTC).date() + timedelta(days=1))


def near_midnight(instant: datetime) -> bool:
    """True if it is too close to 00:00 UTC, on either side, to know the day of a request."""
    before = reset_at(instant) - instant
    since = timedelta(days=1) - before
    return min(before, since) < MIDNIGHT_MARGIN


def urgent(starts_at: datetime | None, now: datetime) -> bool:
    """True if a meeting starts so soon that its request may use the reserve."""
    return starts_at is not None and starts_at - now <= URGENT


def turn(request: BudgetRequest) -> tuple[bool, datetime, str]:
    """Return the sort key of a request: soonest start first, no fixed time last, then by key and date."""
    return (request.starts_at is None, request.starts_at or datetime.max.replace(tzinfo=UTC), request.name)


def allot(requests: Sequence[BudgetRequest], *, used: int, limits: Limits, now: datetime) -> dict[str, date]:
    """Assign a UTC day, from today on, to each of one host's requests; returned by name.

    A host whose limit is 0 gets no day: its keys are absent.
    """
    days: dict[str, date] = {}
    day, moment = now.astimezone(UTC).date(), now
    waiting = sorted(requests, key=turn)
    while waiting:
        sent, waiting = _one_day(waiting, used, limits, moment)
        days.update((request.name, day) for request in sent)
        if not sent and used == 0:
            break
        day += timedelta(days=1)
        moment, used = _start_of(day), 0
    return days


def late(starts_at: datetime | None, day: date) -> bool:
    """True if a meeting starts before the day of its turn."""
    return starts_at is not None and starts_at < _start_of(day)


def _one_day(
    waiting: list[BudgetRequest], used: int, limits: Limits, now: datetime
) -> tuple[list[BudgetRequest], list[BudgetRequest]]:
    """Return the requests that are sent on a day, and those that wait for a later one, by turn."""
    sent: list[BudgetRequest] = []
    index = 0
    while index < len(waiting):
        request, count = waiting[index], used + len(sent)
        is_urgent = urgent(request.starts_at, now)
        if not limits.allows(count, urgent=is_urgent):
            break
        if limits.allows(count + len(request.dates), urgent=is_urgent):
            sent += (request, *request.dates)
        elif count:
            break
        else:  # no day can hold them together: it begins on a fresh one, and its dates have their own turns
            sent.append(request)
            waiting = [*waiting[: index + 1], *sorted((*waiting[index + 1 :], *request.dates), key=turn)]
        index += 1
    return sent, waiting[index:]


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


class BudgetLine(Struct, frozen=True):
    """One host on one UTC day: `left` is the rest after `used` and `planned`, the reserve included.

    `reserve` is the effective one, see `Limits.kept`.
    """

    host: str
    day: str
    limit: int
    reserve: int
    used: int
    planned: int

    @property
    def left(self) -> int:
        """Return the requests that are neither used nor planned; 0 or more."""
        return max(0, self.limit - self.used - self.planned)


def budget_lines(
    state: State, named: Iterable[str], allowances: Allowances, now: datetime
) -> tuple[BudgetLine, ...]:
    """Return a line for each host of the settings (`named`), the records and today's ledger, by name."""
    day = day_of(now)
    spent = ledger(state, day)
    names: dict[str, str] = {}
    for name in sorted(dict.fromkeys((*named, *_hosts(state), *spent)), key=lambda name: "@" not in name):
        names.setdefault(host_key(state, name), name)
    rows = []
    for key, name in names.items():
        aliases = names_of(state, key)
        limits = allowances.of(*aliases)
        shown = next((alias for alias in (name, *aliases) if "@" in alias), name)
        rows.append(BudgetLine(shown, day, limits.daily, limits.kept, spent[key], planned=0))
    return tuple(sorted(rows, key=lambda row: row.host.casefold()))


def _hosts(state: State) -> Iterator[str]:
    yield from (record.host for record in state.meetings.values())
    yield from (intent.host for intent in state.intents.values())
    yield from (gone.host for gone in state.retired)
