"""The state on a branch: real git, bare repositories, checkouts as CI makes them."""

from __future__ import annotations

import errno
import json
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from git_world import ALONE, BRANCH, Team, git, make, served
from served import served as served_zoom
from shell import FAR, Shell, spec_of

from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.errors.text import redact_addresses
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
    make(folder)
    return folder


@pytest.fixture
def team(made: Path, tmp_path: Path) -> Team:
    shutil.copytree(made, tmp_path / "team")
    return Team(tmp_path / "team")


def store(team: Team, name: str) -> LeasedStore:
    return open_git(f"git:{BRANCH}", team.surroundings(team.checkout(name)))


def complaint(call: Callable[[], Any]) -> str:
    """The code of what is raised, and its whole text."""
    with pytest.raises((StateError, SettingsError)) as raised:
        call()
    found = raised.value.diagnostic
    return f"{found.code}: {found.detail} {found.hint}"


def look(folder: Path) -> tuple[str, ...]:
    """All that a person could notice of a checkout: files, index, branches, objects, marks."""
    marks = tuple(sorted(path.name for path in (folder / ".git").iterdir()))
    said = (("status", "--porcelain", "--ignored"), ("for-each-ref",), ("count-objects", "-v"))
    return (*marks, *(git(folder, *each) for each in said))


# One branch, two documents


def test_the_branch_is_made_by_the_first_write_and_holds_nothing_else(team: Team) -> None:
    ann = team.place("a")
    before = (ann.get(STATE), ann.get(LOCK))

    version = ann.put(STATE, ONE, replaces=None, note="Record launch")

    assert before == (None, None)
    assert team.place("b").get(STATE) == Snapshot(ONE, version)
    assert git(team.remote, "ls-tree", "--name-only", BRANCH) == "state.json"
    assert team.log("%s|%P") == ["Record launch|"]


def test_each_write_is_one_commit_on_the_one_before(team: Team) -> None:
    ann = team.place("a")
    version: str | None = None
    for document, note in ((ONE, "Begin a"), (TWO, "Record a"), (THREE, "Forget a")):
        version = ann.put(STATE, document, replaces=version, note=note)

    assert team.log() == ["Forget a", "Record a", "Begin a"]
    assert team.place("b").get(STATE) == Snapshot(THREE, str(version))


def test_a_version_is_of_its_document_alone(team: Team) -> None:
    """The lock's renewal by another thread does not come between a state and its write."""
    ann, bob = team.place("a"), team.place("b")
    first = ann.put(STATE, ONE, replaces=None, note="")
    lock = bob.put(LOCK, b"{}", replaces=None, note="Lock")

    second = ann.put(STATE, TWO, replaces=first, note="")  # onto a branch that ann has not seen

    assert bob.get(STATE) == Snapshot(TWO, second)
    assert ann.get(LOCK) == Snapshot(b"{}", lock)


def test_another_version_is_not_overwritten(team: Team) -> None:
    ann, bob = team.place("a"), team.place("b")
    first = ann.put(STATE, ONE, replaces=None, note="")
    bob.put(STATE, TWO, replaces=first, note="")

    with pytest.raises(ConflictError):
        ann.put(STATE, THREE, replaces=first, note="")
    with pytest.raises(ConflictError):
        team.place("c").put(STATE, THREE, replaces=None, note="")
    assert ann.get(STATE) == bob.get(STATE)
    assert len(team.log()) == 2


def test_a_branch_that_was_removed_is_not_written_unseen(team: Team) -> None:
    ann = team.place("a")
    version = ann.put(STATE, ONE, replaces=None, note="")
    git(team.remote, "branch", "-D", BRANCH)

    with pytest.raises(ConflictError):
        ann.put(STATE, TWO, replaces=version, note="")
    assert ann.get(STATE) is None


def test_a_branch_that_was_set_back_is_read_as_it_stands(team: Team) -> None:
    """What a write replaced is forgotten here, and fetched again where it comes back."""
    ann = team.place("a")
    first = ann.put(STATE, ONE, replaces=None, note="")
    began = git(team.remote, "rev-parse", BRANCH)
    second = ann.put(STATE, TWO, replaces=first, note="")
    git(team.remote, "update-ref", f"refs/heads/{BRANCH}", began)

    with pytest.raises(ConflictError):
        ann.put(STATE, THREE, replaces=second, note="")
    assert ann.get(STATE) == Snapshot(ONE, first)


