"""Renders the files of `init`: a first spec with explaining comments, the settings, the CI workflows.

Pure: answers and an instant in, texts out.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.meeting.humanize import short_weekday
from reconciler.meeting.timezones import in_zone, instant, is_ambiguous, is_skipped, known_zone
from reconciler.spec.keys import slug
from reconciler.spec.yaml import writer

if TYPE_CHECKING:
    from reconciler.ports import Json


START = time(10)
"""Start of a meeting without a given time."""

OCCURRENCES = 20
"""Occurrences of a series without a given end."""

GIT_STATE = "git:reconciler-state"
"""Address of the state in the workflows for GitHub: a branch of the specs' own repository."""

_GITLAB_STATE = re.compile(r"(?m)^(  RECONCILER_STATE:) .*$")

_A_MONDAY = datetime(2027, 1, 11, 10)  # noqa: DTZ001 - a wall time

_HEAD = """\
# yaml-language-server: $schema=meetings.schema.json
#
# Your meetings as code: `reconciler apply` makes Zoom match this file.
#
#     reconciler validate    shows errors, each with its line and a remedy
#     reconciler plan        shows what would change; sends nothing
#     reconciler apply       makes the changes, each exactly once
#
# Add --sandbox to try them on an emulator, without an account.
"""

_FOOT = """\

# A meeting may have any field of Zoom's create call (your editor completes them), and also
#     repeat: {every: month, on: first mon, times: 12}    a series: days, weeks or months, with times or until
#     password: {env: TEAM_PASSCODE, version: 1}          read when it is sent, never stored
#     protect: true                                       never destroyed
#
# A file may also have:
#     moved: [{from: OLD-KEY, to: NEW-KEY}]                 a renamed key keeps its meeting
#     imports: [{id: 81234567890, to: KEY}]                 a meeting to take over; see `reconciler import`
#     removed: [{key: KEY, id: 81234567890, destroy: true}] the only way to delete one
"""


class Answers(Struct, frozen=True):
    """The first meeting; `start` is local time in `timezone`, as in `2027-01-11T10:00:00`."""

    host: str
    topic: str
    timezone: str
    start: str
    weekly: bool


def render_spec(answers: Answers) -> str:
    """Render the spec of one meeting. An invalid answer gives an invalid spec: `validate` then says why."""
    key = slug(answers.topic) or "first-meeting"
    meeting: dict[str, Json] = {
        "topic": answers.topic,
        "start_time": answers.start,
        "duration": 45 if answers.weekly else 60,
    }
    comments: dict[writer.Path, str] = {
        ("defaults",): "merged into each meeting below; a meeting's own fields win",
        ("defaults", "host"): "the Zoom user who owns the meetings",
        ("meetings", key): "the key: unique, and the name of the meeting from now on",
        ("meetings", key, "start_time"): "local time in the timezone above",
        ("meetings", key, "duration"): "minutes",
    }
    if answers.weekly:
        start = _first_start(answers)
        meeting["repeat"] = {"every": "week", "on": short_weekday(start).lower(), "times": OCCURRENCES}
        comments["meetings", key, "repeat"] = "a series; without this line, a single meeting"
    spec = {
        "version": 1,
        "defaults": {
            "host": answers.host,
            "timezone": answers.timezone,
            "settings": {"waiting_room": True, "use_pmi": False},
        },
        "meetings": {key: meeting},
    }
    blank_lines: dict[writer.Path, tuple[str, ...]] = {("defaults",): ("",), ("meetings",): ("",)}
    return _HEAD + writer.render(spec, writer.Layout(blank_lines, comments)) + _FOOT


def render_settings(state: str) -> str:
    """Render a `reconciler.yaml` with the address of the state."""
    settings = writer.render({"state": state})
    return f"# Settings of this folder; all optional. `reconciler schema reconciler` lists them.\n{settings}"


def render_workflow(content: str, state: str | None) -> str:
    """Return a workflow with `state` as the address of the state; None keeps its own."""
    if state is None:
        return content
    address = json.dumps(state)  # JSON is one YAML scalar, whatever it holds
    content = content.replace(f"state: {GIT_STATE}\n", f"state: {address}\n")
    return _GITLAB_STATE.sub(lambda match: f"{match[1]} {address}", content)


def next_start(now: datetime, timezone: str) -> str:
    """Return the first Monday at 10:00, a day or more from `now`, that occurs once in `timezone`."""
    tomorrow = in_zone(now + timedelta(days=1), known_zone(timezone))
    start = datetime.combine(tomorrow, START) + timedelta(days=-tomorrow.weekday() % 7)
    while start < tomorrow or _is_skipped_or_ambiguous(format_wall_time(start), timezone):
        start += timedelta(weeks=1)
    return format_wall_time(start)


def format_wall_time(wall: datetime) -> str:
    """Format a local time as in a spec."""
    return f"{wall:%Y-%m-%dT%H:%M:%S}"


def _is_skipped_or_ambiguous(start: str, timezone: str) -> bool:
    return is_skipped(start, timezone) or is_ambiguous(start, timezone)


def _first_start(answers: Answers) -> datetime:
    """Return the first start, local time; some Monday where the answers have an invalid one."""
    try:
        return in_zone(instant(answers.start, answers.timezone), known_zone(answers.timezone))
    except ValueError:  # the rules report it, as in every spec
        return _A_MONDAY
