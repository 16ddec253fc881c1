"""Interprets git's messages about a remote: whether a push was done or may have been, and what to do."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.stores import errors
from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from reconciler.stores.errors import UnansweredError
    from reconciler.stores.git._command import GitResult


MISSING = re.compile(r"couldn't find remote ref", re.IGNORECASE)

UNREACHABLE = re.compile(
    r"could not resolve|failed to connect|couldn't connect|connect to host|connection (refused|timed out)"
    r"|no route to host|network is unreachable|name or service not known|in name resolution"
    r"|unable to access.*(returned error: (429|5\d\d)|timed out|ssl|reset by peer|empty reply)",
    re.IGNORECASE,
)
"""No connection to the remote, or the remote is overloaded."""

FORBIDDEN = re.compile(
    r"returned error: (401|403|404)|authentication failed|could not read (username|password)|prompts disabled"
    r"|permission (to|denied)|repository not found|not allowed to|access rights|host key verification"
    r"|does not appear to be a git repository",
    re.IGNORECASE,
)
"""The remote answered, and denied access."""

NOT_TAKEN = re.compile(
    r"http 40[13]|returned error: 40[13]|could not read (username|password)|prompts disabled"
    r"|authentication failed",
    re.IGNORECASE,
)
"""The remote answered the push itself with a refusal."""

UNDER_WAY = re.compile(r"rpc failed|hung up unexpectedly|unexpected disconnect|broken pipe", re.IGNORECASE)
"""The connection broke after the push had begun: it may have arrived."""

CONTENDED = re.compile(
    r"stale info|fetch first|non-fast-forward|remote ref updated|failed to update ref|cannot lock ref"
    r"|failed to lock|already exists|incorrect old value|but expected",
    re.IGNORECASE,
)
"""Somebody else wrote the branch, or is writing it."""


RIGHT_TO_WRITE = (
    "Give the job the right to write: on GitHub `permissions: contents: write`, on GitLab a token with "
    "`write_repository`."
)

OWN_BRANCH = "Name a branch of its own, such as git:reconciler-state; the first write creates it."


class PushOutcome(Enum):
    """Outcome of a push."""

    DONE = auto()
    CONTENDED = auto()
    """Not done: the branch has moved, or somebody is writing it."""
    REFUSED = auto()
    """Not done, because of a rule of the remote."""
    NEVER_SENT = auto()
    UNANSWERED = auto()


class PushResult(Struct, frozen=True):
    """Outcome of a push, and git's message about it."""

    outcome: PushOutcome
    message: str = ""


def push_result(result: GitResult) -> PushResult:
    """Return the outcome of a push by the line of `--porcelain`, or without one by git's error messages."""
    line = next((line for line in result.text.splitlines() if line[1:2] == "\t"), "")
    if line[:1] in {" ", "*", "+", "="}:
        return PushResult(PushOutcome.DONE)
    if line.startswith("!"):
        return _rejected(line.rpartition("\t")[2], result.errors)
    if UNDER_WAY.search(result.errors) and NOT_TAKEN.search(result.errors):
        return PushResult(PushOutcome.REFUSED, result.errors)
    has_reason = UNREACHABLE.search(result.errors) or FORBIDDEN.search(result.errors)
    is_unsent = has_reason and result.status > 0 and not UNDER_WAY.search(result.errors)
    return PushResult(PushOutcome.NEVER_SENT if is_unsent else PushOutcome.UNANSWERED, result.errors)


def _rejected(reason: str, errors: str) -> PushResult:
    remote_lines = [line for line in errors.splitlines() if line.startswith("remote:")]
    message = "\n".join((reason, *(line.removeprefix("remote:") for line in remote_lines)))
    if reason.startswith("[remote failure]"):
        return PushResult(PushOutcome.UNANSWERED, message)
    is_unsent = reason.startswith("[rejected]")  # git itself did not send it
    return PushResult(
        PushOutcome.CONTENDED if is_unsent or CONTENDED.search(reason) else PushOutcome.REFUSED, message
    )


def is_transient(message: str) -> bool:
    """Return whether the same command may work in a moment."""
    return UNREACHABLE.search(message) is not None


def unavailable(branch: str, message: str) -> StateError:
    """Return the error of a remote that cannot be read, or that no push reached."""
    if UNREACHABLE.search(message) or not FORBIDDEN.search(message):
        return errors.unreachable(branch, f"git says: {commands.first_line(message)}")
    return StateError.of(
        "state.forbidden",
        detail=f"{branch} does not exist for these credentials, or they may not write it. Nothing was sent. "
        f"Git says: {commands.first_line(message)}",
        hint=f"{RIGHT_TO_WRITE} Reading, as in a plan, needs no right to write.",
    )


def push_refused(branch: str, message: str) -> StateError:
    """Return the error of a remote that refused a push, by a rule or because of the credentials."""
    if NOT_TAKEN.search(message):
        return StateError.of(
            "state.forbidden",
            detail=f"{branch} was left as it is, and nothing more is sent: these credentials may not write "
            f"it. Git says: {commands.first_line(message)}",
            hint=RIGHT_TO_WRITE,
        )
    return StateError.of(
        "state.refused",
        detail=f"{branch} was left as it is, and nothing more is sent. "
        f"It says: {commands.first_line(message)}",
        hint="Exempt the branch from the rules that protect others, so that this job may push. "
        f"{RIGHT_TO_WRITE}",
    )


def pushed_elsewhere(
    remote: str, branch: str, address: str, remedy: str, *, is_left: bool = False
) -> StateError:
    """Return the error of a remote whose push address is another repository than the one that is read."""
    return StateError.of(
        "state.which-remote",
        detail=f"{remote} is read from {address}, and pushed to another repository, or to several: "
        f"their branches differ. "
        + (f"A new branch {branch} could not be deleted there again." if is_left else "Nothing was written."),
        hint=f"Let it be pushed where it is read, with `{remedy}`, "
        f"or name another remote, as in `state: git:REMOTE:{branch}`.",
    )


def push_unconfirmed(branch: str, message: str) -> UnansweredError:
    """Return the error of a push that may have arrived."""
    return errors.unanswered(f"The push to {branch} broke off. Git says: {commands.first_line(message)}")
