"""What is recorded, as people and programs read it: no secret, not even in the form the state keeps."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import escape_control
from reconciler.views.json import state_entry
from reconciler.views.text.times import instant_words
from reconciler.views.text.totals import reset_words
from reconciler.views.values import schedule_or_none

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.errors.explanations.table import Explanation
    from reconciler.plan.budget import BudgetLine
    from reconciler.ports import Json, LockInfo
    from reconciler.state.state import Record, State
    from reconciler.views.results import JoinLink
    from reconciler.views.style import TextStyle


def explain(explained: Sequence[Explanation], style: TextStyle) -> str:
    """One code whole; of several each with its meaning, by family."""
    if len(explained) == 1:
        return _paragraphs(explained[0], style)
    width = max(len(each.code) for each in explained)
    blocks = []
    for family, members in groupby(explained, key=lambda each: each.family):
        rows = [f"  {each.code.ljust(width)}  {each.means}" for each in members]
        blocks.append("\n".join([style.bold(family), *rows]))
    return "\n\n".join(blocks) + "\n"


def _paragraphs(each: Explanation, style: TextStyle) -> str:
    example = "\n".join(f"    {line}" for line in each.example.splitlines())
    return f"{style.bold(each.code)}\n  {each.means}\n  Why: {each.why}\n  Do: {each.do}\n  Example:\n{example}\n"


GAP = "  "


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """A line for each row, all of one length in cells; `right` are the columns that end flush.

    Ends with a line break, or is empty. Nothing in a cell can steer a terminal.
    """
    shown = [[escape_control(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "".join(f"{_row(row, widths, right)}\n" for row in shown)


def _row(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = (
        cell.rjust(width) if place in right else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return GAP.join(cells).rstrip()


def links(links: Sequence[JoinLink], _: Sequence[Diagnostic]) -> str:
    """A line for each: its key, its next start, its link. What could not be read is told elsewhere."""
    return columns(
        [(one.key, instant_words(one.next_at) if one.next_at else "", one.join_url) for one in links]
    )


INDENT = "  "


def state_list(state: State, now: datetime) -> str:
    """A line for each record, interrupted request (`?`) and retired meeting, each kind by key."""
    rows = [
        (key, str(record.id), record.host, _standing_words(record, now))
        for key, record in sorted(state.meetings.items())
    ]
    rows += [
        (key, "?", intent.host, f"an interrupted {intent.action}, begun {intent.begun_at}")
        for key, intent in sorted(state.intents.items())
    ]
    rows += [
        (gone.key, str(gone.id), gone.host, "retired, still to be ended")
        for gone in sorted(state.retired, key=lambda gone: (gone.key, gone.id))
    ]
    return columns(rows)


def state_show(key: str, state: State, now: datetime) -> str:
    """All that stands under `key`, as YAML would have it."""
    told = {name: value for name, value in state_entry(key, state, now).items() if value}
    return "".join(f"{written}\n" for written in _yaml(told, ""))


def _standing_words(record: Record, now: datetime) -> str:
    stands = schedule_or_none(record.attributes, now)
    if stands is None:
        return "its time cannot be read"
    if stands.next_at:
        return f"next {instant_words(stands.next_at)}"
    return "over" if stands.expired else "the last one runs" if stands.begun else "no fixed time"


def _yaml(value: Mapping[str, Json], indent: str) -> Iterator[str]:
    """A mapping as lines; lists and plain values as JSON, which YAML reads as well."""
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield f"{indent}{escape_control(name)}:"
            yield from _yaml(inner, indent + INDENT)
        else:
            value = orjson.dumps(inner, option=orjson.OPT_UTC_Z).decode()
            yield f"{indent}{escape_control(name)}: {escape_control(value)}"


def state_lock(location: str, held: LockInfo | None, now: datetime) -> str:
    """A line, and where it is held the lock's rows below it."""
    if held is None:
        return f"Nobody holds {escape_control(location)}.\n"
    rows = [("  ID:", held.lock_id), ("  Who:", held.who), ("  Operation:", held.operation)]
    rows.append(("  Created:", _moment(held.created_at)))
    if held.expires_at:
        ran_out = (
            "has run out; the next run takes it over" if held.expires_at <= now else "unless it is renewed"
        )
        rows.append(("  Expires:", f"{_moment(held.expires_at)}, {ran_out}"))
    if held.run_url:
        rows.append(("  Run:", held.run_url))
    return f"{escape_control(location)} is held.\n{columns(rows)}"


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


NOBODY = "No host is known yet: none is recorded, and reconciler.yaml names none.\n"


def budget(lines: Sequence[BudgetLine], now: datetime) -> str:
    """A line for each host, then when the day ends."""
    rows = [
        (row.host, f"{row.used} used", f"{row.left} left of {row.limit}", f"reserve {row.reserve}")
        for row in lines
    ]
    ends = reset_words(now)
    return f"{columns(rows, right=(1, 2)) or NOBODY}{ends[0].upper()}{ends[1:]}.\n"


def state_change(sentence: str, _: Mapping[str, Json]) -> str:
    """The sentence on a line of its own."""
    return f"{sentence}\n"
