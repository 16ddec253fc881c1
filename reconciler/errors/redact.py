"""Masks secrets in text that is shown: those that `errors/secrets` recognizes, and those that are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.errors.secrets import MASK, Columns, link_spans, secret_spans

_CREDENTIALS = r"(?i)(?<![^\W_])(?P<scheme>(?:bearer|basic)(?:\s|%20|\+){1,3})[A-Za-z0-9+/=._~%-]{8,}"
_WORD_BESIDE = r"(?i)pass|pwd|token|auth|secret|credential|bearer|basic|(?<![^\W_])(?:pin|key)"
_BESIDE_LENGTH = 30
"""Characters before and after a short secret in which such a word counts."""

_SURE_LENGTH = 8
"""Characters of a secret that is masked wherever it stands."""

_URL_SAFE = {ord("+"): "-", ord("/"): "_"}

_PORT = r"\d{0,5}(?:[/?#]|$)"

_ADDRESS = r"(?P<scheme>(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)(?P<rest>[^\s]*)"


def redact_text(text: str) -> str:
    """Mask every secret in `text`. For all that somebody else may have written."""
    spans = secret_spans(text)
    is_cut = bool(spans) and spans[-1][1] == len(text) and text[spans[-1][0] - 1 : spans[-1][0]] == '"'
    return _masked(text, spans) + ('"' if is_cut else "")  # the end of a JSON text that was cut


def redact_links(text: str) -> str:
    """Mask the secrets of links in `text`. For texts that are shown as they were declared."""
    return _masked(text, link_spans(text)) if "=" in text or "%" in text else text


def _masked(text: str, spans: Iterable[Columns]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], MASK]
        at = end
    return "".join((*parts, text[at:])) if parts else text


def redact_addresses(text: str) -> str:
    """Remove user, password and query from every URL in `text`. For the output of git (`stores/git`).

    A password may hold `@`, `/` and `?`, where somebody forgot to write them as %40, %2F and %3F: so whatever
    stands before the last `@` goes.
    """
    return re.sub(_ADDRESS, lambda match: match["scheme"] + _bare(match["rest"]), text)


def _bare(rest: str) -> str:
    without_user = rest[rest.rfind("@") + 1 :]
    address, question_mark, query = without_user.partition("?")
    return address + (query[len(query.rstrip("'\").,;:")) :] if question_mark else "")


def redact_addresses_of(text: str, addresses: Iterable[str]) -> str:
    """Mask user and password of the `addresses` in `text`, also where a program shows a part of them alone.

    A program that takes an address apart at the wrong `@`, `/` or `:` shows such a part as host or port.
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
        yield from (user,) if at and len(user) >= _SURE_LENGTH else ()  # a token in the place of a user
    elif at or not re.match(_PORT, password):
        yield password
        yield from filter(None, re.split(r"[@/:?#]", password))


def redact_answer(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask our own `secrets`, the credentials of a header, and what looks like a secret in `text`.

    For all that comes from outside: a gateway may repeat a request in its error.
    """
    without_headers = re.sub(_CREDENTIALS, rf"\g<scheme>{MASK}", text)
    return redact_text(redact_values(without_headers, secrets))


def redact_values(text: str, secrets: Iterable[str]) -> str:
    """Mask the `secrets` in `text`, plain, percent-encoded, escaped and in base64, longest first.

    A secret of fewer than 8 characters is masked only as a whole word beside a word such as "password", since
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
    """Yield how `secret` may stand in an answer; of base64 what does not depend on its surroundings."""
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
    beside = re.compile(_WORD_BESIDE)
    return re.sub(
        word,
        lambda match: (
            MASK
            if beside.search(text, max(0, match.start() - _BESIDE_LENGTH), match.end() + _BESIDE_LENGTH)
            else match[0]
        ),
        text,
    )