def test_many_writers_lose_nothing(team: Team) -> None:
    """Three checkouts count up at once; each count is the one before and one more."""
    writers = [store(team, name) for name in "abc"]
    failures: list[StateError] = []

    def count(writer: LeasedStore) -> None:
        done = 0
        while done < 4:
            stands = writer.read()
            number = int(stands.document) + 1 if stands else 1
            document = f"{number}\n".encode() + b" " * writers.index(writer)
            try:
                writer.write(document, replaces=stands.version if stands else None, note=f"{number}")
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


def test_one_place_serves_two_threads(team: Team) -> None:
    """State writes and renewals come from different threads of one run."""
    ann = team.place("a")

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


def test_the_checkout_is_not_touched(team: Team) -> None:
    """Not its files, index, branches, objects, FETCH_HEAD, nor what marks it as shallow; full or shallow."""
    (team.checkout("a") / "meetings.yaml").write_text("version: 1 # in work\n")
    before = look(team.folder / "a"), look(team.folder / "ann")

    for name in ("a", "ann"):
        place = team.place(name)
        stands = place.get(STATE)
        version = stands.version if stands else None
        place.put(STATE, ONE + name.encode(), replaces=version, note="Record a")

    assert (look(team.folder / "a"), look(team.folder / "ann")) == before


def test_it_works_from_a_folder_inside_and_from_a_hook(team: Team) -> None:
    """A hook of the checkout is run with variables that tie git to it."""
    inside = team.checkout("a") / "deep" / "down"
    inside.mkdir(parents=True)
    tied = {"GIT_DIR": str(team.folder / "a" / ".git"), "GIT_INDEX_FILE": "nowhere"}
    surroundings = team.surroundings(inside, **tied)

    version = open_git(f"git:{BRANCH}", surroundings).write(ONE, replaces=None, note="Record a")

    assert team.place("b").get(STATE) == Snapshot(ONE, version)


def test_what_else_stands_on_the_branch_stays(team: Team) -> None:
    ann = team.place("a")
    version = ann.put(STATE, ONE, replaces=None, note="")
    git(team.folder / "ann", "fetch", "-q", "origin", BRANCH)
    git(team.folder / "ann", "checkout", "-q", "-b", "readme", "FETCH_HEAD")
    (team.folder / "ann" / "LIES MICH.md").write_text("What this is.\n")
    team.commit("ann")
    git(team.folder / "ann", "push", "-q", "origin", f"HEAD:{BRANCH}")

    ann.put(STATE, TWO, replaces=version, note="")

    assert git(team.remote, "ls-tree", "--name-only", BRANCH).splitlines() == ["LIES MICH.md", "state.json"]


def test_whoever_is_named_writes_and_else_we_do(team: Team) -> None:
    """CI names nobody."""
    version = team.place("a").put(STATE, ONE, replaces=None, note="")
    git(team.checkout("b"), "config", "user.email", "bob@example.com")
    git(team.folder / "b", "config", "user.name", "Bob")
    team.place("b").put(STATE, TWO, replaces=version, note="")

    assert team.log("%an <%ae>") == ["Bob <bob@example.com>", "reconciler <reconciler@localhost>"]


def test_a_note_becomes_a_message() -> None:
    long = "Record " + ", ".join(f"meeting-{number}" for number in range(9))

    assert commit_message("Record a") == b"Record a\n\n[skip ci]\n"
    assert commit_message("Two\nlines\x1b[31m") == b"Two lines [31m\n\n[skip ci]\n"
    assert commit_message("") == b"Write\n\n[skip ci]\n"
    subject, blank, whole, *_ = commit_message(long).decode().splitlines()
    assert (len(subject) <= 72, subject[-4:], blank, whole) == (True, " ...", "", long)
    assert commit_message("x" * 90).startswith(b"x" * 68 + b" ...\n")


def test_no_hook_of_the_person_runs(team: Team) -> None:
    folder = team.checkout("a")
    hooks = folder / ".git" / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "pre-commit"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o700)

    team.place("a").put(STATE, ONE, replaces=None, note="")

    assert len(team.log()) == 1


# Lost answers


