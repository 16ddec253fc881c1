"""The checkout whose remote keeps the state: its settings are read, and nothing in it is changed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import StateError
from reconciler.errors.redact import redact_addresses
from reconciler.errors.text import replace_control, repr_without
from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


ORIGIN = "origin"

PASSED_ON = re.compile(
    r"(http|credential|url|ssh|protocol|user|author|committer)\..+|core\.(sshcommand|askpass|gitproxy)"
    r"|remote\..+\.(url|pushurl|proxy|proxyauthmethod|uploadpack|receivepack|vcs)"
)
"""Settings of the checkout that decide how its remote is reached, and as which user."""

OVERRIDES = (
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.negotiate", "false"),
)
"""Settings that override the user's: no maintenance runs in the background."""

IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "reconciler"), ("EMAIL", "reconciler@localhost"))
}
"""Author and committer if none is configured, as in CI."""

_REMOTE = re.compile(r"remote\.(.+)\.url")

_OF_ENVIRONMENT = "command"

Setting = tuple[str, str, str]
"""Scope (`local`, `global` …), name, value."""

Git = Callable[..., commands.GitResult]
"""Runs git in the folder."""


class Checkout(Struct, frozen=True):
    """Folder, remote and settings. `address` is the remote's, without user and password.

    `push_addresses` are where a push goes, as they are, if that is not where a fetch goes, and
    `push_remedy` is the line of a shell that changes that.
    """

    folder: Path
    remote: str
    address: str
    object_format: str
    own_branches: frozenset[str]
    settings: tuple[tuple[str, str], ...]
    defaults: Mapping[str, str]
    push_addresses: tuple[str, ...] = ()
    push_remedy: str = ""

    def __repr__(self) -> str:
        return repr_without(self, "push_addresses")


def find(folder: Path, environ: Mapping[str, str], *, branch: str, remote: str = "") -> tuple[Checkout, ...]:
    """Return the checkout that contains `folder`, once for each remote that may hold the state.

    That is `remote` if it is given; else `origin`, then the one that the current branch follows. `branch` is
    that of the state, for messages. Raises `StateError`.
    """
    variables = commands.environment(environ)

    def git(*arguments: str) -> commands.GitResult:
        return commands.run(*arguments, folder=folder, environ=variables)

    result = git("rev-parse", "--show-toplevel", "--show-object-format")
    if result.status:
        raise _no_checkout(folder, f"Git says: {commands.first_line(result.errors)}")
    top, _, object_format = result.text.rpartition("\n")
    _check_discovered(folder, git("rev-parse", "--absolute-git-dir").text, variables)
    settings = _settings(git("config", "--list", "--show-scope", "-z"))
    current = git("symbolic-ref", "-q", "--short", "HEAD").text
    values = {name: value for _, name, value in settings}

    def checkout(name: str) -> Checkout:
        main = git("symbolic-ref", "-q", "--short", f"refs/remotes/{name}/HEAD")
        return Checkout(
            folder=Path(top),
            remote=name,
            address=redact_addresses(
                next(value for _, key, value in settings if key == f"remote.{name}.url")
            ),
            object_format=object_format,
            own_branches=frozenset({current, main.text.removeprefix(f"{name}/")} - {""}),
            settings=(*_passed_on(settings), *OVERRIDES),
            defaults=_defaults(values, environ),
            push_addresses=push_addresses(name) if _is_pushed_elsewhere(settings, name) else (),
            push_remedy=_push_remedy(settings, name, Path(top), environ, git),
        )

    def push_addresses(name: str) -> tuple[str, ...]:
        fetched, pushed = (git("remote", "get-url", *flags, name).text for flags in ((), ("--push", "--all")))
        return tuple(pushed.splitlines()) if pushed != fetched else ()

    remotes = _remotes(settings, current, remote)
    if not remotes:
        raise _no_remote(_all_remotes(settings), branch)
    return tuple(checkout(name) for name in remotes)


def _check_discovered(folder: Path, git_folder: str, environ: Mapping[str, str]) -> None:
    """Raise `StateError` if `folder` is in a bare repository; git before 2.38 has no setting for it."""
    repository = Path(git_folder).resolve()
    if "GIT_DIR" not in environ and folder.resolve().is_relative_to(repository):
        raise _no_checkout(folder, f"{replace_control(str(repository))} looks like a bare repository.")


def _no_checkout(folder: Path, reason: str) -> StateError:
    return StateError.of(
        "state.no-checkout",
        detail=f"{folder} is not in a checkout that git can use. {reason}",
        hint="Run it in the checkout of the specs; in CI after the step that checks them out.",
    )


def _settings(result: commands.GitResult) -> tuple[Setting, ...]:
    fields = result.output.decode(errors="surrogateescape").split("\0")
    settings = []
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        name, separator, value = entry.partition("\n")
        settings.append((scope, name, value if separator else "true"))
    return tuple(settings)


