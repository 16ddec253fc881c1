"""The access token that credentials give.

A secret leaves this module in a request header only: never in a repr, a log, an
address or an error.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from reconciler.errors import (
    AccessError,
    Diagnostic,
    NeverSentError,
    RemoteError,
    UnknownOutcomeError,
)
from reconciler.zoom.call import Call
from reconciler.zoom.credentials import SERVER_TO_SERVER, is_clean
from reconciler.zoom.pace import Label
from reconciler.zoom.reply import Reply, excerpt
from reconciler.zoom.told import scopes_in
from reconciler.zoom.wire import Message, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.ports import Clock
    from reconciler.zoom.credentials import Credentials

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
        self, credentials: Credentials, auth_url: str, wire: Wire, clock: Clock, random: Callable[[], float]
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

    async def _ask(self) -> Reply:
        call = Call("Fetching an access token", Label.LIGHT, secrets=self._credentials.secrets)
        reply = await self._wire.exchange(call, _token_request(self._credentials, self._auth_url))
        if reply.is_client_error and isinstance((reply.body or {}).get("error"), str):
            raise _credentials_refused(call, reply)
        if not reply.is_success or not is_clean((reply.body or {}).get("access_token")):
            raise _unusable_token_answer(reply)
        return reply

    def _keep(self, reply: Reply, asked_at: float) -> None:
        assert reply.body is not None
        seconds = reply.body.get("expires_in")
        lives_seconds = seconds if isinstance(seconds, int) and seconds > 0 else TOKEN_SECONDS
        self._token = reply.body["access_token"]
        self.scopes = scopes_in(reply.body)
        self._stale_at = asked_at + lives_seconds - min(EARLY_SECONDS, lives_seconds / 2)


def _token_request(credentials: Credentials, auth_url: str) -> Message:
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
    form = {"grant_type": "account_credentials", "account_id": credentials.account_id}
    return Message(
        "POST",
        auth_url,
        {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        urlencode(form).encode(),
    )


def _credentials_refused(call: Call, reply: Reply) -> AccessError:
    assert reply.body is not None
    error = excerpt(reply.body["error"], call.secrets)
    reason = excerpt(str(reply.body.get("reason", "")), call.secrets)
    diagnostic = Diagnostic(
        code="zoom.credentials",
        summary="Zoom does not accept the credentials",
        detail=f"{call.what}: Zoom answered HTTP {reply.status}: {reason or error} ({error}). "
        "Nothing was sent without a token.",
        hint=HINTS.get(error, f"Check {', '.join(SERVER_TO_SERVER)}."),
    )
    return AccessError(diagnostic, status=reply.status)


def _unusable_token_answer(reply: Reply) -> UnknownOutcomeError:
    # No excerpt of the body here: it may be the token.
    detail = f"The token endpoint answered HTTP {reply.status} without a token that can be used"
    return UnknownOutcomeError(Diagnostic(code=NO_TOKEN, summary="No access token", detail=detail))


def _no_token(error: RemoteError) -> NeverSentError:
    detail = error.diagnostic.detail.rstrip(".")
    return NeverSentError(
        Diagnostic(
            code=NO_TOKEN,
            summary="No access token could be fetched",
            detail=f"{detail}. Tried {TRIES_MAX} times; the request that needed it was not sent.",
            hint="Check the network, and RECONCILER_AUTH_URL where it is set; then run again.",
        )
    )
