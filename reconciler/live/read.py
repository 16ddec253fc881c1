"""What a look at one recorded meeting gave: the meeting, or why there is none to compare."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    NeverSentError,
    RefusedError,
    RemoteError,
)
from reconciler.meeting.meeting import schedule
from reconciler.ports import CODE_MEETING_UNKNOWN, CODE_WEBINAR, IN_FLIGHT_MAX, Body, Remote
from reconciler.state.state import Record, State, host_key


class ReadStatus(StrEnum):
    """How the look ended."""

    FOUND = "found"
    GONE = "gone"
    """Zoom says that it does not exist, and no list of its host shows it."""
    WEBINAR = "webinar"
    """Its id belongs to a webinar now."""
    UNREAD = "unread"
    """It could not be read: nothing is known about it, least of all that it is gone."""


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One look. `body` is the meeting where it was found (with secrets: never kept or shown whole).

    `error` is why it could not be read.
    """

    sight: ReadStatus
    body: Body = field(default_factory=dict, repr=False)
    error: RemoteError | None = None


def result_found(body: Body) -> ReadResult:
    """The meeting as Zoom answered it."""
    return ReadResult(ReadStatus.FOUND, body)


def result_of_error(error: RemoteError, *, listed: bool) -> ReadResult:
    """What an error of a read says about its meeting; `listed` tells whether its host's list shows it."""
    if not isinstance(error, RefusedError):
        return ReadResult(ReadStatus.UNREAD, error=error)
    if error.zoom_code == CODE_WEBINAR:
        return ReadResult(ReadStatus.WEBINAR)
    if error.zoom_code != CODE_MEETING_UNKNOWN:
        return ReadResult(ReadStatus.UNREAD, error=error)
    return (
        ReadResult(ReadStatus.UNREAD, error=RemoteError(_contradiction(error)))
        if listed
        else ReadResult(ReadStatus.GONE)
    )


def _contradiction(error: RefusedError) -> Diagnostic:
    return Diagnostic(
        code="refresh.contradiction",
        detail=f"{error.diagnostic.detail} The list of its host shows it all the same.",
        hint="It may have been made or deleted a moment ago. Run again.",
    )


async def read_all(
    remote: Remote,
    state: State,
    now: datetime,
    *,
    keys: Collection[str] | None,
    tell: Callable[[int, int], None],
) -> dict[str, ReadResult]:
    """What Zoom has of each recorded, unexpired meeting, by key; `keys` None: of all.

    `tell` hears after each read how many are done, of how many. Raises `AccessError`, the
    account's `DailyLimitError` and `NeverSentError`: no other read would fare better.
    """
    due = {key: record for key, record in sorted(state.meetings.items()) if keys is None or key in keys}
    due = {key: record for key, record in due.items() if not schedule(record.attributes, now).expired}
    reading = _Reading(remote, due, tell)
    await reading.list_hosts({host_key(state, _lister(one)): _lister(one) for one in due.values()})
    await reading.read_all()
    return {key: reading.seen[key] for key in due}


@dataclass(slots=True)
class _Reading:
    """Reads under way. `failure` ends them."""

    remote: Remote
    due: Mapping[str, Record]
    tell: Callable[[int, int], None]
    seen: dict[str, ReadResult] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    failure: RemoteError | None = None

    async def list_hosts(self, hosts: Mapping[str, str]) -> None:
        """Read each host's list once. One that cannot be read says nothing."""
        await self._work(deque(hosts.values()), self._list)

    async def read_all(self) -> None:
        """Read every meeting, those first that no list shows."""
        order = sorted(self.due, key=lambda key: self.due[key].id in self.listed)
        self.tell(0, len(order))
        await self._work(deque(order), self._read)

    async def _list(self, host: str) -> None:
        try:
            self.listed |= {one["id"] for one in await self.remote.meetings(host)}
        except RemoteError as error:
            self.failure = self.failure or _hopeless(error)

    async def _read(self, key: str) -> None:
        number = self.due[key].id
        try:
            one = result_found((await self.remote.read(number)).body)
        except RemoteError as error:
            self.failure = self.failure or _hopeless(error)
            one = result_of_error(error, listed=number in self.listed)
        self.seen[key] = one
        self.tell(len(self.seen), len(self.due))

    async def _work(self, waiting: deque[str], do: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        async def one_after_another() -> None:
            while waiting and self.failure is None:
                await do(waiting.popleft())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(waiting))):
                group.create_task(one_after_another())
        if self.failure is not None:
            raise self.failure


def _hopeless(error: RemoteError) -> RemoteError | None:
    """The error where every other read would end with it too."""
    is_account = isinstance(error, DailyLimitError) and error.scope == "account"
    return error if is_account or isinstance(error, (AccessError, NeverSentError)) else None


def _lister(record: Record) -> str:
    """In whose list the meeting shows."""
    return str(record.attributes.get("schedule_for") or record.host)
