"""One branch of a remote, read and written through a temporary repository.

That repository is bare, empty at first, and deleted with the process. So nothing in the checkout
changes: not its files, index, branches, FETCH_HEAD or shallow mark; and two processes in one
checkout do not disturb each other.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.errors.text import replace_control
from reconciler.stores import size
from reconciler.stores.git import _command as commands
from reconciler.stores.git import _errors as errors
from reconciler.stores.git._errors import PushOutcome, PushResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.stores.git._checkout import Checkout
    from reconciler.stores.git._command import GitResult


TIP = "refs/reconciler/tip"

LOCAL = frozenset(
    {"GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
    | {"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_SHALLOW_FILE"}
)
"""Variables that tie git to the checkout, such as those that a hook runs with."""

PUSHED = "reconciler-push"
"""The name of a remote of the temporary repository: the address to which the checkout's remote is pushed."""

RETRY_SECONDS = 1.0
"""Pause before a remote that could not be reached is tried once more."""

SUBJECT_MAX = 72
"""Most characters in the first line of a commit."""


class Tip(Struct, frozen=True):
    """A commit, with mode, type and object of each file by name; `commit` is None without a branch."""

    commit: str | None
    entries: Mapping[str, str]

    def version(self, name: str) -> str | None:
        """Return the object of the file of that name; None if there is none."""
        entry = self.entries.get(name)
        return entry.rpartition(" ")[2] if entry else None


NO_TIP = Tip(None, {})


