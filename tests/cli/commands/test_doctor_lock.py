"""`doctor` takes the real lock of the state and frees it: what would stop apply shows before it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import git_world
import pytest
from bucket_server import bucket_server
from git_world import BRANCH, NO_CONFIG, Team, git, make_team
from manual_clock import ManualClock
from served import Served, served
from shell import ONE, RunResult
from terraform_server import Fault, terraform_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shell import Shell

JSON = ("--format", "json")
GIT = ("doctor", "--state", f"git:{BRANCH}", *JSON)


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


@pytest.fixture
def team(tmp_path: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A remote, and the shell's folder as a checkout with a spec."""
    make_team(tmp_path / "team")
    team = Team(tmp_path / "team")
    for name, value in NO_CONFIG.items():
        monkeypatch.setenv(name, value)
    git(shell.folder, "init", "-q", "--template=", ".")
    git(shell.folder, "remote", "add", "origin", team.address)
    shell.write("meetings.yaml", ONE)
    return team


def lock_of(ran: RunResult) -> dict[str, Any]:
    """The line about the lock."""
    (report,) = ran.rows
    (row,) = [each for each in report["checks"] if each["name"] == "lock"]
    assert isinstance(row, dict)
    return row


def test_the_lock_on_a_branch_is_taken_and_freed(team: Team, zoom: Served, shell: Shell) -> None:
    """The first apply finds it free."""
    ran = shell(*GIT, **zoom.environ)

    assert (lock_of(ran)["status"], ran.status) == ("ok", 0)
    assert lock_of(ran)["summary"] == "the state is not locked, and this job can write it"
    assert json.loads(git(team.remote, "show", f"{BRANCH}:lock.json")) == {}
    assert len(team.log()) == 2
    again = shell("plan", "--state", f"git:{BRANCH}")
    assert (again.status, "1 to add" in again.out) == (0, True)


RULE = "GH013: Commits must have verified signatures"
HOOKS = {
    "update": f'case $1 in refs/heads/{BRANCH}) echo "{RULE}." >&2; exit 1;; esac',
    "pre-receive": f'echo "{RULE}." >&2; exit 1',
}
EXEMPTION = (
    "Exempt the branch from the rules that protect others, so that this job may push. Give the job the right "
    "to write: on GitHub `permissions: contents: write`, on GitLab a token with `write_repository`."
)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_rule_of_the_remote_is_found_before_apply_meets_it(
    hook: str, team: Team, zoom: Served, shell: Shell
) -> None:
    """A dry run of the push passes it."""
    team.hook(hook, HOOKS[hook])

    ran = shell(*GIT, **zoom.environ)
    applied = shell("apply", "--auto-approve", "--state", f"git:{BRANCH}", **zoom.environ)

    lock = lock_of(ran)
    assert (lock["status"], lock["code"], ran.status, applied.status) == ("fail", "state.refused", 1, 1)
    assert RULE in lock["summary"]
    assert lock["remedy"] == EXEMPTION
    assert git(team.remote, "branch", "--list", BRANCH) == ""


def test_without_credentials_for_zoom_a_refusal_is_a_warning(team: Team, shell: Shell) -> None:
    """A job that only plans is meant to be weak."""
    team.hook("pre-receive", f'echo "{RULE}." >&2; exit 1')

    lock = lock_of(shell(*GIT))

    assert (lock["status"], lock["code"]) == ("warn", "state.refused")
    assert lock["remedy"] == (
        f"A job that only plans needs no right to write. For one that applies: {EXEMPTION}"
    )


def test_a_remote_that_may_only_be_read_is_found(team: Team, zoom: Served, shell: Shell) -> None:
    def intercept(_method: str, path: str) -> int | None:
        return 403 if "git-receive-pack" in path else None

    with git_world.served_over_http(team, intercept) as address:
        git(shell.folder, "remote", "set-url", "origin", address)
        git(team.remote, "config", "http.receivepack", "true")

        lock = lock_of(shell(*GIT, **zoom.environ))

    assert (lock["status"], lock["code"]) == ("fail", "state.forbidden")
    assert "Give the job the right to write" in lock["remedy"]


