"""The cost of a plan: the requests of each host as a table, its days as a table and a diagram."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.text import count_noun
from reconciler.plan.budget import day_of
from reconciler.views.markdown.escape import cell_code, code_block, mermaid_words
from reconciler.views.markdown.size import take_fitting
from reconciler.views.text.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.plan.budget import BudgetLine
    from reconciler.plan.plan import Plan


HOSTS_MAX = 12
"""Hosts in the table: those whose work takes longest, then those with the least left."""

DAYS_MAX = 10
"""Days in the table: the first ones."""

SECTIONS_MAX = 8
"""Hosts in the diagram: those whose work takes longest."""

NAMED_MAX = 3
"""Hosts that are named for one day."""

SECTION_BYTES_MAX = 6_000
"""Bytes of a comment that each table, and the diagram, may take."""

LETTER_WIDTH = 7
"""Approximate width of a letter in the diagram, in pixels."""


def budget(plan: Plan) -> str:
    """Return today's requests and the last day of each host as a table; empty if nothing is sent."""
    today, hosts = day_of(plan.planned_at), _by_host(plan)
    if not hosts:
        return ""
    rows = take_fitting((_host(lines, today) for lines in hosts[:HOSTS_MAX]), SECTION_BYTES_MAX)
    more = len(hosts) - len(rows)
    rest = f"… and {count_noun(more, 'more host')}. " if more else ""
    resets = reset_words(plan.planned_at)
    return "\n".join((
        "| Host | Used today | Planned today | Left today | Later | Done on (UTC) |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        *rows,
        "",
        f"{rest}The day's budget {resets}.",
    ))  # fmt: skip


def rollout(plan: Plan) -> str:
    """Return the days of a plan that takes more than today as a table and a diagram; else empty."""
    planned = [row for row in plan.budget if row.planned]
    days = sorted({row.day for row in planned})
    if not any(day > day_of(plan.planned_at) for day in days):
        return ""
    by_day: dict[str, list[BudgetLine]] = {day: [] for day in days}
    for row in planned:
        by_day[row.day].append(row)
    rows = take_fitting((_day(day, by_day[day]) for day in days[:DAYS_MAX]), SECTION_BYTES_MAX)
    more = len(days) - len(rows)
    rest = ("", f"… and {count_noun(more, 'more day')}, the last one {days[-1]}.") if more > 0 else ()
    table = "\n".join(("| Day (UTC) | Requests | For |", "| --- | ---: | --- |", *rows, *rest))
    return f"{table}\n\n{_diagram(plan)}"


def last_day(plan: Plan) -> str:
    """Return the UTC day of the last planned request; empty if none is planned."""
    return max((row.day for row in plan.budget if row.planned), default="")


def _by_host(plan: Plan) -> list[list[BudgetLine]]:
    """Return the budget lines of each host that sends something, the host that takes longest first."""
    hosts: dict[str, list[BudgetLine]] = {}
    for row in plan.budget:
        hosts.setdefault(row.host, []).append(row)
    busy = [rows for rows in hosts.values() if any(row.planned for row in rows)]
    return sorted(busy, key=lambda rows: (-_ordinal(rows[-1].day), rows[0].left, rows[0].host))


def _host(rows: Sequence[BudgetLine], today: str) -> str:
    current = next((row for row in rows if row.day == today), None)
    later = sum(row.planned for row in rows if row.day != today)
    counts = (current.used, current.planned, f"{current.left} of {current.limit}") if current else (0, 0, "")
    cells = (cell_code(rows[0].host), *counts, later or "", rows[-1].day)
    return f"| {' | '.join(map(str, cells))} |"


def _day(day: str, rows: Sequence[BudgetLine]) -> str:
    busiest = sorted(rows, key=lambda row: (-row.planned, row.host))
    named = ", ".join(f"{cell_code(row.host)} {row.planned}" for row in busiest[:NAMED_MAX])
    more = f" and {count_noun(len(rows) - NAMED_MAX, 'more host')}" if len(rows) > NAMED_MAX else ""
    return f"| {day} | {sum(row.planned for row in rows)} | {named}{more} |"


def _diagram(plan: Plan) -> str:
    """Return a bar for each host and period of equally many requests, in the order of the table."""
    hosts = [(mermaid_words(rows[0].host), rows) for rows in _by_host(plan)[:SECTIONS_MAX]]
    padding = LETTER_WIDTH * max(len(name) for name, _ in hosts) + LETTER_WIDTH
    days = max(_ordinal(rows[-1].day) for _, rows in hosts) - min(_ordinal(rows[0].day) for _, rows in hosts)
    lines = [
        f'%%{{init: {{"gantt": {{"leftPadding": {padding}}}}}}}%%',
        "gantt",
        "    title Requests a day (UTC)",
        "    dateFormat YYYY-MM-DD",
        "    axisFormat %d %b",
        f"    tickInterval {'1day' if days <= DAYS_MAX else '1week'}",
    ]
    for name, rows in hosts:
        lines.append(f"    section {name}")
        lines += [f"    {_label(period)} :{period.first_day}, {period.days}d" for period in _periods(rows)]
    return code_block(take_fitting(lines, SECTION_BYTES_MAX), "mermaid")


def _label(period: _Period) -> str:
    return f"{period.planned} a day" if period.days > 1 else f"{period.planned}"


class _Period(Struct, frozen=True):
    """A number of `days` from `first_day` on, each with `planned` requests."""

    first_day: str
    days: int
    planned: int


def _periods(rows: Sequence[BudgetLine]) -> list[_Period]:
    """Join consecutive days of a host, sorted by day, that have equally many requests."""
    periods: list[_Period] = []
    for row in (row for row in rows if row.planned):
        last = periods[-1] if periods else None
        if last and last.planned == row.planned and _ordinal(last.first_day) + last.days == _ordinal(row.day):
            periods[-1] = replace(last, days=last.days + 1)
        else:
            periods.append(_Period(row.day, 1, row.planned))
    return periods


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()
