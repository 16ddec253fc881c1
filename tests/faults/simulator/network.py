"""The way from a process to Zoom and back: each request takes its time, and meets what its fate is.

Zoom itself is the emulator, which answers in the instant in which a request arrives.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
from msgspec.structs import replace

from reconciler.meeting.timezones import utc_text
from reconciler.sandbox import occurrences
from reconciler.sandbox.account import Account
from reconciler.sandbox.app import create_app
from reconciler.sandbox.switches import Switches, changed
from simulator import hands
from simulator.faults import NEVER, Journey
from simulator.process import Killed, Loop
from simulator.team import PASSCODE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

    from reconciler.meeting.meeting import Meeting
    from reconciler.ports import Json
    from simulator.machine import Machine
    from simulator.process import Process
    from simulator.report import Report
    from simulator.watch import Watch

CHUNK_BYTES = 1024 * 1024
READ_BYTES_MAX = 18 * 1024 * 1024
"""More of an answer nobody should read."""

PLAIN = Switches(passcode_required=False, safeguard_forced=False, plan="off")


class Zoom:
    """The emulator, by the true time."""

    def __init__(self, machine: Machine) -> None:
        self.account = Account()
        self._now = machine.now
        self.app = create_app(
            self.account, now=machine.now, monotonic=lambda: machine.seconds, switches=PLAIN
        )
        self.by_hand: Callable[[httpx.Request, httpx.Response], None] = lambda _request, _response: None
        """Told of what people do in Zoom's own page."""
        self._transport = httpx.ASGITransport(self.app)
        self._loop = Loop(lambda: machine.seconds)

    def switch(self, **switches: Json) -> None:
        """Have it behave otherwise from now on."""
        self.app.switches = changed(self.app.switches, switches)

    def make(self, declared: Meeting) -> int:
        """Somebody makes a meeting by hand; its id."""
        return hands.make(self.account, self.app.switches, self._now(), declared, PASSCODE)

    def read(self, number: int) -> Json:
        """A meeting as anybody reads it, later, where times have their `Z`."""
        switches = self.app.switches
        self.switch(times_without_z=False, read_lag_seconds=0.0)
        found = self._ask("GET", f"{number}").json()
        self.app.switches = switches
        return found

    def agenda(self, number: int, start: datetime) -> str:
        """The agenda of the date that begins at `start`, which only a read of the date itself shows."""
        for each in self.read(number).get("occurrences", ()):
            if datetime.fromisoformat(each["start_time"]) == start:
                one = self._ask("GET", f"{number}?occurrence_id={each['occurrence_id']}").json()
                return str(one.get("agenda", ""))
        return ""

    def click(self, number: int, start: datetime) -> bool:
        """Somebody deletes the date that begins at `start`; whether there is one."""
        for each in self.read(number).get("occurrences", ()):
            if each["status"] != "deleted" and datetime.fromisoformat(each["start_time"]) == start:
                self._ask("DELETE", f"{number}?occurrence_id={each['occurrence_id']}")
                return True
        return False

    def move(self, number: int, start: datetime, to: datetime) -> None:
        """Somebody moves the date that begins at `start`, in Zoom's page: no request."""
        stored = self.account.meeting(number)
        assert stored is not None
        for each in occurrences.listed(stored, self.app.switches, None):
            if each.start == start and not each.is_deleted:
                sent = {"start_time": utc_text(to)}
                moved = occurrences.patched(stored, each, sent, serial=stored.serial, now=self._now())
                self.account.put(moved)
                return

    def has(self, number: int) -> bool:
        """Whether a meeting is there."""
        stored = self.account.meeting(number)
        return stored is not None and not stored.deleted

    def delete(self, number: int) -> None:
        """Somebody deletes a meeting."""
        self._ask("DELETE", f"{number}")

    def _ask(self, method: str, path: str) -> httpx.Response:
        headers = {"authorization": "Bearer sandbox"}
        request = httpx.Request(method, f"https://zoom.test/v2/meetings/{path}", headers=headers)
        response = self.answer(request)
        assert response.is_success, response.text
        self.by_hand(request, response)
        return response

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

    def depart(
        self, owner: str, journey: Journey, request: httpx.Request, told: Callable[[Any], None]
    ) -> None:
        """Have it arrive, and its answer come back, when and if its fate says so."""
        self.sent += 1
        if journey.arrives_after != NEVER:
            arrive = partial(self._arrive, owner, journey, request, told)
            self.machine.after(self._before_midnight(journey), arrive)
        if journey.breaks_after != NEVER:
            self.machine.after(journey.breaks_after, lambda: told(journey.error()))

    def _before_midnight(self, journey: Journey) -> float:
        """What leaves on a day lands on it: past that, nobody could say which day it is charged to."""
        now = self.machine.now()
        return min(journey.arrives_after, (_next_midnight(now) - now).total_seconds() - 0.001)

    def _arrive(
        self, owner: str, journey: Journey, request: httpx.Request, told: Callable[[Any], None]
    ) -> None:
        if journey.revokes:
            self.zoom.revoke_tokens()
        if journey.instead is None or journey.is_carried_out:
            self.watch.arrives(request)
        response = journey.instead
        if response is None or journey.is_carried_out:
            response = self._answer(owner, request, journey)
            self._note(request, response)
            self._count_limits(response)
            self.watch.answered(request, response)
        if journey.answers_after != NEVER:
            seen = journey.seen(response)
            self.machine.after(journey.answers_after, lambda: told(seen))
            if journey.repeats_after != NEVER:
                self.machine.after(journey.answers_after + journey.repeats_after, lambda: told(seen))

    def _note(self, request: httpx.Request, response: httpx.Response) -> None:
        """Note what Zoom did to a meeting."""
        if request.method == "GET" or not response.is_success or request.url.path.endswith("/token"):
            return
        number = (
            json.loads(response.content)["id"]
            if request.method == "POST"
            else int(request.url.path.rsplit("/", 1)[1])
        )
        self.watch.chronicle.answered(request, number)

    def _answer(self, owner: str, request: httpx.Request, journey: Journey) -> httpx.Response:
        """What Zoom says; it leaves as they are the fields that the journey holds, or the dates."""
        usual, holds = self.zoom.app.switches, journey.holds
        self.zoom.switch(held_fields=list(holds))
        if journey.keeps_dates:
            self.zoom.switch(dates_forgotten="change")
        response = self.zoom.answer(request)
        self.zoom.app.switches = usual
        if holds and response.is_success and "occurrence_id" not in request.url.params:
            self.watch.held(owner, request, holds)
        return response

    def _count_limits(self, response: httpx.Response) -> None:
        """Limits of Zoom's own strike too."""
        if response.status_code != 429:
            return
        kinds = {"this particular user": "429 daily, of a host", "maximum daily": "429 daily, of the account"}
        found = (kind for words, kind in kinds.items() if words in response.text)
        self._report.struck[next(found, "429 per second, Zoom's own")] += 1


