"""What a 429 means: wait a moment, or stop for the day.

A daily 429 may come without any helpful header, and some headers speak of another
limit than the one that was hit; so the message counts, and what cannot be told
apart is waited for a few times and then taken for a daily one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from reconciler.ports import DAILY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from reconciler.zoom._exchange import HttpResponse


SOON_SECONDS = 60
"""A `Retry-After` further away than this speaks of a day, not of a second."""

_DAILY = re.compile(r"daily rate limit|maximum daily|gmt 00:00|single user in one day", re.IGNORECASE)
_OF_USER = re.compile(r"particular user|single user|gmt 00:00", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,9}")
_BRIEF = re.compile(r"per-second|concurrent", re.IGNORECASE)


class Limit(StrEnum):
    """Which limit a 429 speaks of."""

    BRIEF = "brief"
    """Per second, or too many at once: wait and send again."""
    HOST_DAY = "host-day"
    """This host has no create or update left until 00:00 UTC."""
    ACCOUNT_DAY = "account-day"
    """The whole account has none left."""
    UNCLEAR = "unclear"
    """Nothing tells; any 429 says that nothing was done."""

    @property
    def sends_again_max(self) -> int:
        """How often the same request may be sent again; a daily limit only burns more."""
        return {Limit.BRIEF: 5, Limit.UNCLEAR: 2}.get(self, 0)


@dataclass(frozen=True, slots=True)
class UserLimit:
    """Which `X-RateLimit-Limit` values are the per-user daily one, not the account's."""

    values: AbstractSet[int] = frozenset({DAILY_LIMIT})

    def requests_left(self, reply: HttpResponse) -> int | None:
        """What Zoom says is left of the host's day; None where it speaks of another limit, or not at all."""
        if _integer(reply, "x-ratelimit-limit") not in self.values:
            return None
        return _integer(reply, "x-ratelimit-remaining")

    def read(self, reply: HttpResponse, now: datetime) -> Limit | None:
        """Which limit was hit, by the type header, then by the message; None where it is no limit."""
        if not _is_limit(reply):
            return None
        kind = reply.headers.get("x-ratelimit-type", "").casefold()
        if kind == "qps":
            return Limit.BRIEF
        if "daily" in kind or _DAILY.search(reply.message):
            return self._of_whom(reply)
        if _BRIEF.search(reply.message):
            return Limit.BRIEF
        return Limit.HOST_DAY if _is_far(reply, now) else Limit.UNCLEAR

    def _of_whom(self, reply: HttpResponse) -> Limit:
        if _OF_USER.search(reply.message) or _integer(reply, "x-ratelimit-limit") in self.values:
            return Limit.HOST_DAY
        return Limit.ACCOUNT_DAY


def retry_at(reply: HttpResponse, now: datetime) -> datetime | None:
    """When `Retry-After` lets us try again: an ISO instant, seconds, or an HTTP date; aware, UTC."""
    text = reply.headers.get("retry-after", "").strip()
    if _COUNT.fullmatch(text):
        return now + timedelta(seconds=int(text))
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = parse(text)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _is_limit(reply: HttpResponse) -> bool:
    # Documents of 2023 still list the daily refusal under another status.
    says_day = reply.is_client_error and reply.is_zoom_error and "single user in one day" in reply.message
    return reply.status == HTTPStatus.TOO_MANY_REQUESTS or says_day


def _is_far(reply: HttpResponse, now: datetime) -> bool:
    at = retry_at(reply, now)
    return at is not None and at > now + timedelta(seconds=SOON_SECONDS)


def _integer(reply: HttpResponse, header: str) -> int | None:
    text = reply.headers.get(header, "").strip()
    return int(text) if _COUNT.fullmatch(text) else None
