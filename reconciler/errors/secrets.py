"""Recognizes secrets in text, in time proportional to its length.

Every pattern that recognizes a secret is here. `secret_spans` is the one recognizer for texts: of specs, of
answers of Zoom and servers, and of meetings that `import` reads. `source_spans` finds more, since a line of
a spec may have any value under the key of a passcode.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import groupby

MASK = "***"
"""Replaces a secret in a text."""

Columns = tuple[int, int]
"""A range of a text: start and end in characters from 0; the end is exclusive."""

# The patterns are strings: most commands use none of them, and `_compiled` keeps those that are used.

# Mail filters write a link inside a link, with `?`, `&` and `=` percent-encoded once or twice.
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

# A number to dial with one tap, as in Zoom's invitations: the phone, the meeting, the passcode. Where it is
# the address of a link, all but the digits may be percent-encoded.
_COMMA, _HASH = "(?:,|%2c)", "(?:#|%23)"
_ONE_TAP = (
    rf"(?i){_COMMA}{{2}}\d{{9,12}}{_HASH}(?:{_COMMA}|{_HASH}|0{_HASH})*+"
    rf"(?P<secret>(?:\*|%2a)?\d{{4,10}}){_HASH}"
)

_SIGN = r"[:=\uff1a]"
_IS = r"(?:(?<![^\W_])(?:is|ist|lautet|est|es|è|é|er)(?![^\W_])|[は是为為은는])"
_TAG = r"</?[a-z][^<>\n]{0,40}>"
_BETWEEN = (
    r"&nbsp;|\*(?!\*\*(?:[^\w*]|$))"
    r"|[\s_`~\"'“”„«»\u2039\u203a(\[{>|/#\\\u2013—→-]"
)
_TAGS_MAX = 20
"""Tags before a passcode. Without a bound, a text of tags that are passcode words takes quadratic time."""

_NO_SIGN = rf"(?:{_BETWEEN})*+(?:{_TAG}(?:{_BETWEEN})*+){{0,{_TAGS_MAX}}}+"
_GAP = rf"(?:{_BETWEEN}|{_SIGN})*+(?:{_TAG}(?:{_BETWEEN}|{_SIGN})*+){{0,{_TAGS_MAX}}}+"

# Words that people write before a passcode, and those of Zoom's invitations. No colon has to follow them.
_START = r"(?<![^\W_])"
_YEAR = r"20\d\d"
_POSTAL_CODE = r"[1-9]\d{5}"  # of India, where it is called PIN code
_WORD = (
    r"pass?[\s_-]?(?:codes?|cde|words?|wrd|wort|phrase)|kenn(?:code|wort)|zugangscode"
    rf"|{_START}(?:pwd|pswd|passwd|(?-i:PIN))(?![^\W\d_])"
    rf"|{_START}(?-i:PIN)[\s_-]?(?:number|nummer|nr\.?)(?![^\W\d_])"
    r"|(?:access|security|entry|meeting|conference)[ _-]code"
    r"|mot de passe|code (?:secret|d['\u2019]acc[eè]s)|codice d['\u2019]accesso"
    r"|contrase[nñ]a|c[oó]digo de aces?s?o|senha(?: de acesso)?|toegangscode|wachtwoord|adgangskode"
    r"|l[oö]senord|passord|salasana|kod dost[eę]pu"
    rf"|{_START}(?:hasło|parola|şifre|parol)|пароль|код доступа|パスコード|パスワード"
    r"|密[码碼]|口令|通行[码碼]|암호|비밀번호|패스코드"
)
_WORD_NO_YEAR = (
    rf"{_START}(?:participant|host|guest|door|dial[ -]?in)[ _-]code"
    r"|(?:zugangs|zugriffs|sicherheits|einwahl|teilnehmer|konferenz)[\s-]?code|geheimzahl"
    r"|code (?:confidentiel|d['\u2019]entr[eé]e)|codice di accesso|parola d['\u2019]ordine"
    r"|clave de acceso|c[oó]digo de (?:ac+es+o|seguridad|seguran[cç]a)|kodeord|tunnusluku"
    rf"|{_START}(?:heslo|geslo|lozinka|jelsz[oó]|parool|kata sandi|mật khẩu)"
    rf"|{_START}pin[\s_-]?(?:kode?|koodi|код)(?![^\W\d_])|{_START}пин[\s-]?код(?![^\W\d_])"
    r"|κωδικός(?: πρόσβασης)?|アクセスコード|暗証番号|pin(?:コード|番号|[码碼]|번호|코드)"
    r"|סיסמה|كلمة (?:المرور|السر)|รหัสผ่าน|पासवर्ड"
)
"""Words that stand before years too: a year is a passcode only after a colon, an equals sign or "is"."""

_PIN_CODE = rf"{_START}pin[\s_-]?codes?(?![^\W\d_])"
_CODE_WORD = (
    rf"(?:{_WORD}|(?:{_WORD_NO_YEAR})(?!{_NO_SIGN}{_YEAR}(?![^\W_]))"
    rf"|{_PIN_CODE}(?!{_NO_SIGN}(?:{_YEAR}|{_POSTAL_CODE})(?![^\W_])))"
)
_SHORT_WORD = r"(?<![^\W_])(?:pass?|pw|pin(?:[ _-]?(?:code|number|nummer))?|clave)"
"""Words with other meanings too; they count only before a colon, an equals sign or "is"."""

_NO_SIGN_GAP = r"[\s\"'*_`]*+"
_ASIDE = (
    r"(?:\s+(?:for|to|of|für|zum|zur|pour|para|per|de|voor)(?![^\W_])[^\n\d:=\uff1a]{0,40}"
    r"|\s*+\([^()\n\d]{0,40}\))"
)
_LETTER = r"[a-z\dÀ-ɏ\uff41-\uff5a]"
"""Not the letters of a language that has no spaces between words: there a text goes on after the passcode."""

_CHARACTER = r"[a-z\d_À-ɏ\uff41-\uff5a@*!#$%&+?~^-]"
_NO_CODE = (
    r"\d{4}-\d\d-\d\d(?!\w)|\d{1,2}(?:am|pm|h\d\d)(?![^\W_])"
    r"|\d{1,4}-?(?:min|minute|hour|day|week|month|year|factor|step|digit|person|people|character)s?(?![^\W_])"
    r"|[2\uff12][0\uff10]\d\d[年년]"  # other numbers of four digits or more are passcodes
)
_CODE = (
    rf"(?!{_NO_CODE})(?={_CHARACTER}{{0,9}}\d)"
    rf"(?P<secret>(?:{_LETTER}|@){_CHARACTER}{{2,8}}(?:{_LETTER}|@)[*_!?#$%-]*)(?!{_LETTER}|[_@]|:\d)"
)
_WORDS = (
    rf"(?i)(?:{_CODE_WORD}(?:{_GAP}(?:{_IS}{_GAP})?|{_ASIDE}(?:{_SIGN}|{_IS}){_GAP})"
    rf"|{_SHORT_WORD}{_NO_SIGN_GAP}(?:{_ASIDE})?(?:{_SIGN}|{_IS}){_GAP}){_CODE}"
)

_TEXTS = (_IN_LINK, _PARAMETER, _MEMBER, _ONE_TAP, _WORDS)


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the `words`, by their first letter: three times as fast as one by one."""
    by_letter = groupby(sorted(words), key=lambda word: word[0])
    rests = {letter: "|".join(re.escape(word[1:]) for word in group) for letter, group in by_letter}
    return "|".join(f"{re.escape(letter)}(?:{rest})" for letter, rest in rests.items())


