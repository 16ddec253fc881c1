"""Keys that are made from topics."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.spec import keys as spec_keys
from reconciler.spec.yaml.scalars import is_text


@pytest.mark.parametrize(
    ("topic", "slug"),
    [
        ("Platform weekly", "platform-weekly"),
        ("Launch 2027: meet the team!", "launch-2027-meet-the-team"),
        ("v1.2_rc planning", "v1.2_rc-planning"),
        ("Übung & Größe", "ubung-grosse"),
        ("  -- hm --  ", "hm"),
        ("2027", "meeting-2027"),
        ("null", "meeting-null"),
        ("0E", "meeting-0e"),
        ("週次", ""),
        ("a" * 100, "a" * 60),
        ("word " * 20, "word-word-word-word-word-word-word-word-word-word-word-word"),
    ],
)
def test_a_slug_has_the_allowed_characters_of_the_topic(topic: str, slug: str) -> None:
    assert spec_keys.slug(topic) == slug


def test_a_numbered_key_is_not_read_as_a_number() -> None:
    """The second of two meetings called 0E would be 0e-2, which YAML reads as zero."""
    assert spec_keys.assign_keys([(1, "0E"), (2, "0E")], set()) == {1: "meeting-0e", 2: "meeting-0e-2"}


def test_equal_topics_are_numbered_and_taken_keys_skipped() -> None:
    topics = [(1, "Weekly"), (2, "Weekly"), (3, "weekly!"), (4, "週次"), (5, "Weekly 2")]

    assert spec_keys.assign_keys(topics, {"weekly", "weekly-3"}) == {
        1: "weekly-2",
        2: "weekly-4",
        3: "weekly-5",
        4: "meeting-4",
        5: "weekly-2-2",
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_every_key_is_valid_in_a_spec_and_no_two_are_equal(topics: list[str]) -> None:
    keys = spec_keys.assign_keys(enumerate(topics), set()).values()

    assert len({*keys}) == len(topics)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", key) and is_text(key) for key in keys)
