"""What Zoom and the way to it make of answers: updates not taken, echoes, floods, lists without an end.

It has a chance of its own, so that a history without such answers stays the one that its seed always made.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import httpx
from msgspec.structs import replace

from simulator.half import Half

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.ports import Json
    from simulator.faults import Journey

HOLDABLE = frozenset({"agenda", "settings", "start_time", "timezone", "duration"})
"""Fields that an update may be said to have changed, and did not; a rule has its own checks."""

OF_DATES_RATE = 0.4
OF_RULES_RATE = 0.9
NOT_DONE = "date not taken"
NO_AGENDA = "agenda of a date not taken"
UNDOES_NOTHING = "rule undoes nothing"
LIMIT_AT_A_SKIP = "429 daily, at the skip of a date"
USED_UP = {
    "code": 429,
    "message": "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted "
    "for this particular user. You may resume these requests at GMT 00:00:00.",
}
RATE = 0.08
UPDATES_RATE = 0.7
FLOOD = b'{"meetings": [], "topic": "' + b" " * (24 * 1024 * 1024) + b'"}'
PAGES_MAX = 40
"""More pages of a list without an end nobody should read."""
ENDLESS = "endless-"
"""The beginning of the page tokens of a list without an end."""


class Answers:
    """What is odd about the answers of one history. `is_used` is false in most of them."""

    def __init__(self, seed: int, fail: Callable[[str, str], None]) -> None:
        self._fail = fail
        self.chance = chance = random.Random(f"answers 986 {seed}")
        self.is_used = chance.random() < 0.35
        self.times_without_z = self.is_used and chance.random() < 0.5
        self.read_lag_seconds = chance.choice([0.0, 0.0, 2.0]) if self.is_used else 0.0
        self._of_dates = random.Random(f"answers about dates {seed}")
        self._is_used_for_dates = self._of_dates.random() < 0.3
        self._of_limits = random.Random(f"limits at dates {seed}")
        self._closes_days = self._of_limits.random() < 0.1
        """Whether a day may be said to be used up at a request that costs nothing of it."""
        self._half = Half(seed)
        self.is_calm = True
        """Whether nothing happens to answers at present."""

    @property
    def switches(self) -> Mapping[str, Json]:
        """Switches of the emulator that hold for the whole history."""
        return {"times_without_z": self.times_without_z, "read_lag_seconds": self.read_lag_seconds}

    def journey(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """What becomes of a request; None where nothing does."""
        if not self.is_calm and (odd := self._of_series(request, fine)):
            return odd
        if not self.is_used:
            return None
        token = request.url.params.get("next_page_token", "")
        if token.startswith(ENDLESS):
            return self._endless(fine, int(token.removeprefix(ENDLESS)))
        rate = UPDATES_RATE if request.method == "PATCH" else RATE
        if self.is_calm or self.chance.random() >= rate:
            return None
        return self._odd(request, fine)

    def _odd(self, request: httpx.Request, fine: Journey) -> Journey | None:
        if request.method == "PATCH" and "occurrence_id" not in request.url.params:
            return self.chance.choice([self._held, self._held, _echo])(request, fine)
        if request.method != "GET":
            return _echo(request, fine)
        is_list = request.url.path.endswith("/meetings")
        if is_list and self.chance.random() < 0.5:
            return self._endless(fine, 0)
        flood = httpx.Response(200, content=FLOOD, headers={"content-type": "application/json"})
        return replace(fine, kind="answer without an end", instead=flood)

    def _of_series(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """What becomes of a request about a series or a date of it; None where nothing does."""
        kinds = (
            (self._half.is_used, self._half.journey),
            (self._closes_days, self._limit),
            (self._is_used_for_dates, self._of_a_date),
        )
        found = (of_kind(request, fine) for is_used, of_kind in kinds if is_used)
        return next((odd for odd in found if odd), None)

    def _of_a_date(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """It says that a date is changed or deleted, or a rule sent again, and nothing of it happens."""
        is_of_date = request.method in {"PATCH", "DELETE"} and "occurrence_id" in request.url.params
        sends_rule = request.method == "PATCH" and b'"recurrence"' in request.content
        rate = OF_RULES_RATE if sends_rule else OF_DATES_RATE
        if not (is_of_date or sends_rule) or self._of_dates.random() >= rate:
            return None
        if is_of_date and b'"agenda"' in request.content and self._of_dates.random() < 0.7:
            return replace(fine, kind=NO_AGENDA, holds=("agenda",))
        if is_of_date:
            return replace(fine, kind=NOT_DONE, instead=httpx.Response(204))
        return replace(fine, kind=UNDOES_NOTHING, keeps_dates=True)

    def _limit(self, request: httpx.Request, fine: Journey) -> Journey | None:
        """A date is not deleted, since the requests of the host's day are used up."""
        is_skip = request.method == "DELETE" and "occurrence_id" in request.url.params
        if not is_skip or self._of_limits.random() >= OF_DATES_RATE:
            return None
        used_up = httpx.Response(429, json=USED_UP)
        return replace(fine, kind=LIMIT_AT_A_SKIP, instead=used_up)

    def _held(self, request: httpx.Request, fine: Journey) -> Journey:
        """It is accepted, and all or a part of it is not made."""
        sent = sorted(json.loads(request.content))
        if not HOLDABLE.issuperset(sent):
            return fine
        if len(sent) == 1 or self.chance.random() < 0.5:
            return replace(fine, kind="update not taken", holds=tuple(sent))
        return replace(fine, kind="update taken in part", holds=(self.chance.choice(sent),))

    def _endless(self, fine: Journey, number: int) -> Journey:
        if number == PAGES_MAX:
            self._fail("flood", f"{number} empty pages of a list were read")
        page = {"meetings": [], "next_page_token": f"{ENDLESS}{number + 1}"}
        return replace(fine, kind="list without an end", instead=httpx.Response(200, json=page))


def _echo(request: httpx.Request, fine: Journey) -> Journey:
    """A gateway refuses it, and repeats what it was sent."""
    said = f"bad request: {request.headers['authorization']} {request.content.decode()}"
    body: dict[str, Json] = {"code": 300, "message": said}
    if request.url.path.endswith("/token"):
        body = {"error": "invalid_request", "reason": said}
    return replace(fine, kind="refusal that echoes", instead=httpx.Response(400, json=body))
