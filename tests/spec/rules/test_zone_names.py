"""Names of zones that are no IANA names, and those that are no places."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from reconciler.meeting.timezones import clock_changes, known_zone, zones
from reconciler.spec.rules.zone_names import CITIES, TOWNS, fixed_offset, likely, similar

PAIRS = [(minutes, cities) for minutes, cities in CITIES.items() if minutes]
NAMES = ("PT", "CST", "IST", "AEST", "W. Europe Standard Time", "FLE Standard Time", "GMT+1", "+05:45")


@pytest.mark.parametrize(("minutes", "cities"), PAIRS)
def test_a_city_has_the_offset_that_it_stands_for(minutes: int, cities: tuple[str, ...]) -> None:
    """In winter, wherever that is; only the second of two keeps it all year."""
    january, july = datetime(2027, 1, 15), datetime(2027, 7, 15)  # noqa: DTZ001 - wall times
    offsets = [{known_zone(name).utcoffset(day) for day in (january, july)} for name in cities]
    winters = [min(each for each in both if each is not None) for both in offsets]

    assert winters == [timedelta(minutes=minutes)] * len(cities)
    if len(cities) > 1:
        assert [bool(clock_changes(name, 2027)) for name in cities] == [True, False]


@pytest.mark.parametrize("name", NAMES)
def test_every_suggestion_is_an_iana_name(name: str) -> None:
    assert likely(name)
    assert {*likely(name)} <= zones()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pst", ("America/Los_Angeles",)),
        ("Pacific Daylight Time", ("America/Los_Angeles",)),
        ("Central Standard Time (Mexico)", ("America/Mexico_City",)),
        ("(UTC+01:00) Amsterdam, Berlin, Rome", ("Europe/Berlin", "Africa/Lagos")),
        ("utc-5", ("America/New_York", "America/Panama")),
        ("GMT+05:30", ("Asia/Kolkata",)),
        ("UTC+25", ()),
        ("Etc/UTC+1", ("Europe/Berlin", "Africa/Lagos")),
        ("EST/EDT", ("America/New_York",)),
        ("Asia/Mumbai", ("Asia/Kolkata",)),
        ("America/San_Francisco", ("America/Los_Angeles",)),
        ("Munich Time", ("Europe/Berlin",)),
        ("Mars/Base", ()),
    ],
)
def test_a_name_of_another_kind_stands_for_a_zone(name: str, meant: tuple[str, ...]) -> None:
    assert likely(name) == meant


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("EST", -300),
        ("GMT", 0),
        ("Etc/GMT+5", -300),
        ("Etc/GMT-14", 840),
        ("Etc/GMT+0", None),
        ("UTC", None),
        ("EST5EDT", None),
        ("CET", None),
    ],
)
def test_a_fixed_offset_is_told_from_a_place(name: str, minutes: int | None) -> None:
    assert fixed_offset(name) == minutes


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Paris Time", "Europe/Paris"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("America/NewYork", "America/New_York"),
        ("Asia/Mumbay", None),
        ("Africa/Timbuktoo", "Africa/Timbuktu"),
        ("America/Springfield", None),
    ],
)
def test_another_city_of_the_same_area_is_not_suggested(name: str, meant: str | None) -> None:
    """Nobody means Dubai by Mumbai, though most letters agree."""
    assert similar(name) == meant


def test_every_city_without_a_zone_of_its_own_has_one_that_exists() -> None:
    cities = {name.rpartition("/")[2] for name in zones()}

    assert set(TOWNS.values()) <= zones()
    assert {town.replace(" ", "_").title() for town in TOWNS} & cities == set()
