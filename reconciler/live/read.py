"""Reads meetings from Zoom, many at a time, and compares each with its record once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    NeverSentError,
    RefusedError,
    RemoteError,
)
from reconciler.errors.text import repr_without
from reconciler.live.drift import drift_of
from reconciler.meeting.single_dates import held_schedule
from reconciler.plan.change import FieldChange
from reconciler.ports import (
    CODE_MEETING_UNKNOWN,
    CODE_WEBINAR,
    IN_FLIGHT_MAX,
    Answer,
    Body,
    Clock,
    Remote,
)
from reconciler.state import identity
from reconciler.state.identity import hosts_of
from reconciler.state.state import Record, State, host_key, owner

Item = TypeVar("Item")
Read = TypeVar("Read")

Progress = Callable[[int, int], None]
"""Called after each read with the number of finished reads and their total."""


class ReadStatus(StrEnum):
    """The kinds of result that reading one recorded meeting can have."""

    FOUND = "found"
    GONE = "gone"
    """Zoom says that the meeting does not exist, and no list of its host shows it."""
    WEBINAR = "webinar"
    """The id belongs to a webinar now."""
    STRANGER = "stranger"
    """In Zoom the id is another meeting, or the meeting of a host that nobody declared."""
    UNREAD = "unread"
    """The read failed: nothing is known about the meeting, so it does not count as gone."""


class ReadResult(Struct, frozen=True):
    """Result of reading one recorded meeting.

    `body` is the meeting where it was found (with secrets: never kept or shown whole), `changes`
    are the declared fields that Zoom has otherwise, `error` is why the read failed,
    or why its result is not used.
    """

    status: ReadStatus
    body: Body = {}
    changes: tuple[FieldChange, ...] = ()
    error: RemoteError | None = None

    def __repr__(self) -> str:
        return repr_without(self, "body")

    @property
    def drift(self) -> tuple[FieldChange, ...]:
        """The changes that a person made."""
        return tuple(change for change in self.changes if change.is_drift)

    @property
    def other_host(self) -> str | None:
        """The host under which Zoom has the meeting now; None where it is still the recorded one."""
        return next((change.after for change in self.changes if change.path == "host"), None)


def result_found(state: State, record: Record, body: Body, now: datetime) -> ReadResult:
    """The result of a read that found the meeting of `record`, compared with it at `now`."""
    changes = drift_of(record, body, now, hosts=hosts_of(state, record))
    return ReadResult(ReadStatus.FOUND, body, changes)


def result_of_error(error: RemoteError, *, listed: bool) -> ReadResult:
    """The result of a read that failed; `listed` tells whether a list of the host shows the meeting."""
    code = error.zoom_code if isinstance(error, RefusedError) else None
    if code == CODE_WEBINAR:
        return ReadResult(ReadStatus.WEBINAR)
    if code != CODE_MEETING_UNKNOWN:
        return ReadResult(ReadStatus.UNREAD, error=error)
    if listed:
        return ReadResult(ReadStatus.UNREAD, error=RemoteError(_contradiction(error)))
    return ReadResult(ReadStatus.GONE)


def without_strangers(
    state: State, results: Mapping[str, ReadResult], declared: Callable[[], Mapping[str, Collection[str]]]
) -> dict[str, ReadResult]:
    """The results without what Zoom says of meetings that are not the recorded ones.

    `declared` returns the declared hosts by recorded key, and is called only if a meeting is not the recorded
    one. A meeting that was handed over to a declared host counts as the recorded one.
    """
    problems = {
        key: identity.problem(state, key, state.meetings[key], result.body)
        for key, result in results.items()
        if result.status is ReadStatus.FOUND
    }
    strangers = {key: why for key, why in problems.items() if why is not None}
    hosts = declared() if strangers else {}
    judged = dict(results)
    for key, why in strangers.items():
        if not identity.is_followed(state, state.meetings[key], results[key].body, hosts.get(key, ())):
            judged[key] = ReadResult(ReadStatus.STRANGER, error=RemoteError(why))
    return judged


def _contradiction(error: RemoteError) -> Diagnostic:
    return Diagnostic(
        code="refresh.contradiction",
        detail=f"{error.diagnostic.detail} The list of its host still shows it.",
        hint="It may have been created or deleted a moment ago. Run the command again.",
    )


async def read_all(  # noqa: PLR0913 - what is read, from where, and the listener
    remote: Remote,
    state: State,
    clock: Clock,
    *,
    keys: Collection[str] | None,
    renewed: Collection[str] = (),
    progress: Progress,
) -> dict[str, ReadResult]:
    """Read each recorded, unexpired meeting of `keys` (None: of all) and return the results by key.

    `renewed` are keys whose recorded dates may be over, and whose declared ones are not: they are read too.
    Each host is listed first, and what no list shows is read before the rest. Raises as `read_each`.
    """
    due = _due(state, clock.now(), keys, renewed)
    owners = (owner(record.attributes, record.host) for record in due.values())
    hosts = {host_key(state, user): user for user in owners}
    lists = await read_each(tuple(hosts.values()), remote.meetings)
    listed = {meeting["id"] for answer in lists if not isinstance(answer, RemoteError) for meeting in answer}
    order = sorted(due, key=lambda key: due[key].id in listed)
    answers = await read_each(order, lambda key: remote.read(due[key].id), progress)
    now = clock.now()

    def result(record: Record, answer: Answer | RemoteError) -> ReadResult:
        if isinstance(answer, RemoteError):
            return result_of_error(answer, listed=record.id in listed)
        return result_found(state, record, answer.body, now)

    answered = dict(zip(order, answers, strict=True))
    return {key: result(record, answered[key]) for key, record in due.items()}


def _due(
    state: State, now: datetime, keys: Collection[str] | None, renewed: Collection[str]
) -> Mapping[str, Record]:
    return {
        key: record
        for key, record in sorted(state.meetings.items())
        if (keys is None or key in keys) and (key in renewed or not _is_over(record, now))
    }


def _is_over(record: Record, now: datetime) -> bool:
    return held_schedule(record.attributes, record.exceptions, now).expired


async def read_each(
    items: Sequence[Item],
    read: Callable[[Item], Awaitable[Read]],
    progress: Progress = lambda _done, _total: None,
) -> list[Read | RemoteError]:
    """The answer or the error of each item in order, `IN_FLIGHT_MAX` at a time.

    Raises an error that every further read would end with too (`AccessError`, `NeverSentError` and
    the account's `DailyLimitError`) and begins no other read.
    """
    answers: dict[int, Read | RemoteError] = {}
    waiting = iter(enumerate(items))
    progress(0, len(items))

    async def work() -> None:
        for index, item in waiting:
            try:
                answers[index] = await read(item)
            except RemoteError as error:
                if _ends_every_read(error):
                    raise
                answers[index] = error
            progress(len(answers), len(items))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(items))):
                group.create_task(work())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [answers[index] for index in range(len(items))]


def _ends_every_read(error: RemoteError) -> bool:
    is_account = isinstance(error, DailyLimitError) and error.scope == "account"
    return is_account or isinstance(error, (AccessError, NeverSentError))
