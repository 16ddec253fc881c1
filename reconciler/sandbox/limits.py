"""The API's rate limits and daily limits, and the replies and headers about them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from reconciler.sandbox import times
from reconciler.sandbox.replies import Refused, refusal
from reconciler.sandbox.switches import PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.sandbox.switches import Switches


LIGHT_QUOTA = 6000
"""The limit in the headers of the account's quota."""


class PerSecond:
    """The requests of the last second, by label, on a monotonic clock."""

    def __init__(self) -> None:
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, label: str, switches: Switches, monotonic: float) -> None:
        """Count one request. Raises `Refused` where the label's limit is reached."""
        if switches.plan == "off":
            return
        limit = PER_SECOND[switches.plan][label]
        admitted = self._admitted.setdefault(label, deque())
        while admitted and _is_past(admitted[0], monotonic, switches):
            admitted.popleft()
        if len(admitted) >= limit:
            raise _too_fast(label, limit, switches)
        admitted.append(monotonic)


def host_limit_reached(used: int, requests_today: int, switches: Switches, now: datetime) -> Refused | None:
    """Return the refusal once a host has used its daily limit; None before."""
    if used + switches.spent_elsewhere < switches.daily_limit:
        return None
    message = (
        f"You have exceeded the daily rate limit ({switches.daily_limit}) of Meeting Create/Update API "
        "requests permitted for this particular user. You may resume these requests at GMT 00:00:00."
    )
    headers = _host_limit_headers(requests_today, switches, now)
    return refusal(429, switches.daily_429_code, message, headers=headers)


def account_limit_reached(
    requests_today: int, label: str, switches: Switches, now: datetime
) -> Refused | None:
    """Return the refusal once the account has used its daily limit; None before."""
    limit = switches.account_daily_limit
    if limit is None or requests_today < limit:
        return None
    message = (
        "You have reached the maximum daily rate limit for this API. "
        "Refer to the response header for details on when you can make another request."
    )
    headers = {
        "X-RateLimit-Category": label,
        "X-RateLimit-Type": "Daily-limit",
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "Retry-After": times.text(times.next_midnight(now)),
    }
    return refusal(429, 429, message, headers=headers)


def ordinary_headers(label: str, used: int | None, switches: Switches) -> Mapping[str, str]:
    """Return the rate limit headers of a reply; `used` by the host, None for an uncharged request."""
    if switches.ratelimit_headers == "none":
        return {}
    category = {"x-ratelimit-category": label}
    if switches.ratelimit_headers == "category" or used is None:
        return category
    return category | _limit(switches.daily_limit, used + switches.spent_elsewhere)


def _is_past(admitted: float, monotonic: float, switches: Switches) -> bool:
    if switches.per_second_window == "fixed":
        return int(admitted) < int(monotonic)
    return admitted <= monotonic - 1.0


def _too_fast(label: str, limit: int, switches: Switches) -> Refused:
    message = "You have reached the maximum per-second rate limit for this API. Try again later."
    headers = {
        "X-RateLimit-Category": label,
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
    }
    return refusal(429, switches.per_second_429_code, message, headers=headers)


def _host_limit_headers(requests_today: int, switches: Switches, now: datetime) -> Mapping[str, str]:
    if switches.daily_429 == "bare":
        return {}
    if switches.daily_429 == "seen":
        return {"x-ratelimit-category": "Light"} | _limit(LIGHT_QUOTA, requests_today)
    headers = _limit(switches.daily_limit, switches.daily_limit)
    if switches.daily_429 == "parked":
        headers["retry-after"] = times.text(times.next_midnight(now))
    return headers


def _limit(limit: int, used: int) -> dict[str, str]:
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, limit - used))}
