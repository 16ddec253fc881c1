"""Which texts hold a secret, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.meeting import masking

PASSCODE = "Passcode: hunter2"
LINK = "Join: https://zoom.us/j/81234567890?pwd=abc123"


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        (LINK, None, "a join link with a passcode"),
        (PASSCODE, None, "a passcode"),
        ("https://zoom.us/j/81234567890", None, ""),
        ("Bring coffee", None, ""),
        ({"rooms": [{"name": PASSCODE}]}, None, "a passcode"),
        ([PASSCODE, LINK], None, "a join link with a passcode"),
        ({"name": PASSCODE}, {"rooms": [PASSCODE]}, ""),
        ([PASSCODE, LINK], PASSCODE, "a join link with a passcode"),
        (7, None, ""),
    ],
)
def test_the_kind_of_a_secret_is_that_of_the_texts_that_are_not_declared(
    value: Any, declared: Any, expected: str
) -> None:
    assert masking.describe_secret(value, declared) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PASSCODE, True),
        ([{"name": PASSCODE}], True),
        ({"rooms": ["Red", PASSCODE]}, True),
        (masking.as_kept(PASSCODE, None, "salt"), True),
        ([{"name": masking.as_kept(PASSCODE, None, "salt")}], True),
        ({"rooms": ["Red", "Blue"]}, False),
        (["Red", 7, None], False),
    ],
)
def test_a_secret_is_found_wherever_a_value_holds_it(value: Any, expected: bool) -> None:  # noqa: FBT001 - expected
    assert masking.holds_secret(value) is expected


def test_only_the_same_text_is_the_same_as_its_kept_form() -> None:
    kept = masking.as_kept({"rooms": [PASSCODE, "Red"]}, None, "salt")

    others: tuple[Any, ...] = (
        {"rooms": [PASSCODE, "Blue"]},
        {"rooms": [LINK, "Red"]},
        {"rooms": [PASSCODE]},
        {"room": []},
        [],
    )
    assert masking.is_same(kept, {"rooms": [PASSCODE, "Red"]})
    assert [masking.is_same(kept, other) for other in others] == [False] * 5
