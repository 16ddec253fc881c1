"""A round trip of every field of the table through a plan, an apply and the emulator.

One world has a meeting for each field, each with its own host, so that one apply covers all of them; each
field has its own test.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import removed
from engine_world import ApplyReport, World
from field_values import FAITHFUL, Pair, create_only, updatable
from msgspec import Struct

from reconciler.live.drift import drift_of
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.change import FieldChange
    from reconciler.plan.plan import Plan
    from reconciler.state.state import Record

pytestmark = pytest.mark.no_cover

UPDATED, REPLACED = updatable(), create_only()
TIME = frozenset({"start_time", "timezone", "recurrence"})
"""Fields that are sent together."""


def key_of(pair: Pair) -> str:
    """Return the path as a valid key."""
    return pair.path.lower().replace("[]", "").replace(".", "-").replace("_", "-")


def parsed(pairs: Iterable[Pair], *, after: bool) -> list[Meeting]:
    """Return the meetings as a spec declares them, each with its own host."""
    meetings = {
        key_of(pair): {"host": f"{key_of(pair)}@example.com", **(pair.after if after else pair.before)}
        for pair in pairs
    }
    document = json.dumps({"version": 1, "meetings": meetings}).encode()
    declared = spec.parse([Source("m.yaml", document)], Settings()).spec
    assert declared is not None
    return list(declared.meetings.values())


class Journey(Struct, frozen=True):
    """The plan, requests, events and final state for all pairs."""

    planned: Plan
    applied: ApplyReport
    sent: Mapping[int, list[Mapping[str, Any]]]
    before: Mapping[str, int]
    records: Mapping[str, Record]
    drift: Mapping[str, tuple[FieldChange, ...]]
    afterwards: Plan
    zoom: Mapping[str, list[int]]


def journey(pairs: tuple[Pair, ...], *, named: bool = False) -> Journey:
    """Create `before` and declare `after` a day later; `named` adds the entries that delete the old ones."""
    world = World(*parsed(pairs, after=False), **FAITHFUL)
    first = world.apply()
    assert (first.failed, first.deferred) == ({}, {})
    world.clock.advance(24 * 3600)
    before = world.ids()
    world.declare(*parsed(pairs, after=True))
    if named:
        world.removed = tuple(removed(key, made) for key, made in before.items())
    paths: list[str] = []
    world.on_request = lambda scope: paths.append(scope["path"]) if scope["method"] == "PATCH" else None
    planned = world.plan()
    applied = world.apply()
    sent: dict[int, list[Mapping[str, Any]]] = {}
    for path, body in zip(paths, world.patched, strict=True):
        sent.setdefault(int(path.rpartition("/")[2]), []).append(body)
    return Journey(
        planned, applied, sent, before, world.store.state.meetings, _drift(world), world.plan(), _zoom(world)
    )


def _drift(world: World) -> dict[str, tuple[FieldChange, ...]]:
    return {
        key: tuple(
            change
            for change in drift_of(record, world.zoom.read(record.id), world.clock.now())
            if change.is_drift
        )
        for key, record in world.store.state.meetings.items()
    }


def _zoom(world: World) -> dict[str, list[int]]:
    """Return the ids of the meetings of each host."""
    return {
        key: [one.id for one in world.account.meetings_of(meeting.host)]
        for key, meeting in world.declared.items()
    }


@pytest.fixture(scope="module")
def updates() -> Journey:
    return journey(UPDATED)


@pytest.fixture(scope="module")
def withheld() -> Journey:
    return journey(REPLACED)


@pytest.fixture(scope="module")
def replaces() -> Journey:
    return journey(REPLACED, named=True)


def by_path(pair: Pair) -> str:
    return pair.path


def leaves(body: Mapping[str, Any], above: str = "") -> set[str]:
    """Return the dotted paths in a body; only `settings` is sent in parts."""
    found = set()
    for name, value in body.items():
        found |= leaves(value, "settings.") if name == "settings" else {f"{above}{name}"}
    return found


def carried(pair: Pair) -> set[str]:
    """Return exactly the paths that the update of this field must contain."""
    before, after = leaves(pair.before), leaves(pair.after)
    changed = {path for path in before | after if _at(pair.before, path) != _at(pair.after, path)}
    return changed | (TIME & after if changed & TIME else set())


def _at(meeting: Mapping[str, Any], path: str) -> Any:
    value: Any = meeting
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


@pytest.mark.parametrize("pair", UPDATED, ids=by_path)
def test_a_change_of_a_field_is_planned_as_one_update(pair: Pair, updates: Journey) -> None:
    (step,) = [step for step in updates.planned.steps if step.key == key_of(pair)]
    paths = {change.path for change in step.changes}

    assert (step.action, step.status) == (Action.UPDATE, Status.NOW)
    assert any(_covers(path, pair.path) for path in paths), paths
    if pair.is_alone:
        assert len(paths - {"start_time"} if pair.path == "timezone" else paths) == 1


def _covers(path: str, changed: str) -> bool:
    return changed == path or changed.startswith((f"{path}.", f"{path}[]"))


@pytest.mark.parametrize("pair", UPDATED, ids=by_path)
def test_the_update_body_is_minimal(pair: Pair, updates: Journey) -> None:
    """It has only the field, but a rule is whole, and a time comes with its zone and its rule."""
    (body,) = updates.sent[updates.before[key_of(pair)]]

    assert leaves(body) == carried(pair)
    outermost = next(path for path in leaves(body) if _covers(path, pair.path))
    if outermost not in TIME:  # the start of a series is that of its next occurrence
        assert _at(body, outermost) == _at(pair.after, outermost)


@pytest.mark.parametrize("pair", UPDATED, ids=by_path)
def test_the_updated_meeting_matches_and_keeps_its_id(pair: Pair, updates: Journey) -> None:
    """There are no diagnostics and no drift."""
    key = key_of(pair)
    record = updates.records[key]

    assert (key in updates.applied.failed, record.id) == (False, updates.before[key])
    otherwise = pair.otherwise & updates.sent[record.id][0].keys()
    assert set(record.observed) == otherwise
    assert len(updates.applied.notes[key]) == len(otherwise)
    assert updates.drift[key] == ()


def test_the_plan_after_all_updates_is_empty(updates: Journey) -> None:
    assert not updates.afterwards.has_work
    assert (updates.applied.status, len(updates.applied.steps)) == (0, len(UPDATED))


@pytest.mark.parametrize("pair", REPLACED, ids=by_path)
def test_a_change_of_a_create_only_field_is_a_withheld_replacement(pair: Pair, withheld: Journey) -> None:
    key = key_of(pair)
    (step,) = [step for step in withheld.planned.steps if step.key == key]

    assert (step.action, step.status) == (Action.REPLACE, Status.WITHHELD)
    assert withheld.zoom[key] == [withheld.before[key]]
    assert (withheld.sent, withheld.records[key].id) == ({}, withheld.before[key])


@pytest.mark.parametrize("pair", REPLACED, ids=by_path)
def test_an_approved_replacement_creates_a_new_meeting_and_deletes_the_old_one(
    pair: Pair, replaces: Journey
) -> None:
    key = key_of(pair)
    record = replaces.records[key]

    assert [action for action, of in replaces.applied.steps if of == key] == ["replace", "destroy"]
    assert replaces.zoom[key] == [record.id]
    assert record.id != replaces.before[key]
    assert set(record.observed) == pair.otherwise
    assert replaces.drift[key] == ()


def test_the_plan_after_all_replacements_is_empty(replaces: Journey) -> None:
    """Also while the `removed` entries are still in the spec."""
    assert (replaces.applied.status, replaces.sent, replaces.afterwards.has_work) == (0, {}, False)
