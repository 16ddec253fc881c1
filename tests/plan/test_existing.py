"""What becomes of a meeting that exists: changed, replaced, deleted, forgotten, or left as it is."""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, NOW, at, meeting, one_off, record, removed, weekly

from reconciler.plan import _existing as existing
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.step import Status, Step
from reconciler.state.state import Retired, retire

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.meeting.meeting import Meeting
    from reconciler.spec.lifecycle import Removed
    from reconciler.state.state import Record

ID = 81_234_567_001
END, LEAVE = removed("launch", ID), removed("launch", ID, destroy=False)
LINE = f"removed: [{{key: launch, id: {ID}, destroy: true}}]"
WITHHELD_REPLACE = (
    f"Zoom cannot change this in place; to have a new meeting in its place, add `{LINE}`, "
    "or `destroy: false` to leave the old one in Zoom"
)
RUNNING = one_off(start_time="2026-12-01T07:30:00Z")
SOON = one_off(start_time="2026-12-01T09:00:00Z")
OVER = one_off(start_time="2026-11-01T15:00:00Z")
PEOPLE_COME = "it runs now or starts within the hour, so a later apply deletes it"
IN_2027 = at("2027-01-29T12:00:00Z")


def declared(
    after: Meeting,
    before: Record,
    removal: Removed | None = None,
    *,
    now: datetime = NOW,
) -> list[Step]:
    """The steps of a declared and recorded meeting."""
    return [*existing.step_for_declared(after, before, removal, now, same_user=eq)]


def said(step: Step) -> tuple[Action, Status, tuple[str, ...]]:
    """What is done, when, and why."""
    return step.action, step.status, step.reasons


def changed(**attributes: Any) -> Meeting:
    return meeting(attributes=one_off(**attributes))


def replaced(
    removal: Removed | None, before: dict[str, Any] | None = None, *, was: bool = False, protect: bool = False
) -> list[Step]:
    """The steps of a meeting that gets another host and a field that only a create takes."""
    body = one_off(settings={"show_join_info": False})
    after = meeting(attributes=body, host="cto@example.com", protect=protect)
    return declared(after, record(1, before, protect=was), removal)


def test_a_changed_meeting_is_updated() -> None:
    """With what changes, under its id."""
    after = changed(duration=90)

    assert declared(after, record()) == [
        Step(
            "launch",
            Action.UPDATE,
            HOST,
            "Launch review",
            changes=(FieldChange("duration", 60, 90, "length changes"),),
            meeting=after,
            recorded=one_off(),
            id=ID,
            starts_at=at("2027-01-14T15:00:00Z"),
        )
    ]


def test_an_update_tells_what_is_released_beside_it() -> None:
    """The record that it leaves holds what is declared."""
    [step] = declared(changed(duration=90), record(1, one_off(agenda="Plan")))

    assert (step.reasons, step.released) == (("`agenda` is no longer declared",), ())


def test_an_update_tells_another_protection_beside_it() -> None:
    """It is recorded with what is sent."""
    after = meeting(attributes=one_off(duration=90), protect=True)
    [step] = declared(after, record())

    assert said(step) == (Action.UPDATE, Status.NOW, ("is protected from now on",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RUNNING, one_off(duration=90)),
        (one_off(), {**RUNNING, "duration": 90}),
        (RUNNING, {**RUNNING, "duration": 90}),
    ],
)
def test_a_meeting_that_runs_now_is_not_updated(before: dict[str, Any], after: dict[str, Any]) -> None:
    """By what is recorded or by what is declared."""
    [step] = declared(meeting(attributes=after), record(1, before))

    assert said(step) == (
        Action.UPDATE,
        Status.WITHHELD,
        ("it runs now, so nothing of it is changed",),
    )


def test_a_meeting_that_is_over_can_be_held_again() -> None:
    """It gets a start to come, under its old link."""
    [step] = declared(meeting(), record(1, OVER))

    assert (step.action, step.status) == (Action.UPDATE, Status.NOW)


def test_a_declared_meeting_whose_time_is_over_is_expired_whatever_changed() -> None:
    """It is never sent and never replaced."""
    steps = [
        *declared(meeting(attributes={**OVER, "duration": 30}), record(1, OVER)),
        *declared(meeting(attributes=OVER, host="U2"), record(1, OVER), END),
        *declared(meeting(attributes=OVER), record(1, OVER)),
    ]

    assert [said(step) for step in steps] == [
        (action, Status.EXPIRED, ("its time is over",))
        for action in (Action.UPDATE, Action.REPLACE, Action.KEEP)
    ]


