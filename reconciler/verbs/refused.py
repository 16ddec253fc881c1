"""What Zoom refused in a body, shown at the lines that declare it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import Finding
from reconciler.events import Noticed, StepFailed

if TYPE_CHECKING:
    from reconciler.errors import Diagnostic
    from reconciler.events import Event
    from reconciler.views import Tell

Locate = Callable[[str, Finding], "Diagnostic"]
"""The finding about the meeting with this key, in its place in a file."""

UNKNOWN_USER = "zoom.user-unknown"

_STEP = re.compile(r"[^.\[\]]+")


def placing(locate: Locate) -> Callable[[Tell], Tell]:
    """What stands between an engine that tells events and a view that shows them."""

    def through(tell: Tell) -> Tell:
        def pass_on(event: Event) -> None:
            for each in placed(event, locate):
                tell(each)

        return pass_on

    return through


def placed(event: Event, locate: Locate) -> tuple[Event, ...]:
    """The event, and before it a notice for each further field that Zoom refused.

    A failed step points at the first field's line. Whatever stands there is masked where it is a secret.
    """
    refused = _fields(event) if isinstance(event, StepFailed) else ()
    if not isinstance(event, StepFailed) or not refused:
        return (event,)
    first, *others = (_located(event, path, message, locate) for path, message in refused)
    told = replace(event.diagnostic, span=first.span, snippet=first.snippet)
    return (*(Noticed(event.at, other) for other in others), replace(event, diagnostic=told))


def _fields(event: StepFailed) -> tuple[tuple[str, str], ...]:
    # Who is not known to Zoom is named in the address of the request, so no field is told.
    return event.fields or ((("host", ""),) if event.diagnostic.code == UNKNOWN_USER else ())


def _located(event: StepFailed, path: str, message: str, locate: Locate) -> Diagnostic:
    finding = Finding(
        path=steps(path),
        code=event.diagnostic.code,
        summary=f"Zoom does not accept `{path}`" if path else "Zoom does not accept the meeting",
        detail=message,
        hint="Change it here, then run apply again.",
        key=event.key,
    )
    return locate(event.key, finding)


def steps(path: str) -> tuple[str | int, ...]:
    """The parts of a path as Zoom writes it: `settings.rooms[0].name`, `settings.rooms.0.name`."""
    return tuple(int(part) if part.isdecimal() else part for part in _STEP.findall(path))
