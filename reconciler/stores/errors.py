"""Errors that every kind of store raises, each built in one place."""

from __future__ import annotations

from reconciler.errors.exceptions import StateError


class ConflictError(StateError):
    """The stored version is not the one that the write replaces; nothing was written."""


class UnreachableError(StateError):
    """The storage could not be reached; nothing was sent to it."""


class UnansweredError(StateError):
    """The outcome is unknown: the answer was lost, or it does not say that nothing was done."""


class AbsentError(StateError):
    """The storage exists and has no such object."""


class LeaseLostError(StateError):
    """Another run holds the lock, or somebody freed it by force."""


def state_changed(location: str) -> StateError:
    """Return the error of a state that another run changed since it was read."""
    return StateError.of(
        "state.changed",
        detail=f"{location} is not the version that this run has read. It was left as it is, "
        "and nothing more is sent.",
        hint="Run the same command again; what was sent already is looked up.",
    )


def write_unconfirmed(location: str, cause: StateError) -> StateError:
    """Return the error of a write whose outcome could not be found out, because of `cause`."""
    return StateError.of(
        "state.unanswered",
        detail=f"{cause.diagnostic.detail} The state at {location} is complete, in its old form or its new "
        "one, and nothing more is sent.",
        hint="Run the same command again once the storage answers; what was sent already is looked up.",
    )


def unanswered(reason: str) -> UnansweredError:
    """Return the error of one request whose outcome is unknown; `reason` is a sentence that says why."""
    return UnansweredError.of(
        "state.unanswered",
        detail=reason,
        hint="Run the same command again once the storage answers; what was sent already is looked up.",
    )


def unreachable(location: str, reason: str, *, hint: str = "") -> UnreachableError:
    """Return the error of a storage that no request reached; `hint` replaces the usual advice."""
    return UnreachableError.of(
        "state.unreachable",
        detail=f"{location}: {reason}. Nothing was written, and nothing more is sent.",
        hint=hint
        or "Check the address, the network and HTTPS_PROXY, then run the same command again; "
        "what was sent already is looked up.",
    )


def lease_lost(location: str) -> LeaseLostError:
    """Return the error of a lock that this run no longer holds."""
    return LeaseLostError.of(
        "state.lease-lost",
        detail=f"Another run holds the lock on {location}, or somebody freed it by force. "
        "The state was left as it is, and nothing more is sent.",
        hint="Let the other run end, then run the same command again; what was sent already is looked up.",
    )
