"""One step of a plan, and the digest that approval hangs on."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from builders import HOST, NOW, meeting, one_off
from msgspec.structs import replace

from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.step import Status, Step


def step(attributes: dict[str, Any] | None = None, **fields: Any) -> Step:
    """The create of a meeting, unless `fields` say otherwise."""
    declared = meeting(attributes=attributes)
    return Step(**{"key": "launch", "action": Action.CREATE, "host": HOST, "topic": "Launch review",
                   "meeting": declared, **fields})  # fmt: skip


def test_a_digest_is_the_same_on_every_machine() -> None:
    """A saved plan is made on one and applied on another: with this figure every saved plan goes stale."""
    assert step().digest == "650e7c22198c076df6db1daa903c3b03fb195a6f456cbb3eff8ab2d2255ee06c"


def test_day_turn_and_reasons_are_not_in_the_digest() -> None:
    """So that an approval lasts through a rollout of several days."""
    same = step(
        dict(reversed(one_off().items())),
        status=Status.DEFERRED,
        day="2026-12-03",
        reasons=("later",),
        starts_at=NOW,
        late=True,
        topic="shown only",
    )

    assert same.digest == step().digest


def test_what_is_done_is_in_the_digest() -> None:
    """Each of these is another step to approve."""
    passcode = FieldChange("password", None, "(passcode)")
    others = [
        step(),
        step(key="other"),
        step(host="cto@example.com"),
        step(one_off(topic="Another")),
        step(one_off(password={"env": "PASSCODE", "version": 1})),
        step(one_off(password={"env": "PASSCODE", "version": 2})),
        step(one_off(password="literal")),
        step(meeting=meeting(protect=True)),
        step(status=Status.WITHHELD),
        step(action=Action.UPDATE, id=1),
        step(action=Action.UPDATE, id=2),
        step(action=Action.UPDATE, id=1, changes=(passcode,)),
        step(action=Action.REPLACE, id=1),
        step(action=Action.DESTROY, id=1, meeting=None),
        step(action=Action.FORGET, id=1, meeting=None),
        step(action=Action.REPLACE, id=1, retires=True),
        step(action=Action.DESTROY, id=2, meeting=None),
        step(action=Action.MOVE, id=1, from_key="old"),
        step(action=Action.MOVE, id=1, from_key="older"),
        step(action=Action.IMPORT, id=1),
        step(action=Action.IMPORT, id=2),
    ]

    assert [pair for pair in combinations([each.digest for each in others], 2) if len(set(pair)) == 1] == []


def test_an_interrupted_create_has_the_digest_of_the_create() -> None:
    """It was approved when it began."""
    assert step(action=Action.RESOLVE).digest == step().digest
    assert step(action=Action.RESOLVE, id=7).digest == step().digest


@pytest.mark.parametrize("begun", [Action.CREATE, Action.UPDATE, Action.REPLACE])
def test_what_was_interrupted_has_the_digest_of_the_step_that_began_it(begun: Action) -> None:
    """Under the same id, with the same changes."""
    changes = (FieldChange("password", None, "(passcode)"),)
    values: dict[str, Any] = {"id": 7, "changes": changes, "retires": begun is Action.REPLACE}

    assert (
        step(action=Action.RESOLVE, intent_action=begun, **values).digest
        == step(action=begun, **values).digest
    )


def test_a_literal_passcode_is_not_in_the_digest() -> None:
    """Only that there is one: a digest of a short secret could be searched for it."""
    digests = {
        step(one_off(password="one")).digest,
        step(one_off(password="two")).digest,
        step(as_recorded(one_off(password="one"), bytes(16))).digest,
    }

    assert len(digests) == 1
    assert "lift-off-7" not in repr(step(one_off(password="lift-off-7")))


@pytest.mark.parametrize("action", Action)
def test_create_update_replace_and_resolve_take_a_request(action: Action) -> None:
    """Today or later; what is withheld or expired takes none."""
    costs = {Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESOLVE}
    counted = [step(action=action, status=status).requests for status in Status]

    assert counted == ([1, 1, 0, 0] if action in costs else [0, 0, 0, 0])


def test_an_interrupted_create_that_is_no_longer_declared_takes_no_request() -> None:
    """It is looked up, and never sent again."""
    assert step(action=Action.RESOLVE, meeting=None).requests == 0


@pytest.mark.parametrize("action", Action)
def test_all_but_keep_is_work_unless_it_is_withheld_or_expired(action: Action) -> None:
    """The one answer to whether there is anything to do."""
    work = [step(action=action, status=status).is_work for status in Status]

    assert work == ([False] * 4 if action is Action.KEEP else [True, True, False, False])


@pytest.mark.parametrize(
    "recorded_by_it", [{"released": ("agenda",)}, {"protects": True}, {"protects": False}]
)
def test_a_keep_that_has_something_to_record_is_work(recorded_by_it: dict[str, Any]) -> None:
    """No request, and nothing where it is withheld or expired."""
    keeps = [step(action=Action.KEEP, status=status, **recorded_by_it) for status in Status]

    assert [each.is_work for each in keeps] == [True, True, False, False]
    assert [each.requests for each in keeps] == [0, 0, 0, 0]


def test_another_status_adds_its_reason() -> None:
    """The reasons so far stay in front."""
    first = step(reasons=("3 occurrences are over",))

    assert first.with_status(Status.WITHHELD, "because") == replace(
        first, status=Status.WITHHELD, reasons=("3 occurrences are over", "because")
    )
