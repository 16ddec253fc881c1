"""Runs in processes of their own that share one state in real storage, and a check of their result."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from served import APPLY, program
from shell import FAR, OURS

from reconciler.cli.clock import SystemClock
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    import subprocess
    from contextlib import AbstractContextManager
    from pathlib import Path

    from served import Served

    from reconciler.ports import Store

FOREIGN = (*OURS, "AWS_", "AZURE_", "PG", "GITHUB_", "COV_CORE", "COVERAGE")
"""Prefixes of variables that a run does not inherit."""

SETTLE_SECONDS = 0.5
"""A request on this machine arrives sooner."""

DAILY_LIMIT = 30
HOSTS = 3
MEETINGS_PER_HOST = 8


class Storage(Protocol):
    """A real storage with room for any number of states."""

    def address(self, name: str) -> str:
        """Where the state `name` is."""

    def environ(self) -> dict[str, str]:
        """Variables with the credentials."""


class Ended(Struct, frozen=True):
    """Exit status and output of a run."""

    status: int
    out: str
    err: str


class Team:
    """New hosts with their meetings, and runs that apply them."""

    def __init__(self, storage: Storage, zoom: Served, folder: Path, name: str) -> None:
        self.storage = storage
        self.address = storage.address(name)
        self.hosts = [f"{name}-{number}@example.com" for number in range(HOSTS)]
        self._zoom = zoom
        self._folder = folder / name
        self._folder.mkdir(parents=True)
        (self._folder / "reconciler.yaml").write_text(f"budget: {{daily_limit: {DAILY_LIMIT}, reserve: 0}}\n")
        self.declare(MEETINGS_PER_HOST)

    def declare(self, meetings_per_host: int) -> None:
        """Write a spec of so many meetings of each host."""
        declared = {
            f"{host.partition('@')[0]}-{number}": {
                "host": host,
                "topic": f"Topic {number}",
                "type": 2,
                "start_time": FAR.replace("T15", f"T{number:02}"),
                "duration": 30,
            }
            for host in self.hosts
            for number in range(meetings_per_host)
        }
        self.keys = sorted(declared)
        (self._folder / "meetings.yaml").write_text(json.dumps({"version": 1, "meetings": declared}))

    def runner(self, *arguments: str, **environ: str) -> AbstractContextManager[subprocess.Popen[str]]:
        """A process of our program; it is killed where it outlives the block."""
        ours = {**self._zoom.environ, **self.storage.environ(), "RECONCILER_SETTLE": str(SETTLE_SECONDS)}
        command = (*arguments, "--state", self.address)
        return program(self._folder, *command, environ={**ours, **environ}, hidden=FOREIGN)

    def run(self, *arguments: str, **environ: str) -> Ended:
        """Run a command to its end."""
        with self.runner(*arguments, **environ) as process:
            return ended(process)

    def apply(self, *arguments: str, **environ: str) -> Ended:
        """Run apply to its end."""
        return self.run(*APPLY, *arguments, **environ)

    def applying(self, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
        """Start an apply."""
        return self.runner(*APPLY, *arguments)

    def store(self) -> Store:
        """Return the store of the state."""
        clock = SystemClock()
        return open_store(
            self.address,
            StoreOptions(self._folder, "a test", clock, wait=clock.wait, environ=self.storage.environ()),
        )

    def state(self) -> Any:
        """Return the recorded state; an empty one if there is none."""
        snapshot = self.store().read()
        return json.loads(snapshot.document) if snapshot else {"meetings": {}, "intents": {}, "usage": {}}

    def unlock(self) -> bool:
        """Free the lock of a killed run with `force-unlock`; return whether there was one."""
        holder = self.store().holder()
        if holder is None:
            return False
        freed = self.run("force-unlock", holder.lock_id, "--force")
        assert freed.status == 0, freed.err
        return True

    def truth(self) -> Truth:
        """Compare account and state for these hosts."""
        account = self._zoom.client.get("/sandbox/account").json()
        ids = {user["id"]: user["email"] for user in account["users"] if user["email"] in self.hosts}
        ever = [meeting for meeting in account["meetings"] if meeting["host"] in self.hosts]
        used = Counter[str]()
        for row in account["usage"]:
            if row["user_id"] in ids:
                used[ids[row["user_id"]]] = max(used[ids[row["user_id"]]], row["used"])
        state = self.state()
        meetings = Counter((meeting["host"], meeting["start_time"]) for meeting in ever)
        live = {meeting["id"] for meeting in ever if not meeting["deleted"]}
        recorded = {record["id"] for record in state["meetings"].values()}
        charged = sum(sum(ledger.values()) for ledger in state["usage"].values())
        return Truth(
            duplicates=sum(meetings.values()) - len(meetings),
            losses=len(self.keys) - len(meetings) + len(live ^ recorded),
            over_budget=sum(count > DAILY_LIMIT for count in used.values()) + (used.total() > charged),
            interrupted=len(state["intents"]),
        )


class Truth(Struct, frozen=True):
    """Counts of duplicate, missing and unrecorded meetings, and so on; 0 everywhere is right."""

    duplicates: int
    losses: int
    over_budget: int
    interrupted: int


WELL = Truth(duplicates=0, losses=0, over_budget=0, interrupted=0)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of `process`."""
    out, err = process.communicate(timeout=180)
    return Ended(process.returncode, out, err)
