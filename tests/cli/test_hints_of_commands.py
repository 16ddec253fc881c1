"""What a hint says about files, hosts, locks and remotes is done, and gets rid of its finding."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bucket_server import bucket_server
from git_world import ANN, BRANCH, NO_CONFIG, git
from pasting import SECOND, PastingTeam, commands, is_clean, texts
from shell import HOST, NOW, spec_of

from reconciler.cli.clock import SystemClock
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from bucket_server import BucketServer
    from shell import RunResult, Shell

ANNA, BOB = "anna@example.com", "bob@example.com"


def shown_again(team: PastingTeam, ran: RunResult, code: str) -> RunResult:
    """Run the first command of the hint of that finding."""
    assert f"[{code}]" in ran.out + ran.err
    return team.run(commands(ran)[0])


# Files


def test_a_report_of_drift_is_made_as_the_hint_says(team: PastingTeam) -> None:
    metrics = "budget --format prometheus --drift drift.json"
    team.shell.write("drift.json", "{}")
    ran = team.run(metrics)
    assert "[output.drift-report]" in ran.err
    command, _, file = commands(ran)[0].partition(" > ")

    team.shell.write(file, team.run(command).out)

    assert team.run(metrics).status == 0


def test_a_state_to_push_is_written_by_pull(team: PastingTeam) -> None:
    """For a file that is not there, and for one that is no state."""
    for code, content in (("state.file-unreadable", None), ("state.not-a-state", "{}")):
        if content:
            team.shell.write("FILE", content)
        ran = team.run("state push FILE")
        assert f"[{code}]" in ran.err
        command = commands(ran)[0].removesuffix(" > FILE")
        team.shell.write("FILE", team.run(command).out)

        assert team.run("state push FILE").status == 0
        (team.shell.folder / "FILE").unlink()


def test_a_code_that_does_not_exist_is_found_in_the_list(team: PastingTeam) -> None:
    unknown = team.shell("explain", "zzz.zzz")
    assert "[usage.unknown-code]" in unknown.err

    ran = team.shell(*commands(unknown)[0].split())

    code = re.findall(r"^  ([a-z]+\.[a-z-]+)", ran.out, re.MULTILINE)[0]
    assert team.shell("explain", code).status == 0


def test_a_key_that_is_taken_is_shown(team: PastingTeam) -> None:
    ran = shown_again(team, team.run("state mv a b"), "state.key-taken")

    assert 'key: "b"' in ran.out


def test_no_spec_is_answered_by_init(shell: Shell) -> None:
    ran = shell("validate")
    assert "[source.none]" in ran.out

    assert shell(*commands(ran)[0].split(), "--host", HOST, "--topic", "x", "--yes").status == 0
    assert shell("validate").status == 0


def test_settings_of_a_folder_below_are_used_from_there(shell: Shell) -> None:
    kickoff = "version: 1\nmeetings:\n  k: {topic: K, type: 2, start_time: 2027-01-14T15:00:00Z}\n"
    shell.write("ops/our zoom/meetings/a.yaml", kickoff)
    shell.write("ops/our zoom/reconciler.yaml", f"defaults: {{host: {HOST}}}\n")
    ran = shell("validate", "ops/our zoom/meetings")
    assert "[source.other-settings]" in ran.err + ran.out

    assert shell(*shlex.split(commands(ran)[0])).out == "Valid: 1 meeting in 1 file.\n"


def test_a_link_with_a_passcode_is_left_out_and_printed_on_demand(team: PastingTeam) -> None:
    team.declare(a={"agenda": "https://zoom.us/j/81234567890?pwd=abcdef"}, b=SECOND)
    ran = team.plan()
    assert (ran.status, "[passcode.in-link]" in ran.err) == (1, True)

    team.declare(a={}, b=SECOND)

    assert is_clean(team.plan())
    assert "https://" in team.run(commands(ran)[0]).out


def test_after_an_output_that_was_full_a_plan_shows_what_is_left(team: PastingTeam, tmp_path: Path) -> None:
    team.declare(a={}, b={**SECOND, "duration": 30})
    with open("/dev/full", "w") as full:  # noqa: PTH123 - no file
        command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--sandbox"]
        ran = subprocess.run(
            [*command, "--sandbox-now", NOW], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ}, check=False,
        )  # fmt: skip
    assert (ran.returncode, "[output.unwritable]" in ran.stderr) == (1, True)

    (command_printed,) = re.findall(r"`reconciler ([^`]+)`", ran.stderr)
    assert team.run(command_printed).status == 0
    assert (team.apply().status, is_clean(team.plan())) == (0, True)


# A turn that comes too late


LATE = {f"m{number}": {"host": BOB, "start_time": "2026-12-03T08:30:00Z"} for number in range(6)}
"""As many as three days have room for, without a reserve."""


@pytest.fixture
def late(team: PastingTeam) -> str:
    """The key of a meeting whose turn comes after its start."""
    team.shell.write("reconciler.yaml", "budget: {daily_limit: 2, reserve: 1}\n")
    team.declare(a={}, b=SECOND, **LATE)
    ran = team.plan()
    (key,) = re.findall(r"\[plan.late\]: .*\n +=? ?(\S+) starts", ran.out)
    assert "Give it another host, lower `budget.reserve`, or create it by hand" in ran.out
    return str(key)


def test_what_is_late_gets_another_host(team: PastingTeam, late: str) -> None:
    team.declare(a={}, b=SECOND, **LATE | {late: {**LATE[late], "host": ANNA}})

    assert "plan.late" not in team.plan().out


def test_what_is_late_is_sent_from_the_reserve(team: PastingTeam, late: str) -> None:
    del late
    team.shell.write("reconciler.yaml", "budget: {daily_limit: 2, reserve: 0}\n")

    assert "plan.late" not in team.plan().out


def test_what_is_late_is_created_by_hand_and_named_under_imports(team: PastingTeam, late: str) -> None:
    team.zoom.make(BOB, {"topic": late, "type": 2, "duration": 60, "start_time": "2026-12-03T08:30:00Z"})
    (number,) = map(int, re.findall(r"id: (\d{11})", team.run("import --host " + BOB).out))

    team.entries = {"imports": [{"id": number, "to": late}]}
    team.write()

    assert "plan.late" not in team.plan().out
    assert (team.apply().status, team.shell.ids()[late]) == (0, number)


# Hosts


def test_a_handover_that_zoom_refuses_is_allowed_or_replaced(team: PastingTeam) -> None:
    team.zoom.switch(per_host={HOST: {"may_be_scheduled_for": True}, BOB: {"may_be_scheduled_for": False}})
    team.declare(a={"host": BOB}, b=SECOND)
    ran = team.apply()
    assert "[apply.handover-refused]" in ran.out
    old = team.shell.ids()["a"]

    team.paste(ran)

    assert (team.apply().status, team.shell.ids()["a"] != old) == (0, True)
    team.write()
    assert is_clean(team.plan())


def test_a_handover_of_a_protected_meeting_is_replaced_once_it_is_not_protected(team: PastingTeam) -> None:
    team.declare(a={"protect": True}, b=SECOND)
    assert team.apply().status == 0
    team.zoom.switch(per_host={BOB: {"may_be_scheduled_for": False}})
    team.declare(a={"host": BOB, "protect": True}, b=SECOND)
    ran = team.apply()
    assert "}]`, with `protect: false` for the meeting; the second apply replaces it." in ran.out
    old = team.shell.ids()["a"]

    team.declare(a={"host": BOB, "protect": False}, b=SECOND)
    team.paste(ran)

    assert (team.apply().status, team.shell.ids()["a"]) == (0, old)
    assert (team.apply().status, team.shell.ids()["a"] != old) == (0, True)


def test_a_meeting_that_was_handed_over_is_followed(team: PastingTeam) -> None:
    team.zoom.admin(rehost={str(team.shell.ids()["a"]): BOB})
    ran = team.run("drift")
    assert "[refresh.other-host]" in ran.out
    (line,) = set(texts(ran))

    team.declare(a=dict([line.split(": ")]), b=SECOND)

    assert team.apply().status == 0
    assert is_clean(team.run("drift"))


def test_a_host_with_a_new_address_is_written_with_it(team: PastingTeam) -> None:
    team.zoom.admin(rename={HOST: BOB})
    team.declare(a={"duration": 30}, b=SECOND)
    ran = team.apply()
    assert "[zoom.host-renamed]" in ran.out
    line = texts(ran)[0]

    team.declare(a={"duration": 30, **dict([line.split(": ")])}, b={**SECOND, **dict([line.split(": ")])})

    assert (team.apply().status, is_clean(team.plan())) == (0, True)


def test_a_record_of_another_meeting_is_forgotten_and_the_right_one_named(team: PastingTeam) -> None:
    """As after a state that somebody edited by hand."""
    state = json.loads(team.shell.sandbox_state.read_text())
    right = {key: state["meetings"][key]["id"] for key in "ab"}
    state["meetings"]["a"]["created_at"] = "2026-11-01T00:00:00Z"
    team.shell.sandbox_state.write_text(json.dumps(state))
    ran = team.run("drift")

    assert "[state.other-meeting]" in ran.out
    assert team.run(commands(ran)[0]).status == 0
    team.entries = {"imports": [{"id": right["a"], "to": "a"}]}
    team.write()
    assert team.apply().status == 0
    assert is_clean(team.run("drift"))


@pytest.mark.parametrize("is_declared", [False, True])
def test_a_meeting_on_the_personal_id_gets_one_of_its_own(team: PastingTeam, is_declared: bool) -> None:  # noqa: FBT001 - a case
    """With the line that is printed, or once the setting of the host is off."""
    own = {"settings": {"use_pmi": False}} if is_declared else {}
    team.zoom.switch(pmi_forced=True)
    team.declare(a={}, b=SECOND, new={"start_time": "2027-05-14T15:00:00Z", **own})
    ran = team.apply()
    assert "[refresh.personal-id]" in ran.err
    old = team.shell.ids()["new"]

    team.zoom.switch(pmi_forced=False)
    team.declare(a={}, b=SECOND, new={"start_time": "2027-05-14T15:00:00Z", "settings": {"use_pmi": False}})
    team.zoom.delete_in_portal(old)
    assert team.run(commands(ran)[-1]).status == 0

    assert (team.shell.ids()["new"] != old, is_clean(team.run("drift"))) == (True, True)


def test_a_zone_that_zoom_does_not_know_is_written_as_the_hint_says(team: PastingTeam) -> None:
    team.zoom.switch(zones="listed")
    start = {"start_time": "2027-05-14T15:00:00"}
    team.declare(a={}, b=SECOND, new={**start, "timezone": "Antarctica/Macquarie"})
    ran = team.apply()
    assert "[apply.zone-refused]" in ran.out

    team.declare(a={}, b=SECOND, new={**start, **dict([texts(ran)[-1].split(": ")])})

    assert (team.apply().status, max(team.shell.ids())) == (0, "new")


# Locks and remotes


def held_lock(server: BucketServer) -> str:
    """The ID of a lock that a run holds which is dead."""
    clock = SystemClock()
    options = StoreOptions(Path(), "ann@laptop", clock, clock.wait, environ=server.environ)
    return open_store(ADDRESS, options).lock("apply", timeout_seconds=0).info.lock_id


ADDRESS = "s3://states/meetings.json"


def test_a_lock_is_shown_and_freed_by_its_id(team: PastingTeam) -> None:
    """After a wrong ID, and after storage that gave no clear answer."""
    with bucket_server() as server:
        lock_id = held_lock(server)
        at = ("--state", ADDRESS)
        wrong = team.shell("force-unlock", "other", *at, **server.environ)
        server.is_busy_for = frozenset({"PUT"})
        unclear = team.shell("force-unlock", lock_id, *at, **server.environ)
        server.is_busy_for = frozenset()
        assert ("[state.not-the-lock]" in wrong.err, "[state.unanswered]" in unclear.err) == (True, True)

        for ran in (wrong, unclear):
            shown = team.shell(*commands(ran)[0].split(), *at, **server.environ)
            assert re.findall(r"ID: +(\S+)", shown.out) == [lock_id]
        team.shell.write("meetings.yaml", spec_of({}))
        locked = team.shell("apply", "--auto-approve", *at, **server.environ)
        (command,) = re.findall(r"reconciler (force-unlock \S+)\.", locked.err)

        assert team.shell(*command.split(), *at, **server.environ).status == 0
        assert team.shell("state", "lock", *at, **server.environ).out == f"Nobody holds {ADDRESS}.\n"


def test_a_remote_is_added_or_named(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (NO_CONFIG | ANN).items():
        monkeypatch.setenv(name, value)
    for name in ("up.git", "fork.git"):
        git(tmp_path, "init", "-q", "--bare", "-b", "main", name)
    shell.write("meetings.yaml", spec_of({"a": {}}, start="2099-01-14T15:00:00Z"))
    git(shell.folder, "init", "-q", "-b", "main")
    missing = shell("plan", "--state", f"git:{BRANCH}")
    (command,) = re.findall(r"git (remote add \S+) URL", missing.err)
    assert "[state.no-remote]" in missing.err

    git(shell.folder, *command.split(), str(tmp_path / "up.git"))

    assert shell("plan", "--state", f"git:{BRANCH}").status == 0


def test_a_folder_as_the_state_is_answered_by_a_file_in_it(shell: Shell) -> None:
    (shell.folder / "kept here").mkdir()
    shell.write("meetings.yaml", spec_of({"a": {}}, start="2099-01-14T15:00:00Z"))
    ran = shell("plan", "--state", "kept here")
    (words,) = re.findall(r"`(--state [^`]+)`", ran.err)

    assert "[state.io]" in ran.err
    assert shell("plan", *shlex.split(words)).status == 0
