"""One step for every key that the spec or the state knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import (
    HOST,
    NOW,
    at,
    imported,
    intent,
    meeting,
    moved,
    one_off,
    record,
    removed,
    spec,
    state,
    weekly,
)
from msgspec.structs import replace

from reconciler.plan._compare import StateComparison
from reconciler.plan._existing import IF_REFUSED
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.state.state import Retired

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.meeting.meeting import Meeting
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State

OTHER = one_off(topic="Another", start_time="2027-03-01T15:00:00Z")
OLD_ID = 81_234_567_001
IN_2027 = at("2027-01-29T12:00:00Z")


def steps(declared: Spec, recorded: State | None = None, now: datetime = NOW) -> list[Step]:
    """Every step, in order."""
    return list(StateComparison(declared, recorded or state(), now).steps())


def outcomes(
    declared: Spec, recorded: State | None = None, now: datetime = NOW
) -> list[tuple[str, str, str]]:
    """Key, action and status of every step."""
    return [(each.key, each.action.value, each.status.value) for each in steps(declared, recorded, now)]


def reasons(declared: Spec, recorded: State | None = None, now: datetime = NOW) -> dict[str, tuple[str, ...]]:
    """The reasons of every step that has some."""
    return {each.key: each.reasons for each in steps(declared, recorded, now) if each.reasons}


def test_every_key_has_one_step_sorted() -> None:
    """Declared, recorded or begun."""
    declared = spec(meeting("c"), meeting("a"), meeting("begun", OTHER))
    recorded = state(
        meetings={"c": record(), "b": record(2, OTHER)},
        intents={"begun": intent(OTHER), "gone": intent(OTHER)},
    )

    assert outcomes(declared, recorded) == [
        ("a", "create", "now"),
        ("b", "destroy", "withheld"),
        ("begun", "resolve", "now"),
        ("c", "keep", "now"),
        ("gone", "resolve", "now"),
    ]


def test_a_missing_meeting_is_created() -> None:
    """With what is declared and when it starts."""
    declared = meeting()

    assert steps(spec(declared)) == [
        Step(
            "launch",
            Action.CREATE,
            HOST,
            "Launch review",
            meeting=declared,
            starts_at=at("2027-01-14T15:00:00Z"),
        )
    ]


def test_a_recorded_meeting_is_kept() -> None:
    """Under its id, though its host is named otherwise."""
    declared = meeting(host="U1")
    known = state(meetings={"launch": record()}, hosts={HOST: "U1"})

    assert steps(spec(declared), known) == [
        Step(
            "launch",
            Action.KEEP,
            "U1",
            "Launch review",
            meeting=declared,
            recorded=one_off(),
            id=81_234_567_001,
            starts_at=at("2027-01-14T15:00:00Z"),
        )
    ]


def test_a_host_is_the_same_under_each_of_its_names() -> None:
    """Its e-mail in capital letters, another alias, its user id."""
    known = state(meetings={"launch": record()}, hosts={HOST: "U1", "alias@example.com": "U1"})

    assert [
        outcomes(spec(meeting(host=host)), known)
        for host in ("U1", "Platform@Example.com", "alias@example.com", "other@example.com")
    ] == [
        [("launch", "keep", "now")],
        [("launch", "keep", "now")],
        [("launch", "keep", "now")],
        [("launch", "update", "now")],
    ]


def test_another_host_is_an_update_that_hands_the_meeting_over() -> None:
    """As long as nothing says that both names mean one user; the plan says what happens if Zoom refuses."""
    known = state(meetings={"launch": record()}, hosts={HOST: "U1"})

    assert outcomes(spec(meeting(host="U2")), known) == [("launch", "update", "now")]
    assert reasons(spec(meeting(host="U2")), known) == {"launch": (IF_REFUSED,)}


def test_a_released_field_is_a_reason_of_a_keep() -> None:
    """It costs nothing and changes nothing in Zoom."""
    known = state(meetings={"launch": record(1, one_off(agenda="Plan", settings={"use_pmi": False}))})

    assert outcomes(spec(meeting()), known) == [("launch", "keep", "now")]
    assert reasons(spec(meeting()), known) == {
        "launch": ("`agenda` is no longer declared", "`settings.use_pmi` is no longer declared")
    }


def test_a_running_series_says_what_it_sends() -> None:
    """From the next occurrence on; the design's own words."""
    assert reasons(spec(meeting("weekly", weekly())), now=IN_2027) == {
        "weekly": ("3 occurrences are over; sends 2027-02-01 10:00, 17 left",)
    }


