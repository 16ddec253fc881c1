"""Who asks: credentials, as the environment holds them.

They are in no repr and no error; what is wrong with one is told by its variable's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER_TO_SERVER = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
ACCESS_TOKEN = "ZOOM_ACCESS_TOKEN"  # noqa: S105 - a variable's name, not a token


@dataclass(frozen=True, slots=True)
class Credentials:
    """Server-to-server OAuth (three values), or one access token; exactly one of the two."""

    account_id: str | None = None
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Credentials:
        """What the ZOOM_ variables hold; empty counts as unset. Raises `SettingsError`."""
        values = {name: environ.get(name, "") for name in (*SERVER_TO_SERVER, ACCESS_TOKEN)}
        for name, value in values.items():
            _check_characters(name, value)
        given = [name for name in SERVER_TO_SERVER if values[name]]
        if given and values[ACCESS_TOKEN]:
            raise _both_given(given)
        if values[ACCESS_TOKEN]:
            return cls(access_token=values[ACCESS_TOKEN])
        if len(given) < len(SERVER_TO_SERVER):
            raise _missing([name for name in SERVER_TO_SERVER if not values[name]])
        return cls(*(values[name] for name in SERVER_TO_SERVER))

    @property
    def is_fixed(self) -> bool:
        """A token that cannot be replaced when Zoom refuses it."""
        return self.access_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no error may show."""
        return tuple(filter(None, (self.client_id, self.client_secret, self.access_token)))


def is_clean(value: object) -> bool:
    """It can be a credential or a token: visible ASCII only, so that it fits into a header."""
    return isinstance(value, str) and value != "" and all("!" <= character <= "~" for character in value)


def _check_characters(name: str, value: str) -> None:
    if value and not is_clean(value):
        raise SettingsError(
            Diagnostic(
                code="settings.credentials",
                summary=f"{name} holds a character that no credential has",
                detail="A blank, a line break or a letter outside ASCII is in it. Nothing was sent.",
                hint=f"Set {name} again, without what was pasted around it.",
            )
        )


def _both_given(given: list[str]) -> SettingsError:
    return SettingsError(
        Diagnostic(
            code="settings.credentials",
            summary="Two kinds of Zoom credentials are set",
            detail=f"{ACCESS_TOKEN} and {', '.join(given)} may belong to two accounts. Nothing was sent.",
            hint=f"Unset {ACCESS_TOKEN}, or the others.",
        )
    )


def _missing(names: list[str]) -> SettingsError:
    none_given = len(names) == len(SERVER_TO_SERVER)
    return SettingsError(
        Diagnostic(
            code="settings.credentials",
            summary="There are no Zoom credentials" if none_given else "The Zoom credentials are incomplete",
            detail=f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not set. Nothing was sent.",
            hint=f"Set {', '.join(SERVER_TO_SERVER)} of a server-to-server OAuth app, or {ACCESS_TOKEN}; "
            "or try it without an account: --sandbox.",
        )
    )
