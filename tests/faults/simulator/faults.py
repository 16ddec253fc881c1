"""What goes wrong on the way to Zoom and at the storage: chosen by the seed, counted by kind."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import httpx
from memory_place import CallOutcome
from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

NEVER = float("inf")

SETTLE_SECONDS = 90.0
"""What the program waits: twice the client's timeout and 30 s more."""

WRITES_SHARE = 2.0
"""How much likelier a write meets a fault on its way to Zoom than a read does."""

READS_SHARE = 0.2
"""How much likelier a read of the storage meets one than a write does: the run ends there."""

PAGE = "<html><head><title>502</title></head><body>Bad Gateway</body></html>"
BRIEF = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}


class Journey(Struct, frozen=True):
    """A request's way: when it arrives, what the client sees instead of the answer, when it sees something.

    `breaks_after` is when the connection breaks, `NEVER` where nothing but a timeout ends it.
    """

    kind: str = ""
    arrives_after: float = 0.05
    answers_after: float = 0.05
    breaks_after: float = NEVER
    instead: httpx.Response | None = None
    is_carried_out: bool = False
    """Whether Zoom does it although the client sees something else."""
    keep_share: float = 1.0
    """How much of the answer's body comes."""
    repeats_after: float = NEVER
    """When the answer comes a second time on the same connection, after the first."""
    holds: tuple[str, ...] = ()
    """The fields of an update that Zoom accepts and leaves as they are."""
    keeps_dates: bool = False
    """Whether Zoom makes no date of a series anew if its rule stays the same."""
    revokes: bool = False
    """Whether Zoom forgets every token right before."""
    is_refused_a_connection: bool = False

    def error(self) -> Exception:
        """How the connection breaks."""
        return httpx.ReadError("reset")

    def seen(self, response: httpx.Response) -> httpx.Response:
        """What the client sees of Zoom's answer."""
        if self.instead is not None:
            return self.instead
        if self.keep_share == 1.0 or not response.content:
            return response
        kept = response.content[: int(len(response.content) * self.keep_share)]
        return httpx.Response(
            response.status_code, content=kept, headers={"content-type": "application/json"}
        )


