"""The outside as the engine needs it: a remote, a store, a clock.

Only Protocols and the plain values that cross them. Who implements one stands
elsewhere and never here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Json = Any
"""A JSON value: None, bool, int, float, str, or list and dict of them."""

Body = Mapping[str, Json]
"""A JSON object as it is sent to Zoom, or as Zoom answered it."""

DAILY_LIMIT = 100
"""Create and update requests per user and UTC day. Source: developers.zoom.us/docs/api/rate-limits."""

IN_FLIGHT_MAX = 24
"""Most requests to Zoom at once, and the size of the connection pool: httpx slows down steeply past 30."""

CODE_USER_UNKNOWN = 1001
"""Zoom's code for a user that does not exist."""

CODE_WEBINAR = 3000
"""Zoom's code for an id that belongs to a webinar, and for a few other mistakes."""

CODE_MEETING_UNKNOWN = 3001
"""Zoom's code for a meeting that does not exist."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Zoom said to a request that succeeded.

    `requests_left` is what Zoom says is left of the host's own daily limit
    (0 or more), None where it did not say, or spoke of another limit.
    `tracking_id` is Zoom's own id of the request, for support; no secret.
    """

    body: Body
    requests_left: int | None = None
    tracking_id: str | None = None


BeforeSend = Callable[[], None]
"""Called right before an attempt of a write leaves, after every wait: for pace, pool and token.

Called again for each attempt under the same charge (401, per-second 429), and once more
within an attempt where a connection had to be opened first. What it raises passes
through, and nothing was sent. It must not block.
"""


class Remote(Protocol):
    """Zoom, as far as meetings go.

    Every method raises a child of `RemoteError`: `NeverSentError`,
    `RefusedError` (and its children) or `UnknownOutcomeError`.
    Answers carry no secret that the caller did not send: `start_url` and the
    query of `join_url` are in `Answer.body` and must not be kept or shown.
    """

    @property
    def timeout_seconds(self) -> float:
        """Longest that one attempt of a request may take, from send to answer."""

    async def create(self, host: str, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Create a meeting for `host` (e-mail or user id). Done at most once; see `RemoteError`.

        `before_send` is called right before each attempt leaves; what it raises passes
        through, and nothing was sent.
        """

    async def update(self, meeting_id: int, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Change the fields in `body`; `Answer.body` is empty. `before_send` as for `create`."""

    async def delete(self, meeting_id: int, *, before_send: BeforeSend | None = None) -> Answer:
        """End a meeting; `Answer.body` is empty. `GoneError` where there is none; `before_send` as above."""

    async def read(self, meeting_id: int) -> Answer:
        """The meeting as Zoom has it. `GoneError` where it does not exist."""

    async def meetings(self, host: str) -> tuple[Body, ...]:
        """Every scheduled meeting of `host`, once per id, in Zoom's order, from all pages.

        Raises rather than giving a partial list.
        """

    async def user(self, host: str) -> Answer:
        """The user: `id`, `email`, `type`, `timezone`, `account_id` … `GoneError` where there is none."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state document as it was read; `version` is what a write must name to replace it."""

    document: bytes
    version: str


@dataclass(frozen=True, slots=True)
class LockInfo:
    """Who holds the state, for what, since when; instants aware, UTC.

    `who` is user and machine, `run_url` the page of the CI job, None outside of CI.
    `expires_at` is when others may begin to doubt the holder, None where a lock never expires.
    """

    lock_id: str
    operation: str
    who: str
    created_at: datetime
    expires_at: datetime | None = None
    run_url: str | None = None


class Lease(Protocol):
    """A held lock. It may run out under its holder."""

    @property
    def info(self) -> LockInfo:
        """What others see while it is held."""

    @property
    def taken_from(self) -> LockInfo | None:
        """Whose lock had run out and was taken over: they may have written until just now."""

    @property
    def renew_seconds(self) -> float:
        """How often it must be renewed while its holder lives; infinite where it does not run out."""

    def seconds_left(self) -> float:
        """How long it surely still holds; infinite where only its holder, or a person, frees it."""

    def renew(self) -> None:
        """Hold it for its whole length from now. May block; may be called from another thread.

        Raises `StateError` where it could not be renewed. One that was taken over stays lost:
        `seconds_left` is 0 from then on.
        """

    def release(self) -> None:
        """Give it up; harmless when it is gone already."""


class Store(Protocol):
    """Where the state lives. A write names the version it replaces: compare-and-swap."""

    @property
    def location(self) -> str:
        """The place as a person would write it, without secrets."""

    @property
    def gather_seconds(self) -> float:
        """How long a write is worth waiting for others to come along with it."""

    def read(self) -> Snapshot | None:
        """The newest document; None where none was ever written. Raises `StateError`."""

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Durably put `document` in the place of version `replaces` (None: of nothing); the new version.

        `note` says in a line what the write records; a store with a history keeps it.
        Raises `StateError`, with nothing overwritten, where another version stands there, and
        where nobody can tell whether it was written.
        """

    def lock(self, operation: str, *, timeout_seconds: float) -> Lease:
        """Hold the state alone. Raises `StateLockedError` after `timeout_seconds`."""

    def holder(self) -> LockInfo | None:
        """Who holds it now, as far as can be told."""

    def force_unlock(self, lock_id: str) -> None:
        """Free a lock whose holder is dead. Raises `StateError` where `lock_id` is not the one held."""


class Clock(Protocol):
    """Time, handed in."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long by `monotonic`."""
