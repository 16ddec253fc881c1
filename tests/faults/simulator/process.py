"""One runner's process: an event loop of its own that can be frozen, or die between any two of its turns."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from simulator.machine import Machine

_T = TypeVar("_T")

RESOLUTION_SECONDS = 1e-9
"""What is due so soon is due now: sums of seconds are rounded."""

NAP_SECONDS = 1e-6
"""The shortest sleep: time must pass, or whoever sleeps a rounded rest away never wakes later."""

LAST_TURNS_MAX = 10_000
"""How many turns the remains of a dead process get, with nothing outside in reach."""


class Killed(BaseException):
    """The process is dead: nothing of it reaches the outside any more."""


_AnyLoop: Any = asyncio.AbstractEventLoop  # with files, sockets and signals, which nothing here asks for


class Loop(_AnyLoop):  # type: ignore[misc]  # - see above
    """What asyncio needs of a loop, whose turns somebody else gives and whose time is told."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.ready: deque[asyncio.Handle] = deque()
        self.timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.time = time
        self._count = 0

    def turn(self) -> None:
        """Run the next callback, once what is due is ready."""
        while self.timers and self.timers[0][0] <= self.time() + RESOLUTION_SECONDS:
            self.ready.append(heapq.heappop(self.timers)[2])
        if not self.ready:
            return
        handle = self.ready.popleft()
        if handle.cancelled():
            return
        asyncio._set_running_loop(self)  # noqa: SLF001 - meant for loops
        try:
            handle._run()  # noqa: SLF001 - every loop runs its handles this way
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 - meant for loops

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        """In the next turn that is free."""
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        """Once it is `when`."""
        self._count += 1
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self.timers, (when, self._count, handle))
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        """So many seconds later."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task of this loop."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **options)
        self.tasks.append(task)
        return task

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_exception_handler(self, context: Any) -> None:
        """Whoever runs the process looks at its main task."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing: it is passed over when it is due."""


class Process:
    """A `Clock` too: its wall clock goes `skew_seconds` before the true one.

    It ends where its main task ends, or is `dead`.
    """

    def __init__(self, machine: Machine, name: str, skew_seconds: float) -> None:
        self.machine = machine
        self.name = name
        self.dead = False
        self.turns = 0
        self.at_turn: dict[int, Callable[[], None]] = {}
        """What happens to it right before its n-th turn."""
        self.loop = Loop(self.monotonic)
        self._skew = timedelta(seconds=skew_seconds)
        self.is_blocked = 0
        """How many calls block in threads of it."""
        self._frozen_until = 0.0
        self._lost_seconds = 0.0
        self._main: asyncio.Task[Any] | None = None
        machine.processes.append(self)

    def start(self, main: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin with `main`."""
        self._main = self.loop.create_task(main)
        return self._main

    # Time, as it sees it

    def now(self) -> datetime:
        """This instant by its own wall clock, aware, UTC."""
        return self.machine.now() + self._skew

    def monotonic(self) -> float:
        """Seconds that stand still while the machine sleeps."""
        return self.machine.seconds - self._lost_seconds

    async def sleep(self, seconds: float) -> None:
        """Wait that long by `monotonic`."""
        await asyncio.sleep(max(seconds, NAP_SECONDS))

    # Its turns

    @property
    def ended(self) -> bool:
        """Whether it will do nothing more."""
        return self.dead or (self._main is not None and self._main.done())

    def due(self) -> float | None:
        """When its next turn can be; None: never."""
        if self.ended or not (self.loop.ready or self.loop.timers):
            return None
        due = 0.0 if self.loop.ready else self.loop.timers[0][0] + self._lost_seconds
        return max(due, self._frozen_until)

    def turn(self) -> None:
        """Its next turn, unless something happens to it first."""
        self.turns += 1
        self.at_turn.pop(self.turns, lambda: None)()
        if self.dead or self._frozen_until > self.machine.seconds:
            return
        self.loop.turn()

    async def blocking(self, call: Callable[[], _T]) -> _T:
        """What `call` gives, which blocks in a thread of its own: it goes on though nobody waits any more."""
        if self.dead:
            raise Killed
        answer: asyncio.Future[_T] = self.loop.create_future()
        self.is_blocked += 1
        self.machine.after(0.0, lambda: self._work(call, answer))
        return await answer

    def pass_time(self, seconds: float) -> None:
        """Block for so long, within `blocking`; and for as long as it is frozen."""
        self.machine.pass_time(seconds)
        if not self.dead and self._frozen_until > self.machine.seconds:
            self.machine.pass_time(self._frozen_until - self.machine.seconds)
        if self.dead:
            raise Killed

    def _work(self, call: Callable[[], _T], answer: asyncio.Future[_T]) -> None:
        if not self.dead and self._frozen_until > self.machine.seconds:
            left = self._frozen_until - self.machine.seconds
            self.machine.after(left, lambda: self._work(call, answer))
            return
        try:
            found = call() if not self.dead else None
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
            self.is_blocked -= 1
            self.loop.call_soon(_fail, answer, error)
        else:
            self.is_blocked -= 1
            self.loop.call_soon(_answer, answer, found)

    # What happens to it

    def freeze(self, seconds: float, *, asleep: bool) -> None:
        """Nothing of it runs for so long; where the machine is `asleep`, its steady clock stands too."""
        self._frozen_until = max(self._frozen_until, self.machine.seconds + seconds)
        self._lost_seconds += seconds if asleep else 0.0

    def kill(self) -> None:
        """It is gone. What is left of it is swept up with nothing outside in reach."""
        if self.ended:
            return
        self.dead = True
        for task in self.loop.tasks:
            task.cancel()
        for _ in range(LAST_TURNS_MAX):
            if not self.loop.ready:
                break
            self.loop.turn()


def _answer(future: asyncio.Future[Any], found: object) -> None:
    if not future.done():
        future.set_result(found)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
