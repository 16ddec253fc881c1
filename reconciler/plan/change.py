"""Actions and changed fields: the results of comparing a spec with a state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.ports import Json

REDACTED = "(passcode)"


class Action(StrEnum):
    """The action of a plan for one key."""

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
    """One field that differs. `path` is dotted; None means absent; a passcode is never shown."""

    path: str
    before: Json
    after: Json
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """The result of comparing one meeting: action, changed fields, and paths that are no longer declared."""

    action: Action
    fields: tuple[FieldChange, ...] = ()
    released: tuple[str, ...] = ()


KEEP = Change(Action.KEEP)
