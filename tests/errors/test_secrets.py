"""Secrets in text: what is recognized and masked, what is not, and the time that it takes."""

from __future__ import annotations

import gc
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.errors.redact import redact_addresses, redact_links, redact_text
from reconciler.errors.secrets import (
    has_join_secret,
    has_mask,
    has_secret,
    is_secret_name,
    opens_secret,
    source_spans,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = {
    "Join: https://zoom.us/j/1?pwd=abc.1": "Join: https://zoom.us/j/1?pwd=***",
    "https://zoom.us/w/1?tk=abc&x=1": "https://zoom.us/w/1?tk=***&x=1",
    "https://zoom.us/w/1?a=b&amp;zak=Q1": "https://zoom.us/w/1?a=b&amp;zak=***",
    "https://safe.example/?u=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3Dabcdef": (
        "https://safe.example/?u=https%3A%2F%2Fzoom.us%2Fj%2F1%3Fpwd%3D***"
    ),
    "https://safe.example/?u=x%253Fpwd%253Dabcdef": "https://safe.example/?u=x%253Fpwd%253D***",
    '{"u": "https://z.us/1?a=2\\u0026zak=xyz"}': '{"u": "https://z.us/1?a=2\\u0026zak=***"}',
    "access_token=eyJhb": "access_token=***",
    "token=abc": "token=***",
    "passcode=123456": "passcode=***",
    '{"password": "swordfish"}': '{"password": "***"}',
    '{"h323_password":"a\\"bc"}': '{"h323_password":"***"}',
    "Passcode: 123456": "Passcode: ***",
    "Passcode:\n123456": "Passcode:\n***",
    "**Passcode:** 123456": "**Passcode:** ***",
    "<b>Passcode</b>: <i>12ab34</i>": "<b>Passcode</b>: <i>***</i>",
    "Passcode for this meeting is 123456": "Passcode for this meeting is ***",
    "passcode (optional): 123456": "passcode (optional): ***",
    "password hunter2": "password ***",
    "pass code 4455": "pass code ***",
    "pwd: a1b2": "pwd: ***",
    "pwd1234": "pwd***",
    "the passcode for all rooms will be: 55512": "the passcode for all rooms will be: ***",
    "Room 3 (pw is 55512 if it asks)": "Room 3 (pw is *** if it asks)",
    "Dial-in PIN: 4410 22#": "Dial-in PIN: *** 22#",
    "[stage](https://zoom.us/j/1?pwd=Zm9vYmFy.1) (every second week)": (
        "[stage](https://zoom.us/j/1?pwd=*** (every second week)"
    ),
    "+16699006833,,85012345678#,,,,*447713# US": "+16699006833,,85012345678#,,,,***# US",
    "+496971049922,,85012345678#,,,,,,0#,,0447713# DE": "+496971049922,,85012345678#,,,,,,0#,,***# DE",
    "tel:+16699006833,,85012345678%23,,,,*445566%23": "tel:+16699006833,,85012345678%23,,,,***%23",
    "tel:+16699006833,,85012345678%23,,,,%2A445566%23": "tel:+16699006833,,85012345678%23,,,,***%23",
    "tel:%2B49%2C%2C85012345678%23%2C%2C0%23%2C%2C445566%23": (
        "tel:%2B49%2C%2C85012345678%23%2C%2C0%23%2C%2C***%23"
    ),
    "PIN 12345": "PIN ***",
    "PIN-Code 4477": "PIN-Code ***",
    "pin code 4477 for everybody": "pin code *** for everybody",
    "Pincode 4477": "Pincode ***",
    "PIN number 4477": "PIN number ***",
    "Your PIN code is 4477.": "Your PIN code is ***.",
    "Participant code 445566": "Participant code ***",
    "PIN-Nummer 4477": "PIN-Nummer ***",
    "Einwahlcode 4477": "Einwahlcode ***",
    "Geheimzahl lautet 4477": "Geheimzahl lautet ***",
    "Code confidentiel : 4477": "Code confidentiel : ***",
    "Code d'entrée 4477": "Code d'entrée ***",
    "código de acceso 4477": "código de acceso ***",
    "Clave de acceso 4477": "Clave de acceso ***",
    "codice d'accesso 4477": "codice d'accesso ***",
    "tunnusluku 4477": "tunnusluku ***",
    "heslo abc123": "heslo ***",
    "mật khẩu: abc123": "mật khẩu: ***",
    "ПИН-код 4477": "ПИН-код ***",
    "κωδικός πρόσβασης: 4477": "κωδικός πρόσβασης: ***",
    "暗証番号は4477です": "暗証番号は***です",
    "PINコード 4477": "PINコード ***",
    "パスコード\uff1a\uff11\uff12\uff13\uff14": "パスコード\uff1a***",
    "비밀번호는 4477입니다": "비밀번호는 ***입니다",
    "סיסמה: 4477": "סיסמה: ***",
    "كلمة المرور: 4477": "كلمة المرور: ***",
    "pin: hunter2": "pin: ***",
    "Security code 4711": "Security code ***",
    "zoom_password: x1234": "zoom_password: ***",
    "Kenncode: 123456": "Kenncode: ***",
    "Meetingpasswort: 12345678": "Meetingpasswort: ***",
    "Passwort für Telefon: 9876543": "Passwort für Telefon: ***",
    "Mot de passe : abc123": "Mot de passe : ***",
    "Code d\u2019accès: 998877": "Code d\u2019accès: ***",
    "Adgangskode: 123456": "Adgangskode: ***",
    "Senha de acesso: 123456": "Senha de acesso: ***",
    "Hasło: abc123": "Hasło: ***",
    "Пароль: abc123": "Пароль: ***",
    "パスコード\uff1a123456": "パスコード\uff1a***",
    "密码\uff1a123456": "密码\uff1a***",
    "会议密码123456日程如下": "会议密码***日程如下",
    "密码是123456分享给大家": "密码是***分享给大家",
    "密码1234年会": "密码***年会",
    "暗証番号は2027です": "暗証番号は***です",
    "Webaccess code 4477": "Webaccess code ***",
    "密码\uff1a1234个人会议": "密码\uff1a***个人会议",
    "パスワード\uff1a123456回線": "パスワード\uff1a***回線",
    "パスコード:123456人数制限": "パスコード:***人数制限",
    "비밀번호: 123456시작 10시": "비밀번호: ***시작 10시",
    "비밀번호: 123456일정": "비밀번호: ***일정",
    "PIN-Code 44771": "PIN-Code ***",
    "PIN code 0447713": "PIN code ***",
    "PIN code 047713": "PIN code ***",
    "pin code 1234567890": "pin code ***",
    "PIN code: 560001": "PIN code: ***",
    "Pincode is 560001": "Pincode is ***",
    "PIN-kode 447713": "PIN-kode ***",
    "Guest code: 2027": "Guest code: ***",
    "Guest code is 2027": "Guest code is ***",
    "Guest code 20271": "Guest code ***",
    "PIN Nr. 4477": "PIN Nr. ***",
    "Pin number: 4477": "Pin number: ***",
    "Security code 2027": "Security code ***",
}
"""A text, and how it is shown."""

PLAIN = (
    "+496971049922,,85012345678# Germany, and +1 669 900 6833,,,#12345#",
    "Pasta: 12:30",
    "Passengers: 12",
    "Passport: 12345",
    "Passover: 2027-04-22",
    "Passau 2027",
    "compass: 1234, bypass: 4321",
    "Passcode: required",
    "Passcode: 10:30",
    "Password reset for 2024",
    "Password policy 2027-01-11",
    "Forgot your password? 2027 plan",
    "Passwords: 90-day cycle",
    "No password - 15-minute break",
    "Passwordless 2024",
    "passcode-protected since 2024",
    "1Password 8.10",
    "First pass 2027",
    "Code review: 12345",
    "Spin: 2024",
    "PIN 10-12:30",
    "pin it 2024",
    "Token economy 2024",
    "https://zoom.us/j/81234567890?from=addon",
    "Lunch: Pasta 12:30, Pizza 13:00",
    "Notes of 2027-03-02, with the passing votes: 12 to 3",
    "Rotate the tokens of release 1.31 before 2027-04-01",
    "PR 12345: password rotation",
    "Passive nodes: 4711 of 5000",
    "Password manager, part 2 (10 min)",
    "data:image/png;base64,aVt+usuTC+pWdyxRVu+y0g3Rpqz4",
    "Meeting ID: 812 3456 7890",
    "One tap mobile: +496971049922,,81234567890#",
    "SIG keys: 2 new members, 1234 issues open",
    "keypass 2 / bypass 3: who is on call?",
    "Pinned: roadmap 2027",
    "Spring pass: 2 days, 1 night",
)
"""Texts of agendas that hold no secret."""

AGENDAS = (Path(__file__).parent / "agendas.txt").read_text(encoding="utf-8").splitlines()
"""Lines as they stand in calendars, with numbers, in five languages; none of them holds a secret."""


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_masked(text: str) -> None:
    """Links, members of JSON, and passcodes in words are found by one recognizer."""
    assert redact_text(text) == SECRETS[text]


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_masked_holds_no_secret(text: str) -> None:
    """Masking a text twice changes nothing."""
    assert redact_text(SECRETS[text]) == SECRETS[text]


@pytest.mark.parametrize("text", SECRETS)
def test_the_fast_look_finds_the_same(text: str) -> None:
    assert has_secret(text)


@pytest.mark.parametrize("text", [*PLAIN, *AGENDAS])
def test_a_plain_text_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("# password: swordfish", "# password: ***"),
        ("agenda: Pasta: 12:30", "agenda: Pasta: 12:30"),
        ("agenda: Passengers: 12", "agenda: Passengers: 12"),
        ("pin: swordfish", "pin: ***"),
        ("passwrod: swordfish # ours", "passwrod: *** # ours"),
    ],
)
def test_a_source_line_hides_any_value_of_a_passcode(line: str, shown: str) -> None:
    """Under a key that names a passcode it need not look like one."""
    for start, end in reversed(source_spans(line, is_yaml=True)):
        line = line[:start] + "***" + line[end:]

    assert line == shown


