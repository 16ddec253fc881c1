"""What the promise costs: writes of a shared state, and an apply beside a bare loop of POSTs.

    python storage.py [--quick]

The state of 10,000 meetings lies behind a store that takes 100 ms to answer, as a bucket does. 500
meetings of 50 hosts are created at a pace of 60, with writes grouped as they are, and each change in
a write of its own. Then whole processes: an apply of 500 against as many POSTs, at 0 and at 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import generate
from apply import FULL_SPEED, PROGRAM, credentials, emulator
from measure import Command, Sample
from measure import run as measured
from reach import Line, report

from reconciler.apply.context import ApplyContext
from reconciler.apply.engine import execute
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.cli.clock import SystemClock
from reconciler.errors.diagnostic import Diagnostic
from reconciler.live.refresh import as_imported
from reconciler.meeting.meeting import Meeting
from reconciler.plan import plan
from reconciler.plan.budget import Allowances, Limits
from reconciler.ports import Snapshot
from reconciler.spec.spec import Spec
from reconciler.state import document as state_document
from reconciler.stores.errors import ConflictError
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.lock import renewing
from reconciler.stores.options import StoreOptions
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from reconciler.apply.engine import Result
    from reconciler.plan.plan import Plan
    from reconciler.ports import Lease

HERE = Path(__file__).parent
RECORDED, CREATES, HOSTS = 10_000, 500, 50
STORE_SECONDS = 0.1
GATHER_SECONDS = 0.2
"""As object storage asks for."""
PACE = 60
WRITES_PER_SECOND_MAX = 4
"""Besides one for eight creates: "a few per second of its length"."""
GROUPED_MIN = 3.0
LATENCIES_SECONDS = (0.0, 0.1)
COST_MAX = 3.0
ALLOWANCES = Allowances(Limits(100, 0), {})


class SlowPlace:
    """A bucket: documents in memory, each request takes `STORE_SECONDS`."""

    location = "memory"
    gather_seconds = GATHER_SECONDS

    def __init__(self) -> None:
        self.documents: dict[str, Snapshot] = {}
        self.writes = 0

    def get(self, name: str) -> Snapshot | None:
        """The newest one."""
        time.sleep(STORE_SECONDS)
        return self.documents.get(name)

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Write it on its condition."""
        del note
        time.sleep(STORE_SECONDS)
        stands = self.documents.get(name)
        if (stands and stands.version) != replaces:
            raise ConflictError(Diagnostic("state.changed", "Somebody else has written"))
        self.writes += 1
        self.documents[name] = Snapshot(document, str(self.writes))
        return str(self.writes)

    def check(self) -> None:
        """It keeps them."""


class Ungrouped(Journal):
    """A journal that writes the state anew for each change."""

    async def _write_all(self) -> None:
        while self._waiting:
            carried = self._waiting.pop(0)
            self.state = self.state.written()
            await self._write(self.state)
            carried.set_result(self._clock.monotonic())


@dataclass(frozen=True, slots=True)
class Applied:
    """How long an apply took, and how often it wrote the state."""

    seconds: float
    writes: int


async def applied(address: str, journal_kind: type[Journal]) -> Applied:
    """Create the new ones of a large world over a slow store."""
    place, clock = SlowPlace(), SystemClock()
    store = LeasedStore(place, StoreOptions(HERE, "benchmark", clock, clock.wait))
    declared = generate.meetings(RECORDED)
    document = generate.as_state(declared).encode()
    version = store.write(document, replaces=None)
    state = state_document.decode(document, place.location)
    lease = store.lock("apply", timeout_seconds=0)
    wanted = {key: _meeting(key, body) for key, body in declared.items()} | _new()
    todo = plan.build(Spec(dict(sorted(wanted.items()))), state, clock.now(), ALLOWANCES)
    journal = journal_kind(store, state, version, clock, asyncio.to_thread, gather_seconds=GATHER_SECONDS)
    begun, before = time.monotonic(), place.writes
    with renewing(lease, print):
        result = await _executed(todo, address, journal, lease, clock)
    assert (int(result.status), result.summary.added) == (0, CREATES), result
    return Applied(time.monotonic() - begun, place.writes - before)


