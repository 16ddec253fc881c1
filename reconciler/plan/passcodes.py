"""Passcodes that a step sends, and the rule of the account that one of them breaks.

Pure: variables and rules are passed in. A passcode is never in a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.errors.diagnostic import Diagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.meeting.passcode import PasscodeRule
from reconciler.plan.change import Action
from reconciler.plan.step import COSTS_A_REQUEST, Step
from reconciler.state.state import owner


def sends_passcode(step: Step) -> bool:
    """Return whether the request of the step has a passcode, if one is declared."""
    if step.action is Action.UPDATE:
        return any(change.path == "password" for change in step.changes)
    return step.action in COSTS_A_REQUEST


def passcode_of(meeting: Meeting | None, variable: Callable[[str], str | None]) -> str | None:
    """Return the declared passcode; None if there is none, or its variable is not set."""
    if meeting is None:
        return None
    if meeting.passcode is not None:
        return variable(meeting.passcode.name) or None
    literal = meeting.attributes.get("password")
    return literal if isinstance(literal, str) else None


def host_of(meeting: Meeting) -> str:
    """Return the user whose rule holds for the passcode: the host that the meeting will have."""
    return owner(meeting.attributes, meeting.host)


def sent_passcodes(
    steps: Iterable[Step], variable: Callable[[str], str | None]
) -> list[tuple[Step, Meeting, str]]:
    """Return the steps that send a passcode which is known, each with its meeting and the passcode."""
    sending = ((step, step.meeting, passcode_of(step.meeting, variable)) for step in steps)
    return [
        (step, meeting, passcode)
        for step, meeting, passcode in sending
        if meeting is not None and passcode is not None and sends_passcode(step)
    ]


def against_rule(meeting: Meeting, passcode: str, rule: PasscodeRule) -> Diagnostic | None:
    """Return the error of a passcode that Zoom would refuse; None if it fits."""
    broken = rule.broken_by(passcode)
    if broken is None:
        return None
    reference = meeting.passcode
    source = f"the passcode in {reference.name}" if reference else "the declared passcode"
    new = f"Set {reference.name} to one" if reference else "Declare one"
    return Diagnostic(
        code="passcode.against-rule",
        detail=f"{meeting.key}: {source} breaks the rule for passcodes of {host_of(meeting)}: it {broken}. "
        "Nothing was sent for this meeting.",
        hint=f"{new} with {rule.words}, and run the same command again.",
        key=meeting.key,
    )
