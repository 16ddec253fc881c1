from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.spec.yaml import document, writer
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.writer import Layout

FEW = settings(max_examples=150, deadline=None)

WORDS = st.sampled_from(
    ["yes", "NO", "0730", "10:30", "1_000", "a: b", "a #b", "#", "- a", "---", "...", "a\nb", "a\n\nb\n",
     "2027-01-11", "0x1F", "a:", " a", "a ", "{a}", "a, b", "[", "?", "? a", "a?b", "!t", "&a", "%a", "@a",
     "*x", "`", "'a'", '"a"', "null", "~", "", "<<", "=", "a\r\nb", "a\tb", "\u202eabc", "\x07", "\x00",
     "\u2028", "\ufeff", "\U0001f680 go", "\u65e5\u672c", "http://a.example/b?c=d", "a: {b}", "a\n b",
     " a\nb", "a \nb", "\n", "a\n\n"]
)  # fmt: skip
TEXTS = WORDS | st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = (
    TEXTS
    | st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def read(text: str) -> Any:
    parsed = document.parse(Source("spec.yaml", text.encode()))
    assert parsed.is_sound, (text, parsed.problems)
    return parsed.value


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for name, inner in named for each in ((*path, name), *paths(inner, (*path, name)))]


@FEW
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_written_value_reads_back_equal(value: dict[str, Any]) -> None:
    assert read(writer.render(value)) == value


@FEW
@given(st.dictionaries(TEXTS, VALUES, max_size=3), TEXTS)
def test_comments_and_open_containers_change_no_value(value: dict[str, Any], note: str) -> None:
    """A comment ends with its line, whatever characters it has."""
    everywhere = paths(value)
    layout = Layout(
        dict.fromkeys(everywhere[::2], (note, "", "x")), dict.fromkeys(everywhere[::3], note), lambda _: True
    )

    assert read(writer.render(value, layout)) == value


@FEW
@given(st.lists(TEXTS, max_size=5))
def test_other_readers_take_text_for_text(texts: list[str]) -> None:
    """PyYAML's own loader, which knows the constants and numbers of YAML 1.1, reads every text as text."""
    value = {"texts": texts, "one": {"inner": texts}}

    assert yaml.safe_load(writer.render(value)) == value


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("Platform weekly", "Platform weekly"),
        ("Launch 2027: meet the team", '"Launch 2027: meet the team"'),
        ("What shipped, what broke", "What shipped, what broke"),
        ("2027-01-11T10:00:00", "2027-01-11T10:00:00"),
        ("platform@example.com", "platform@example.com"),
        ("a;b", "a;b"),
        ("C# guild", "C# guild"),
        ("Team #1", '"Team #1"'),
        ('say "hi"', 'say "hi"'),
        ("2", '"2"'),
        ("2,4", '"2,4"'),
        ("no", '"no"'),
        ("", '""'),
        ("über 日本 🚀", "über 日本 🚀"),
        ("a\u202eb", '"a\\u202eb"'),
        ("bell\x07", '"bell\\x07"'),
        ("one\r\ntwo", '"one\\r\\ntwo"'),
        ("back\\slash", "back\\slash"),
        ("\U000e0001", '"\\U000e0001"'),
        (True, "true"),
        (None, "null"),
        (45, "45"),
        ([], "[]"),
        ({}, "{}"),
        ({"type": 2, "weekly_days": "2"}, '{type: 2, weekly_days: "2"}'),
        (["a@example.com", "x, y"], '[a@example.com, "x, y"]'),
        ({"end_date_time": "2027-12-21T22:59:59Z"}, "{end_date_time: 2027-12-21T22:59:59Z}"),
    ],
)
def test_quotes_are_written_only_where_they_are_needed(value: Any, line: str) -> None:
    assert writer.render({"key": value}) == f"key: {line}\n"


def test_a_document_has_the_layout_that_people_write() -> None:
    value = {
        "version": 1,
        "meetings": {
            "weekly": {
                "topic": "Weekly",
                "agenda": "First:\n\n  - one\n  - two",
                "notes": "a\nb\n",
                "settings": {"waiting_room": True},
                "rooms": [
                    {"name": "Keep", "participants": ["ada@example.com"]},
                    {"name": "x" * 60, "participants": ["y" * 60]},
                ],
            },
        },
    }
    layout = Layout(
        above={("version",): ("first", ""), ("meetings", "weekly"): ("", "about it")},
        beside={("meetings", "weekly", "topic"): "a topic", ("meetings", "weekly", "rooms", 0): "one"},
        is_open=lambda path: path[-1] == "settings",
    )

    assert (
        writer.render(value, layout)
        == f"""\
# first

version: 1
meetings:

  # about it
  weekly:
    topic: Weekly  # a topic
    agenda: |-
      First:

        - one
        - two
    notes: |
      a
      b
    settings:
      waiting_room: true
    rooms:
      - {{name: Keep, participants: [ada@example.com]}}  # one
      - name: {"x" * 60}
        participants: [{"y" * 60}]
"""
    )


def test_an_empty_mapping_is_written_in_braces() -> None:
    assert writer.render({}) == "{}\n"
