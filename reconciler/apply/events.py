"""What apply tells while it works: a stream of facts that views print and count.

Every fact carries its instant (`at`, aware, UTC). No secret is ever in one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.errors.diagnostic import Diagnostic
from reconciler.plan.change import Action


class Outcome(StrEnum):
    """What became of an interrupted request."""

    ADOPTED = "adopted"
    """It had happened: its meeting is recorded now."""
    ABSENT = "absent"
    """It had not happened: the create is sent again."""
    DROPPED = "dropped"
    """It had not happened, and nothing asks for it any more."""
    UNCLEAR = "unclear"
    """A person must judge; nothing was sent."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A request for `key` is about to leave."""

    at: datetime
    key: str
    action: Action
    host: str
    topic: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """It happened, and the record is durable. `notes` say what Zoom stored otherwise than declared.

    `action` tells what: a move has its old key in `from_key`.
    """

    at: datetime
    key: str
    action: Action
    host: str
    id: int
    next_at: datetime | None
    notes: tuple[str, ...] = ()
    from_key: str | None = None


@dataclass(frozen=True, slots=True)
class StepFailed:
    """It is known not to have happened, or could not be sent; other keys go on.

    `fields` are those that Zoom refused, as (dotted path, its message).
    """

    at: datetime
    key: str
    action: Action
    host: str
    diagnostic: Diagnostic
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StepDeferred:
    """Its turn is on a later UTC day (None: a later run). `reason` says why, `action` what waits."""

    at: datetime
    key: str
    host: str
    day: str | None
    reason: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """An interrupted request was looked up. `id` is the meeting's where it was adopted."""

    at: datetime
    key: str
    host: str
    outcome: Outcome
    id: int | None = None
    diagnostic: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something worth telling that stops nothing."""

    at: datetime
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Summary:
    """The end: how many keys came to what. `unresolved` wait for a look-up or for a person.

    A replace is added, and destroyed once its old meeting is ended; `recorded` took no write: moved,
    imported, forgotten, let go of a field. `ended_early` tells that something stopped the run before
    every key had its turn.
    """

    at: datetime
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    resolved: int = 0
    deferred: int = 0
    failed: int = 0
    withheld: int = 0
    unresolved: int = 0
    recorded: int = 0
    ended_early: bool = False


Event = StepStarted | StepDone | StepFailed | StepDeferred | Resolved | Noticed | Summary

EventListener = Callable[["Event"], None]
"""Takes one event of an apply and shows it at once."""
