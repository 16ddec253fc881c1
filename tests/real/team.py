"""Runners that share one state in real storage, as processes of their own, and what is true afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seaweed import BUCKET
from shell import FAR, OURS

from reconciler.cli.clock import SystemClock
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from seaweed import Seaweed
    from served import Served

    from reconciler.ports import Store

FOREIGN = (*OURS, "AWS_", "GITHUB_", "COV_CORE", "COVERAGE")
"""Beginnings of variables that a runner is not given from here."""

SETTLE_SECONDS = 0.5
"""What is in flight on this machine lands sooner."""

DAILY_LIMIT = 30
HOSTS = 3
MEETINGS_PER_HOST = 8


@dataclass(frozen=True, slots=True)
class Ended:
    """How a runner ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


class Team:
    """Hosts that nobody had before, with their meetings, and runners that work on them."""

    def __init__(self, storage: Seaweed, zoom: Served, folder: Path, name: str) -> None:
        self.storage = storage
        self.address = f"s3://{BUCKET}/{name}/meetings.json"
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

    @contextmanager
    def runner(self, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """A process of our program; it is killed where it outlives the block."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        ours = {**self._zoom.environ, **self.storage.environ(), "RECONCILER_SETTLE": str(SETTLE_SECONDS)}
        with subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments, "--state", self.address],
            cwd=self._folder,
            env={**kept, **ours, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *arguments: str, **environ: str) -> Ended:
        """Run it to its end."""
        with self.runner(*arguments, **environ) as process:
            return ended(process)

    def apply(self, *arguments: str, **environ: str) -> Ended:
        """Apply to its end."""
        return self.run("apply", "--auto-approve", "--pace", "1000", *arguments, **environ)

    def applying(self, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
        """An apply that has begun."""
        return self.runner("apply", "--auto-approve", "--pace", "1000", *arguments)

    def store(self) -> Store:
        """The state's store, to look at."""
        clock = SystemClock()
        return open_store(
            self.address,
            StoreOptions(self._folder, "a test", clock, wait=clock.wait, environ=self.storage.environ()),
        )

    def state(self) -> Any:
        """What is recorded; an empty one where nothing ever was."""
        snapshot = self.store().read()
        return json.loads(snapshot.document) if snapshot else {"meetings": {}, "intents": {}, "usage": {}}

    def unlock(self) -> bool:
        """Free the lock of a runner that was killed, by our own verb; whether there was one."""
        holder = self.store().holder()
        if holder is None:
            return False
        freed = self.run("force-unlock", holder.lock_id, "--force")
        assert freed.status == 0, freed.err
        return True

    def truth(self) -> Truth:
        """What account and state say of our hosts."""
        seen = self._zoom.client.get("/sandbox/account").json()
        ids = {user["id"]: user["email"] for user in seen["users"] if user["email"] in self.hosts}
        ever = [meeting for meeting in seen["meetings"] if meeting["host"] in self.hosts]
        used = Counter[str]()
        for row in seen["usage"]:
            if row["user_id"] in ids:
                used[ids[row["user_id"]]] = max(used[ids[row["user_id"]]], row["used"])
        state = self.state()
        twins = Counter((meeting["host"], meeting["start_time"]) for meeting in ever)
        live = {meeting["id"] for meeting in ever if not meeting["deleted"]}
        recorded = {record["id"] for record in state["meetings"].values()}
        charged = sum(sum(ledger.values()) for ledger in state["usage"].values())
        return Truth(
            duplicates=sum(twins.values()) - len(twins),
            losses=len(self.keys) - len(twins) + len(live ^ recorded),
            over_budget=sum(count > DAILY_LIMIT for count in used.values()) + (used.total() > charged),
            interrupted=len(state["intents"]),
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """How many meetings are there twice, are missing or unknown to one side, and so on; all 0 is well."""

    duplicates: int
    losses: int
    over_budget: int
    interrupted: int


WELL = Truth(duplicates=0, losses=0, over_budget=0, interrupted=0)


def ended(process: subprocess.Popen[str]) -> Ended:
    """How `process` ends."""
    out, err = process.communicate(timeout=180)
    return Ended(process.returncode, out, err)
