"""The daily budget of hosts as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.budget import reset_at
from reconciler.views.json.encode import FORMAT_VERSION, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.plan.budget import BudgetLine
    from reconciler.ports import Json
    from reconciler.views.results import Situation


def budget(lines: Sequence[BudgetLine], now: datetime, _: Situation | None = None) -> str:
    """Return `{format_version, resets_at, budget: [{host, day, limit, reserve, used, left}]}`."""
    rows = [{name: value for name, value in budget_line(row).items() if name != "planned"} for row in lines]
    return line({"format_version": FORMAT_VERSION, "resets_at": reset_at(now), "budget": rows})


def budget_line(row: BudgetLine) -> dict[str, Json]:
    """Return the budget of a host on a day."""
    return {
        "host": row.host,
        "day": row.day,
        "limit": row.limit,
        "reserve": row.reserve,
        "used": row.used,
        "planned": row.planned,
        "left": row.left,
    }
