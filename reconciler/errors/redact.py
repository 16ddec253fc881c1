"""Masks secrets in text that is shown: those that `secrets` recognizes, and those that a caller names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.errors.secrets import MASK, Columns, link_spans, secret_spans

_CREDENTIALS = r"(?i)(?<![^\W_])(?P<scheme>(?:bearer|basic)(?:\s|%20|\+){1,3})[A-Za-z0-9+/=._~%-]{8,}"
_WORD_NEAR = r"(?i)pass|pwd|token|auth|secret|credential|bearer|basic|(?<![^\W_])(?:pin|key)"
_NEAR_LENGTH = 30
"""Characters before and after a short secret that are searched for such a word."""

_SURE_LENGTH = 8
"""Characters from which a secret is masked everywhere; a shorter one only near such a word."""

_URL_SAFE = {ord("+"): "-", ord("/"): "_"}

_PORT = r"\d{0,5}(?:[/?#]|$)"

_ADDRESS = r"(?P<scheme>(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)(?P<rest>[^\s]*)"


def redact_text(text: str) -> str:
    """Mask every secret in `text`. For text from outside of this program: specs, Zoom, servers."""
    spans = secret_spans(text)
    is_cut = bool(spans) and spans[-1][1] == len(text) and text[spans[-1][0] - 1 : spans[-1][0]] == '"'
    return _masked(text, spans) + ('"' if is_cut else "")  # the end of a JSON text that was cut


def redact_links(text: str) -> str:
    """Mask the secrets of links in `text`. For declared texts, which are otherwise shown unchanged."""
    return _masked(text, link_spans(text)) if "=" in text or "%" in text else text


def _masked(text: str, spans: Iterable[Columns]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], MASK]
        at = end
    return "".join((*parts, text[at:])) if parts else text


def redact_addresses(text: str) -> str:
    """Remove user, password and query from every URL in `text`. For the output of git (`stores/git`).

    Everything before the last `@` is removed, since a password may contain `@`, `/` and `?` that should have
    been written as %40, %2F and %3F.
    """
    return re.sub(_ADDRESS, lambda match: match["scheme"] + _bare(match["rest"]), text)


def _bare(rest: str) -> str:
    without_user = rest[rest.rfind("@") + 1 :]
    address, question_mark, query = without_user.partition("?")
    return address + (query[len(query.rstrip("'\").,;:")) :] if question_mark else "")


def redact_addresses_of(text: str, addresses: Iterable[str]) -> str:
    """Mask user and password of the `addresses` in `text`, each part of them too.

    A program that splits an address at the wrong `@`, `/` or `:` shows parts of a password as host or port.
    """
    parts = {part for address in addresses for part in _private_parts(address)}
    for part in sorted(parts, key=len, reverse=True):
        text = re.sub(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", MASK, text)
    return text


def _private_parts(address: str) -> Iterator[str]:
    rest = address.partition("://")[2] or address
    user_info, at, _ = rest.rpartition("@")
    user, colon, password = (user_info if at else rest).partition(":")
    if not colon:
        yield from (user,) if at and len(user) >= _SURE_LENGTH else ()  # a token as the user
    elif at or not re.match(_PORT, password):
        yield password
        yield from filter(None, re.split(r"[@/:?#]", password))


def redact_answer(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask the known `secrets`, the credentials of a header, and what looks like a secret in `text`.

    For the answers of servers: a gateway may repeat a request in its error.
    """
    without_headers = re.sub(_CREDENTIALS, rf"\g<scheme>{MASK}", text)
    return redact_text(redact_values(without_headers, secrets))


def redact_values(text: str, secrets: Iterable[str]) -> str:
    """Mask the `secrets` in `text`, plain, percent-encoded, escaped and in base64, longest first.

    A secret of fewer than 8 characters is masked only as a whole word near a word such as "password", since
    it may be part of an id.
    """
    known = frozenset(filter(None, secrets))
    forms = {form for secret in known if len(secret) >= _SURE_LENGTH for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) < _SURE_LENGTH:
            text = _without_short(text, secret)
    return text


def _forms(secret: str) -> Iterator[str]:
    """Yield encodings of `secret`; of base64, only what does not depend on the text around it."""
    import base64  # noqa: PLC0415 - only where an answer is shown
    import html  # noqa: PLC0415 - only where an answer is shown
    import json  # noqa: PLC0415 - only where an answer is shown
    from urllib.parse import quote, quote_plus  # noqa: PLC0415 - only where an answer is shown

    encoded = secret.encode(errors="surrogateescape")
    yield secret
    yield from (html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    for percent in {quote(encoded, safe=""), quote(encoded), quote_plus(encoded)}:
        yield from (percent, re.sub("%..", lambda match: match[0].lower(), percent))
        yield quote(percent, safe="")
    for shift, start in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(shift) + encoded).decode()
        sure = whole[start : (shift + len(encoded)) * 8 // 6]
        yield from (sure, sure.translate(_URL_SAFE), quote(sure, safe=""))


def _without_short(text: str, secret: str) -> str:
    word = rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])"
    near = re.compile(_WORD_NEAR)
    return re.sub(
        word,
        lambda match: (
            MASK
            if near.search(text, max(0, match.start() - _NEAR_LENGTH), match.end() + _NEAR_LENGTH)
            else match[0]
        ),
        text,
    )
