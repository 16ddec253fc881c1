"""The emulator in a process of its own, the variables that point the program at it, and applies to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import emulator_process
import httpx
import pytest
from shell import OURS

from reconciler.cli.clock import SystemTimer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import IO

LOADED = multiprocessing.get_context("forkserver")
"""Makes processes from one that has loaded the emulator, once: a start of Python takes 20 times as long."""
LOADED.set_forkserver_preload(["__main__", "reconciler.sandbox.__main__", "reconciler.sandbox.server"])

LOGGED = Path(__file__).with_name("logged_zoom.py")

APPLY = ("apply", "--auto-approve", "--pace", "1000")
"""An apply that no limit per second slows down."""


class Served:
    """An emulator on a port of this machine."""

    def __init__(self, address: str) -> None:
        self.environ = {
            "RECONCILER_API_URL": f"{address}/v2",
            "RECONCILER_AUTH_URL": f"{address}/oauth/token",
            "ZOOM_ACCOUNT_ID": "account",
            "ZOOM_CLIENT_ID": "client",
            "ZOOM_CLIENT_SECRET": "secret-of-the-client",
        }
        headers = {"authorization": "Bearer sandbox"}
        self.client = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30)

    def meetings(self, host: str) -> list[dict[str, Any]]:
        """Return every meeting of `host`."""
        response = self.client.get(f"/v2/users/{host}/meetings", params={"page_size": 300})
        meetings: list[dict[str, Any]] = response.json()["meetings"]
        return meetings

    def topics(self, host: str) -> list[str]:
        """Return the topics of every meeting of `host`, sorted."""
        return sorted(meeting["topic"] for meeting in self.meetings(host))

    def meet(self, **fault: Any) -> None:
        """Prepare a fault."""
        self.client.post("/sandbox/faults", json=fault).raise_for_status()


@contextmanager
def served(*arguments: str, log: Path | None = None) -> Iterator[Served]:
    """Run an emulator without a limit per second until the block ends; it writes what it sees to `log`."""
    printing = _logging(log) if log else _printing("--switch", "plan=off", *arguments)
    with printing as printed:
        zoom = Served(printed.readline().strip())
        with zoom.client:
            yield zoom


@contextmanager
def _printing(*arguments: str) -> Iterator[IO[str]]:
    """Run the emulator in a process of its own until the block ends; give what it prints."""
    printed, printer = LOADED.Pipe(duplex=False)
    process = LOADED.Process(target=emulator_process.serve, args=(arguments, printer))
    process.start()
    printer.close()
    try:
        with printed, os.fdopen(os.dup(printed.fileno())) as lines:
            yield lines
    finally:
        process.kill()
        process.join()
        process.close()


@contextmanager
def _logging(log: Path) -> Iterator[IO[str]]:
    """The same, of the emulator that writes what it sees to `log`."""
    with subprocess.Popen([sys.executable, LOGGED, log], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout
        finally:
            process.kill()


@contextmanager
def program(
    folder: Path, *arguments: str, environ: Mapping[str, str], hidden: tuple[str, ...] = OURS
) -> Iterator[subprocess.Popen[str]]:
    """Run the program in a process of its own until the block ends.

    Its variables are `environ`, and those of this process that do not begin with one of `hidden`.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**plain, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def applying(folder: Path, *flags: str, **environ: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run apply in a process of its own until the block ends."""
    return program(folder, *APPLY, *flags, environ=environ)


class Resuming(SystemTimer):
    """A timer whose first wait lets a process go on that was stopped with SIGSTOP.

    Until then, that process holds what it had, however slow the machine is.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGSTOP)
        self._process = process

    def wait(self, seconds: float) -> None:
        """Block for `seconds`, in which the process runs."""
        self._process.send_signal(signal.SIGCONT)
        super().wait(seconds)


def wait_for_create(zoom: Served) -> None:
    """Return when a create has reached the emulator."""
    for _ in range(400):
        requests = zoom.client.get("/sandbox/account").json()["requests"]
        if any(request["method"] == "POST" and "/users/" in request["path"] for request in requests):
            return
        time.sleep(0.02)
    pytest.fail("no create arrived")


def ids(zoom: Served, host: str) -> list[int]:
    return sorted(meeting["id"] for meeting in zoom.meetings(host))
