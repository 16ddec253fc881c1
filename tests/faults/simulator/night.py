"""Series at an hour that clocks skip or show twice: declared in the week of a change, in a few histories."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from builders import meeting, weekly
from msgspec.structs import replace

from reconciler.meeting.closures import SingleDates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.meeting.meeting import Meeting

WEEK_OF_CHANGE = datetime(2027, 3, 22, tzinfo=UTC)
"""Clocks in Berlin go from 2:00 to 3:00 on the Sunday after, 28 March 2027."""

SUNDAYS = {"type": 2, "repeat_interval": 1, "weekly_days": "1"}
LAST_SUNDAYS = {"type": 3, "repeat_interval": 1, "monthly_week": -1, "monthly_week_day": 1}


class Night:
    """What a team declares of the night. It has a chance of its own, as `Calendar` has."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(f"night {seed}")
        self.is_used = chance.random() < 0.3
        self.applied_at = WEEK_OF_CHANGE + timedelta(hours=chance.uniform(0, 6 * 24))

    def series(self, names: Sequence[str], host: str) -> tuple[Meeting, ...]:
        """Two series with dates at 2:30 in Berlin, of which the next is on the day of the change."""
        night, second = names
        ends = self.chance.choice([20, 70, 0])
        skipped: dict[str, Any] = weekly(
            topic=night, start_time="2027-01-03T02:30:00", recurrence={**SUNDAYS, "end_times": ends}
        )
        # The second of two equal hours; the dates after it begin in the first, and so does this one of 2027.
        twice: dict[str, Any] = weekly(
            topic=second, start_time="2026-10-25T01:30:00Z", recurrence={**LAST_SUNDAYS, "end_times": 20}
        )
        shorter = SingleDates({"2027-10-31": {"duration": 20}}, ())
        one = meeting(night, skipped, host=host)
        if self.chance.random() < 0.5:
            one = replace(one, dates=SingleDates({"2027-03-28": "skip"}, ()))
        return one, replace(meeting(second, twice, host=host), dates=shorter)
