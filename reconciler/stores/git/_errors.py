"""What git's words about a remote mean: did it happen, can it have happened, and what is to be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.git import _command as commands

if TYPE_CHECKING:
    from reconciler.stores.git._command import GitResult


MISSING = re.compile(r"couldn't find remote ref", re.IGNORECASE)

UNREACHABLE = re.compile(
    r"could not resolve|failed to connect|couldn't connect|connect to host|connection (refused|timed out)"
    r"|no route to host|network is unreachable|name or service not known|in name resolution"
    r"|unable to access.*(returned error: (429|5\d\d)|timed out|ssl|reset by peer|empty reply)",
    re.IGNORECASE,
)
"""The way to the remote did not open, or it had no time."""

FORBIDDEN = re.compile(
    r"returned error: (401|403|404)|authentication failed|could not read (username|password)|prompts disabled"
    r"|permission (to|denied)|repository not found|not allowed to|access rights|host key verification"
    r"|does not appear to be a git repository",
    re.IGNORECASE,
)
"""It opened, and let us not in."""

UNDER_WAY = re.compile(r"rpc failed|hung up unexpectedly|unexpected disconnect|broken pipe", re.IGNORECASE)
"""What broke had begun: the push may have arrived."""

CONTENDED = re.compile(
    r"stale info|fetch first|non-fast-forward|remote ref updated|failed to update ref|cannot lock ref"
    r"|failed to lock|already exists|incorrect old value|but expected",
    re.IGNORECASE,
)
"""Somebody else wrote the branch, or writes it right now."""


OWN_BRANCH = "Name a branch of its own, such as git:reconciler-state; it is made when it is first written."


class PushOutcome(Enum):
    """What became of a push."""

    DONE = auto()
    CONTENDED = auto()
    """Not done: the branch does not stand where it stood, or is being written."""
    REFUSED = auto()
    """Not done, by a rule of the remote's."""
    NEVER_SENT = auto()
    UNANSWERED = auto()


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of a push, and git's words about it."""

    outcome: PushOutcome
    words: str = ""


def push_result(ended: GitResult) -> PushResult:
    """Judged by the line for programs, and without one by what git complains of."""
    line = next((line for line in ended.text.splitlines() if line[1:2] == "\t"), "")
    if line[:1] in {" ", "*", "+", "="} and line:
        return PushResult(PushOutcome.DONE)
    if line.startswith("!"):
        return _rejected(line.rpartition("\t")[2], ended.complaint)
    is_told = UNREACHABLE.search(ended.complaint) or FORBIDDEN.search(ended.complaint)
    is_before = is_told and ended.status > 0 and not UNDER_WAY.search(ended.complaint)
    return PushResult(PushOutcome.NEVER_SENT if is_before else PushOutcome.UNANSWERED, ended.complaint)


def _rejected(reason: str, complaint: str) -> PushResult:
    said = [line for line in complaint.splitlines() if line.startswith("remote:")]
    words = "\n".join((reason, *(line.removeprefix("remote:") for line in said)))
    if reason.startswith("[remote failure]"):
        return PushResult(PushOutcome.UNANSWERED, words)
    is_ours = reason.startswith("[rejected]")  # git itself did not send it
    return PushResult(
        PushOutcome.CONTENDED if is_ours or CONTENDED.search(reason) else PushOutcome.REFUSED, words
    )


def is_transient(words: str) -> bool:
    """Whether the same may work in a moment."""
    return UNREACHABLE.search(words) is not None


def unreachable(where: str, words: str) -> StateError:
    """The error of a remote that cannot be read, or that nothing was sent to."""
    if UNREACHABLE.search(words) or not FORBIDDEN.search(words):
        return _unreachable(where, words)
    return StateError.of(
        "state.forbidden",
        detail=f"{where} does not exist for us, or may not be written. Nothing was sent. "
        f"Git says: {commands.first_line(words)}",
        hint="Give the job the right to write: on GitHub `permissions: contents: write`, on GitLab a "
        "token with `write_repository`. Reading, as in a plan, needs no right to write.",
    )


def refused(where: str, words: str) -> StateError:
    """The error of a remote whose rules forbid the push."""
    return StateError.of(
        "state.refused",
        detail=f"{where} was left as it is, and nothing more is sent. It says: {commands.first_line(words)}",
        hint="Take the branch out of the rules that protect others, so that this job may push to it.",
    )


def push_unconfirmed(where: str, words: str) -> UnansweredError:
    """The error of a push that may have arrived."""
    return UnansweredError.of(
        "state.unanswered",
        detail=f"The push to {where} broke off. Git says: {commands.first_line(words)}",
    )


def conflict(where: str) -> ConflictError:
    """The error of a document that is another by now."""
    return ConflictError.of(
        "state.changed",
        detail=f"{where} has another version by now.",
    )


def busy(where: str) -> UnansweredError:
    """The error of a branch that others write all the time, or that stays locked."""
    return push_unconfirmed(where, "others write it all the time")


def foreign(where: str, names: tuple[str, ...]) -> StateError:
    """The error of a branch that was made for something else."""
    return StateError.of(
        "state.not-ours",
        detail=f"{where} has {', '.join(names[:3])}{' and more' if names[3:] else ''}, and no state. "
        "It was left as it is, and nothing was sent.",
        hint=OWN_BRANCH,
    )


def own_branch(branch: str) -> StateError:
    """The error of a state on the branch that people work on."""
    return StateError.of(
        "state.own-branch",
        detail=f"`{branch[:100]}` is checked out here, or is the remote's main branch. Nothing was sent.",
        hint=OWN_BRANCH,
    )


def _unreachable(where: str, words: str) -> StateError:
    return StateError.of(
        "state.unreachable",
        detail=f"{where} gave no answer that can be used. Nothing more is sent. "
        f"Git says: {commands.first_line(words)}",
        hint="Run the same command again once it answers; what was sent already is looked up.",
    )
