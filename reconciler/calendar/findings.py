"""Findings about hosts that have more meetings at one time than they can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.calendar.clashes import Clash, clashes
from reconciler.calendar.hosts import Hosts
from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.errors.text import count_noun
from reconciler.meeting.humanize import join_words, with_utc
from reconciler.meeting.meeting import Meeting
from reconciler.spec.tally import Tally, in_order

DOUBLE_BOOKED = "calendar.double-booked"

AHEAD = timedelta(days=400)
"""How far ahead the dates of meetings are looked at."""

_NAMED_MAX = 5
"""Meetings or hosts that a finding names; the others are counted."""

Locate = Callable[[str, UnlocatedDiagnostic], Diagnostic]
"""Gives a finding about a meeting its place."""


def double_booked(
    meetings: Mapping[str, Meeting],
    now: datetime,
    hosts: Hosts,
    locate: Locate,
    concerns: Callable[[Iterable[str]], bool] = lambda _: True,
) -> tuple[Diagnostic, ...]:
    """Return a warning for each clash within 400 days, in order of places; of very many, the rest is counted.

    `concerns` returns whether a clash of the meetings with these keys is reported.
    """
    tally = Tally()
    found: list[Diagnostic] = []
    for of_host in clashes(meetings.values(), now, now + AHEAD, hosts):
        reported = [each for each in of_host.found if concerns(each.keys)]
        for clash in reported:
            more = of_host.more if clash is reported[-1] else 0
            if tally.takes(DOUBLE_BOOKED, Severity.WARNING, more):
                found.append(locate(clash.movable, _double_booked(clash, meetings)))
    return tuple(tally.bounded(in_order(found)))


def _double_booked(clash: Clash, meetings: Mapping[str, Meeting]) -> UnlocatedDiagnostic:
    movable = meetings[clash.movable]
    others = [meetings[key] for key in clash.keys if key != clash.movable]
    first = with_utc(clash.first_at, _zone(movable))
    times = f"on {clash.dates} dates" if clash.dates > 1 else "on 1 date"
    return UnlocatedDiagnostic(
        (),
        DOUBLE_BOOKED,
        f"{_named(movable)} runs at the same time as {_listed([_named(each) for each in others], 'and')}"
        f"{_apart(clash)}, and {clash.host} {_capacity(clash)}: first on {first}; "
        f"{times} of the next {AHEAD.days} days.",
        _hint(clash),
        Severity.WARNING,
        key=clash.movable,
    )


def _zone(meeting: Meeting) -> str | None:
    """Return the zone of its times; of a room the one that all its slots have, None where they differ."""
    zones = {each.meeting.attributes.get("timezone") for each in meeting.timetable}
    return zones.pop() if len(zones) == 1 else meeting.attributes.get("timezone")


def _named(meeting: Meeting) -> str:
    place = f"{meeting.filename}:{meeting.line}" if meeting.filename else "recorded, not declared here"
    return f"`{meeting.key}` ({place})"


def _apart(clash: Clash) -> str:
    minutes = clash.capacity.buffer_minutes
    return f", or less than {count_noun(minutes, 'minute')} apart" if minutes else ""


def _capacity(clash: Clash) -> str:
    meetings = clash.capacity.meetings
    return f"can run {meetings} meetings at once" if meetings > 1 else "can run one meeting at once"


def _hint(clash: Clash) -> str:
    if clash.free_hosts:
        verb = "is" if len(clash.free_hosts) == 1 else "are"
        hosts = _listed([f"`{host}`" for host in clash.free_hosts], "or")
        return f"Move `{clash.movable}`: {hosts} of the same pool {verb} free on all its dates."
    if clash.free_hosts is None:
        return (
            "Give one of them another time or another host, or raise `capacity` where the host can run more."
        )
    return "Give one of them another time: no other host of the pool is free on all dates of one of them."


def _listed(names: Sequence[str], word: str) -> str:
    if len(names) > _NAMED_MAX:
        return join_words([*names[:_NAMED_MAX], f"{len(names) - _NAMED_MAX} more"])
    return join_words(names, word)
