"""A state that somebody else has written is refused where it is read, or it can be planned from."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from builders import HOST, intent, meeting, one_off, planned, record, spec, state, weekly

from reconciler.errors.exceptions import StateError
from reconciler.spec import repeat
from reconciler.state import checks
from reconciler.state import document as state_document
from reconciler.state.state import Retired, State
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = object()
STRANGE: tuple[Any, ...] = (
    *(MISSING, None, 7, -1, 1.5, 1e30, True),
    *("x", "", "2027-13-45T10:00:00", [], {}, [1], {"a": 1}),
)


@pytest.mark.parametrize(
    "recorded",
    [
        one_off(),
        weekly(),
        weekly(start_time="2027-01-11T09:00:00Z"),
        weekly(recurrence={"type": 2, "weekly_days": "2, 4", "end_date_time": "2027-06-01T00:00:00Z"}),
        weekly(recurrence={"type": 3, "monthly_week": -1, "monthly_week_day": 7, "end_times": 5}),
        {"topic": "Room", "type": 3},
        {},
    ],
)
def test_what_was_declared_is_taken(recorded: dict[str, Any]) -> None:
    checks.check_attributes(recorded)


@pytest.mark.parametrize("on", ["fifth mon", ["fifth mon", "fifth tue"], ["first mon", "third mon"]])
def test_the_longest_rule_of_weekdays_of_the_month_is_taken(on: str | list[str]) -> None:
    """Only its dates are held, of a weekly rule that has up to thirteen times as many."""
    start = "2027-03-29T10:00:00" if "fifth mon" in on else "2027-03-01T10:00:00"
    longest = {"every": "month", "on": on, "times": repeat.TIMES_MAX}
    rule = repeat.to_rule(longest, start, "Europe/Berlin")

    assert rule is not None
    checks.check_attributes({**weekly(start_time=start), **rule.attributes})


EDIT = {"start_time": "2027-01-26T13:00:00Z", "duration": 30, "agenda": "moved", "settings": {"x": True}}


def test_what_was_done_to_a_date_is_taken() -> None:
    checks.check_edits({"2027-01-18": "skip", "2027-01-25": EDIT, "2027-02-01": None})


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"start_time": "2027-01-26\x1b13:00:00Z"}, "is no start_time"),
        ({"start_time": "9999-12-31T23:00:00Z"}, "is no start_time"),
        ({"start_time": "2027-01-26T13:00:00"}, "is no edit of a date"),
        ({"duration": 2**64}, "is no duration"),
        ({"duration": None}, "is no duration"),
        ({"agenda": ["x"]}, "is no agenda"),
        ({"settings": "x"}, "is no settings"),
        ({"host": "x"}, "is no edit of a date"),
    ],
)
def test_an_odd_edit_is_refused(odd: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checks.check_edits({"2027-01-25": {**EDIT, **odd}})


DATES = {
    "exceptions": {
        "2027-01-18": "skip",
        "2027-01-25": {"start_time": "2027-01-26T13:00:00", "duration": 30},
        "2027-02-01": {"start_time": "2027-02-02T13:00:00Z", "agenda": "moved", "settings": {}},
    },
    "closed": [["2027-04-05", "2027-04-06"], ["12-24", "01-01"], ["02-29", "02-29"], ["2027-07-01", ""]],
    "pattern": [[-1, 1], [5, 7]],
}


def test_the_dates_of_a_slot_are_taken() -> None:
    checks.check_slot_dates(DATES)
    checks.check_slot_dates({})


@pytest.mark.parametrize(
    "odd",
    [
        [],
        {"open": []},
        {"exceptions": []},
        {"exceptions": {"2027-4-5": "skip"}},
        {"exceptions": {"2027-04-05": "skipped"}},
        {"exceptions": {"2027-04-05": {"start_time": "soon"}}},
        {"exceptions": {"2027-04-05": {"start_time": 7}}},
        {"exceptions": {"2027-04-05": {"duration": "30"}}},
        {"exceptions": {"2027-04-05": {"topic": "x"}}},
        {"closed": {}},
        {"closed": [["2027-04-05"]]},
        {"closed": [["2027-04-05", None]]},
        {"closed": [["2027-04-05", "04-06"]]},
        {"closed": [["04-31", "05-01"]]},
        {"closed": [["20270405", "20270406"]]},
        {"pattern": [[0, 1]]},
        {"pattern": [[1, 8]]},
        {"pattern": [1]},
    ],
)
def test_odd_dates_of_a_slot_are_refused(odd: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        checks.check_slot_dates(odd)


@pytest.mark.parametrize(
    "window", [{"": ""}, {"from": "2027-01-26T13:00:00"}, {"to": "0001-01-01T00:00:00Z"}]
)
def test_an_odd_window_is_refused(window: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is no"):
        checks.check_window(window)


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        ({"topic": 7}, "'7' is no topic"),
        ({"type": "8"}, "'8' is no type"),
        ({"start_time": 7}, "'7' is no start_time"),
        ({"start_time": "soon"}, "'soon' is no start_time"),
        ({"start_time": "2027-01-11x10:00:00Z"}, "'2027-01-11x10:00:00Z' is no start_time"),
        ({"start_time": "2027-01-11T10:00:00"}, "'None' is no timezone"),
        (
            {"start_time": "0001-01-01T00:00:00", "timezone": "Asia/Tokyo"},
            "'0001-01-01T00:00:00' is no start_time",
        ),
        (
            {"start_time": "9999-12-31T23:00:00Z", "timezone": "Asia/Tokyo"},
            "'9999-12-31T23:00:00Z' is no start_time",
        ),
        ({"duration": "60"}, "'60' is no duration"),
        ({"duration": None}, "'None' is no duration"),
        ({"duration": -1}, "'-1' is no duration"),
        ({"duration": 10**13}, "'10000000000000' is no duration"),
        ({"timezone": 7}, "'7' is no timezone"),
        ({"recurrence": []}, "'[]' is no recurrence"),
        ({"recurrence": {"end_times": "20"}}, "'20' is no end_times"),
        ({"recurrence": {"repeat_interval": 10**9}}, "'1000000000' is no repeat_interval"),
        ({"recurrence": {"repeat_interval": -1}}, "'-1' is no repeat_interval"),
        ({"recurrence": {"end_times": -1}}, "'-1' is no end_times"),
        ({"recurrence": {"monthly_week_day": 9}}, "'9' is no monthly_week_day"),
        ({"recurrence": {"weekly_days": "8"}}, "'8' is no weekly_days"),
        ({"recurrence": {"end_date_time": 7}}, "'7' is no end_date_time"),
    ],
)
def test_a_value_that_cannot_be_computed_with_is_refused(recorded: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="is no") as caught:
        checks.check_attributes(recorded)

    assert str(caught.value) == message


def test_a_zone_that_only_others_know_is_refused() -> None:
    recorded = [("launch", one_off()), ("base", one_off(timezone="Mars/Base"))]

    with pytest.raises(StateError) as caught:
        checks.check_zones(recorded, "s3://acme/s.json")

    assert caught.value.diagnostic.detail == "s3://acme/s.json has base in 'Mars/Base'. Nothing was sent."


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, its own left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from paths(inner, (*path, name))


@pytest.mark.no_cover
def test_no_state_stops_a_run_halfway() -> None:
    """With any value at any place, it is refused whole, or everything can be shown."""
    ended = Retired(9, HOST, "a", {"start_time": "2027-01-01T10:00:00Z", "timezone": "UTC", "duration": 30})
    whole = state(
        meetings={"a": record(1, weekly(password={"env": "A_PASSCODE", "version": 1})), "b": record(2)},
        intents={"c": intent()},
        retired=(ended,),
    )
    document, taken = orjson.loads(state_document.encode(whole)), 0

    for path in paths(document):
        for strange in STRANGE:
            found = _decoded(document, path, strange)
            if found is not None:
                _shown(found)
                taken += 1

    assert taken > 100  # the search meets more than refusals


def _decoded(document: Any, path: tuple[Any, ...], strange: Any) -> State | None:
    changed = copy.deepcopy(document)
    parent = changed
    for name in path[:-1]:
        parent = parent[name]
    if strange is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = strange
    try:
        found = state_document.decode(orjson.dumps(changed), "state.json")
        recorded = [(key, each.attributes) for key, each in found.meetings.items()]
        recorded += [(key, each.attributes) for key, each in found.intents.items()]
        checks.check_zones(recorded, "state.json")
    except StateError:
        return None
    return found


def _shown(found: State) -> None:
    now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    declared = spec(
        meeting("a", weekly(topic="Another", start_time="2027-01-18T11:00:00")),
        meeting("b", one_off(duration=31)),
        meeting("c", one_off(topic="c")),
    )
    for wanted in (declared, spec()):
        view("plan", "markdown")(planned(wanted, found), TextStyle())
    view("state list", "text")(found, now)
    if "a" in found.meetings:
        view("state show", "json")("a", found, now)
