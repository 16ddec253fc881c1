"""Meetings of a new host, applied by processes that may die, and what must be in the end."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import victim
from msgspec import Struct
from served import served
from shell import FAR, OURS, spec_of
from trusted import one_authority

from reconciler.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from served import Served

TOPICS = ["Planning", "Retro", "Weekly"]
LIMIT = 9
"""Requests of a host's day in a change: 6 are needed, and those that a death leaves open are sent again."""

APPLY = ("apply", "--auto-approve", "--pace", "1000", "--state", "state.json")
SETTLE_SECONDS = 0.1
"""What is in flight on this machine lands sooner."""


class Outside(Struct, frozen=True):
    """A served emulator, and what reaches it fast: a trust store of one certificate is soon read."""

    zoom: Served
    environ: dict[str, str]
    log: Path
    """What the emulator saw; see `auditor`."""


@contextmanager
def opened(folder: Path) -> Iterator[Outside]:
    """Serve an emulator that logs what it sees, and load all that a process needs, until the block ends."""
    log = folder / "requests.jsonl"
    log.touch()
    with served(log=log) as zoom, pytest.MonkeyPatch.context() as patched:
        for name in filter(lambda name: name.startswith(OURS), os.environ):
            patched.delenv(name)
        environ = {
            **zoom.environ,
            "RECONCILER_SETTLE": str(SETTLE_SECONDS),
            "SSL_CERT_FILE": str(one_authority(folder)),
        }
        outside = Outside(zoom, environ, log)
        _load_all(outside, folder / "warm", patched)
        yield outside


def _load_all(outside: Outside, folder: Path, patched: pytest.MonkeyPatch) -> None:
    """Run once in this process, so that its forks need not import anything."""
    with patched.context() as here:
        here.chdir(World(outside, folder, "warm").folder)
        for name, value in outside.environ.items():
            here.setenv(name, value)
        assert run(APPLY) == 0


class World:
    """Three meetings of a host that nobody had before, to be created by processes that may die."""

    def __init__(self, outside: Outside, folder: Path, name: str) -> None:
        self.outside = outside
        self.host = f"{name}@example.com"
        self.folder = folder / name / "work"
        self.folder.mkdir(parents=True, exist_ok=True)
        next_month = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
        starts = [(next_month + timedelta(hours=number)).isoformat() for number in range(len(TOPICS))]
        declared = {
            topic.lower(): {"topic": topic, "start_time": start.replace("+00:00", "Z")}
            for topic, start in zip(TOPICS, starts, strict=True)
        }
        (self.folder / "meetings.yaml").write_text(spec_of(declared, host=self.host))

    def apply(self, *, dies_at: int = 0, patch: victim.Patch = victim.nothing) -> victim.ForkResult:
        """Run an apply, to its end or to its death."""
        return victim.in_fork(self.folder, APPLY, self.outside.environ, dies_at=dies_at, patch=patch)

    def apply_until(self, seconds: float) -> None:
        """Kill an apply from outside."""
        self.kill_after(seconds, APPLY, self.outside.environ)

    def kill_after(
        self,
        seconds: float,
        command: Sequence[str],
        environ: Mapping[str, str],
        patch: victim.Patch = victim.nothing,
    ) -> None:
        """Start a process and kill it so much later."""
        with victim.started(self.folder, command, environ, patch) as child:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)

    def state(self) -> Any:
        """What was recorded."""
        return json.loads((self.folder / "state.json").read_bytes())

    def wrong(self, ended: victim.ForkResult) -> list[str]:
        """What is not as it must be after an apply that nobody killed; empty where all is well."""
        state, listed = self.state(), self.outside.zoom.meetings(self.host)
        recorded = sorted(record["id"] for record in state["meetings"].values())
        charged = sum(sum(ledger.values()) for ledger in state["usage"].values())
        facts = {
            f"it ended with {ended.status}: {ended.output}": ended.status == 0,
            f"Zoom has {sorted(one['topic'] for one in listed)}": sorted(one["topic"] for one in listed)
            == TOPICS,
            f"recorded is {sorted(state['meetings'])}": recorded == sorted(one["id"] for one in listed),
            f"interrupted is {sorted(state['intents'])}": not state["intents"],
            f"charged are {charged}": charged >= len(TOPICS),
        }
        return [words for words, holds in facts.items() if not holds]


