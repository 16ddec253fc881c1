"""Tables and short texts for people: explanations, links, records, locks, budgets.

Only `links` shows secrets: join links.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import escape_control
from reconciler.meeting.humanize import instant_words
from reconciler.state.recorded_times import recorded_schedule
from reconciler.views.json.state import state_entry
from reconciler.views.text.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.errors.explanations.table import Explanation
    from reconciler.plan.budget import BudgetLine
    from reconciler.ports import Json, LockInfo
    from reconciler.state.state import Record, State
    from reconciler.views.results import JoinLink, Situation
    from reconciler.views.style import TextStyle


def explain(explanations: Sequence[Explanation], style: TextStyle) -> str:
    """Return one code in full, or several codes by family, each with its meaning."""
    if len(explanations) == 1:
        return _paragraphs(explanations[0], style)
    width = max(len(each.code) for each in explanations)
    blocks = []
    for family, members in groupby(explanations, key=lambda each: each.family):
        rows = [f"  {each.code.ljust(width)}  {each.means}" for each in members]
        blocks.append("\n".join([style.bold(family), *rows]))
    return "\n\n".join(blocks) + "\n"


def _paragraphs(explanation: Explanation, style: TextStyle) -> str:
    example = "\n".join(f"    {line}" for line in explanation.example.splitlines())
    texts = (
        f"  {explanation.means}\n  Why: {explanation.why}\n  Do: {explanation.do}\n  Example:\n{example}\n"
    )
    return f"{style.bold(explanation.code)}\n{texts}"


GAP = "  "


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Return a line for each row, all with as many cells; the columns in `right` are aligned to the right.

    Ends in a newline, or is empty. Control characters in cells are escaped.
    """
    shown = [[escape_control(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "".join(f"{_row(row, widths, right)}\n" for row in shown)


def _row(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = (
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return GAP.join(cells).rstrip()


def links(links: Sequence[JoinLink], _: Sequence[Diagnostic]) -> str:
    """Return a line for each link: its key, its next start, its address. Errors are printed on stderr."""
    return columns([(link.key, next_words(link), link.join_url) for link in links])


def next_words(link: JoinLink) -> str:
    """Return the next start in the meeting's own zone; empty if it has none."""
    return instant_words(link.next_at, link.timezone) if link.next_at else ""


INDENT = "  "


def state_list(state: State, now: datetime) -> str:
    """Return a line for each record, interrupted request (`?`) and retired meeting, each kind by key."""
    rows = [
        (key, str(record.id), record.host, _schedule_words(record, now))
        for key, record in sorted(state.meetings.items())
    ]
    rows += [(key, "?", intent.host, intent.in_words) for key, intent in sorted(state.intents.items())]
    rows += [
        (retired.key, str(retired.id), retired.host, "retired, still to be deleted")
        for retired in sorted(state.retired, key=lambda retired: (retired.key, retired.id))
    ]
    return columns(rows)


def state_show(key: str, state: State, now: datetime) -> str:
    """Return everything that the state has under `key`, as YAML."""
    entry = {name: value for name, value in state_entry(key, state, now).items() if value}
    record = state.meetings.get(key)
    zone = record.attributes.get("timezone") if record else None
    return "".join(f"{line}\n" for line in _yaml(entry, "", zone))


def _schedule_words(record: Record, now: datetime) -> str:
    times = recorded_schedule(record, now)
    if times is None:
        return "its time cannot be read"
    if times.next_at:
        return f"next {instant_words(times.next_at, record.attributes.get('timezone'))}"
    return "over" if times.expired else "the last one is running" if times.begun else "no fixed time"


def _yaml(value: Mapping[str, Json], indent: str, timezone: str | None) -> Iterator[str]:
    """Yield a mapping as lines of YAML; lists and scalars are written as JSON, which is YAML too.

    A comment after an instant has it in `timezone`.
    """
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield f"{indent}{escape_control(name)}:"
            yield from _yaml(inner, indent + INDENT, timezone)
        else:
            text = orjson.dumps(inner, option=orjson.OPT_UTC_Z).decode()
            comment = f"  # {instant_words(inner, timezone)}" if isinstance(inner, datetime) else ""
            yield f"{indent}{escape_control(name)}: {escape_control(text)}{comment}"


def state_lock(location: str, held: LockInfo | None, now: datetime) -> str:
    """Return a line, and the properties of the lock below it if the state is held."""
    if held is None:
        return f"Nobody holds {escape_control(location)}.\n"
    rows = [("  ID:", held.lock_id), ("  Who:", held.who), ("  Operation:", held.operation)]
    rows.append(("  Created:", _moment(held.created_at)))
    if held.expires_at:
        expired = held.expires_at <= now
        remark = "has expired; the next run takes it over" if expired else "unless it is renewed"
        rows.append(("  Expires:", f"{_moment(held.expires_at)}, {remark}"))
    if held.run_url:
        rows.append(("  Run:", held.run_url))
    return f"{escape_control(location)} is held.\n{columns(rows)}"


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


NO_HOST = "No host is known yet: none is recorded, and reconciler.yaml names none.\n"


def budget(lines: Sequence[BudgetLine], now: datetime, _: Situation | None = None) -> str:
    """Return a line for each host, then when the budget resets."""
    rows = [
        (row.host, f"{row.used} used", f"{row.left} left of {row.limit}", f"reserve {row.reserve}")
        for row in lines
    ]
    resets = reset_words(now)
    return f"{columns(rows, right=(1, 2)) or NO_HOST}{resets[0].upper()}{resets[1:]}.\n"


def state_change(sentence: str, _: Mapping[str, Json]) -> str:
    """Return the sentence on a line of its own."""
    return f"{sentence}\n"
