"""The remote of a state on a branch: a fork's checkout, a remote that is named, addresses for pushes."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from git_world import BRANCH, NO_CONFIG, Team, check_out, git, make_team
from served import APPLY, served
from shell import FAR, Shell, spec_of

from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.ports import Snapshot
from reconciler.stores.git.place import open_git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.stores.leased.store import LeasedStore

ONE, TWO = b'{"serial": 1}\n', b'{"serial": 2}\n'
HERE = f"git:{BRANCH}"
FORK, UPSTREAM = f"git:origin:{BRANCH}", f"git:upstream:{BRANCH}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git") / "team"
    make_team(folder)
    git(folder, "clone", "-q", "--bare", "--template=", "ops.git", "fork.git")
    return folder


@pytest.fixture
def team(made: Path, tmp_path: Path) -> Team:
    """The project is `ops.git`; `me` is a checkout of its fork, whose branch follows the project."""
    shutil.copytree(made, tmp_path / "team")
    team = Team(tmp_path / "team")
    check_out(f"file://{team.folder}/fork.git", team.folder / "me")
    git(team.folder / "me", "remote", "add", "upstream", team.address)
    git(team.folder / "me", "fetch", "-q", "upstream")
    git(team.folder / "me", "checkout", "-q", "-B", "main", "--track", "upstream/main")
    return team


def mine(team: Team, address: str = HERE) -> LeasedStore:
    return open_git(address, team.options(team.folder / "me"))


def write(team: Team, address: str, document: bytes) -> None:
    """Write to one remote, by its name."""
    known = mine(team, address).read()
    mine(team, address).write(document, replaces=known.version if known else None)


def held(team: Team) -> dict[str, str | None]:
    """The state on the branch of each remote."""

    def document(repository: str) -> str | None:
        folder = team.folder / repository
        return (
            git(folder, "show", f"{BRANCH}:state.json") if git(folder, "branch", "--list", BRANCH) else None
        )

    return {"fork": document("fork.git"), "upstream": document("ops.git")}


def complaint(call: Callable[[], Any]) -> str:
    """The code and the text of the error."""
    with pytest.raises((StateError, SettingsError)) as raised:
        call()
    diagnostic = raised.value.diagnostic
    return f"{diagnostic.code}: {diagnostic.detail} {diagnostic.hint}"


def test_the_followed_remote_is_used_if_only_it_has_the_branch(team: Team) -> None:
    """It is read and written, and named; nothing goes to the fork."""
    write(team, UPSTREAM, ONE)
    team.lines.clear()
    store = mine(team)

    read = store.read()
    store.write(TWO, replaces=read.version if read else None)

    assert (read and read.document, held(team)) == (ONE, {"fork": None, "upstream": TWO.decode().rstrip()})
    assert (store.location, team.lines) == (UPSTREAM, [f"State: {UPSTREAM} ({team.address})"])


def test_origin_is_used_if_only_it_has_the_branch(team: Team) -> None:
    write(team, FORK, ONE)

    assert (mine(team).read() or Snapshot(b"", "")).document == ONE
    assert held(team) == {"fork": ONE.decode().rstrip(), "upstream": None}


def test_the_first_write_goes_to_origin(team: Team) -> None:
    mine(team).write(ONE, replaces=None)

    assert held(team) == {"fork": ONE.decode().rstrip(), "upstream": None}


def test_equal_branches_are_those_of_origin(team: Team) -> None:
    write(team, UPSTREAM, ONE)
    git(team.folder / "ops.git", "push", "-q", str(team.folder / "fork.git"), BRANCH)
    store = mine(team)

    assert (store.read() or Snapshot(b"", "")).document == ONE
    assert store.location == FORK


def test_branches_that_differ_are_asked_about_and_neither_is_read_or_written(team: Team) -> None:
    """Each of the two lines that are printed decides."""
    write(team, UPSTREAM, ONE)
    write(team, FORK, TWO)
    before = held(team)

    said = complaint(lambda: mine(team).read())

    assert said == (
        f"state.which-remote: The branch {BRANCH} may be that of origin (file://{team.folder}/fork.git), "
        f"or that of upstream ({team.address}), which the current branch follows. "
        "Both have the branch, and the two differ. Nothing was read or written. "
        f"Name the one that has the state: `state: {UPSTREAM}`, or `state: {FORK}`."
    )
    assert complaint(lambda: mine(team).lock("apply", timeout_seconds=0)) == said
    assert complaint(lambda: mine(team).write(TWO, replaces=None)) == said
    assert held(team) == before
    read = [(mine(team, address).read() or Snapshot(b"", "")).document for address in (UPSTREAM, FORK)]
    assert read == [ONE, TWO]


def test_a_followed_remote_that_cannot_be_asked_decides_nothing(team: Team) -> None:
    """Its state may be the right one; the remote that is named is not compared with it."""
    write(team, FORK, ONE)
    git(team.folder / "me", "remote", "set-url", "upstream", f"file://{team.folder}/nowhere.git")

    said = complaint(lambda: mine(team).read())

    assert said.startswith(f"state.which-remote: The branch {BRANCH} may be that of origin")
    assert f"Branch {BRANCH} of upstream (file://{team.folder}/nowhere.git) does not exist" in said
    assert (mine(team, FORK).read() or Snapshot(b"", "")).document == ONE


@pytest.mark.parametrize("followed", ["file:///somewhere/else.git", ".", "gone"])
def test_an_address_that_the_branch_follows_is_no_remote(followed: str, team: Team) -> None:
    """It may have come with the branch from somebody else; a local branch and a removed remote are none."""
    write(team, FORK, ONE)
    git(team.folder / "me", "config", "branch.main.remote", followed)

    assert (mine(team).read() or Snapshot(b"", "")).document == ONE


def test_a_remote_that_the_checkout_does_not_have_is_reported(team: Team) -> None:
    assert complaint(lambda: mine(team, f"git:upstraem:{BRANCH}").read()) == (
        "state.no-remote: The state is on a branch of `upstraem`, and `git remote` lists origin, upstream. "
        "Nothing was read or sent. Did you mean `upstream`?"
    )
    assert complaint(lambda: mine(team, f"git:x:{BRANCH}").read()).endswith("git remote add x URL")


@pytest.mark.parametrize(
    "name", [f":{BRANCH}", "a:", "a:b:c", f"-u:{BRANCH}", f"https://u:secret@example.com/x.git:{BRANCH}"]
)
def test_an_invalid_remote_name_is_refused(name: str, team: Team) -> None:
    said = complaint(lambda: mine(team, f"git:{name}"))

    assert (said.startswith("state.bad-address: "), "secret" in said) == (True, False)


def test_the_main_branch_of_either_remote_is_refused(team: Team) -> None:
    git(team.folder / "me", "checkout", "-q", "-b", "work", "--track", "upstream/main")
    git(team.folder / "me", "remote", "set-head", "upstream", "main")

    assert complaint(lambda: mine(team, "git:main").read()).startswith("state.own-branch: ")


def pushed_to(team: Team, *addresses: str) -> LeasedStore:
    """A store on `upstream`, which is pushed to other addresses than it is read from."""
    for address in addresses:
        git(team.folder / "me", "remote", "set-url", "--add", "--push", "upstream", address)
    return mine(team, UPSTREAM)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_push_to_another_repository_is_refused(is_new: bool, team: Team) -> None:  # noqa: FBT001 - whether the branch exists
    """A fork as the push address would get the state that is read from the project."""
    git(team.folder / "fork.git", "branch", "topic", "main")
    if not is_new:
        write(team, UPSTREAM, ONE)
    before = held(team)
    store = pushed_to(team, f"file://{team.folder}/fork.git")
    known = store.read()

    said = complaint(lambda: store.write(TWO, replaces=known.version if known else None))

    assert said == (
        f"state.which-remote: upstream is read from {team.address}, and pushed to another repository, "
        "or to several: their branches differ. Nothing was written. "
        "Let it be pushed where it is read, with `git config --unset-all remote.upstream.pushurl`, "
        f"or name another remote, as in `state: git:REMOTE:{BRANCH}`."
    )
    assert held(team) == before
    git(team.folder / "me", "config", "--unset-all", "remote.upstream.pushurl")
    write(team, UPSTREAM, TWO)
    assert held(team)["upstream"] == TWO.decode().rstrip()


@pytest.mark.parametrize("how", ["pushurl", "pushInsteadOf"])
def test_a_push_to_a_fork_that_still_has_the_same_branches_is_taken_back(how: str, team: Team) -> None:
    """Before the first write nothing tells a new fork from the project at another address."""
    fork = f"file://{team.folder}/fork.git"
    key = "remote.upstream.pushurl" if how == "pushurl" else f"url.{fork}.pushInsteadOf"
    git(team.folder / "me", "config", key, fork if how == "pushurl" else team.address)
    store = mine(team, UPSTREAM)

    said = complaint(lambda: store.write(ONE, replaces=None))

    assert said.startswith(f"state.which-remote: upstream is read from {team.address}, and pushed to another")
    assert held(team) == {"fork": None, "upstream": None}
    (command,) = re.findall(r"`git (config [^`]+)`", said)
    git(team.folder / "me", *shlex.split(command))
    write(team, UPSTREAM, ONE)
    assert held(team) == {"fork": None, "upstream": ONE.decode().rstrip()}


def test_a_default_for_pushes_changes_nothing(team: Team) -> None:
    """`remote.pushDefault` is for a push that names no remote."""
    git(team.folder / "me", "config", "remote.pushDefault", "origin")

    write(team, UPSTREAM, ONE)

    assert held(team) == {"fork": None, "upstream": ONE.decode().rstrip()}


def test_a_second_working_tree_has_the_remotes_of_its_checkout(team: Team) -> None:
    git(team.folder / "me", "worktree", "add", "-q", "--track", "-b", "other", "../tree", "upstream/main")
    write(team, UPSTREAM, ONE)
    store = open_git(HERE, team.options(team.folder / "tree"))

    assert ((store.read() or Snapshot(b"", "")).document, store.location) == (ONE, UPSTREAM)


def test_a_push_to_several_repositories_is_refused(team: Team) -> None:
    store = pushed_to(team, team.address, f"file://{team.folder}/fork.git")

    assert complaint(lambda: store.write(ONE, replaces=None)).startswith("state.which-remote: upstream is")
    assert held(team) == {"fork": None, "upstream": None}


def test_another_address_of_the_same_repository_is_pushed_to(team: Team) -> None:
    """As with reads over HTTPS and pushes over SSH."""
    store = pushed_to(team, str(team.remote))

    first = store.write(ONE, replaces=None)
    store.write(TWO, replaces=first)

    assert held(team) == {"fork": None, "upstream": TWO.decode().rstrip()}


def test_a_checkout_of_a_fork_plans_against_the_state_of_the_project(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The fork's branch is an old copy: which one is meant is asked, and every verb names what it read."""
    for name, value in NO_CONFIG.items():
        monkeypatch.setenv(name, value)
    ann, me = (Shell(team.folder / name, monkeypatch, capsys) for name in ("ann", "me"))
    with served() as zoom:
        monkeypatch.chdir(ann.folder)
        ann.write("meetings.yaml", spec_of({"kickoff": {}}, start=FAR))
        assert ann(*APPLY, "--state", HERE, **zoom.environ).status == 0
        git(team.folder / "fork.git", "fetch", "-q", team.address, f"{BRANCH}:{BRANCH}")
        both = spec_of({"kickoff": {}, "second": {}}, start=FAR)
        ann.write("meetings.yaml", both)
        assert ann(*APPLY, "--state", HERE, **zoom.environ).status == 0
        monkeypatch.chdir(me.folder)
        me.write("meetings.yaml", both)
        before = held(team)

        asked = [me(verb, "--state", HERE, **zoom.environ) for verb in ("plan", "doctor", "drift")]
        applied = me(*APPLY, "--state", HERE, **zoom.environ)
        plan = me("plan", "--state", UPSTREAM)
        doctor = me("doctor", "--state", UPSTREAM, "--format", "json", **zoom.environ)
        listed = me("state", "list", "--state", UPSTREAM)

    assert [ran.status for ran in (*asked, applied)] == [1, 1, 1, 1]
    assert all(
        f"state: {address}" in ran.out + ran.err for ran in (*asked, applied) for address in (UPSTREAM, FORK)
    )
    assert held(team) == before
    named = f"State: {UPSTREAM} ({team.address})\n"
    assert (plan.out[:11], plan.err, listed.err) == ("No changes.", named, named)
    (row,) = [each for each in doctor.rows[0]["checks"] if each["name"] == "state"]
    assert row["summary"].startswith(f"{UPSTREAM}: serial ")


