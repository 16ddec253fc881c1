"""The way from a process to Zoom and back: each request takes its time, and meets what its fate is.

Zoom itself is the emulator, which answers in the instant in which a request arrives.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from reconciler.sandbox.account import Account
from reconciler.sandbox.app import create_app
from reconciler.sandbox.switches import Switches, changed
from simulator import hands
from simulator.faults import NEVER, Journey
from simulator.process import Killed, Loop
from simulator.team import PASSCODE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import datetime

    from reconciler.meeting.meeting import Meeting
    from reconciler.ports import Json
    from simulator.machine import Machine
    from simulator.process import Process
    from simulator.report import Report
    from simulator.watch import Watch

PLAIN = Switches(passcode_required=False, safeguard_forced=False, plan="off")


class Zoom:
    """The emulator, by the true time."""

    def __init__(self, machine: Machine) -> None:
        self.account = Account()
        self._now = machine.now
        self.app = create_app(
            self.account, now=machine.now, monotonic=lambda: machine.seconds, switches=PLAIN
        )
        self._transport = httpx.ASGITransport(self.app)
        self._loop = Loop(lambda: machine.seconds)

    def switch(self, **switches: Json) -> None:
        """Have it behave otherwise from now on."""
        self.app.switches = changed(self.app.switches, switches)

    def make(self, declared: Meeting) -> int:
        """Somebody makes a meeting by hand; its id."""
        return hands.make(self.account, self.app.switches, self._now(), declared, PASSCODE)

    def revoke_tokens(self) -> None:
        """Have no token hold any more."""
        for token in [each for each in self.account.tokens.values() if not each.revoked]:
            self.account.keep_token(replace(token, revoked=True))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What it says; everything is done when this returns."""
        answered = self._loop.create_task(self._answered(request))
        while not answered.done():
            assert self._loop.ready, "the emulator waits for nothing"
            self._loop.turn()
        self._loop.tasks.clear()
        found: httpx.Response = answered.result()
        return found

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


class Network:
    """Carries requests; `sent` counts those that left."""

    def __init__(self, machine: Machine, zoom: Zoom, watch: Watch, report: Report) -> None:
        self._report = report
        self.machine = machine
        self.zoom = zoom
        self.watch = watch
        self.sent = 0

    def depart(self, journey: Journey, request: httpx.Request, told: Callable[[Any], None]) -> None:
        """Have it arrive, and its answer come back, when and if its fate says so."""
        self.sent += 1
        if journey.arrives_after != NEVER:
            self.machine.after(self._before_midnight(journey), lambda: self._arrive(journey, request, told))
        if journey.breaks_after != NEVER:
            self.machine.after(journey.breaks_after, lambda: told(journey.error()))

    def _before_midnight(self, journey: Journey) -> float:
        """What leaves on a day lands on it: past that, nobody could say which day it is charged to."""
        now = self.machine.now()
        return min(journey.arrives_after, (_next_midnight(now) - now).total_seconds() - 0.001)

    def _arrive(self, journey: Journey, request: httpx.Request, told: Callable[[Any], None]) -> None:
        if journey.revokes:
            self.zoom.revoke_tokens()
        if journey.instead is None or journey.is_carried_out:
            self.watch.arrives(request)
        response = journey.instead
        if response is None or journey.is_carried_out:
            response = self.zoom.answer(request)
            self._count_limits(response)
        if journey.answers_after != NEVER:
            seen = journey.seen(response)
            self.machine.after(journey.answers_after, lambda: told(seen))

    def _count_limits(self, response: httpx.Response) -> None:
        """Limits of Zoom's own strike too."""
        if response.status_code != 429:
            return
        kinds = {"this particular user": "429 daily, of a host", "maximum daily": "429 daily, of the account"}
        found = (kind for words, kind in kinds.items() if words in response.text)
        self._report.struck[next(found, "429 per second, Zoom's own")] += 1


class Transport(httpx.AsyncBaseTransport):
    """One process's way into the network; `choose` says what becomes of a request."""

    def __init__(
        self, network: Network, process: Process, owner: str, choose: Callable[[httpx.Request], Journey]
    ) -> None:
        self._network = network
        self._process = process
        self._owner = owner
        self._choose = choose

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """What comes back, or how the connection broke."""
        if self._process.dead:
            raise Killed
        await request.aread()
        journey = self._choose(request)
        answer: asyncio.Future[httpx.Response] = self._process.loop.create_future()
        if journey.is_refused_a_connection:
            raise httpx.ConnectError("refused")
        self._network.watch.departs(self._owner, request)
        self._network.depart(journey, request, lambda found: self._tell(answer, found))
        return await answer

    def _tell(self, answer: asyncio.Future[httpx.Response], found: httpx.Response | Exception) -> None:
        if not self._process.dead:
            self._process.loop.call_soon(_settle, answer, found)


def _settle(answer: asyncio.Future[httpx.Response], found: httpx.Response | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def _next_midnight(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
