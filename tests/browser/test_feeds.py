"""Feeds as ical.js reads them, which many calendar apps use: our own dates, for every date of a year."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from paths import ROOT
from random_meetings import as_declared, random_meetings

from reconciler.calendar.dates import dates
from reconciler.calendar.feed import FeedMeeting
from reconciler.views.ics import calendar
from reconciler.views.results import Calendar

NODE = shutil.which("node")
READER = Path(__file__).parent / "read_feed.mjs"
FEEDS = int(os.environ.get("FEED_ROUNDS", "10"))
"""Feeds of 20 random meetings each: 200 specs."""

START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def read(text: str) -> list[tuple[datetime, datetime, str]]:
    assert NODE is not None
    command = [NODE, str(READER), f"{START:%Y-%m-%dT%H:%M:%SZ}", f"{END:%Y-%m-%dT%H:%M:%SZ}"]
    folder = str(ROOT / "build" / "browser")
    ran = subprocess.run([*command, folder], input=text, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return sorted((_moment(start), _moment(end), topic) for start, end, topic in json.loads(ran.stdout))


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@pytest.mark.parametrize("seed", range(FEEDS))
def test_ical_js_reads_our_own_dates(seed: int) -> None:
    """Starts and ends: rules, exceptions, closures, patterns, and clock changes by the zones of the feed."""
    meetings = [as_declared(each) for each in random_meetings(random.Random(seed), 20)]
    fed = tuple(FeedMeeting(each, f"lineage/{each.key}") for each in meetings)

    text = calendar(Calendar(date(2027, 1, 1), date(2027, 12, 31), "UTC", meetings=fed))

    expected = sorted((each.start_at, each.end_at, each.topic) for each in dates(meetings, START, END))
    assert read(text) == expected