def _passed_on(settings: Sequence[Setting]) -> tuple[tuple[str, str], ...]:
    # Every git command reads the settings of the user and of the machine by itself.
    own = ((name, value) for scope, name, value in settings if scope in {"local", "worktree"})
    return tuple((name, value) for name, value in own if PASSED_ON.fullmatch(name))


def _remotes(settings: Sequence[Setting], branch: str, wanted: str) -> tuple[str, ...]:
    """Return the names of the remotes that may hold the state; an address that a branch follows is none."""
    remotes = _all_remotes(settings)
    if wanted and wanted not in remotes:
        raise _unknown_remote(wanted, remotes)
    if wanted:
        return (wanted,)
    followed = [value for _, name, value in settings if branch and name == f"branch.{branch}.remote"]
    named = dict.fromkeys(name for name in (ORIGIN, *followed[-1:]) if name in remotes)
    return tuple(named) or (remotes if len(remotes) == 1 else ())


def _all_remotes(settings: Sequence[Setting]) -> tuple[str, ...]:
    return tuple({match[1]: None for _, name, _ in settings if (match := _REMOTE.fullmatch(name))})


def _is_pushed_elsewhere(settings: Sequence[Setting], remote: str) -> bool:
    """Return whether a push to the remote may go to another address than a fetch, or to several."""
    names = [name for _, name, _ in settings]
    own = names.count(f"remote.{remote}.pushurl") or names.count(f"remote.{remote}.url") > 1
    return bool(own) or any(name.endswith(".pushinsteadof") for name in names)


def _push_remedy(
    settings: Sequence[Setting], remote: str, top: Path, environ: Mapping[str, str], git: Git
) -> str:
    """Return the line after which a push goes where a fetch goes, or that removes the first reason."""
    fetched = [value for _, name, value in settings if name == f"remote.{remote}.url"]
    own = [each for each in settings if each[1] == f"remote.{remote}.pushurl"]  # then git rewrites nothing
    rewriting = [
        each
        for each in settings
        if each[1].endswith(".pushinsteadof") and any(url.startswith(each[2]) for url in fetched)
    ]
    for scope, name, _ in (*own, *rewriting):
        if scope == _OF_ENVIRONMENT:
            return _removal_of_variable(name, environ)
        return _removal(scope, name, top, git)
    return f"git remote set-url --delete {shlex.quote(remote)} URL"


def _removal(scope: str, name: str, top: Path, git: Git) -> str:
    """Return the command that removes a setting from its file, which another one may include."""
    unset = f"--unset-all {shlex.quote(redact_addresses(name))}"
    if git("config", f"--{scope}", "--no-includes", "--get-all", name).status == 0:
        return f"git config {unset}" if scope == "local" else f"git config --{scope} {unset}"
    listed = git("config", f"--{scope}", "--includes", "--show-origin", "-z", "--get-all", name)
    file = listed.output.decode(errors="surrogateescape").partition("\0")[0].removeprefix("file:")
    return f"git config --file {shlex.quote(replace_control(str((top / file).resolve())))} {unset}"


def _removal_of_variable(name: str, environ: Mapping[str, str]) -> str:
    """Return the line for a setting that GIT_CONFIG_ variables have, or a `git -c` around this program."""
    count = environ.get("GIT_CONFIG_COUNT", "0")
    numbers = range(int(count)) if count.isascii() and count.isdigit() else range(0)
    same = (n for n in numbers if environ.get(f"GIT_CONFIG_KEY_{n}", "").casefold() == name.casefold())
    number = next(same, None)
    if number is None:
        return "unset GIT_CONFIG_PARAMETERS"
    is_alone = len(numbers) == 1
    return "unset GIT_CONFIG_COUNT" if is_alone else f"export GIT_CONFIG_KEY_{number}=reconciler.unused"


def _defaults(values: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables for what neither the environment nor the settings define."""
    is_known = "user.email" in values or environ.get("EMAIL")
    defaults = {} if is_known else dict(IDENTITY)
    if not environ.get("GIT_SSH") and "core.sshcommand" not in values:
        defaults["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes -oConnectTimeout=10"
    return {name: value for name, value in defaults.items() if not environ.get(name)}


def _no_remote(remotes: tuple[str, ...], branch: str) -> StateError:
    if not remotes:
        return StateError.of(
            "state.no-remote",
            detail="`git remote` lists no remote. Nothing was sent.",
            hint=f"git remote add {ORIGIN} URL",
        )
    lines = (f"`state: git:{name}:{branch}`" for name in remotes)
    return StateError.of(
        "state.which-remote",
        detail=f"The checkout has the remotes {', '.join(remotes)}, and none is `{ORIGIN}`. "
        "Nothing was sent.",
        hint=f"Name the one that has the state: {', or '.join(lines)}.",
    )


def _unknown_remote(wanted: str, remotes: tuple[str, ...]) -> StateError:
    return StateError.of(
        "state.no-remote",
        detail=f"The state is on a branch of `{wanted}`, and `git remote` lists "
        f"{', '.join(remotes) or 'no remote'}. Nothing was read or sent.",
        hint=suggestion(did_you_mean(wanted, remotes), f"git remote add {wanted} URL"),
    )
