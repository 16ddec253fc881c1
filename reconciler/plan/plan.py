"""Plans: ordered steps made from one spec, one state and one instant.

Deterministic: the same three always give the same plan. A plan decides everything that can be decided
before a request is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cache, partial
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic
from reconciler.plan import budget
from reconciler.plan._compare import StateComparison, elsewhere
from reconciler.plan.aliases import alias_remarks
from reconciler.plan.budget import Allowances, BudgetLine
from reconciler.plan.change import Action
from reconciler.plan.dates import series_ends, turns
from reconciler.plan.dates.one_series import one_series_remarks
from reconciler.plan.remarks import steps as remarks
from reconciler.plan.remarks.lines import line_remarks
from reconciler.plan.step import Status, Step
from reconciler.spec.spec import Spec
from reconciler.state.state import Record, State, host_key, ledger, names_of

SERIES_ENDS = series_ends.SERIES_ENDS
ANNOTATED_CODES = frozenset({SERIES_ENDS, remarks.WITHHELD})
"""Codes of warnings that a CI job annotates, although they have no line: nobody else would see them."""


class Options(Struct, frozen=True):
    """The options of a plan: PATHS, refresh from Zoom, and target globs (none: every key)."""

    paths: tuple[str, ...] = ()
    refresh: bool = False
    targets: tuple[str, ...] = ()

    def takes(self, *keys: str) -> bool:
        """True if one of `keys` matches a target."""
        return not self.targets or any(matches(glob, keys) for glob in self.targets)


def matches(glob: str, keys: Iterable[str]) -> bool:
    """True if a target matches one of `keys`."""
    return any(fnmatchcase(key, glob) for key in keys)


class Plan(Struct, frozen=True):
    """Steps sorted by key, the budget by host and day, and diagnostics.

    `elsewhere` counts the recorded meetings of files that PATHS leave out: they were not looked at. `waiting`
    are warnings about changes that wait for a person, for those who do not see the steps.
    """

    steps: tuple[Step, ...]
    budget: tuple[BudgetLine, ...]
    lineage: str
    serial: int
    planned_at: datetime
    options: Options = field(default_factory=Options)
    diagnostics: tuple[Diagnostic, ...] = ()
    elsewhere: int = 0
    waiting: tuple[Diagnostic, ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of every step but keeps, and of the lineage once there is a state."""
        lineage = self.lineage if self.serial else ""
        digests = [step.digest for step in self.steps if step.action is not Action.KEEP and not step.extends]
        from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, which a text plan does not need

        return sha256("\n".join([lineage, *digests]).encode()).hexdigest()

    @property
    def has_work(self) -> bool:
        """True if there is anything to send or record, today or later. Every command uses this answer."""
        return any(step.is_work for step in self.steps)

    @property
    def has_withheld_create(self) -> bool:
        """True if a declared meeting is not created until the spec says more: work is left."""
        return any(step.action is Action.CREATE and step.status is Status.WITHHELD for step in self.steps)

    @property
    def summary(self) -> dict[str, int]:
        """Count steps by action and by status; withheld and deferred steps count under both."""
        actions = Counter(step.action for step in self.steps if step.status is not Status.EXPIRED)
        statuses = Counter(step.status for step in self.steps)
        counts = {action.value: actions[action] for action in Action}
        by_status = {status.value: statuses[status] for status in Status if status is not Status.NOW}
        return {
            **counts,
            **by_status,
            "late": sum(step.late or any(each.late for each in step.dates) for step in self.steps),
        }


def build(  # noqa: PLR0913 - each is a part of what a plan is made from
    spec: Spec,
    state: State,
    now: datetime,
    allowances: Allowances,
    options: Options | None = None,
    *,
    imported: Mapping[str, Record] = MappingProxyType({}),
    gone: Mapping[str, Record] = MappingProxyType({}),
    ending: Mapping[int, str] = MappingProxyType({}),
) -> Plan:
    """Plan how to bring Zoom from `state` to `spec` at the instant `now`.

    As far as Zoom was asked, `imported` are the records that the imports will make, and `gone` those of
    meetings that Zoom does not have any more; both by key. `ending` are Zoom's topics of retired meetings, by
    id.
    """
    chosen = options or Options()
    found = tuple(StateComparison(spec, state, now, imported, gone, ending).steps())
    steps = _with_turns([step for step in found if chosen.takes(*_keys(step))], state, now, allowances)
    unmatched = [glob for glob in chosen.targets if not any(matches(glob, _keys(step)) for step in found)]
    return Plan(
        steps=steps,
        budget=_budget(steps, state, now, allowances),
        lineage=state.lineage,
        serial=state.serial,
        planned_at=now,
        options=chosen,
        diagnostics=(
            *map(remarks.unmatched_target, unmatched),
            *remarks.remarks_for(steps, state, now),
            *one_series_remarks(steps),
            *alias_remarks(state, steps),
            *line_remarks(spec, state, found),
        ),
        waiting=tuple(remarks.waiting(steps, state)),
        elsewhere=len(keys_elsewhere(spec, state) & (state.meetings.keys() | state.intents.keys())),
    )


