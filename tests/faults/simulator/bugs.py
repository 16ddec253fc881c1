"""Bugs that are planted in the engine: a search that cannot find them proves nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from msgspec.structs import replace

from reconciler.apply import _host, _sender
from reconciler.apply import pending as writes
from reconciler.apply._sender import Sender
from reconciler.apply.dates import comparison as dates_comparison
from reconciler.apply.dates import runner as dates_runner
from reconciler.apply.dates import sender as dates_sender
from reconciler.apply.dates.comparison import DateWork
from reconciler.apply.dates.reader import DatesReader
from reconciler.apply.dates.runner import DatesRunner
from reconciler.apply.dates.sender import DateSender
from reconciler.apply.journal import Journal
from reconciler.apply.resolve.creates import CreateResolver
from reconciler.errors.exceptions import RefusedError, UnknownOutcomeError
from reconciler.meeting import observed, recurrence, timezones
from reconciler.meeting.recurrence import Series
from reconciler.plan import approval
from reconciler.plan.dates import steps
from reconciler.plan.step import Step
from reconciler.state import stored_dates
from reconciler.state.state import State
from reconciler.state.stored_dates import StoredDate
from reconciler.stores.leased import _lease as lease
from reconciler.stores.leased._lease import LeaseRequest, SharedLease
from reconciler.stores.leased.place import STATE
from reconciler.stores.leased.store import LeasedStore
from reconciler.zoom import _exchange, _pages, client, transport
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from simulator.bugs_of_dates import BUGS_OF_DATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.apply.pending import PendingWrite
    from reconciler.ports import Answer


async def _commit_later(
    sender: Any, begun: Sequence[PendingWrite], rewritten: Sequence[PendingWrite] = ()
) -> None:
    """The request does not wait until its intent is durable."""

    def with_intents(state: State) -> State:
        for pending in begun:
            state = pending.begin(state)
        for pending in rewritten:
            state = state.rewrite(pending.key, pending.intent)
        return state

    sender._run.journal.post(with_intents)  # noqa: SLF001 - a bug has no door
    for pending in (*begun, *rewritten):
        pending.durable_at = sender._run.clock.monotonic()  # noqa: SLF001 - a bug has no door


_create = ZoomClient.create


async def _create_again(client: Any, *asked: Any, **options: Any) -> Answer:
    """A create without an answer is sent once more."""
    try:
        return await _create(client, *asked, **options)
    except UnknownOutcomeError:
        return await _create(client, *asked, **options)


async def _create_not_done(client: Any, *asked: Any, **options: Any) -> Answer:
    """A create without an answer counts as not done."""
    try:
        return await _create(client, *asked, **options)
    except UnknownOutcomeError as error:
        raise RefusedError(*error.diagnostics, status=400, zoom_code=None) from error


_begin = State.begin


def _begun_free(state: State, key: str, intent: Any, *, day: str, requests: int = 1) -> State:
    """An intent costs nothing."""
    del requests
    return _begin(state, key, intent, day=day, requests=0)


def _written_twice_on(state: State) -> State:
    """A write takes two serials."""
    return replace(state, serial=state.serial + 2)


def _write_over(store: Any, document: bytes, *, replaces: str | None, note: str = "") -> str:
    """A write replaces any version."""
    del replaces
    documents = store._documents  # noqa: SLF001 - a bug has no door
    current = documents.get(STATE)
    version: str = documents.put(STATE, document, replaces=current.version if current else None, note=note)
    return version


def _renew_alone(lease: Any) -> None:
    """A renewal does not check who holds the lock by now."""
    lease._request = LeaseRequest.starting_now(lease.info, lease._clock)  # noqa: SLF001 - a bug has no door


def _own_time(clock: Any) -> Any:
    """Answers do not set the clock: the one of the machine is believed."""
    return clock._clock.now()  # noqa: SLF001 - a bug has no door


async def _believed(_run: Any, _pending: PendingWrite, answer: Answer, *, unsent: Any) -> Answer:
    """Any answer to a create is taken for its own."""
    del unsent
    return answer


async def _kept(response: Any, *, may_keep: bool) -> None:
    """Every connection is used again."""
    del may_keep
    await response.aclose()


_send_dates = DateSender.send


async def _recorded_first(sender: Any, step: Any, record: Any, work: Any, *rest: Any) -> Any:
    """Each date is recorded as done before it is."""
    compared, day = rest
    early = replace(compared, done={**compared.done, **{each.day: each.edit for each in work}})
    return await _send_dates(sender, step, record, work, early, day)


_rewrite = State.rewrite


def _without_dates(state: State, key: str, intent: Any) -> State:
    """No intent of single dates is made durable."""
    return state if intent.is_of_dates else _rewrite(state, key, intent)


def _none_lost(_sender: Any, _record: Any, _edits: Any, _result: Any) -> Any:
    """A read-back is not waited for, and drops the intent of what is still open."""

    async def none() -> list[Any]:
        return []

    return none()


_prepare = writes.prepare
_held = steps._held  # noqa: SLF001 - a bug has no door
_body = writes._body  # noqa: SLF001 - a bug has no door


def _prepared(*asked: Any, **options: Any) -> Any:
    """An update without start, zone and rule leaves what is recorded of single dates as it is."""
    pending = _prepare(*asked, **options)
    if not pending.sent.keys() & {"start_time", "timezone", "recurrence"}:
        pending.intent = replace(pending.intent, dates={})
    return pending


def _held_anew(meeting: Any, now: Any, kept: Any, recorded: Any) -> Any:
    """The last date of nothing but skips is to be held, although it is skipped already."""
    del recorded
    return _held(meeting, now, kept, {})


def _without_resend(step: Any, *rest: Any) -> Any:
    """The rule is not sent again for a date that leaves its skip."""
    return _body(replace(step, resends=False), *rest)


def _confirmed(state: State, key: str, record: Any) -> State:
    """What an update may have undone is open no more once it is confirmed."""
    kept = {name: intent for name, intent in state.intents.items() if name != key}
    return replace(state, meetings={**state.meetings, key: record}, intents=kept)


async def _dates_unsettled(reader: Any, step: Any) -> bool:
    """What an open intent of dates names is recorded as done, and nothing is read."""
    await reader.record(step, reader._run.journal.state.intents[step.key].dates)  # noqa: SLF001 - a bug has no door
    return True


_compare = dates_comparison.compare


def _rule_believed(attributes: Any, known: Any, found: Any, now: Any) -> Any:
    """Once the rule was sent, every date that should be held counts as held."""
    result = _compare(attributes, known, found, now)
    if known.is_sent:
        result.done.update(dict.fromkeys(result.deleted))
        result.deleted.clear()
    return result


def _utc_day(occurrence: Any, _zone: Any) -> str:
    """A date is known by its day in UTC."""
    return str(stored_dates.start_of(occurrence).date())


def _made_up(stored: Any) -> str:
    """The id of a date is made of its start."""
    return str(int(stored.start.timestamp()) * 1000)


_told = Journal.commit


async def _told_apart(journal: Any, change: Any, *facts: Any) -> float:
    """What is told of a change is written after it."""
    durable = await _told(journal, change)
    for fact in facts:
        journal.note(fact)
    return durable


def _second_hour_for_ever(start_time: str, timezone: str | None) -> tuple[datetime, datetime]:
    """A start in the second of two equal hours makes every date begin in the second one."""
    start, start_at = timezones.anchor(start_time, timezone)
    moment, zone = timezones.parsed(start_time), timezones.known_zone(timezone)
    return (moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else start), start_at


BUGS: dict[str, tuple[Any, str, Any]] = {
    "intent-after-request": (Sender, "_commit", _commit_later),
    "retry-on-timeout": (ZoomClient, "create", _create_again),
    "create-not-done": (ZoomClient, "create", _create_not_done),
    "intent-not-charged": (State, "begin", _begun_free),
    "serial-left-out": (State, "written", _written_twice_on),
    "write-without-compare": (LeasedStore, "write", _write_over),
    "take-without-watching": (lease, "LEASE_SECONDS", 0.0),
    "renew-without-asking": (SharedLease, "renew", _renew_alone),
    "any-answer-believed": (_host, "believed", _believed),
    "start-without-z-unread": (client, "with_utc_times", lambda meeting: meeting),
    "answer-without-bound": (transport, "ANSWER_BYTES_MAX", 1 << 40),
    "empty-pages-for-ever": (_pages, "EMPTY_PAGES_MAX", 1 << 40),
    "echo-shown": (_exchange, "redact_answer", lambda text, _secrets=(): text),
    "update-believed": (observed, "untaken", lambda *_: ()),
    "connection-kept": (transport, "_release", _kept),
    "approval-unread": (approval, "check", lambda *_: None),
    "clock-of-the-machine": (ZoomClock, "now", _own_time),
    "date-recorded-before-it-is-done": (DateSender, "send", _recorded_first),
    "dates-not-sent-again": (writes, "_taken_back", lambda *_: {}),
    "date-not-charged": (DateWork, "requests", 0),
    "date-without-intent": (State, "rewrite", _without_dates),
    "read-back-drops-open-dates": (DateSender, "unconfirmed", _none_lost),
    "rule-before-a-moved-date": (steps, "_moved_to_come", lambda *_: None),
    "moved-date-by-its-day": (stored_dates, "_moved", lambda *_asked, **_kind: []),
    "begins-in-a-skipped-hour": (Series, "is_held_later", lambda *_: False),
    "second-hour-for-ever": (recurrence, "anchor", _second_hour_for_ever),
    "dates-kept-by-other-updates": (_sender, "prepare", _prepared),
    "skip-comes-back-by-itself": (writes, "_body", _without_resend),
    "undone-dates-unread": (State, "confirm", _confirmed),
    "open-dates-unsettled": (DatesReader, "settle", _dates_unsettled),
    "rule-without-room": (Step, "charged_dates", property(lambda _: ())),
    "rule-believed": (dates_runner, "compare", _rule_believed),
    "agenda-of-a-date-believed": (dates_sender, "_holds", lambda *_: True),
    "dates-by-days-in-utc": (stored_dates, "_local_day", _utc_day),
    "held-date-sent-again": (dates_comparison, "edit_now", lambda edit, _now: edit),
    "last-date-deleted": (steps, "_are_all_skipped", lambda *_: False),
    "date-id-made-up": (StoredDate, "id", property(_made_up)),
    "dates-paid-by-the-old-host": (DatesRunner, "_pays_for", lambda *_: True),
    "skipped-series-brought-back": (steps, "brings_one_back", lambda *_: False),
    "last-date-brought-back": (steps, "_held", _held_anew),
    "told-after-the-write": (Journal, "commit", _told_apart),
    "strays-of-other-hosts": (CreateResolver, "_creates_of_other_hosts", lambda _: {}),
    **BUGS_OF_DATES,
}
"""The attribute that each bug replaces, and its replacement."""

FIRST_SEEDS = {
    "approval-of-the-create-alone": 3,
    "changes-before-skips": 3,
    "expired-by-skips": 187,
    "expired-though-moved": 3,
    "never-over": 234,
    "over-by-its-own-start": 3,
    "first-of-two-dates": 180,
    "last-date-in-zoom-deleted": 118,
    "part-of-a-date-unrecorded": 236,
    "skip-comes-back-by-itself": 36,
    "skipped-series-made": 245,
    "stop-after-all-skips": 106,
    "stop-before-the-next-skips": 106,
    "taken-back-forgotten": 86,
    "unlisted-date-believed": 234,
    "approval-of-names": 50,
    "approval-of-now": 50,
    "approval-without-dates": 230,
    "dates-lost-by-a-refusal": 1566,
    "limit-at-a-skip-ignored": 47,
    "read-back-drops-an-intent": 2840,
    "successor-not-waited-for": 3244,
    "outdated-successor-believed": 400630,
    "date-id-made-up": 18,
    "agenda-of-a-date-believed": 114,
    "dates-by-days-in-utc": 38,
    "dates-kept-by-other-updates": 120,
    "dates-paid-by-the-old-host": 234,
    "held-date-sent-again": 30,
    "last-date-brought-back": 209,
    "skipped-series-brought-back": 201342,
    "open-dates-unsettled": 120,
    "rule-without-room": 31,
    "undone-dates-unread": 1065,
    "last-date-deleted": 45,
    "rule-before-a-moved-date": 9,
    "any-answer-believed": 102,
    "approval-unread": 19,
    "begins-in-a-skipped-hour": 9,
    "clock-of-the-machine": 21,
    "connection-kept": 165,
    "date-recorded-before-it-is-done": 37,
    "dates-not-sent-again": 230,
    "answer-without-bound": 9,
    "echo-shown": 18,
    "empty-pages-for-ever": 19,
    "read-back-drops-open-dates": 114,
    "renew-without-asking": 37,
    "rule-believed": 496,
    "second-hour-for-ever": 9,
    "start-without-z-unread": 18,
    "update-believed": 39,
    "write-without-compare": 1,
}
"""The seed that finds a bug, where it is not one of the first: a search from there is soon over."""


@contextmanager
def planted(bug: str | None) -> Iterator[None]:
    """Plant the bug, if one is named."""
    if bug is None:
        yield
        return
    owner, name, wrong = BUGS[bug]
    with patch.object(owner, name, wrong):
        yield


RARE = {"strays-of-other-hosts"}
"""Bugs that need so much to come together that only the searches of `make faults` look for them."""

AUDITED = {
    "twin": "retry-on-timeout",
    "unbegun": "intent-after-request",
    "uncharged": "intent-not-charged",
    "stray": "create-not-done",
    "lost": "write-without-compare",
    "serial": "serial-left-out",
}
"""A bug for each thing that the auditor looks for: it must find that without anybody's word."""
