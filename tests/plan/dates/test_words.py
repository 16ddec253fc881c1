"""Edits of single dates in words."""

from __future__ import annotations

import pytest
from builders import weekly

from reconciler.plan.dates.words import done


@pytest.mark.parametrize(
    ("start", "minutes", "words"),
    [
        ("2027-05-17T12:00:00Z", 45, "Mon 17 May 2027 moves to 14:00"),
        ("2027-05-18T08:00:00Z", 45, "Mon 17 May 2027 moves to Tue 18 May, 10:00"),
        ("2028-01-03T12:00:00Z", 30, "Mon 17 May 2027 moves to Mon 3 Jan 2028, 13:00, 30 min"),
        ("2027-05-17T08:00:00Z", 30, "Mon 17 May 2027 has 30 min"),
    ],
)
def test_an_edit_says_what_differs_from_the_rule(start: str, minutes: int, words: str) -> None:
    """The day, the time or the length alone, or more of them; of a series on Mondays at 10:00 in Berlin."""
    edit = {"start_time": start, "duration": minutes}

    assert done("2027-05-17", edit, weekly()) == words