@pytest.mark.parametrize(
    ("rule", "start", "said"),
    [
        ({"end_times": 0}, "2027-01-25T10:00:00", "1 occurrence is over; sends 2027-02-01 10:00"),
        (
            {"end_times": None, "end_date_time": "2027-02-08T23:00:00Z"},
            "2027-01-25T10:00:00",
            "1 occurrence is over; sends 2027-02-01 10:00, 2 left",
        ),
        (
            {},
            "2027-01-25T09:00:00Z",
            "1 occurrence is over; sends 2027-02-01 09:00 UTC (Mon 1 Feb 2027, 10:00 Europe/Berlin), 19 left",
        ),
        ({}, "2027-01-25T10:00:30", "1 occurrence is over; sends 2027-02-01 10:00:30, 19 left"),
    ],
)
def test_a_series_that_is_sent_short_is_described_in_its_own_terms(
    rule: dict[str, object], start: str, said: str
) -> None:
    """Without an end nothing is left to count; a UTC start is shown as one."""
    rule = {name: value for name, value in {**weekly()["recurrence"], **rule}.items() if value is not None}
    declared = spec(meeting("weekly", weekly(start_time=start, recurrence=rule)))

    assert reasons(declared, now=IN_2027) == {"weekly": (said,)}


def test_what_is_over_or_has_begun_is_never_sent() -> None:
    """Zoom would start it now, or ignore the start."""
    declared = spec(
        meeting("over", one_off(start_time="2026-11-01T15:00:00Z")),
        meeting("running", one_off(start_time="2026-12-01T07:30:00Z", topic="Another")),
    )

    assert outcomes(declared) == [("over", "create", "expired"), ("running", "create", "expired")]
    assert reasons(declared) == {
        "over": ("its time is over: Zoom would start it at once, so it is not sent",),
        "running": ("it has begun: Zoom would start it at once, so it is not sent",),
    }


def test_a_recorded_meeting_whose_time_is_over_stays() -> None:
    """It is no work and no drift, declared or not."""
    over = one_off(start_time="2026-11-01T15:00:00Z")
    known = state(meetings={"launch": record(1, over), "old": record(2, over)})

    assert outcomes(spec(meeting(attributes=over)), known) == [
        ("launch", "keep", "expired"),
        ("old", "destroy", "expired"),
    ]
    assert reasons(spec(meeting(attributes=over)), known) == {
        "launch": ("its time is over",),
        "old": ("its time is over and it is no longer declared",),
    }


def test_the_start_of_an_interrupted_request_is_told_to_the_second() -> None:
    began = replace(intent(), begun_at="2026-11-30T18:00:00.675685Z")

    (step,) = steps(spec(), state(intents={"launch": began}))

    assert step.reasons == (
        "an interrupted create, begun 2026-11-30T18:00:00Z: Zoom is asked what became of it",
    )


def test_an_interrupted_create_is_looked_up() -> None:
    """Whatever the spec says of it now."""
    known = state(intents={"launch": intent()})
    looked_up = Step(
        "launch",
        Action.RESOLVE,
        HOST,
        "Launch review",
        reasons=("an interrupted create, begun 2026-11-30T18:00:00Z: Zoom is asked what became of it",),
        recorded=one_off(),
        intent_action=Action.CREATE,
    )

    assert steps(spec(), known) == [looked_up]
    assert steps(spec(meeting()), known) == [
        replace(looked_up, meeting=meeting(), starts_at=at("2027-01-14T15:00:00Z"))
    ]


def test_an_interrupted_create_that_a_person_judged_is_imported() -> None:
    """It is the meeting that `imports` names: nothing is looked up, and no request set aside."""
    declared = spec(meeting(), imports=(imported(81234567890, "launch"),))

    assert outcomes(declared, state(intents={"launch": intent()})) == [("launch", "import", "now")]


