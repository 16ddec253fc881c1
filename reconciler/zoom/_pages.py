"""The bounds of one list: an endless one, or one that leads in a circle, is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.zoom._errors import too_large, unknown_outcome

if TYPE_CHECKING:
    from reconciler.ports import Clock
    from reconciler.zoom._exchange import ApiCall, HttpResponse

PAGES_MAX = 2000
"""Most pages of one list; 600,000 meetings."""

TOKEN_CHARACTERS_MAX = 4096
"""Most characters of the token of a page, which becomes a part of an address."""

EMPTY_PAGES_MAX = 10
"""Most pages in a row without a meeting."""

LIST_SECONDS_MAX = 1800.0
"""A list that still has pages after this time is given up."""

LIST_BYTES_MAX = 512 * 1024 * 1024
"""Most bytes of the pages of one list, after decompression."""


class Pages:
    """The pages of one list that were read; `next_token` names the next one, None after the last."""

    def __init__(self, call: ApiCall, clock: Clock) -> None:
        self.next_token: str | None = ""
        self._call = call
        self._clock = clock
        self._began_at = clock.monotonic()
        self._tokens = {""}
        self._empty_pages = 0
        self._bytes = 0

    def turn(self, response: HttpResponse) -> None:
        """Note a page that was read. Raises `UnknownOutcomeError` where the list is given up."""
        page = response.body or {}
        self.next_token = page.get("next_page_token") or None
        self._empty_pages = 0 if page.get("meetings") else self._empty_pages + 1
        self._bytes += len(response.content)
        if self.next_token is not None:
            self._check(self.next_token)
            self._tokens.add(self.next_token)

    def _check(self, token: str) -> None:
        if token in self._tokens:
            raise unknown_outcome(self._call, "the list leads back to a page that was read already")
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise unknown_outcome(self._call, "the token of the next page is longer than any of Zoom's")
        if self._empty_pages == EMPTY_PAGES_MAX:
            raise unknown_outcome(self._call, f"{EMPTY_PAGES_MAX} pages of the list in a row are empty")
        if self._clock.monotonic() - self._began_at > LIST_SECONDS_MAX:
            minutes = LIST_SECONDS_MAX / 60
            raise unknown_outcome(self._call, f"the list has no end after {minutes:.0f} minutes")
        if len(self._tokens) == PAGES_MAX or self._bytes > LIST_BYTES_MAX:
            raise too_large(self._call)
