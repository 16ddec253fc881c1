"""The pairs of values for tests of updates: valid, different, and kept by the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from field_values import FAITHFUL, OTHERWISE, Pair, create_only, updatable
from sandbox_world import World

from reconciler.meeting import fields, observed
from reconciler.meeting.compare import normalize
from reconciler.meeting.fields import Compare
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.meeting.fields import Field

PAIRS = (*updatable(), *create_only())
TIME = ("start_time", "timezone", "recurrence")
"""Fields that are sent together."""

ACCEPTED = {"meeting.obsolete-field", "passcode.literal"}
"""Warnings that a pair may cause."""
WITHOUT_EFFECT = {"settings.waiting_room_options.mode"}
"""Fields whose other value takes the effect of the field beside it."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(**FAITHFUL)


def by_path(pair: Pair) -> str:
    return pair.path


def found(attributes: Mapping[str, Any]) -> set[str]:
    """Return the codes of all diagnostics of a meeting."""
    document = {"version": 1, "meetings": {"m": {"host": "host@example.com", **attributes}}}
    parsed = spec.parse([Source("m.yaml", json.dumps(document).encode())], Settings())
    return {diagnostic.code for diagnostic in parsed.diagnostics}


def smallest(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of an update: the fields that differ, each setting alone, the times together."""
    body = {name: value for name, value in after.items() if before.get(name) != value}
    if not body.keys().isdisjoint(TIME):
        body |= {name: after[name] for name in TIME if name in after}
    if "settings" in body:
        old = before.get("settings", {})
        body["settings"] = {
            name: value for name, value in after["settings"].items() if old.get(name) != value
        }
    return body


def differing(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Return the paths of the fields that differ."""
    for name in {**before, **after}:
        here = f"{path}{name}"
        field: Field = fields.table()[here]
        old, new = before.get(name), after.get(name)
        if field.compare is Compare.PARTS and isinstance(old, dict) and isinstance(new, dict):
            yield from differing(old, new, f"{here}.")
        elif normalize(field, old, before.get("timezone")) != normalize(field, new, after.get("timezone")):
            yield here


def test_every_declarable_field_has_a_pair() -> None:
    """Mappings change by their fields; a field that only an update accepts cannot be declared."""
    table = {path: field for path, field in fields.table().items() if field.compare is not Compare.PARTS}

    assert {pair.path for pair in updatable()} == {
        path for path, field in table.items() if field.create and field.update
    }
    assert {pair.path for pair in create_only()} == {
        path for path, field in table.items() if field.create and not field.update
    }


@pytest.mark.parametrize("pair", PAIRS, ids=by_path)
def test_both_meetings_of_a_pair_are_valid(pair: Pair) -> None:
    """Without warnings, except for an obsolete field and a literal passcode."""
    expected = {"meeting.no-effect"} if pair.path in WITHOUT_EFFECT else set()

    assert (found(pair.before) | found(pair.after)) - ACCEPTED == expected


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.is_alone], ids=by_path)
def test_the_two_meetings_of_a_pair_differ_in_its_field(pair: Pair) -> None:
    """They differ in no other; a change inside a list is one of the list. A zone moves the local start."""
    outermost = pair.path.partition("[]")[0]
    moved = {"start_time"} if pair.path == "timezone" else set()

    assert set(differing(pair.before, pair.after)) == {outermost} | moved


@pytest.mark.no_cover
@pytest.mark.parametrize("pair", updatable(), ids=by_path)
def test_the_emulator_keeps_both_values(pair: Pair, world: World) -> None:
    """After a create with the first, and after an update to the second."""
    created = world.create(pair.before)
    before = observed.observe(pair.before, created)

    after = world.patch(created["id"], smallest(pair.before, pair.after))

    assert set(before) <= pair.otherwise
    assert set(observed.observe(pair.after, after)) == pair.otherwise


@pytest.mark.no_cover
@pytest.mark.parametrize("pair", create_only(), ids=by_path)
def test_the_emulator_keeps_both_values_of_a_create_only_field(pair: Pair, world: World) -> None:
    """An update of it is ignored."""
    first, second = world.create(pair.before), world.create(pair.after)
    updated = world.patch(first["id"], smallest(pair.before, pair.after))

    assert observed.observe(pair.before, first) == observed.observe(pair.after, second) == {}
    assert observed.observe(pair.before, updated) == {}


def test_every_exception_belongs_to_a_pair() -> None:
    assert OTHERWISE.keys() <= {pair.path for pair in PAIRS}
