"""A team's git: a bare repository, checkouts of it as CI makes them, and a server of git over HTTP."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from manual_clock import ManualClock

from reconciler.stores.git.place import GitPlace
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BRANCH = "reconciler-state"

ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""No settings of the machine's."""

CHECKOUTS = ("a", "b")
"""Those that `make` has made already."""

NAMED = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
}


def git(folder: Path, *arguments: str) -> str:
    """What git says in `folder`, as the team's Ann."""
    command = ("git", "-c", "init.defaultBranch=main", *arguments)
    environ = {**os.environ, **ALONE, **NAMED}
    done = subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return done.stdout.rstrip("\n")


def make(folder: Path) -> None:
    """A remote `ops.git` with one commit on `main`, and Ann's checkout beside it."""
    folder.mkdir()
    git(folder, "init", "-q", "--bare", "--template=", "ops.git")
    git(folder, "init", "-q", "--template=", "ann")
    (folder / "ann" / "meetings.yaml").write_text("version: 1\n")
    git(folder / "ann", "add", "-A")
    git(folder / "ann", "commit", "-q", "-m", "Begin")
    git(folder / "ann", "remote", "add", "origin", "../ops.git")
    git(folder / "ann", "push", "-q", "origin", "main")
    for name in CHECKOUTS:
        check_out(f"file://{folder}/ops.git", folder / name)


def check_out(address: str, place: Path) -> None:
    """Make a checkout as CI does: one commit, one branch, detached."""
    git(place.parent, "clone", "-q", "--depth=1", "--single-branch", "--template=", address, str(place))
    git(place, "checkout", "-q", "--detach")


class Team:
    """What `make` has made in `folder`, and whoever works with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "ops.git"
        self.clock = ManualClock()
        self.told: list[str] = []
        for name in CHECKOUTS:
            config = folder / name / ".git" / "config"
            config.write_text(re.sub(r"file://.*", self.address, config.read_text()))

    @property
    def address(self) -> str:
        """Where the remote is."""
        return f"file://{self.remote}"

    def commit(self, name: str) -> None:
        """Commit all that stands in a checkout."""
        git(self.folder / name, "add", "-A")
        git(self.folder / name, "commit", "-q", "-m", "Change")

    def checkout(self, name: str, address: str = "") -> Path:
        """A checkout as CI makes it; with an `address`, a new one of that."""
        place = self.folder / name
        if address and place.exists():
            shutil.rmtree(place)
        if not place.exists():
            check_out(address or self.address, place)
        return place

    def surroundings(self, place: Path, **environ: str) -> StoreOptions:
        """Of a run in that folder, whose waiting takes no time."""
        return StoreOptions(
            place,
            who=f"{place.name}@runner",
            clock=self.clock,
            wait=self.clock.advance,
            tell=self.told.append,
            environ={"PATH": os.environ["PATH"], **ALONE, **environ},
        )

    def place(self, name: str, **environ: str) -> GitPlace:
        """The state's place, seen from a checkout of its own."""
        return GitPlace(BRANCH, self.surroundings(self.checkout(name), **environ))

    def hook(self, name: str, script: str) -> None:
        """Have the remote run `script` at that hook; an empty one ends it."""
        path = self.remote / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)

    def log(self, what: str = "%s") -> list[str]:
        """The commits of the state's branch, newest first."""
        return git(self.remote, "log", f"--format={what}", BRANCH).splitlines()


@contextmanager
def served(team: Team, meddle: Callable[[str, str], int | None] = lambda *_: None) -> Iterator[str]:
    """The remote's address over HTTP; `meddle` gives a status to answer a method and path with, instead."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            status = meddle(self.command, self.path)
            said = b"" if status in {401, 403, 503} else backend(team, self, body)
            head, _, content = said.partition(b"\r\n\r\n")
            self.send_response(status or 200)
            for line in head.decode().splitlines():
                name, _, value = line.partition(": ")
                if name != "Status":
                    self.send_header(name, value)
            content = b"" if status else content
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

        do_GET = do_POST = answer  # noqa: N815 - the library's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ops.git"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def backend(team: Team, asked: BaseHTTPRequestHandler, body: bytes) -> bytes:
    """What git's own server answers."""
    path, _, query = asked.path.partition("?")
    environ = {
        **os.environ,
        **ALONE,
        "GIT_PROJECT_ROOT": str(team.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": asked.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_USER": "ann",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": asked.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], env=environ, input=body, check=True, capture_output=True)
    return done.stdout
