"""The first spec of a team as text, with comments that teach; and what else `init` puts beside it.

Pure: answers and an instant in, texts out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from reconciler.meeting import recurrence
from reconciler.meeting.humanize import rule_words
from reconciler.meeting.timezones import in_zone, instant, is_ambiguous, is_skipped, known_zone
from reconciler.spec.keys import slug
from reconciler.spec.yaml import writer

if TYPE_CHECKING:
    from reconciler.ports import Json


BEGINS = time(10)
"""When a meeting starts that nobody gave a time."""

TIMES = 20
"""Occurrences of a series that nobody gave an end."""

GIT_STATE = "git:reconciler-state"
"""The state that the workflows for GitHub name: a branch of the specs' own repository."""

_GITLAB_STATE = re.compile(r"(?m)^(  RECONCILER_STATE:) .*$")

_A_MONDAY = datetime(2027, 1, 11, 10)  # noqa: DTZ001 - a wall time

_HEAD = """\
# yaml-language-server: $schema=meetings.schema.json
#
# Your meetings as code: what stands here is what shall be in Zoom.
#
#     reconciler validate    says what is wrong, with line and remedy
#     reconciler plan        shows what would change; sends nothing
#     reconciler apply       does it, each meeting exactly once
#
# Add --sandbox to try any of it on an emulator, without an account.
"""

_FOOT = """\

# More that a meeting takes: any field of Zoom's create call (your editor offers them), and
#     password: {env: TEAM_PASSCODE, version: 1}    read when it is sent, kept nowhere
#     protect: true                                 never destroyed
#
# More that a file takes:
#     moved: [{from: OLD-KEY, to: NEW-KEY}]                 a renamed key keeps its meeting
#     imports: [{id: 81234567890, to: KEY}]                 a meeting that exists; see `reconciler import`
#     removed: [{key: KEY, id: 81234567890, destroy: true}] the only way to end one
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the first meeting is; `start` is wall time in `timezone`, as in `2027-01-11T10:00:00`."""

    host: str
    topic: str
    timezone: str
    start: str
    weekly: bool


def render_spec(answers: Answers) -> str:
    """The spec of one meeting. Where an answer cannot be used, so cannot the spec: `validate` says why."""
    key = slug(answers.topic) or "first-meeting"
    meeting: dict[str, Json] = {
        "topic": answers.topic,
        "type": 8 if answers.weekly else 2,
        "start_time": answers.start,
        "duration": 45 if answers.weekly else 60,
    }
    beside: dict[writer.Path, str] = {
        ("defaults",): "merged into each meeting below; a meeting's own fields win",
        ("defaults", "host"): "the Zoom user whose meetings they are",
        ("meetings", key): "the key: unique, and how the meeting is known from now on",
        ("meetings", key, "type"): "8 is a series; 2 happens once, 3 has no fixed time",
        ("meetings", key, "start_time"): "on the wall, in the timezone above",
        ("meetings", key, "duration"): "minutes",
    }
    if answers.weekly:
        began = _begins(answers)
        days = str(recurrence.week_day(began))
        meeting["recurrence"] = {"type": 2, "repeat_interval": 1, "weekly_days": days, "end_times": TIMES}
        beside["meetings", key, "recurrence"] = rule_words(meeting["recurrence"], began)
    spec = {
        "version": 1,
        "defaults": {
            "host": answers.host,
            "timezone": answers.timezone,
            "settings": {"waiting_room": True, "use_pmi": False},
        },
        "meetings": {key: meeting},
    }
    above: dict[writer.Path, tuple[str, ...]] = {("defaults",): ("",), ("meetings",): ("",)}
    return _HEAD + writer.render(spec, writer.Layout(above, beside)) + _FOOT


def render_settings(state: str) -> str:
    """A `reconciler.yaml` that names where the state lives."""
    told = writer.render({"state": state})
    return f"# Settings of this folder; all optional. `reconciler schema reconciler` lists them.\n{told}"


def render_workflow(content: str, state: str | None) -> str:
    """A CI system's file, with `state` in the place of the one that it names; None leaves it."""
    if state is None:
        return content
    written = json.dumps(state)  # as JSON it is one YAML text, whatever is in it
    content = content.replace(f"state: {GIT_STATE}\n", f"state: {written}\n")
    return _GITLAB_STATE.sub(lambda found: f"{found[1]} {written}", content)


def next_start(now: datetime, timezone: str) -> str:
    """The first Monday at ten, a day or more from `now`, that clocks in `timezone` show exactly once."""
    tomorrow = in_zone(now + timedelta(days=1), known_zone(timezone))
    begins = datetime.combine(tomorrow, BEGINS) + timedelta(days=-tomorrow.weekday() % 7)
    while begins < tomorrow or _is_odd(format_wall_time(begins), timezone):
        begins += timedelta(weeks=1)
    return format_wall_time(begins)


def format_wall_time(wall: datetime) -> str:
    """A naive wall time as a spec has it."""
    return f"{wall:%Y-%m-%dT%H:%M:%S}"


def _is_odd(start: str, timezone: str) -> bool:
    return is_skipped(start, timezone) or is_ambiguous(start, timezone)


def _begins(answers: Answers) -> datetime:
    """The first start on the wall; some Monday where the answers name none."""
    try:
        return in_zone(instant(answers.start, answers.timezone), known_zone(answers.timezone))
    except ValueError:  # told by the rules, as in every spec
        return _A_MONDAY
