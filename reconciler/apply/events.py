"""Events: the stream of facts that apply reports while it works, for views to print and count.

Every event carries its instant (`at`, aware, UTC) and never a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic
from reconciler.plan.change import Action


class Outcome(StrEnum):
    """The outcome of an interrupted request."""

    ADOPTED = "adopted"
    """The request had happened: its meeting is recorded now."""
    ABSENT = "absent"
    """The request had not happened: it is sent again."""
    DROPPED = "dropped"
    """The request had not happened, and nothing asks for it any more."""
    UNCLEAR = "unclear"
    """A person must judge; nothing was sent."""


class StepStarted(Struct, frozen=True):
    """A request for `key` is about to leave."""

    at: datetime
    key: str
    action: Action
    host: str
    topic: str


class StepDone(Struct, frozen=True):
    """A step happened, and the record is durable. `notes` name the values that Zoom stored otherwise.

    `next_at` is the next start (aware, UTC), `timezone` the meeting's own zone. A move has its old key in
    `from_key`.
    """

    at: datetime
    key: str
    action: Action
    host: str
    id: int
    next_at: datetime | None
    notes: tuple[str, ...] = ()
    from_key: str | None = None
    timezone: str | None = None


class DatesDone(Struct, frozen=True):
    """Single dates of a series were changed after its meeting was created or changed; `notes` name them."""

    at: datetime
    key: str
    host: str
    id: int
    notes: tuple[str, ...]


class StepFailed(Struct, frozen=True):
    """A step failed: it was not done, or it was done and not recorded; other keys go on.

    `fields` are the fields that Zoom refused, as (dotted path, message of Zoom).
    """

    at: datetime
    key: str
    action: Action
    host: str
    diagnostic: Diagnostic
    fields: tuple[tuple[str, str], ...] = ()


class StepDeferred(Struct, frozen=True):
    """A step is left to a later UTC `day` (None: to a later run) for the `reason`.

    `last_day` is the day of the last one of several single dates, the first of which is left to `day`.
    `needs_person` is set if another run alone does not help: the reason says what to change in the spec.
    """

    at: datetime
    key: str
    host: str
    day: str | None
    reason: str
    action: Action | None = None
    last_day: str | None = None
    needs_person: bool = False


class Resolved(Struct, frozen=True):
    """An interrupted request was looked up. `id` is the id of the meeting where it was adopted."""

    at: datetime
    key: str
    host: str
    outcome: Outcome
    id: int | None = None
    diagnostic: Diagnostic | None = None


class Noticed(Struct, frozen=True):
    """A diagnostic that stops nothing."""

    at: datetime
    diagnostic: Diagnostic


class Summary(Struct, frozen=True):
    """The last event: counts of keys by outcome. `unresolved` ones wait for a look-up or for a person.

    A replace counts as added, and as destroyed once its old meeting is deleted. `recorded` keys took no
    request that changes Zoom: moved, imported, forgotten, or with fields that are no longer managed.
    `ended_early` is set where something stopped the run before every key had its turn.
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


Event = StepStarted | StepDone | DatesDone | StepFailed | StepDeferred | Resolved | Noticed | Summary

EventListener = Callable[[Event], None]
"""Takes one event of an apply, such as a view that prints it at once."""
