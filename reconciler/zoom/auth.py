"""Credentials for Zoom, and the access token that they give.

A secret leaves this module in a request header only: never in a repr, a log, an
address or an error.
"""

from __future__ import annotations

import asyncio
import base64
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    NeverSentError,
    RemoteError,
    SettingsError,
    UnknownOutcomeError,
)
from reconciler.errors.text import repr_without
from reconciler.zoom._errors import UNTRUSTED_STATUSES
from reconciler.zoom._exchange import ApiCall, HttpRequest, HttpResponse, Label, excerpt, scopes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.ports import Clock
    from reconciler.zoom.transport import HttpTransport


SERVER_TO_SERVER = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
ACCESS_TOKEN = "ZOOM_ACCESS_TOKEN"  # noqa: S105 - a variable's name, not a token


class Credentials(Struct, frozen=True):
    """Server-to-server OAuth (three values), or one access token; exactly one of the two."""

    account_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    access_token: str | None = None

    def __repr__(self) -> str:
        return repr_without(self, "client_id", "client_secret", "access_token")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Credentials:
        """Read the ZOOM_ variables; an empty one counts as unset. Raises `SettingsError`."""
        values = {name: environ.get(name, "") for name in (*SERVER_TO_SERVER, ACCESS_TOKEN)}
        for name, value in values.items():
            _check_characters(name, value)
        given = [name for name in SERVER_TO_SERVER if values[name]]
        if given and values[ACCESS_TOKEN]:
            raise SettingsError.of(
                "settings.credentials",
                detail=f"{ACCESS_TOKEN} and {', '.join(given)} may belong to two accounts. Nothing was sent.",
                hint=f"Unset {ACCESS_TOKEN}, or the others.",
            )
        if values[ACCESS_TOKEN]:
            return cls(access_token=values[ACCESS_TOKEN])
        if len(given) < len(SERVER_TO_SERVER):
            missing = [name for name in SERVER_TO_SERVER if not values[name]]
            raise SettingsError.of(
                "settings.credentials",
                detail=f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. "
                "Nothing was sent.",
                hint=f"Set {', '.join(SERVER_TO_SERVER)} of a server-to-server OAuth app, or {ACCESS_TOKEN}; "
                "or try it without an account: --sandbox.",
            )
        return cls(*(values[name] for name in SERVER_TO_SERVER))

    @property
    def is_fixed(self) -> bool:
        """They are an access token, which cannot be replaced when Zoom refuses it."""
        return self.access_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no error may show."""
        return tuple(filter(None, (self.client_id, self.client_secret, self.access_token)))


def is_clean(value: object) -> bool:
    """Return whether `value` can be a credential or a token: visible ASCII, so that it fits into a header."""
    return isinstance(value, str) and value != "" and all("!" <= character <= "~" for character in value)


def _check_characters(name: str, value: str) -> None:
    if value and not is_clean(value):
        raise SettingsError.of(
            "settings.credentials",
            detail=f"{name} contains a space, a line break or a character outside ASCII, "
            "which no credential has. Nothing was sent.",
            hint=f"Set {name} again, without what was pasted around it.",
        )


NO_TOKEN = "zoom.no-token"  # noqa: S105 - an error's code, not a token

EARLY_SECONDS = 60
"""Time before the expiry at which a token is replaced."""

TOKEN_SECONDS = 3600
"""Lifetime of a token if Zoom names none."""

TRIES_MAX = 3
"""Most requests for one token; asking twice does no harm."""

HINTS = {
    "invalid_client": "Check ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET against the app at marketplace.zoom.us.",
    "invalid_request": "Check ZOOM_ACCOUNT_ID, and that the server-to-server OAuth app is activated.",
    "unsupported_grant_type": "The app must be of the kind Server-to-Server OAuth.",
}


class Tokens:
    """The access token: fetched when first needed, kept, and replaced before it expires."""

    def __init__(
        self,
        credentials: Credentials,
        auth_url: str,
        transport: HttpTransport,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._auth_url = auth_url
        self._transport = transport
        self._clock = clock
        self._random = random
        self._token = credentials.access_token
        self.scopes: frozenset[str] | None = None
        """Scopes of the token that was fetched last; None if Zoom did not name them."""
        self._stale_at = float("inf") if credentials.is_fixed else float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def is_fixed(self) -> bool:
        """The token cannot be replaced, so that a refusal is final."""
        return self._credentials.is_fixed

    async def token(self) -> str:
        """Return a token that is valid for another minute; one request fetches it for all callers.

        Raises `AccessError` if Zoom refuses the credentials, else `NeverSentError`:
        without a token, nothing can be sent.
        """
        async with self._fetching:
            if self._token is None or self._clock.monotonic() >= self._stale_at:
                await self._fetch()
        assert self._token is not None
        return self._token

    def refuse(self, token: str) -> None:
        """Drop `token`, which Zoom refused. Harmless if it was replaced already."""
        if token == self._token:
            self._token = None

    async def _fetch(self) -> None:
        tries = 1
        while not await self._try_fetch(is_last=tries == TRIES_MAX):
            await self._clock.sleep(tries * (0.5 + self._random()))
            tries += 1

    async def _try_fetch(self, *, is_last: bool) -> bool:
        sent_at = self._clock.monotonic()
        try:
            self._keep(await self._request(), sent_at)
        except (NeverSentError, UnknownOutcomeError) as error:
            if is_last:
                raise _no_token(error) from error
            return False
        return True

    async def _request(self) -> HttpResponse:
        call = ApiCall("Fetching an access token", Label.LIGHT, secrets=self._credentials.secrets)
        response = await self._transport.send(call, _token_request(self._credentials, self._auth_url))
        if _is_refusal(response):
            raise _credentials_refused(call, response)
        if not response.is_success or not is_clean((response.body or {}).get("access_token")):
            # No excerpt of the body: it may be the token.
            raise UnknownOutcomeError.of(
                NO_TOKEN,
                detail=f"The token endpoint answered HTTP {response.status} without a usable token",
            )
        return response

    def _keep(self, response: HttpResponse, sent_at: float) -> None:
        assert response.body is not None
        seconds = response.body.get("expires_in")
        lifetime_seconds = seconds if isinstance(seconds, int) and seconds > 0 else TOKEN_SECONDS
        self._token = response.body["access_token"]
        self.scopes = scopes_in(response.body)
        self._stale_at = sent_at + lifetime_seconds - min(EARLY_SECONDS, lifetime_seconds / 2)


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
        new_connection=True,
    )


def _is_refusal(response: HttpResponse) -> bool:
    """Return whether the credentials are refused; a limit or a timeout says nothing about them."""
    is_transient = response.status in UNTRUSTED_STATUSES or response.status == HTTPStatus.TOO_MANY_REQUESTS
    has_error = isinstance((response.body or {}).get("error"), str)
    return response.is_client_error and has_error and not is_transient


def _credentials_refused(call: ApiCall, response: HttpResponse) -> AccessError:
    assert response.body is not None
    error = excerpt(response.body["error"], call.secrets)
    reason = excerpt(str(response.body.get("reason", "")), call.secrets)
    diagnostic = Diagnostic(
        code="zoom.credentials",
        detail=f"{call.action}: Zoom answered HTTP {response.status}: {reason or error} ({error}). "
        "Nothing was sent without a token.",
        hint=HINTS.get(error, f"Check {', '.join(SERVER_TO_SERVER)}."),
    )
    return AccessError(diagnostic, status=response.status)


def _no_token(error: RemoteError) -> NeverSentError:
    detail = error.diagnostic.detail.rstrip(".")
    return NeverSentError.of(
        NO_TOKEN,
        detail=f"{detail}. It was tried {TRIES_MAX} times; the request that needed the token was not sent.",
        hint="Check the network, and RECONCILER_AUTH_URL if it is set; then run again.",
    )
