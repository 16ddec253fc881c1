"""Text that is safe to show: secrets masked, control characters escaped.

Every pattern that recognizes a secret is here, and each takes time in proportion to the text. `secret_spans`
is the one recognizer for texts: of specs, of what Zoom and servers answer, and of what `import` reads.
`source_spans` hides more, since a line of a spec may hold any value under the key of a passcode.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

MASK = "***"
"""Replaces a secret in a text."""

Columns = tuple[int, int]
"""A stretch of a text in characters from 0; the end is not in it."""

# The patterns are texts: most commands use none of them, and `_compiled` keeps those that are used.

# Mail filters write a link inside a link, with `?`, `&` and `=` as %3F, %26 and %3D, or that once more.
_BEFORE_PARAMETER = r"(?:(?<![^\W_])|(?<=%3f)|(?<=%26)|(?<=%253f)|(?<=%2526)|(?<=\\u0026)|(?<=\\x26))"
_EQUALS = r"(?:=|%3d|%253d|\\u003d)"
_IN_LINK = rf"(?i){_BEFORE_PARAMETER}(?:pwd|zak|tk|access_token){_EQUALS}(?P<secret>[^\s&\"'#<>`]+)"
_PARAMETER = (
    rf"(?i){_BEFORE_PARAMETER}(?:token|pass(?:code|word|wd)){_EQUALS}(?P<secret>[^\s&\"'#<>`{{}}\[\]]+)"
)
_MEMBER = (
    r"(?i)\"\w*(?:password|passcode|token|secret|start_url)\\?\"\s*+:\s*+\\?\""
    r"(?P<secret>(?:[^\"\\]|\\.)*+)"
)

# The words of people, and the passcode lines of Zoom's invitations in its languages. They need no colon.
_WORD = (
    r"pass?[\s_-]?(?:codes?|cde|words?|wrd|wort|phrase)|kenn(?:code|wort)|zugangscode"
    r"|(?<![^\W_])(?:pwd|pswd|passwd|(?-i:PIN))|(?:access|security|entry|meeting|conference)[ _-]code"
    r"|mot de passe|code (?:secret|d['\u2019]acc[eè]s)|codice d['\u2019]accesso"
    r"|contrase[nñ]a|c[oó]digo de aces?s?o|senha(?: de acesso)?|toegangscode|wachtwoord|adgangskode"
    r"|l[oö]senord|passord|salasana|kod dost[eę]pu"
    r"|(?<![^\W_])(?:hasło|parola|şifre|parol)|пароль|код доступа|パスコード|パスワード"
    r"|密[码碼]|口令|通行[码碼]|암호|비밀번호|패스코드"
)
_SHORT_WORD = r"(?<![^\W_])(?:pass?|pw|pin(?:[ _-]?(?:code|number|nummer))?|clave)"
"""These mean other things too, and count only before a colon, an equals sign or "is"."""

_SIGN = r"[:=\uff1a]"
_IS = r"(?<![^\W_])(?:is|ist|lautet|est|es|è|é|er)(?![^\W_])"
_GAP = (
    r"(?:</?[a-z][^<>\n]{0,40}>|&nbsp;|\*(?!\*\*(?:[^\w*]|$))"
    r"|[\s:=\uff1a_`~\"'“”„«»\u2039\u203a(\[{>|/#\\\u2013—→-])*+"
)
_NO_SIGN_GAP = r"[\s\"'*_`]*+"
_ASIDE = (
    r"(?:\s+(?:for|to|of|für|zum|zur|pour|para|per|de|voor)(?![^\W_])[^\n\d:=\uff1a]{0,40}"
    r"|\s*+\([^()\n\d]{0,40}\))"
)
_CHARACTER = r"[\w@*!#$%&+?~^-]"
_NO_CODE = (
    r"\d{4}-\d\d-\d\d(?!\w)|\d{1,2}(?:am|pm|h\d\d)(?![^\W_])"
    r"|\d{1,4}-?(?:min|minute|hour|day|week|month|year|factor|step|digit|person|people|character)s?(?![^\W_])"
)
_CODE = (
    rf"(?!{_NO_CODE})(?={_CHARACTER}{{0,9}}\d)"
    rf"(?P<secret>(?:[^\W_]|@){_CHARACTER}{{2,8}}(?:[^\W_]|@)[*_!?#$%-]*)(?![\w@]|:\d)"
)
_WORDS = (
    rf"(?i)(?:(?:{_WORD})(?:{_GAP}(?:{_IS}{_GAP})?|{_ASIDE}(?:{_SIGN}|{_IS}){_GAP})"
    rf"|{_SHORT_WORD}{_NO_SIGN_GAP}(?:{_ASIDE})?(?:{_SIGN}|{_IS}){_GAP}){_CODE}"
)

_TEXTS = (_IN_LINK, _PARAMETER, _MEMBER, _WORDS)
_SIGNS = (
    *("pas", "pwd", "psw", "pw", "pin", "zak", "tk", "token", "secret", "start_url", "code", "kode", "kenn"),
    *("contras", "codigo", "clave", "senha", "wacht", "losen", "sala", "parol", "kod ", "phrase", "wort"),
)
"""Most texts are in ASCII and have none of these in lower case, so they hold no secret."""

_CREDENTIALS = r"(?i)(?<![^\W_])(?P<scheme>(?:bearer|basic)(?:\s|%20|\+){1,3})[A-Za-z0-9+/=._~%-]{8,}"
_WORD_BESIDE = r"(?i)pass|pwd|token|auth|secret|credential|bearer|basic|(?<![^\W_])(?:pin|key)"
_BESIDE_LENGTH = 30
"""Characters before and after a short secret in which such a word counts."""

_SURE_LENGTH = 8
"""Characters of a secret that is masked wherever it stands."""

_URL_SAFE = {ord("+"): "-", ord("/"): "_"}

_PORT = r"\d{0,5}(?:[/?#]|$)"

_ADDRESS = r"(?P<scheme>(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)(?P<rest>[^\s]*)"

_WRITTEN_KEY = r"(?i)(?<![a-z0-9_])(?P<key>(?:pass|pas|pwd|pw|pin)[a-z_]{0,40})[\"']?[^\S\n]*+[:=][^\S\n]*+"
_WRITTEN = _WRITTEN_KEY + r"(?!\{\s*+[\"']?env)(?P<secret>\S.*)"
_MENTIONED = _WRITTEN_KEY + r"(?![{\[&*|>#])(?P<secret>[^\s,{}\[\]]+)"
_MASK_ALONE = r"(?i)(?:(?<![\w*])|(?<=%3d))\*{3}(?![\w*])"

_SECRET_NAME_PARTS = ("passw", "passc", "passph", "pswd", "pwd", "pasw", "secret", "token", "zak")
_SECRET_NAMES = frozenset({"pass", "pas", "pw", "pin"})
_NOT_SECRET_NAMES = frozenset({"default_password"})
_PLAIN_NAMES = frozenset({"passport", "passports", "passenger", "passengers", "pasta"})
_SECRET_NAME_RATIO = 0.75
_NAME_LENGTH_MAX = 40
"""Letters of a key that are compared with "password"; the comparison takes quadratic time."""


def secret_spans(text: str) -> tuple[Columns, ...]:
    """Return the stretches of `text` that hold a secret: in links, JSON members, and after passcode words.

    After such a word stand 4 to 10 characters with a digit in them. Sorted; a mask counts as none.
    """
    if not _has_sign(text):
        return ()
    found = (match.span("secret") for pattern in _TEXTS for match in _compiled(pattern).finditer(text))
    return _joined(span for span in found if text[slice(*span)].strip("\"',;.)") != MASK)


def has_secret(text: str) -> bool:
    """Return whether `secret_spans` finds anything in `text`; much faster where it does not."""
    if not _has_sign(text):
        return False
    has_equals = "=" in text or "%" in text or "\\" in text
    patterns = [*((_IN_LINK, _PARAMETER) if has_equals else ()), *((_MEMBER,) if '"' in text else ()), _WORDS]
    return any(_compiled(pattern).search(text) for pattern in patterns)


def _has_sign(text: str) -> bool:
    if not text.isascii():
        return True
    lowered = text.lower()
    return any(sign in lowered for sign in _SIGNS)


def link_spans(text: str) -> tuple[Columns, ...]:
    """Return the values of secret parameters of links in `text`."""
    return _joined(match.span("secret") for match in _compiled(_IN_LINK).finditer(text))


def source_spans(line: str, *, is_yaml: bool) -> tuple[Columns, ...]:
    """Return the stretches of a line of a spec that may hold a secret, judged by the line alone.

    The values of valid YAML come from the parser; there, only comments and prose are judged.
    """
    pattern = _compiled(_MENTIONED if is_yaml else _WRITTEN)
    keyed = (match.span("secret") for match in pattern.finditer(line) if is_secret_name(match["key"]))
    return _joined((*secret_spans(line), *keyed))


def opens_secret(line: str) -> bool:
    """Return whether a passcode begins in `line`, which is not YAML, and goes on in the next one."""
    keys = [match for match in _compiled(_WRITTEN_KEY).finditer(line) if is_secret_name(match["key"])]
    return bool(keys) and re.match(r"[|>\"'][^\"']*+$", line[keys[-1].end() :]) is not None


def may_hold_secret(text: str) -> bool:
    """Return whether anything in `text` reminds of a secret, so that a message shows its length alone."""
    return bool(re.search(r"(?i)pwd|zak|tk=|token", text)) or bool(secret_spans(text))


def has_join_secret(text: str) -> bool:
    """Return whether a link in `text` lets people in, or act as the host."""
    return _compiled(_IN_LINK).search(text) is not None


def has_mask(text: str) -> bool:
    """Return whether `text` has a mask in it, as this program writes it, and not three stars for emphasis."""
    return MASK in text and _compiled(_MASK_ALONE).search(text) is not None


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


def _joined(spans: Iterable[Columns]) -> tuple[Columns, ...]:
    """Return the `spans` sorted, with those in one that overlap."""
    joined: list[Columns] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def redact_addresses(text: str) -> str:
    """Remove user, password and query from every URL in `text`. For the output of git (`stores/git`).

    A password may hold `@`, `/` and `?`, where somebody forgot to write them as %40, %2F and %3F: so whatever
    stands before the last `@` goes.
    """
    return _compiled(_ADDRESS).sub(lambda match: match["scheme"] + _bare(match["rest"]), text)


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
    elif at or not _compiled(_PORT).match(password):
        yield password
        yield from filter(None, re.split(r"[@/:?#]", password))


def redact_answer(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask our own `secrets`, the credentials of a header, and what looks like a secret in `text`.

    For all that comes from outside: a gateway may repeat a request in its error.
    """
    without_headers = _compiled(_CREDENTIALS).sub(rf"\g<scheme>{MASK}", text)
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
    beside = _compiled(_WORD_BESIDE)
    return re.sub(
        word,
        lambda match: (
            MASK
            if beside.search(text, max(0, match.start() - _BESIDE_LENGTH), match.end() + _BESIDE_LENGTH)
            else match[0]
        ),
        text,
    )


