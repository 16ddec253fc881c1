"""What a plan costs: the requests of each host as a table, and its days as a table and a diagram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

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
"""Hosts that are named beside one day."""

ROOM = 6_000
"""Bytes that each table, and the diagram, may take of a comment."""

LETTER_WIDTH = 7
"""Pixels that a letter takes in the diagram, about."""


def budget(plan: Plan) -> str:
    """Today's requests of each host and when its last one lands, as a table; empty where none is sent."""
    today, hosts = day_of(plan.planned_at), _by_host(plan)
    if not hosts:
        return ""
    rows = take_fitting((_host(rows, today) for rows in hosts[:HOSTS_MAX]), ROOM)
    more = len(hosts) - len(rows)
    after = f"… and {count_noun(more, 'more host')}. " if more else ""
    resets = reset_words(plan.planned_at)
    return "\n".join((
        "| Host | Used today | Planned today | Left today | Later | Done on (UTC) |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        *rows,
        "",
        f"{after}The day's budget {resets}.",
    ))  # fmt: skip


def rollout(plan: Plan) -> str:
    """The days of a plan that takes more than today, as a table and a diagram; else empty."""
    planned = [row for row in plan.budget if row.planned]
    days = sorted({row.day for row in planned})
    if not any(day > day_of(plan.planned_at) for day in days):
        return ""
    by_day: dict[str, list[BudgetLine]] = {day: [] for day in days}
    for row in planned:
        by_day[row.day].append(row)
    rows = take_fitting((_day(day, by_day[day]) for day in days[:DAYS_MAX]), ROOM)
    more = len(days) - len(rows)
    after = ("", f"… and {count_noun(more, 'more day')}, the last one {days[-1]}.") if more > 0 else ()
    table = "\n".join(("| Day (UTC) | Requests | For |", "| --- | ---: | --- |", *rows, *after))
    return f"{table}\n\n{_diagram(plan)}"


def last_day(plan: Plan) -> str:
    """The UTC day on which the last request is planned; empty where none is."""
    return max((row.day for row in plan.budget if row.planned), default="")


def _by_host(plan: Plan) -> list[list[BudgetLine]]:
    """The lines of each host that sends something, by day; the host that takes longest first."""
    hosts: dict[str, list[BudgetLine]] = {}
    for row in plan.budget:
        hosts.setdefault(row.host, []).append(row)
    busy = [rows for rows in hosts.values() if any(row.planned for row in rows)]
    return sorted(busy, key=lambda rows: (-_ordinal(rows[-1]), rows[0].left, rows[0].host))


def _host(rows: Sequence[BudgetLine], today: str) -> str:
    now = next((row for row in rows if row.day == today), None)
    later = sum(row.planned for row in rows if row.day != today)
    spent = (now.used, now.planned, f"{now.left} of {now.limit}") if now else (0, 0, "")
    cells = (cell_code(rows[0].host), *spent, later or "", rows[-1].day)
    return f"| {' | '.join(map(str, cells))} |"


def _day(day: str, rows: Sequence[BudgetLine]) -> str:
    most = sorted(rows, key=lambda row: (-row.planned, row.host))
    named = ", ".join(f"{cell_code(row.host)} {row.planned}" for row in most[:NAMED_MAX])
    more = f" and {count_noun(len(rows) - NAMED_MAX, 'more host')}" if len(rows) > NAMED_MAX else ""
    return f"| {day} | {sum(row.planned for row in rows)} | {named}{more} |"


def _diagram(plan: Plan) -> str:
    """A bar for each host and stretch of days with as many requests, in the order of the table."""
    hosts = [(mermaid_words(rows[0].host), rows) for rows in _by_host(plan)[:SECTIONS_MAX]]
    padding = LETTER_WIDTH * max(len(name) for name, _ in hosts) + LETTER_WIDTH
    days = max(_ordinal(rows[-1]) for _, rows in hosts) - min(_ordinal(rows[0]) for _, rows in hosts)
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
        lines += [f"    {_label(one)} :{one.first}, {one.days}d" for one in _stretches(rows)]
    return code_block(take_fitting(lines, ROOM), "mermaid")


def _label(stretch: _Stretch) -> str:
    return f"{stretch.planned} a day" if stretch.days > 1 else f"{stretch.planned}"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """`days` days from `first` on, each with as many requests."""

    first: str
    days: int
    planned: int


def _stretches(rows: Sequence[BudgetLine]) -> list[_Stretch]:
    """A host's lines, sorted by day, with the days that are alike and follow each other as one."""
    found: list[_Stretch] = []
    for row in (one for one in rows if one.planned):
        last = found[-1] if found else None
        if last and last.planned == row.planned and _number(last.first) + last.days == _ordinal(row):
            found[-1] = replace(last, days=last.days + 1)
        else:
            found.append(_Stretch(row.day, 1, row.planned))
    return found


def _ordinal(row: BudgetLine) -> int:
    return _number(row.day)


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal()
