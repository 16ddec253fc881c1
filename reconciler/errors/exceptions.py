"""Exceptions that carry diagnostics.

Every error that a person, Zoom or a store can cause is a `ReconcilerError`. Errors of the remote are divided
by the one question that the engine asks: can the request have been processed?
"""

from __future__ import annotations

from typing import Literal, Self

from reconciler.errors.diagnostic import Diagnostic, Exit


class ReconcilerError(Exception):
    """The base class of every error that is reported with diagnostics."""

    exit_status: Exit = Exit.ERROR

    def __init__(self, *diagnostics: Diagnostic) -> None:
        assert diagnostics, "an error has a diagnostic"
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, code: str, *, detail: str = "", hint: str = "", key: str | None = None) -> Self:
        """Return an error with one diagnostic that has no place in a file."""
        return cls(Diagnostic(code, detail, hint, key=key))

    def __str__(self) -> str:
        return "\n".join(_line(diagnostic) for diagnostic in self.diagnostics)

    @property
    def diagnostic(self) -> Diagnostic:
        """The first diagnostic."""
        return self.diagnostics[0]


def _line(diagnostic: Diagnostic) -> str:
    return ": ".join(part for part in (diagnostic.code, diagnostic.summary, diagnostic.detail) if part)


class SpecError(ReconcilerError):
    """The spec cannot be used; nothing was sent."""


class SettingsError(ReconcilerError):
    """A flag, an environment variable or the settings file cannot be used."""


class StateError(ReconcilerError):
    """The state cannot be read, written or trusted. Only a write without an answer may have changed it."""


class StateLockedError(StateError):
    """Another run holds the lock on the state."""

    exit_status = Exit.LOCKED


class StalePlanError(ReconcilerError):
    """A saved plan does not match what would be done now."""


class RemoteError(ReconcilerError):
    """A request to Zoom failed."""


class NeverSentError(RemoteError):
    """The request was certainly not sent: it changed nothing and costs nothing.

    `attempts` of it left before, and were refused: they may count for Zoom.
    """

    attempts = 0


class RefusedError(RemoteError):
    """Zoom refused the request with an error body, and changed nothing.

    `status` is the HTTP status, `zoom_code` the `code` of the body, and `fields` its `errors` list as pairs
    of a dotted field path and a message.
    """

    def __init__(
        self,
        diagnostic: Diagnostic,
        *,
        status: int,
        zoom_code: int | None = None,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(diagnostic)
        self.status = status
        self.zoom_code = zoom_code
        self.fields = fields


class GoneError(RefusedError):
    """The meeting (3001) or the user (1001) does not exist."""


class AccessError(RefusedError):
    """Credentials or scopes do not suffice; every other request would fail as well."""


class DailyLimitError(RefusedError):
    """The daily limit of a host, or of the whole account, is used up."""

    def __init__(
        self, diagnostic: Diagnostic, *, scope: Literal["host", "account"], zoom_code: int | None
    ) -> None:
        super().__init__(diagnostic, status=429, zoom_code=zoom_code)
        self.scope = scope


class UnknownOutcomeError(RemoteError):
    """The request was sent and its outcome is unknown: look it up before sending it again."""
