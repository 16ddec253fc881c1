"""`doctor`: each check says ok or what to do, and one that fails stops no other."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import git_world
import pytest
from builders import intent, record
from served import Served, served
from shell import FAR, ONE, RunResult, spec_of
from terraform_server import Fault, terraform_server

from reconciler import __version__
from reconciler.cli.clock import SystemClock, system_now
from reconciler.cli.commands.doctor import command as doctor_command
from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.workspace import Workspace
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting import timezones
from reconciler.state import document as state_document
from reconciler.state.state import State
from reconciler.views import results
from reconciler.views.results import CheckStatus
from reconciler.views.style import TextStyle
from reconciler.views.text import doctor
from reconciler.zoom._exchange import instant_in, scopes_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shell import Shell

SETTLED = ("--state", "s.json", "--format", "json")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


@pytest.fixture
def zoom(server: Served) -> Iterator[Served]:
    """The emulator, to be switched; afterwards it is as before."""
    before = server.client.get("/sandbox/switches").json()
    yield server
    server.client.put("/sandbox/switches", json=before).raise_for_status()


def switch(zoom: Served, **switches: Any) -> None:
    zoom.client.put("/sandbox/switches", json=switches).raise_for_status()


def found(ran: RunResult) -> dict[str, tuple[str, str]]:
    """Each check with its status and its code, the worst where it has several lines."""
    (report,) = ran.rows
    statuses: dict[str, tuple[str, str]] = {}
    for each in report["checks"]:
        if statuses.get(each["name"], ("ok", ""))[0] == "ok":
            statuses[each["name"]] = (each["status"], each["code"] or "")
    assert report["ok"] is ("fail" not in [each["status"] for each in report["checks"]])
    assert all(each["remedy"] for each in report["checks"] if each["status"] != "ok")
    return statuses


def test_all_is_well_on_the_emulator(shell: Shell) -> None:
    """A line for each check, in the order in which to fix them, and the result last."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    ran = shell("doctor", "--sandbox")

    *lines, blank, verdict = ran.out.splitlines()
    assert (ran.status, ran.err, blank, verdict) == (0, "", "", "All checks passed.")
    assert [line.split()[:2] for line in lines] == [
        ["ok", name]
        for name in (
            *("version", "settings", "specs", "state", "lock", "quota"),
            *("credentials", "token", "scopes", "account", "hosts", "clock"),
        )
    ]
    versions = f"reconciler {__version__}, Python {sys.version.split()[0]}, tzdata {timezones.release()}"
    assert lines[0].endswith(versions)
    assert lines[2].endswith("1 meeting in 1 file")
    assert lines[3].endswith("reconciler.state.json: serial 3, 1 meeting")
    assert lines[5].endswith("1 host; platform@example.com has the fewest requests left today: 99 of 100")
    assert lines[10].endswith("platform@example.com exists and is licensed")


def test_the_specs_of_paths_are_checked(shell: Shell) -> None:
    """Their hosts too; what stands elsewhere is not looked at, and the remedy names the same files."""
    shell.write("meetings.yaml", ONE.replace("topic", "topik"))
    shell.write("team a/ops.yaml", spec_of({"ops": {"agenda": "a"}}, host="ops@example.com", start=FAR))
    shell.write(
        "team a/warned.yaml",
        spec_of({"warned": {"password": "lift-off-7"}}, host="ops@example.com", start=FAR),
    )

    ran = shell("doctor", "team a", "--sandbox")

    assert (ran.status, ran.err) == (0, "")
    assert "  specs        2 meetings in 2 files, 1 warning\n" in ran.out
    assert "`reconciler validate 'team a'` shows them." in ran.out
    assert "  hosts        ops@example.com exists and is licensed\n" in ran.out


def test_a_path_without_specs_is_one_failed_check(shell: Shell) -> None:
    statuses = found(shell("doctor", "gone.yaml", *SETTLED))

    assert statuses["specs"] == ("fail", "source.missing")


