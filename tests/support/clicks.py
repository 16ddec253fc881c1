"""Changes that people make in Zoom, each to another meeting, and how drift reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import varied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from varied import Zoom

WEEKLY: Mapping[str, Any] = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}


def click_around(zoom: Zoom, number: Mapping[str, int]) -> None:
    """What people do in a web page, each to another meeting."""
    zoom.click("PATCH", f"{number['m02']}", {"topic": "Something else"})
    zoom.click("PATCH", f"{number['m01']}", {"start_time": "2027-01-14T16:00:00Z"})
    zoom.click("PATCH", f"{number['m14']}", {"agenda": "x", "settings": {"contact_email": "new@example.com"}})
    zoom.click("DELETE", f"{number['m19']}")
    shorter = {"start_time": "2027-01-11T10:00:00", "recurrence": {**WEEKLY, "end_times": 16}}
    zoom.click("PATCH", f"{number['m04']}", shorter)
    later = {"start_time": "2027-01-12T11:00:00", "recurrence": {**WEEKLY, "weekly_days": "3"}}
    zoom.click("PATCH", f"{number['m31']}", later)
    zoom.click("PATCH", f"{number['m20']}", {"type": 3})
    zoom.meddle(number["m22"], host_email="new@example.com")
    zoom.meddle(number["m37"], type=4, pmi="1234567890")
    zoom.click("PATCH", f"{number['m51']}", {"password": "other"})
    zoom.click("PATCH", f"{number['m11']}", {"duration": 50, "timezone": "America/Toronto"})
    zoom.meddle(number["m08"], password="")
    first, second = (str(1799658000_000 + week * 7 * 24 * 3600_000) for week in (0, 1))
    zoom.click("DELETE", f"{number['m49']}?occurrence_id={first}")
    zoom.click("PATCH", f"{number['m49']}?occurrence_id={second}", {"start_time": "2027-01-18T12:00:00Z"})
    zoom.switch(**varied.SWITCHES, webinars=[number["m46"]])


CLICKED = {
    "m01": ["update", "start_time"],
    "m02": ["update", "topic"],
    "m04": ["update", "recurrence.end_times"],
    "m08": ["update", "password"],
    "m11": ["update", "duration", "timezone"],
    "m14": ["update", "settings.contact_email"],
    "m19": ["destroy"],
    "m20": ["update", "duration", "start_time", "type"],
    "m31": ["update", "recurrence.weekly_days", "start_time"],
    "m37": ["update", "type"],
    "m46": ["update", "type"],
    "m49": ["update", "exceptions.2027-01-11", "exceptions.2027-01-18"],
    "m51": ["update", "password"],
}
"""What `drift` says of them, and nothing else."""
