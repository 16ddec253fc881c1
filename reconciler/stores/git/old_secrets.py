"""Passcodes in the git history of a checkout: in older states and saved plans, which no new version masks.

What is found is named by commit and file; no secret leaves this module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.errors.secrets import secret_spans
from reconciler.errors.text import replace_control
from reconciler.stores import size
from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

COMMITS_MAX = 1_000
"""Most commits that are searched, the newest first."""

FOUND_MAX = 100
"""Most places that are looked for."""

FILES = (
    "state.json",
    "**/state.json",
    "**/*.state.json",
    "**/*.state.json.backup",
    "**/*plan*.json",
    "**/*.plan",
)
"""Where states and saved plans usually are, besides the state's own file."""

OUTPUT_BYTES_MAX = 16 * 1024 * 1024
"""Most bytes of changes that are searched: they take seconds."""

_COMMIT = b"\0"
_NO_CHECKOUT = "not a git repository"
_GLOB = re.compile(r"[*?\[]")


class OldSecret(Struct, frozen=True):
    """A commit that added a secret to a file; `day` is when it was made."""

    commit: str
    day: str
    file: str


class Search(Struct, frozen=True):
    """The places with a secret, the newest first, and why not all of the history was searched, if so.

    `is_begun` is set where the newest part was.
    """

    found: tuple[OldSecret, ...] = ()
    unsearched: str = ""
    is_begun: bool = False


def find_old_secrets(folder: Path, environ: Mapping[str, str], state_names: Sequence[str] = ()) -> Search:
    """Search all branches of the checkout that has `folder`, those of its remotes too, as far as fetched.

    Outside of a checkout there is nothing to search.
    """
    named = ("**/" + _GLOB.sub(r"[\g<0>]", name) for name in state_names)
    patterns = [f":(top,glob){pattern}" for pattern in (*FILES, *named)]
    arguments = (
        *("log", "--all", f"--max-count={COMMITS_MAX}", "--format=%x00%h %cs", "--patch", "--unified=0"),
        *("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--", *patterns),
    )
    try:
        result = commands.run(*arguments, folder=folder, environ=commands.environment(environ))
    except TimeoutError:
        return Search(unsearched=f"git took more than {commands.LOCAL_SECONDS:.0f} s")
    except StateError as error:
        return Search(unsearched=_failure(error, folder))
    if result.status:
        return Search(unsearched="" if _NO_CHECKOUT in result.errors else commands.first_line(result.errors))
    found = tuple(dict.fromkeys(_found(result.output[:OUTPUT_BYTES_MAX])))[:FOUND_MAX]
    return Search(found, _left_out(result.output), is_begun=True)


def _failure(error: StateError, folder: Path) -> str:
    if error.diagnostic.code == "state.unreadable":
        return f"git prints more than {size.DOCUMENT_BYTES_MAX >> 20} MiB"
    # Without git, the folder may be in no checkout.
    is_checkout = any((each / ".git").exists() for each in (folder, *folder.absolute().parents))
    return error.diagnostic.detail.rstrip(".") if is_checkout else ""


def _left_out(output: bytes) -> str:
    if len(output) > OUTPUT_BYTES_MAX:
        return f"its changes have more than {OUTPUT_BYTES_MAX >> 20} MiB"
    return f"it has {COMMITS_MAX:,} commits or more" if output.count(_COMMIT) >= COMMITS_MAX else ""


def _found(output: bytes) -> Iterator[OldSecret]:
    commit = day = file = ""
    for line in output.splitlines():
        if line.startswith(_COMMIT):
            commit, _, day = line[1:].decode(errors="replace").partition(" ")
        elif line.startswith(b"+++ "):
            file = replace_control(line[4:].decode(errors="replace").strip('"').removeprefix("b/"))
        elif line.startswith(b"+") and secret_spans(line[1:].decode(errors="replace")):
            yield OldSecret(commit, day, file)
