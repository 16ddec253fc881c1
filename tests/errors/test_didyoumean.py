"""Suggestions for misspelt names."""

from __future__ import annotations

import pytest

from reconciler.errors.didyoumean import did_you_mean, suggestion


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
