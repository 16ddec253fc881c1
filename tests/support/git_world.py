"""The git of a team: a bare repository, checkouts as in CI, and a server of git over HTTP."""

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

from reconciler.stores.git.place import GitDocumentStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BRANCH = "reconciler-state"

NO_CONFIG = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""Variables that hide the git settings of the machine."""

CHECKOUTS = ("a", "b")
"""The checkouts that `make_team` creates."""

ANN = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
}


def git(folder: Path, *arguments: str, given: str = "") -> str:
    """Run git in `folder` as Ann with `given` on its stdin, and return its output."""
    command = ("git", "-c", "init.defaultBranch=main", *arguments)
    environ = {**os.environ, **NO_CONFIG, **ANN}
    result = subprocess.run(
        command, cwd=folder, env=environ, input=given, check=True, capture_output=True, text=True
    )
    return result.stdout.rstrip("\n")


def make_team(folder: Path) -> None:
    """Create a remote `ops.git` with one commit on `main`, and Ann's checkout next to it."""
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
    """Create a checkout as CI does: one commit, one branch, detached."""
    git(place.parent, "clone", "-q", "--depth=1", "--single-branch", "--template=", address, str(place))
    git(place, "checkout", "-q", "--detach")


class Team:
    """The repositories that `make_team` created in `folder`, and runs that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "ops.git"
        self.clock = ManualClock()
        self.lines: list[str] = []
        for name in CHECKOUTS:
            config = folder / name / ".git" / "config"
            config.write_text(re.sub(r"file://.*", self.address, config.read_text()))

    @property
    def address(self) -> str:
        """The address of the remote."""
        return f"file://{self.remote}"

    def commit(self, name: str) -> None:
        """Commit all files of a checkout."""
        git(self.folder / name, "add", "-A")
        git(self.folder / name, "commit", "-q", "-m", "Change")

    def checkout(self, name: str, address: str = "") -> Path:
        """Return a checkout as CI makes it; with an `address`, a new one of that."""
        folder = self.folder / name
        if address and folder.exists():
            shutil.rmtree(folder)
        if not folder.exists():
            check_out(address or self.address, folder)
        return folder

    def options(self, folder: Path, **environ: str) -> StoreOptions:
        """Return the options of a run in that folder, whose waits take no real time."""
        return StoreOptions(
            folder,
            who=f"{folder.name}@runner",
            clock=self.clock,
            wait=self.clock.advance,
            notify=self.lines.append,
            environ={"PATH": os.environ["PATH"], **NO_CONFIG, **environ},
        )

    def documents(self, name: str, **environ: str) -> GitDocumentStore:
        """Return state and lock on the branch, read from the checkout `name`."""
        return GitDocumentStore(BRANCH, self.options(self.checkout(name), **environ))

    def hook(self, name: str, script: str) -> None:
        """Let the remote run `script` in that hook; an empty script removes it."""
        path = self.remote / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)

    def log(self, template: str = "%s") -> list[str]:
        """Return the commits of the state's branch, newest first."""
        return git(self.remote, "log", f"--format={template}", BRANCH).splitlines()


@contextmanager
def served_over_http(
    team: Team, intercept: Callable[[str, str], int | None] = lambda *_: None
) -> Iterator[str]:
    """Serve the remote over HTTP; `intercept` may return a status for a method and path instead."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            status = intercept(self.command, self.path)
            answer = b"" if status in {401, 403, 503} else http_backend(team, self, body)
            head, _, content = answer.partition(b"\r\n\r\n")
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
            """Do nothing."""

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


def http_backend(team: Team, request: BaseHTTPRequestHandler, body: bytes) -> bytes:
    """Return the answer of git's own server."""
    path, _, query = request.path.partition("?")
    environ = {
        **os.environ,
        **NO_CONFIG,
        "GIT_PROJECT_ROOT": str(team.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_USER": "ann",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
    }
    result = subprocess.run(["git", "http-backend"], env=environ, input=body, check=True, capture_output=True)
    return result.stdout