def test_a_rewrite_of_other_addresses_is_not_named_in_the_remedy(team: Team) -> None:
    """The settings of git come before those of the checkout: an innocent one would be removed everywhere."""
    fork = f"file://{team.folder}/fork.git"
    git(team.folder / "me", "config", "url.ssh://git@example.com/.pushInsteadOf", "https://example.com/")
    git(team.folder / "me", "config", "remote.upstream.pushurl", fork)
    store = mine(team, UPSTREAM)

    said = complaint(lambda: store.write(ONE, replaces=None))

    assert re.findall(r"`git (config [^`]+)`", said) == ["config --unset-all remote.upstream.pushurl"]


def test_a_branch_that_a_fork_does_not_let_be_deleted_is_told(team: Team) -> None:
    fork = team.folder / "fork.git"
    git(team.folder / "me", "config", "remote.upstream.pushurl", f"file://{fork}")
    git(fork, "config", "receive.denyDeletes", "true")
    store = mine(team, UPSTREAM)

    said = complaint(lambda: store.write(ONE, replaces=None))

    assert f"A new branch {BRANCH} could not be deleted there again." in said
    assert "Nothing was written." not in said


def test_an_included_push_address_is_removed_from_its_file(team: Team) -> None:
    """`git config --unset-all` reads no included file: the line would have failed."""
    included = team.folder / "its own.cfg"
    git(team.folder / "me", "config", "--file", str(included), "remote.upstream.pushurl", fork_of(team))
    git(team.folder / "me", "config", "include.path", "../../its own.cfg")
    store = mine(team, UPSTREAM)

    said = complaint(lambda: store.write(ONE, replaces=None))

    (command,) = re.findall(r"`git (config [^`]+)`", said)
    assert command == f"config --file '{included.resolve()}' --unset-all remote.upstream.pushurl"
    git(team.folder / "me", *shlex.split(command))
    write(team, UPSTREAM, ONE)
    assert held(team) == {"fork": None, "upstream": ONE.decode().rstrip()}


@pytest.mark.parametrize(
    ("count", "command"),
    [(1, "unset GIT_CONFIG_COUNT"), (2, "export GIT_CONFIG_KEY_0=reconciler.unused")],
)
def test_a_push_address_in_variables_is_taken_out_of_them(count: int, command: str, team: Team) -> None:
    """Where there are other settings in them, these stay."""
    variables = {
        "GIT_CONFIG_COUNT": str(count),
        "GIT_CONFIG_KEY_0": "remote.upstream.pushURL",
        "GIT_CONFIG_VALUE_0": fork_of(team),
        "GIT_CONFIG_KEY_1": "user.name",
        "GIT_CONFIG_VALUE_1": "Ada",
    }

    def store() -> LeasedStore:
        return open_git(UPSTREAM, team.options(team.folder / "me", **variables))

    said = complaint(lambda: store().write(ONE, replaces=None))

    assert f"Let it be pushed where it is read, with `{command}`, or" in said
    named, _, value = command.split(" ", 1)[1].partition("=")
    variables |= {named: value or "0"}
    store().write(ONE, replaces=None)
    assert held(team) == {"fork": None, "upstream": ONE.decode().rstrip()}


def fork_of(team: Team) -> str:
    return f"file://{team.folder}/fork.git"
