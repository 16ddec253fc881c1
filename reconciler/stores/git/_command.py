"""The `git` command: run without prompts, in words that can be read, for a bounded time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.errors.text import redact_addresses, replace_control

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


LOCAL_SECONDS = 10.0
"""How long a command may take that stays on this machine."""

NETWORK_SECONDS = 15.0
"""How long one may take that asks the remote: a few of them fit into a lease."""

QUIET = {
    "LC_ALL": "C",  # what git says is read here
    "LANGUAGE": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
}
"""No prompts, and one language."""

UNWANTED = re.compile(r"GIT_TRACE\w*|GIT_CURL_VERBOSE|GIT_REDACT_COOKIES|SSH_ASKPASS|GIT_FLUSH")
"""Variables that make git say more than it was asked for, or ask somebody."""

SHOWN_MAX = 200
"""Characters of git's words that are shown."""


@dataclass(frozen=True, slots=True)
class GitResult:
    """How a command ended: its exit status, negative where it was killed, and what it said."""

    status: int
    out: bytes
    complaint: str

    @property
    def text(self) -> str:
        """Its output as one line or more, without the last line's end."""
        return os.fsdecode(self.out).rstrip("\n")


def environment(
    environ: Mapping[str, str], settings: Iterable[tuple[str, str]] = (), **more: str
) -> dict[str, str]:
    """What a command runs in: `environ`, with `settings` of git handed on where no argument shows them."""
    ours = {name: value for name, value in environ.items() if not UNWANTED.fullmatch(name)}
    count = int(ours.get("GIT_CONFIG_COUNT") or 0)
    for name, value in settings:
        ours |= {f"GIT_CONFIG_KEY_{count}": name, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    return {**ours, "GIT_CONFIG_COUNT": str(count), **QUIET, **more}


def run(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str],
    given: bytes = b"",
    seconds: float = LOCAL_SECONDS,
) -> GitResult:
    """The command's end. Raises `StateError` without git, `TimeoutError` after `seconds`, all of it killed.

    It runs in a session of its own: a Ctrl-C at the terminal is for us to hear, and not for a push.
    """
    # What it complains of goes to a file: a helper that stays behind, such as ssh's shared connection,
    # would keep a pipe open.
    with (
        disk_errors(),
        tempfile.TemporaryFile() as complaint,
        _started(arguments, folder, environ, complaint) as process,
    ):
        try:
            out, _ = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # with whatever it started, such as ssh
        complaint.seek(0)
        return GitResult(process.returncode, out, complaint.read().decode(errors="replace"))


@contextmanager
def disk_errors() -> Iterator[None]:
    """Have an error of this machine's disk be one of the state, whose remedy can be told."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise _no_room(error) from error


def _started(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], complaint: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own arguments, and no shell
            ("git", *arguments),  # noqa: S607 - whichever git the person uses
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaint,
            start_new_session=True,
        )
    except OSError as error:
        raise _no_git(error) from error


def first_line(text: str) -> str:
    """What git said as one short line, without passwords and without what moves a terminal."""
    lines = (" ".join(line.split()) for line in redact_addresses(text).splitlines())
    line = "; ".join(line for line in lines if line and not line.startswith("hint:"))
    return replace_control(line)[:SHOWN_MAX]


def _no_git(error: OSError) -> StateError:
    return StateError.of(
        "state.git-missing",
        detail=f"A state on a branch needs it: {error.strerror or error}. Nothing was sent.",
        hint="Install git 2.31 or newer, and see that it is in PATH.",
    )


def _no_room(error: OSError) -> StateError:
    return StateError.of(
        "state.git",
        detail=f"Its temporary files could not be written: {error.strerror or error}. Nothing more is sent.",
        hint="Make room where TMPDIR leads, then run the same command again; "
        "what was sent already is looked up.",
    )
