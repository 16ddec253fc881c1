"""A state in each kind of store, with every version that the store kept, and the lock that stands."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from auditor import Version
from bucket_server import BUCKET, bucket_server
from database_server import database_server
from git_world import BRANCH, NO_CONFIG, Team, git, make_team
from terraform_server import terraform_server

from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from bucket_server import BucketServer
    from database_server import Database
    from terraform_server import TerraformServer

STATE_FILE = "state.json"


class KeptState(Protocol):
    """One state in a store."""

    address: str
    environ: Mapping[str, str]

    def document(self) -> bytes:
        """What it holds now; nothing before the first write."""

    def versions(self) -> list[Version]:
        """Everything that it ever held."""

    def lock_id(self) -> str | None:
        """The lock that stands; of a dead run it stands for a while, or for ever."""


class InFile:
    """In the working folder. A process with `note_versions` notes each version before it is written."""

    def __init__(self, folder: Path) -> None:
        self.address = STATE_FILE
        self.environ: Mapping[str, str] = {}
        self._folder = folder

    def document(self) -> bytes:
        """The newest version."""
        path = self._folder / STATE_FILE
        return path.read_bytes() if path.exists() else b""

    def versions(self) -> list[Version]:
        """All of them, oldest first."""
        noted = sorted((self._folder / "versions").glob("[0-9]*"), key=lambda path: float(path.name))
        found = [Version(_at(float(path.name)), path.read_bytes()) for path in noted]
        return [
            one for one, after in zip(found, [*found[1:], None], strict=True) if self._was_kept(one, after)
        ]

    def lock_id(self) -> str | None:
        """The lock that stands."""
        return None  # the system frees it with the process

    def _was_kept(self, one: Version, after: Version | None) -> bool:
        """Whether it came to be: a process may die between the note and the file."""
        if after is None:
            return self.document() == one.document
        return bool(json.loads(after.document)["serial"] != json.loads(one.document)["serial"])


class InBucket:
    """In object storage, whose server keeps a list of its writes."""

    def __init__(self, server: BucketServer, name: str) -> None:
        self.address = f"s3://{BUCKET}/{name}/meetings.json"
        self.environ: Mapping[str, str] = server.environ
        self._server = server
        self._path = f"{name}/meetings.json"

    def document(self) -> bytes:
        """The newest version."""
        return self._server.objects.get(self._path, b"")

    def versions(self) -> list[Version]:
        """All of them, oldest first."""
        return [Version(at, document) for at, path, document in self._server.versions if path == self._path]

    def lock_id(self) -> str | None:
        """The lock that stands."""
        locks = [
            document
            for path, document in self._server.objects.items()
            if path.startswith(self._path.partition("/")[0]) and path != self._path
        ]
        return _lock_id(locks)


class InTerraform:
    """On a server of the Terraform protocol, which keeps a list of its writes."""

    def __init__(self, server: TerraformServer) -> None:
        self.address = server.address
        self.environ: Mapping[str, str] = server.environ
        self._server = server

    def document(self) -> bytes:
        """The newest version."""
        return self._server.document or b""

    def versions(self) -> list[Version]:
        """All of them, oldest first."""
        return [Version(at, document) for at, document in self._server.versions]

    def lock_id(self) -> str | None:
        """The lock that stands."""
        return self._server.lock["ID"] if self._server.lock else None


class InGit:
    """On a branch, whose remote notes when each push has landed."""

    def __init__(self, folder: Path, working: Path) -> None:
        self.address = f"git:{BRANCH}"
        self.environ: Mapping[str, str] = NO_CONFIG
        make_team(folder)
        self._remote = folder / "ops.git"
        self._notes = folder / "pushes"
        Team(folder).hook("post-receive", f'read old new name; echo "$(date +%s.%N) $new" >> {self._notes}')
        git(folder, "clone", "-q", "--template=", f"file://{self._remote}", str(working))

    def document(self) -> bytes:
        """The newest version."""
        versions = self.versions()
        return versions[-1].document if versions else b""

    def versions(self) -> list[Version]:
        """All of them, oldest first."""
        notes = self._notes.read_text().splitlines() if self._notes.exists() else []
        pushed = [(_at(float(seconds)), commit) for seconds, commit in map(str.split, notes)]
        found = [Version(at, self._shown(commit, "state.json")) for at, commit in pushed]
        return [  # a push of the lock leaves the state as it was
            one
            for one, before in zip(found, [None, *found[:-1]], strict=True)
            if one.document and (before is None or one.document != before.document)
        ]

    def lock_id(self) -> str | None:
        """The lock that stands."""
        return _lock_id([self._shown(BRANCH, "lock.json")]) if self._notes.exists() else None

    def _shown(self, commit: str, name: str) -> bytes:
        listed = git(self._remote, "ls-tree", "--name-only", commit).splitlines()
        return git(self._remote, "show", f"{commit}:{name}").encode() if name in listed else b""


class InDatabase:
    """In a database, which keeps a list of what was committed."""

    def __init__(self, server: Database, name: str) -> None:
        self.address = server.address(name)
        self.environ: Mapping[str, str] = {}
        self._server = server
        self._name = name

    def document(self) -> bytes:
        """The newest version."""
        return self._server.rows.get((self._name, "state"), (0, b""))[1]

    def versions(self) -> list[Version]:
        """All of them, oldest first."""
        return [Version(at, document) for at, name, document in self._server.versions if name == self._name]

    def lock_id(self) -> str | None:
        """The lock that stands."""
        return _lock_id([self._server.rows.get((self._name, "lock"), (0, b""))[1]])


class Stores:
    """Opens a new state of a kind, for a working folder that is not there yet."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._bucket: BucketServer | None = None
        self._database: Database | None = None

    def state(self, kind: str, working: Path, name: str) -> KeptState:
        """A state that no run has written."""
        if kind == "git":
            return InGit(working.parent / "team", working)
        working.mkdir()
        if kind == "http":
            return InTerraform(self._stack.enter_context(terraform_server()))
        if kind == "s3":
            self._bucket = self._bucket or self._stack.enter_context(bucket_server())
            return InBucket(self._bucket, name)
        if kind == "postgres":
            self._database = self._database or self._stack.enter_context(database_server())
            return InDatabase(self._database, name)
        return InFile(working)


def note_versions() -> None:
    """Have this process keep each version of a state in a file, under its instant."""
    replace = FileStore._replace

    def noted(store: FileStore, folder: Any, document: bytes, *, is_first: bool) -> str:
        kept = Path("versions")
        kept.mkdir(exist_ok=True)
        (kept / ".next").write_bytes(document)
        (kept / ".next").rename(kept / f"{time.time():.6f}")  # whole, or not at all
        return replace(store, folder, document, is_first=is_first)

    FileStore._replace = noted  # type: ignore[assignment, method-assign]  # where every write passes


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _lock_id(documents: list[bytes]) -> str | None:
    found = re.search(rb'"ID": ?"([^"]+)"', b"".join(documents))
    return found.group(1).decode() if found else None
