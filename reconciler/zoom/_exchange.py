"""An HTTP answer as a plain value: what the other modules read instead of httpx's objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import redact_text, redact_values, shorten

if TYPE_CHECKING:
    from reconciler.ports import Json


@dataclass(frozen=True, slots=True)
class ApiCall:
    """What is asked, in words for an error; `writes` where it may change something.

    `secrets` are texts that no error may show.
    """

    what: str
    label: Label
    writes: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Label(StrEnum):
    """Zoom's weight of a request: its per-second limit is counted per label."""

    LIGHT = "light"
    MEDIUM = "medium"


EXCERPT_CHARACTERS_MAX = 200
"""How much of a body an error may show."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Status, headers (names in lower case) and body; `body` is None where it is no JSON object."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Json] | None = None
    content: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> HttpResponse:
        """An answer as it came off the wire."""
        return cls(status, headers, _json_object(content), content)

    @property
    def is_success(self) -> bool:
        """A 2xx, whatever is in it."""
        return self.status in range(200, 300)

    @property
    def is_client_error(self) -> bool:
        """A 4xx, whoever said it."""
        return self.status in range(400, 500)

    @property
    def code(self) -> int | None:
        """Zoom's own code in the body; None where there is none."""
        code = (self.body or {}).get("code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None

    @property
    def message(self) -> str:
        """Zoom's own words, unmasked; empty where there are none."""
        message = (self.body or {}).get("message")
        return message if isinstance(message, str) else ""

    @property
    def is_zoom_error(self) -> bool:
        """It has Zoom's error body, so that Zoom itself said no, and nobody on the way."""
        return self.code is not None and isinstance((self.body or {}).get("message"), str)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The `errors` of a refused body as (dotted path, message), unmasked."""
        errors = (self.body or {}).get("errors")
        pairs = [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
        return tuple((str(pair.get("field", "")), str(pair.get("message", ""))) for pair in pairs)

    @property
    def tracking_id(self) -> str | None:
        """Zoom's id of the request, for support; no secret."""
        return self.headers.get("x-zm-trackingid")


def excerpt(text: str, secrets: tuple[str, ...] = ()) -> str:
    """`text` on one line, without `secrets` and what looks like one, cut to a bound."""
    text = " ".join(redact_values(redact_text(text), secrets).split())
    return shorten(text, EXCERPT_CHARACTERS_MAX)


def _json_object(content: bytes) -> Mapping[str, Json] | None:
    # Not the standard library's: it lets pass what no state can keep, such as half a surrogate pair.
    try:
        value = orjson.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


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


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What goes over the wire; headers and content may hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
