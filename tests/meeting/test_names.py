from __future__ import annotations

import pytest

from reconciler.meeting.names import KEY, as_argument, fold_host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Desk@Example.com", "desk@example.COM", True),
        ("des\u212a@example.com", "desk@example.com", False),  # a Kelvin sign
        ("bo\u017fs@example.com", "boss@example.com", False),  # a long s
        ("STRASSE@example.com", "stra\u00dfe@example.com", False),
        ("\u0130van@example.com", "ivan@example.com", False),
        ("u-AbC", "u-abc", False),
    ],
)
def test_hosts_are_equal_by_ascii_case_alone(one: str, other: str, *, same: bool) -> None:
    assert (fold_host(one) == fold_host(other)) is same


@pytest.mark.parametrize(
    ("key", "argument"), [("retro", "retro"), ("-x", "-- -x"), ("--yes", "-- --yes"), ("a-b", "a-b")]
)
def test_a_key_is_no_option_of_a_command(key: str, argument: str) -> None:
    assert as_argument(key) == argument


@pytest.mark.parametrize("text", ["", "a b", "a\n", "caf\u00e9", "$(x)", "a/b"])
def test_a_key_has_letters_digits_and_three_signs(text: str) -> None:
    assert KEY.fullmatch(text) is None


def test_the_whole_alphabet_of_an_address_is_folded() -> None:
    assert fold_host("ABCDEFGHIJKLMNOPQRSTUVWXYZ@X.Y") == "abcdefghijklmnopqrstuvwxyz@x.y"