def test_a_rescheduled_series_says_what_it_sends() -> None:
    """From the next occurrence on; a change that leaves the dates alone says nothing of them."""
    rule = {**weekly()["recurrence"], "end_times": 24}
    later = weekly(recurrence=rule)

    [dates] = declared(meeting("w", later), record(1, weekly()), now=IN_2027)
    [length] = declared(meeting("w", weekly(duration=30)), record(1, weekly()), now=IN_2027)

    assert said(dates) == (
        Action.UPDATE,
        Status.NOW,
        ("3 occurrences are over; sends 2027-02-01 10:00, 21 left",),
    )
    assert said(length) == (Action.UPDATE, Status.NOW, ())


def test_a_keep_records_what_is_no_longer_declared() -> None:
    """It costs nothing and changes nothing in Zoom."""
    [step] = declared(meeting(), record(1, one_off(agenda="Plan", settings={"use_pmi": False})))

    assert said(step) == (
        Action.KEEP,
        Status.NOW,
        ("`agenda` is no longer declared", "`settings.use_pmi` is no longer declared"),
    )
    assert (step.released, step.protects, step.is_work) == (("agenda", "settings.use_pmi"), None, True)


@pytest.mark.parametrize(
    ("protect", "reason"), [(True, "is protected from now on"), (False, "is no longer protected")]
)
def test_a_keep_records_another_protection(protect: bool, reason: str) -> None:  # noqa: FBT001 - the flag of a spec
    """Without a request."""
    [step] = declared(meeting(protect=protect), record(protect=not protect))

    assert said(step) == (Action.KEEP, Status.NOW, (reason,))
    assert (step.protects, step.is_work, step.requests) == (protect, True, 0)


def test_a_keep_with_nothing_to_record_is_no_work() -> None:
    """Protected or not, as it was."""
    steps = [*declared(meeting(), record()), *declared(meeting(protect=True), record(protect=True))]

    assert [(said(step), step.is_work) for step in steps] == [((Action.KEEP, Status.NOW, ()), False)] * 2


@pytest.mark.parametrize("protect", [True, False])
@pytest.mark.parametrize("before", [one_off(), OVER], ids=["update", "keep"])
def test_another_protection_is_recorded_where_the_time_is_over(
    before: dict[str, Any],
    protect: bool,  # noqa: FBT001 - the flag of a spec
) -> None:
    """No request is needed for it; and without it, nothing could end a meeting that was protected."""
    over, kept = declared(meeting(attributes=OVER, protect=protect), record(1, before, protect=not protect))

    assert (over.status, over.is_work) == (Status.EXPIRED, False)
    assert (kept.action, kept.protects, kept.released, kept.requests) == (Action.KEEP, protect, (), 0)


def test_a_replace_waits_for_the_line_that_deletes_the_old_meeting() -> None:
    """The reason has the line to paste."""
    [step] = replaced(None)

    assert said(step) == (Action.REPLACE, Status.WITHHELD, (WITHHELD_REPLACE,))
    assert (step.retires, step.requests) == (False, 0)


@pytest.mark.parametrize(
    ("removal", "before", "retires", "reason"),
    [
        (END, one_off(), True, f"meeting {ID} is deleted once the new one is there"),
        (LEAVE, one_off(), False, f"meeting {ID} is left in Zoom"),
        (
            END,
            SOON,
            True,
            f"meeting {ID} is deleted once the new one is there: {PEOPLE_COME}",
        ),
    ],
)
def test_a_replace_that_is_approved_is_done(
    removal: Removed,
    before: dict[str, Any],
    retires: bool,  # noqa: FBT001 - expected
    reason: str,
) -> None:
    """`destroy: false` leaves the old meeting; one that people are on their way to is deleted later."""
    [step] = replaced(removal, before)

    assert said(step) == (Action.REPLACE, Status.NOW, (reason,))
    assert (step.retires, step.id, step.requests) == (retires, ID, 1)


def test_a_replace_of_a_running_series_says_what_it_sends() -> None:
    """And what becomes of the old one."""
    after = meeting("w", weekly(), host="U2")
    [step] = declared(after, record(1, weekly()), END, now=IN_2027)

    assert step.reasons == (
        "3 occurrences are over; sends 2027-02-01 10:00, 17 left",
        f"meeting {ID} is deleted once the new one is there",
    )


def test_a_meeting_that_has_begun_is_not_replaced() -> None:
    """Zoom would start the new one at once."""
    after = meeting(attributes=RUNNING, host="U2")
    [step] = declared(after, record(1, RUNNING), END)

    assert said(step) == (
        Action.REPLACE,
        Status.WITHHELD,
        ("it has begun: Zoom would start the new one at once",),
    )


