"""Documents of `reconciler calendar --format json`, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HOSTILE = (
    "</script><script>document.title = 'run'</script>",
    "<img src=http://outside.invalid/x onerror=\"document.title = 'run'\">",
    "\"'`&amp;{{ 7 * 7 }}${7 * 7}<!--",
    "safe\u202egnp.exe\u2028\u2069",
)
"""Topics that want to be more than text."""


def instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def date(key: str, start: str, minutes: int = 30, **others: Any) -> dict[str, Any]:
    """A date of a meeting; `start` is such as `2026-12-07T10:00`, in UTC."""
    start_at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return {
        "key": key,
        "topic": key.capitalize(),
        "host": "room-1@example.com",
        "start_at": instant(start_at),
        "end_at": instant(start_at + timedelta(minutes=minutes)),
        "timezone": "Europe/Berlin",
        "exception": None,
        **others,
    }


def weekly(key: str, start: str, times: int, minutes: int = 30, **others: Any) -> list[dict[str, Any]]:
    first = datetime.fromisoformat(start)
    return [
        date(key, (first + timedelta(weeks=week)).isoformat(), minutes, **others) for week in range(times)
    ]


def document(dates: Iterable[dict[str, Any]], **others: Any) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "tool_version": "1.2.3",
        "from": "2026-12-01",
        "to": "2027-11-30",
        "zone": "Europe/Berlin",
        "dates": sorted(dates, key=lambda each: (each["start_at"], each["key"])),
        "skipped": [],
        "clashes": [],
        "closures": [],
        "diagnostics": [],
        **others,
    }


def clash(*keys: str, first_at: str, dates: int, free: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "host": "room-1@example.com",
        "capacity": 1,
        "keys": list(keys),
        "first_at": first_at,
        "dates": dates,
        "free_hosts": list(free),
    }


def team() -> dict[str, Any]:
    """Two meetings that clash on two dates, one on another host, a closure, and a date of each kind."""
    retro = weekly("retro", "2026-12-02T09:15", 12)
    retro[2] |= {"exception": "moved", "note": "The room is painted"}
    return document(
        [
            *weekly("sync", "2026-12-02T09:00", 2),
            *retro,
            *weekly(
                "call", "2026-12-03T22:30", 50, 60, host="room-2@example.com", timezone="America/New_York"
            ),
            date("launch", "2026-12-10T13:00", 90, exception="changed"),
        ],
        skipped=[
            {
                "key": "sync",
                "date": "2026-12-24",
                "closure": "Winter break",
                "topic": "Sync",
                "host": "room-1@example.com",
            }
        ],
        closures=[{"name": "Winter break", "from": "2026-12-24", "to": "2027-01-01"}],
        clashes=[
            clash("retro", "sync", first_at="2026-12-02T09:15:00Z", dates=2, free=["room-2@example.com"])
        ],
    )


def clashing() -> frozenset[tuple[str, str]]:
    """The dates of `team` that clash, by key and start."""
    return frozenset(
        (key, f"2026-12-{day}T09:{minute}:00Z")
        for day in ("02", "09")
        for key, minute in (("sync", "00"), ("retro", "15"))
    )


def crowd(meetings: int, times: int = 52) -> dict[str, Any]:
    """As many weekly meetings, spread over the week and over a host for each forty."""
    first = datetime.fromisoformat("2026-12-01T06:00")
    each = (
        (
            f"team-{number // 20}/meeting-{number}",
            first + timedelta(days=number % 5, minutes=15 * (number % 48)),
            number,
        )
        for number in range(meetings)
    )
    return document(
        row
        for key, start, number in each
        for row in weekly(key, start.isoformat(), times, 50, host=f"room-{number // 40}@example.com")
    )
