"""`kill -9` at any instant of an apply, and run again: each meeting exactly once, as declared, recorded.

The process that dies is a real one, and the emulator that it speaks to outlives it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import certifi
import pytest
import victim
from served import served
from shell import FAR, OURS, spec_of

from reconciler.cli.main import run
from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from served import Served

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "5"))
"""How often a process is killed at a random instant; `make faults` asks for many."""

IS_WHOLE = "FAULT_ROUNDS" in os.environ
"""Whether a process dies at each touch of a change, too; else at every fifteenth."""

TOPICS = ["Planning", "Retro", "Weekly"]
LIMIT = 9
"""Requests of a host's day in a change: 6 are needed, and those that a death leaves open are sent again."""

APPLY = ("apply", "--auto-approve", "--pace", "1000", "--state", "state.json")
SETTLE_SECONDS = 0.1
"""What is in flight on this machine lands sooner."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A served emulator, and what reaches it fast: a trust store of one certificate is soon read."""

    zoom: Served
    environ: dict[str, str]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    trusted = tmp_path_factory.mktemp("trust") / "one.pem"
    trusted.write_text(
        certifi.contents().partition("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    )
    with served() as zoom, pytest.MonkeyPatch.context() as patched:
        for name in filter(lambda name: name.startswith(OURS), os.environ):
            patched.delenv(name)
        environ = {**zoom.environ, "RECONCILER_SETTLE": str(SETTLE_SECONDS), "SSL_CERT_FILE": str(trusted)}
        outside = Outside(zoom, environ)
        _load_all(outside, tmp_path_factory.mktemp("warm"), patched)
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
        self.folder.mkdir(parents=True)
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
        with victim.started(self.folder, APPLY, self.outside.environ) as child:
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


def search(
    outside: Outside,
    folder: Path,
    patch: victim.Patch = victim.nothing,
    *,
    kind: type[World] = World,
    step: int = 1,
) -> Iterator[tuple[str, list[str]]]:
    """Die at each `step`-th touch until a run has no death: where, and what the next run left wrong."""
    for nth in count(1, step):
        world = kind(outside, folder, f"host-{folder.name}-{nth}".lower())
        died = world.apply(dies_at=nth, patch=patch)
        if died.status is not None:
            yield f"nowhere, at touch {nth}", world.wrong(died)
            return
        yield died.place, world.wrong(world.apply())


def forget_intents() -> None:
    """Take the write of intents out: what is written is only what is certain."""
    write = FileStore.write

    def written(store: FileStore, document: bytes, *, replaces: str | None, note: str = "") -> str:
        if b'"intents":{}' in document:
            return write(store, document, replaces=replaces, note=note)
        assert replaces
        return replaces

    FileStore.write = written  # type: ignore[assignment, method-assign]  # - a hole in the engine


def test_an_apply_that_dies_at_any_touch_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """Each meeting exactly once, recorded and charged, wherever the first process died."""
    found = dict(enumerate(search(outside, tmp_path), 1))

    places = [place for place, _ in found.values()]
    assert {nth: wrong for nth, (_, wrong) in found.items() if wrong} == {}
    assert sum(place.startswith("before POST /v2/users") for place in places) >= len(TOPICS) - 1
    assert len(places) > 40


def test_a_change_that_dies_at_any_touch_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """What is updated, replaced, ended, moved and imported is so once, wherever the first process died."""
    step = 1 if IS_WHOLE else 15
    found = dict(enumerate(search(outside, tmp_path, kind=Changed, step=step), 1))

    places = [place for place, _ in found.values()]
    assert {nth: wrong for nth, (_, wrong) in found.items() if wrong} == {}
    assert len(places) > 60 / step
    if IS_WHOLE:
        sent = {place.split()[1] for place in places if place.startswith("after ")}
        assert sent >= {"POST", "PATCH", "DELETE"}


def test_the_search_finds_an_engine_without_the_intent_write(outside: Outside, tmp_path: Path) -> None:
    """The search can fail: without that write a meeting is lost to whoever dies after its request."""
    found = next((place, wrong) for place, wrong in search(outside, tmp_path, forget_intents) if wrong)

    assert found[0].startswith("after POST /v2/users")


def test_an_apply_that_is_killed_at_random_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """From outside, at whatever instant it is; several times in a row, then left alone."""
    chance = random.Random()
    wrong = {}
    for number in range(ROUNDS):
        world = World(outside, tmp_path, f"random-{tmp_path.name}-{number}".lower())
        for _ in range(chance.randint(1, 3)):
            world.apply_until(chance.uniform(0.0, 0.12))
        wrong[number] = world.wrong(world.apply())

    assert {number: words for number, words in wrong.items() if words} == {}
