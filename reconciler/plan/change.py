"""Actions and changed fields: what the comparison of a spec and a state found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.ports import Json

REDACTED = "(passcode)"


class Action(StrEnum):
    """What is to be done about one key."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DESTROY = "destroy"
    RESOLVE = "resolve"
    MOVE = "move"
    IMPORT = "import"
    FORGET = "forget"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `path` is dotted, None stands for absent; a passcode is never shown."""

    path: str
    before: Json
    after: Json
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What `compare` found: the action, the fields that differ, and the paths no longer declared."""

    action: Action
    fields: tuple[FieldChange, ...] = ()
    released: tuple[str, ...] = ()


KEEP = Change(Action.KEEP)