def test_a_checkout_that_pushes_elsewhere_is_found(team: Team, zoom: Served, shell: Shell) -> None:
    git(team.folder, "init", "-q", "--bare", "--template=", "other.git")
    git(shell.folder, "remote", "set-url", "--push", "origin", f"file://{team.folder}/other.git")

    lock = lock_of(shell(*GIT, **zoom.environ))

    assert (lock["status"], lock["code"]) == ("fail", "state.which-remote")
    assert "`git config --unset-all remote.origin.pushurl`" in lock["remedy"]


@pytest.mark.parametrize(
    ("keeps_conditions", "fault", "status", "code"),
    [
        (True, "", "ok", None),
        (False, "", "fail", "state.conditions-ignored"),
        (True, "403 AccessDenied", "fail", "state.forbidden"),
    ],
)
def test_a_bucket_is_probed_as_apply_does(  # noqa: PLR0913 - a table and two fixtures
    keeps_conditions: bool,  # noqa: FBT001 - how the server behaves
    fault: str,
    status: str,
    code: str | None,
    *,
    zoom: Served,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Conditions that are ignored would let two runs write over each other. Nothing stays behind."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    shell.write("meetings.yaml", ONE)
    with bucket_server() as server:
        server.keeps_conditions = keeps_conditions
        server.faults += ["", "", fault] if fault else []

        ran = shell("doctor", "--state", "s3://states/m.json", *JSON, **zoom.environ, **server.environ)

    lock = lock_of(ran)
    assert (lock["status"], lock["code"], ran.status) == (status, code, int(status == "fail"))
    left = {name: body for name, body in server.objects.items() if body != b"{}\n"}
    assert not left


ONLY_NEW = f"""\
while read old new ref; do
  case $ref in refs/heads/{BRANCH}) case $old in 0000*) ;; *) echo "{RULE}." >&2; exit 1;; esac;; esac
done
"""


def test_a_rule_that_lets_a_branch_be_made_and_not_changed_is_found(
    team: Team, zoom: Served, shell: Shell
) -> None:
    """Taking the lock passes; freeing it is what every apply would fail at."""
    team.hook("pre-receive", ONLY_NEW)

    ran = shell(*GIT, **zoom.environ)

    lock = lock_of(ran)
    assert (lock["status"], lock["code"], ran.status) == ("fail", "state.refused", 1)
    assert (RULE in lock["summary"], lock["remedy"]) == (True, EXEMPTION)


@pytest.mark.parametrize(("method", "code"), [("PUT", "state.unanswered"), ("DELETE", None)])
def test_a_bucket_that_takes_reads_alone_is_found(
    method: str, code: str | None, zoom: Served, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that deletes nothing only keeps the probe: the lock itself is written and freed."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    shell.write("meetings.yaml", ONE)
    shell.timer = ManualClock()
    with bucket_server() as server:
        server.is_busy_for = frozenset({method})

        lock = lock_of(
            shell("doctor", "--state", "s3://states/m.json", *JSON, **zoom.environ, **server.environ)
        )

    assert (lock["status"], lock["code"]) == ("fail" if code else "ok", code)


def test_a_server_that_refuses_the_lock_is_found(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    with terraform_server() as server:
        server.faults += [Fault(method, status=403) for method in ("LOCK", "POST")]

        ran = shell("doctor", "--state", server.address, *JSON, **server.environ, **zoom.environ)
        again = shell("doctor", "--state", server.address, *JSON, **server.environ, **zoom.environ)

    assert (lock_of(ran)["status"], lock_of(ran)["code"]) == ("fail", "state.forbidden")
    assert (lock_of(again)["status"], server.lock) == ("ok", None)


def test_a_folder_with_a_link_in_place_of_the_lock_is_found(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    (shell.folder / "s.json.tmp").symlink_to("elsewhere")

    lock = lock_of(shell("doctor", "--state", "s.json", *JSON, **zoom.environ))

    assert (lock["status"], lock["code"]) == ("fail", "state.io")
    (shell.folder / "s.json.tmp").unlink()
    lock = lock_of(shell("doctor", "--state", "s.json", *JSON, **zoom.environ))
    assert (lock["status"], sorted(path.name for path in shell.folder.iterdir())) == ("ok", ["meetings.yaml"])
