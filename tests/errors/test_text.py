"""Text that is made safe and short."""

from __future__ import annotations

import pytest
from msgspec import Struct

from reconciler.errors import text as texts


class Door(Struct):
    """A value with a secret."""

    name: str
    code: str
    open: bool = False


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (texts.escape_control("a\tb\x1b\u202e\U000e0001"), "a b\\x1b\\u202e\\U000e0001"),
        (texts.escape_control("Zürich"), "Zürich"),
        (texts.quote('a "b" \\ \n'), '"a \\"b\\" \\\\ \\x0a"'),
        (texts.replace_control("a\nb\x1b"), "a?b?"),
        (texts.replace_control("a\nb", " "), "a b"),
        (texts.shorten("12345", 5), "12345"),
        (texts.shorten("123456", 5), "1234…"),
        (texts.count_noun(1, "step"), "1 step"),
        (texts.count_noun(2000, "step"), "2,000 steps"),
        (texts.count_noun(3, "entry", "entries"), "3 entries"),
        (texts.repr_without(Door("front", "4477"), "code"), "Door(name='front', open=False)"),
        (texts.sentences("One", "", "two?", "three…"), "One. two? three…"),
    ],
)
def test_text_is_made_safe_and_short(shown: str, expected: str) -> None:
    assert shown == expected
