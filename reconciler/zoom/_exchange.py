"""An HTTP answer as a plain value: what the other modules read instead of httpx's objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from reconciler.fields import Json

EXCERPT_CHARACTERS_MAX = 200
"""How much of a body an error may show."""

_PARAMETERS = re.compile(r"\b(pwd|zak|tk|token|passcode|password|access_token)=[^&\s\"'<>]+", re.IGNORECASE)
_MEMBERS = re.compile(
    r"\"(\w*(?:password|passcode|token|secret|start_url))\"(\s*:\s*)\"(?:[^\"\\]|\\.)*\"?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers (names in lower case) and body; `body` is None where it is no JSON object."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Json] | None = None
    content: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> Reply:
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
    text = _MEMBERS.sub(r'"\1"\2"***"', _PARAMETERS.sub(r"\1=***", text))
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = " ".join(text.split())
    return text if len(text) <= EXCERPT_CHARACTERS_MAX else text[: EXCERPT_CHARACTERS_MAX - 1] + "…"


def _json_object(content: bytes) -> Mapping[str, Json] | None:
    # Not the standard library's: it lets pass what no state can keep, such as half a surrogate pair.
    try:
        value = orjson.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
