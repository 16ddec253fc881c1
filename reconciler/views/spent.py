"""What each host has used of its day, and what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.budget import reset_at
from reconciler.views.columns import columns
from reconciler.views.json import FORMAT_VERSION, line
from reconciler.views.totals import reset_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.plan import BudgetLine

NOBODY = "No host is known yet: none is recorded, and reconciler.yaml names none.\n"


def text(lines: Sequence[BudgetLine], now: datetime) -> str:
    """A line for each host, then when the day ends."""
    rows = [
        (row.host, f"{row.used} used", f"{row.left} left of {row.limit}", f"reserve {row.reserve}")
        for row in lines
    ]
    ends = reset_words(now)
    return f"{columns(rows, right=(1, 2)) or NOBODY}{ends[0].upper()}{ends[1:]}.\n"


def json(lines: Sequence[BudgetLine], now: datetime) -> str:
    """`{format_version, resets_at, budget: [{host, day, limit, reserve, used, left}]}`."""
    rows = [
        {
            "host": row.host,
            "day": row.day,
            "limit": row.limit,
            "reserve": row.reserve,
            "used": row.used,
            "left": row.left,
        }
        for row in lines
    ]
    return line({"format_version": FORMAT_VERSION, "resets_at": reset_at(now), "budget": rows})