class Faults(Struct):
    """What one runner meets, as often as its rates say; `struck` counts by kind.

    `list_lag_seconds` is how late Zoom's lists are: what lands late must be seen in time all the same.
    """

    chance: random.Random
    network_rate: float = 0.0
    storage_rate: float = 0.0
    list_lag_seconds: float = 0.0
    is_outlived: bool = False
    """Whether its runner is paused until another may take over."""
    lands_within_seconds: float = SETTLE_SECONDS
    """How long a request may be on its way, and its meeting not yet in the list."""
    struck: Counter[str] = field(default_factory=Counter)
    said: Callable[[str], None] = lambda _line: None
    renewals_fail: Callable[[], bool] = lambda: False
    lands_late: Callable[[], None] = lambda: None
    odd: Callable[[httpx.Request, Journey], Journey | None] = lambda _request, _fine: None
    """What else may become of a request; see `Answers`."""
    renewal_seconds: Callable[[], float] = lambda: 0.0
    """How much longer the next renewal takes than other calls do."""
    _longer_seconds: float = 0.0

    def journey(self, request: httpx.Request) -> Journey:
        """What becomes of a request."""
        quick = self.chance.uniform(0.005, 0.12), self.chance.uniform(0.005, 0.12)
        fine = Journey(arrives_after=quick[0], answers_after=quick[1])
        odd = self.odd(request, fine)
        if odd is not None:
            if odd.kind:
                self.strike(odd.kind, f"{request.method} {request.url.path}")
            return odd
        rate = self.network_rate * (1.0 if request.method == "GET" else WRITES_SHARE)
        if self.chance.random() >= rate:
            return fine
        met = self.chance.choice(self._journeys(request))(fine)
        self.strike(met.kind, f"{request.method} {request.url.path}")
        return met

    def fate(self, call: str) -> CallOutcome:
        """What becomes of a call of the storage."""
        if call == "put lock" and (longer := self.renewal_seconds()):
            self._longer_seconds = longer
            self.strike("renewal slow", call)
        if call == "put lock" and self.renewals_fail():
            fate = self.chance.choice([CallOutcome.REFUSED, CallOutcome.NOT_WRITTEN])
            self.strike("lease not renewed", call)
            return fate
        rate = self.storage_rate * (1.0 if call.startswith("put") else READS_SHARE)
        if call == "check" or self.chance.random() >= rate:
            return CallOutcome.OK
        kinds = [CallOutcome.REFUSED]
        if call.startswith("put"):
            kinds = [
                CallOutcome.REFUSED,
                CallOutcome.NOT_WRITTEN,
                CallOutcome.ANSWER_LOST,
                CallOutcome.LATE,
                CallOutcome.FALSE_CONFLICT,
            ]
        fate = self.chance.choice(kinds)
        self.strike(STORAGE[fate], call)
        if fate is CallOutcome.LATE:
            self.lands_late()
        return fate

    def storage_seconds(self) -> float:
        """How long the storage takes, one way."""
        if self._longer_seconds:
            longer, self._longer_seconds = self._longer_seconds, 0.0
            return longer
        if self.chance.random() < self.storage_rate / 4:
            self.strike("storage slow", "")
            return self.chance.choice([self.chance.uniform(0.5, 10), self.chance.uniform(10, 80)])
        return self.chance.uniform(0.002, 0.04)

    def strike(self, kind: str, where: str = "") -> None:
        """Count it, and tell it."""
        self.struck[kind] += 1
        self.said(f"fault: {kind} {where}".rstrip())

    def _journeys(self, request: httpx.Request) -> list[Callable[[Journey], Journey]]:
        if request.method == "GET":
            return [*self._of_all(), self._per_second, self._token_gone]
        if request.url.path.endswith("/token"):
            return self._of_all()
        refusals = [self._per_second, self._token_gone, self._refused]
        twice = [lambda way, refuse=refuse: self._twice(refuse(way)) for refuse in refusals]
        writes = [self._landed_late, self._landed_late, *refusals, *twice, *twice]
        of_creates = [self._empty_201, self._refused_with_200] if request.method == "POST" else []
        return [*self._of_all(), *writes, *of_creates]

    def _of_all(self) -> list[Callable[[Journey], Journey]]:
        return [
            lambda way: replace(way, kind="never arrived", arrives_after=NEVER, breaks_after=0.1),
            lambda way: replace(way, kind="no connection", is_refused_a_connection=True),
            lambda way: replace(way, kind="answer lost", answers_after=NEVER, breaks_after=0.3),
            lambda way: replace(way, kind="no answer", answers_after=NEVER),
            lambda way: replace(way, kind="answer late", answers_after=self.chance.uniform(3, 45)),
            lambda way: replace(way, kind="5xx, not done", instead=_page(502)),
            lambda way: replace(way, kind="5xx, done", instead=_page(504), is_carried_out=True),
            lambda way: replace(way, kind="JSON cut short", keep_share=self.chance.uniform(0.05, 0.95)),
            lambda way: replace(way, kind="redirect", instead=_redirect()),
            *[self._twice] * 2,
        ]

    def _twice(self, way: Journey) -> Journey:
        """At once, or when the next request may have left already."""
        after = self.chance.choice([0.0, self.chance.uniform(0.0, 0.3), self.chance.uniform(1.0, 2.5)])
        return replace(way, kind=f"{way.kind}, twice" if way.kind else "answer twice", repeats_after=after)

    def _landed_late(self, way: Journey) -> Journey:
        breaks = self.chance.choice([0.1, self.chance.uniform(0.1, 29.0), NEVER])
        arrives = self.chance.uniform(1.0, self.lands_within_seconds - self.list_lag_seconds - 1.0)
        return replace(
            way, kind="landed late", arrives_after=arrives, answers_after=NEVER, breaks_after=breaks
        )

    def _per_second(self, way: Journey) -> Journey:
        headers = {"X-RateLimit-Type": "QPS"} if self.chance.random() < 0.5 else {}
        kind = "429 per second, with headers" if headers else "429 per second, bare"
        return replace(way, kind=kind, instead=httpx.Response(429, json=BRIEF, headers=headers))

    def _token_gone(self, way: Journey) -> Journey:
        return replace(way, kind="token expired", revokes=True)

    def _refused(self, way: Journey) -> Journey:
        said = {"code": 300, "message": "Validation Failed."}
        return replace(way, kind="400", instead=httpx.Response(400, json=said))

    def _empty_201(self, way: Journey) -> Journey:
        return replace(way, kind="201 without a body", instead=httpx.Response(201), is_carried_out=True)

    def _refused_with_200(self, way: Journey) -> Journey:
        said = httpx.Response(200, content=json.dumps({"code": 300, "message": "Invalid field."}))
        return replace(way, kind="200 with an error", instead=said)


STORAGE = {
    CallOutcome.REFUSED: "storage error",
    CallOutcome.NOT_WRITTEN: "storage answer lost, not written",
    CallOutcome.ANSWER_LOST: "storage answer lost, written",
    CallOutcome.LATE: "storage write landed late",
    CallOutcome.FALSE_CONFLICT: "storage conflict with itself",
}


def _page(status: int) -> httpx.Response:
    return httpx.Response(status, html=PAGE)


def _redirect() -> httpx.Response:
    return httpx.Response(302, headers={"location": "https://elsewhere.example/"})