@pytest.mark.parametrize("was", [True, False])
@pytest.mark.parametrize("removal", [END, LEAVE, None])
def test_a_declared_protection_stops_a_replace(was: bool, removal: Removed | None) -> None:  # noqa: FBT001 - the flag of a record
    """Whatever `removed` says; and it is recorded where it was not."""
    step, *kept = replaced(removal, was=was, protect=True)

    assert [(said(each), each.protects) for each in kept] == (
        [] if was else [((Action.KEEP, Status.NOW, ("is protected from now on",)), True)]
    )
    assert said(step) == (
        Action.REPLACE,
        Status.WITHHELD,
        ("it is protected: a replace would delete it; declare `protect: false` and apply that first",),
    )


def test_a_recorded_protection_stops_a_replace_once() -> None:
    """Beside it the end of the protection is recorded, so that the next plan has the replace."""
    stopped, kept = replaced(END, was=True)

    assert said(stopped) == (
        Action.REPLACE,
        Status.WITHHELD,
        ("it is protected so far: a replace would delete it; apply this plan, and the next one has it",),
    )
    assert said(kept) == (Action.KEEP, Status.NOW, ("is no longer protected",))
    assert (kept.protects, kept.changes, kept.is_work) == (False, (), True)


def undeclared(attributes: dict[str, Any], removal: Removed | None = None, *, protect: bool = False) -> Step:
    return existing.step_for_undeclared("launch", record(1, attributes, protect=protect), removal, NOW)


def test_a_removed_meeting_is_deleted() -> None:
    """By its id, without a request of the host's day."""
    assert undeclared(one_off(), END) == Step(
        "launch",
        Action.DESTROY,
        HOST,
        "Launch review",
        recorded=one_off(),
        id=ID,
        starts_at=at("2027-01-14T15:00:00Z"),
    )
    assert undeclared(one_off(), END).requests == 0


@pytest.mark.parametrize("attributes", [RUNNING, SOON])
def test_a_removed_meeting_that_runs_or_starts_soon_is_deleted_later(attributes: dict[str, Any]) -> None:
    """People are in it, or on their way; on which day it will be is nobody's budget."""
    step = undeclared(attributes, END)

    assert said(step) == (
        Action.DESTROY,
        Status.DEFERRED,
        (PEOPLE_COME,),
    )
    assert (step.day, step.is_work) == (None, True)


@pytest.mark.parametrize("protect", [True, False])
@pytest.mark.parametrize("attributes", [one_off(), RUNNING])
def test_a_meeting_is_let_go_at_any_time(attributes: dict[str, Any], protect: bool) -> None:  # noqa: FBT001 - the flag of a record
    """It stays in Zoom, so nothing stops that."""
    assert said(undeclared(attributes, LEAVE, protect=protect)) == (
        Action.FORGET,
        Status.NOW,
        ("stays in Zoom, and is no longer managed",),
    )


def test_an_undeclared_meeting_stays() -> None:
    """To take it out of a file never deletes it."""
    assert said(undeclared(one_off())) == (
        Action.DESTROY,
        Status.WITHHELD,
        (f"no longer declared, stays in Zoom; to delete it, add `{LINE}`",),
    )


@pytest.mark.parametrize("removal", [END, None])
def test_a_protected_meeting_is_never_deleted(removal: Removed | None) -> None:
    """The protection is recorded, so that taking out the meeting does not take it off."""
    assert said(undeclared(one_off(), removal, protect=True)) == (
        Action.DESTROY,
        Status.WITHHELD,
        (
            (
                "no longer declared, stays in Zoom; it is protected: to delete it, "
                "declare it with `protect: false`, apply that, and take it out again"
            ),
        ),
    )


@pytest.mark.parametrize("removal", [END, LEAVE, None])
def test_an_expired_and_undeclared_meeting_leaves_quietly(removal: Removed | None) -> None:
    """It is no work; its record is dropped without a report."""
    step = undeclared(OVER, removal)

    assert said(step) == (
        Action.DESTROY,
        Status.EXPIRED,
        ("its time is over and it is no longer declared",),
    )
    assert not step.is_work


def test_a_replaced_meeting_is_deleted() -> None:
    """Under the key of what came in its place, without a request of the host's day."""
    assert existing.step_for_retired(Retired(5, HOST, "old"), "launch", "Launch review", NOW) == Step(
        "launch",
        Action.DESTROY,
        HOST,
        "Launch review",
        reasons=("was replaced, and is still to be deleted",),
        id=5,
        retires=True,
    )


@pytest.mark.parametrize("attributes", [RUNNING, SOON])
def test_a_replaced_meeting_that_runs_or_starts_soon_is_deleted_later(attributes: dict[str, Any]) -> None:
    """What is kept of it says when it is."""
    step = existing.step_for_retired(retire("launch", record(1, attributes)), "launch", "Launch review", NOW)

    assert said(step) == (
        Action.DESTROY,
        Status.DEFERRED,
        (
            "was replaced, and is still to be deleted",
            PEOPLE_COME,
        ),
    )
