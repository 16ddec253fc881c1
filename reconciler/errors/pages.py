"""Web pages and XML documents, which proxies, sign-in forms and gateways send in place of an answer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]*>?", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"<Code>([^<]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]+)</Message>")
_IS_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)

WORDS_MAX = 120
"""Characters of a title or message that are shown."""


PAGE_CHARACTERS_MAX = 16_384
"""Characters of a page that are looked at: its title stands at its beginning."""

_TAIL_CHARACTERS = 8192
"""The end of what a page that was cut says, which may be a part of a secret: it is not shown."""


def page_words(text: str, mask: Callable[[str], str]) -> str | None:
    """Return what a page says: `a web page, "Sign in"`; None for a text that is no page.

    The words are the server's: `mask` takes the secrets out of them, before they are cut.
    """
    beginning = text[:PAGE_CHARACTERS_MAX].lstrip("\ufeff \t\r\n")
    if not beginning.startswith("<"):
        return None
    if _IS_HTML.search(beginning):
        title = _TITLE.search(beginning)
        words = title[1] if title else _TAG.sub(" ", beginning)
        is_cut = title is None and len(text) > PAGE_CHARACTERS_MAX
        return _quoted("a web page", [words[:-_TAIL_CHARACTERS] if is_cut else words], mask)
    said = [found[1] for found in (_CODE.search(beginning), _MESSAGE.search(beginning)) if found]
    return _quoted("an XML error" if said else "an XML document", said, mask)


def _quoted(kind: str, said: list[str], mask: Callable[[str], str]) -> str:
    words = mask(": ".join(" ".join(html.unescape(each).split()) for each in said))
    return f'{kind}, "{words[:WORDS_MAX]}"' if words else kind