@lru_cache(maxsize=512)
def is_secret_name(name: str) -> bool:
    """Return whether a value under the key `name` may be a secret, also where the key is misspelt.

    For source lines (`spec/yaml/snippet`, `spec/yaml/locator`).
    """
    letters = re.sub(r"[^a-z]", "", name.lower())
    if name in _NOT_SECRET_NAMES or letters in _PLAIN_NAMES:
        return False
    if letters in _SECRET_NAMES or any(part in letters for part in _SECRET_NAME_PARTS):
        return True
    if len(letters) > _NAME_LENGTH_MAX:
        return False
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where source lines are shown

    return SequenceMatcher(None, letters, "password").ratio() >= _SECRET_NAME_RATIO


_HIDDEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE0F),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Characters that count as printable and show nothing."""

_JOINED = re.compile("\u200d(?=[\u2190-\U0001faff])")
"""A joiner before a picture: it makes one emoji of several. Elsewhere nobody sees it."""

NAMED_CHARACTERS_MAX = 5


def escape_control(text: str) -> str:
    """Escape everything in `text` that moves a cursor, changes the direction of writing or is invisible."""
    return text if text.isascii() and text.isprintable() else "".join(map(escape_character, text))


def is_invisible(character: str) -> bool:
    """Return whether nobody sees the character, or it changes how others are seen; blanks are seen."""
    return character in _HIDDEN or not (character.isprintable() or character.isspace())


def invisible_in(text: str) -> str:
    """Name the invisible characters in `text`, such as `U+200B`; empty if there is none."""
    joined = _JOINED.sub("", text)
    names = list(dict.fromkeys(f"U+{ord(each):04X}" for each in joined if is_invisible(each)))
    return ", ".join(names[:NAMED_CHARACTERS_MAX])


def escape_character(character: str) -> str:
    """Return one character as `escape_control` shows it."""
    if character == "\t":
        return " "
    if character.isprintable() and character not in _HIDDEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the sizes of YAML's escapes


def quote(text: str) -> str:
    """Return text that others chose in quotes, on one line, with quotes in it escaped."""
    return '"' + escape_control(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def is_utf8(name: str) -> bool:
    """Return whether every byte of a name of the system was read as a character."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def shown_name(name: str) -> str:
    """Return a name of the system, with the bytes that are not UTF-8 written out."""
    return escape_control(name.encode(errors="surrogateescape").decode(errors="backslashreplace"))


def replace_control(text: str, substitute: str = "?") -> str:
    """Replace every character of `text` that is not printable, line breaks included."""
    return "".join(character if character.isprintable() else substitute for character in text)


def shorten(text: str, length_max: int) -> str:
    """Return `text` with at most `length_max` characters, the last of them an ellipsis if it was longer."""
    return text if len(text) <= length_max else f"{text[: length_max - 1]}…"


def count_noun(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: "1 step", "2,000 steps", "3 entries"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def sentences(*parts: str) -> str:
    """Join the non-empty `parts` with blanks, with a full stop after each that has no end yet."""
    return " ".join(
        part if part.endswith((".", "?", "!", ":", "…")) else f"{part}." for part in parts if part
    )
