"""What a rollout costs with the state on a branch of git, whose pushes take a second.

    python git_store.py [--quick]

A bare repository stands in for the team's, with a hook that waits a second before each push, as a
server far away does. A process of ours creates 300 meetings of 60 hosts against the emulator at each
pace. Told are its seconds, its pushes and what the repository has grown by; then the state of 10,000
meetings is read and written without that second, which is what git itself takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import generate
from apply import PROGRAM, credentials, emulator
from measure import Command, run

from reconciler.cli.clock import SystemClock
from reconciler.stores.git.place import open_git
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Given = TypeVar("Given")

CREATES = 300
PACES = (20, 60)
PUSH_SECONDS = 1.0
RECORDED = 10_000
BRANCH = "reconciler-state"

ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "CI": "true"}


@dataclass(frozen=True, slots=True)
class Team:
    """A bare repository and a checkout of it."""

    folder: Path

    @property
    def remote(self) -> Path:
        """The repository."""
        return self.folder / "ops.git"

    @property
    def checkout(self) -> Path:
        """What a job has checked out."""
        return self.folder / "job"

    def delay(self, seconds: float) -> None:
        """Have each push wait."""
        hook = self.remote / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nsleep {seconds}\n")
        hook.chmod(0o700)

    def notes(self) -> list[str]:
        """What each push has written."""
        return git(self.remote, "log", "--format=%s", BRANCH).splitlines()

    def kib(self) -> int:
        """What the repository takes, as a server keeps it after its own cleaning."""
        git(self.remote, "gc", "--quiet")
        counts = git(self.remote, "count-objects", "-v").splitlines()
        return int(dict(line.split(": ") for line in counts)["size-pack"])


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    named = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ("git", *named, *arguments),
        cwd=folder,
        env={**os.environ, **ALONE},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@contextmanager
def team(meetings: int) -> Iterator[Team]:
    """Specs in a repository, checked out as CI does it."""
    with tempfile.TemporaryDirectory() as name:
        made = Team(Path(name))
        git(made.folder, "init", "-q", "--bare", "ops.git")
        git(made.folder, "clone", "-q", f"file://{made.remote}", "ann")
        (made.folder / "ann" / "meetings.yaml").write_text(generate.as_yaml(generate.meetings(meetings)))
        git(made.folder / "ann", "add", "-A")
        git(made.folder / "ann", "commit", "-q", "-m", "Declare")
        git(made.folder / "ann", "push", "-q", "origin", "HEAD:main")
        git(made.folder, "clone", "-q", "--depth=1", "--branch=main", f"file://{made.remote}", "job")
        git(made.checkout, "checkout", "-q", "--detach")
        yield made


def rollout(creates: int, pace: int) -> str:
    """One apply, told in a line."""
    with team(creates) as made, emulator(0.1) as address:
        made.delay(PUSH_SECONDS)
        before = made.kib()
        arguments = (*PROGRAM, "apply", "--auto-approve", "--state", f"git:{BRANCH}", "--pace", str(pace))
        environment = {**credentials(address), **ALONE}
        sample = run(Command("apply", arguments, made.checkout, environment=environment))
        recorded = json.loads(git(made.remote, "show", f"{BRANCH}:state.json"))["meetings"]
        assert len(recorded) == creates, f"{len(recorded)} recorded instead of {creates}"
        notes = made.notes()
        locks = sum("lock" in note.casefold() for note in notes)
        made.delay(0)
        return (
            f"{creates} creates, pace {pace}: {sample.wall:.1f} s, {len(notes)} pushes "
            f"({len(notes) - locks} of the state, {locks} of the lock), "
            f"{sample.cpu:.1f} s CPU without git's, {made.kib() - before} KiB in the repository"
        )


def large(count: int, rounds: int) -> str:
    """Reading and writing a large state, without the time of a server far away."""
    with team(10) as made:
        document = generate.as_state(generate.recorded(generate.meetings(count))).encode()
        clock = SystemClock()
        store = open_git(
            f"git:{BRANCH}",
            StoreOptions(made.checkout, "bench", clock, clock.wait, environ={**os.environ, **ALONE}),
        )
        first, version = timed(partial(store.write, document, replaces=None))
        again = []
        for number in range(rounds):
            middle = len(document) // 2  # a few bytes there differ each time, as a meeting's would
            changed = document[:middle] + b"%08d" % number + document[middle:]
            seconds, version = timed(partial(store.write, changed, replaces=version))
            again.append(seconds)
        read, _ = timed(store.read)
        return (
            f"{count} meetings, {len(document) / 2**20:.1f} MiB: first write {first:.2f} s, "
            f"another {min(again):.2f} s, read {read:.2f} s, {made.kib()} KiB after {rounds + 1} writes"
        )


def timed(call: Callable[[], Given]) -> tuple[float, Given]:
    """Seconds, and what came of it."""
    begun = time.perf_counter()
    given = call()
    return time.perf_counter() - begun, given


def main() -> int:
    """Print each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    is_quick = parser.parse_args().quick
    for pace in PACES[:1] if is_quick else PACES:
        print(rollout(50 if is_quick else CREATES, pace), flush=True)
    print(large(1000 if is_quick else RECORDED, rounds=5), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
