"""Aliases: names that, by the state alone, belong to the host of a step. Plans show them; apply checks them.

Others may have written the state, and it may name one user for two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.names import fold_host
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Json
from reconciler.state.state import SCHEDULE_FOR, Intent, Record, State, host_key


def relied_aliases(state: State, step: Step) -> tuple[str, ...]:
    """Return the recorded host, if it differs from that of the step and the state takes both for one user."""
    record = state.meetings.get(step.key)
    if record is None or step.action is Action.KEEP:
        return ()
    host, name = fold_host(step.host), fold_host(record.host)
    is_alias = name != host and host_key(state, name) == host_key(state, host) and name in state.hosts
    return (name,) if is_alias else ()


def recorded_names(state: State, step: Step) -> frozenset[str]:
    """Return the other names of hosts in a step whose user ids the state has: none is sent to unchecked.

    They are those of the record, of an interrupted request, and of the users that meetings are scheduled for.
    """
    record, intent = state.meetings.get(step.key), state.intents.get(step.key)
    found = [step.new_host, *(gone.host for gone in state.retired if gone.key == step.key)]
    for host, attributes in _hosts(record, intent, step):
        found += (host, attributes.get(SCHEDULE_FOR))
    names = {fold_host(str(name)) for name in found if name} - {fold_host(step.host)}
    return frozenset(names & state.hosts.keys())


def _hosts(
    record: Record | None, intent: Intent | None, step: Step
) -> Iterator[tuple[str | None, Mapping[str, Json]]]:
    if record is not None:
        yield record.host, record.attributes
    if intent is not None:
        yield intent.host, intent.attributes
        yield intent.to_host, {}
    if step.meeting is not None:
        yield step.meeting.host, step.meeting.attributes


def alias_remarks(state: State, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """Yield a warning for each step that relies on an alias."""
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
