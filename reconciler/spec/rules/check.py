"""Runs all rules on one meeting, or on all meetings together.

Meetings are merged with their defaults and valid by the schema. Rules judge nothing by the current
time: the plan decides whether a meeting is over. No finding shows a passcode.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.meeting.timezones import zone
from reconciler.ports import Json
from reconciler.spec.repeat import Rule
from reconciler.spec.rules import _body as body
from reconciler.spec.rules import _characters as characters
from reconciler.spec.rules import _clock_changes as clock_changes
from reconciler.spec.rules import _dates as dates
from reconciler.spec.rules import _duplicates as duplicates
from reconciler.spec.rules import _effects as effects
from reconciler.spec.rules import _passcode as passcode
from reconciler.spec.rules import _repeat as repeat
from reconciler.spec.rules import _series as series
from reconciler.spec.rules import _texts as texts
from reconciler.spec.rules import _times as times

NO_EFFECT = effects.NO_EFFECT
"""The code of a declared value without effect. Of a default it holds only if no meeting can use it."""


def check(
    meeting: Meeting,
    written: Mapping[str, Json] | None = None,
    rule: Rule | None = None,
    now: datetime | None = None,
) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about one meeting; paths lead from the meeting.

    `written` is its `repeat`, if its rule was written so, and `rule` what it became. A day before `now` is no
    error; only hints do not suggest one. An exception on such a day is a stale line.
    """
    attributes = meeting.attributes
    findings = [*body.check(attributes), *times.check(attributes, rule.pattern if rule else (), now)]
    if written is None:
        findings += series.check(attributes, now)
    else:
        findings += repeat.check(attributes, written, rule, now)
    findings += clock_changes.check(attributes, meeting.dates)
    sent = attributes
    if meeting.dates:
        findings += dates.check(attributes, meeting.dates, now)
        sent = {**attributes, "exceptions": dict(meeting.dates.exceptions)}
    text = texts.joined(sent)
    findings += passcode.check(sent, meeting.key, text)
    findings += characters.check(sent, meeting.host, text)
    ineffective = effects.check(attributes, meeting.host)
    if ineffective:
        wrong = {finding.path for finding in findings}  # of a wrong value, say only what is wrong with it
        findings += (finding for finding in ineffective if finding.path not in wrong)
    return tuple(replace(finding, key=meeting.key) for finding in findings) if findings else ()


def check_level(body: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about fields of one mapping, not merged yet, that exclude each other."""
    return tuple(repeat.check_level(body)) if "repeat" in body else ()


def check_defaults(file: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings of `check_level` about the defaults of a file; paths lead from the file."""
    found = check_level(file.get("defaults") or {})
    return tuple(replace(finding, path=("defaults", *finding.path)) for finding in found)


def check_templates(file: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings of `check_level` about the templates of a file; paths lead from the file."""
    return tuple(
        replace(finding, path=("templates", name, *finding.path))
        for name, body in (file.get("templates") or {}).items()
        for finding in check_level(body)
    )


def check_closures(file: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about the days of a file's closures; paths lead from the file."""
    return tuple(dates.check_closures(file))


def check_audience(file: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about the zones of the audience; paths lead from the file."""
    return tuple(
        times.zone_unknown(name, ("audience", index))
        for index, name in enumerate(file.get("audience") or ())
        if zone(name) is None
    )


def check_all(meetings: Mapping[str, Meeting]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about pairs of meetings, each at the later one; paths lead from that meeting."""
    return tuple(duplicates.check(meetings))
