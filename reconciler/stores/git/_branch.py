"""A branch of a remote, read and written through a repository of its own.

That repository is bare, empty at first and gone with the process. So nothing of the checkout is
touched: not its files, index, branches, FETCH_HEAD, nor the mark of a shallow one; and two
processes in one checkout do not meet.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.errors.text import replace_control
from reconciler.stores.git import _command as commands
from reconciler.stores.git import _errors as answers
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
"""Variables that tie git to the checkout, such as those that a hook is run with."""

AGAIN_SECONDS = 1.0
"""How long to wait before a remote that could not be reached is asked once more."""

SUBJECT_MAX = 72
"""Characters of a commit's first line."""


@dataclass(frozen=True, slots=True)
class Tip:
    """A commit, and what its folder holds: mode, type and object of each name. No commit: no branch."""

    commit: str | None
    entries: Mapping[str, str]

    def version(self, name: str) -> str | None:
        """The object of the file of that name."""
        entry = self.entries.get(name)
        return entry.rpartition(" ")[2] if entry else None


NOTHING = Tip(None, {})


class Branch:
    """One branch of a checkout's remote. Not for two threads at once."""

    def __init__(
        self, name: str, checkout: Checkout, environ: Mapping[str, str], wait: Callable[[float], None]
    ) -> None:
        self.where = f"Branch {name} of {checkout.remote} ({checkout.address})"
        self._ref = f"refs/heads/{name}"
        self._checkout = checkout
        self._wait = wait
        with commands.disk_errors():
            self._place = Path(tempfile.mkdtemp(prefix="reconciler-git-"))
        self._close = weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)
        free = {name: value for name, value in environ.items() if name not in LOCAL}
        more = {"GIT_DIR": str(self._place), **checkout.defaults}
        self._environ = commands.environment(free, checkout.settings, **more)
        self._tip = NOTHING
        self._is_thinned = False
        made = f"--object-format={checkout.object_format}"
        self._done("init", "--quiet", "--bare", "--template=", made, str(self._place))

    def fetch(self) -> Tip:
        """Where it stands now. Raises `StateError`."""
        if self._is_thinned:
            self._empty()  # the remote would count on what was dropped, and send differences to it
        try:
            ended = self._asked("fetch", "--quiet", "--depth=1", "--no-tags", *self._fetched())
        except TimeoutError as error:
            raise answers.unreachable(self.where, _late()) from error
        if ended.status and answers.MISSING.search(ended.complaint):
            self._tip = NOTHING
        elif ended.status:
            raise answers.unreachable(self.where, ended.complaint)
        else:
            commit = self._done("rev-parse", TIP).text
            if commit != self._tip.commit:
                self._tip = Tip(commit, self._entries(commit))
        return self._tip

    def read(self, version: str) -> bytes:
        """The file with that object."""
        return self._done("cat-file", "blob", version).out

    def commit(self, onto: Tip, name: str, document: bytes, note: str) -> Tip:
        """A commit on `onto` with that one file exchanged; nobody sees it yet."""
        version = self._done("hash-object", "-w", "--stdin", given=document).text
        entries = {**onto.entries, name: f"100644 blob {version}"}
        listed = "".join(f"{entry}\t{file}\0" for file, entry in entries.items())
        tree = self._done("mktree", "-z", "--missing", given=listed.encode(errors="surrogateescape")).text
        parent = ("-p", onto.commit) if onto.commit else ()
        made = self._done(
            "commit-tree", "--no-gpg-sign", tree, *parent, "-F", "-", given=commit_message(note)
        )
        return Tip(made.text, entries)

    def push(self, fresh: Tip, *, onto: Tip) -> PushResult:
        """Put `fresh` in the place of `onto`, and of nothing else: the remote compares and swaps."""
        lease = f"--force-with-lease={self._ref}:{onto.commit or ''}"
        refs = (self._checkout.remote, f"{fresh.commit}:{self._ref}")
        try:
            ended = self._asked("push", "--porcelain", "--no-verify", "--no-signed", lease, *refs)
        except TimeoutError:
            return PushResult(PushOutcome.UNANSWERED, _late())
        done = answers.push_result(ended)
        if done.outcome is PushOutcome.DONE:
            self._tip = fresh
            self._drop(set(onto.entries.values()) - set(fresh.entries.values()))
        return done

    def _fetched(self) -> tuple[str, str]:
        return self._checkout.remote, f"+{self._ref}:{TIP}"

    def _entries(self, commit: str) -> dict[str, str]:
        listed = self._done("ls-tree", "-z", commit).out.decode(errors="surrogateescape")
        rows = (line.partition("\t") for line in listed.split("\0") if line)
        return {name: entry for entry, _, name in rows}

    def _drop(self, entries: set[str]) -> None:
        """Forget what a push has replaced: a long run writes a large state many times."""
        for entry in entries:
            version = entry.rpartition(" ")[2]
            with suppress(OSError):  # the push is done, and what stays only takes room
                (self._place / "objects" / version[:2] / version[2:]).unlink()
            self._is_thinned = True

    def _empty(self) -> None:
        self._tip, self._is_thinned = NOTHING, False
        self._done("update-ref", "-d", TIP)
        with commands.disk_errors():
            (self._place / "shallow").unlink(missing_ok=True)
            shutil.rmtree(self._place / "objects")
            (self._place / "objects" / "pack").mkdir(parents=True)

    def _asked(self, *arguments: str) -> GitResult:
        ended = self._run(*arguments, seconds=commands.NETWORK_SECONDS)
        if ended.status and answers.is_transient(ended.complaint):
            self._wait(AGAIN_SECONDS)
            ended = self._run(*arguments, seconds=commands.NETWORK_SECONDS)
        return ended

    def _done(self, *arguments: str, given: bytes = b"") -> GitResult:
        try:
            ended = self._run(*arguments, seconds=commands.LOCAL_SECONDS, given=given)
        except TimeoutError as error:
            raise _broken(arguments[0], "it took too long") from error
        if ended.status:
            raise _broken(arguments[0], ended.complaint)
        return ended

    def _run(self, *arguments: str, seconds: float, given: bytes = b"") -> GitResult:
        # In the checkout's folder, since a remote's address may be a path that begins there.
        return commands.run(
            *arguments, folder=self._checkout.folder, environ=self._environ, given=given, seconds=seconds
        )


def commit_message(note: str) -> bytes:
    """A commit's message: a subject, the rest below, and a mark that no pipeline is to start."""
    line = " ".join(replace_control(note, " ").split()) or "Write"
    whole = [line]
    if len(line) > SUBJECT_MAX:
        start = line[: SUBJECT_MAX - 4]
        whole = [f"{start.rpartition(' ')[0] or start} ...", line]
    return ("\n\n".join([*whole, "[skip ci]"]) + "\n").encode(errors="replace")


def _late() -> str:
    return f"no answer within {commands.NETWORK_SECONDS:.0f} s"


def _broken(command: str, words: str) -> StateError:
    return StateError.of(
        "state.git",
        detail=f"`git {command}` failed. Nothing more is sent. Git says: {commands.first_line(words)}",
        hint="See to the disk and to git (2.31 or newer), then run the same command again.",
    )
