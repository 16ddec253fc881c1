"""The weeks of the calendar that a plan changes, as a table that stays short."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun
from reconciler.meeting.humanize import days_between_words
from reconciler.plan.dates.weeks import AHEAD_WEEKS, Kind
from reconciler.views.markdown.escape import cell_code, code, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from reconciler.plan.dates.weeks import DateEntry, Weeks

ROWS_MAX = 6
"""Rows of the table; the changes of others are counted."""

CELL_MAX = 5
"""Changes in one cell; the others are counted."""

SPANS_MAX = 3
"""Spans of weeks that are named in one row; the weeks of others are counted."""

_BREAK = "<br>"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def week_table(weeks: Weeks) -> str:
    """Return the table, with a column for each kind of change that there is; empty without any."""
    if not weeks.entries:
        return ""
    kinds = [kind for kind in Kind if any(_of(kind, each.entries) for each in weeks.entries)]
    shown, others = weeks.entries[:ROWS_MAX], weeks.entries[ROWS_MAX:]
    lines = [
        f"**The calendar of the next {AHEAD_WEEKS} weeks.** {_zone(weeks)}\n",
        _row(["Weeks", *(kind.capitalize() for kind in kinds)]),
        _row(["---"] * (len(kinds) + 1)),
        *(
            _row([_weeks(each.mondays), *(_cell(_of(kind, each.entries)) for kind in kinds)])
            for each in shown
        ),
    ]
    more = sum(len(each.entries) for each in others)
    return "\n".join([*lines, *([f"\n… and {count_noun(more, 'more change')}."] if more else [])])


def _zone(weeks: Weeks) -> str:
    if weeks.has_other_zones:
        return f"Local times, in {code(weeks.zone)} where no zone is named."
    return f"Local times in {code(weeks.zone)}."


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _of(kind: Kind, entries: Sequence[DateEntry]) -> list[DateEntry]:
    return [each for each in entries if each.kind is kind]


def _weeks(mondays: Sequence[date]) -> str:
    """Return the weeks: "11 to 17 Jan 2027", "every 2 weeks, 11 Jan to 20 Jun 2027"."""
    steps = {(later - earlier).days // 7 for earlier, later in pairwise(mondays)}
    if len(mondays) > SPANS_MAX and len(steps) == 1 and steps != {1}:
        return f"every {steps.pop()} weeks, {_span(mondays[0], mondays[-1])}"
    spans = _spans(mondays)
    named = [_span(*span) for span in spans[:SPANS_MAX]]
    left = sum((last - first).days // 7 + 1 for first, last in spans[SPANS_MAX:])
    return _BREAK.join([*named, *([f"and {count_noun(left, 'more week')}"] if left else [])])


def _span(first: date, last: date) -> str:
    """Return the days from one Monday to the Sunday of the week of another."""
    return days_between_words(first, last + timedelta(days=6))


def _spans(mondays: Sequence[date]) -> list[tuple[date, date]]:
    """Return weeks that follow each other as the first and the last of their Mondays."""
    found: list[tuple[date, date]] = []
    for monday in mondays:
        first = found.pop()[0] if found and monday - found[-1][1] == timedelta(days=7) else monday
        found.append((first, monday))
    return found


def _cell(entries: Sequence[DateEntry]) -> str:
    named = [
        f"{_days(each.weekdays)} {prose(each.words, cell_code)} {cell_code(each.key)}"
        for each in entries[:CELL_MAX]
    ]
    more = [f"and {len(entries) - CELL_MAX} more"] if len(entries) > CELL_MAX else []
    return _BREAK.join([*named, *more])


def _days(weekdays: Sequence[int]) -> str:
    """Return days of the week: "Mon", "Mon, Wed", "Mon to Fri"."""
    first, last = weekdays[0], weekdays[-1]
    if len(weekdays) > 2 and last - first == len(weekdays) - 1:  # noqa: PLR2004 - two are listed
        return f"{_DAYS[first]} to {_DAYS[last]}"
    return ", ".join(_DAYS[day] for day in weekdays)
