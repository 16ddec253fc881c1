"""What may become of a write of the state, as errors that every kind of store tells alike."""

from __future__ import annotations

from reconciler.errors.exceptions import StateError


class ConflictError(StateError):
    """Another version stands there than the one that was to be replaced; nothing was written."""


class UnreachableError(StateError):
    """There was no way there: nothing was sent."""


class UnansweredError(StateError):
    """Nobody can say whether it was written: the answer was lost, or another error than a refusal came."""


def state_changed(location: str) -> StateError:
    """The error of a state that is not what was to be replaced."""
    return StateError.of(
        "state.changed",
        detail=f"{location} is not the version that this run has read. It was left as it is, "
        "and nothing more is sent.",
        hint="Run the same command again; what was sent already is looked up.",
    )


def write_unconfirmed(location: str, error: StateError) -> StateError:
    """The error of a write whose fate nobody can tell; `error` is why."""
    return StateError.of(
        "state.unanswered",
        detail=f"{error.diagnostic.detail} The state at {location} is whole, in its old form or its new "
        "one, and nothing more is sent.",
        hint="Run the same command again once its place answers; what was sent already is looked up.",
    )


class AbsentError(StateError):
    """The storage is there, and has no such object."""
