"""A time zone that Zoom refuses: the error names zones whose clocks go alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pkgutil import get_data
from zoneinfo import ZoneInfo

import pytest
from builders import meeting, one_off
from engine_world import World

from reconciler.apply._zones import listed, with_same_rules
from reconciler.meeting.timezones import zones

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "nearest"),
    [
        ("Australia/Melbourne", "Australia/Hobart"),
        ("Europe/Kyiv", "Europe/Kiev"),
        ("America/Nuuk", "America/Godthab"),
        ("Asia/Ho_Chi_Minh", "Asia/Saigon"),
        ("America/Detroit", "America/Indianapolis"),
        ("Africa/Lagos", "Africa/Bangui"),
        ("Australia/Lord_Howe", None),
        ("No/Where", None),
    ],
)
def test_the_nearest_name_with_the_same_rules_comes_first(zone: str, nearest: str | None) -> None:
    assert next(iter(with_same_rules(zone, NOW)), None) == nearest


def test_zones_that_go_alike_have_the_same_offset_every_day() -> None:
    """Of every zone, for three years, by the files of tzdata; and no zone of the list is forgotten."""
    moments = [NOW + timedelta(hours=20 * n) for n in range(3 * 438)]

    def offsets(name: str) -> tuple[timedelta | None, ...]:
        zone = ZoneInfo.from_file(BytesIO(get_data("tzdata", f"zoneinfo/{name}") or b""))
        return tuple(at.astimezone(zone).utcoffset() for at in moments)

    of_list = {name: offsets(name) for name in listed()}
    for name in sorted(zones())[::7]:
        own = offsets(name)
        expected = {each for each, theirs in of_list.items() if theirs == own and each != name}
        assert set(with_same_rules(name, NOW)) == expected, name


def test_the_error_names_them() -> None:
    world = World(
        meeting("a", one_off(timezone="Australia/Melbourne", start_time="2027-01-14T15:00:00")),
        meeting("b", one_off(timezone="Australia/Lord_Howe", start_time="2027-01-14T16:00:00")),
        meeting("c", one_off(timezone="Europe/Berlin", start_time="2027-01-14T17:00:00")),
    )
    world.zoom.switch(zones="listed")

    report = world.apply()

    same = (
        "Write `timezone: Australia/Hobart`: it is in Zoom's list and has the same rules, as has "
        "Australia/Sydney."
    )
    none = (
        "No zone in Zoom's list has the same rules. Declare the meeting in another zone, such as "
        "`timezone: UTC`, and run apply again."
    )
    hints = {each.key: (each.code, each.hint) for each in report.diagnostics}
    assert hints == {"a": ("apply.zone-refused", same), "b": ("apply.zone-refused", none)}
    assert list(report.done) == ["c"]
