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


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("\U0001f469\u200d\U0001f4bb", ""),  # a woman with a laptop
        ("\u2764\ufe0f\u200d\U0001f525", ""),  # a heart on fire
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ""),  # Persian: "I want"
        ("\u0915\u094d\u200d\u0937", ""),  # Devanagari, with a half letter
        ("\u0d28\u0d4d\u200d", ""),  # Malayalam, at the end of a word
        ("pay\u200dpal", "U+200D"),
        ("\u0645\u200c", "U+200C"),
        ("\u0645\u200c\u200c\u062e", "U+200C"),
        ("\U0001f469\u200d", "U+200D"),
        ("\u6f22\u200d\u5b57", "U+200D"),
        ("\u0645\u202e\u062e", "U+202E"),
    ],
)
def test_a_joiner_counts_as_hidden_only_where_nobody_sees_it(text: str, hidden: str) -> None:
    shown = texts.escape_control(text) if hidden else text

    assert (texts.invisible_in(text), texts.escape_hidden(text)) == (hidden, shown)