def interrupted(action: str, *meetings: Meeting, protect: bool = False, **references: Any) -> Step:
    """The step of a recorded meeting with an interrupted request about it."""
    begun = intent(one_off(duration=90), action=action, id=OLD_ID)
    known = state(meetings={"launch": record(protect=protect)}, intents={"launch": begun})
    (step,) = steps(spec(*meetings, **references), known)
    assert (step.action, step.intent_action, step.id) == (Action.RESOLVE, action, OLD_ID)
    return step


CHANGED = meeting(attributes=one_off(duration=90))
ELSEWHERE = meeting(host="cto@example.com")


def test_an_interrupted_update_is_sent_again_as_the_spec_says_now() -> None:
    """With what differs; also where the spec went back to the record, since it may have happened."""
    asked, back = interrupted("update", CHANGED), interrupted("update", meeting())

    assert [change.path for change in asked.changes] == ["duration"]
    assert (asked.sends_again, back.sends_again, back.changes) == (True, True, ())


def test_an_interrupted_update_is_not_sent_again_where_it_is_not_asked_for() -> None:
    """A replace is another request, and what has begun or is over is not sent."""
    running = meeting(attributes=one_off(start_time="2026-12-01T07:30:00Z"))
    over = meeting(attributes=one_off(start_time="2026-11-01T07:30:00Z"))

    line: dict[str, Any] = {"removed": (removed("launch", OLD_ID),)}

    assert not interrupted("update", ELSEWHERE, **line).sends_again
    assert [interrupted("update", each).sends_again for each in (running, over)] == [False] * 2
    assert interrupted("update").requests == 0


def test_an_interrupted_replace_is_sent_again_where_it_is_still_approved() -> None:
    """Only what `removed` names is deleted; what is protected by now is not."""
    line: dict[str, Any] = {"removed": (removed("launch", OLD_ID),)}
    left: dict[str, Any] = {"removed": (removed("launch", OLD_ID, destroy=False),)}
    found = [
        interrupted("replace", ELSEWHERE, **line),
        interrupted("replace", ELSEWHERE, **left),
        interrupted("replace", ELSEWHERE),
        interrupted("replace", CHANGED, **line),
        interrupted("replace", **line),
        interrupted("replace", replace(ELSEWHERE, protect=True), **line),
        interrupted("replace", protect=True, **line),
    ]

    assert [(step.retires, step.sends_again, step.requests) for step in found] == [
        (True, True, 1),
        (False, True, 1),
        (False, False, 0),
        (True, False, 0),
        (True, True, 0),
        (False, False, 0),
        (False, True, 0),
    ]


def test_an_interrupted_replace_tells_what_it_leaves_in_zoom() -> None:
    """By now nothing approves its deletion: nobody would look for the old meeting any more."""
    line: dict[str, Any] = {"removed": (removed("launch", OLD_ID),)}

    further = [
        interrupted("replace", ELSEWHERE, **line).reasons[1:],
        interrupted("replace", replace(ELSEWHERE, protect=True), **line).reasons[1:],
        interrupted("replace", ELSEWHERE).reasons[1:],
        interrupted("update", CHANGED).reasons[1:],
    ]

    left = (f"if a new meeting was made, the old one, {OLD_ID}, stays in Zoom and is no longer managed",)
    assert further == [(), left, left, ()]


def test_an_emptied_spec_changes_nothing() -> None:
    """A folder that vanished declares nothing: every meeting stays, and nothing is work."""
    known = state(meetings={f"m{n}": record(n, one_off(topic=f"m{n}")) for n in range(1, 4)})

    found = steps(spec(), known)

    assert [(step.action, step.status, step.is_work) for step in found] == [
        (Action.DESTROY, Status.WITHHELD, False)
    ] * 3


