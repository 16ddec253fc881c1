"""Likely renames: which new keys are withheld, for which old key, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    HOST,
    at,
    imported,
    intent,
    meeting,
    moved,
    one_off,
    planned,
    record,
    removed,
    spec,
    state,
    weekly,
)

from reconciler.plan.plan import Options
from reconciler.plan.step import Status, Step

RENAMED = (
    "looks like `old`, meeting 81234567001, under a new key; to keep its join link, "
    "add `moved: [{from: old, to: new}]`; if they are two meetings, "
    "`removed: [{key: old, id: 81234567001, destroy: true}]` deletes the old one, "
    "and the same with `destroy: false` leaves it in Zoom"
)
DECIDED = (
    "looks like `old`, which `removed` names; "
    "`moved: [{from: old, to: new}]` in place of that line keeps its join link"
)
RULE = weekly()["recurrence"]


def renamed(before: dict[str, Any], after: dict[str, Any], **references: Any) -> tuple[str, ...]:
    """Reasons of the key `new`, where a record under `old` is no longer declared."""
    known = state(meetings={"old": record(1, before)}, hosts={HOST: "U1"})
    declared = spec(meeting("new", after, host="U1"), **references)
    return next(step.reasons for step in planned(declared, known).steps if step.key == "new")


def withheld(old: dict[str, Any], **new: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The withheld keys among `new`, each with the old key that it looks like."""
    declared = spec(*(meeting(key.replace("_", "-"), attributes) for key, attributes in new.items()))
    steps = planned(declared, state(meetings={"old": record(1, old)})).steps
    return [(step.key, step.from_key) for step in steps if step.status is Status.WITHHELD]


def test_a_rename_that_also_changes_the_time_is_one() -> None:
    """From the field: `retro` became `platform-retro`, half an hour later."""
    before = weekly(topic="Retro", start_time="2027-01-11T15:30:00")
    after = weekly(topic="Retro", start_time="2027-01-11T16:00:00")

    assert renamed(before, after) == (RENAMED,)


@pytest.mark.parametrize(
    "after",
    [
        weekly(),
        weekly(topic="Another"),
        weekly(start_time="2027-01-11T16:00:00"),
        weekly(start_time="2027-01-18T16:00:00"),
        weekly(recurrence={**RULE, "weekly_days": "2,4"}),
        weekly(topic="Another", recurrence={**RULE, "end_times": 3}),
        weekly(start_time="2027-03-01T16:00:00", recurrence={**RULE, "end_times": 40}),
        weekly(topic="Another", start_time="2027-01-11T09:00:00Z"),
    ],
    ids=[
        "all three",
        "start and rule",
        "topic and rule",
        "another day",
        "topic and start",
        "a rule that ends sooner",
        "renewed at another time",
        "an instant",
    ],
)
def test_a_series_is_a_likely_rename_if_two_of_topic_start_and_rule_agree(after: dict[str, Any]) -> None:
    """Its end is no part of the rule: a series that is renewed under a new key is the same one."""
    assert renamed(weekly(), after) == (RENAMED,)


def test_the_order_of_a_rule_does_not_matter() -> None:
    """Days of the week are a set."""
    rule = {**RULE, "weekly_days": "2,4"}
    other_order = {**dict(reversed(rule.items())), "weekly_days": "4,2"}

    assert renamed(weekly(recurrence=rule), weekly(topic="Another", recurrence=other_order)) == (RENAMED,)


def test_a_running_series_may_begin_at_its_next_date() -> None:
    """What is declared anew often begins today: the start agrees where the dates to come do."""
    known = state(meetings={"old": record(1, weekly())})
    declared = spec(meeting("new", weekly(topic="Another", start_time="2027-02-01T10:00:00")))

    steps = planned(declared, known, now=at("2027-01-29T12:00:00Z")).steps

    assert [(step.key, step.status, step.from_key) for step in steps] == [("new", Status.WITHHELD, "old")]


