"""The state on a branch, with real git, bare repositories, and checkouts as in CI."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from git_world import BRANCH, NO_CONFIG, Team, git, make_team, served_over_http
from served import served
from shell import FAR, HOST, Shell, spec_of

from reconciler.cli.clock import SystemTimer
from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.errors.redact import redact_addresses
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.git import _command as command
from reconciler.stores.git import place as git_store
from reconciler.stores.git._branch import commit_message
from reconciler.stores.git._command import first_line
from reconciler.stores.git.place import open_git
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.open import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.stores.leased.store import LeasedStore

ONE, TWO, THREE = b'{"serial": 1}\n', b'{"serial": 2}\n', b'{"serial": 3}\n'
APPLY = ("apply", "--auto-approve", "--pace", "1000", "--state", f"git:{BRANCH}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git") / "team"
    make_team(folder)
    return folder


@pytest.fixture
def team(made: Path, tmp_path: Path) -> Team:
    shutil.copytree(made, tmp_path / "team")
    return Team(tmp_path / "team")


def store(team: Team, name: str) -> LeasedStore:
    return open_git(f"git:{BRANCH}", team.options(team.checkout(name)))


def complaint(call: Callable[[], Any]) -> str:
    """The code and the text of the error."""
    with pytest.raises((StateError, SettingsError)) as raised:
        call()
    diagnostic = raised.value.diagnostic
    return f"{diagnostic.code}: {diagnostic.detail} {diagnostic.hint}"


def git_view(folder: Path) -> tuple[str, ...]:
    """All that git shows of a checkout: files, index, branches, objects, marks."""
    marks = tuple(sorted(path.name for path in (folder / ".git").iterdir()))
    commands = (("status", "--porcelain", "--ignored"), ("for-each-ref",), ("count-objects", "-v"))
    return (*marks, *(git(folder, *command) for command in commands))


# One branch, two documents


def test_the_first_write_creates_the_branch_with_nothing_else(team: Team) -> None:
    ann = team.documents("a")
    before = (ann.get(STATE), ann.get(LOCK))

    version = ann.put(STATE, ONE, replaces=None, note="Record launch")

    assert before == (None, None)
    assert team.documents("b").get(STATE) == Snapshot(ONE, version)
    assert git(team.remote, "ls-tree", "--name-only", BRANCH) == "state.json"
    assert team.log("%s|%P") == ["Record launch|"]


def test_each_write_is_one_commit(team: Team) -> None:
    ann = team.documents("a")
    version: str | None = None
    for document, note in ((ONE, "Begin a"), (TWO, "Record a"), (THREE, "Forget a")):
        version = ann.put(STATE, document, replaces=version, note=note)

    assert team.log() == ["Forget a", "Record a", "Begin a"]
    assert team.documents("b").get(STATE) == Snapshot(THREE, str(version))


def test_a_version_belongs_to_one_document(team: Team) -> None:
    """A renewal of the lock by another thread does not disturb a write of the state."""
    ann, bob = team.documents("a"), team.documents("b")
    first = ann.put(STATE, ONE, replaces=None, note="")
    lock = bob.put(LOCK, b"{}", replaces=None, note="Lock")

    second = ann.put(STATE, TWO, replaces=first, note="")  # onto a branch that ann has not read

    assert bob.get(STATE) == Snapshot(TWO, second)
    assert ann.get(LOCK) == Snapshot(b"{}", lock)


def test_another_version_is_not_overwritten(team: Team) -> None:
    ann, bob = team.documents("a"), team.documents("b")
    first = ann.put(STATE, ONE, replaces=None, note="")
    bob.put(STATE, TWO, replaces=first, note="")

    with pytest.raises(ConflictError):
        ann.put(STATE, THREE, replaces=first, note="")
    with pytest.raises(ConflictError):
        team.documents("c").put(STATE, THREE, replaces=None, note="")
    assert ann.get(STATE) == bob.get(STATE)
    assert len(team.log()) == 2


def test_a_removed_branch_is_not_written_again(team: Team) -> None:
    ann = team.documents("a")
    version = ann.put(STATE, ONE, replaces=None, note="")
    git(team.remote, "branch", "-D", BRANCH)

    with pytest.raises(ConflictError):
        ann.put(STATE, TWO, replaces=version, note="")
    assert ann.get(STATE) is None


def test_a_branch_that_was_set_back_is_read_as_it_is(team: Team) -> None:
    """A replaced object is deleted here, and fetched again if it comes back."""
    ann = team.documents("a")
    first = ann.put(STATE, ONE, replaces=None, note="")
    began = git(team.remote, "rev-parse", BRANCH)
    second = ann.put(STATE, TWO, replaces=first, note="")
    git(team.remote, "update-ref", f"refs/heads/{BRANCH}", began)

    with pytest.raises(ConflictError):
        ann.put(STATE, THREE, replaces=second, note="")
    assert ann.get(STATE) == Snapshot(ONE, first)


def test_many_writers_lose_nothing(team: Team) -> None:
    """Three checkouts count up concurrently; each count is the previous one plus one."""
    writers = [store(team, name) for name in "abc"]
    failures: list[StateError] = []

    def count(writer: LeasedStore) -> None:
        done = 0
        while done < 4:
            current = writer.read()
            number = int(current.document) + 1 if current else 1
            document = f"{number}\n".encode() + b" " * writers.index(writer)
            try:
                writer.write(document, replaces=current.version if current else None, note=f"{number}")
                done += 1
            except StateError as error:
                if error.diagnostic.code != "state.changed":
                    failures.append(error)
                    return

    threads = [threading.Thread(target=count, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert team.log() == [str(number) for number in range(12, 0, -1)]


def test_two_threads_share_one_store(team: Team) -> None:
    """State writes and renewals come from different threads of one run."""
    ann = team.documents("a")

    def write(name: str) -> None:
        version: str | None = None
        for number in range(5):
            version = ann.put(name, f"{number} {name}".encode(), replaces=version, note=name)

    threads = [threading.Thread(target=write, args=(name,)) for name in (STATE, LOCK)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sorted(team.log()), ann.get(LOCK) and ann.get(STATE)) == (
        [LOCK] * 5 + [STATE] * 5,
        Snapshot(b"4 state", git(team.remote, "rev-parse", f"{BRANCH}:state.json")),
    )


def test_the_checkout_is_not_changed(team: Team) -> None:
    """Not its files, index, branches, objects, FETCH_HEAD or shallow mark; full or shallow."""
    (team.checkout("a") / "meetings.yaml").write_text("version: 1 # in work\n")
    before = git_view(team.folder / "a"), git_view(team.folder / "ann")

    for name in ("a", "ann"):
        documents = team.documents(name)
        current = documents.get(STATE)
        version = current.version if current else None
        documents.put(STATE, ONE + name.encode(), replaces=version, note="Record a")

    assert (git_view(team.folder / "a"), git_view(team.folder / "ann")) == before


def test_it_works_from_a_folder_inside_and_from_a_hook(team: Team) -> None:
    """A hook of the checkout is run with variables that tie git to it."""
    inside = team.checkout("a") / "deep" / "down"
    inside.mkdir(parents=True)
    tied = {"GIT_DIR": str(team.folder / "a" / ".git"), "GIT_INDEX_FILE": "nowhere"}
    options = team.options(inside, **tied)

    version = open_git(f"git:{BRANCH}", options).write(ONE, replaces=None, note="Record a")

    assert team.documents("b").get(STATE) == Snapshot(ONE, version)


def test_other_files_on_the_branch_stay(team: Team) -> None:
    ann = team.documents("a")
    version = ann.put(STATE, ONE, replaces=None, note="")
    git(team.folder / "ann", "fetch", "-q", "origin", BRANCH)
    git(team.folder / "ann", "checkout", "-q", "-b", "readme", "FETCH_HEAD")
    (team.folder / "ann" / "READ ME.md").write_text("What this is.\n")
    team.commit("ann")
    git(team.folder / "ann", "push", "-q", "origin", f"HEAD:{BRANCH}")

    ann.put(STATE, TWO, replaces=version, note="")

    assert git(team.remote, "ls-tree", "--name-only", BRANCH).splitlines() == ["READ ME.md", "state.json"]


def test_the_author_is_the_configured_user_or_the_program(team: Team) -> None:
    """CI configures no user."""
    version = team.documents("a").put(STATE, ONE, replaces=None, note="")
    git(team.checkout("b"), "config", "user.email", "bob@example.com")
    git(team.folder / "b", "config", "user.name", "Bob")
    team.documents("b").put(STATE, TWO, replaces=version, note="")

    assert team.log("%an <%ae>") == ["Bob <bob@example.com>", "reconciler <reconciler@localhost>"]


def test_an_empty_email_variable_configures_no_author(team: Team) -> None:
    """Git refuses to commit with it alone."""
    team.documents("a", EMAIL="").put(STATE, ONE, replaces=None, note="")

    assert team.log("%an <%ae>") == ["reconciler <reconciler@localhost>"]


def test_a_note_becomes_a_message() -> None:
    long = "Record " + ", ".join(f"meeting-{number}" for number in range(9))

    assert commit_message("Record a") == b"Record a\n\n[skip ci]\n"
    assert commit_message("Two\nlines\x1b[31m") == b"Two lines [31m\n\n[skip ci]\n"
    assert commit_message("") == b"Write\n\n[skip ci]\n"
    subject, blank, whole, *_ = commit_message(long).decode().splitlines()
    assert (len(subject) <= 72, subject[-4:], blank, whole) == (True, " ...", "", long)
    assert commit_message("x" * 90).startswith(b"x" * 68 + b" ...\n")


def test_no_hook_of_the_user_runs(team: Team) -> None:
    folder = team.checkout("a")
    hooks = folder / ".git" / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "pre-commit"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o700)

    team.documents("a").put(STATE, ONE, replaces=None, note="")

    assert len(team.log()) == 1


# Lost answers


@pytest.mark.parametrize("settings", ["bare = true", "bare = false\n\tworktree = .."])
def test_plain_files_are_no_repository(settings: str, team: Team) -> None:
    """A pull request can hold every file of a bare repository."""
    folder = team.checkout("a") / "ops"
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    script = f"\tsshCommand = touch {team.folder}/ran;\n\tfsmonitor = touch {team.folder}/ran;\n"
    origin = '[remote "origin"]\n\turl = ssh://host/ops.git\n'
    (folder / "config").write_text(f"[core]\n\trepositoryformatversion = 0\n\t{settings}\n{script}{origin}")

    opened = open_git(f"git:{BRANCH}", team.options(folder))

    assert complaint(opened.read).startswith("state.no-checkout")
    assert not (team.folder / "ran").exists()


SECRETS = (
    *(
        "ZOOM_CLIENT_SECRET",
        "RETRO_PASSCODE",
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_CLIENT_SECRET",
        "TF_HTTP_PASSWORD",
    ),
    *("GOOGLE_APPLICATION_CREDENTIALS", "RECONCILER_HTTP_PASSWORD", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
)


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://github.com/a/b", {"PATH", "SSH_AUTH_SOCK"}),
        (
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/a",
            {"PATH", "SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY"},
        ),
        ("https://dev.azure.com/a/b", {"PATH", "SSH_AUTH_SOCK", "AZURE_CLIENT_SECRET"}),
    ],
)
def test_git_gets_no_secret_that_it_does_not_need(remote: str, expected: set[str]) -> None:
    given = dict.fromkeys((*SECRETS, "PATH", "SSH_AUTH_SOCK"), "x")
    assert set(command.environment(given, remote=remote)) & set(given) == expected


def test_an_external_command_as_a_remote_is_not_run(team: Team) -> None:
    folder = team.checkout("a")
    git(folder, "config", "protocol.ext.allow", "always")
    git(folder, "remote", "set-url", "origin", f"ext::touch {team.folder}/ran")

    assert "state.unreachable" in complaint(store(team, "a").read)
    assert not (team.folder / "ran").exists()


KILL = 'if [ "$1" = {when} ]; then kill -9 $PPID; fi'
"""For the remote's `reference-transaction` hook: breaks the connection before or after the branch moves."""


