"""Discovers the meetings of some hosts and declares each as a person would have.

Nothing is written, here or in Zoom. A host or a meeting that cannot be read becomes a diagnostic, and
the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import GoneError, RefusedError, RemoteError
from reconciler.live import _from_zoom as from_zoom
from reconciler.live._from_zoom import ImportedMeeting
from reconciler.live._from_zoom_times import UndeclarableError
from reconciler.live.generate import Skipped, SkippedSummary
from reconciler.live.read import Progress, read_each
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, SCHEDULED, schedule
from reconciler.meeting.names import fold_host
from reconciler.ports import CODE_WEBINAR, Answer, Body, Remote

VANISHED = "it was listed, and was gone when it was read"
UNREAD = "it could not be read"


class ImportFilter(Struct, frozen=True):
    """Meetings that are wanted: not `known` by id, a topic that `match` accepts, not over at `now`."""

    match: Callable[[str], bool]
    known: frozenset[int]
    now: datetime


class DiscoveredMeetings(Struct, frozen=True):
    """The declared meetings by host as asked and then by creation, those left out, and failed reads."""

    declared: tuple[ImportedMeeting, ...]
    omitted: SkippedSummary
    failures: tuple[Diagnostic, ...]


async def discover(
    remote: Remote, hosts: Sequence[str], wanted: ImportFilter, progress: Progress
) -> DiscoveredMeetings:
    """Read and declare the wanted meetings of `hosts`. Raises as `read_each` does."""
    hosts = tuple(dict.fromkeys(hosts))
    discovery = _Discovery(wanted)
    lists = await read_each(hosts, remote.meetings)
    due = [
        (host, meeting)
        for host, listed in zip(hosts, lists, strict=True)
        for meeting in discovery.due(listed)
    ]
    answers = await read_each(due, lambda item: remote.read(int(item[1]["id"])), progress)
    bodies: dict[str, list[Body]] = {host: [] for host in hosts}
    for (host, listed), answer in zip(due, answers, strict=True):
        if isinstance(answer, Answer):
            bodies[host].append(answer.body)
        else:
            discovery.note_error(host, listed, answer)
    for host in hosts:
        discovery.declare(host, bodies[host])
    return discovery.result()


class _Discovery:
    """The meetings that were found so far."""

    def __init__(self, wanted: ImportFilter) -> None:
        self._wanted = wanted
        self._ids: set[int] = set()
        self._declared: list[ImportedMeeting] = []
        self._skipped: list[Skipped] = []
        self._counts = Counter[str]()
        self._failures: list[Diagnostic] = []

    def result(self) -> DiscoveredMeetings:
        omitted = SkippedSummary(tuple(self._skipped), self._counts["known"], self._counts["expired"])
        return DiscoveredMeetings(tuple(self._declared), omitted, tuple(self._failures))

    def due(self, listed: Iterable[Body] | RemoteError) -> list[Body]:
        """The listed meetings that have to be read; each id once, even if two names are the same host."""
        if isinstance(listed, RemoteError):
            self._failures.append(listed.diagnostic)
            return []
        fresh = [meeting for meeting in listed if int(meeting["id"]) not in self._ids]
        self._ids |= {int(meeting["id"]) for meeting in fresh}
        matching = (meeting for meeting in fresh if self._wanted.match(str(meeting.get("topic", ""))))
        return [meeting for meeting in matching if self._is_due(meeting)]

    def _is_due(self, listed: Body) -> bool:
        if int(listed["id"]) in self._wanted.known:
            self._counts["known"] += 1
            return False
        if listed.get("type") == SCHEDULED and self._is_over(listed):
            self._counts["expired"] += 1
            return False
        return True

    def _is_over(self, listed: Body) -> bool:
        times = {name: listed[name] for name in ("start_time", "timezone") if listed.get(name)}
        duration = listed.get("duration") or DURATION_MINUTES_DEFAULT
        attributes = {**times, "type": SCHEDULED, "duration": duration}
        try:
            return schedule(attributes, self._wanted.now).expired
        except ValueError:  # reported when the meeting is read
            return False

    def note_error(self, host: str, listed: Body, error: RemoteError) -> None:
        """Skip a meeting whose read failed."""
        if isinstance(error, GoneError):
            self._skip(host, listed, VANISHED)
        elif isinstance(error, RefusedError) and error.zoom_code == CODE_WEBINAR:
            self._skip(host, listed, from_zoom.IS_WEBINAR)
        else:
            self._failures.append(error.diagnostic)
            self._skip(host, listed, UNREAD)

    def declare(self, host: str, bodies: Sequence[Body]) -> None:
        """Declare all meetings of one host; together they show which values its Zoom account fills in."""
        usual = from_zoom.usual_settings(bodies)
        for body in sorted(bodies, key=lambda body: (str(body.get("created_at")), body["id"])):
            self._declare(host, body, usual)

    def _declare(self, host: str, body: Body, usual: Mapping[str, object]) -> None:
        now = self._wanted.now
        try:
            meeting = from_zoom.to_declaration(int(body["id"]), _owner(host, body), body, usual, now)
        except UndeclarableError as error:
            self._skip(host, body, str(error))
            return
        if schedule(meeting.attributes, now).expired:
            self._counts["expired"] += 1
        else:
            self._declared.append(meeting)

    def _skip(self, host: str, meeting: Body, reason: str) -> None:
        self._skipped.append(Skipped(int(meeting["id"]), host, str(meeting.get("topic", "")), reason))


def _owner(host: str, body: Body) -> str:
    """The host as it was asked for; as Zoom names it, where that is another user or `me`."""
    names = {fold_host(str(body.get(name, ""))) for name in ("host_email", "host_id")}
    return host if fold_host(host) in names else str(body.get("host_email") or body.get("host_id") or host)
