"""What Zoom tells along with its answers: what a token may do, and what time it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.fields import Json


@dataclass(frozen=True, slots=True)
class Told:
    """The token's scopes, and when the last answer was sent (aware, UTC, whole seconds); None: not told."""

    scopes: frozenset[str] | None = None
    server_at: datetime | None = None


def scopes_in(body: Mapping[str, Json]) -> frozenset[str] | None:
    """What a token that came with `body` may do; None where it does not say."""
    named = body.get("scope")
    return frozenset(named.replace(",", " ").split()) if isinstance(named, str) and named else None


def instant_in(headers: Mapping[str, str]) -> datetime | None:
    """When an answer was sent, by the clock of who sent it; None where it does not say."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