@pytest.mark.parametrize(
    "after",
    [
        one_off(),
        one_off(duration=90),
        one_off(type=None),
        one_off(topic="Another"),
        one_off(start_time="2027-01-14T15:30:00Z"),
        one_off(start_time="2027-01-21T15:00:00Z"),
        one_off(start_time="2027-01-07T15:00:00Z"),
    ],
    ids=["both", "both, longer", "no type", "start", "half an hour later", "a week later", "a week earlier"],
)
def test_a_single_meeting_is_a_likely_rename_by_its_topic_within_a_week_or_by_its_start(
    after: dict[str, Any],
) -> None:
    """One is enough: a meeting that is put off keeps its topic."""
    assert renamed(one_off(), after) == (RENAMED,)


def test_a_room_is_a_likely_rename_by_its_topic() -> None:
    """It has no start."""
    room = one_off(type=3, start_time=None)

    assert renamed(room, room) == (RENAMED,)
    assert renamed(room, {**room, "topic": "Another"}) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (one_off(), one_off(start_time="2027-01-21T15:01:00Z")),
        (one_off(), one_off(topic="Another", start_time="2027-01-14T15:30:00Z")),
        (one_off(), one_off(type=3, start_time=None)),
        (one_off(), weekly(topic="Launch review")),
        (weekly(), weekly(topic="Another", start_time="2027-01-11T16:00:00")),
        (weekly(), weekly(topic="Another", recurrence={**RULE, "repeat_interval": 2})),
        (weekly(), weekly(start_time="2027-01-12T16:00:00", recurrence={**RULE, "weekly_days": "3"})),
    ],
    ids=["later", "neither", "a room", "a series", "rule alone", "start alone", "topic alone"],
)
def test_another_meeting_is_no_rename(before: dict[str, Any], after: dict[str, Any]) -> None:
    """It is created."""
    assert renamed(before, after) == ()


def test_a_meeting_of_another_host_is_no_rename() -> None:
    """Its link would not stay either."""
    declared = spec(meeting("new", host="else@example.com"))
    steps = planned(declared, state(meetings={"old": record()})).steps

    assert [(step.key, step.status) for step in steps] == [
        ("new", Status.NOW),
        ("old", Status.WITHHELD),
    ]


def test_both_keys_have_one_entry_with_the_moved_line_first() -> None:
    """A reader decides once; the line that keeps the link comes first."""
    plan = planned(spec(meeting("new")), state(meetings={"old": record()}))

    assert [(step.key, step.action.value, step.status, step.reasons) for step in plan.steps] == [
        ("new", "create", Status.WITHHELD, (RENAMED,))
    ]
    assert (plan.has_work, plan.has_withheld_create, plan.summary["withheld"]) == (False, True, 1)


@pytest.mark.parametrize("target", ["old", "new"])
def test_a_target_selects_the_entry_by_either_key(target: str) -> None:
    """It is the only entry of both."""
    plan = planned(
        spec(meeting("new")), state(meetings={"old": record()}), options=Options(targets=(target,))
    )

    assert ([step.key for step in plan.steps], plan.diagnostics) == (["new"], ())


def test_a_record_withholds_the_nearest_new_key_only() -> None:
    """More agreements count first, then the shorter distance; the others are created."""
    near, far = one_off(start_time="2027-01-14T16:00:00Z"), one_off(start_time="2027-01-16T15:00:00Z")
    series = weekly(start_time="2027-01-11T16:00:00")

    assert withheld(one_off(), far=far, near=near) == [("near", "old")]
    assert withheld(one_off(), a_far=far, same=one_off()) == [("same", "old")]
    assert withheld(weekly(), a_moved=series, same=weekly()) == [("same", "old")]
    assert withheld(one_off(), a=one_off(), b=one_off()) == [("a", "old")]


def test_each_new_key_is_withheld_for_one_old_key() -> None:
    """Two renames in one commit stay two."""
    known = state(
        meetings={"old-a": record(1), "old-b": record(2, one_off(start_time="2027-01-15T15:00:00Z"))}
    )
    declared = spec(meeting("a"), meeting("b", one_off(start_time="2027-01-15T16:00:00Z")))

    steps = planned(declared, known).steps

    assert [(step.key, step.from_key) for step in steps] == [("a", "old-a"), ("b", "old-b")]


