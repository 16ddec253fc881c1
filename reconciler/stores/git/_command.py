"""Runs the `git` command: without prompts, with messages in English, for a bounded time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from msgspec import Struct

from reconciler import urls
from reconciler.errors.exceptions import StateError
from reconciler.errors.redact import redact_addresses, redact_addresses_of
from reconciler.errors.secrets import MASK
from reconciler.errors.text import replace_control
from reconciler.stores import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


LOCAL_SECONDS = 10.0
"""Most seconds for a command that stays on this machine."""

NETWORK_SECONDS = 15.0
"""Most seconds for a command that talks to the remote: a few of them fit into a lease."""

QUIET = {
    "LC_ALL": "C",  # the messages of git are parsed
    "LANGUAGE": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
}
"""Variables for no prompts, and messages in one language."""

UNWANTED = re.compile(r"GIT_TRACE\w*|GIT_CURL_VERBOSE|GIT_REDACT_COOKIES|SSH_ASKPASS|GIT_FLUSH")
"""Variables that make git print more than it was asked for, or prompt."""

PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "ftp_proxy"})
"""Variables, in either case, that hold the address of a proxy."""

ADDRESS_KEY = re.compile(r"(remote|http)\..*(url|proxy)", re.IGNORECASE)
"""Settings whose value is an address; `url.ADDRESS.insteadOf` has it in its name."""

_REFUSED_PROXY = re.compile(r"(?<=proxy syntax in ')[^']*")

SECRET = re.compile(
    rf"(ZOOM_|\w*PASSCODE|RECONCILER_|ACTIONS_ID_TOKEN_|{'|'.join(urls.variables())})\w*", re.IGNORECASE
)
"""Variables with credentials of Zoom, of meetings, of a state elsewhere or of a cloud."""

NEEDED = (
    ("git-codecommit.", "AWS_"),
    ("codecommit:", "AWS_"),
    ("dev.azure.com", "AZURE_"),
    (".visualstudio.com", "AZURE_"),
    ("source.developers.google.com", "GOOGLE_"),
)
"""Parts of a remote's address, and the prefix of the credentials that its helper needs."""

GUARDS = (
    ("safe.bareRepository", "explicit"),  # no folder of the checkout is taken for a repository
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("protocol.ext.allow", "never"),
)
"""Settings of every command: no file of the checkout is run."""

ERRORS_BYTES_MAX = 64 * 1024
"""Most bytes of the messages of one command that are read, from their end."""

SHOWN_MAX = 200
"""Most characters of a message of git that are shown."""


class GitResult(Struct, frozen=True):
    """Exit status of a command, negative if it was killed, with its output and its error messages."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        """The output as text, without the last line break."""
        return os.fsdecode(self.output).rstrip("\n")


def environment(
    environ: Mapping[str, str], settings: Iterable[tuple[str, str]] = (), *, remote: str = "", **more: str
) -> dict[str, str]:
    """Return the variables for a command; `settings` of git go there, as no process list shows them.

    Secrets are left out, but for the credentials that the address `remote` needs.
    """
    needed = tuple(prefix for part, prefix in NEEDED if part in remote)
    kept = {
        name: value
        for name, value in environ.items()
        if not UNWANTED.fullmatch(name) and (name.startswith(needed) or not SECRET.fullmatch(name))
    }
    count = _settings_count(kept.get("GIT_CONFIG_COUNT") or "0")
    for name, value in (*settings, *GUARDS):
        kept |= {f"GIT_CONFIG_KEY_{count}": name, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    return {**kept, "GIT_CONFIG_COUNT": str(count), **QUIET, **more}


def _settings_count(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,6}", text):
        return int(text)
    raise StateError.of(
        "state.git",
        detail="GIT_CONFIG_COUNT is not a whole number, and git refuses to run with it. Nothing was sent.",
        hint="Unset GIT_CONFIG_COUNT, or set it to the number of GIT_CONFIG_KEY_ variables.",
    )


def run(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float = LOCAL_SECONDS,
) -> GitResult:
    """Run one command. Raises `StateError` without git, `TimeoutError` if it was killed after `seconds`.

    It runs in a session of its own, so that a Ctrl-C at the terminal does not break off a push.
    """
    # What it prints goes to files: a helper that stays behind, such as ssh's shared connection, would
    # keep a pipe open, and no remote decides how much memory that takes.
    with (
        disk_errors(),
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
        _start(arguments, folder, environ, output, errors) as process,
    ):
        try:
            process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # with every process that it started, such as ssh
        message = _end_of(errors).decode(errors="replace")
        output.seek(0)
        printed = size.read(output, f"git {arguments[0]}")
        return GitResult(process.returncode, printed, redact_addresses_of(message, _addresses(environ)))


def _end_of(file: IO[bytes]) -> bytes:
    """Return the last part of a file: what git says at the end is what counts."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, size_bytes - ERRORS_BYTES_MAX))
    return file.read(ERRORS_BYTES_MAX)


def _addresses(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the addresses in `environ` that may hold a password: of proxies, and of remotes in settings."""
    for name, value in environ.items():
        if name.lower() in PROXIES:
            yield value
        elif name.startswith("GIT_CONFIG_KEY_"):
            yield environ.get(name.replace("_KEY_", "_VALUE_"), "") if ADDRESS_KEY.fullmatch(value) else value


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an error of this machine's disk into a `StateError` with a remedy."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise StateError.of(
            "state.git",
            detail=f"The temporary files of git could not be written: {error.strerror or error}. "
            "Nothing more is sent.",
            hint="Make room in the folder of TMPDIR, then run the same command again; "
            "what was sent already is looked up.",
        ) from error


def _start(
    arguments: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    output: IO[bytes],
    errors: IO[bytes],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own arguments, and no shell
            ("git", *arguments),  # noqa: S607 - the git in PATH
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise StateError.of(
            "state.git-missing",
            detail=f"A state on a branch needs git: {error.strerror or error}. Nothing was sent.",
            hint="Install git 2.31 or newer, and check that it is in PATH.",
        ) from error


def first_line(text: str) -> str:
    """Return a message of git as one short line, without passwords and control characters."""
    lines = (" ".join(line.split()) for line in redact_addresses(_REFUSED_PROXY.sub(MASK, text)).splitlines())
    *others, last = [line for line in lines if line and not line.startswith("hint:")] or [""]
    return replace_control("; ".join((*(line.rstrip(".") for line in others), last)))[:SHOWN_MAX]
