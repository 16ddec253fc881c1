"""Sends the requests of the single dates of one series under one durable intent, and reads them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import READ_AGAIN_SECONDS, ApplyContext, NotNowError
from reconciler.apply.dates.comparison import (
    Comparison,
    DateWork,
    in_order,
    taken_in_part,
    unlisted_parts,
)
from reconciler.apply.history import logbook
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    NeverSentError,
    RefusedError,
    UnknownOutcomeError,
)
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import minutes_of
from reconciler.meeting.single_dates import Edit
from reconciler.plan import budget
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import BeforeSend, Body, Json
from reconciler.state.state import Intent, Record, State, used
from reconciler.state.stored_dates import StoredDate, find

STOP_AFTER = timedelta(days=7)
"""A stopped run still skips the dates that come within this time."""


class Sent(Struct):
    """What became of the requests of one series: sent or lost, refused with the reason, and not sent.

    `is_lost` is set once an answer was lost, and `may_land` if the run ends before that request must have
    taken effect; `is_closed` once Zoom reported that the day is used up.
    """

    unsent: list[DateWork]
    departed: set[str] = set()
    """The days of work that left once, whatever became of it since: its charge stays."""
    sent: list[DateWork] = []
    refused: dict[str, str] = {}
    partly: dict[str, Edit] = {}
    """What Zoom has of the edits of which it took a part."""
    is_lost: bool = False
    may_land: bool = False
    is_closed: bool = False
    is_unreached: bool = False
    """True once a request could not leave: the unsent work has failed, and waits for no budget."""

    @property
    def refund(self) -> int:
        """The charged requests that never left; none of a day that Zoom closed, which stays used up."""
        return (
            0
            if self.is_closed
            else sum(each.requests for each in self.unsent if each.day not in self.departed)
        )


class DateSender:
    """Sends for the series of one host, within the budget of its day."""

    def __init__(self, run: ApplyContext, host: str) -> None:
        self._run = run
        self._host = host
        self._shut_day: str | None = None
        """The day on which Zoom refused even a deletion, which uses no request."""

    def affordable(self, work: Sequence[DateWork], day: str) -> list[DateWork]:
        """Return the work that the host's budget of `day` allows: all skips, and the soonest changes.

        Once Zoom refused a skip by a daily limit, it is none.
        """
        if day == self._shut_day:
            return []
        run, chosen = self._run, list[DateWork]()
        limits, spent = run.limits(self._host), used(run.journal.state, day, self._host)
        is_closed = day == run.closed_day
        for each in in_order(work):
            is_urgent = budget.urgent(each.turn_at, run.now())
            if not each.requests or (not is_closed and limits.allows(spent, urgent=is_urgent)):
                chosen.append(each)
                spent += each.requests
        return chosen

    async def send(
        self, step: Step, record: Record, work: Sequence[DateWork], comparison: Comparison, day: str
    ) -> Sent:
        """Make the intent of `work` durable, with its charge and what Zoom has; then send one by one."""
        intent, result = self._intent(record, work), Sent(list(work))
        requests = sum(each.requests for each in work)

        def begun(state: State) -> State:
            found = {**comparison.standing, **comparison.done}
            state = state.with_exceptions(step.key, merged(state.meetings[step.key].exceptions, found))
            state = state.rewrite(step.key, intent)
            return state.charge(day, self._host, requests) if requests else state

        durable_at = await self._run.journal.commit(begun, *logbook.of_dates(step.key, comparison.done))
        for each in work:
            if self._run.clock.monotonic() - durable_at > self._run.remote.timeout_seconds / 2:
                durable_at = await self._run.journal.commit(lambda state: state.rewrite(step.key, intent))
            check = partial(self._check, each, result, day, durable_at)
            if not await self._send_one(step, record, each, result, check):
                break
        return result

    async def unconfirmed(
        self, record: Record, edits: Sequence[Mapping[str, Edit]], result: Sent
    ) -> list[DateWork]:
        """Return the sent work that Zoom does not show, read again after a while. Raises `RemoteError`.

        `edits` are all others that the dates of the series may have.
        """
        sent = {each.day: each.edit for each in result.sent}
        days = {day for each in (sent, *edits) for day in each}
        left, found = list(result.sent), dict[str, StoredDate]()
        for seconds in (0.0, *READ_AGAIN_SECONDS):
            if left:
                await self._run.clock.sleep(seconds)
                stored = (await self._run.remote.read(record.id)).body
                found = find(record.attributes, stored, sorted(days), [sent, *edits])
                left = [
                    each
                    for each in left
                    if not await self.has(record, found.get(each.day), each.edit, each.body)
                ]
        result.partly = taken_in_part(record, found, {each.day: each.edit for each in left})
        return left

    async def has(
        self, record: Record, found: StoredDate | None, edit: Edit, body: Mapping[str, Json] | None
    ) -> bool:
        """Return whether Zoom shows an edit, and what only a read of the date shows of the sent `body`.

        Raises `RemoteError`.
        """
        if found is None or not found.has(edit, minutes_of(record.attributes)):
            return False
        parts = unlisted_parts(body)
        if parts and found.occurrence is None:  # there is nothing to read
            return False
        return not parts or _holds((await self._run.remote.read_date(record.id, found.id)).body, parts)

    async def _send_one(
        self, step: Step, record: Record, work: DateWork, result: Sent, check: BeforeSend
    ) -> bool:
        """Send one request; return whether the next one may be sent."""
        run = self._run
        try:
            if work.body is None:
                await run.remote.delete_date(record.id, work.occurrence_id, before_send=check)
            else:
                await run.remote.update_date(record.id, work.occurrence_id, work.body, before_send=check)
        except NotNowError:
            return False
        except NeverSentError as error:
            run.notice(replace(error.diagnostic, key=step.key))
            if error.attempts:
                result.departed.add(work.day)
            result.is_unreached = True  # the next request would not leave either
            return False
        except DailyLimitError as error:
            result.is_closed = True
            await self._close_day(work, whole_account=error.scope == "account")
            return False
        except RefusedError as error:
            result.unsent.remove(work)
            result.refused[work.day] = error.diagnostic.detail
            run.failure = run.failure or (error if isinstance(error, AccessError) else None)
            return run.failure is None
        except UnknownOutcomeError as error:
            lost_at, result.is_lost = run.clock.monotonic(), True
            run.notice(messages.outcome_unknown(step, error, run.settle_seconds))
            result.may_land = not await run.settle(lost_at)
        result.unsent.remove(work)
        result.sent.append(work)
        return not result.is_lost

    def _check(self, work: DateWork, result: Sent, day: str, durable_at: float, attempts: int) -> None:
        """Hold the request back if it may not leave now; a skip of the next days leaves in a stopped run."""
        if attempts:
            result.departed.add(work.day)
        is_soon = work.edit == SKIP and work.start <= self._run.now() + STOP_AFTER
        if not self._run.may_leave(day, durable_at, even_stopped=is_soon):
            raise NotNowError

    async def _close_day(self, refused: DateWork, *, whole_account: bool) -> None:
        run, day = self._run, budget.day_of(self._run.now())
        self._shut_day = day if refused.body is None else self._shut_day
        run.closed_day = day if whole_account else run.closed_day
        await run.journal.commit(lambda state: run.with_day_spent(state, day, self._host))

    def _intent(self, record: Record, work: Sequence[DateWork]) -> Intent:
        begun_at = self._run.now().isoformat().replace("+00:00", "Z")
        return Intent(
            action=Action.UPDATE.value,
            host=record.host,
            attributes=record.attributes,
            sent=(),
            first_begun_at=begun_at,
            begun_at=begun_at,
            owner=self._run.author.owner,
            id=record.id,
            dates={each.day: each.edit for each in work},
        )


def merged(exceptions: Mapping[str, Edit], made: Mapping[str, Edit]) -> dict[str, Edit]:
    """Return the recorded edits after those that were made; None takes one back."""
    return {day: edit for day, edit in {**exceptions, **made}.items() if edit is not None}


def _holds(body: Body, parts: Mapping[str, Json]) -> bool:
    settings, agenda = body.get("settings") or {}, body.get("agenda", "")
    return agenda == parts.get("agenda", agenda) and all(
        settings.get(name) == value for name, value in parts.get("settings", {}).items()
    )
