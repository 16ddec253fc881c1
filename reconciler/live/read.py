"""What a look at one recorded meeting gave: the meeting, or why there is none to compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, RefusedError, RemoteError

if TYPE_CHECKING:
    from reconciler.ports import Body

MEETING_UNKNOWN = 3001
"""Zoom's code for a meeting that does not exist."""

WEBINAR = 3000
"""Zoom's code for an id that belongs to a webinar."""


class Sight(StrEnum):
    """How the look ended."""

    FOUND = "found"
    GONE = "gone"
    """Zoom says that it does not exist, and no list of its host shows it."""
    WEBINAR = "webinar"
    """Its id belongs to a webinar now."""
    UNREAD = "unread"
    """It could not be read: nothing is known about it, least of all that it is gone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `body` is the meeting where it was found (with secrets: never kept or shown whole).

    `error` is why it could not be read.
    """

    sight: Sight
    body: Body = field(default_factory=dict, repr=False)
    error: RemoteError | None = None


def found(body: Body) -> Seen:
    """The meeting as Zoom answered it."""
    return Seen(Sight.FOUND, body)


def refused(error: RemoteError, *, listed: bool) -> Seen:
    """What an error of a read says about its meeting; `listed` tells whether its host's list shows it."""
    if not isinstance(error, RefusedError):
        return Seen(Sight.UNREAD, error=error)
    if error.zoom_code == WEBINAR:
        return Seen(Sight.WEBINAR)
    if error.zoom_code != MEETING_UNKNOWN:
        return Seen(Sight.UNREAD, error=error)
    return Seen(Sight.UNREAD, error=RemoteError(_contradiction(error))) if listed else Seen(Sight.GONE)


def _contradiction(error: RefusedError) -> Diagnostic:
    return Diagnostic(
        code="refresh.contradiction",
        summary="Zoom lists a meeting that it says does not exist",
        detail=f"{error.diagnostic.detail} The list of its host shows it all the same.",
        hint="It may have been made or deleted a moment ago. Run again.",
    )
