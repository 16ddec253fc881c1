"""Import as a whole: the generated spec of an account that somebody else filled declares the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import foreign
import pytest
from engine_world import World
from foreign import essence

from reconciler.live import discover, generate
from reconciler.live.discover import ImportFilter
from reconciler.live.drift import drift_of
from reconciler.live.generate import SpecContext
from reconciler.meeting.observed import observe
from reconciler.plan._compare import StateComparison
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source
from reconciler.state.state import Record, State

if TYPE_CHECKING:
    from reconciler.live.discover import DiscoveredMeetings
    from reconciler.spec.spec import Spec

pytestmark = pytest.mark.no_cover

TRACKING = ["Team", "Cost centre"]


def found(
    world: World, hosts: tuple[str, ...] = foreign.HOSTS, known: frozenset[int] = frozenset()
) -> DiscoveredMeetings:
    async def look() -> DiscoveredMeetings:
        async with world.client() as remote:
            wanted = ImportFilter(lambda _topic: True, known, world.clock.now())
            return await discover.discover(remote, hosts, wanted, lambda _done, _total: None)

    return asyncio.run(look())


def parsed(text: str, settings: Settings | None = None) -> Spec:
    result = spec.parse([Source("meetings.yaml", text.encode())], settings or Settings())
    errors = [
        f"{each.code} {each.detail} {each.snippet}" for each in result.diagnostics if each.severity == "error"
    ]
    assert (errors, result.spec is None) == ([], False), text
    assert result.spec is not None
    return result.spec


def differences(world: World, declared: Spec) -> dict[str, Any]:
    """The values that Zoom has otherwise than declared, by key."""
    ids = {wish.to: wish.id for wish in declared.imports}
    stored = {key: world.zoom.read(ids[key]) for key in declared.meetings}
    by_key = {key: observe(meeting.attributes, stored[key]) for key, meeting in declared.meetings.items()}
    return {key: seen for key, seen in by_key.items() if seen}


@pytest.fixture(scope="module")
def filled() -> World:
    """200 meetings, three weeks ago; since then some series have begun."""
    world = World(
        passcode_required=True,
        safeguard_forced=True,
        tracking_fields=TRACKING,
        lists_reordered=True,
        empty_agenda=True,
        registration_needs_start=False,
        daily_limit=1000,
        per_host={"grace@example.com": {"locked_settings": {"waiting_room": True, "mute_upon_entry": True}}},
    )
    foreign.fill(world.zoom, 200)
    world.clock.advance(21 * 86_400)
    return world


@pytest.fixture(scope="module")
def text(filled: World) -> str:
    everything = found(filled)
    assert (everything.failures, everything.omitted.left) == ((), ())
    return generate.render(everything.declared, everything.omitted, SpecContext())


def test_two_hundred_foreign_meetings_are_declared_as_zoom_has_them(filled: World, text: str) -> None:
    declared = parsed(text)

    assert len(declared.meetings) == len(declared.imports) == 200
    assert differences(filled, declared) == {}


def test_recorded_imports_have_no_plan_and_no_drift(filled: World, text: str) -> None:
    declared, now = parsed(text), filled.clock.now()
    ids = {wish.to: wish.id for wish in declared.imports}
    records = {
        key: Record(ids[key], meeting.host, None, meeting.attributes)
        for key, meeting in declared.meetings.items()
    }

    steps = list(StateComparison(declared, State(meetings=records), now).steps())
    drifted = {
        key: changes
        for key, record in records.items()
        if (changes := drift_of(record, filled.zoom.read(record.id), now))
    }

    assert {step.action for step in steps} == {Action.KEEP}
    assert drifted == {}


def test_in_an_empty_account_it_creates_equal_meetings(filled: World, text: str) -> None:
    """Without its imports list it is a plain spec; a running series is created from its next date on."""
    whole = parsed(text)
    empty = World(tracking_fields=TRACKING, registration_needs_start=False, daily_limit=1000)
    empty.allowances = Allowances(Limits(1000, 0), {})
    empty.clock.advance(21 * 86_400)
    empty.declare(*whole.meetings.values())

    report = empty.apply()

    assert (report.failed, len(report.done), report.notes) == ({}, 200, dict.fromkeys(whole.meetings, ()))
    now = filled.clock.now()
    before = {wish.to: essence(filled.zoom.read(wish.id), now) for wish in whole.imports}
    assert {key: essence(empty.zoom.read(number), now) for key, number in report.done.items()} == before


def test_the_generated_spec_has_nothing_that_zoom_fills_in(text: str) -> None:
    """It has no secret either."""
    for never in (
        "password",
        "pwd=",
        "dial_in_numbers",
        "contact_name: Ada",
        "lift-off",
        "null\n",
        "visible",
    ):
        assert never not in text, never
    assert max(map(len, text.splitlines())) < 260
