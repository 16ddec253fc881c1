"""A terminal that is closed ends a run as Ctrl-C does, and the lock is freed; `nohup` keeps it running."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from served import APPLY, Served, applying, ids, wait_for_create
from shell import FAR, OURS, spec_of

if TYPE_CHECKING:
    from shell import Shell

STATE = ("--state", "s.json")
FREE = "Nobody holds"
KEYS = ("alpha", "beta", "gamma")
MANY = tuple(f"m{number:02}" for number in range(40))
"""So many that a signal comes before the last one, also on a busy machine."""


def declare(shell: Shell, host: str, keys: tuple[str, ...] = MANY) -> None:
    shell.write("meetings.yaml", spec_of({key: {} for key in keys}, host=host, start=FAR))


def left_behind(shell: Shell) -> tuple[list[str], dict[str, object], str]:
    """The recorded keys, the open intents, and what is said about the lock."""
    state = json.loads((shell.folder / "s.json").read_bytes())
    held = shell("state", "lock", *STATE).out.partition(" /")[0]
    return sorted(state["meetings"]), state["intents"], held


def test_a_hangup_lets_what_is_in_flight_finish(slow_zoom: Served, shell: Shell) -> None:
    host = "hangup@example.com"
    declare(shell, host)

    with applying(shell.folder, *STATE, **slow_zoom.environ) as process:
        wait_for_create(slow_zoom)
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=20)

    recorded, intents, holder = left_behind(shell)
    assert (process.returncode, intents, holder) == (130, {}, FREE)
    assert len(recorded) == len(ids(slow_zoom, host)) < len(MANY)
    assert err.startswith("\nStopping: what is in flight is finished and recorded.")


def test_a_run_that_ignores_hangups_goes_on(slow_zoom: Served, shell: Shell) -> None:
    """As `nohup` starts it."""
    host = "nohup@example.com"
    declare(shell, host, KEYS)

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child process inherits what is ignored
    try:
        with applying(shell.folder, *STATE, **slow_zoom.environ) as process:
            wait_for_create(slow_zoom)
            process.send_signal(signal.SIGHUP)
            _, err = process.communicate(timeout=20)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (process.returncode, err, left_behind(shell)) == (0, "", (list(KEYS), {}, FREE))


def test_a_closed_terminal_stops_an_apply_in_order(slow_zoom: Served, shell: Shell) -> None:
    """Its outputs are gone as well, and what would be written there is dropped."""
    host = "closed@example.com"
    declare(shell, host)
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}

    child, terminal = pty.fork()
    if not child:
        os.chdir(shell.folder)
        command = [sys.executable, "-m", "reconciler", *APPLY, *STATE]
        os.execve(sys.executable, command, {**plain, **slow_zoom.environ})
    wait_for_create(slow_zoom)
    os.close(terminal)
    _, status = os.waitpid(child, 0)

    recorded, intents, holder = left_behind(shell)
    assert (os.waitstatus_to_exitcode(status), intents, holder) == (130, {}, FREE)
    assert len(recorded) == len(ids(slow_zoom, host)) < len(MANY)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_apply_restores_the_handlers(number: signal.Signals, shell: Shell) -> None:
    """So that a signal while the lock is released still releases it."""
    shell.write("meetings.yaml", spec_of({"launch": {}}))
    before = signal.signal(number, signal.default_int_handler)

    try:
        shell.sandbox("apply", "--auto-approve")
        restored = signal.getsignal(number)
    finally:
        signal.signal(number, before)

    assert restored is signal.default_int_handler
