"""Read what exists: every meeting of some hosts, as it would have been declared.

Nothing is written, here or in Zoom. A host or a meeting that cannot be read is told, and the others go on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    NeverSentError,
    RefusedError,
    RemoteError,
)
from reconciler.live import _from_zoom as from_zoom
from reconciler.live._from_zoom import ImportedMeeting
from reconciler.live._occurrences import UndeclarableError
from reconciler.live.generate import Skipped, SkippedSummary
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, SCHEDULED, schedule
from reconciler.meeting.names import fold_host
from reconciler.ports import CODE_WEBINAR, IN_FLIGHT_MAX, Body, Remote

_T = TypeVar("_T")

VANISHED = "it was listed, and gone when it was read"
UNREAD = "it could not be read"


Tell = Callable[[int, int], None]
"""Hears after each read how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Which meetings: those whose topic `match` takes and whose ids are not `known`, not over at `now`."""

    match: Callable[[str], bool]
    known: frozenset[int]
    now: datetime


@dataclass(frozen=True, slots=True)
class DiscoveredMeetings:
    """What exists, by host as asked and then by creation; what was left out; and what could not be read."""

    declared: tuple[ImportedMeeting, ...]
    omitted: SkippedSummary
    failures: tuple[Diagnostic, ...]


async def discover(
    remote: Remote, hosts: Sequence[str], wanted: ImportFilter, tell: Tell
) -> DiscoveredMeetings:
    """What the hosts have.

    Raises `AccessError`, the account's `DailyLimitError` and `NeverSentError`: no other read would
    fare better.
    """
    return await _Reading(remote, wanted, tell).all_of(tuple(dict.fromkeys(hosts)))


class _Reading:
    """What was read so far."""

    def __init__(self, remote: Remote, wanted: ImportFilter, tell: Tell) -> None:
        self.remote, self.wanted, self.tell = remote, wanted, tell
        self.turns = asyncio.Semaphore(IN_FLIGHT_MAX)
        self.ids: set[int] = set()
        self.declared: list[ImportedMeeting] = []
        self.left: list[Skipped] = []
        self.counts = Counter[str]()
        self.failures: list[Diagnostic] = []
        self.done = self.total = 0

    async def all_of(self, hosts: tuple[str, ...]) -> DiscoveredMeetings:
        lists = await _together(self.listed(host) for host in hosts)
        due = {host: self.due(listed) for host, listed in zip(hosts, lists, strict=True)}
        self.total = sum(map(len, due.values()))
        self.tell(0, self.total)
        bodies = await _together(self.body(host, one) for host, several in due.items() for one in several)
        for host in hosts:
            self.declare(host, [body for owner, body in filter(None, bodies) if owner == host])
        omitted = SkippedSummary(tuple(self.left), self.counts["known"], self.counts["expired"])
        return DiscoveredMeetings(tuple(self.declared), omitted, tuple(self.failures))

    async def listed(self, host: str) -> tuple[Body, ...]:
        try:
            async with self.turns:
                return await self.remote.meetings(host)
        except RemoteError as error:
            self.fail(error)
            return ()

    def due(self, listed: Iterable[Body]) -> list[Body]:
        """The listed meetings that have to be read; each id once, whatever its host is called."""
        fresh = [one for one in listed if int(one["id"]) not in self.ids]
        self.ids |= {int(one["id"]) for one in fresh}
        return [one for one in fresh if self.wanted.match(str(one.get("topic", ""))) and self.is_due(one)]

    def is_due(self, one: Body) -> bool:
        if int(one["id"]) in self.wanted.known:
            self.counts["known"] += 1
            return False
        if one.get("type") == SCHEDULED and self.is_over(one):
            self.counts["expired"] += 1
            return False
        return True

    def is_over(self, one: Body) -> bool:
        written = {name: one[name] for name in ("start_time", "timezone") if one.get(name)}
        duration = one.get("duration") or DURATION_MINUTES_DEFAULT
        try:
            return schedule({**written, "type": SCHEDULED, "duration": duration}, self.wanted.now).expired
        except ValueError:  # told when it is read
            return False

    async def body(self, host: str, one: Body) -> tuple[str, Body] | None:
        try:
            async with self.turns:
                return host, (await self.remote.read(int(one["id"]))).body
        except GoneError:
            self.leave(host, one, VANISHED)
        except RemoteError as error:
            if isinstance(error, RefusedError) and error.zoom_code == CODE_WEBINAR:
                self.leave(host, one, from_zoom.REASONS[5])
            else:
                self.fail(error)
                self.leave(host, one, UNREAD)
        finally:
            self.done += 1
            self.tell(self.done, self.total)
        return None

    def declare(self, host: str, bodies: Sequence[Body]) -> None:
        """Declare all of one host; what most of them have tells what its Zoom fills in."""
        usual = from_zoom.usual_settings(bodies)
        for body in sorted(bodies, key=lambda one: (str(one.get("created_at")), one["id"])):
            number, now = int(body["id"]), self.wanted.now
            try:
                declared = from_zoom.to_declaration(number, _owner(host, body), body, usual, now)
            except UndeclarableError as error:
                self.leave(host, body, str(error))
                continue
            if schedule(declared.attributes, now).expired:
                self.counts["expired"] += 1
            else:
                self.declared.append(declared)

    def leave(self, host: str, one: Body, reason: str) -> None:
        self.left.append(Skipped(int(one["id"]), host, str(one.get("topic", "")), reason))

    def fail(self, error: RemoteError) -> None:
        """Note an error that is about one thing only; raise one that is about all."""
        is_account = isinstance(error, DailyLimitError) and error.scope == "account"
        if is_account or isinstance(error, (AccessError, NeverSentError)):
            raise error
        self.failures.append(error.diagnostic)


async def _together(calls: Iterable[Coroutine[None, None, _T]]) -> list[_T]:
    """The results in order; where one raises, the others are given up."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _owner(host: str, body: Body) -> str:
    """The host as it was asked for; as Zoom names it, where that is somebody else or `me`."""
    names = {fold_host(str(body.get(name, ""))) for name in ("host_email", "host_id")}
    return host if fold_host(host) in names else str(body.get("host_email") or body.get("host_id") or host)