KILL = 'if [ "$1" = {when} ]; then kill -9 $PPID; fi'
"""In the remote's `reference-transaction` hook: the connection ends before or after the branch has moved."""


def test_a_push_that_landed_without_an_answer_is_unanswered(team: Team) -> None:
    ann = team.place("a")
    ann.get(STATE)
    team.hook("reference-transaction", KILL.format(when="committed"))

    with pytest.raises(UnansweredError):
        ann.put(STATE, ONE, replaces=None, note="Record a")

    assert (ann.get(STATE) or Snapshot(b"", "")).document == ONE


def test_the_store_looks_a_lost_answer_up(team: Team) -> None:
    """What landed is taken for written, once; what did not is sent again."""
    ann = store(team, "a")
    ann.read()
    team.hook("reference-transaction", KILL.format(when="committed"))

    version = ann.write(ONE, replaces=None, note="Record a")

    assert (ann.read(), team.log()) == (Snapshot(ONE, version), ["Record a"])


def test_a_push_that_broke_off_before_it_landed_is_given_up_after_some_tries(team: Team) -> None:
    ann = store(team, "a")
    version = ann.write(ONE, replaces=None, note="")
    team.hook("reference-transaction", KILL.format(when="prepared"))

    said = complaint(lambda: ann.write(TWO, replaces=version, note=""))

    assert said.startswith("state.unanswered: ")
    for leftover in team.remote.rglob("*.lock"):
        leftover.unlink()  # as a server's own cleaning does
    team.hook("reference-transaction", "")
    assert store(team, "b").read() == Snapshot(ONE, version)