def test_a_push_without_an_answer_is_unanswered(team: Team) -> None:
    ann = team.documents("a")
    ann.get(STATE)
    team.hook("reference-transaction", KILL.format(when="committed"))

    with pytest.raises(UnansweredError):
        ann.put(STATE, ONE, replaces=None, note="Record a")

    assert (ann.get(STATE) or Snapshot(b"", "")).document == ONE


def test_the_store_reads_after_a_lost_answer(team: Team) -> None:
    """A push that arrived counts as written; any other is sent again."""
    ann = store(team, "a")
    ann.read()
    team.hook("reference-transaction", KILL.format(when="committed"))

    version = ann.write(ONE, replaces=None, note="Record a")

    assert (ann.read(), team.log()) == (Snapshot(ONE, version), ["Record a"])


def test_a_push_that_keeps_breaking_off_is_given_up(team: Team) -> None:
    ann = store(team, "a")
    version = ann.write(ONE, replaces=None, note="")
    team.hook("reference-transaction", KILL.format(when="prepared"))

    said = complaint(lambda: ann.write(TWO, replaces=version, note=""))

    assert said.startswith("state.unanswered: ")
    for leftover in team.remote.rglob("*.lock"):
        leftover.unlink()  # as a server's own cleaning does
    team.hook("reference-transaction", "")
    assert store(team, "b").read() == Snapshot(ONE, version)