def test_nothing_is_sent_or_written(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    shell("doctor", "--state", "s.json")

    assert [path.name for path in shell.folder.iterdir()] == ["meetings.yaml"]


def test_without_a_network_the_local_checks_are_shown(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    statuses = found(shell("doctor", *SETTLED))

    assert statuses == {
        "version": ("ok", ""),
        "settings": ("ok", ""),
        "specs": ("ok", ""),
        "state": ("ok", ""),
        "lock": ("ok", ""),
        "quota": ("ok", ""),
        "credentials": ("fail", "settings.credentials"),
    }


def test_one_failed_check_stops_no_other(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings: {a: {}, b: {}}\n")
    shell.write("s.json", "{}")

    ran = shell("doctor", *SETTLED, **zoom.environ)

    statuses = found(ran)
    assert ran.status == 1
    assert {name: code for name, (status, code) in statuses.items() if status == "fail"} == {
        "specs": "spec.no-host",
        "state": "state.unreadable",
    }
    assert {"lock", "credentials", "token", "scopes", "account", "hosts", "clock"} <= statuses.keys()
    assert "quota" not in statuses


def test_errors_that_are_only_counted_are_counted_too(shell: Shell) -> None:
    """Of 150 findings of one code, 100 are made."""
    shell.write("meetings.yaml", spec_of({f"k{n}": {"topik": "x"} for n in range(150)}, start=FAR))

    ran = shell("doctor")

    assert "150 errors, the first: Unknown field: The meeting has no field `topik`" in ran.out
    assert "150 errors in 1 file." in shell("validate").out


def test_of_several_errors_in_specs_the_first_is_shown_and_all_are_counted(shell: Shell) -> None:
    five = spec_of({f"k{n}": {} for n in range(5)}, start=FAR)
    shell.write("a.yaml", five)
    shell.write("b.yaml", five)
    shell.write("reconciler.yaml", "specs: [a.yaml, b.yaml]\nstate: s.json\n")

    ran = shell("doctor", "--format", "json")

    (specs,) = [check for check in json.loads(ran.out)["checks"] if check["name"] == "specs"]
    assert specs == {
        "name": "specs",
        "status": "fail",
        "summary": "5 errors, the first: A key is declared twice: a.yaml:1 already declares `k0`.",
        "code": "spec.duplicate-key",
        "remedy": "`reconciler validate` shows them.",
    }


def test_invalid_settings_are_reported_once(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("reconciler.yaml", "budgets: {}\n")

    statuses = found(shell("doctor", *SETTLED, **zoom.environ))

    assert statuses["settings"] == ("fail", "settings.unknown-field")
    assert statuses["specs"] == ("fail", "settings.unknown-field")
    assert "credentials" not in statuses


def test_a_runner_without_a_state_is_reported_once(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    statuses = found(shell("doctor", "--format", "json", CI="true"))

    assert (statuses["state"], "lock" in statuses, "quota" in statuses) == (
        ("fail", "state.unnamed"),
        False,
        False,
    )


def git_without_a_remote(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("git:reconciler-state", "state.no-remote"),
        ("https://127.0.0.1:1/x", "state.unreachable"),
        ("az://acme/meetings.json", "state.credentials"),
        ("ftp://acme/meetings.json", "state.unknown-store"),
        ("meetings.yaml/s.json", "state.io"),
    ],
)
def test_an_unreachable_state_is_reported_once(
    address: str, code: str, zoom: Served, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And independent checks run anyway."""
    monkeypatch.setattr("reconciler.stores.http._protocol.PAUSES", (0.0,))
    shell.write("meetings.yaml", ONE)
    git_without_a_remote(shell.folder)

    ran = shell("doctor", "--state", address, "--format", "json", **zoom.environ)

    (report,) = ran.rows
    failed = [(each["name"], each["code"]) for each in report["checks"] if each["status"] == "fail"]
    assert (ran.status, failed) == (1, [("state", code)])
    assert {"specs", "credentials", "account", "hosts", "clock"} <= found(ran).keys()


def test_a_server_that_forbids_is_asked_once(zoom: Served, shell: Shell) -> None:
    with terraform_server() as server:
        server.faults += [Fault("GET", status=403)]
        shell.write("meetings.yaml", ONE)

        ran = shell("doctor", "--state", server.address, "--format", "json", **server.environ, **zoom.environ)

        statuses = found(ran)
        assert (statuses["state"], statuses["account"], server.methods) == (
            ("fail", "state.forbidden"),
            ("ok", ""),
            ["GET"],
        )


@pytest.mark.parametrize(
    ("expires", "remedy"),
    [
        ("2026-01-01T00:00:00+00:00", "It has expired: the next run watches it for up to a minute, "),
        ("2999-01-01T00:00:00+00:00", "Wait for that run. If it is dead, its lock expires by itself, "),
    ],
)
def test_a_held_lease_has_a_remedy(expires: str, remedy: str, tmp_path: Path, shell: Shell) -> None:
    team = tmp_path / "team"
    git_world.make_team(team)
    document = {
        "ID": "7d3a",
        "Who": "ann@laptop",
        "Operation": "apply",
        "Created": expires,
        "Expires": expires,
    }
    clone = team / "ann"
    (clone / "lock.json").write_text(json.dumps(document))
    git_world.git(clone, "checkout", "-q", "--orphan", "held")
    git_world.git(clone, "rm", "-q", "--cached", "meetings.yaml")
    git_world.git(clone, "add", "lock.json")
    git_world.git(clone, "commit", "-q", "-m", "Lock")
    git_world.git(clone, "push", "-q", "origin", "held:reconciler-state")
    git_without_a_remote(shell.folder)
    git_world.git(shell.folder, "remote", "add", "origin", str(team / "ops.git"))

    (report,) = shell("doctor", "--state", "git:reconciler-state", "--format", "json").rows

    (lock,) = [each for each in report["checks"] if each["name"] == "lock"]
    assert (lock["status"], lock["remedy"].startswith(remedy)) == ("warn", True)
    assert lock["summary"].splitlines() == [
        "the state is locked",
        "Lock Info:",
        "  ID:        7d3a",
        "  Who:       ann@laptop",
        "  Operation: apply",
        f"  Created:   {expires[:4]}-01-01 00:00:00 UTC",
        f"  Expires:   {expires[:4]}-01-01 00:00:00 UTC unless it is renewed",
    ]


@pytest.mark.parametrize(
    ("switches", "name", "verdict"),
    [
        ({"clients": {"client": "another"}}, "token", ("fail", "zoom.credentials")),
        ({"scopes": ["meeting:read:admin", "user:read:admin"]}, "scopes", ("fail", "zoom.scopes")),
        ({"scopes": ["meeting:write:admin", "meeting:read", "user:write:admin"]}, "scopes", ("ok", "")),
        ({"users": ["somebody@example.com"]}, "hosts", ("fail", "zoom.user-unknown")),
        ({"user_type": 1}, "hosts", ("warn", "")),
    ],
)
def test_what_zoom_refuses_is_reported(
    switches: dict[str, Any], name: str, verdict: tuple[str, str], zoom: Served, shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)
    switch(zoom, **switches)

    ran = shell("doctor", *SETTLED, **zoom.environ)

    assert (found(ran)[name], ran.status) == (verdict, int(verdict[0] == "fail"))
    assert zoom.environ["ZOOM_CLIENT_SECRET"] not in ran.out


def test_a_missing_scope_has_both_its_names(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    switch(zoom, scopes=["meeting:write:admin", "meeting:read:admin"])

    ran = shell("doctor", "--state", "s.json", **zoom.environ)

    assert (
        "fail  scopes       no scope to read users [zoom.scopes]\n"
        "                   -> Add user:read:user:admin (classic: user:read:admin or user:write:admin) "
        "under Scopes of the app, then activate it.\n"
    ) in ran.out


def test_a_token_that_was_given_is_tried(zoom: Served, shell: Shell) -> None:
    """Its scopes are unknown, and a refusal is reported once for all hosts."""
    shell.write("meetings.yaml", ONE + "  retro: {host: b@example.com, topic: Retro, type: 3}\n")
    environ = {name: value for name, value in zoom.environ.items() if not name.startswith("ZOOM_")}

    ran = shell("doctor", *SETTLED, **environ, ZOOM_ACCESS_TOKEN="no")

    statuses = found(ran)
    assert (statuses["token"], statuses["scopes"], statuses["account"]) == (
        ("ok", ""),
        ("ok", ""),
        ("fail", "zoom.token-refused"),
    )
    assert [each["code"] for each in ran.rows[0]["checks"] if each["name"] == "hosts"] == [
        "zoom.token-refused"
    ]


def test_many_hosts_take_one_line_and_the_odd_one_its_own(zoom: Served, shell: Shell) -> None:
    hosts = [f"h{number}@example.com" for number in range(7)]
    meetings = (f"  m{host[1]}: {{host: {host}, topic: T{host}, type: 3}}\n" for host in hosts)
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + "".join(meetings))
    switch(zoom, users=hosts[:6])

    (report,) = shell("doctor", *SETTLED, **zoom.environ).rows

    assert [each["summary"] for each in report["checks"] if each["name"] == "hosts"] == [
        "6 exist and are licensed",
        "h6@example.com: The user does not exist in Zoom",
    ]


def test_a_state_of_another_account_is_reported(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("s.json", state_document.encode(State("l", 3, "api.zoom.us/other")).decode())

    assert found(shell("doctor", *SETTLED, **zoom.environ))["account"] == ("fail", "state.other-origin")


def test_interrupted_requests_and_used_budgets_are_warnings(shell: Shell) -> None:
    today = f"{system_now():%Y-%m-%d}"
    state = State(
        "l",
        3,
        meetings={"launch": record()},
        intents={"retro": intent()},
        usage={today: {"platform@example.com": 100}},
    )
    shell.write("meetings.yaml", ONE)
    shell.write("s.json", state_document.encode(state).decode())

    out = shell("doctor", "--state", "s.json").out

    assert (
        f"warn  state        {shell.folder}/s.json: serial 3, 1 meeting, 1 interrupted request: retro\n"
        "                   -> `reconciler apply` looks up what became of them.\n"
    ) in out
    assert "warn  quota        nothing left today for platform@example.com\n" in out
    assert out.endswith("1 failed, 2 warnings.\n")


def test_warnings_of_a_spec_are_counted(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE + "    password: lift-off-7\n")

    out = shell("doctor", "--sandbox").out

    assert "warn  specs        1 meeting in 1 file, 1 warning\n" in out
    assert "lift-off-7" not in out


def test_the_holder_of_the_lock_is_shown(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    console = Console(sys.stdin, sys.stdout, sys.stderr, {"USER": "ann"})
    holding = Workspace(shell.folder, console, GlobalOptions(state="s.json"))

    with holding.locked_state("apply"):
        ran = shell("doctor", "--state", "s.json")

    lines = ran.out.splitlines()
    start = next(number for number, line in enumerate(lines) if " lock " in line)
    assert [line.strip() for line in lines[start : start + 4]][:2] == [
        "warn  lock         the state is locked",
        "Lock Info:",
    ]
    assert f"Who:       ann@{os.uname().nodename}" in ran.out


@pytest.mark.parametrize(
    ("seconds", "status", "expected"),
    [
        (0, "ok", "this machine's and Zoom's agree"),
        (60, "warn", "s ahead of Zoom's"),
        (-60, "warn", "s behind Zoom's"),
        (3600, "fail", "s ahead of Zoom's"),
    ],
)
def test_a_skewed_clock_is_reported(
    seconds: int, status: str, expected: str, zoom: Served, shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)
    written = io.StringIO()
    console = Console(sys.stdin, written, sys.stderr, zoom.environ)
    workspace = Workspace(shell.folder, console, GlobalOptions(state="s.json"))
    workspace.__dict__["system_clock"] = SystemClock(lambda: system_now() + timedelta(seconds=seconds))

    doctor_command.run(workspace, format_name="text")

    line = next(line for line in written.getvalue().splitlines() if " clock " in line)
    assert (line.split()[0], line.endswith(expected)) == (status, True), line


def test_the_status_is_coloured() -> None:
    diagnostic = Diagnostic("state.locked", "by\x1b[2Jann", "Wait.", Severity.WARNING)

    shown = doctor.doctor(
        (results.ok("lock", "free"), results.from_diagnostic("lock", diagnostic)), TextStyle(colour=True)
    )

    assert shown.startswith(
        "\x1b[32mok  \x1b[0m  lock  free\n\x1b[33mwarn\x1b[0m  lock  The state is locked by another run: by"
    )
    assert "\x1b[2J" not in shown
    assert results.from_diagnostic("lock", diagnostic).status is CheckStatus.WARN


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("a b", {"a", "b"}), ("a,b", {"a", "b"}), ("", None), (None, None), (["a"], None)],
)
def test_scopes_are_read_as_zoom_writes_them(scope: Any, expected: set[str] | None) -> None:
    assert scopes_in({"scope": scope}) == expected


@pytest.mark.parametrize("date", ["", "soon", "Tue, 99 Dec 2026 08:00:00 GMT"])
def test_an_unreadable_date_gives_no_time(date: str) -> None:
    assert (instant_in({"date": date}), instant_in({})) == (None, None)


def test_a_date_is_an_instant() -> None:
    instant = instant_in({"date": "Tue, 01 Dec 2026 08:00:00 GMT"})

    assert instant is not None
    assert instant.isoformat() == "2026-12-01T08:00:00+00:00"
