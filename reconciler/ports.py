"""Protocols of the services that the engine uses: a remote, a store, a clock.

The values that they exchange and the numbers of Zoom's API are here too. Other packages implement the
protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

Json = Any
"""A JSON value: None, bool, int, float, str, or list and dict of them."""

Body = Mapping[str, Json]
"""A JSON object that is sent to Zoom or received from it."""

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


class Answer(Struct, frozen=True):
    """Zoom's answer to a request that succeeded.

    `requests_left` is how much is left of the host's daily limit, 0 or more; None if the answer does not
    say, or names another limit. `tracking_id` is Zoom's id of the request, for its support; it is no secret.
    """

    body: Body
    requests_left: int | None = None
    tracking_id: str | None = None


BeforeSend = Callable[[int], None]
"""Callback right before an attempt of a write is sent, after every wait for pace, pool and token.

It gets the number of earlier attempts of this write that left, and is called for each attempt under the same
charge (401, per-second 429), and once more within an attempt that has to open a connection first. If it
raises, the exception is passed on and the attempt does not leave. It must not block.
"""


class Remote(Protocol):
    """The meetings of Zoom.

    Every method raises a subclass of `RemoteError`: `NeverSentError`, `RefusedError` (and its subclasses) or
    `UnknownOutcomeError`. `Answer.body` contains secrets, `start_url` and the query of `join_url`, which must
    not be stored or shown.
    """

    @property
    def timeout_seconds(self) -> float:
        """The longest time that one attempt of a request may take, from sending to the answer."""

    async def create(self, host: str, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Create a meeting for `host` (e-mail or user id), at most once; see `BeforeSend`."""

    async def update(self, meeting_id: int, body: Body, *, before_send: BeforeSend | None = None) -> Answer:
        """Change the fields in `body`; `Answer.body` is empty."""

    async def delete(self, meeting_id: int, *, before_send: BeforeSend | None = None) -> Answer:
        """Delete a meeting; `Answer.body` is empty. Raise `GoneError` if it does not exist."""

    async def read(self, meeting_id: int, *, new_connection: bool = False) -> Answer:
        """Return the meeting. Raise `GoneError` if it does not exist.

        With `new_connection` no answer to an earlier request can be taken for this one.
        """

    async def read_date(self, meeting_id: int, occurrence_id: str) -> Answer:
        """Return the meeting with what one date of the series has of its own."""

    async def update_date(
        self, meeting_id: int, occurrence_id: str, body: Body, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Change one date of a series; `Answer.body` is empty. An id that is not digits is never sent."""

    async def delete_date(
        self, meeting_id: int, occurrence_id: str, *, before_send: BeforeSend | None = None
    ) -> Answer:
        """Delete one date of a series, without mails; as `update_date`."""

    async def meetings(self, host: str) -> tuple[Body, ...]:
        """Return every scheduled meeting of `host` from all pages, once per id, in Zoom's order.

        Raise an error instead of returning a partial list.
        """

    async def security(self, host: str) -> Answer:
        """Return the settings of the user that are about security, `meeting_security`; asked once."""

    async def user(self, host: str) -> Answer:
        """Return the user: `id`, `email`, `type`, `timezone`, `account_id` … Raise `GoneError` if unknown."""


class Snapshot(Struct, frozen=True):
    """A state document as it was read; a write names its `version` to replace it."""

    document: bytes
    version: str


class LockInfo(Struct, frozen=True):
    """The holder of a lock on the state, its operation and its times; instants are aware, in UTC.

    `who` is user and machine, and `run_url` the page of the CI job, None outside of CI. `expires_at` is None
    for a lock that never expires.
    """

    lock_id: str
    operation: str
    who: str
    created_at: datetime
    expires_at: datetime | None = None
    run_url: str | None = None


class Lease(Protocol):
    """A held lock, which may expire while it is held."""

    @property
    def info(self) -> LockInfo:
        """The information that others see while it is held."""

    @property
    def taken_from(self) -> LockInfo | None:
        """The expired lock that was taken over; its holder may have written until a moment ago."""

    @property
    def renew_seconds(self) -> float:
        """The interval in which the lock must be renewed; infinite for one that does not expire."""

    def seconds_left(self) -> float:
        """Return for how long it certainly holds; infinite if only its holder or a person releases it."""

    def renew(self) -> None:
        """Extend the lock to its full length from now. May block, and may be called from another thread.

        Raise `StateError` if it could not be renewed. A lock that was taken over stays lost: `seconds_left`
        is 0 from then on.
        """

    def release(self) -> None:
        """Release the lock; do nothing if it is lost already."""


class Store(Protocol):
    """Storage of the state. A write names the version that it replaces: compare-and-swap."""

    @property
    def location(self) -> str:
        """The address of the state as a person would write it, without secrets."""

    @property
    def gather_seconds(self) -> float:
        """The time for which a write should wait for others, to be combined with them."""

    def read(self) -> Snapshot | None:
        """Return the newest document; None if none was ever written. Raise `StateError`."""

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Durably replace version `replaces` (None: no document) with `document`; return the new version.

        `note` describes the write in a line; a store with a history keeps it. Raise `StateError` if the
        store has another version, in which case nothing is overwritten, or if the outcome is unknown.
        """

    def lock(self, operation: str, *, timeout_seconds: float) -> Lease:
        """Lock the state. Raise `StateLockedError` after `timeout_seconds`."""

    def holder(self) -> LockInfo | None:
        """Return the present holder of the lock, as far as it is known; None if there is none."""

    def force_unlock(self, lock_id: str) -> None:
        """Release the lock of a dead holder. Raise `StateError` if `lock_id` is not the lock that is held."""


class Clock(Protocol):
    """The source of time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so long, measured by `monotonic`."""


class MeasuredClock(Clock, Protocol):
    """A clock that follows Zoom's, as far as answers of Zoom tell its time."""

    @property
    def is_measured(self) -> bool:
        """Return whether `now` is Zoom's time, and not what this machine believes."""
