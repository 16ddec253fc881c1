"""The checkout whose remote keeps the state: it is asked for its settings, and never touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.errors.text import redact_addresses
from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


ORIGIN = "origin"

HANDED_ON = re.compile(
    r"(http|credential|url|ssh|protocol|user|author|committer)\..+|core\.(sshcommand|askpass|gitproxy)"
    r"|remote\..+\.(url|pushurl|proxy|proxyauthmethod|uploadpack|receivepack|vcs)"
)
"""Settings of the checkout that say how its remote is reached, and as whom."""

OURS = (
    ("core.hooksPath", "/dev/null"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.negotiate", "false"),
)
"""Settings that win over a person's: no hooks of theirs run, and nothing works on behind us."""

IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "reconciler"), ("EMAIL", "reconciler@localhost"))
}
"""Who writes where nobody is named, as in CI."""

_REMOTE = re.compile(r"remote\.(.+)\.url")

Setting = tuple[str, str, str]
"""Scope (`local`, `global` …), name, value."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What is to be known of it. `address` is the remote's, without user and password."""

    folder: Path
    remote: str
    address: str
    object_format: str
    own_branches: frozenset[str]
    settings: tuple[tuple[str, str], ...]
    defaults: Mapping[str, str]


def find(folder: Path, environ: Mapping[str, str]) -> Checkout:
    """The checkout that `folder` lies in, and the remote that is meant. Raises `StateError`."""
    ours = commands.environment(environ)
    seen = commands.run("rev-parse", "--show-toplevel", "--show-object-format", folder=folder, environ=ours)
    if seen.status:
        raise _no_checkout(folder, seen)
    top, _, object_format = seen.text.rpartition("\n")
    settings = _settings(folder, ours)
    branch = commands.run("symbolic-ref", "-q", "--short", "HEAD", folder=folder, environ=ours).text
    remote = _remote(settings, branch)
    main = commands.run(
        "symbolic-ref", "-q", "--short", f"refs/remotes/{remote}/HEAD", folder=folder, environ=ours
    )
    values = {name: value for _, name, value in settings}
    return Checkout(
        folder=Path(top),
        remote=remote,
        address=redact_addresses(values[f"remote.{remote}.url"]),
        object_format=object_format,
        own_branches=frozenset({branch, main.text.removeprefix(f"{remote}/")} - {""}),
        settings=(*_handed_on(settings), *OURS),
        defaults=_defaults(values, environ),
    )


def _settings(folder: Path, environ: Mapping[str, str]) -> tuple[Setting, ...]:
    listed = commands.run("config", "--list", "--show-scope", "-z", folder=folder, environ=environ)
    fields = listed.out.decode(errors="surrogateescape").split("\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    return tuple((scope, *_named(entry)) for scope, entry in pairs)


def _named(entry: str) -> tuple[str, str]:
    name, separator, value = entry.partition("\n")
    return name, value if separator else "true"


def _handed_on(settings: Sequence[Setting]) -> tuple[tuple[str, str], ...]:
    # What holds for the person or the machine is read by every git command by itself.
    own = ((name, value) for scope, name, value in settings if scope in {"local", "worktree"})
    return tuple((name, value) for name, value in own if HANDED_ON.fullmatch(name))


def _remote(settings: Sequence[Setting], branch: str) -> str:
    remotes = {match[1]: None for _, name, _ in settings if (match := _REMOTE.fullmatch(name))}
    followed = [value for _, name, value in settings if branch and name == f"branch.{branch}.remote"]
    named = [name for name in (ORIGIN, *followed) if name in remotes]
    if not remotes or (not named and len(remotes) > 1):
        raise _which_remote(tuple(remotes))
    return (named or list(remotes))[0]


def _defaults(values: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for what neither the environment nor the settings tell."""
    is_known = "user.email" in values or "EMAIL" in environ
    defaults = {} if is_known else dict(IDENTITY)
    if not environ.get("GIT_SSH") and "core.sshcommand" not in values:
        defaults["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes -oConnectTimeout=10"
    return {name: value for name, value in defaults.items() if not environ.get(name)}


def _no_checkout(folder: Path, seen: commands.GitResult) -> StateError:
    return StateError.of(
        "state.no-checkout",
        detail=f"{folder} is in none that git can use. Git says: {commands.first_line(seen.complaint)}",
        hint="Run it in the checkout of the specs; in CI after the step that checks them out.",
    )


def _which_remote(remotes: tuple[str, ...]) -> StateError:
    told = f"It has {', '.join(remotes)}, and none is `{ORIGIN}`." if remotes else "It has none."
    hint = f"git remote add {ORIGIN} URL"
    return StateError(
        Diagnostic(
            code="state.which-remote" if remotes else "state.no-remote",
            detail=f"{told} Nothing was sent.",
            hint=f"Rename one to `{ORIGIN}`, or have the current branch follow one." if remotes else hint,
        )
    )
