"""Builds the calendar of a window: its dates, clashes and closures, the events of feeds, and join links."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.calendar import clashes, dates
from reconciler.calendar.hosts import Hosts
from reconciler.calendar.marks import Marks, marks
from reconciler.calendar.naming import feed_meetings, record_of
from reconciler.cli.commands import links
from reconciler.cli.commands.calendar import recorded
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import quote
from reconciler.meeting import timezones
from reconciler.meeting.humanize import day_words
from reconciler.meeting.meeting import start_at
from reconciler.meeting.names import fold_host
from reconciler.state.state import owner
from reconciler.views.results import Calendar, JoinLink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from reconciler.calendar.clashes import Clash
    from reconciler.cli.workspace import LoadedSpec, Workspace
    from reconciler.meeting.closures import Closure
    from reconciler.meeting.meeting import Meeting
    from reconciler.state.state import State

DAYS_OF_AN_AGENDA = 14
DAYS_OF_A_YEAR = 365
CLASHES_MAX = 1_000
"""Clashes of one host that are shown; the others are counted."""

_PLAIN = re.compile(r"https://[!-~]+")
"""Matches a link that ends no line, and only leads to a page."""

DAYS_MAX = 3_660
"""Days of the longest window: ten years."""


class CalendarOptions(Struct, frozen=True):
    """The flags that say what is in the calendar. `is_agenda`: people read it from top to bottom.

    `is_feed`: its events have names, by which calendar apps know them again.
    """

    first: date | None = None
    days: int | None = None
    hosts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    zone: str | None = None
    links: bool = False
    with_passcodes: bool = False
    is_agenda: bool = False
    is_feed: bool = False

    @property
    def length(self) -> timedelta:
        """The length of the window, its last day left out."""
        days = self.days or (DAYS_OF_AN_AGENDA if self.is_agenda else DAYS_OF_A_YEAR)
        return timedelta(days=days - 1)


class BuiltCalendar(Struct, frozen=True):
    """The calendar that the options select, and the hosts that have a part of it.

    `failed`: a link could not be read.
    """

    calendar: Calendar
    hosts: tuple[str, ...] = ()
    failed: bool = False

    def of_host(self, host: str) -> Calendar:
        """Return the part of one host, for a feed."""
        calendar, name = self.calendar, fold_host(host)
        own = tuple(each for each in calendar.meetings if _owner(each.meeting) == name)
        return replace(calendar, name=host, meetings=own)


def build(workspace: Workspace, paths: Sequence[str], options: CalendarOptions) -> BuiltCalendar:
    """Return the calendar. Raises as reading specs, state and links does."""
    loaded = workspace.load_declared(paths)
    chosen = _chosen(workspace, loaded, options)
    state, unnamed = recorded.read(workspace, feed=options.is_feed, links=options.links)
    zone = options.zone or _usual_zone(chosen)
    today = timezones.local_day(workspace.clock.now(), timezones.known_zone(zone))
    first = options.first or today
    last = first + options.length
    start, end = _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
    held = dates.dates(chosen, start, end)
    in_window = {each.key for each in held}
    feed = [
        each
        for each in chosen
        if each.key in in_window or (options.first is None and _begins_before(each, end))
    ]
    found, marked, more = _clashes(workspace, loaded, chosen, start, end)
    calendar = Calendar(
        first,
        last,
        zone,
        dates=held,
        skipped=dates.skipped((each for each in chosen if each.dates or each.timetable), start, end),
        clashes=found,
        clashing=marked,
        closures=dates.closed(_closures(chosen), first, last),
        meetings=feed_meetings(feed, loaded.spec, state),
        diagnostics=(*loaded.warnings, *_past(first, last, today), *more, *unnamed),
    )
    hosts = _hosts(workspace, chosen, options)
    return _with_links(workspace, loaded, state, BuiltCalendar(calendar, hosts), options)


def _begins_before(meeting: Meeting, end: datetime) -> bool:
    """Return whether the meeting begins before `end`: a feed keeps what is over, and stays the same."""
    starts = (start_at(each.attributes) for each in dates.held(meeting))
    return any(start is not None and start < end for start in starts)


def _midnight(day: date, zone: str) -> datetime:
    return timezones.in_utc(datetime(day.year, day.month, day.day), timezones.known_zone(zone))  # noqa: DTZ001 - wall time


def _owner(meeting: Meeting) -> str:
    return fold_host(owner(meeting.attributes, meeting.host))


def _usual_zone(meetings: Iterable[Meeting]) -> str:
    """Return the zone of most meetings, of several the first by name; UTC without meetings."""
    parts = (part for each in meetings for part in dates.held(each))
    zones = Counter(str(each.attributes.get("timezone") or "UTC") for each in parts)
    return min(zones, key=lambda name: (-zones[name], name), default="UTC")


def _chosen(workspace: Workspace, loaded: LoadedSpec, options: CalendarOptions) -> list[Meeting]:
    """Return the selected meetings. Raises `SettingsError` for a glob that matches nothing."""
    meetings = loaded.spec.meetings.values()
    known = {_owner(each) for each in meetings} | {fold_host(each) for each in workspace.settings.hosts or ()}
    unknown = [
        *(
            _unmatched("--host", glob, known)
            for glob in options.hosts
            if not _fits(known, (fold_host(glob),))
        ),
        *(
            _unmatched("--match", glob, loaded.spec.meetings)
            for glob in options.keys
            if not _fits(loaded.spec.meetings, (glob,))
        ),
    ]
    if unknown:
        raise SettingsError(*unknown)
    hosts = tuple(fold_host(glob) for glob in options.hosts)
    return [
        each
        for each in meetings
        if (not hosts or _fits((_owner(each),), hosts))
        and (not options.keys or _fits((each.key,), options.keys))
    ]


def _fits(names: Iterable[str], globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in names for glob in globs)


def _unmatched(flag: str, glob: str, known: Iterable[str]) -> Diagnostic:
    what = "host" if flag == "--host" else "key"
    near = did_you_mean(glob, tuple(sorted(known)))
    return Diagnostic(
        code="calendar.no-match",
        detail=f"`{flag} {quote(glob)[1:-1]}` matches no declared {what}. Nothing was written.",
        hint=suggestion(near, "Without it, the calendar shows every host and key."),
    )


def _clashes(
    workspace: Workspace, loaded: LoadedSpec, chosen: Sequence[Meeting], start: datetime, end: datetime
) -> tuple[list[Clash], Marks, list[Diagnostic]]:
    """Return the clashes of what is chosen, with other meetings too, and the dates on which they are."""
    keys = {each.key for each in chosen}
    meetings = tuple(loaded.spec.meetings.values())
    of_hosts = clashes.clashes(meetings, start, end, Hosts.of(workspace.settings), CLASHES_MAX)
    found = [each for one in of_hosts for each in one.found if keys.intersection(each.keys)]
    clashing = {key for each in found for key in each.keys}
    held = dates.dates((each for each in meetings if each.key in clashing), start, end)
    more = [_more(one.found[0].host, one.more) for one in of_hosts if one.more]
    return found, marks(found, held), more


def _more(host: str, count: int) -> Diagnostic:
    return Diagnostic(
        code="calendar.many-clashes",
        detail=f"{host} has {count:,} more clashes than the {CLASHES_MAX:,} that are shown.",
        hint="Select fewer days with `--days`, or fewer meetings with `--match`.",
        severity=Severity.WARNING,
    )


def _closures(meetings: Iterable[Meeting]) -> list[Closure]:
    found = {
        closure.name: closure
        for each in meetings
        for part in dates.held(each)
        for closure in part.dates.closures
    }
    return list(found.values())


def _past(first: date, last: date, today: date) -> tuple[Diagnostic, ...]:
    if last >= today:
        return ()
    return (
        Diagnostic(
            code="calendar.past",
            detail=f"The window, {day_words(first)} to {day_words(last)}, is over. Its dates are those of "
            "the specs as they are now, whatever was held.",
            hint="Give a later `--from`, or leave it out to begin today.",
            severity=Severity.WARNING,
        ),
    )


def _hosts(workspace: Workspace, meetings: Iterable[Meeting], options: CalendarOptions) -> tuple[str, ...]:
    """Return the hosts that get a feed: those with meetings, and those of the list that fit."""
    globs = tuple(fold_host(glob) for glob in options.hosts)
    listed = (fold_host(each) for each in workspace.settings.hosts or ())
    fitting = {each for each in listed if not globs or _fits((each,), globs)}
    return tuple(sorted({_owner(each) for each in meetings} | fitting))


def _with_links(
    workspace: Workspace, loaded: LoadedSpec, state: State, built: BuiltCalendar, options: CalendarOptions
) -> BuiltCalendar:
    if not options.links:
        return built
    keys = sorted({each.key for each in built.calendar.dates})
    recorded = ((key, record_of(key, loaded.spec, state)) for key in keys)
    records = {key: record for key, record in recorded if record is not None}
    results = [plain_link(each) for each in links.read_now(workspace, state, records)]
    unread = tuple(each for each in results if isinstance(each, Diagnostic))
    shown = {
        each.key: each.join_url if options.with_passcodes else each.open_url
        for each in results
        if isinstance(each, JoinLink)
    }
    calendar = replace(
        built.calendar,
        links=shown,
        holds_passcodes=options.with_passcodes,
        diagnostics=(*built.calendar.diagnostics, *unread),
    )
    return replace(built, calendar=calendar, failed=bool(unread))


def plain_link(link: JoinLink | Diagnostic) -> JoinLink | Diagnostic:
    """Return the link, or why a calendar cannot hold it: in a feed it is a line, on a page it is clicked."""
    if isinstance(link, Diagnostic) or _PLAIN.fullmatch(link.join_url):
        return link
    return Diagnostic(
        code="links.none",
        detail=f"{link.key}: Zoom's answer about meeting {link.id} has no join link that begins with https://.",
        hint="Look at the meeting in Zoom's web portal.",
        key=link.key,
    )