def test_a_replaced_meeting_is_deleted() -> None:
    """Behind what else is done about its key, and also where nothing else is known of it."""
    known = state(
        meetings={"launch": record()}, retired=(Retired(5, HOST, "launch"), Retired(6, HOST, "gone"))
    )

    assert [(step.key, step.action, step.id, step.topic, step.retires) for step in steps(spec(), known)] == [
        ("gone", Action.DESTROY, 6, "", True),
        ("launch", Action.DESTROY, OLD_ID, "Launch review", False),
        ("launch", Action.DESTROY, 5, "Launch review", True),
    ]
    assert steps(spec(meeting()), known)[2].topic == "Launch review"


def test_an_undeclared_meeting_stays_and_the_line_that_deletes_it_is_named() -> None:
    """To take a meeting out of a file never deletes it."""
    assert outcomes(spec(), state(meetings={"launch": record()})) == [("launch", "destroy", "withheld")]
    assert reasons(spec(), state(meetings={"launch": record()})) == {
        "launch": (
            (
                "no longer declared, stays in Zoom; to delete it, "
                "add `removed: [{key: launch, id: 81234567001, destroy: true}]`"
            ),
        )
    }


def test_a_removal_of_another_id_removes_nothing() -> None:
    """Only the id counts: the key may have been given to another meeting since."""
    declared = spec(removed=(removed("launch", 5),))

    assert "no longer declared" in reasons(declared, state(meetings={"launch": record()}))["launch"][0]


def test_an_imported_meeting_is_recorded_and_not_created() -> None:
    """It exists already."""
    declared = spec(meeting(), imports=(imported(5, "launch"),))

    assert steps(declared) == [
        Step(
            "launch",
            Action.IMPORT,
            HOST,
            "Launch review",
            reasons=("is meeting 5 in Zoom",),
            meeting=meeting(),
            id=5,
            starts_at=at("2027-01-14T15:00:00Z"),
        )
    ]


def test_an_import_of_what_is_over_is_expired() -> None:
    """Zoom may have dropped it already."""
    over = one_off(start_time="2026-11-01T15:00:00Z")

    assert outcomes(spec(meeting(attributes=over), imports=(imported(5, "launch"),))) == [
        ("launch", "import", "expired")
    ]


def test_an_import_that_was_done_judges_no_later_request() -> None:
    """An interrupted update of what was imported is looked up."""
    declared = spec(meeting(), imports=(imported(OLD_ID, "launch"),))
    known = state(meetings={"launch": record()}, intents={"launch": intent(action="update", id=OLD_ID)})

    assert outcomes(declared, known) == [("launch", "resolve", "now")]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ((), "that one is `other` already; write `moved: [{from: other, to: launch}]` instead"),
        ((meeting("other"),), "that one is `other` already; remove one of the two"),
    ],
)
def test_an_id_that_is_recorded_under_another_key_is_not_imported(
    declared: tuple[Meeting, ...], said: str
) -> None:
    """Two keys would claim one meeting; nothing is created in its place either."""
    claimed = spec(meeting(), *declared, imports=(imported(OLD_ID, "launch"),))
    known = state(meetings={"other": record()})

    assert outcomes(claimed, known)[0] == ("launch", "import", "withheld")
    assert reasons(claimed, known)["launch"] == (f"is meeting {OLD_ID} in Zoom", said)


def test_a_key_that_has_a_meeting_takes_no_other() -> None:
    """What is recorded goes on; the line is held back."""
    claimed = spec(meeting(), imports=(imported(5, "launch"),))
    known = state(meetings={"launch": record()})

    assert outcomes(claimed, known) == [("launch", "keep", "now"), ("launch", "import", "withheld")]
    assert reasons(claimed, known)["launch"][1] == (
        f"`launch` is meeting {OLD_ID} already; remove the line, or run `reconciler state rm launch` first"
    )


def test_a_replaced_meeting_is_not_imported() -> None:
    """It is to be deleted."""
    claimed = spec(meeting(), imports=(imported(5, "launch"),))
    known = state(retired=(Retired(5, HOST, "gone"),))

    assert outcomes(claimed, known) == [("gone", "destroy", "now"), ("launch", "import", "withheld")]
    assert (
        reasons(claimed, known)["launch"][1] == "that one was replaced and is to be deleted; remove the line"
    )


def test_an_import_that_was_done_is_stale() -> None:
    """The record is there."""
    declared = spec(meeting(), imports=(imported(81_234_567_001, "launch"),))

    assert outcomes(declared, state(meetings={"launch": record()})) == [("launch", "keep", "now")]


