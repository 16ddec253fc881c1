"""The program against an emulator on a port, over real HTTP, with real signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from served import APPLY, Resuming, Served, applying, ids, served, wait_for_create
from shell import FAR, spec_of

from reconciler.cli.clock import SystemTimer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shell import Shell

KEYS = ("alpha", "beta", "delta", "gamma")
STATE = ("--state", "s.json")
STOPPING = "\nStopping: what is in flight is finished and recorded. Press Ctrl-C again to end at once.\n"


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def four(host: str) -> str:
    return spec_of({key: {} for key in KEYS}, host=host, start=FAR)


def recorded(folder: Path) -> dict[str, int]:
    state = json.loads((folder / "s.json").read_bytes())
    return {key: record["id"] for key, record in state["meetings"].items()}


def test_the_served_sandbox_prints_how_to_connect(shell: Shell) -> None:
    """What it prints is what the same commands need, and nothing else."""
    shell.write("meetings.yaml", spec_of({"retro": {}}, start=FAR))
    command = [sys.executable, "-m", "reconciler", "sandbox"]
    with subprocess.Popen(
        command, cwd=shell.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served_sandbox:
        assert served_sandbox.stdout
        said = ""
        while "Press Ctrl-C to stop it." not in (line := served_sandbox.stdout.readline()):
            assert line, "it ended early"
            said += line
        environ = dict(re.findall(r"([A-Z_]+)=(\S+)", said))
        applied = shell(*APPLY, *STATE, **environ)
        again = shell("plan", "--state", "s.json", **environ)
        served_sandbox.send_signal(signal.SIGINT)
        _, complaints = served_sandbox.communicate(timeout=20)

    assert sorted(environ) == [
        *("RECONCILER_API_URL", "RECONCILER_AUTH_URL"),
        *("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"),
    ]
    assert (applied.status, applied.err, again.out[:11]) == (0, "", "No changes.")
    assert (served_sandbox.returncode, "Traceback" in complaints) == (130, False)
    assert recorded(shell.folder).keys() == {"retro"}


def test_three_variables_and_two_addresses_reach_an_account(zoom: Served, shell: Shell) -> None:
    host = "reach@example.com"
    shell.write("meetings.yaml", four(host))

    planned = shell("plan", "--state", "s.json")
    applied = shell(*APPLY, *STATE, **zoom.environ)
    again = shell("plan", "--state", "s.json")

    assert (planned.status, applied.status, applied.err) == (0, 0, "")
    assert (zoom.topics(host), sorted(recorded(shell.folder).values())) == (list(KEYS), ids(zoom, host))
    assert again.out.startswith("No changes.")
    assert zoom.environ["ZOOM_CLIENT_SECRET"] not in applied.out + (shell.folder / "s.json").read_text()


def test_an_access_token_is_enough(zoom: Served, shell: Shell) -> None:
    """`me` is a host only with one."""
    shell.write("meetings.yaml", spec_of({"retro": {}}, host="me", start=FAR))
    environ = {name: value for name, value in zoom.environ.items() if not name.startswith("ZOOM_")}

    ran = shell(*APPLY, *STATE, **environ, ZOOM_ACCESS_TOKEN="sandbox")

    assert (ran.status, ran.err, zoom.topics("me")) == (0, "", ["retro"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_what_is_in_flight_finish(
    number: signal.Signals, slow_zoom: Served, shell: Shell
) -> None:
    """It is recorded, the others wait for a later run, and the status is 130."""
    host = "patient@example.com"
    shell.write("meetings.yaml", four(host))

    with applying(shell.folder, *STATE, **slow_zoom.environ) as process:
        wait_for_create(slow_zoom)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)

    state = json.loads((shell.folder / "s.json").read_bytes())
    assert (process.returncode, state["intents"]) == (130, {})
    assert err == STOPPING
    assert sorted(recorded(shell.folder).values()) == ids(slow_zoom, host) != []
    assert "\nApply ended early: " in out
    assert out.count("deferred to a later run: the run ended before its turn") == 4 - len(
        ids(slow_zoom, host)
    )


def test_a_second_interrupt_ends_at_once_and_the_next_run_looks_it_up(
    slow_zoom: Served, shell: Shell
) -> None:
    host = "hasty@example.com"
    shell.timer = SystemTimer()  # a create that is under way lands within the settling time
    shell.write("meetings.yaml", four(host))
    with applying(shell.folder, *STATE, **slow_zoom.environ) as process:
        wait_for_create(slow_zoom)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert process.stderr.readline() + process.stderr.readline() == STOPPING
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    left = json.loads((shell.folder / "s.json").read_bytes())["intents"]
    slow_zoom.client.put("/sandbox/switches", json={"latency_seconds": 0})

    again = shell(*APPLY, *STATE, **slow_zoom.environ, RECONCILER_SETTLE="0.5")

    assert (process.returncode, "Traceback" in err, len(left) > 0) == (130, False, True)
    assert err.splitlines()[-1] == "Interrupted. If anything was under way, the next apply looks it up."
    assert (again.status, slow_zoom.topics(host)) == (0, list(KEYS))
    assert sorted(recorded(shell.folder).values()) == ids(slow_zoom, host)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_in_this_process(times: int, slow_zoom: Served, shell: Shell) -> None:
    """The same, where coverage sees it."""
    shell.write("meetings.yaml", four("inside@example.com"))

    def interrupt() -> None:
        wait_for_create(slow_zoom)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    thread = threading.Thread(target=interrupt)
    thread.start()
    ran = shell(*APPLY, *STATE, **slow_zoom.environ)
    thread.join()

    ends = {1: "Press Ctrl-C again to end at once.", 2: "the next apply looks it up."}
    assert (ran.status, ran.err.rstrip().endswith(ends[times])) == (130, True)


def test_two_applies_at_once_do_not_meet(slow_zoom: Served, shell: Shell) -> None:
    """The second reports who holds the state, or waits for `--lock-timeout`."""
    host = "twice@example.com"
    shell.write("meetings.yaml", spec_of({"retro": {}}, host=host, start=FAR))
    with applying(shell.folder, *STATE, **slow_zoom.environ, USER="ann") as first:
        wait_for_create(slow_zoom)
        shell.timer = Resuming(first)  # it holds the lock until the third begins to wait
        refused = shell(*APPLY, *STATE, **slow_zoom.environ)
        waited = shell(*APPLY, *STATE, "--lock-timeout", "20s", **slow_zoom.environ)
        first.communicate(timeout=20)

    assert (first.returncode, refused.status, refused.out) == (0, 4, "")
    assert re.findall(r"^    (?:(Lock Info):|  (Who|Operation): +(\w+))", refused.err, re.MULTILINE) == [
        ("Lock Info", "", ""),
        ("", "Who", "ann"),
        ("", "Operation", "apply"),
    ]
    assert (waited.status, waited.out[:11], slow_zoom.topics(host)) == (0, "No changes.", ["retro"])


def test_an_answer_that_is_lost_is_looked_up(zoom: Served, shell: Shell) -> None:
    """It had been done: the meeting is recorded, and nothing is sent twice."""
    host = "lost@example.com"
    shell.write("meetings.yaml", four(host))
    zoom.meet(method="POST", path=f"/v2/users/{host}/meetings", cut="after")

    ran = shell(*APPLY, *STATE, **zoom.environ, RECONCILER_SETTLE="0.1")

    assert (ran.status, ran.out.count("had been done: recorded as"), zoom.topics(host)) == (0, 1, list(KEYS))
    assert sorted(recorded(shell.folder).values()) == ids(zoom, host)


def test_an_ambiguous_outcome_is_left_to_a_person(zoom: Served, shell: Shell) -> None:
    """Exit 5, with the line to add and the command to run; both of them work."""
    host = "judge@example.com"
    shell.write("meetings.yaml", spec_of({"retro": {}}, host=host, start=FAR))
    other: dict[str, Any] = {"topic": "Something else", "type": 2, "start_time": FAR}
    number = zoom.client.post(f"/v2/users/{host}/meetings", json=other).json()["id"]
    zoom.meet(method="POST", path=f"/v2/users/{host}/meetings", cut="before")

    ran = shell(*APPLY, *STATE, **zoom.environ, RECONCILER_SETTLE="0")
    forgotten = shell("state", "rm", "retro", "--state", "s.json")
    again = shell(*APPLY, *STATE, **zoom.environ)

    assert ran.status == 5
    assert f"imports: [{{id: {number}, to: retro}}]" in ran.out
    assert "`reconciler state rm retro`" in ran.out
    assert (forgotten.status, again.status, zoom.topics(host)) == (0, 0, ["Something else", "retro"])
