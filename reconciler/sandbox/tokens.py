"""The token endpoint, and the check of the token and its scopes for every request."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.sandbox.account import Account, Token
from reconciler.sandbox.replies import Refused, Reply, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reconciler.sandbox.switches import Switches


OPERATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "create": ("meeting:write:meeting", ("meeting:write",)),
    "update": ("meeting:update:meeting", ("meeting:write",)),
    "delete": ("meeting:delete:meeting", ("meeting:write",)),
    "status": ("meeting:update:status", ("meeting:write",)),
    "read": ("meeting:read:meeting", ("meeting:read",)),
    "list": ("meeting:read:list_meetings", ("meeting:read",)),
    "users": ("user:read:list_users", ("user:read", "user:write")),
    "user": ("user:read:user", ("user:read", "user:write")),
    "user_settings": ("user:read:settings", ("user:read",)),
    "tracking_fields": ("tracking_field:read:list_tracking_fields", ("tracking_fields:read",)),
}
"""{operation: (granular scope, classic scopes)}; each is also accepted with `:admin` appended."""


def every_scope() -> tuple[str, ...]:
    """Return every scope: the granular names, for the whole account."""
    return tuple(f"{granular}:admin" for granular, _ in OPERATIONS.values())


def issue(  # noqa: PLR0913 - everything that a token depends on
    account: Account,
    switches: Switches,
    *,
    authorization: str,
    form: Mapping[str, str],
    api_url: str,
    now: datetime,
) -> Reply:
    """Return the reply of the token endpoint. Raises `Refused` in that endpoint's own form."""
    client, secret = _basic(authorization)
    if switches.clients is not None and switches.clients.get(client) != secret:
        raise _denied("Invalid client_id or client_secret", "invalid_client")
    if form.get("grant_type") != "account_credentials":
        raise _denied("unsupported grant type", "unsupported_grant_type")
    account_id = form.get("account_id", "")
    if not account_id or (switches.account_ids is not None and account_id not in switches.account_ids):
        raise _denied("Bad Request", "invalid_request")
    if switches.new_token_revokes_old:
        for old in [each for each in account.tokens.values() if each.client == client and not each.revoked]:
            account.keep_token(replace(old, revoked=True))
    scopes = every_scope() if switches.scopes is None else switches.scopes
    expires_at = now.timestamp() + switches.token_seconds
    token = Token(secrets.token_urlsafe(32), expires_at, tuple(scopes), client)
    account.keep_token(token)
    return Reply(
        200,
        {
            "access_token": token.text,
            "token_type": "bearer",
            "expires_in": switches.token_seconds,
            "scope": " ".join(token.scopes),
            "api_url": api_url,
        },
    )


def admit(account: Account, switches: Switches, authorization: str, operation: str, now: datetime) -> None:
    """Check a request's token; raise `Refused`: 4700 without one, 124 if invalid, 4711 without the scope."""
    scheme, _, text = authorization.partition(" ")
    if scheme.casefold() != "bearer" or not text:
        raise refusal(401, 4700, "Token cannot be empty.")
    if text in switches.static_tokens:
        scopes: Sequence[str] = every_scope() if switches.scopes is None else switches.scopes
    else:
        token = account.tokens.get(text)
        if token is None or token.revoked:
            raise refusal(401, 124, "Invalid access token.")
        if now.timestamp() >= token.expires_at:
            raise refusal(401, 124, "Access token is expired.")
        scopes = token.scopes
    granular, classic = OPERATIONS[operation]
    accepted = {f"{name}{level}" for name in (granular, *classic) for level in ("", ":admin")}
    if accepted.isdisjoint(scopes):
        message = f"Invalid access token, does not contain scopes:[{granular}, {granular}:admin]."
        raise refusal(400, 4711, message)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise _denied("Invalid client_id or client_secret", "invalid_client") from None
    if scheme.casefold() != "basic" or not (client and colon and secret):
        raise _denied("Invalid client_id or client_secret", "invalid_client")
    return client, secret


def _denied(reason: str, error: str) -> Refused:
    return Refused(Reply(400, {"reason": reason, "error": error}))