def test_what_is_protected_or_over_withholds_nothing() -> None:
    """A protected meeting stays whatever is declared; one that is over has no link to keep."""
    protected = state(meetings={"old": record(protect=True)})
    over = state(meetings={"old": record(1, one_off(start_time="2026-11-27T15:00:00Z"))})
    declared = spec(meeting("new", one_off(start_time="2026-12-02T15:00:00Z")))

    assert [step.status for step in planned(spec(meeting("new")), protected).steps] == [
        Status.NOW,
        Status.WITHHELD,
    ]
    assert [step.status for step in planned(declared, over).steps] == [Status.NOW, Status.EXPIRED]


@pytest.mark.parametrize("destroy", [True, False])
def test_beside_a_removed_line_the_create_still_names_the_moved_line(destroy: bool) -> None:  # noqa: FBT001 - a case
    """It is created: the decision was made, perhaps without knowing of `moved`."""
    lines = (removed("old", 81_234_567_001, destroy=destroy),)
    known, declared = state(meetings={"old": record()}), spec(meeting("new"), removed=lines)

    new, old = planned(declared, known).steps

    assert (new.status, new.reasons) == (Status.NOW, (DECIDED,))
    assert (old.key, old.status) == ("old", Status.NOW)


def test_what_is_declared_moved_or_imported_is_no_rename() -> None:
    """Two meetings may look alike."""
    known = state(meetings={"old": record()})

    assert _outcomes(planned(spec(meeting("old"), meeting("new")), known).steps) == [
        ("new", "create", Status.NOW),
        ("old", "keep", Status.NOW),
    ]
    declared = spec(meeting("other"), meeting("new"), moved=(moved("old", "other"),))
    assert _outcomes(planned(declared, known).steps) == [
        ("new", "create", Status.NOW),
        ("other", "move", Status.NOW),
    ]
    taken = spec(meeting("new"), imports=(imported(81_234_567_009, "new"),))
    assert _outcomes(planned(taken, known).steps) == [
        ("new", "import", Status.NOW),
        ("old", "destroy", Status.WITHHELD),
    ]


def test_an_interrupted_create_that_looks_like_a_rename_is_not_sent_again() -> None:
    """It is looked up; if it did not happen, the next plan withholds it."""
    known = state(meetings={"old": record()}, intents={"new": intent()})

    looked_up, old = planned(spec(meeting("new")), known).steps

    assert (looked_up.action.value, looked_up.sends_again) == ("resolve", False)
    assert (old.key, old.status) == ("old", Status.WITHHELD)


def test_the_lines_are_yaml_for_every_key() -> None:
    """A key of digits is text only in quotes."""
    known = state(meetings={"2027": record()})

    reason = planned(spec(meeting("1e5")), known).steps[0].reasons[0]

    assert '`moved: [{from: "2027", to: "1e5"}]`' in reason
    assert '`removed: [{key: "2027", id: 81234567001, destroy: true}]`' in reason


def test_a_withheld_create_is_an_error_within_48_hours_of_its_start() -> None:
    """Nobody can join a meeting that was never made."""
    start = one_off(start_time="2026-12-03T08:00:00Z")
    known = state(meetings={"old": record(1, start)})

    soon = planned(spec(meeting("new", start)), known)
    later = planned(spec(meeting("new", start)), known, now=at("2026-12-01T07:59:00Z"))

    assert soon.summary["late"] == 1
    assert [(found.code, found.severity.value, found.key) for found in soon.diagnostics] == [
        ("plan.withheld-late", "error", "new")
    ]
    assert soon.diagnostics[0].detail == (
        "new starts Thu 3 Dec 2026, 08:00 UTC, and is not created: "
        "it looks like `old`, which is no longer declared."
    )
    assert (later.summary["late"], later.diagnostics) == (0, ())


def _outcomes(steps: tuple[Step, ...]) -> list[tuple[str, str, Status]]:
    return [(step.key, step.action.value, step.status) for step in steps]
