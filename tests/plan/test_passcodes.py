"""The passcode that a step sends."""

from __future__ import annotations

import pytest
from builders import meeting, one_off

from reconciler.plan.passcodes import passcode_of


@pytest.mark.parametrize(
    ("password", "variables", "expected"),
    [
        ({"env": "CODE", "version": 1}, {"CODE": "Lift-off_7"}, "Lift-off_7"),
        ({"env": "CODE", "version": 1}, {"CODE": ""}, None),  # as if it were not set: nothing empty is sent
        ({"env": "CODE", "version": 1}, {}, None),
        ("Lift-off_7", {}, "Lift-off_7"),
        (None, {}, None),
    ],
)
def test_a_passcode_is_the_literal_or_that_of_a_variable_which_is_not_empty(
    password: object, variables: dict[str, str], expected: str | None
) -> None:
    assert passcode_of(meeting("launch", one_off(password=password)), variables.get) == expected