def test_a_push_that_takes_too_long_is_killed_with_its_children(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = team.documents("a")
    ann.get(STATE)
    team.hook("pre-receive", "sleep 5; touch landed")
    monkeypatch.setattr(command, "NETWORK_SECONDS", 0.3)

    began = time.monotonic()
    with pytest.raises(UnansweredError) as raised:
        ann.put(STATE, ONE, replaces=None, note="")

    assert time.monotonic() - began < 3
    assert "no answer within 0 s" in raised.value.diagnostic.detail


def test_a_fetch_that_takes_too_long_fails(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_method: str, _path: str) -> None:
        time.sleep(1)

    with served_over_http(team, hang) as address:
        team.checkout("a")
        git(team.folder / "a", "remote", "set-url", "origin", address)
        monkeypatch.setattr(command, "NETWORK_SECONDS", 0.2)

        assert complaint(lambda: team.documents("a").get(STATE)).startswith("state.unreachable: ")


def test_a_helper_that_stays_behind_is_not_waited_for(team: Team) -> None:
    """For example the shared connection of ssh, which keeps stderr open."""
    folder = team.checkout("a")
    script = team.folder / "receive-pack"
    script.write_text('#!/bin/sh\nsleep 5 </dev/null >/dev/null &\nexec git-receive-pack "$@"\n')
    script.chmod(0o700)
    git(folder, "config", "remote.origin.receivepack", str(script))

    began = time.monotonic()
    team.documents("a").put(STATE, ONE, replaces=None, note="")

    assert time.monotonic() - began < 3


# The lease


def test_a_held_lock_is_reported_and_a_free_one_is_taken(team: Team) -> None:
    ann, bob = store(team, "a"), store(team, "b")
    lease = ann.lock("apply", timeout_seconds=0)

    with pytest.raises(StateLockedError) as raised:
        bob.lock("apply", timeout_seconds=0)
    lease.renew()
    lease.release()
    bob.lock("state rm", timeout_seconds=0)

    assert "Who:       a@runner" in raised.value.diagnostic.detail
    assert team.log() == [
        "Lock for state rm by b@runner",
        "Free the lock",
        "Renew the lock of a@runner",
        "Lock for apply by a@runner",
    ]


def test_a_dead_holder_is_replaced_and_can_no_longer_write(team: Team) -> None:
    ann, bob = store(team, "a"), store(team, "b")
    dead = ann.lock("apply", timeout_seconds=0)
    version = ann.write(ONE, replaces=None, note="Begin a")
    team.clock.advance(61)

    lease = bob.lock("apply", timeout_seconds=0)
    bob.write(TWO, replaces=version, note="Take over")

    assert lease.taken_from == dead.info
    assert complaint(lambda: ann.write(THREE, replaces=version, note="")).startswith("state.changed: ")
    assert complaint(dead.renew).startswith("state.lease-lost: ")
    assert dead.seconds_left() == 0


def test_one_of_two_concurrent_locks_wins(team: Team) -> None:
    """Even if the branch does not exist yet."""
    racers = [store(team, name) for name in "ab"]
    start = threading.Barrier(2)
    won: list[str] = []
    lost: list[StateError] = []

    def race(racer: LeasedStore) -> None:
        start.wait()
        try:
            won.append(racer.lock("apply", timeout_seconds=0).info.who)
        except StateLockedError as error:
            lost.append(error)

    threads = [threading.Thread(target=race, args=(racer,)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    holder = racers[0].holder()
    assert (len(won), len(lost), holder and holder.who) == (1, 1, won[0])


# Errors


@pytest.mark.parametrize(
    "name",
    ["", "-f", "a..b", "a b", "x.lock", "a/", "a//b", "/a", ".a", "a/.b", "a.", "HEAD", "a:b:c", "a@{1}"],
)
def test_an_invalid_branch_name_is_refused(name: str, team: Team) -> None:
    options = team.options(team.folder)

    assert complaint(lambda: open_store(f"git:{name}", options)).startswith("state.bad-address: ")


def test_a_folder_outside_of_a_checkout_is_reported(team: Team) -> None:
    options = team.options(team.folder, GIT_CEILING_DIRECTORIES=str(team.folder.parent))

    said = complaint(open_git("git:s", options).read)

    assert said == (
        f"state.no-checkout: {team.folder} is not in a checkout that git can use. "
        "Git says: fatal: not a git repository (or any of the parent directories): .git "
        "Run it in the checkout of the specs; in CI after the step that checks them out."
    )


def test_a_missing_git_is_reported(team: Team) -> None:
    ann = team.documents("a", PATH=str(team.folder))

    assert complaint(lambda: ann.get(STATE)).startswith("state.git-missing: ")


@pytest.mark.parametrize("function", ["TemporaryFile", "mkdtemp"])
def test_a_full_disk_is_reported(function: str, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    ann = team.documents("a")
    monkeypatch.setattr(f"tempfile.{function}", full)

    said = complaint(lambda: ann.get(STATE))

    assert said == (
        "state.git: The temporary files of git could not be written: No space left on device. "
        "Nothing more is sent. Make room in the folder of TMPDIR, then run the same command again; "
        "what was sent already is looked up."
    )


def test_the_remote_is_origin_or_the_only_one_or_the_followed_one(team: Team) -> None:
    folder = team.checkout("a")
    git(folder, "checkout", "-q", "main")
    git(folder, "remote", "rename", "origin", "team")
    alone = team.documents("a").put(STATE, ONE, replaces=None, note="")
    git(folder, "remote", "add", "fork", f"file://{team.folder}/nowhere.git")
    followed = team.documents("a").put(STATE, TWO, replaces=alone, note="")
    git(folder, "checkout", "-q", "--detach")

    said = complaint(lambda: team.documents("a").get(STATE))
    git(folder, "remote", "remove", "fork")
    git(folder, "remote", "remove", "team")

    assert team.documents("b").get(STATE) == Snapshot(TWO, followed)
    assert said.startswith(
        "state.which-remote: The checkout has the remotes team, fork, and none is `origin`. "
        "Nothing was sent. "
        f"Name the one that has the state: `state: git:team:{BRANCH}`, or `state: git:fork:{BRANCH}`."
    )
    assert complaint(lambda: team.documents("a").get(STATE)).startswith(
        "state.no-remote: `git remote` lists no remote."
    )


def test_a_remote_may_be_a_relative_path(team: Team) -> None:
    folder = team.checkout("a") / "inside"
    folder.mkdir()
    git(folder, "remote", "set-url", "origin", "../ops.git")

    open_git(f"git:{BRANCH}", team.options(folder)).write(ONE, replaces=None)

    assert len(team.log()) == 1


def test_the_branch_of_the_specs_is_refused(team: Team) -> None:
    """Both the current branch and the remote's main branch."""
    git(team.folder / "ann", "checkout", "-q", "-b", "work")
    git(team.folder / "ann", "fetch", "-q")
    git(team.folder / "ann", "remote", "set-head", "origin", "main")

    for name in ("work", "main"):
        opened = open_git(f"git:{name}", team.options(team.folder / "ann"))
        assert complaint(opened.read).startswith(f"state.own-branch: `{name}` is checked out here, or is")


def test_a_branch_with_other_files_is_left_alone(team: Team) -> None:
    """A detached checkout does not know the main branch, but sees that it holds no state."""
    git(team.checkout("a"), "remote", "set-head", "origin", "--delete")  # as CI's checkout leaves it
    opened = open_git("git:main", team.options(team.folder / "a"))

    said = complaint(lambda: opened.lock("apply", timeout_seconds=0))

    assert said.startswith(
        f"state.not-ours: Branch main of origin ({team.address}) has meetings.yaml, and no"
    )
    assert complaint(lambda: opened.write(ONE, replaces=None)).startswith("state.not-ours: ")


def test_a_protected_branch_is_reported_and_not_pushed_again(team: Team) -> None:
    ann = team.documents("a")
    team.hook(
        "pre-receive", 'echo "x" >> pushes; echo "GitLab: not allowed to push to protected" >&2; exit 1'
    )

    said = complaint(lambda: ann.put(STATE, ONE, replaces=None, note=""))

    assert said.startswith("state.refused: ")
    assert "[remote rejected] (pre-receive hook declined); GitLab: not allowed to push to protected" in said
    assert "on GitHub `permissions: contents: write`" in said
    assert ((team.remote / "pushes").read_text(), ann.get(STATE)) == ("x\n", None)


def test_a_missing_remote_is_reported(team: Team) -> None:
    folder = team.checkout("a")
    git(folder, "remote", "set-url", "origin", f"file://{team.folder}/nowhere.git")

    said = complaint(lambda: team.documents("a").get(STATE))

    assert said.startswith(
        f"state.forbidden: Branch {BRANCH} of origin (file://{team.folder}/nowhere.git) does"
    )


# Over HTTP


def test_a_shallow_checkout_reads_and_writes_over_http(team: Team) -> None:
    with served_over_http(team) as address:
        team.checkout("a", address)
        ann = store(team, "a")
        lease = ann.lock("apply", timeout_seconds=0)
        version = ann.write(ONE, replaces=None, note="Begin a")
        version = ann.write(TWO, replaces=version, note="Record a")
        lease.release()
        team.checkout("b", address)

        assert store(team, "b").read() == Snapshot(TWO, version)
    assert len(team.log()) == 4


def test_a_read_needs_no_right_to_write(team: Team) -> None:
    """As in a pull request from a fork: the push is forbidden before anything is sent."""
    version = team.documents("ci").put(STATE, ONE, replaces=None, note="")

    def forbid(_method: str, path: str) -> int | None:
        return 403 if "receive-pack" in path else None

    with served_over_http(team, forbid) as address:
        team.checkout("a", address)
        fork = store(team, "a")

        assert fork.read() == Snapshot(ONE, version)
        said = complaint(lambda: fork.lock("apply", timeout_seconds=0))
    assert said.startswith("state.forbidden: ")
    assert "permissions: contents: write" in said


@pytest.mark.parametrize("status", [401, 403])
def test_a_push_that_is_forbidden_names_the_right_to_add(status: int, team: Team) -> None:
    """As by a token that may read, where the remote looks at the push itself: it was not done."""
    pushes: list[str] = []

    def forbid(method: str, path: str) -> int | None:
        if method == "POST" and "receive-pack" in path:
            pushes.append(path)
            return status
        return None

    with served_over_http(team, forbid) as address:
        team.checkout("a", address)

        said = complaint(lambda: store(team, "a").lock("apply", timeout_seconds=0))
        found = store(team, "a").read()
    assert (bool(pushes), found) == (True, None)
    assert said.startswith(f"state.forbidden: Branch {BRANCH} of origin ")
    assert "on GitHub `permissions: contents: write`, on GitLab a token with `write_repository`" in said


def test_the_store_reads_after_a_lost_answer_over_http(team: Team) -> None:
    """The push is carried out, and a proxy answers 502."""
    broken: list[str] = []

    def lose(method: str, path: str) -> int | None:
        if method == "POST" and path.endswith("receive-pack") and not broken:
            broken.append(path)
            return 502
        return None

    with served_over_http(team, lose) as address:
        team.checkout("a", address)
        ann = store(team, "a")
        version = ann.write(ONE, replaces=None, note="Record a")

        assert (ann.read(), team.log()) == (Snapshot(ONE, version), ["Record a"])
    assert len(broken) == 1


def test_an_overloaded_remote_is_asked_once_more(team: Team) -> None:
    failures = [503]

    def busy(_method: str, _path: str) -> int | None:
        return failures.pop() if failures else None

    with served_over_http(team, busy) as address:
        folder = team.checkout("a")
        git(folder, "remote", "set-url", "origin", address)

        assert team.documents("a").get(STATE) is None
    assert (failures, team.clock.monotonic()) == ([], 1.0)


def test_an_unreachable_remote_is_reported_without_a_password(team: Team) -> None:
    """Nothing was sent, so nothing is unclear."""
    with served_over_http(team) as address:
        gone = address.replace("://", "://ann:geheim@")
    folder = team.checkout("a")
    git(folder, "remote", "set-url", "origin", gone)
    ann = team.documents("a", GIT_TRACE="1", GIT_CURL_VERBOSE="1")

    said = complaint(lambda: ann.put(STATE, ONE, replaces=None, note=""))

    assert said.startswith(
        f"state.unreachable: Branch {BRANCH} of origin ({address}): git says: fatal: unable to"
    )
    assert ("geheim" in said, "geheim" in repr(ann)) == (False, False)


def test_the_checkouts_own_credentials_are_used(team: Team) -> None:
    """CI keeps them in the checkout's settings, as a header or in the address."""
    paths: list[str] = []

    def note(_method: str, path: str) -> None:
        paths.append(path)

    with served_over_http(team, note) as address:
        folder = team.checkout("a")
        git(folder, "remote", "set-url", "origin", "ops:team")
        git(folder, "config", f"url.{address}.insteadOf", "ops:team")
        team.documents("a").put(STATE, ONE, replaces=None, note="")

    assert (len(team.log()), "/ops.git/git-receive-pack" in paths) == (1, True)


def test_messages_of_git_are_shown_without_secrets() -> None:
    assert redact_addresses("https://x:y@h/r.git?token=1 ssh://git@h/r") == "https://h/r.git ssh://h/r"
    assert first_line("fatal: a\x1b\nhint: none\n\n  b   c") == "fatal: a?; b c"


# The whole program


def test_a_rollout_on_a_branch(team: Team, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """One job applies; another checkout, without the right to write, plans no changes."""
    for name, value in NO_CONFIG.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(git_store, "GATHER_SECONDS", 0.05)
    (team.folder / "ann" / "meetings.yaml").write_text(spec_of({"launch": {}, "retro": {}}, start=FAR))
    team.commit("ann")
    git(team.folder / "ann", "push", "-q", "origin", "main")
    job, fork = (
        Shell(team.checkout("job"), monkeypatch, capsys),
        Shell(team.folder / "fork", monkeypatch, capsys),
    )
    job.timer = SystemTimer()  # what comes from a port within GATHER_SECONDS is written together
    before = git_view(job.folder)
    with served() as zoom:
        monkeypatch.chdir(job.folder)
        applied = job(*APPLY, **zoom.environ)
        topics = zoom.topics("platform@example.com")
    team.hook("pre-receive", "exit 1")
    monkeypatch.chdir(team.checkout("fork"))

    planned = fork("plan", "--state", f"git:{BRANCH}")

    named = f"State: git:origin:{BRANCH} ({team.address})\n"
    assert (applied.status, applied.err, topics) == (0, named, ["launch", "retro"])
    assert (planned.status, planned.out[:11], planned.err) == (0, "No changes.", named)
    assert git_view(job.folder) == before
    assert [line for line in team.log() if "lock" not in line.casefold()] == [
        "Create launch, retro",
        "Begin launch, retro",
        "Learn the ids of hosts",
    ]
    assert json.loads(git(team.remote, "show", f"{BRANCH}:lock.json")) == {}


def test_a_process_leaves_no_folder_behind(team: Team, tmp_path: Path) -> None:
    """It ends without Python's own way out, but for what is done at an exit."""
    folder, temporary = team.checkout("ana"), tmp_path / "temporary"
    temporary.mkdir()
    (folder / "meetings.yaml").write_text(spec_of({"a": {}}))
    arguments = (
        sys.executable,
        "-m",
        "reconciler",
        "plan",
        "--detailed-exitcode",
        "--state",
        f"git:{BRANCH}",
    )
    environment = {**os.environ, **NO_CONFIG, "TMPDIR": str(temporary)}

    ran = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout.splitlines()[0]) == (2, f'+ a "a" for {HOST}')
    assert [*temporary.iterdir()] == []