@pytest.mark.parametrize(
    ("text", "is_mask"),
    [
        ("***", True),
        ("Passcode: ***", True),
        ("https://zoom.us/j/1?pwd=***&x=1", True),
        ("https%3A%2F%2Fzoom.us%3Fpwd%3D***", True),
        ("***Bring your own coffee***", False),
        ("*****", False),
        ("a ** b", False),
    ],
)
def test_stars_for_emphasis_are_no_mask(text: str, *, is_mask: bool) -> None:
    """Three stars beside a word are emphasis."""
    assert has_mask(text) is is_mask


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("password", True),
        ("pasword", True),
        ("Pass-Code", True),
        ("host_zak", True),
        ("host_key", True),
        ("passwrod", True),
        ("default_password", False),
        ("topic", False),
    ],
)
def test_a_misspelt_key_of_a_secret_is_recognized(name: str, *, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


LENGTHS = (3_000, 30_000)

RECOGNIZERS: dict[str, Callable[[str], object]] = {
    "text": redact_text,
    "links": redact_links,
    "addresses": redact_addresses,
    "yaml line": partial(source_spans, is_yaml=True),
    "other line": partial(source_spans, is_yaml=False),
    "open": opens_secret,
    "join": has_join_secret,
    "mask": has_mask,
}

LONG = (
    "password:| ",
    " ",
    "pass",
    "pwd=",
    "password ",
    "password<a>",
    "<password>",
    "password for ",
    ",,123456789#",
    ",,123456789%23",
    "%2c%2c",
    "#,",
    "pin-",
    "pin code ",
    "パスワードは",
    '"password":"',
    "a",
    '"',
    "http://",
    "%",
    "*",
    "é",
)
"""What a hostile text may repeat; each begins with a word, or no pattern would look at it."""


@pytest.mark.no_cover
@pytest.mark.parametrize("recognizer", RECOGNIZERS)
def test_the_time_is_linear(recognizer: str) -> None:
    """Ten times the text takes no more than about ten times as long: a quadratic pattern takes a hundred."""
    for piece in LONG:
        seconds = [_seconds(recognizer, piece, length) for length in LENGTHS]

        assert seconds[1] < 30 * seconds[0] + 0.2, piece


@pytest.mark.no_cover
def test_megabytes_take_seconds() -> None:
    """The case that took minutes for 200,000 blanks."""
    assert _seconds("other line", " ", 1_000_000) < 15


def _seconds(recognizer: str, piece: str, length: int) -> float:
    """Seconds, since a search of a text is one call of C."""
    text = "password:" + piece * (length // len(piece))
    gc.disable()  # a collection takes as long as all other tests have left to look at
    try:
        begun = time.process_time()
        RECOGNIZERS[recognizer](text)
        return time.process_time() - begun
    finally:
        gc.enable()
