"""Offsets of zones from UTC, looked up once for each zone and span of years.

Instants are whole seconds since 1970 here, and days are numbers as `date.toordinal` gives them: a calendar of
10,000 meetings has half a million dates.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from reconciler.meeting.timezones import clock_changes, known_zone

DAY_SECONDS = 86_400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEAR_MAX = 9998
"""The last year whose clock changes are looked up; the calendar ends with the next one."""


def seconds_of(moment: datetime) -> int:
    """Return the seconds since 1970 of an aware instant."""
    return (moment - _EPOCH) // _SECOND


def moment_of(seconds: int) -> datetime:
    """Return the instant, aware, in UTC."""
    return _EPOCH + timedelta(seconds=seconds)


def day_of(seconds: int) -> int:
    """Return the number of the day on which the seconds lie."""
    return seconds // DAY_SECONDS + _EPOCH_DAY


class Offsets(Struct, frozen=True):
    """The offsets of one zone: from each wall time of `since` on, the one of `seconds`.

    Wall times are seconds like instants. A wall time that clocks skip is in the offset before the change; of
    one that occurs twice, the first is meant.
    """

    since: tuple[int, ...]
    seconds: tuple[int, ...]

    def changes(self) -> list[int]:
        """Return the instants at which the offset changes, in seconds."""
        return [
            since - max(before, after)
            for since, before, after in zip(self.since[1:], self.seconds, self.seconds[1:], strict=False)
        ]

    def at_instant(self, instant: int) -> int:
        """Return the offset at an instant, in seconds."""
        return self.seconds[bisect_right(self.changes(), instant)]

    def instants(self, days: Sequence[int], time_of_day: int) -> list[int]:
        """Return the instants of a time of day, in seconds, on sorted days."""
        found: list[int] = []
        begin = 0
        for place in range(self._place(days, time_of_day), len(self.seconds) + 1):
            is_last = place == len(self.seconds)
            end = len(days) if is_last else bisect_left(days, self._first_day(place, time_of_day), begin)
            shift = time_of_day - self.seconds[place - 1] - _EPOCH_DAY * DAY_SECONDS
            found += [day * DAY_SECONDS + shift for day in days[begin:end]]
            begin = end
            if begin == len(days):
                break
        return found

    def _place(self, days: Sequence[int], time_of_day: int) -> int:
        """Return the number of the offset in which the first day is; they count from 1."""
        wall = (days[0] - _EPOCH_DAY) * DAY_SECONDS + time_of_day if days else 0
        return max(bisect_right(self.since, wall), 1)

    def _first_day(self, place: int, time_of_day: int) -> int:
        return day_of(self.since[place] - time_of_day + DAY_SECONDS - 1)


@lru_cache(maxsize=1024)
def offsets(timezone: str, first_year: int, last_year: int) -> Offsets:
    """Return the offsets of a zone over some years. Raise `ValueError` if there is no such zone."""
    years = range(max(first_year, 2), min(last_year, _YEAR_MAX) + 1)
    first = known_zone(timezone).utcoffset(datetime(years.start, 1, 1))  # noqa: DTZ001 - a wall time
    assert first is not None  # a ZoneInfo always answers
    since, seconds = [seconds_of(datetime(years.start, 1, 1, tzinfo=UTC))], [first // _SECOND]
    for year in years:
        for change in clock_changes(timezone, year):
            since.append(seconds_of(max(change.before, change.after).replace(tzinfo=UTC)))
            seconds.append(seconds[-1] + (change.after - change.before) // _SECOND)
    return Offsets(tuple(since), tuple(seconds))
