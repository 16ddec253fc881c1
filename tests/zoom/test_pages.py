"""The bounds of one list: pages, time, bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from manual_clock import ManualClock

from reconciler.errors.exceptions import UnknownOutcomeError
from reconciler.zoom import _pages
from reconciler.zoom._exchange import ApiCall, HttpResponse, Label
from reconciler.zoom._pages import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

CALL = ApiCall("Listing the meetings of a@example.com", Label.MEDIUM)


def page(number: int, *, ends: bool = False, meetings: int = 1) -> HttpResponse:
    listed: list[dict[str, Any]] = [{"id": each} for each in range(meetings)]
    after = "" if ends else f"t{number}"
    return HttpResponse.of(200, {}, orjson.dumps({"next_page_token": after, "meetings": listed}))


def given_up(pages: Iterable[HttpResponse], *, page_seconds: float = 0.0) -> tuple[int, str]:
    """How many pages were read, and the last sentence of the error; empty where the list ended."""
    clock = ManualClock()
    walked, read = Pages(CALL, clock), 0
    try:
        for each in pages:
            clock.advance(page_seconds)
            walked.turn(each)
            read += 1
    except UnknownOutcomeError as error:
        return read, error.diagnostic.detail.removeprefix(f"{CALL.action}: ")
    assert walked.next_token is None
    return read, ""


def test_a_list_has_a_total_time() -> None:
    """Half an hour: a server that takes 29 s for a page keeps nobody for sixteen hours."""
    endless = (page(number) for number in range(2000))

    read, said = given_up(endless, page_seconds=29.0)

    assert (read, said.partition(".")[0]) == (62, "the list has no end after 30 minutes")


def test_a_page_has_a_token_that_fits_into_an_address() -> None:
    """A token of a megabyte was an address that is not a URL."""
    body = {"next_page_token": "t" * 4097, "meetings": [{"id": 1}]}

    read, said = given_up([HttpResponse.of(200, {}, orjson.dumps(body))])

    assert (read, said.partition(".")[0]) == (0, "the token of the next page is longer than any of Zoom's")


def test_tokens_that_alternate_are_a_circle() -> None:
    read, said = given_up(page(number % 2) for number in range(300))

    assert (read, said.partition(".")[0]) == (2, "the list leads back to a page that was read already")


def test_the_last_page_may_come_after_that_time() -> None:
    slow = [page(1), page(2, ends=True)]

    assert given_up(slow, page_seconds=1000.0) == (2, "")


def test_a_list_has_a_total_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "LIST_BYTES_MAX", 10_000)

    read, said = given_up(page(number, meetings=100) for number in range(2000))

    assert (read, said) == (9, "the answer is larger than anything that Zoom sends, and was not read.")
