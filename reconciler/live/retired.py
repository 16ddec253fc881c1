"""Names retired meetings as Zoom has them, so that a plan shows what will end.

Pure. An id in the state may be any meeting of the account: of one that is not the recorded one, nothing is
shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.meeting import masking
from reconciler.ports import Answer
from reconciler.state import identity
from reconciler.state.state import Retired, State


class EndingMeetings(Struct, frozen=True):
    """Zoom's topics of retired meetings by id, and a diagnostic for each that is not known."""

    topics: Mapping[int, str] = {}
    diagnostics: tuple[Diagnostic, ...] = ()


def ending_meetings(state: State, answers: Iterable[tuple[Retired, Answer | RemoteError]]) -> EndingMeetings:
    """Return what the reads of retired meetings tell. One that is gone already has neither."""
    topics: dict[int, str] = {}
    diagnostics = []
    for gone, answer in answers:
        if isinstance(answer, GoneError):
            continue
        if isinstance(answer, RemoteError):
            diagnostics.append(_unread(gone, answer.diagnostic))
        elif problem := identity.problem(state, gone.key, gone, answer.body):
            diagnostics.append(problem)
        else:
            topics[gone.id] = str(masking.as_shown(answer.body.get("topic") or ""))
    return EndingMeetings(topics, tuple(diagnostics))


def _unread(gone: Retired, diagnostic: Diagnostic) -> Diagnostic:
    detail = (
        f"{gone.key}: {diagnostic.detail} It is not known what meeting {gone.id}, which is to be deleted, is."
    )
    return replace(diagnostic, key=gone.key, detail=detail)
