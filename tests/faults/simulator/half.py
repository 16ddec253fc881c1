"""Histories in which much of a series is changed at once, and Zoom does a part of it, and shows none.

Few seeds have it, and it has a chance of its own: all others make the histories that they always made.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import httpx
from msgspec.structs import replace

if TYPE_CHECKING:
    from simulator.faults import Journey

RATE = 0.08
REFUSED_RATE = 0.4
HELD_RATE = 0.6
UNREAD_RATE = 0.3
HELD_IN_PART = "update of a series taken in part"
DATE_IN_PART = "date taken in part"
RULE_REFUSED = "rule refused"
UNREAD = "meeting not shown"
REFUSAL = {"code": 300, "message": "Validation Failed."}


class Half:
    """What is half done in one history. `is_used` is false in most of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"half {seed}")
        self.is_used = self.chance.random() < RATE
        self._of_dates = random.Random(f"half dates {seed}")
        self._has_parts = self._of_dates.random() < 0.3
        """Whether Zoom takes a part of the change of a single date too."""

    def journey(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """What becomes of a request about a meeting; None where nothing does."""
        if "occurrence_id" in request.url.params:
            return self._of_a_date(request, fine)
        if not request.url.path.rsplit("/", 1)[1].isdigit():
            return None
        sends_rule = b'"recurrence"' in request.content
        if request.method == "GET" and self.chance.random() < UNREAD_RATE:
            return _refused(fine, UNREAD)
        if request.method == "PATCH" and sends_rule and self.chance.random() < REFUSED_RATE:
            return _refused(fine, RULE_REFUSED)
        if request.method == "PATCH" and not sends_rule and self.chance.random() < HELD_RATE:
            return replace(fine, kind=HELD_IN_PART, holds=("agenda",))
        return None

    def _of_a_date(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """Zoom takes its start and not its length, or the reverse."""
        chance = self._of_dates
        if not self._has_parts or request.method != "PATCH" or chance.random() >= REFUSED_RATE:
            return None
        return replace(fine, kind=DATE_IN_PART, holds=(chance.choice(["start_time", "duration"]),))

    def edited(self, exceptions: dict[str, Any]) -> dict[str, Any]:
        """Exceptions of which skips are taken back, and moved dates are moved on."""
        found = {day: self._edited(each) for day, each in exceptions.items()}
        return {day: each for day, each in found.items() if each is not None}

    def _edited(self, exception: Any) -> Any:
        if self.chance.random() < 0.4:
            return exception
        if exception == "skip":
            return None
        at = exception.get("start_time")
        return (
            {**exception, "start_time": f"{at[:14]}{self.chance.choice(['10', '20', '40'])}:00"}
            if at
            else None
        )


def _refused(fine: Journey, kind: str) -> Journey:
    return replace(fine, kind=kind, instead=httpx.Response(400, json=REFUSAL))
