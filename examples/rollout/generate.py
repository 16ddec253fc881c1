"""Write `meetings.yaml` next to this file: 240 meetings for one host, more than two days' budget.

Run it from anywhere; the same seed gives the same file.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20270201
MEETINGS = 240
FIRST_DAY = datetime(2027, 2, 1)  # noqa: DTZ001 - a wall time, a Monday; the file says in which zone
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
SLOTS = 24  # of half an hour, from 08:00 to 20:00
TERM_WEEKS = 13
SUBJECTS = (
    "Algebra",
    "Biology",
    "Chemistry",
    "Economics",
    "French",
    "Geometry",
    "History",
    "Latin",
    "Music",
    "Physics",
)

HEADER = """\
# yaml-language-server: $schema=../../schemas/meetings.schema.json
#
# A school's courses for two terms: 240 series of one host. Zoom takes 100 creates and updates
# a day and host, so this is rolled out over three days, soonest start first.
# Written by generate.py.
version: 1

defaults:
  host: courses@example.com
  duration: 25
  timezone: Europe/London
  settings: {use_pmi: false, waiting_room: true}

meetings:
"""


def course(number: int, chance: random.Random) -> str:
    """One course: its slot in the week follows from its number, its subject and length from chance."""
    weekday, slot = number % len(WEEKDAYS), number // len(WEEKDAYS) % SLOTS
    term = number // (len(WEEKDAYS) * SLOTS)
    start = FIRST_DAY + timedelta(weeks=TERM_WEEKS * term, days=weekday, hours=8, minutes=30 * slot)
    return (
        f"  course-{number + 1:03}:\n"
        f"    topic: {chance.choice(SUBJECTS)} {chance.randint(1, 4)}, {WEEKDAYS[weekday]} {start:%H:%M}\n"
        f"    start_time: {start:%Y-%m-%dT%H:%M:%S}\n"
        f"    repeat: {{every: week, on: {WEEKDAYS[weekday][:3].lower()}, times: {chance.randint(8, 12)}}}\n"
    )


def text() -> str:
    """The whole file."""
    chance = random.Random(SEED)  # noqa: S311 - courses, not secrets
    return HEADER + "\n".join(course(number, chance) for number in range(MEETINGS))


if __name__ == "__main__":
    (Path(__file__).parent / "meetings.yaml").write_text(text(), encoding="utf-8")