def test_a_push_that_takes_too_long_is_killed_with_all_it_started(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = team.place("a")
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

    with served(team, hang) as address:
        team.checkout("a")
        git(team.folder / "a", "remote", "set-url", "origin", address)
        monkeypatch.setattr(command, "NETWORK_SECONDS", 0.2)

        assert complaint(lambda: team.place("a").get(STATE)).startswith("state.unreachable: ")


def test_a_helper_that_stays_behind_is_not_waited_for(team: Team) -> None:
    """As the shared connection of ssh does, with what git complains to still open."""
    folder = team.checkout("a")
    script = team.folder / "receive-pack"
    script.write_text('#!/bin/sh\nsleep 5 </dev/null >/dev/null &\nexec git-receive-pack "$@"\n')
    script.chmod(0o700)
    git(folder, "config", "remote.origin.receivepack", str(script))

    began = time.monotonic()
    team.place("a").put(STATE, ONE, replaces=None, note="")

    assert time.monotonic() - began < 3


# The lease


def test_a_held_state_is_told_and_a_freed_one_is_taken(team: Team) -> None:
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


def test_a_dead_holder_is_followed_and_can_write_nothing_any_more(team: Team) -> None:
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


def test_of_two_that_lock_at_once_one_wins(team: Team) -> None:
    """Even where the branch does not exist yet."""
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


# Where it cannot be


@pytest.mark.parametrize(
    "name",
    ["", "-f", "a..b", "a b", "x.lock", "a/", "a//b", "/a", ".a", "a/.b", "a.", "HEAD", "a:b", "a@{1}"],
)
def test_a_name_that_no_branch_has_is_refused(name: str, team: Team) -> None:
    surroundings = team.surroundings(team.folder)

    assert complaint(lambda: open_store(f"git:{name}", surroundings)).startswith("state.bad-address: ")


def test_outside_of_a_checkout_it_says_so(team: Team) -> None:
    ours = team.surroundings(team.folder, GIT_CEILING_DIRECTORIES=str(team.folder.parent))

    said = complaint(open_git("git:s", ours).read)

    assert said == (
        f"state.no-checkout: {team.folder} is in none that git can use. "
        "Git says: fatal: not a git repository (or any of the parent directories): .git "
        "Run it in the checkout of the specs; in CI after the step that checks them out."
    )


def test_without_git_it_says_so(team: Team) -> None:
    ann = team.place("a", PATH=str(team.folder))

    assert complaint(lambda: ann.get(STATE)).startswith("state.git-missing: ")


@pytest.mark.parametrize("what", ["TemporaryFile", "mkdtemp"])
def test_without_room_for_its_files_it_says_so(
    what: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = team.place("a")
    monkeypatch.setattr(f"tempfile.{what}", full)

    told = complaint(lambda: place.get(STATE))

    assert told == (
        "state.git: Its temporary files could not be written: No space left on device. Nothing more is sent. "
        "Make room where TMPDIR leads, then run the same command again; what was sent already is looked up."
    )


def test_the_remote_is_origin_or_the_only_one_or_the_one_that_is_followed(team: Team) -> None:
    folder = team.checkout("a")
    git(folder, "checkout", "-q", "main")
    git(folder, "remote", "rename", "origin", "team")
    alone = team.place("a").put(STATE, ONE, replaces=None, note="")
    git(folder, "remote", "add", "fork", f"file://{team.folder}/nowhere.git")
    followed = team.place("a").put(STATE, TWO, replaces=alone, note="")
    git(folder, "checkout", "-q", "--detach")

    said = complaint(lambda: team.place("a").get(STATE))
    git(folder, "remote", "remove", "fork")
    git(folder, "remote", "remove", "team")

    assert team.place("b").get(STATE) == Snapshot(TWO, followed)
    assert said.startswith("state.which-remote: It has team, fork, and none is `origin`.")
    assert complaint(lambda: team.place("a").get(STATE)).startswith("state.no-remote: It has none.")


def test_a_remote_may_be_a_path_from_the_checkout(team: Team) -> None:
    folder = team.checkout("a") / "inside"
    folder.mkdir()
    git(folder, "remote", "set-url", "origin", "../ops.git")

    open_git(f"git:{BRANCH}", team.surroundings(folder)).write(ONE, replaces=None)

    assert len(team.log()) == 1


def test_the_branch_of_the_specs_is_refused(team: Team) -> None:
    """The one that is checked out, and the remote's main one."""
    git(team.folder / "ann", "checkout", "-q", "-b", "work")
    git(team.folder / "ann", "fetch", "-q")
    git(team.folder / "ann", "remote", "set-head", "origin", "main")

    for name in ("work", "main"):
        opened = open_git(f"git:{name}", team.surroundings(team.folder / "ann"))
        assert complaint(opened.read).startswith(f"state.own-branch: `{name}` is checked out here, or is")


def test_a_branch_of_something_else_is_left_alone(team: Team) -> None:
    """A detached checkout does not know the main branch, but sees that it holds no state."""
    git(team.checkout("a"), "remote", "set-head", "origin", "--delete")  # as CI's checkout leaves it
    opened = open_git("git:main", team.surroundings(team.folder / "a"))

    said = complaint(lambda: opened.lock("apply", timeout_seconds=0))

    assert said.startswith(
        f"state.not-ours: Branch main of origin ({team.address}) has meetings.yaml, and no"
    )
    assert complaint(lambda: opened.write(ONE, replaces=None)).startswith("state.not-ours: ")


def test_a_protected_branch_says_why_and_nothing_is_sent_again(team: Team) -> None:
    ann = team.place("a")
    team.hook(
        "pre-receive", 'echo "x" >> pushes; echo "GitLab: not allowed to push to protected" >&2; exit 1'
    )

    said = complaint(lambda: ann.put(STATE, ONE, replaces=None, note=""))

    assert said.startswith("state.refused: ")
    assert "[remote rejected] (pre-receive hook declined); GitLab: not allowed to push to protected" in said
    assert ((team.remote / "pushes").read_text(), ann.get(STATE)) == ("x\n", None)


def test_a_remote_that_does_not_exist_is_told(team: Team) -> None:
    folder = team.checkout("a")
    git(folder, "remote", "set-url", "origin", f"file://{team.folder}/nowhere.git")

    said = complaint(lambda: team.place("a").get(STATE))

    assert said.startswith(
        f"state.forbidden: Branch {BRANCH} of origin (file://{team.folder}/nowhere.git) does"
    )


# Over HTTP


def test_a_shallow_checkout_reads_and_writes_over_http(team: Team) -> None:
    with served(team) as address:
        team.checkout("a", address)
        ann = store(team, "a")
        lease = ann.lock("apply", timeout_seconds=0)
        version = ann.write(ONE, replaces=None, note="Begin a")
        version = ann.write(TWO, replaces=version, note="Record a")
        lease.release()
        team.checkout("b", address)

        assert store(team, "b").read() == Snapshot(TWO, version)
    assert len(team.log()) == 4


def test_who_may_only_read_reads(team: Team) -> None:
    """As a pull request from a fork may: the push is forbidden before anything is sent."""
    version = team.place("ci").put(STATE, ONE, replaces=None, note="")

    def forbid(_method: str, path: str) -> int | None:
        return 403 if "receive-pack" in path else None

    with served(team, forbid) as address:
        team.checkout("a", address)
        fork = store(team, "a")

        assert fork.read() == Snapshot(ONE, version)
        said = complaint(lambda: fork.lock("apply", timeout_seconds=0))
    assert said.startswith("state.forbidden: ")
    assert "permissions: contents: write" in said


def test_an_answer_that_is_lost_over_http_is_looked_up(team: Team) -> None:
    """The push is carried out, and a proxy says 502."""
    broken: list[str] = []

    def lose(method: str, path: str) -> int | None:
        if method == "POST" and path.endswith("receive-pack") and not broken:
            broken.append(path)
            return 502
        return None

    with served(team, lose) as address:
        team.checkout("a", address)
        ann = store(team, "a")
        version = ann.write(ONE, replaces=None, note="Record a")

        assert (ann.read(), team.log()) == (Snapshot(ONE, version), ["Record a"])
    assert len(broken) == 1


def test_a_remote_without_time_is_asked_once_more(team: Team) -> None:
    failures = [503]

    def busy(_method: str, _path: str) -> int | None:
        return failures.pop() if failures else None

    with served(team, busy) as address:
        folder = team.checkout("a")
        git(folder, "remote", "set-url", "origin", address)

        assert team.place("a").get(STATE) is None
    assert (failures, team.clock.monotonic()) == ([], 1.0)


def test_a_remote_that_is_away_is_told_and_no_password_is_shown(team: Team) -> None:
    """Nothing was sent, so nothing is unclear."""
    with served(team) as address:
        gone = address.replace("://", "://ann:geheim@")
    folder = team.checkout("a")
    git(folder, "remote", "set-url", "origin", gone)
    ann = team.place("a", GIT_TRACE="1", GIT_CURL_VERBOSE="1")

    said = complaint(lambda: ann.put(STATE, ONE, replaces=None, note=""))

    assert said.startswith(f"state.unreachable: Branch {BRANCH} of origin ({address}) gave no answer")
    assert ("geheim" in said, "geheim" in repr(ann)) == (False, False)


def test_the_checkouts_own_credentials_are_used(team: Team) -> None:
    """CI leaves them in the checkout's settings, as a header or in the address."""
    seen: list[str] = []

    def note(_method: str, path: str) -> None:
        seen.append(path)

    with served(team, note) as address:
        folder = team.checkout("a")
        git(folder, "remote", "set-url", "origin", "ops:team")
        git(folder, "config", f"url.{address}.insteadOf", "ops:team")
        team.place("a").put(STATE, ONE, replaces=None, note="")

    assert (len(team.log()), "/ops.git/git-receive-pack" in seen) == (1, True)


def test_words_of_git_are_shown_without_secrets() -> None:
    assert redact_addresses("https://x:y@h/r.git?token=1 ssh://git@h/r") == "https://h/r.git ssh://h/r"
    assert first_line("fatal: a\x1b\nhint: none\n\n  b   c") == "fatal: a?; b c"


# The whole program


def test_a_rollout_on_a_branch(team: Team, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """One job applies; another checkout, and one without the right to write, see that nothing is left."""
    for name, value in ALONE.items():
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
    before = look(job.folder)
    with served_zoom() as zoom:
        monkeypatch.chdir(job.folder)
        applied = job(*APPLY, **zoom.environ)
        topics = zoom.topics("platform@example.com")
    team.hook("pre-receive", "exit 1")
    monkeypatch.chdir(team.checkout("fork"))

    planned = fork("plan", "--state", f"git:{BRANCH}")

    assert (applied.status, applied.err, topics) == (0, "", ["launch", "retro"])
    assert (planned.status, planned.out[:11], planned.err) == (0, "No changes.", "")
    assert look(job.folder) == before
    assert [line for line in team.log() if "lock" not in line.casefold()] == [
        "Record launch, retro",
        "Begin launch, retro",
        "Learn the ids of hosts",
    ]
    assert json.loads(git(team.remote, "show", f"{BRANCH}:lock.json")) == {}