def test_a_moved_meeting_is_one_step() -> None:
    """Under its new key; the old one has none."""
    declared = spec(meeting("new"), moved=(moved("old", "new"),))

    assert steps(declared, state(meetings={"old": record()})) == [
        Step(
            "new",
            Action.MOVE,
            HOST,
            "Launch review",
            reasons=("was `old` so far",),
            meeting=meeting("new"),
            id=OLD_ID,
            starts_at=at("2027-01-14T15:00:00Z"),
            from_key="old",
        )
    ]


def test_a_moved_meeting_that_changes_too_has_two_steps() -> None:
    """It is compared with what stood under its old key; what it only records is a step, too."""
    known = state(meetings={"old": record(1, one_off(agenda="Plan"))})

    assert [
        outcomes(spec(meeting("new", attributes), moved=(moved("old", "new"),)), known)
        for attributes in (one_off(agenda="Plan", duration=90), one_off())
    ] == [
        [("new", "move", "now"), ("new", "update", "now")],
        [("new", "move", "now"), ("new", "keep", "now")],
    ]


def test_what_a_moved_meeting_replaced_moves_along() -> None:
    """Its deletion is shown under the present key of its successor."""
    known = state(meetings={"old": record()}, retired=(Retired(5, HOST, "old"),))
    declared = spec(meeting("new"), moved=(moved("old", "new"),))

    assert outcomes(declared, known) == [("new", "move", "now"), ("new", "destroy", "now")]


def test_a_move_that_was_done_is_stale() -> None:
    """Nothing is known under the old key any more."""
    declared = spec(meeting("new"), moved=(moved("old", "new"),))

    assert outcomes(declared, state(meetings={"new": record()})) == [("new", "keep", "now")]
    assert outcomes(declared) == [("new", "create", "now")]


def test_a_move_to_a_key_that_has_a_meeting_hides_neither() -> None:
    """The old one stays in sight, and in Zoom."""
    declared = spec(meeting("new"), moved=(moved("old", "new"),))
    known = state(meetings={"new": record(1), "old": record(2)})

    assert outcomes(declared, known) == [("new", "keep", "now"), ("old", "destroy", "withheld")]


@pytest.mark.parametrize("host", [HOST, "other@example.com"])
def test_a_move_to_a_key_that_has_a_meeting_changes_neither(host: str) -> None:
    """What is declared under the key may be meant for the one that was to move: it must not hit the other."""
    declared = spec(meeting("b", one_off(duration=15), host=host), moved=(moved("a", "b"),),
                    removed=(removed("b", 81_234_567_002),))  # fmt: skip
    recorded = state(meetings={"a": record(1), "b": record(2, OTHER)})
    begun = replace(recorded, intents={"b": intent(OTHER, action="update", id=81_234_567_002)})

    held, looked_up = steps(declared, recorded)[1], steps(declared, begun)[1]

    assert (held.key, held.status) == ("b", Status.WITHHELD)
    assert held.reasons[-1] == "`moved` wants `a` here, and `b` has a meeting of its own"
    assert (looked_up.action, looked_up.sends_again) == (Action.RESOLVE, False)


def test_an_interrupted_create_that_was_moved_makes_no_twin() -> None:
    """The intent moves, and is looked up under the new key; where both have one, neither moves."""
    declared = spec(meeting("new"), moved=(moved("old", "new"),))

    assert outcomes(declared, state(intents={"old": intent()})) == [
        ("new", "move", "now"),
        ("new", "resolve", "now"),
    ]
    assert outcomes(declared, state(intents={"old": intent(), "new": intent()})) == [
        ("new", "resolve", "now"),
        ("old", "resolve", "now"),
    ]


def test_a_secret_is_in_no_step() -> None:
    """Declared, changed or begun."""
    declared = spec(
        meeting(attributes=one_off(password="lift-off-7")), meeting("b", {**OTHER, "password": "lift-off-7"})
    )
    known = state(meetings={"launch": record()}, intents={"b": intent(OTHER)})

    assert "lift-off-7" not in repr(steps(declared, known))
