"""The emulated account: users, meetings, usage and tokens.

It knows no clock, no disk and no HTTP. Every modification is also collected as a *change*, a JSON object
that `apply` can repeat, so that the storage can write it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter, deque
from itertools import count
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

from reconciler.errors.text import repr_without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from reconciler.ports import Json


REQUESTS_KEPT = 20_000
"""Newest requests that are remembered."""

_EMAIL = re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/.]+")
_NUMBER_STEP = 7_654_321_019  # odd and no multiple of 5: each number of ten digits comes once


class User(Struct, frozen=True):
    """A user of the account; `email` as it was first written."""

    id: str
    email: str

    @property
    def pmi(self) -> int:
        """The personal meeting id, ten digits."""
        return 1_000_000_000 + int(hashlib.sha256(self.id.encode()).hexdigest()[:8], 16)


class StoredMeeting(Struct, frozen=True):
    """A meeting as the account keeps it.

    `document` has the fields that a read shows, except those that are computed on reading.
    `occurrences` has the edits of single ones: {occurrence id: {changed field: value}}.
    `serial` counts writes of the account: higher is newer.
    """

    id: int
    host_id: str
    document: Mapping[str, Json]
    serial: int
    deleted: bool = False
    occurrences: Mapping[str, Mapping[str, Json]] = {}


class Token(Struct, frozen=True):
    """A bearer token; `expires_at` in epoch seconds."""

    text: str
    expires_at: float
    scopes: tuple[str, ...]
    client: str
    revoked: bool = False

    def __repr__(self) -> str:
        return repr_without(self, "text")


class Request(Struct, frozen=True):
    """One received request.

    `at` is by the emulator's clock, `monotonic` in seconds; `status` is 0 where it got no response.
    """

    method: str
    path: str
    host: str | None
    at: datetime
    monotonic: float
    status: int


class Account:
    """The whole state of a sandbox."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.usage: dict[tuple[str, str], int] = {}
        self.departed: set[str] = set()
        """E-mails, case-folded, that no user has any more."""
        self.tokens: dict[str, Token] = {}
        self.serial = 0
        self.requests: deque[Request] = deque(maxlen=REQUESTS_KEPT)
        self.counters: Counter[str] = Counter()
        self._per_day: Counter[date] = Counter()
        self._meetings: dict[int, StoredMeeting] = {}
        self._by_host: dict[str, dict[int, None]] = {}
        self._ids: dict[str, str] = {}
        self._change: dict[str, Json] = {}

    # Users

    def user(self, name: str) -> User | None:
        """Return the user with that id or e-mail, in any case; None before its first use."""
        return self.users.get(name) or self.users.get(self._ids.get(name.casefold(), ""))

    def provide(self, email: str) -> User:
        """Return the user with that e-mail, created on first use; the same e-mail always has the same id."""
        if known := self.user(email):
            return known
        digests = (hashlib.sha256((email.casefold() + n * "+").encode()).digest() for n in count())
        ids = (
            base64.urlsafe_b64encode(digest)[:22].decode().replace("-", "A").replace("_", "B")
            for digest in digests
        )
        user = User(next(each for each in ids if each not in self.users), email)
        self._add_user(user)
        self._changed("users", asdict(user))
        return user

    def rename(self, email: str, new_email: str) -> None:
        """Give the user another e-mail; the id stays, and no user has the old e-mail."""
        user = User(self.provide(email).id, new_email)
        self.leave(email)
        self._add_user(user)
        self._changed("users", asdict(user))
        for meeting in self.meetings_of(user.id):
            self.put(replace(meeting, document={**meeting.document, "host_email": new_email}))

    def leave(self, email: str) -> None:
        """Remove the e-mail: no user is found by it any more."""
        self._depart(email.casefold())
        self._changed("departed", email.casefold())

    def _depart(self, email: str) -> None:
        self.departed.add(email)
        self._ids.pop(email, None)

    @staticmethod
    def is_email(name: str) -> bool:
        """Return True for a well-formed e-mail."""
        return _EMAIL.fullmatch(name) is not None

    # Meetings

    @property
    def all_meetings_ever(self) -> tuple[StoredMeeting, ...]:
        """Every meeting that was ever created, oldest first, deleted ones included."""
        return tuple(self._meetings.values())

    def meetings_of(self, host: str) -> tuple[StoredMeeting, ...]:
        """Return the meetings of a user (by id or e-mail) that are not deleted, oldest first."""
        user = self.user(host)
        numbers = self._by_host.get(user.id, {}) if user else {}
        return tuple(self._meetings[number] for number in numbers)

    def meeting(self, number: int) -> StoredMeeting | None:
        """Return the meeting with that id, deleted or not."""
        return self._meetings.get(number)

    def next_number(self) -> tuple[int, int]:
        """Return the serial and the id of the next meeting: eleven digits, never used twice."""
        serials = count(self.serial + 1)  # another process may have used some of them
        return next((each, _number(each)) for each in serials if _number(each) not in self._meetings)

    def put(self, meeting: StoredMeeting) -> None:
        """Store a meeting, new or changed."""
        self._add_meeting(meeting)
        self._changed("meetings", _row(meeting))

    # Usage

    def used(self, day: date, payer: str) -> int:
        """Return the charged requests of a UTC day."""
        return self.usage.get((day.isoformat(), payer), 0)

    def charge(self, day: date, payer: str) -> None:
        """Charge one request."""
        key = (day.isoformat(), payer)
        self.usage[key] = self.usage.get(key, 0) + 1
        self._changed("usage", [*key, self.usage[key]])

    # Tokens

    def keep_token(self, token: Token) -> None:
        """Store an issued or a revoked token."""
        self.tokens[token.text] = token
        self._changed("tokens", asdict(token))

    # Requests

    def log_request(self, request: Request) -> None:
        """Log a request."""
        self.requests.append(request)
        self.counters[request.method] += 1
        self._per_day[request.at.date()] += 1

    def requests_on(self, day: date) -> int:
        """Return the requests of a UTC day that this process received."""
        return self._per_day[day]

    # As JSON

    def take_change(self) -> dict[str, Json] | None:
        """Return and clear the collected change; None where there is none."""
        change, self._change = self._change, {}
        return change or None

    def apply(self, change: Mapping[str, Json]) -> None:
        """Repeat a change; repeating it twice has the same effect as once."""
        for row in change.get("users", ()):
            self._add_user(User(**row))
        for email in change.get("departed", ()):
            self._depart(email)
        for row in change.get("meetings", ()):
            self._add_meeting(StoredMeeting(**row))
        for day, payer, used in change.get("usage", ()):
            self.usage[day, payer] = used
        for row in change.get("tokens", ()):
            self.tokens[row["text"]] = Token(**row | {"scopes": tuple(row["scopes"])})

    def to_json(self) -> dict[str, Json]:
        """Return the whole account as one change, which `apply` repeats on an empty one."""
        return {
            "users": [asdict(user) for user in self.users.values()],
            "departed": sorted(self.departed),
            "meetings": [_row(meeting) for meeting in self._meetings.values()],
            "usage": [[*key, used] for key, used in self.usage.items()],
            "tokens": [asdict(token) for token in self.tokens.values()],
        }

    def _changed(self, kind: Literal["users", "departed", "meetings", "usage", "tokens"], row: Json) -> None:
        self._change.setdefault(kind, []).append(row)

    def _add_user(self, user: User) -> None:
        self.users[user.id] = user
        self._ids[user.email.casefold()] = user.id

    def _add_meeting(self, meeting: StoredMeeting) -> None:
        before = self._meetings.get(meeting.id)
        if before is not None and before.host_id != meeting.host_id:
            self._by_host[before.host_id].pop(meeting.id, None)
        self._meetings[meeting.id] = meeting
        self.serial = max(self.serial, meeting.serial)
        hosted = self._by_host.setdefault(meeting.host_id, {})
        if meeting.deleted:
            hosted.pop(meeting.id, None)
        else:
            hosted[meeting.id] = None


def _number(serial: int) -> int:
    return 80_000_000_000 + (serial * _NUMBER_STEP + 1_234_567_890) % 10_000_000_000


def _row(meeting: StoredMeeting) -> dict[str, Json]:
    return {each: getattr(meeting, each) for each in _MEETING_FIELDS}  # asdict would copy it deeply


_MEETING_FIELDS = StoredMeeting.__struct_fields__
