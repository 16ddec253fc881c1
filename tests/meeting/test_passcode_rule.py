"""The rule that an account sets for passcodes: how it is read, and what breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.meeting.passcode import PasscodeRule, rule_of


@pytest.mark.parametrize(
    ("rule", "passcode", "broken"),
    [
        (PasscodeRule(), "", None),
        (PasscodeRule(length_min=8), "abc-123", "must have at least 8 characters"),
        (PasscodeRule(length_min=8), "abc-1234", None),
        (PasscodeRule(letter=True), "123456", "must have a letter"),
        (PasscodeRule(number=True), "abcdef", "must have a number"),
        (PasscodeRule(special=True), "abc123", "must have one of `@ - _ *`"),
        (PasscodeRule(special=True), "abc-123", None),
        (PasscodeRule(both_cases=True), "abc123", "must have upper and lower case letters"),
        (PasscodeRule(both_cases=True), "aBc123", None),
        (PasscodeRule(digits_only=True), "abc123", "must have digits only"),
        (PasscodeRule(digits_only=True, letter=True, special=True, both_cases=True), "135790", None),
        (PasscodeRule(run_length=4), "x1234", "must have no 4 consecutive characters, such as 1234"),
        (PasscodeRule(run_length=5), "x1234", None),
        (PasscodeRule(run_length=4), "111111", None),
        (PasscodeRule(length_min=8, number=True), "abc", "must have at least 8 characters"),
    ],
)
def test_the_first_part_that_is_broken_is_named(
    rule: PasscodeRule, passcode: str, broken: str | None
) -> None:
    assert rule.broken_by(passcode) == broken


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PasscodeRule(length_min=8), "at least 8 characters"),
        (PasscodeRule(letter=True, number=True), "a letter and a number"),
        (
            PasscodeRule(length_min=8, letter=True, special=True),
            "at least 8 characters, a letter and one of `@ - _ *`",
        ),
    ],
)
def test_a_rule_is_told_in_words(rule: PasscodeRule, words: str) -> None:
    assert rule.words == words


@pytest.mark.parametrize(
    ("requirement", "rule"),
    [
        (
            {
                "length": 8,
                "have_letter": True,
                "have_number": True,
                "have_special_character": True,
                "have_upper_and_lower_characters": True,
                "only_allow_numeric": False,
                "consecutive_characters_length": 4,
            },
            PasscodeRule(8, letter=True, number=True, special=True, both_cases=True, run_length=4),
        ),
        ({"only_allow_numeric": True, "length": 6}, PasscodeRule(6, digits_only=True)),
        ({"length": "8", "have_letter": 1, "consecutive_characters_length": True}, PasscodeRule()),
        ({"length": -1, "consecutive_characters_length": 0}, PasscodeRule()),
        ([], PasscodeRule()),
        (None, PasscodeRule()),
    ],
)
def test_what_zoom_does_not_say_is_not_asked_for(requirement: Any, rule: PasscodeRule) -> None:
    assert rule_of({"meeting_security": {"meeting_password_requirement": requirement}}) == rule


@pytest.mark.parametrize("settings", [{}, {"meeting_security": []}, {"schedule_meeting": {}}])
def test_settings_of_another_form_ask_for_nothing(settings: dict[str, Any]) -> None:
    assert rule_of(settings) == PasscodeRule()