class Branch:
    """One branch of a checkout's remote. Not for two threads at once."""

    def __init__(
        self, name: str, checkout: Checkout, environ: Mapping[str, str], wait: Callable[[float], None]
    ) -> None:
        self.name = name
        self.remote = checkout.remote
        self.address = checkout.address
        self.description = f"Branch {name} of {checkout.remote} ({checkout.address})"
        self._ref = f"refs/heads/{name}"
        self._checkout = checkout
        self._wait = wait
        with commands.disk_errors():
            self._repository = Path(tempfile.mkdtemp(prefix="reconciler-git-"))
        self._close = weakref.finalize(self, shutil.rmtree, self._repository, ignore_errors=True)
        self._is_pushed_where_read = not checkout.push_addresses
        untied = {name: value for name, value in environ.items() if name not in LOCAL}
        variables = {"GIT_DIR": str(self._repository), **checkout.defaults}
        settings = [*checkout.settings, *((f"remote.{PUSHED}.url", each) for each in checkout.push_addresses)]
        self._environ = commands.environment(untied, settings, remote=checkout.address, **variables)
        self._tip = NO_TIP
        self._has_dropped_objects = False
        object_format = f"--object-format={checkout.object_format}"
        self._local("init", "--quiet", "--bare", "--template=", object_format, str(self._repository))

    def fetch(self) -> Tip:
        """Return the current tip of the branch. Raises `StateError`."""
        if self._has_dropped_objects:
            self._clear()  # the remote would rely on the dropped objects, and send differences to them
        try:
            result = self._remote(
                "fetch", "--quiet", "--depth=1", "--no-tags", self._checkout.remote, f"+{self._ref}:{TIP}"
            )
        except TimeoutError as error:
            raise errors.unavailable(self.description, _timed_out()) from error
        if result.status and errors.MISSING.search(result.errors):
            self._tip = NO_TIP
        elif result.status:
            raise errors.unavailable(self.description, result.errors)
        else:
            commit = self._local("rev-parse", TIP).text
            if commit != self._tip.commit:
                self._tip = Tip(commit, self._entries(commit))
        return self._tip

    def read(self, version: str) -> bytes:
        """Return the content of the object `version`. Raises `StateError` for one that is too large."""
        size.check(self._size(version), self.description)
        return self._local("cat-file", "blob", version).output

    def commit(self, onto: Tip, name: str, document: bytes, note: str) -> Tip:
        """Commit `document` as file `name` on `onto`, in the temporary repository."""
        version = self._local("hash-object", "-w", "--stdin", stdin=document).text
        entries = {**onto.entries, name: f"100644 blob {version}"}
        listing = "".join(f"{entry}\t{file}\0" for file, entry in entries.items())
        tree = self._local("mktree", "-z", "--missing", stdin=listing.encode(errors="surrogateescape")).text
        parent = ("-p", onto.commit) if onto.commit else ()
        commit = self._local(
            "commit-tree", "--no-gpg-sign", tree, *parent, "-F", "-", stdin=commit_message(note)
        )
        return Tip(commit.text, entries)

    def push(self, tip: Tip, *, onto: Tip) -> PushResult:
        """Move the branch from `onto` to `tip`; the remote compares and swaps.

        Raises `StateError` if the checkout pushes to another repository than it reads from.
        """
        self._check_pushed_where_read(onto)
        lease = f"--force-with-lease={self._ref}:{onto.commit or ''}"
        refs = (self._checkout.remote, f"{tip.commit}:{self._ref}")
        try:
            result = self._remote("push", "--porcelain", "--no-verify", "--no-signed", lease, *refs)
        except TimeoutError:
            return PushResult(PushOutcome.UNANSWERED, _timed_out())
        pushed = errors.push_result(result)
        if pushed.outcome is PushOutcome.DONE:
            self._check_arrived(tip)
            self._tip = tip
            self._drop(set(onto.entries.values()) - set(tip.entries.values()))
        return pushed

    def _check_pushed_where_read(self, onto: Tip) -> None:
        """Raise `StateError` if a push would go to several repositories, or to another one."""
        if self._is_pushed_where_read:
            return
        refs = self._ref if onto.commit else "refs/heads/*"  # a new branch looks the same everywhere
        is_one = len(self._checkout.push_addresses) == 1
        if not is_one or not any(self._has_same_refs(refs) for _ in range(2)):  # others may push meanwhile
            raise self._pushed_elsewhere()
        self._is_pushed_where_read = onto.commit is not None

    def _check_arrived(self, tip: Tip) -> None:
        """Raise `StateError`, and take the push back, if it made a new branch that is not where it is read.

        A fork may have had the same branches until then.
        """
        if self._is_pushed_where_read:
            return
        arrived = f"{tip.commit}\t{self._ref}"
        if not any(arrived in self._refs_of(self.remote, self._ref) for _ in range(2)):
            lease = f"--force-with-lease={self._ref}:{tip.commit}"
            try:
                back = self._remote("push", "--porcelain", "--no-verify", lease, self.remote, f":{self._ref}")
            except TimeoutError:
                back = None
            raise self._pushed_elsewhere(is_left=back is None or back.status != 0)
        self._is_pushed_where_read = True

    def _pushed_elsewhere(self, *, is_left: bool = False) -> StateError:
        remedy = self._checkout.push_remedy
        return errors.pushed_elsewhere(self.remote, self.name, self.address, remedy, is_left=is_left)

    def _has_same_refs(self, refs: str) -> bool:
        read, pushed = (self._refs_of(remote, refs) for remote in (self.remote, PUSHED))
        return read == pushed

    def _refs_of(self, remote: str, refs: str) -> frozenset[str]:
        try:
            result = self._remote("ls-remote", "--quiet", "--refs", remote, refs)
        except TimeoutError as error:
            raise errors.unavailable(self.description, _timed_out()) from error
        if result.status:
            raise errors.unavailable(self.description, result.errors)
        return frozenset(result.text.splitlines())

    def _size(self, version: str) -> int:
        return int(self._local("cat-file", "-s", version).text)

    def _entries(self, commit: str) -> dict[str, str]:
        listing = self._local("ls-tree", "-z", commit).output.decode(errors="surrogateescape")
        rows = (line.partition("\t") for line in listing.split("\0") if line)
        return {name: entry for entry, _, name in rows}

    def _drop(self, entries: set[str]) -> None:
        """Delete the objects that a push has replaced: a long run writes a large state many times."""
        for entry in entries:
            version = entry.rpartition(" ")[2]
            with suppress(OSError):  # the push is done; an object that stays only takes room
                (self._repository / "objects" / version[:2] / version[2:]).unlink()
            self._has_dropped_objects = True

    def _clear(self) -> None:
        self._tip, self._has_dropped_objects = NO_TIP, False
        self._local("update-ref", "-d", TIP)
        with commands.disk_errors():
            (self._repository / "shallow").unlink(missing_ok=True)
            shutil.rmtree(self._repository / "objects")
            (self._repository / "objects" / "pack").mkdir(parents=True)

    def _remote(self, *arguments: str) -> GitResult:
        """Run a command that talks to the remote, a second time if the failure is transient."""
        result = self._run(*arguments, seconds=commands.NETWORK_SECONDS)
        if result.status and errors.is_transient(result.errors):
            self._wait(RETRY_SECONDS)
            result = self._run(*arguments, seconds=commands.NETWORK_SECONDS)
        return result

    def _local(self, *arguments: str, stdin: bytes = b"") -> GitResult:
        """Run a command in the temporary repository. Raises `StateError` if it fails."""
        try:
            result = self._run(*arguments, seconds=commands.LOCAL_SECONDS, stdin=stdin)
        except TimeoutError as error:
            raise _failed(arguments[0], "it took too long") from error
        if result.status:
            raise _failed(arguments[0], result.errors)
        return result

    def _run(self, *arguments: str, seconds: float, stdin: bytes = b"") -> GitResult:
        # In the checkout's folder: a remote's address may be a path relative to it.
        return commands.run(
            *arguments, folder=self._checkout.folder, environ=self._environ, stdin=stdin, seconds=seconds
        )


def commit_message(note: str) -> bytes:
    """Return a subject line, the whole note if that is longer, and a mark that starts no pipeline."""
    line = " ".join(replace_control(note, " ").split()) or "Write"
    paragraphs = [line]
    if len(line) > SUBJECT_MAX:
        start = line[: SUBJECT_MAX - 4]
        paragraphs = [f"{start.rpartition(' ')[0] or start} ...", line]
    return ("\n\n".join([*paragraphs, "[skip ci]"]) + "\n").encode(errors="replace")


def _timed_out() -> str:
    return f"no answer within {commands.NETWORK_SECONDS:.0f} s"


def _failed(command: str, message: str) -> StateError:
    return StateError.of(
        "state.git",
        detail=f"`git {command}` failed. Nothing more is sent. Git says: {commands.first_line(message)}",
        hint="Check the disk and git (2.31 or newer), then run the same command again.",
    )
