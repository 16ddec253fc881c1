"""What a write records, in a line."""

from __future__ import annotations

import timeit

import pytest
from builders import intent, record, state
from msgspec.structs import replace

from reconciler.state.document import encode
from reconciler.state.history import Fact, Kind
from reconciler.state.state import State, retire
from reconciler.state.summary import summarize

DAY = "2026-12-01"
ONE = state(meetings={"launch": record(1), "retro": record(2)})
RETIRED = replace(ONE, retired=(retire("retro", record(9)),))


def many(count: int) -> State:
    return state(meetings={f"m{number}": record(number) for number in range(count)})


def began(before: State, *keys: str) -> State:
    for key in keys:
        before = before.begin(key, intent(), day=DAY)
    return before


OPEN = began(ONE, "a", "retro")


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (ONE, began(ONE, "a"), "Begin a"),
        (ONE, began(ONE, *"abcde"), "Begin a, b, c (and 2 more)"),
        (began(ONE, "a"), ONE.confirm("a", record(3)), "Record a"),
        (began(ONE, "a"), began(ONE, "b", "c").confirm("a", record(3)), "Record a; begin 2"),
        (began(ONE, "a"), began(ONE, "a").drop_intent("a"), "Drop the intent of a"),
        (began(ONE, "retro"), began(ONE, "retro").confirm("retro", record(3)), "Record retro"),
        (ONE, ONE.forget("retro"), "Forget retro"),
        (ONE, ONE.move("retro", "review"), "Move retro to review"),
        (ONE, ONE.move("retro", "review").forget("launch"), "Move retro to review; forget 1"),
        (OPEN, OPEN.move("a", "b"), "Move a to b"),
        (OPEN, OPEN.move("retro", "review"), "Move retro to review"),
        (RETIRED, RETIRED.move("retro", "review"), "Move retro to review"),
        (RETIRED, ONE, "Delete the replaced meeting of retro"),
        (ONE, RETIRED, "Note a replaced meeting"),
        (ONE, ONE.charge(DAY, "a@example.com", 1), "Count requests"),
        (ONE, ONE.resolve_host("a@example.com", "u1"), "Learn the ids of hosts"),
        (ONE, ONE.written(), "Write the state again"),
        (ONE, state(meetings={"launch": record(1), "retro": record(2)}), "Write the state again"),
        (State(), ONE, "Record launch, retro"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_write_is_summarized_by_what_it_records(before: State, after: State, line: str) -> None:
    """The first thing names its keys, the rest are counts."""
    assert summarize(before, after) == line


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.RELEASE, "Record fields of launch"),
        (Kind.EXPIRE, "Drop the record of launch"),
        (Kind.DATES, "Change dates of launch"),
        (Kind.EXTEND, "Extend launch"),
        (Kind.UPDATE, "Update launch (topic)"),
    ],
)
def test_what_the_run_told_is_said_first(kind: Kind, line: str) -> None:
    changed = state(meetings={"launch": record(1, {"topic": "Go"})})

    assert (
        summarize(state(meetings={"launch": record(1)}), changed, [Fact(kind, "launch", ("topic",))]) == line
    )


def test_a_line_costs_little_in_a_large_state() -> None:
    """It is made for each write: of 10,000 meetings in much less time than they are encoded in."""
    before = many(10_000)
    after = began(before, "a").confirm("m7", record(99_999))

    assert summarize(before, after) == "Record m7; begin 1"
    summarizing = min(timeit.repeat(lambda: summarize(before, after), number=1, repeat=5))
    encoding = min(timeit.repeat(lambda: encode(before), number=1, repeat=3))
    assert summarizing < encoding / 2
