"""Instants from wall times and zones."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pkgutil import get_data
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from reconciler.meeting import timezones

if TYPE_CHECKING:
    from pathlib import Path

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("written", "zone", "expected"),
    [
        ("2027-01-11T10:00:00Z", None, "2027-01-11T10:00:00"),
        ("2027-01-11T10:00:00Z", BERLIN, "2027-01-11T10:00:00"),
        ("2027-01-11T10:00:00+09:00", None, "2027-01-11T01:00:00"),
        ("2027-01-11T10:00:00", BERLIN, "2027-01-11T09:00:00"),
        ("2027-07-11T10:00:00", BERLIN, "2027-07-11T08:00:00"),
        ("2027-03-28T02:30:00", BERLIN, "2027-03-28T01:30:00"),
        ("2027-10-31T02:30:00", BERLIN, "2027-10-31T00:30:00"),
    ],
    ids=["utc", "utc-and-zone", "offset", "winter", "summer", "skipped", "twice"],
)
def test_an_instant_is_in_utc(written: str, zone: str | None, expected: str) -> None:
    """A skipped time is moved forward; of one that occurs twice, the first is used."""
    assert timezones.instant(written, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2027-01-11T10:00:00", None),
        ("2027-01-11T10:00:00", "Europe/Nowhere"),
        ("2027-02-30T10:00:00", BERLIN),
        ("2027-01-11T24:00:00", BERLIN),
        ("9999-12-31T23:00:00", "America/New_York"),
    ],
    ids=["no-zone", "unknown-zone", "no-such-day", "hour-24", "after-the-calendar"],
)
def test_an_invalid_time_is_refused(written: str, zone: str | None) -> None:
    """A zone is never guessed, not even UTC."""
    with pytest.raises(ValueError, match=r"."):
        timezones.instant(written, zone)


@pytest.mark.parametrize(
    ("written", "zone", "expected"),
    [
        ("2027-03-28T01:59:59", BERLIN, (False, False)),
        ("2027-03-28T02:00:00", BERLIN, (True, False)),
        ("2027-03-28T03:00:00", BERLIN, (False, False)),
        ("2027-10-31T01:59:59", BERLIN, (False, False)),
        ("2027-10-31T02:59:59", BERLIN, (False, True)),
        ("2027-10-31T03:00:00", BERLIN, (False, False)),
        ("2027-03-28T02:30:00Z", BERLIN, (False, False)),
        ("2027-03-28T02:30:00", "UTC", (False, False)),
        ("2027-04-04T01:45:00", "Australia/Lord_Howe", (False, True)),
    ],
)
def test_a_wall_time_can_be_skipped_or_occur_twice(
    written: str, zone: str, expected: tuple[bool, bool]
) -> None:
    assert (timezones.is_skipped(written, zone), timezones.is_ambiguous(written, zone)) == expected


@pytest.mark.parametrize(
    ("zone", "year", "expected"),
    [
        (BERLIN, 2027, True),
        ("Africa/Casablanca", 2025, True),
        ("Australia/Sydney", 2027, True),
        ("UTC", 2027, False),
        ("Asia/Tokyo", 2027, False),
        ("America/Phoenix", 2027, False),
    ],
)
def test_the_clocks_of_a_zone_change_in_a_year(zone: str, year: int, *, expected: bool) -> None:
    assert bool(timezones.clock_changes(zone, year)) is expected


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "localtime",
        "posixrules",
        "europe/berlin",
        "Europe",
        "UTC\n",
        "a\0b",
        "x" * 5000,
        "",
    ],
    ids=lambda name: repr(name)[:30],
)
def test_an_unknown_zone_opens_no_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile name is refused by the list of names before a file is opened."""
    monkeypatch.setattr(timezones, "ZoneInfo", None)

    assert timezones.zone(name) is None


def test_every_listed_zone_can_be_used() -> None:
    assert [name for name in timezones.zones() if timezones.zone(name) is None] == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Asia/Kolkata", "Asia/Calcutta", True),
        ("UTC", "Etc/UTC", True),
        ("Europe/Berlin", "europe/berlin", True),
        ("Europe/Berlin", "Europe/Paris", False),
        ("Europe/Berlin", "../../etc/passwd", False),
        ("No/Where", "No/Where", True),
    ],
)
def test_a_zone_has_several_names(one: str, other: str, expected: bool) -> None:  # noqa: FBT001 - a fact
    """Zoom may answer with another name than was sent."""
    assert (timezones.is_same_zone(one, other), timezones.is_same_zone(other, one)) == (expected, expected)


def test_the_rules_of_the_system_are_not_used(tmp_path: Path) -> None:
    """The system says that Berlin's clocks go with Tokyo's."""
    fake = tmp_path / "Europe" / "Berlin"
    fake.parent.mkdir()
    fake.write_bytes(get_data("tzdata", "zoneinfo/Asia/Tokyo") or b"")
    script = (
        "from datetime import datetime; from zoneinfo import ZoneInfo; "
        "from reconciler.meeting.timezones import instant; from reconciler.sandbox import times; "
        "print(datetime(2027, 1, 11, 10, tzinfo=ZoneInfo('Europe/Berlin')).utcoffset(), "
        "instant('2027-01-11T10:00:00', 'Europe/Berlin').hour, "
        "times.instant('2027-01-11T10:00:00', 'Europe/Berlin').hour)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.split() == ["9:00:00", "9", "9"]


def test_a_zone_has_its_rules_from_the_package() -> None:
    """Of every listed zone, over twenty years."""
    moments = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=9 * n) for n in range(800)]
    for name in timezones.zones():
        zone = timezones.known_zone(name)
        file = ZoneInfo.from_file(BytesIO(get_data("tzdata", f"zoneinfo/{name}") or b""))
        assert [at.astimezone(zone).utcoffset() for at in moments] == [
            at.astimezone(file).utcoffset() for at in moments
        ], name


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Berlin",
        "Europe/Dublin",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Antarctica/Troll",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
    ],
)
def test_around_each_change_every_quarter_is_judged_by_its_two_offsets(name: str) -> None:
    """By the offsets of `zoneinfo` itself: hours in which clocks never change are not looked at."""
    zone, years = timezones.known_zone(name), (1985, 2011, 2018, 2027, 2028)
    changes = [each for year in years for each in timezones.clock_changes(name, year)]
    walls = [
        each.before + timedelta(minutes=15 * quarter) for each in changes for quarter in range(-120, 121)
    ]
    days = [datetime(year, month, 15) for year in years for month in (1, 7)]  # noqa: DTZ001 - wall times
    walls += [day + timedelta(hours=hour) for day in days for hour in range(24)]

    def set_back(wall: datetime) -> timedelta:
        first, second = (zone.utcoffset(wall.replace(fold=fold)) for fold in (0, 1))
        assert first is not None
        assert second is not None
        return first - second

    assert [wall for wall in walls if timezones.repeated(wall.isoformat(), name) != set_back(wall)] == []