_SIGNS = (
    *("pas", "pwd", "psw", "pw", "pin", "zak", "tk", "token", "secret", "start_url", "#,", "#%2c", "%23"),
    *("code", "kode", "codice", "codigo", "kenn", "kod ", "contras", "clave", "senha", "wacht", "losen"),
    *("sala", "tunnus", "parol", "heslo", "geslo", "lozink", "jelsz", "sandi", "phrase", "wort", "geheim"),
)
"""An ASCII text whose lower-case form has none of these has no secret; most texts are such."""
_SIGN = _any_of(_SIGNS)

_WRITTEN_KEY = r"(?i)(?<![a-z0-9_])(?P<key>(?:pass|pas|pwd|pw|pin)[a-z_]{0,40})[\"']?[^\S\n]*+[:=][^\S\n]*+"
_WRITTEN = _WRITTEN_KEY + r"(?!\{\s*+[\"']?env)(?P<secret>\S.*)"
_MENTIONED = _WRITTEN_KEY + r"(?![{\[&*|>#])(?P<secret>[^\s,{}\[\]]+)"
_IN_ADDRESS = r"://[^\s:/?#@]{0,80}:(?P<secret>\S{1,200})@"
"""The password of an address, up to the last `@`: it may contain one."""

_MASK_ALONE = r"(?i)(?:(?<![\w*])|(?<=%3d))\*{3}(?![\w*])"

