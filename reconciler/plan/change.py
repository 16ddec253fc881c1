"""Actions and changed fields: the results of comparing a spec with a state."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from reconciler.ports import Json

DATES = "exceptions"
"""The first part of the path of a single date that differs: `exceptions.2027-04-05`."""

REDACTED = "(passcode)"
"""Replaces a passcode in a changed field."""


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


class Cause(StrEnum):
    """The origin of a difference between the record of a meeting and Zoom."""

    PERSON = "changed by a person"
    ZOOM = "set by Zoom or the account"
    NOT_TAKEN = "not taken by Zoom"
    DELETED = "deleted"


class FieldChange(Struct, frozen=True):
    """One field that differs. `path` is dotted; None means absent; a passcode is never shown.

    `cause` is set where a record is compared with Zoom.
    """

    path: str
    before: Json
    after: Json
    effect: str = ""
    cause: Cause | None = None

    @property
    def is_drift(self) -> bool:
        """Return whether a refresh sends the field: a person changed it, or an update did not take."""
        return self.cause in {Cause.PERSON, Cause.NOT_TAKEN}


class Change(Struct, frozen=True):
    """The result of comparing one meeting: action, changed fields, and paths that are no longer declared."""

    action: Action
    fields: tuple[FieldChange, ...] = ()
    released: tuple[str, ...] = ()


KEEP = Change(Action.KEEP)
"""The change of a meeting that is recorded as it is declared."""
