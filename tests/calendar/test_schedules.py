"""Schedules as teams hold them, each date of a year against a walk over the days by a reader of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec.structs import replace
from written_series import WEEKDAYS, WrittenSeries

from reconciler.calendar.dates import dates
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEDULES = sorted(Path(__file__).parent.joinpath("schedules").glob("*.yaml"))
YEAR = (datetime(2026, 12, 31, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


def read(text: str) -> dict[str, list[WrittenSeries]]:
    """The series of a file by key, where everything is text: merged by hand."""
    file: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    closures = {name: [*_closed(each)] for name, each in file.get("closures", {}).items()}
    found = {}
    for key, body in file["meetings"].items():
        used = file.get("templates", {}).get(body.get("use"), {})
        merged = {**file.get("defaults", {}), **used, **body}
        slots = [{**merged, **slot} for slot in body.get("timetable", {}).values()] or [merged]
        found[key] = [_series(slot, closures) for slot in slots]
    return found


def _series(body: dict[str, Any], closures: dict[str, list[tuple[date, date]]]) -> WrittenSeries:
    start, zone = _start(body)
    exceptions = {
        day: each
        if each == "skip"
        else {**each, **({"duration": minutes(each["duration"])} if "duration" in each else {})}
        for day, each in body.get("exceptions", {}).items()
    }
    series = WrittenSeries(start, zone, minutes(body.get("duration", "60")), exceptions=exceptions)
    repeat = body.get("repeat")
    if repeat is None:
        return replace(series, unit="day", times=1)
    skip = body.get("skip", [])
    closed = [each for name in ([skip] if isinstance(skip, str) else skip) for each in closures[name]]
    every, _, unit = repeat["every"].rpartition(" ")
    until = repeat.get("until")
    return replace(
        series,
        closures=closed,
        every=int(every or 1),
        unit=unit.removesuffix("s"),
        on=_on(repeat.get("on"), unit, start),
        times=int(repeat["times"]) if "times" in repeat else None,
        until=date.fromisoformat(until) if until else None,
    )


def _start(body: dict[str, Any]) -> tuple[datetime, str]:
    start, zone = datetime.fromisoformat(body["start_time"]), body["timezone"]
    if start.tzinfo is None:
        return start, zone
    assert zone == "Asia/Kolkata", "the only zone here with a start in UTC: 5 h 30 min ahead all year"
    return start.replace(tzinfo=None) + timedelta(hours=5, minutes=30), zone


def _on(on: Any, unit: str, start: datetime) -> Any:
    if on is None:
        return [WEEKDAYS[start.weekday()]] if "week" in unit else start.day
    if "week" in unit:
        return [on] if isinstance(on, str) else on
    return int(on) if isinstance(on, str) and on.isdecimal() else on


def _closed(days: Sequence[str]) -> Iterator[tuple[date, date]]:
    for each in days:
        first, _, last = each.partition("..")
        last = last or first
        if len(first) == len("2027-01-01"):
            yield date.fromisoformat(first), date.fromisoformat(last)
            continue
        for year in (2026, 2027):
            yield date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year + (last < first)}-{last}")


def minutes(written: str) -> int:
    """The minutes of a duration: 90 for `1h30m`."""
    hours, has_hours, rest = written.partition("h")
    rest = rest.removesuffix("m") if has_hours else written.removesuffix("m")
    return 60 * int(hours if has_hours else 0) + int(rest or 0)


@pytest.mark.parametrize("path", SCHEDULES, ids=lambda path: path.stem)
def test_every_date_of_a_year_is_that_of_a_calendar(path: Path) -> None:
    text = path.read_text("utf-8")
    result = spec.parse((Source(path.name, text.encode()),), Settings())
    assert (result.spec is not None, [each.code for each in result.diagnostics]) == (True, [])

    found = dates(result.meetings.values(), *YEAR)

    expected = [
        (key, start, start + timedelta(minutes=length))
        for key, all_series in read(text).items()
        for series in all_series
        for start, length in series.coming(datetime(2026, 1, 1, tzinfo=UTC), YEAR[1] + timedelta(days=9))
        if start < YEAR[1] and start + timedelta(minutes=length) > YEAR[0]
    ]
    assert sorted((each.key, each.start_at, each.end_at) for each in found) == sorted(expected)
