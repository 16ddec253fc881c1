"""Candidates are assigned to intents: strict matches first, each to one; the rest is absent or unclear."""

from __future__ import annotations

from typing import Any

import pytest
from builders import intent, one_off, weekly

from reconciler.apply.resolve import lookup
from reconciler.apply.resolve.lookup import LookupResult, assign
from reconciler.state.state import Attempt

BEGUN = "2026-12-01T09:00:00.900Z"


def begun(first_begun_at: str = BEGUN, *starts: str, **attributes: Any) -> Any:
    """An intent of a single meeting."""
    sent = tuple(Attempt(start, None) for start in starts or ("2027-01-14T15:00:00Z",))
    return intent(one_off(**attributes), first_begun_at=first_begun_at, begun_at=first_begun_at, sent=sent)


def stored(number: int, created_at: str = "2026-12-01T09:00:01Z", **fields: Any) -> dict[str, Any]:
    """A meeting as Zoom has it."""
    return {"id": number, "created_at": created_at, "timezone": "UTC", **one_off(), **fields}


def test_a_strict_match_is_adopted() -> None:
    assert assign({"a": begun()}, [stored(1)]) == LookupResult(adopted={"a": stored(1)})


def test_no_candidate_proves_absence() -> None:
    assert assign({"a": begun()}, []) == LookupResult(absent=("a",))


DIFFERENT = {
    "topic": {"topic": "Launch Review"},
    "start": {"start_time": "2027-01-14T15:30:00Z"},
    "no start": {"start_time": None},
    "a start that is no instant": {"start_time": "soon"},
    "duration": {"duration": 45},
    "type": {"type": 3},
    "zone": {"timezone": "Europe/Berlin", "start_time": "2027-01-14T15:00:00Z"},
}


@pytest.mark.parametrize("fields", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_a_meeting_that_differs_needs_a_person(fields: dict[str, Any]) -> None:
    other = stored(1, **fields)

    assert assign({"a": begun(timezone="UTC")}, [other]) == LookupResult(unclear={"a": (other,)})


def test_the_start_of_any_attempt_is_a_match() -> None:
    twice = begun(BEGUN, "2027-01-07T15:00:00Z", "2027-01-14T15:00:00Z")

    assert assign({"a": twice}, [stored(1)]).adopted == {"a": stored(1)}


def test_a_start_in_its_zone_is_an_instant() -> None:
    berlin = begun(BEGUN, "2027-01-14T16:00:00", timezone="Europe/Berlin", start_time="2027-01-14T16:00:00")

    assert assign({"a": berlin}, [stored(1, timezone="europe/berlin")]).adopted.keys() == {"a"}


@pytest.mark.parametrize(
    ("created_at", "is_candidate"),
    [
        ("2026-12-01T08:55:00Z", True),  # five minutes before the second in which it was begun
        ("2026-12-01T08:54:59Z", False),
        ("", True),
        ("yesterday", True),
        ("2026-12-01T08:00:00", True),  # without a zone it is no instant
        (None, True),
    ],
)
def test_the_window_begins_with_the_first_attempt_less_the_skew(
    created_at: Any, *, is_candidate: bool
) -> None:
    found = assign({"a": begun()}, [stored(1, created_at, topic="x")])

    assert bool(found.unclear) is is_candidate
    assert bool(found.absent) is not is_candidate


def test_two_matches_of_one_intent_need_a_person() -> None:
    both = (stored(1), stored(2))

    assert assign({"a": begun()}, both) == LookupResult(unclear={"a": both})


def test_an_adopted_meeting_is_no_candidate_of_another_intent() -> None:
    other = begun(topic="other")

    assert assign({"a": begun(), "b": other}, [stored(1)]) == LookupResult({"a": stored(1)}, ("b",))


def test_the_intent_with_fewer_matches_has_the_first_choice() -> None:
    """`b` began after the first meeting was created, so only the second can be its own."""
    intents = {"a": begun(), "b": begun("2026-12-01T10:00:00Z")}
    early, late = stored(1), stored(2, "2026-12-01T10:00:01Z")

    assert assign(intents, [early, late]).adopted == {"a": early, "b": late}


def test_interchangeable_intents_are_assigned_by_key_and_age() -> None:
    intents = {"y": begun(), "x": begun()}
    older, newer = stored(9), stored(1, "2026-12-01T09:00:02Z")

    assert assign(intents, [newer, older]).adopted == {"x": older, "y": newer}


def test_more_intents_than_candidates_need_a_person() -> None:
    assert assign({"x": begun(), "y": begun()}, [stored(1)]).unclear.keys() == {"x", "y"}


def test_an_unconfirmed_meeting_is_neither_adopted_nor_absent() -> None:
    assert assign({"a": begun()}, [], [stored(1)]) == LookupResult(unclear={"a": (stored(1),)})


def test_a_meeting_without_a_fixed_time_is_known_by_its_topic() -> None:
    open_ended = intent(
        {"topic": "Room", "type": 3}, first_begun_at=BEGUN, begun_at=BEGUN, sent=(Attempt(None, None),)
    )
    found = {"id": 1, "topic": "Room", "type": 3, "created_at": "2026-12-01T09:00:01Z", "duration": 60}

    assert assign({"a": open_ended}, [found]).adopted == {"a": found}


def test_the_sent_body_is_known_by_its_start() -> None:
    attributes = weekly(start_time="2026-11-23T10:00:00", password={"env": "A_PASSCODE"})
    sent = (Attempt("2026-11-30T10:00:00", 19), Attempt("2026-12-07T10:00:00", 18))
    twice = intent(attributes, sent=sent)
    expected = {name: value for name, value in attributes.items() if name != "password"}

    second = lookup.as_sent(twice, {"start_time": "2026-12-07T09:00:00Z", "timezone": "Europe/Berlin"})
    none = lookup.as_sent(twice, {"start_time": "2026-12-08T09:00:00Z", "timezone": "Europe/Berlin"})

    assert second == expected | {
        "start_time": "2026-12-07T10:00:00",
        "recurrence": {**attributes["recurrence"], "end_times": 18},
    }
    assert none == expected


def test_an_attempt_with_a_count_is_of_a_meeting_that_may_have_no_rule() -> None:
    """Others may have written the state; a body is still made of the values that it has."""
    counted = intent(one_off(), sent=(Attempt("2027-01-14T15:00:00Z", 3),))

    assert lookup.as_sent(counted, stored(1)) == one_off()
