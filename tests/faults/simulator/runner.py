"""One `apply` in a process of its own: lock, plan, send, record, as the verb does it."""

from __future__ import annotations

import asyncio
import io
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.apply.context import ApplyContext
from reconciler.apply.engine import Result, execute
from reconciler.apply.history.logbook import Logbook
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.cli import refresh as cli_refresh
from reconciler.cli.commands.apply import runner
from reconciler.cli.commands.apply.command import record_without_sending
from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.planning import PlannedState
from reconciler.cli.workspace import LockedState, Workspace
from reconciler.errors.exceptions import ReconcilerError
from reconciler.live.refresh import as_imported
from reconciler.plan.plan import build
from reconciler.state.history import RunInfo
from reconciler.stores.http._store import HttpStore
from reconciler.stores.lock import LeaseRenewal
from reconciler.stores.options import StoreOptions
from reconciler.zoom import skew
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.pace import Pace
from simulator.faults import SETTLE_SECONDS
from simulator.network import Transport
from simulator.process import Killed
from simulator.team import PASSCODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.apply.events import Event
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Plan
    from reconciler.ports import Lease
    from reconciler.state.state import State
    from reconciler.stores.leased.store import LeasedStore
    from simulator.faults import Faults
    from simulator.hands import Mandate
    from simulator.network import Network
    from simulator.process import Process
    from simulator.team import Team

CREDENTIALS = Credentials("account", "client", "client-secret")


class Story(Struct):
    """What a run told, and how it ended; `failure` is None where it came to its end."""

    events: list[Event] = []
    lines: list[str] = []
    result: Result | None = None
    failure: ReconcilerError | None = None
    has_taken_over: bool = False
    skew: tuple[Diagnostic, ...] = ()
    """The warning about the machine's clock."""
    asks_nothing: bool = False
    """Whether there was nothing to do."""

    @property
    def lost(self) -> bool:
        """Whether it came to its end because the state was not its own any more."""
        return self.code in {"state.lease-lost", "state.changed"}

    @property
    def code(self) -> str:
        """The code of what ended it; empty where it came to its end."""
        return self.failure.diagnostics[0].code if self.failure else ""


