"""Interprets a 429: a limit per second, or a daily one.

A daily 429 may come without any helpful header, and some headers describe another
limit than the one that was hit. So the message decides. After a 429 that names no limit, the
client waits and sends again a few times; then it counts as a daily one.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.ports import DAILY_LIMIT
from reconciler.zoom._exchange import parse_instant

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from reconciler.zoom._exchange import HttpResponse


SOON_SECONDS = 60
"""A `Retry-After` further away than this means a daily limit, not one per second."""

_DAILY = re.compile(r"daily rate limit|maximum daily|gmt 00:00|single user in one day", re.IGNORECASE)
_OF_USER = re.compile(r"particular user|single user|gmt 00:00", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,9}")
_BRIEF = re.compile(r"per-second|concurrent", re.IGNORECASE)


class Limit(StrEnum):
    """The limit that a 429 is about."""

    BRIEF = "brief"
    """Per second, or too many at once: wait and send again."""
    HOST_DAY = "host-day"
    """This host has no create or update left until 00:00 UTC."""
    ACCOUNT_DAY = "account-day"
    """The whole account has none left."""
    UNCLEAR = "unclear"
    """No hint which limit it is; any 429 says that nothing was done."""

    @property
    def retries_max(self) -> int:
        """Most retries of a request; each one uses up more of a daily limit."""
        return {Limit.BRIEF: 5, Limit.UNCLEAR: 2}.get(self, 0)


class UserLimit(Struct, frozen=True):
    """Which `X-RateLimit-Limit` values are the per-user daily one, not the account's."""

    values: AbstractSet[int] = frozenset({DAILY_LIMIT})

    def requests_left(self, response: HttpResponse) -> int | None:
        """Return how many requests Zoom says are left in the host's day; None if it does not say."""
        if _integer(response, "x-ratelimit-limit") not in self.values:
            return None
        return _integer(response, "x-ratelimit-remaining")

    def read(self, response: HttpResponse, now: datetime) -> Limit | None:
        """Return the limit that was hit, by the type header, then by the message; None if it is no limit."""
        if not _is_limit(response):
            return None
        kind = response.headers.get("x-ratelimit-type", "").casefold()
        if kind == "qps":
            return Limit.BRIEF
        if "daily" in kind or _DAILY.search(response.message):
            return self._daily_limit(response)
        if _BRIEF.search(response.message):
            return Limit.BRIEF
        return Limit.HOST_DAY if _is_far(response, now) else Limit.UNCLEAR

    def _daily_limit(self, response: HttpResponse) -> Limit:
        if _OF_USER.search(response.message) or _integer(response, "x-ratelimit-limit") in self.values:
            return Limit.HOST_DAY
        return Limit.ACCOUNT_DAY


def retry_at(response: HttpResponse, now: datetime) -> datetime | None:
    """Return the instant of `Retry-After` (ISO, seconds, or an HTTP date; aware, UTC); None without one."""
    text = response.headers.get("retry-after", "").strip()
    if _COUNT.fullmatch(text):
        return now + timedelta(seconds=int(text))
    return parse_instant(text, datetime.fromisoformat) or parse_instant(text, parsedate_to_datetime)


def _is_limit(response: HttpResponse) -> bool:
    # Documents of 2023 still list the daily refusal under another status.
    says_day = (
        response.is_client_error and response.is_zoom_error and "single user in one day" in response.message
    )
    return response.status == HTTPStatus.TOO_MANY_REQUESTS or says_day


def _is_far(response: HttpResponse, now: datetime) -> bool:
    at = retry_at(response, now)
    return at is not None and at > now + timedelta(seconds=SOON_SECONDS)


def _integer(response: HttpResponse, header: str) -> int | None:
    text = response.headers.get(header, "").strip()
    return int(text) if _COUNT.fullmatch(text) else None