class Changed(World):
    """Four meetings that are there and one made by hand; of the second spec each is something else.

    One is updated, one replaced, one destroyed, one moved, one imported.
    """

    def __init__(self, outside: Outside, folder: Path, name: str) -> None:
        super().__init__(outside, folder, name)
        (self.folder / "reconciler.yaml").write_text(f"budget: {{daily_limit: {LIMIT}, reserve: 0}}\n")
        plain = {"start_time": FAR}
        first = dict.fromkeys(("changed", "replaced", "ended", "moved"), plain)
        self._write(first)
        ended = self.apply()
        assert ended.status == 0, ended.output
        self.before = {key: record["id"] for key, record in self.state()["meetings"].items()}
        self.found = outside.zoom.client.post(
            f"/v2/users/{self.host}/meetings",
            json={"topic": "found", "type": 2, "start_time": FAR, "duration": 60},
        ).json()["id"]
        again = {"topic": "moved", **plain}
        rule = {"type": 1, "end_times": 3}
        second = {
            "changed": {**plain, "duration": 90},
            "replaced": {
                "type": 8,
                "start_time": FAR.removesuffix("Z"),
                "timezone": "UTC",
                "recurrence": rule,
            },
            "renamed": again,
            "found": plain,
        }
        gone = [{"key": key, "id": self.before[key], "destroy": True} for key in ("ended", "replaced")]
        self._write(
            second,
            moved=[{"from": "moved", "to": "renamed"}],
            imports=[{"id": self.found, "to": "found"}],
            removed=gone,
        )

    def _write(self, declared: dict[str, Any], **references: Any) -> None:
        spec = json.loads(spec_of(declared, host=self.host))
        (self.folder / "meetings.yaml").write_text(json.dumps({**spec, **references}))

    def wrong(self, ended: victim.ForkResult) -> list[str]:
        """The same of the second spec, and what is gone, and what its host was charged."""
        state, before = self.state(), self.before
        account = self.outside.zoom.client.get("/sandbox/account").json()
        (user,) = {one["id"] for one in account["users"] if one["email"] == self.host}
        used = sum(row["used"] for row in account["usage"] if row["user_id"] == user) - 1  # made by hand
        charged = sum(sum(ledger.values()) for ledger in state["usage"].values())
        made = sorted(one["topic"] for one in account["meetings"] if one["host"] == self.host)
        listed = {one["id"]: one for one in self.outside.zoom.meetings(self.host)}
        recorded = {key: record["id"] for key, record in state["meetings"].items()}
        new = recorded.get("replaced")
        stays = {"changed": before["changed"], "renamed": before["moved"], "found": self.found}
        lengths = {key: listed.get(number, {}).get("duration") for key, number in recorded.items()}
        facts = {
            f"it ended with {ended.status}: {ended.output}": ended.status == 0,
            f"ever made were {made}": made == ["changed", "ended", "found", "moved", "replaced", "replaced"],
            f"recorded is {recorded}": recorded == {**stays, "replaced": new} and new not in before.values(),
            f"Zoom has {sorted(listed)}, recorded is {recorded}": listed.keys() == set(recorded.values()),
            f"they last {lengths}": lengths == {"changed": 90, "renamed": 60, "found": 60, "replaced": 60},
            f"open are {state['intents']}, {state['retired']}": not state["intents"] and not state["retired"],
            f"{used} requests are {charged} charged, of {LIMIT}": used <= charged <= LIMIT,
        }
        return [words for words, holds in facts.items() if not holds]
