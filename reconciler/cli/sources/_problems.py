"""Diagnostics about files that cannot be read as specs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reconciler.cli.sources.paths import SUFFIXES
from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.errors.text import shown_name
from reconciler.meeting.names import KEY
from reconciler.spec.settings import FILENAME

if TYPE_CHECKING:
    from pathlib import Path

DEPTH_MAX = 60
"""Folders in folders that are searched for specs."""

Problem = tuple[str, str, str]
"""Code, detail and hint of a diagnostic."""

SUBMODULE: Problem = (
    "source.submodule",
    "`{}` is a repository of its own: a pull request shows its commit, not its files.",
    "Put the files themselves there, or take the submodule out of the specs.",
)

NO_SPEC: Problem = (
    "source.empty-folder",
    "`{}` has no file `*.yaml` or `*.yml`.",
    "Add one. An empty folder never means that nothing is declared.",
)

NO_POLICY: Problem = (
    "policy.empty-folder",
    NO_SPEC[1],
    "Add one, or take the folder out of `policies`: an empty one never means that there are none.",
)


_PATTERN = frozenset("*?[")


def missing(name: str, folder: Path) -> Problem:
    """Return the error about a path that does not exist; a pattern is answered by its folder."""
    hint = f"Check the spelling; relative paths start at {folder.resolve()}."
    if not _PATTERN.isdisjoint(name):
        above = name.rpartition("/")[0] or ("/" if name.startswith("/") else ".")
        is_folder = _PATTERN.isdisjoint(above) and (folder / above).is_dir()
        named = f"the folder: `{shlex.quote(above)}`" if is_folder else "folders or files"
        hint = f"Patterns are not read here. Name {named}."
    return ("source.missing", f"`{name}` does not exist.", hint)


def by_key(name: str) -> str:
    """Return the rest of the hint about a missing path that may have been meant as a key."""
    is_key = KEY.fullmatch(name) and not name.endswith(SUFFIXES) and not name.startswith("-")
    return f" `--target {name}` plans or applies one key." if is_key else ""


def link(name: str) -> Diagnostic:
    """Return the error about a link that leads out of its folder."""
    detail = f"The link `{name}` leads out of its folder."
    hint = "Put the file itself there, or name the folder that it is in."
    return Diagnostic("source.link", detail, hint, span=top(name))


def submodule(name: str) -> Diagnostic:
    """Return the error about a folder that is a submodule, or in one."""
    code, detail, hint = SUBMODULE
    return Diagnostic(code, detail.format(name), hint, span=top(name))


def unreadable(name: str, error: OSError) -> Diagnostic:
    """Return the error about a file or folder that the system does not let the program read."""
    return Diagnostic(
        "source.unreadable",
        f"`{name}`: {error.strerror or type(error).__name__}.",
        "Check its permissions, or leave it out of the specs.",
        span=top(name),
    )


def not_utf8(name: str) -> Diagnostic:
    """Return the error about a name that is not UTF-8."""
    shown = shown_name(name)
    return Diagnostic(
        "source.name",
        f"`{shown}` is not UTF-8.",
        "Rename it, or leave it out of the specs.",
        span=top(shown),
    )


def too_deep(prefix: str) -> Diagnostic:
    """Return the error about folders that are nested too deep."""
    first = "/".join(prefix.split("/")[:3])
    return Diagnostic(
        "source.too-deep",
        f"Below `{first}`, folders are nested more than {DEPTH_MAX} levels deep.",
        "Move the specs up, or name their own folder.",
        span=top(first),
    )


def misnamed_settings(name: str) -> Diagnostic:
    """Return the error about a settings file that has another name than the one that is read."""
    return Diagnostic(
        "settings.misnamed",
        f"`{name}` is not read: the settings are in `{FILENAME}`.",
        f"Rename it: `mv {name} {FILENAME}`.",
        span=top(name),
    )


def settings_unread(folder: str) -> Diagnostic:
    """Return the warning about a settings file of `folder`, which is not the working folder."""
    name = f"{folder}/{FILENAME}"
    return Diagnostic(
        "source.other-settings",
        f"`{name}` was not read: the settings are those of the working folder.",
        f"Begin there to use it: `reconciler -C {shlex.quote(folder)} validate`, with paths as seen from "
        "there.",
        Severity.WARNING,
        span=top(name),
    )


def top(name: str) -> Span:
    """Return the place of a problem with a whole file: its beginning."""
    return Span(name, Position(1, 1), Position(1, 1))
