"""The calendar as an agenda by day, for people."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun, escape_control
from reconciler.meeting.humanize import day_words, short_weekday, time_words
from reconciler.meeting.timezones import in_zone, known_zone
from reconciler.views.style import FAILED
from reconciler.views.text.tables import GAP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reconciler.calendar.dates import CalendarDate, ClosedDays
    from reconciler.meeting.timezones import Zone
    from reconciler.views.results import Calendar
    from reconciler.views.style import TextStyle

PASSCODES = "These links hold passcodes: whoever has this text can join.\n"


CELL_MAX = 48
"""Characters of a cell that others are aligned with: a longer one moves only what follows in its own line."""


def calendar(calendar: Calendar, style: TextStyle) -> str:
    """Return a line for each date, below its day; `!` begins one that clashes. The last line counts."""
    first = f"{PASSCODES}\n" if calendar.holds_passcodes else ""
    blocks = "".join(f"{block}\n" for block in _days(calendar, style))
    return f"{first}{blocks}{_totals(calendar)}\n"


def _days(calendar: Calendar, style: TextStyle) -> Iterator[str]:
    rows = _rows(calendar, style)
    remarks = _remarks(calendar)
    for day in sorted({*rows, *remarks}):
        head = style.bold(f"{short_weekday(day)} {day_words(day)}")
        yield "".join(f"{line}\n" for line in (head, *rows.get(day, ()), *remarks.get(day, ())))


def _rows(calendar: Calendar, style: TextStyle) -> dict[date, list[str]]:
    """Return the lines of each day, the cells of all days below each other."""
    zone = known_zone(calendar.zone)
    cells = [
        (_span(each, zone), escape_control(each.key), escape_control(each.topic), escape_control(each.host))
        for each in calendar.dates
    ]
    widths = [
        max((len(cell) for cell in column if len(cell) <= CELL_MAX), default=0)
        for column in zip(*cells, strict=True)
    ]
    rows: dict[date, list[str]] = {}
    for each, row in zip(calendar.dates, cells, strict=True):
        others = calendar.clashing.get((each.key, each.start_at), ())
        sign = style.sign(FAILED) if others else " "
        line = GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        words = "".join(f"{GAP}{part}" for part in _words(each, others, calendar))
        rows.setdefault(in_zone(each.start_at, zone).date(), []).append(f"{sign} {line}{words}")
    return rows


def _span(each: CalendarDate, zone: Zone) -> str:
    start, end = in_zone(each.start_at, zone), in_zone(each.end_at, zone)
    return f"{time_words(start)}-{time_words(end)}"


def _words(each: CalendarDate, others: Collection[str], calendar: Calendar) -> Iterator[str]:
    """Yield the remarks at the end of the line of a date."""
    if each.exception:
        yield f"({each.exception})"
    if each.note:
        yield escape_control(each.note)
    if others:
        yield f"clashes with {', '.join(sorted(others))}"
    link = (calendar.links or {}).get(each.key)
    if link:
        yield escape_control(link)


def _remarks(calendar: Calendar) -> dict[date, list[str]]:
    """Return the lines about closed days and dates that are not held, by day."""
    remarks: dict[date, list[str]] = {}
    for closed in calendar.closures:
        words = f"  closed{_until(closed)}: {escape_control(closed.name)}"
        remarks.setdefault(closed.first, []).append(words)
    for each in calendar.skipped:
        why = f" ({escape_control(each.closure)})" if each.closure else ""
        day = date.fromisoformat(each.date)
        remarks.setdefault(day, []).append(f"  skipped: {escape_control(each.key)}{why}")
    return remarks


def _until(closed: ClosedDays) -> str:
    if closed.ends_on is None:
        return ", without an end"
    return f" until {day_words(closed.ends_on)}" if closed.ends_on > closed.first else ""


def _totals(calendar: Calendar) -> str:
    meetings = len({each.key for each in calendar.dates})
    held = f"{count_noun(len(calendar.dates), 'date')} of {count_noun(meetings, 'meeting')}"
    what = held if calendar.dates else "No dates"
    more = [
        f"{len(calendar.skipped):,} skipped" if calendar.skipped else "",
        count_noun(len(calendar.clashes), "clash", "clashes") if calendar.clashes else "",
    ]
    days = f"{day_words(calendar.first)} to {day_words(calendar.last)}, {calendar.zone}"
    return f"{', '.join([what, *filter(None, more)])}: {days}."
