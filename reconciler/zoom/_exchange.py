"""HTTP requests and responses as plain values, which the other modules use instead of httpx's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import orjson
from msgspec import Struct

from reconciler.errors.redact import redact_answer
from reconciler.errors.text import repr_without, shorten

if TYPE_CHECKING:
    from reconciler.ports import Json


class ApiCall(Struct, frozen=True):
    """One call of the API: `action` describes it in an error; `writes` is True if it may change something.

    `secrets` are texts that no error may show.
    """

    action: str
    label: Label
    writes: bool = False
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return repr_without(self, "secrets")


class SecretsOfRun:
    """Every secret that was sent in this run; a class, so that no repr of the client shows them."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values = set(values)


class Label(StrEnum):
    """Zoom's weight of a request: its per-second limit is counted per label."""

    LIGHT = "light"
    MEDIUM = "medium"


EXCERPT_CHARACTERS_MAX = 200
"""Most characters of a text from Zoom that an error shows."""

TEXT_CHARACTERS_MAX = 24_576
"""Most characters of a text from Zoom that are looked at: to look for secrets in megabytes takes a minute."""

_TAIL_CHARACTERS = 8192
"""The end of a text that was cut, without which no part of a secret is shown: none is longer."""

FIELDS_MAX = 100
"""Most refused fields of an answer that are read."""


class HttpResponse(Struct, frozen=True):
    """Status, headers (names in lower case) and body; `body` is None if it is not a JSON object."""

    status: int
    headers: Mapping[str, str] = {}
    body: Mapping[str, Json] | None = None
    content: bytes = b""

    def __repr__(self) -> str:
        return repr_without(self, "content")

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], content: bytes) -> HttpResponse:
        """Return the response as a plain value."""
        return cls(status, headers, _json_object(content), content)

    @property
    def is_success(self) -> bool:
        """A 2xx, with any content."""
        return self.status in range(200, 300)

    @property
    def is_client_error(self) -> bool:
        """A 4xx, from Zoom or from a proxy."""
        return self.status in range(400, 500)

    @property
    def code(self) -> int | None:
        """Zoom's own code in the body; None if there is none."""
        code = (self.body or {}).get("code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None

    @property
    def message(self) -> str:
        """Zoom's own message, unmasked, the beginning of a long one; empty if there is none."""
        message = (self.body or {}).get("message")
        return _cut(message) if isinstance(message, str) else ""

    @property
    def is_zoom_error(self) -> bool:
        """It has Zoom's error body, so Zoom itself refused, and not a proxy."""
        return self.code is not None and isinstance((self.body or {}).get("message"), str)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The first `errors` of a refused body as (dotted path, message), unmasked."""
        errors = (self.body or {}).get("errors")
        first = errors[:FIELDS_MAX] if isinstance(errors, list) else []
        pairs = [error for error in first if isinstance(error, Mapping)]
        return tuple((_cut(str(pair.get("field", ""))), _cut(str(pair.get("message", "")))) for pair in pairs)

    @property
    def tracking_id(self) -> str | None:
        """Zoom's id of the request, for support; no secret."""
        return self.headers.get("x-zm-trackingid")


def excerpt(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Return `text` on one line, cut, with `secrets` and everything that looks like one masked."""
    shown = redact_answer(text[:TEXT_CHARACTERS_MAX], secrets)
    if len(text) > TEXT_CHARACTERS_MAX:
        shown = f"{shown[:-_TAIL_CHARACTERS]}…"
    return shorten(" ".join(shown.split()), EXCERPT_CHARACTERS_MAX)


def _cut(text: str) -> str:
    """Return the beginning of a text, of which `excerpt` still sees that it was cut."""
    return text[: TEXT_CHARACTERS_MAX + 1]


DEPTH_MAX = 32
"""Most levels of lists and objects in an answer; Zoom's own have fewer than ten."""


def _json_object(content: bytes) -> Mapping[str, Json] | None:
    # Not the standard library's parser: it accepts what no state can keep, such as half a surrogate pair.
    try:
        value = orjson.loads(content)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    levels_most = content.count(b"{") + content.count(b"[")
    return None if levels_most > DEPTH_MAX and _is_too_deep(value) else value


def _is_too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def scopes_in(body: Mapping[str, Json]) -> frozenset[str] | None:
    """Return the scopes of the token in `body`; None if they are not named."""
    named = body.get("scope")
    return frozenset(named.replace(",", " ").split()) if isinstance(named, str) and named else None


def instant_in(headers: Mapping[str, str]) -> datetime | None:
    """Return the `Date` of a response, by the clock of its sender; None if it has none."""
    return parse_instant(headers.get("date", ""), parsedate_to_datetime)


def zoom_time_in(response: HttpResponse) -> datetime | None:
    """Return Zoom's time in a response; None for a stored one, and for an error that is not Zoom's own."""
    is_zooms = response.is_success or response.is_zoom_error
    return instant_in(response.headers) if is_zooms and "age" not in response.headers else None


def parse_instant(text: str, parse: Callable[[str], datetime]) -> datetime | None:
    """Return the instant of `text`, aware, in UTC (also without an offset); None if it is no time."""
    try:
        moment = parse(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


class HttpRequest(Struct, frozen=True):
    """One HTTP request; headers and content may contain secrets.

    `is_answer` returns whether a 2xx shows that it answers this request; the connection of any other response
    is closed. With `new_connection` no response to an earlier request can be taken for the answer.
    """

    method: str
    url: str
    headers: Mapping[str, str] = {}
    content: bytes | None = None
    is_answer: Callable[[HttpResponse], bool] = lambda _: True
    new_connection: bool = False

    def __repr__(self) -> str:
        return repr_without(self, "headers", "content")