class Connection:
    """A kept-alive connection of one process, and the `network_stream` of a response on it.

    What comes on it is taken for the answer to the request that waits. What comes while none waits shows that
    the connection is no good, as a socket that is readable does.
    """

    def __init__(self, fail: Callable[[str, str], None]) -> None:
        self.fail = fail
        self.is_closed = False
        self.is_busy = False
        self.is_readable = False
        self.waits: asyncio.Future[httpx.Response] | None = None

    async def aclose(self) -> None:
        """Close it; what comes later is lost."""
        self.is_closed = True

    def get_extra_info(self, _name: str) -> bool | None:
        """Return whether something came that nobody waited for."""
        return self.is_readable if _name == "is_readable" else None

    def receive(self, found: httpx.Response | Exception) -> None:
        """Take what comes."""
        if self.is_closed:
            return
        if self.waits is None or self.waits.done():
            self.is_readable = True
        elif isinstance(found, Exception):
            self.waits.set_exception(found)
        else:
            self.waits.set_result(found)


class Received(httpx.AsyncByteStream):
    """The body of a response, whose connection is free once it is closed.

    It stands in for the parts of httpcore that `_PARSER` of the transport goes through.
    """

    def __init__(self, content: bytes, connection: Connection) -> None:
        self._content = content
        self._used = connection
        self._httpcore_stream = self._stream = self._connection = self._h11_state = self
        self.trailing_data = b"", False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for begin in range(0, len(self._content) or 1, CHUNK_BYTES):
            if begin == READ_BYTES_MAX:
                self._used.fail("flood", f"{begin >> 20} MiB of an answer were read")
            yield self._content[begin : begin + CHUNK_BYTES]

    async def aclose(self) -> None:
        """Free the connection for the next request."""
        self._used.is_busy = False


class Transport(httpx.AsyncBaseTransport):
    """One process's way into the network; `choose` says what becomes of a request."""

    def __init__(
        self, network: Network, process: Process, owner: str, choose: Callable[[httpx.Request], Journey]
    ) -> None:
        self._network = network
        self._process = process
        self._owner = owner
        self._choose = choose
        self._connections: list[Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """What comes back, or how the connection broke."""
        if self._process.dead:
            raise Killed
        await request.aread()
        journey = self._choose(request)
        if journey.is_refused_a_connection:
            raise httpx.ConnectError("refused")
        connection = self._connection(request)
        connection.waits = self._process.loop.create_future()
        self._network.watch.departs(self._owner, request)
        self._network.depart(self._owner, journey, request, lambda found: self._tell(connection, found))
        try:
            found = await connection.waits
        except BaseException:
            await connection.aclose()
            raise
        if found.status_code == 429 and b"daily" in found.content and found.content.endswith(b"}"):
            self._network.watch.closes_day(self._owner, request)
        extensions = {"network_stream": connection}
        stream = Received(found.content, connection)
        return httpx.Response(found.status_code, headers=found.headers, stream=stream, extensions=extensions)

    def _connection(self, request: httpx.Request) -> Connection:
        """A free one, as a pool picks it; where a new one is asked for, one that no other request gets."""
        if request.extensions["new_connection"]:
            return Connection(self._network.watch.fail)
        self._connections = [one for one in self._connections if not one.is_closed and not one.is_readable]
        free = next((one for one in self._connections if not one.is_busy), None)
        free = free or Connection(self._network.watch.fail)
        free.is_busy = True
        self._connections = [*(one for one in self._connections if one is not free), free]
        return free

    def _tell(self, connection: Connection, found: httpx.Response | Exception) -> None:
        if not self._process.dead:
            self._process.loop.call_soon(connection.receive, found)


def _next_midnight(now: datetime) -> datetime:
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
