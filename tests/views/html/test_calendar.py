"""The calendar's page as text: escaped, allowed to load nothing, small, and the same each time."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from calendar_documents import HOSTILE, crowd, date, document, team

from reconciler.views.html.calendar import page_of

PAGE_BYTES_MAX = 2_000_000


class Reader(HTMLParser):
    """Every element of a page with its attributes, and the texts of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:  # noqa: D102 - HTMLParser says it
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:  # noqa: D102 - HTMLParser says it
        tag = self.elements[-1][0] if self.elements else ""
        if tag in {"script", "style"} and data.strip():
            self.inline.append((tag, data))

    def data(self) -> dict[str, Any]:
        """Return the data block."""
        (text,) = [text for tag, text in self.inline if tag == "script" and text.startswith("{")]
        data: dict[str, Any] = json.loads(text)
        return data


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_script_and_this_style_alone() -> None:
    page = Reader(page_of(team()))

    (policy,) = [
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]

    style, _, script = (text for _, text in page.inline)
    assert policy == (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src {digest(script)}; style-src {digest(style)}"
    )


def test_a_hostile_value_adds_no_element() -> None:
    """The page of hostile values has the elements of any other page, and the values are in its data."""
    harmless = Reader(page_of(document(date(f"key-{n}", "2026-12-07T10:00") for n in range(4))))
    values = [date(f"key-{n}", "2026-12-07T10:00", topic=topic) for n, topic in enumerate(HOSTILE)]

    hostile = Reader(
        page_of(document(values, closures=[{"name": HOSTILE[0], "from": "2026-12-24", "to": "2026-12-24"}]))
    )

    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in harmless.elements]
    assert [meeting["topic"] for meeting in hostile.data()["meetings"]] == [
        *HOSTILE[:3],
        "safe\\u202egnp.exe\\u2028\\u2069",
    ]


def test_joiners_of_emoji_and_of_scripts_that_need_them_stay() -> None:
    topic = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb"

    page = Reader(page_of(document([date("key", "2026-12-07T10:00", topic=topic)])))

    assert [meeting["topic"] for meeting in page.data()["meetings"]] == [topic]


def test_the_data_block_has_no_character_that_could_end_it() -> None:
    page = page_of(
        document([date("key", "2026-12-07T10:00", topic="".join(HOSTILE), timezone="</script>&\u2028")])
    )

    (block,) = re.findall(r'<script type="application/json" id="data">(.*)</script>', page)

    assert [character for character in "<>&\u2028\u2029" if character in block] == []


def test_the_page_names_no_address() -> None:
    """Neither an attribute nor the style or script has something to load."""
    page = Reader(page_of(team()))

    named = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href", "action", "srcset"} and not (value or "").startswith(("data:", "#"))
    ]

    assert (
        named,
        [text for _, text in page.inline if re.search(r"url\(|@import|fetch\(|https?://", text)],
    ) == ([], [])


def test_the_same_calendar_gives_the_same_bytes() -> None:
    assert page_of(team()) == page_of(json.loads(json.dumps(team())))


@pytest.mark.no_cover
def test_a_year_of_2000_meetings_is_under_2_megabytes() -> None:
    assert 100_000 < len(page_of(crowd(2000)).encode()) < PAGE_BYTES_MAX


def test_a_page_with_passcodes_says_so_on_its_first_line() -> None:
    warning = "This page holds passcodes: give it only to people who may join."

    pages = page_of(team()), page_of(team() | {"holds_passcodes": True})

    assert [page.splitlines()[0] for page in pages] == ["<!doctype html>", f"<!-- {warning} -->"]
    assert pages[1].count(f'<p class="secret">{warning}</p>') == 1


def test_a_link_is_followed_only_to_the_web() -> None:
    links = {
        "sync": "https://example.zoom.us/j/1",
        "retro": "javascript:alert(1)",
        "call": "data:text/html,x",
    }

    meetings = Reader(page_of(team() | {"links": links})).data()["meetings"]

    assert {each["key"]: each["link"] for each in meetings if "link" in each} == {"sync": links["sync"]}