_SECRET_NAME_PARTS = ("passw", "passc", "passph", "pswd", "pwd", "pasw", "secret", "token", "zak")
_SECRET_NAMES = frozenset({"pass", "pas", "pw", "pin", "hostkey"})
_NOT_SECRET_NAMES = frozenset({"default_password"})
_PLAIN_NAMES = frozenset({"passport", "passports", "passenger", "passengers", "pasta"})
_SECRET_NAME = "password"  # noqa: S105 - the name of a field, not a password
_SECRET_NAME_RATIO = 0.75
_NAME_LENGTH_MAX = 40
"""Letters of a key that are compared with "password"; the comparison takes quadratic time."""


def secret_spans(text: str) -> tuple[Columns, ...]:
    """Return the ranges of secrets in `text`, sorted: in links, in JSON members, and after passcode words.

    After such a word, 4 to 10 characters with a digit among them are a secret. A mask is none.
    """
    if not _has_sign(text):
        return ()
    found = (match.span("secret") for pattern in _TEXTS for match in _compiled(pattern).finditer(text))
    return join_spans(span for span in found if text[slice(*span)].strip("\"',;.)") != MASK)


def has_secret(text: str) -> bool:
    """Return whether `text` has a secret, or a mask; much faster than `secret_spans` if it has none."""
    if not _has_sign(text):
        return False
    has_equals = "=" in text or "%" in text or "\\" in text
    patterns = [*((_IN_LINK, _PARAMETER) if has_equals else ()), *((_MEMBER,) if '"' in text else ())]
    patterns += [*((_ONE_TAP,) if "#" in text or "%23" in text else ()), _WORDS]
    return any(_compiled(pattern).search(text) for pattern in patterns)


def _has_sign(text: str) -> bool:
    if not text.isascii():
        return True
    return _compiled(_SIGN).search(text.lower()) is not None


def link_spans(text: str) -> tuple[Columns, ...]:
    """Return the ranges of the values of secret link parameters in `text`, sorted."""
    return join_spans(match.span("secret") for match in _compiled(_IN_LINK).finditer(text))


def source_spans(line: str, *, is_yaml: bool) -> tuple[Columns, ...]:
    """Return the ranges of a line of a spec that may be secret, judged by the line alone; sorted.

    The secret values of valid YAML come from the parser; with `is_yaml`, only comments and prose are judged.
    """
    pattern = _compiled(_MENTIONED if is_yaml else _WRITTEN)
    keyed = (match.span("secret") for match in pattern.finditer(line) if is_secret_name(match["key"]))
    in_addresses = (match.span("secret") for match in _compiled(_IN_ADDRESS).finditer(line))
    return join_spans((*secret_spans(line), *keyed, *in_addresses))


def opens_secret(line: str) -> bool:
    """Return whether a passcode begins in `line`, which is not YAML, and continues on the next line."""
    keys = [match for match in _compiled(_WRITTEN_KEY).finditer(line) if is_secret_name(match["key"])]
    return bool(keys) and re.match(r"[|>\"'][^\"']*+$", line[keys[-1].end() :]) is not None


def may_hold_secret(text: str) -> bool:
    """Return whether `text` resembles a secret, so that a message must show only its length."""
    return bool(re.search(r"(?i)pwd|zak|tk=|token", text)) or bool(secret_spans(text))


def has_join_secret(text: str) -> bool:
    """Return whether a link in `text` contains a passcode or a token of the host."""
    return _compiled(_IN_LINK).search(text) is not None


def has_mask(text: str) -> bool:
    """Return whether `text` contains a mask of this program; three stars next to a word are emphasis."""
    return MASK in text and _compiled(_MASK_ALONE).search(text) is not None


def join_spans(spans: Iterable[Columns]) -> tuple[Columns, ...]:
    """Return the `spans` sorted, with overlapping ones joined."""
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
    shared = sum(letter in _SECRET_NAME for letter in letters)  # no more of them can be in the same order
    if len(letters) > _NAME_LENGTH_MAX or 2 * shared < _SECRET_NAME_RATIO * (
        len(letters) + len(_SECRET_NAME)
    ):
        return False
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where source lines are shown

    return SequenceMatcher(None, letters, _SECRET_NAME).ratio() >= _SECRET_NAME_RATIO
