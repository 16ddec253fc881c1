"""What went wrong, as a value: where, why, what happens now and what to do.

Everything a person or Zoom can cause ends as a `Diagnostic`. Errors of the
remote are cut by the one question the engine asks: can it have happened?
"""

from __future__ import annotations

from typing import Literal, Self

from reconciler.errors.diagnostic import Diagnostic, Exit


class ReconcilerError(Exception):
    """The root of every error that a person or the outside can cause."""

    exit_status: Exit = Exit.ERROR

    def __init__(self, *diagnostics: Diagnostic) -> None:
        assert diagnostics, "an error says what is wrong"
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, code: str, *, detail: str = "", hint: str = "", key: str | None = None) -> Self:
        """The error of one finding without a place in a file."""
        return cls(Diagnostic(code, detail, hint, key=key))

    def __str__(self) -> str:
        return "\n".join(_line(diagnostic) for diagnostic in self.diagnostics)

    @property
    def diagnostic(self) -> Diagnostic:
        """The first finding: what the error is about."""
        return self.diagnostics[0]


def _line(diagnostic: Diagnostic) -> str:
    return ": ".join(part for part in (diagnostic.code, diagnostic.summary, diagnostic.detail) if part)


class SpecError(ReconcilerError):
    """What was declared cannot be used; nothing was sent."""


class SettingsError(ReconcilerError):
    """A flag, an environment variable or the settings file cannot be used."""


class StateError(ReconcilerError):
    """The state cannot be read, written or trusted; it was left as it is."""


class StateLockedError(StateError):
    """Somebody else holds the state."""

    exit_status = Exit.LOCKED


class StalePlanError(ReconcilerError):
    """A saved plan does not approve what would be done now."""


class RemoteError(ReconcilerError):
    """Zoom, or the way to it, did not do what was asked."""


class NeverSentError(RemoteError):
    """The request is known never to have left: it did not happen and costs nothing."""


class RefusedError(RemoteError):
    """Zoom answered, with its error body, that it did not do it.

    `status` is the HTTP status, `zoom_code` the body's `code`, `fields` the
    body's `errors` list as (dotted field path, message) pairs.
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
    """Credentials or scopes do not suffice; no other request will fare better."""


class DailyLimitError(RefusedError):
    """A daily limit is used up: of one host, or of the whole account."""

    def __init__(
        self, diagnostic: Diagnostic, *, scope: Literal["host", "account"], zoom_code: int | None
    ) -> None:
        super().__init__(diagnostic, status=429, zoom_code=zoom_code)
        self.scope = scope


class UnknownOutcomeError(RemoteError):
    """The request left and nobody can say what became of it: look before doing it again."""