class Runner:
    """An apply of what the team declares when it has the lock, as far as its mandate goes.

    `is_stopping` is the first Ctrl-C.
    """

    def __init__(  # noqa: PLR0913 - a state, where it lives, and how to write it
        self,
        process: Process,
        open_store: Callable[[Process, Faults, StoreOptions], LeasedStore | HttpStore],
        network: Network,
        team: Team,
        faults: Faults,
        *,
        mandate: Mandate,
        timeout_seconds: float,
    ) -> None:
        self.process = process
        self.story = Story()
        self.is_stopping = False
        self._team = team
        self._faults = faults
        self._mandate = mandate
        self._timeout_seconds = timeout_seconds
        self._is_over = False
        self._work: asyncio.Task[None] | None = None
        self._clock = ZoomClock(process)
        self._transport = Transport(network, process, process.name, faults.journey)
        self._store: LeasedStore | HttpStore = open_store(process, faults, self._surroundings())
        self._workspace = self._opened()
        self.main = process.start(self._run())

    def interrupt(self) -> None:
        """The second Ctrl-C: the loop is left at once, and the lock is freed."""
        if self._work is not None:
            self._work.cancel()

    def _surroundings(self) -> StoreOptions:
        return StoreOptions(
            Path(),
            self.process.name,
            self.process,
            wait=self.process.pass_time,
            notify=self.story.lines.append,
        )

    def _opened(self) -> Workspace:
        streams = io.StringIO(), io.StringIO(), io.StringIO()
        environ = {"GITHUB_ACTOR": self.process.name}
        workspace = Workspace(Path(), Console(*streams, environ=environ), GlobalOptions())
        workspace.store = self._store
        workspace.clock = self._clock
        return workspace

    async def _run(self) -> None:
        """As `Workspace.held` and `verbs.apply.run` do it, with virtual sleep for what blocks."""
        try:
            lease = await self._locked()
        except ReconcilerError as error:
            self.story.failure = error
            return
        self.story.has_taken_over = lease.taken_from is not None
        renewed = self.process.loop.create_task(self._kept_alive(lease))
        try:
            await self._applied(lease)
        except ReconcilerError as error:
            self.story.failure = error
        except asyncio.CancelledError:
            self.story.lines.append("interrupted")
        finally:
            if not self.process.dead:
                await self._left(renewed)
                await self.process.blocking(lease.release)

    async def _left(self, renewed: asyncio.Task[None]) -> None:
        """As `asyncio.run` leaves its loop, and `kept_alive` its thread: what blocks is waited for."""
        for task in self.process.loop.tasks:
            if task not in {self.main, renewed}:
                task.cancel()
        self._is_over = True
        await renewed
        while self.process.is_blocked:
            await self.process.sleep(0.01)

    async def _locked(self) -> Lease:
        store = self._store
        if isinstance(store, HttpStore):
            return await self.process.blocking(
                lambda: store.lock("apply", timeout_seconds=self._timeout_seconds)
            )
        attempt = await self.process.blocking(
            lambda: store.attempt_lock("apply", timeout_seconds=self._timeout_seconds)
        )
        while attempt.lease is None:
            await self.process.sleep(await self.process.blocking(attempt.poll))
        return attempt.lease

    async def _kept_alive(self, lease: Lease) -> None:
        """As `renewal.kept_alive` does it from a thread."""
        if isinf(lease.renew_seconds):
            return
        renewal = LeaseRenewal(lease, self.story.lines.append)
        while not await self._is_over_within(renewal.pause_seconds):
            await self.process.blocking(renewal.try_once)

    async def _is_over_within(self, seconds: float) -> bool:
        until = self.process.monotonic() + seconds
        while not self._is_over and (left := until - self.process.monotonic()) > 0:
            await self.process.sleep(min(left, 1.0))
        return self._is_over

    async def _applied(self, lease: Lease) -> None:
        workspace = self._workspace
        state, version = await self.process.blocking(lambda: workspace.writable_state(lease))
        async with self._client() as remote:
            self.story.skew = await skew.check(remote, self._clock)
        planned = await self._planned(state)
        plan = planned.plan
        self._mandate.check(plan)
        self.story.asks_nothing = not plan.has_work
        if not plan.has_work:
            before = LockedState(state, version, lease)
            await self.process.blocking(lambda: record_without_sending(workspace, before, planned))
            return
        async with self._client() as remote:
            bound = runner.bind_to_account(planned.state, await remote.origin(), "memory")
            journal = Journal(
                self._store,
                bound,
                version,
                self.process,
                self.process.blocking,
                gather_seconds=self._store.gather_seconds,
                logbook=Logbook(RunInfo("2026-12-01T09:00:00Z", self.process.name)),
            )
            work = self.process.loop.create_task(self._executed(plan, self._run_of(remote, journal, lease)))
            self._work = work
            await work

    async def _planned(self, state: State) -> PlannedState:
        """As `make_plan` does it, where the run reads Zoom first."""
        options = self._mandate.options
        if not options.refresh:
            return PlannedState(self._team.plan(state, self._clock.now(), options), state, failed=False)
        selection = cli_refresh.selection_of(state, self._team.spec, options, self._clock.now())
        read = await cli_refresh.read_all(self._client(), state, selection, self._clock, "memory")
        refreshed = cli_refresh.corrected(state, self._team.spec, read, self._clock.now())
        plan = build(
            self._team.spec, refreshed.state, self._clock.now(), self._team.allowances, options,
            imported=refreshed.imported, gone=refreshed.gone, ending=refreshed.ending,
        )  # fmt: skip
        return PlannedState(plan, refreshed.facts, failed=False)

    async def _executed(self, plan: Plan, run: ApplyContext) -> None:
        self.story.result = await execute(plan, run)
        self.story.failure = self.story.result.failure

    def _run_of(self, remote: ZoomClient, journal: Journal, lease: Lease) -> ApplyContext:
        return ApplyContext(
            remote=remote,
            journal=journal,
            clock=self._clock,
            lease=lease,
            allowances=self._team.allowances,
            author=Author(self.process.name, PASSCODES.get, lambda: b"salt", self._has_zooms_time),
            settle_seconds=SETTLE_SECONDS,
            listener=self._hear,
            stopping=lambda: self.is_stopping,
            as_imported=as_imported,
        )

    def _client(self) -> ZoomClient:
        return ZoomClient(
            CREDENTIALS,
            Addresses(),
            pace=Pace.of("pro", self.process),
            clock=self._clock,
            random=self._faults.chance.random,
            transport=self._transport,
        )

    def _has_zooms_time(self) -> bool:
        return self._clock.is_measured

    def _hear(self, event: Event) -> None:
        if self.process.dead:
            raise Killed
        self.story.events.append(event)
        self._faults.said(f"{self.process.name}: {_short(event)}")


def _short(event: Event) -> str:
    told = [type(event).__name__]
    for name in ("key", "action", "outcome", "id", "day"):
        value = getattr(event, name, None)
        if value is not None:
            told.append(str(getattr(value, "value", value)))
    diagnostic = getattr(event, "diagnostic", None)
    return " ".join([*told, diagnostic.code] if diagnostic else told)