async def _executed(todo: Plan, address: str, journal: Journal, lease: Lease, clock: SystemClock) -> Result:
    async with _client(address, clock) as remote:
        return await execute(
            todo,
            ApplyContext(
                remote=remote,
                journal=journal,
                clock=ZoomClock(clock),
                lease=lease,
                allowances=ALLOWANCES,
                author=Author("benchmark", lambda _name: None, lambda: b"salt", lambda: True),
                settle_seconds=0.0,
                listener=lambda _event: None,
                stopping=lambda: False,
                as_imported=as_imported,
            ),
        )


def _meeting(key: str, body: generate.Meeting) -> Meeting:
    return Meeting(key, body["host"], {name: value for name, value in body.items() if name != "host"})


def _new() -> dict[str, Meeting]:
    """The meetings to create, all on hosts of their own: their budgets are whole."""
    declared = generate.meetings(CREATES, seed=generate.SEED + 1)
    return {
        f"new-{number:04}": _meeting(
            f"new-{number:04}", {**body, "host": f"new-{number % HOSTS:02}@example.com"}
        )
        for number, body in enumerate(declared.values())
    }


def _client(address: str, clock: SystemClock) -> ZoomClient:
    return ZoomClient(
        Credentials("sandbox", "sandbox", "sandbox"),
        Addresses(f"{address}/v2", f"{address}/oauth/token"),
        pace=Pace.of(PACE, clock),
        clock=ZoomClock(clock),
        random=random.random,
        user_limit=UserLimit(),
    )


def writes() -> list[Line]:
    """The same apply, grouped and not."""
    with emulator(0) as address:
        grouped = asyncio.run(applied(address, Journal))
    with emulator(0) as address:
        alone = asyncio.run(applied(address, Ungrouped))
    for name, one in (("grouped", grouped), ("each change alone", alone)):
        print(
            f"{CREATES} creates, {RECORDED} recorded, {name}: {one.writes} writes in {one.seconds:.1f} s",
            flush=True,
        )
    allowed = CREATES / 8 + WRITES_PER_SECOND_MAX * grouped.seconds
    return [
        Line("writes of a shared state, in those that are allowed", grouped.writes / allowed, 1),
        Line(
            "writes without grouping, in times of grouped",
            alone.writes / grouped.writes,
            GROUPED_MIN,
            at_least=True,
        ),
        Line(
            "seconds without grouping, in times of grouped", alone.seconds / grouped.seconds, 1, at_least=True
        ),
    ]


def cost(latency_seconds: float, rounds: int) -> list[Line]:
    """An apply with its intents, its lists and its reading back, in times of as many bare POSTs."""
    pairs = [(_apply(latency_seconds), _bare(latency_seconds)) for _ in range(rounds)]
    title = f"apply of {CREATES} in times of bare POSTs, {latency_seconds * 1000:.0f} ms"
    return [
        Line(f"{title}: seconds", median(ours.wall / bare.wall for ours, bare in pairs), COST_MAX),
        Line(f"{title}: CPU", median(ours.cpu / bare.cpu for ours, bare in pairs), COST_MAX),
    ]


def _apply(latency_seconds: float) -> Sample:
    with tempfile.TemporaryDirectory() as name, emulator(latency_seconds) as address:
        folder = Path(name)
        declared = {
            key: {**body, "host": f"host-{n % HOSTS:02}@example.com"}
            for n, (key, body) in enumerate(generate.meetings(CREATES).items())
        }
        (folder / "meetings.yaml").write_text(generate.as_yaml(declared))
        arguments = (*PROGRAM, "apply", "--auto-approve", "--state", "state.json", "--pace", str(FULL_SPEED))
        return measured(Command("apply", arguments, folder, environment=credentials(address)))


def _bare(latency_seconds: float) -> Sample:
    with emulator(latency_seconds) as address:
        arguments = (
            sys.executable,
            str(HERE / "bare_loop.py"),
            address,
            str(FULL_SPEED),
            str(CREATES),
            "--posts-only",
        )
        return measured(Command("bare loop", arguments, HERE))


def lines(*, quick: bool) -> list[Line]:
    """Every figure; in the quick share, one round of each."""
    rounds = 1 if quick else 3
    return [*writes(), *(line for latency in LATENCIES_SECONDS for line in cost(latency, rounds))]


def main() -> int:
    """Print every figure; 1 where one misses its reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    return report(lines(quick=parser.parse_args().quick))


if __name__ == "__main__":
    sys.exit(main())
