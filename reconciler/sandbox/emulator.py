"""Handles a request: checks its token, the rate limits and the daily limits, then carries it out.

Each request is handled as a whole, so that no other can come in between.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox import limits, meetings, tokens, users
from reconciler.sandbox.listing import Pages
from reconciler.sandbox.replies import Refused, Reply, no_meeting, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from reconciler.ports import Json
    from reconciler.sandbox.account import Account, StoredMeeting, User
    from reconciler.sandbox.meetings import Host
    from reconciler.sandbox.switches import Switches


LAGGING_MAX = 1000
"""Newest writes that are remembered for lagging reads and lists."""


class Call(Struct, frozen=True):
    """A request as the operations get it; `body` is its JSON, None where it has none."""

    parts: Mapping[str, str]
    query: Mapping[str, str] = {}
    body: Json = None
    authorization: str = ""


class Operation(Struct, frozen=True):
    """One endpoint: its rate limit label, the user whose budget it is charged to, and its function."""

    name: str
    label: Callable[[Switches], str]
    charged: Callable[[Switches], bool]
    payer: Callable[[Emulator, Call], str]
    """Return the id that the request is charged to. Raises `Refused` where there is none."""
    carry_out: Callable[[Emulator, Call], Reply]


class Emulator:
    """An account, its clock and its switches, and the data that is kept between requests."""

    def __init__(  # noqa: PLR0913 - each is a part of the world, handed in
        self,
        account: Account,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        switches: Switches,
        on_change: Callable[[Mapping[str, Json]], None] | None = None,
        before_request: Callable[[], None] | None = None,
    ) -> None:
        self.account = account
        self.now = now
        self.monotonic = monotonic
        self.switches = switches
        self.pages = Pages()
        self._on_change = on_change
        self._before_request = before_request
        self._per_second = limits.PerSecond()
        self._before: OrderedDict[int, tuple[float, StoredMeeting | None]] = OrderedDict()

    def answer(self, operation: Operation, call: Call) -> Reply:
        """Return the reply; every change is stored before it leaves."""
        if self._before_request:
            self._before_request()
        try:
            return self._handle(operation, call)
        except Refused as refused:
            return refused.reply
        finally:
            self.save()

    def issue_token(self, *, authorization: str, form: Mapping[str, str], api_url: str) -> Reply:
        """Return the reply of the token endpoint."""
        try:
            return tokens.issue(
                self.account,
                self.switches,
                authorization=authorization,
                form=form,
                api_url=api_url,
                now=self.now(),
            )
        except Refused as refused:
            return refused.reply
        finally:
            self.save()

    def save(self) -> None:
        """Pass the collected change to `on_change`."""
        change = self.account.take_change()
        if change and self._on_change:
            self._on_change(change)

    # For the operations

    def user(self, name: str) -> User:
        """Return the user with that id or e-mail. Raises `Refused` (1001)."""
        return users.find_user(self.account, self.switches, name)

    def host(self, user: User) -> Host:
        """Return a user with the switches for this host."""
        return meetings.Host(user, self.switches.for_host(user.id, user.email))

    def meeting(self, text: str, *, deleted: bool = False) -> StoredMeeting:
        """Return the meeting with an id; with `deleted`, a deleted one. Raises `Refused`."""
        if not text.isdecimal():
            raise refusal(400, 300, "Invalid field.")
        number = int(text)
        if number in self.switches.webinars:
            raise refusal(400, 3000, "Cannot access webinar info.")
        meeting = self.account.meeting(number)
        if meeting is None or meeting.deleted is not deleted:
            raise no_meeting(number)
        expires_at = meetings.expires_at(meeting.document)
        if expires_at is not None and self.now() >= expires_at:
            raise no_meeting(number)
        return meeting

    def as_read(self, meeting: StoredMeeting) -> StoredMeeting:
        """Return the meeting as a read shows it: for a while, its former version. Raises `Refused` (3001)."""
        written, before = self._before.get(meeting.id, (float("-inf"), None))
        if self.monotonic() - written >= self.switches.read_lag_seconds:
            return meeting
        if before is None:
            raise no_meeting(meeting.id)
        return before

    def is_listed(self, meeting: StoredMeeting) -> bool:
        """Return True once lists show it."""
        written, before = self._before.get(meeting.id, (float("-inf"), None))
        return before is not None or self.monotonic() - written >= self.switches.list_lag_seconds

    def put(self, meeting: StoredMeeting) -> None:
        """Store a meeting, and its former version for lagging reads."""
        if self.switches.read_lag_seconds or self.switches.list_lag_seconds:
            self._before[meeting.id] = (self.monotonic(), self.account.meeting(meeting.id))
            if len(self._before) > LAGGING_MAX:
                self._before.popitem(last=False)
        self.account.put(meeting)

    def _handle(self, operation: Operation, call: Call) -> Reply:
        switches, now = self.switches, self.now()
        tokens.admit(self.account, switches, call.authorization, operation.name, now)
        label = operation.label(switches)
        self._per_second.admit(label, switches, self.monotonic())
        today = self.account.requests_on(now.date())
        if refused := limits.account_limit_reached(today, label, switches, now):
            raise refused
        payer = operation.payer(self, call) if operation.charged(switches) else None
        if payer is not None:
            self._check_daily_limit(payer, today, now)
        reply = self._carry_out(operation, call, payer, now.date())
        used = self.account.used(now.date(), payer) if payer is not None else None
        own = limits.ordinary_headers(label, used, switches)
        return replace(reply, headers={**own, **reply.headers})

    def _check_daily_limit(self, payer: str, requests_today: int, now: datetime) -> None:
        user = self.account.user(payer)
        switches = self.host(user).switches if user else self.switches
        used = self.account.used(now.date(), payer)
        if refused := limits.host_limit_reached(used, requests_today, switches, now):
            raise refused

    def _carry_out(self, operation: Operation, call: Call, payer: str | None, day: date) -> Reply:
        try:
            reply = operation.carry_out(self, call)
        except Refused as refused:
            if payer is None or not self.switches.refused_requests_count:
                raise
            reply = refused.reply
        if payer is not None:
            self.account.charge(day, payer)
        return reply
