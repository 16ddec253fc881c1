"""A create on its way: its intent, what is sent for it, and what it was charged to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.budget import urgent
from reconciler.meeting import body, recorded, schedule, start_at
from reconciler.state import Attempt, Intent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.fields import Json
    from reconciler.state import State
    from reconciler.step import Step


@dataclass(frozen=True, slots=True)
class Author:
    """Who begins intents: `owner` as others see it, `passcode` by variable, fresh `salt` for what is kept."""

    owner: str
    passcode: Callable[[str], str | None]
    salt: Callable[[], bytes]


@dataclass(slots=True)
class Pending:
    """A create whose intent is durable since the monotonic second `durable_at`.

    `day` is the UTC day it is charged to, `sent` the body (with its passcode: never
    shown), `departures` how many times it was let go under this charge, `earlier` the
    interrupted create that it repeats.
    """

    step: Step
    intent: Intent
    sent: dict[str, Json]
    day: str
    durable_at: float = 0.0
    departures: int = 0
    earlier: Intent | None = None

    @property
    def key(self) -> str:
        """The key of its meeting."""
        return self.step.key

    def is_outdated(self, now: datetime) -> bool:
        """Whether its start has passed since the body was made."""
        start = start_at(self.sent)
        return start is not None and start <= now

    def begin(self, state: State) -> State:
        """The state with its intent and charge."""
        return state.begin(self.key, self.intent, day=self.day)

    def take_back(self, state: State) -> State:
        """The state without its intent.

        Where it is known never to have left: without its charge too, and with the intent
        that it was to repeat.
        """
        if self.departures:
            return state.withdraw(self.key)
        before = state.rewrite(self.key, self.earlier) if self.earlier else state.withdraw(self.key)
        return before.charge(self.day, self.step.host, -1)


def prepare(step: Step, now: datetime, day: str, author: Author, earlier: Intent | None) -> Pending:
    """A create of what the spec says at `now`; `earlier` is the interrupted one that it repeats."""
    meeting = step.meeting
    assert meeting is not None, "only what is declared is created"
    sent = body(meeting.attributes, now, _passcode(step, author))
    begun_at = now.isoformat().replace("+00:00", "Z")
    intent = Intent(
        action=step.action.value if earlier is None else earlier.action,
        host=step.host,
        attributes=recorded(meeting.attributes, author.salt()),
        sent=(*(earlier.sent if earlier else ()), attempt_of(sent)),
        first_begun_at=earlier.first_begun_at if earlier else begun_at,
        begun_at=begun_at,
        owner=author.owner,
    )
    return Pending(step, intent, sent, day, earlier=earlier)


def renew(pending: Pending, now: datetime, author: Author) -> None:
    """Give it the body of `now`, as a further attempt: its start has passed, or its intent grew old."""
    fresh = prepare(pending.step, now, pending.day, author, pending.intent)
    pending.sent, pending.intent = fresh.sent, fresh.intent


def is_urgent(step: Step, now: datetime) -> bool:
    """Whether the start that would be sent at `now` is soon enough for the reserve."""
    start = step.starts_at
    if start is not None and start <= now and step.meeting is not None:
        start = schedule(step.meeting.attributes, now).next_at
    return urgent(start, now)


def attempt_of(sent: Mapping[str, Json]) -> Attempt:
    """What of a body may differ from one attempt to the next."""
    return Attempt(sent.get("start_time"), sent.get("recurrence", {}).get("end_times"))


def _passcode(step: Step, author: Author) -> str | None:
    reference = step.meeting.passcode if step.meeting else None
    return author.passcode(reference.name) if reference else None
