"""Text that is safe to show: secrets, control characters, length."""

from __future__ import annotations

import pytest

from reconciler.errors import text
from reconciler.errors.didyoumean import did_you_mean, suggestion


@pytest.mark.parametrize(
    ("written", "link", "join", "hint"),
    [
        ("https://zoom.us/j/8?pwd=abc", True, True, True),
        ("https%3A%2F%2Fzoom.us%2Fj%2F8%3Fpwd%3Dabc", False, True, True),
        ("https://zoom.us/s/8?zak=abc", True, True, True),
        ("https://zoom.us/w/8?tk=abc", True, False, True),
        ("https://example.com/?access_token=abc", True, False, True),
        ("https://example.com/?token=abc", False, False, True),
        ("Bring your badge and a pwd", False, False, True),
        ("Bring your badge", False, False, False),
    ],
)
def test_the_patterns_of_secrets_differ_on_purpose(
    written: str, *, link: bool, join: bool, hint: bool
) -> None:
    """A rule refuses only what is surely a secret, a message hides whatever may be one."""
    found = [pattern.search(written) for pattern in (text.LINK_SECRET, text.JOIN_SECRET, text.SECRET_HINT)]

    assert [bool(match) for match in found] == [link, join, hint]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.redact_links("see https://zoom.us/j/8?pwd=abc&x=1"), "see https://zoom.us/j/8?pwd=***&x=1"),
        (text.redact_body('{"password": "a\\"b", "id": 8}'), '{"password": "***", "id": 8}'),
        (
            text.redact_body("join_url=https://zoom.us/j/8?tk=abc token=x"),
            "join_url=https://zoom.us/j/8?tk=*** token=***",
        ),
        (text.redact_addresses("https://me:secret@git.example.com/a?b=c"), "https://git.example.com/a"),
        (text.redact_values("hunter2 hunter", ["hunter", "hunter2", ""]), "*** ***"),
    ],
)
def test_secrets_are_masked(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("password", True),
        ("pasword", True),
        ("Pass-Code", True),
        ("host_zak", True),
        ("passwrod", True),
        ("default_password", False),
        ("topic", False),
    ],
)
def test_a_misspelt_key_of_a_secret_is_recognized(name: str, *, is_secret: bool) -> None:
    assert text.is_secret_name(name) is is_secret


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.escape_control("a\tb\x1b\u202e\U000e0001"), "a b\\x1b\\u202e\\U000e0001"),
        (text.escape_control("Zürich"), "Zürich"),
        (text.quote('a "b" \\ \n'), '"a \\"b\\" \\\\ \\x0a"'),
        (text.replace_control("a\nb\x1b"), "a?b?"),
        (text.replace_control("a\nb", " "), "a b"),
        (text.shorten("12345", 5), "12345"),
        (text.shorten("123456", 5), "1234…"),
        (text.count_noun(1, "step"), "1 step"),
        (text.count_noun(2000, "step"), "2,000 steps"),
        (text.count_noun(3, "entry", "entries"), "3 entries"),
        (text.sentences("One", "", "two?", "three…"), "One. two? three…"),
    ],
)
def test_text_is_made_safe_and_short(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Wait-Room", "waiting_room"), ("por", "pro"), ("xyz", None), (8, None), ("pro" * 30, None)],
)
def test_a_misspelt_name_gets_a_suggestion(written: object, meant: str | None) -> None:
    """Case and punctuation do not count; what is not a short text is compared with nothing."""
    assert did_you_mean(written, ("waiting_room", "pro")) == meant


def test_names_can_be_compared_in_another_form() -> None:
    """A sign matters in the name of a time zone."""
    zones = ("Etc/GMT-1", "Etc/GMT+1")

    assert did_you_mean("etc/gmt+1", zones, form=str.casefold) == "Etc/GMT+1"


def test_a_suggestion_has_an_alternative() -> None:
    assert [suggestion("pro"), suggestion(None, "List them."), suggestion(None)] == [
        "Did you mean `pro`?",
        "List them.",
        "",
    ]