def series_endings(steps: Iterable[Step], now: datetime) -> tuple[Diagnostic, ...]:
    """Return a warning for each series that ends within 30 days."""
    return tuple(found for step in steps for found in series_ends.ends_soon(step, now))


def ending_keys(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """Return the keys of the series that end soon, as far as `diagnostics` name them."""
    return tuple(each.key for each in diagnostics if each.code == SERIES_ENDS and each.key)


def keys_elsewhere(spec: Spec, state: State) -> frozenset[str]:
    """Return the recorded keys that may stand in files which PATHS leave out."""
    return elsewhere(spec, state)


def _keys(step: Step) -> tuple[str, ...]:
    """Return the keys that a step is about: a likely rename has the only entry of its old key."""
    old = step.from_key if step.status is Status.WITHHELD else None
    return (step.key, old) if old else (step.key,)


def _with_turns(
    steps: Sequence[Step], state: State, now: datetime, allowances: Allowances
) -> tuple[Step, ...]:
    """Return the steps, each with the day of its turn."""
    today = budget.day_of(now)
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        if _takes_turn(step):
            hosts.setdefault(host_key(state, step.host), []).append(step)
    spent = ledger(state, today)
    days: dict[str, date] = {}
    for host, waiting in hosts.items():
        requests = [request for step in waiting for request in turns.requests_of(step)]
        limits = allowances.of(*names_of(state, host))
        days |= budget.allot(requests, used=spent[host], limits=limits, now=now)
    return tuple(_with_turn(step, days, now) if _takes_turn(step) else step for step in steps)


def _takes_turn(step: Step) -> bool:
    """Return whether the budget decides the day of the step: nothing else defers it."""
    return step.status is Status.NOW and (bool(step.dates) or step.own_requests > 0)


def _with_turn(step: Step, days: Mapping[str, date], now: datetime) -> Step:
    if step.own_requests:
        step = _with_own_turn(step, days.get(step.key), now)
    return turns.with_turns_of_dates(step, days, now) if step.dates else step


def _with_own_turn(step: Step, day: date | None, now: datetime) -> Step:
    # Looking up an interrupted request is free, and comes before anything else is sent.
    status = Status.NOW if step.action is Action.RESOLVE else Status.DEFERRED
    if day is None:
        return step.with_status(status, "its host may send no requests at all")
    if day.isoformat() == budget.day_of(now):
        return replace(step, day=day.isoformat())
    if status is Status.NOW:
        step = step.with_status(status, f"if it has to be sent again, that waits until {day} (UTC)")
    return replace(step, status=status, day=day.isoformat(), late=budget.late(step.starts_at, day))


def _budget(
    steps: Iterable[Step], state: State, now: datetime, allowances: Allowances
) -> tuple[BudgetLine, ...]:
    """Return a line for each host that uses or has used requests, today and on each day of its rollout.

    Sorted by the names of the hosts, not by their ids, then by day.
    """
    today = budget.day_of(now)
    names: dict[str, str] = {}
    planned: Counter[tuple[str, str]] = Counter()
    key_of = cache(partial(host_key, state))
    for step in steps:
        host = key_of(step.host)
        names.setdefault(host, step.host)
        if step.own_requests and step.day:
            planned[host, step.day] += 1
        if step.dates:
            planned.update((host, each.day) for each in step.charged_dates if each.day)
    spent = ledger(state, today)
    hosts = {*(host for host in names if spent[host]), *(host for host, _ in planned)}
    lines = []
    for host, day in sorted({*planned, *((host, today) for host in hosts)}):
        limits = allowances.of(*names_of(state, host))
        used = spent[host] if day == today else 0
        lines.append(BudgetLine(names[host], day, limits.daily, limits.kept, used, planned[host, day]))
    return tuple(sorted(lines, key=lambda line: (line.host.casefold(), line.day)))
