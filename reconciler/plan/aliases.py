"""Names of a host that only the state takes for the host of a step: shown in the plan, checked by apply.

A state is data that others may have written. It may say that two people are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.names import fold_host
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.state.state import State, host_key


def relied_aliases(state: State, step: Step) -> tuple[str, ...]:
    """Return the recorded names, other than the host of the step, that the state takes for the same user."""
    record = state.meetings.get(step.key)
    if record is None or step.action is Action.KEEP:
        return ()
    host, name = fold_host(step.host), fold_host(record.host)
    is_alias = name != host and host_key(state, name) == host_key(state, host) and name in state.hosts
    return (name,) if is_alias else ()


def alias_remarks(state: State, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """Yield a warning for each step that relies on such a name."""
    for step in steps:
        for alias in relied_aliases(state, step):
            yield Diagnostic(
                code="plan.alias",
                detail=f"{step.key} is recorded for {alias}. Only the state says that {step.host} is the "
                "same Zoom user.",
                hint="Apply asks Zoom first, and sends nothing if they are two users.",
                severity=Severity.WARNING,
                key=step.key,
            )
