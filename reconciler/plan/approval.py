"""Approvals: a saved plan covers the steps of a fresh plan, by their digests.

Every step of the fresh plan must have been approved; an approved step may be done already. A step that
continues an approved one counts as approved.
"""

from __future__ import annotations

import orjson
from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import SettingsError, StalePlanError
from reconciler.errors.text import join_first
from reconciler.plan.change import Action
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Status, Step
from reconciler.ports import Json

DIFFERENCES_MAX = 10
"""Steps that the error of a stale plan names; the rest is counted."""


class Approval(Struct, frozen=True):
    """The content of a plan file: its options and the digests of its steps.

    `keys` are the keys of all steps, `replaced` the (key, id) pairs of approved replaces. `lineage` and
    `serial` belong to the state that the plan was made from; serial 0: there was none. `contents` are the
    digests of what is declared by the steps that write.
    """

    options: Options
    digests: frozenset[str]
    keys: frozenset[str] = frozenset()
    replaced: frozenset[tuple[str, int]] = frozenset()
    lineage: str = ""
    serial: int = 0
    contents: frozenset[str] = frozenset()

    def covers(self, step: Step) -> bool:
        """True if the step, or the one that it continues, was approved.

        The approval of a replace includes the deletion of the meeting that it replaces, by key and id: a
        state may name any other id.
        """
        if step.is_of_dates and step.content_digest in self.contents:
            return True  # the dates of a meeting whose create, update or replace was approved
        ends_replaced = (
            step.action is Action.DESTROY and step.retires and (step.key, step.id) in self.replaced
        )
        return ends_replaced or step.digest in self.digests


def read(document: bytes, location: str) -> Approval:
    """Read the approval in a plan file. Raises `SettingsError` if it is not a plan file."""
    try:
        whole = orjson.loads(document)
        if str(whole["format_version"]).partition(".")[0] != "1":
            raise _unusable(location, "It was written by a newer version of this program.")
        options = whole["options"]
        steps = [step for step in whole["steps"] if _counts(step)]
        return Approval(
            options=Options(_texts(options["paths"]), options["refresh"] is True, _texts(options["targets"])),
            digests=frozenset(step["digest"] for step in steps),
            keys=frozenset(step["key"] for step in steps),
            replaced=frozenset((step["key"], step.get("id")) for step in steps if _replaces(step)),
            contents=frozenset(step["content"] for step in steps if _writes(step)),
            lineage=str(whole.get("lineage", "")),
            serial=int(whole.get("serial", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(location, "It is not a plan that `reconciler plan --out` wrote.") from error


def check(plan: Plan, approval: Approval, location: str) -> None:
    """Raise `StalePlanError` if the fresh plan has a step that was not approved, or nothing to do.

    A plan is valid only for the state that it was made from, at that serial or a later one.
    """
    if approval.serial and plan.lineage != approval.lineage:
        raise StalePlanError(_stale(location, _OTHER_STATE))
    if plan.serial < approval.serial:
        raise StalePlanError(_stale(location, _OLDER_STATE))
    unapproved = [step for step in plan.steps if _is_due(step) and not approval.covers(step)]
    if unapproved:
        raise StalePlanError(_stale(location, _differences(unapproved, approval)))
    if not any(step.is_work and not step.extends for step in plan.steps):
        raise StalePlanError(_stale(location, "Nothing is left to do: the approval is used up."))


_OTHER_STATE = "It was made from another state than the one that is there now, or that one was deleted."
_OLDER_STATE = "The state that is there now is older than the one it was made from."


def _texts(values: Json) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(values)
    return tuple(values)


def _counts(step: Json) -> bool:
    return bool(step["action"] != Action.KEEP and step["status"] != Status.EXPIRED)


def _writes(step: Json) -> bool:
    return "content" in step and step["status"] != Status.WITHHELD


def _replaces(step: Json) -> bool:
    return bool(step["action"] == Action.REPLACE and step["status"] != Status.WITHHELD)


def _is_due(step: Step) -> bool:
    return step.action is not Action.KEEP and step.status is not Status.EXPIRED and not step.extends


def _differences(unapproved: list[Step], approval: Approval) -> str:
    named = [_difference(step, known=step.key in approval.keys) for step in unapproved]
    return f"{join_first(named, DIFFERENCES_MAX)}."


def _difference(step: Step, *, known: bool) -> str:
    return f"{step.key}: its {step.action} {'is not the approved one' if known else 'is new'}"


def _stale(location: str, detail: str) -> Diagnostic:
    return Diagnostic(
        code="plan.stale",
        detail=f"{location}: {detail} Nothing was sent.",
        hint="Make a new plan with --out, have it reviewed, and apply that.",
    )


def _unusable(location: str, detail: str) -> SettingsError:
    return SettingsError.of(
        "plan.unreadable",
        detail=f"{location}: {detail} Nothing was sent.",
        hint="Make it with `reconciler plan --out FILE`.",
    )
