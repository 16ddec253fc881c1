"""The access token that credentials give.

A secret leaves this module in a request header only: never in a repr, a log, an
address or an error.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    NeverSentError,
    RemoteError,
    SettingsError,
    UnknownOutcomeError,
)
from reconciler.zoom._exchange import ApiCall, HttpRequest, HttpResponse, Label, excerpt, scopes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.ports import Clock
    from reconciler.zoom.transport import HttpTransport


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
                detail=f"{name} holds a character that no credential has: a blank, a line break or a letter outside ASCII. Nothing was sent.",
                hint=f"Set {name} again, without what was pasted around it.",
            )
        )


def _both_given(given: list[str]) -> SettingsError:
    return SettingsError.of(
        "settings.credentials",
        detail=f"{ACCESS_TOKEN} and {', '.join(given)} may belong to two accounts. Nothing was sent.",
        hint=f"Unset {ACCESS_TOKEN}, or the others.",
    )


def _missing(names: list[str]) -> SettingsError:
    return SettingsError(
        Diagnostic(
            code="settings.credentials",
            detail=f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not set. Nothing was sent.",
            hint=f"Set {', '.join(SERVER_TO_SERVER)} of a server-to-server OAuth app, or {ACCESS_TOKEN}; "
            "or try it without an account: --sandbox.",
        )
    )


NO_TOKEN = "zoom.no-token"  # noqa: S105 - an error's code, not a token

EARLY_SECONDS = 60
"""How long before its end a token is replaced."""

TOKEN_SECONDS = 3600
"""How long a token lives where Zoom does not say."""

TRIES_MAX = 3
"""How often a token is asked for before giving up; asking twice does no harm."""

HINTS = {
    "invalid_client": "Check ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET against the app at marketplace.zoom.us.",
    "invalid_request": "Check ZOOM_ACCOUNT_ID, and that the server-to-server OAuth app is activated.",
    "unsupported_grant_type": "The app must be of the kind Server-to-Server OAuth.",
}


class Tokens:
    """The access token: fetched when first needed, kept, replaced before it ends."""

    def __init__(
        self,
        credentials: Credentials,
        auth_url: str,
        wire: HttpTransport,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._auth_url = auth_url
        self._wire = wire
        self._clock = clock
        self._random = random
        self._token = credentials.access_token
        self.scopes: frozenset[str] | None = None
        """What the token that was fetched last may do; None where nobody said."""
        self._stale_at = float("inf") if credentials.is_fixed else float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def is_fixed(self) -> bool:
        """Zoom's refusal is final: there is no newer token to get."""
        return self._credentials.is_fixed

    async def token(self) -> str:
        """A token that holds for another minute; however many ask, one request fetches it.

        Raises `AccessError` where Zoom refuses the credentials, else `NeverSentError`:
        without a token, nothing can be sent.
        """
        async with self._fetching:
            if self._token is None or self._clock.monotonic() >= self._stale_at:
                await self._fetch()
        assert self._token is not None
        return self._token

    def refuse(self, token: str) -> None:
        """Zoom did not take `token`; it is not used again. Harmless where it was replaced already."""
        if token == self._token:
            self._token = None

    async def _fetch(self) -> None:
        tries = 1
        while not await self._is_fetched(is_last=tries == TRIES_MAX):
            await self._clock.sleep(tries * (0.5 + self._random()))
            tries += 1

    async def _is_fetched(self, *, is_last: bool) -> bool:
        asked_at = self._clock.monotonic()
        try:
            self._keep(await self._ask(), asked_at)
        except (NeverSentError, UnknownOutcomeError) as error:
            if is_last:
                raise _no_token(error) from error
            return False
        return True

    async def _ask(self) -> HttpResponse:
        call = ApiCall("Fetching an access token", Label.LIGHT, secrets=self._credentials.secrets)
        reply = await self._wire.exchange(call, _token_request(self._credentials, self._auth_url))
        if reply.is_client_error and isinstance((reply.body or {}).get("error"), str):
            raise _credentials_refused(call, reply)
        if not reply.is_success or not is_clean((reply.body or {}).get("access_token")):
            raise _unusable_token_answer(reply)
        return reply

    def _keep(self, reply: HttpResponse, asked_at: float) -> None:
        assert reply.body is not None
        seconds = reply.body.get("expires_in")
        lives_seconds = seconds if isinstance(seconds, int) and seconds > 0 else TOKEN_SECONDS
        self._token = reply.body["access_token"]
        self.scopes = scopes_in(reply.body)
        self._stale_at = asked_at + lives_seconds - min(EARLY_SECONDS, lives_seconds / 2)


def _token_request(credentials: Credentials, auth_url: str) -> HttpRequest:
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
    form = {"grant_type": "account_credentials", "account_id": credentials.account_id}
    return HttpRequest(
        "POST",
        auth_url,
        {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        urlencode(form).encode(),
    )


def _credentials_refused(call: ApiCall, reply: HttpResponse) -> AccessError:
    assert reply.body is not None
    error = excerpt(reply.body["error"], call.secrets)
    reason = excerpt(str(reply.body.get("reason", "")), call.secrets)
    diagnostic = Diagnostic(
        code="zoom.credentials",
        detail=f"{call.what}: Zoom answered HTTP {reply.status}: {reason or error} ({error}). "
        "Nothing was sent without a token.",
        hint=HINTS.get(error, f"Check {', '.join(SERVER_TO_SERVER)}."),
    )
    return AccessError(diagnostic, status=reply.status)


def _unusable_token_answer(reply: HttpResponse) -> UnknownOutcomeError:
    # No excerpt of the body here: it may be the token.
    detail = f"The token endpoint answered HTTP {reply.status} without a token that can be used"
    return UnknownOutcomeError(Diagnostic(code=NO_TOKEN, detail=detail))


def _no_token(error: RemoteError) -> NeverSentError:
    detail = error.diagnostic.detail.rstrip(".")
    return NeverSentError(
        Diagnostic(
            code=NO_TOKEN,
            detail=f"{detail}. Tried {TRIES_MAX} times; the request that needed it was not sent.",
            hint="Check the network, and RECONCILER_AUTH_URL where it is set; then run again.",
        )
    )
