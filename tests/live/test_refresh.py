"""Looks at Zoom, and the state that a plan is made of after one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, NOW, at, intent, one_off, planned, record, spec, state, weekly
from builders import meeting as declared
from engine_world import World, many, topic

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import AccessError, DailyLimitError, NeverSentError, RemoteError
from reconciler.live import read as live_read
from reconciler.live import refresh, report
from reconciler.live.read import ReadResult, ReadStatus, result_found
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import Action
from reconciler.plan.plan import Options
from reconciler.ports import IN_FLIGHT_MAX
from reconciler.sandbox import faults
from reconciler.state.state import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LATER = at("2026-12-02T09:00:00+00:00")


def applied(*names: str, **switches: Any) -> World:
    """A world in which these exist, its log of requests empty."""
    world = World(*(topic(name) for name in names), **switches)
    assert world.apply().status == 0
    world.account.requests.clear()
    return world


def look(
    world: World, keys: Collection[str] | None = None, told: list[tuple[int, int]] | None = None
) -> dict[str, ReadResult]:
    async def read() -> dict[str, ReadResult]:
        async with world.client() as remote:
            tell = (
                (lambda done, total: told.append((done, total)))
                if told is not None
                else lambda _done, _total: None
            )
            return await live_read.read_all(
                remote, world.store.state, world.clock.now(), keys=keys, tell=tell
            )

    return asyncio.run(read())


def sights(seen: Mapping[str, ReadResult]) -> dict[str, ReadStatus]:
    return {key: one.sight for key, one in seen.items()}


def test_each_host_is_listed_once_and_each_meeting_read() -> None:
    world = applied("a", "b")
    told: list[tuple[int, int]] = []
    number = world.ids()

    seen = look(world, told=told)

    assert sights(seen) == {"a": ReadStatus.FOUND, "b": ReadStatus.FOUND}
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert world.asked("GET") == [
        f"/v2/users/{HOST}/meetings",
        *(f"/v2/meetings/{number[key]}" for key in ("a", "b")),
    ]
    assert world.used() == {"2026-12-01": 2}


def test_only_what_is_asked_for_and_not_over_is_read() -> None:
    world = applied("a", "b")
    world.store.state = replace(
        world.store.state,
        meetings={
            **world.store.state.meetings,
            "old": record(attributes=one_off(start_time="2020-01-01T09:00:00Z")),
        },
    )

    assert sights(look(world, keys={"b", "old", "unheard-of"})) == {"b": ReadStatus.FOUND}


def test_with_nothing_to_read_nothing_is_asked() -> None:
    world = World()

    assert (look(world), world.asked("GET")) == ({}, [])


def test_what_no_list_shows_is_read_first() -> None:
    world = applied("a", "b", "c")
    number = world.ids()
    world.zoom.send("DELETE", f"/v2/meetings/{number['c']}")

    seen = look(world)

    assert sights(seen) == {"a": ReadStatus.FOUND, "b": ReadStatus.FOUND, "c": ReadStatus.GONE}
    assert world.asked("GET")[1] == f"/v2/meetings/{number['c']}"


def test_missing_from_a_list_alone_is_not_gone() -> None:
    """It is listed nowhere, and its own read shows it."""
    world = applied("a")
    world.store.state = replace(
        world.store.state, meetings={"a": replace(world.store.state.meetings["a"], host="other@example.com")}
    )

    assert sights(look(world)) == {"a": ReadStatus.FOUND}


def test_a_list_that_cannot_be_read_says_nothing() -> None:
    world = applied("a")
    world.zoom.switch(list_forbidden=True)

    assert sights(look(world)) == {"a": ReadStatus.FOUND}


def test_a_meeting_that_a_list_shows_is_not_taken_for_gone() -> None:
    """Reads may lag behind writes: what was made a moment ago must not be made again."""
    world = applied("a")
    gone = {"code": 3001, "message": "Meeting does not exist."}
    world.zoom.meet(faults.Fault(**faults.READ, times=0, status=404, body=gone))

    (seen,) = look(world).values()

    assert seen.sight is ReadStatus.UNREAD
    assert seen.error is not None
    assert seen.error.diagnostic.code == "refresh.contradiction"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 1001, "message": "User does not exist."}),
        (400, {"code": 3161, "message": "No."}),
        (503, "<html>"),
    ],
    ids=["the host is gone", "refused", "no answer"],
)
def test_what_cannot_be_read_is_never_taken_for_gone(status: int, body: Any) -> None:
    world = applied("a", "b")
    number = world.ids()["a"]
    world.zoom.meet(faults.Fault(path=f"/v2/meetings/{number}", times=0, status=status, body=body))

    seen = look(world)

    assert sights(seen) == {"a": ReadStatus.UNREAD, "b": ReadStatus.FOUND}
    assert refresh.apply_refresh(world.store.state, seen, LATER) == world.store.state
    (one,) = report.warnings_for(world.store.state, seen, LATER)
    assert (one.severity, one.key) == ("error", "a")
    assert one.detail.startswith("a: ")
    assert one.detail.endswith("It is taken as it is recorded.")


def test_an_id_that_became_a_webinars_is_told_and_left_alone() -> None:
    world = applied("a")
    world.zoom.switch(webinars=[world.ids()["a"]])

    seen = look(world)

    assert sights(seen) == {"a": ReadStatus.WEBINAR}
    assert refresh.apply_refresh(world.store.state, seen, LATER) == world.store.state
    assert [one.code for one in report.warnings_for(world.store.state, seen, LATER)] == ["refresh.webinar"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (
            faults.Fault(
                **faults.READ,
                times=0,
                status=400,
                body={"code": 4711, "message": "does not contain scopes:[meeting:read]"},
            ),
            AccessError,
        ),
        (
            faults.Fault(
                **faults.LIST,
                times=0,
                status=400,
                body={"code": 4711, "message": "does not contain scopes:[meeting:read]"},
            ),
            AccessError,
        ),
        (
            faults.Fault(
                **faults.READ,
                times=0,
                status=429,
                headers={"X-RateLimit-Type": "Daily-limit"},
                body={"code": 429, "message": "You have reached the maximum daily rate limit for this API."},
            ),
            DailyLimitError,
        ),
    ],
    ids=["a scope is missing", "the list lacks one", "the account's day is used up"],
)
def test_what_would_end_every_read_ends_them_all(fault: faults.Fault, error: type[RemoteError]) -> None:
    world = World(*many(40))
    world.apply()
    world.account.requests.clear()
    world.zoom.meet(fault)

    with pytest.raises(error):
        look(world)

    assert len(world.asked("GET")) <= IN_FLIGHT_MAX + 1


def test_a_network_that_is_down_ends_the_look() -> None:
    world = applied("a", "b")
    world.unreachable = lambda scope: scope["path"].startswith("/v2/meetings/")

    with pytest.raises(NeverSentError):
        look(world)


# What a plan is made of then


def seen_as(kept: Mapping[str, Any], **stored: Any) -> ReadResult:
    """Found, with what was declared and these besides; None: absent."""
    body = {**kept, "timezone": kept.get("timezone", "UTC"), **stored}
    return result_found({name: value for name, value in body.items() if value is not None})


def steps(attributes: dict[str, Any], seen: ReadResult, **known: Any) -> dict[str, Any]:
    """Action and changed paths of the plan for one key that is declared as it is recorded."""
    kept = state(meetings={"launch": record(attributes=as_recorded(attributes, b"salt"))}, **known)
    fresh = refresh.apply_refresh(kept, {"launch": seen}, NOW)
    plan = planned(spec(declared("launch", attributes)), fresh)
    return {step.action.value: [change.path for change in step.changes] for step in plan.steps}


def test_an_untouched_meeting_leaves_the_state_as_it_is() -> None:
    kept = state(meetings={"launch": record()})

    assert refresh.apply_refresh(kept, {"launch": seen_as(one_off())}, NOW) == kept


@pytest.mark.parametrize(
    ("attributes", "stored", "planned_as"),
    [
        (one_off(), {"topic": "x"}, {"update": ["topic"]}),
        (one_off(settings={"audio": "voip"}), {"settings": {}}, {"update": ["settings.audio"]}),
        (one_off(password={"env": "A_PASSCODE", "version": 1}), {"password": None}, {"update": ["password"]}),
        (one_off(password="x"), {"password": "y"}, {"update": ["password"]}),
        (
            one_off(),
            {"type": 3, "start_time": None, "duration": None},
            {"update": ["start_time", "type"]},
        ),
        (one_off(), {"type": 4}, {"update": ["type"]}),
        (
            one_off(start_time="2027-01-14T16:00:00", timezone="Europe/Berlin"),
            {"timezone": "Europe/London", "start_time": "2027-01-14T15:00:00Z"},
            {"update": ["timezone"]},
        ),
        (
            weekly(),
            {"recurrence": {**weekly()["recurrence"], "end_times": 3}},
            {"update": ["recurrence.end_times"]},
        ),
        (
            weekly(recurrence={"type": 2, "weekly_days": "2", "end_times": 3}),
            {"recurrence": {"type": 2, "weekly_days": "2", "end_times": 3, "repeat_interval": 2}},
            {"update": ["recurrence.end_times", "recurrence.type", "recurrence.weekly_days"]},
        ),
        (
            weekly(),
            {"recurrence": "gone"},
            {
                "update": [
                    "recurrence.end_times",
                    "recurrence.repeat_interval",
                    "recurrence.type",
                    "recurrence.weekly_days",
                ]
            },
        ),
        (weekly(timezone="Europe/Berlin"), {"timezone": "Mars/Olympus"}, None),
    ],
)
def test_what_people_changed_is_planned_back(
    attributes: dict[str, Any], stored: dict[str, Any], planned_as: dict[str, list[str]] | None
) -> None:
    """In the declared terms; and what cannot be made out is planned whole."""
    found_steps = steps(attributes, seen_as(attributes, **stored))

    assert found_steps == planned_as or (planned_as is None and list(found_steps) == ["update"])


@pytest.mark.parametrize("kind", ["to a series", "from a series"])
def test_a_meeting_that_became_a_series_or_was_one_is_replaced(kind: str) -> None:
    single, series = one_off(), weekly(start_time="2027-01-11T09:00:00Z")
    attributes, stored = (
        (single, series) if kind == "to a series" else (series, {**single, "recurrence": None})
    )

    (action,) = steps(attributes, seen_as(attributes, **stored))

    assert action == "replace"


def test_a_deleted_meeting_is_created_again_where_it_is_declared_and_not_over() -> None:
    gone = ReadResult(ReadStatus.GONE)
    begun = one_off(start_time="2026-12-01T07:30:00Z")
    kept = state(
        meetings={
            key: record(n, at)
            for n, (key, at) in enumerate([("a", one_off()), ("b", begun), ("c", one_off())])
        }
    )

    fresh = refresh.apply_refresh(kept, dict.fromkeys("abc", gone), NOW)

    plan = planned(spec(declared("a"), declared("b", begun)), fresh)
    assert [(step.key, step.action, step.status) for step in plan.steps] == [
        ("a", Action.CREATE, "now"),
        ("b", Action.CREATE, "expired"),
    ]


def test_an_open_intent_is_left_to_be_looked_up() -> None:
    kept = state(
        meetings={"launch": record()},
        intents={"launch": intent(action="update", id=record().id)},
    )

    for seen in (ReadResult(ReadStatus.GONE), seen_as(one_off(), topic="x")):
        assert refresh.apply_refresh(kept, {"launch": seen}, NOW) == kept


def test_a_meeting_under_another_host_is_recorded_under_it() -> None:
    """A fact; what was declared for it stays as it was."""
    kept = state(meetings={"launch": record()}, hosts={HOST: "u1"})
    seen = {"launch": seen_as(one_off(), host_id="u2", host_email="new@example.com", topic="x")}

    facts = refresh.correct_records(kept, seen)
    plan = planned(spec(declared("launch")), refresh.apply_refresh(kept, seen, NOW))

    assert facts.meetings == {"launch": replace(record(), host="new@example.com")}
    assert [(step.action, [change.path for change in step.changes]) for step in plan.steps] == [
        (Action.REPLACE, ["host", "topic"])
    ]
    (told,) = report.warnings_for(kept, seen, NOW)
    assert (told.code, "`host: new@example.com`" in told.hint) == ("refresh.other-host", True)


def test_facts_leave_out_what_is_unknown_to_the_state() -> None:
    assert refresh.apply_refresh(State(), {"other": ReadResult(ReadStatus.GONE)}, NOW) == State()


# What is told of it


def test_a_report_has_a_step_for_whatever_became_of_a_meeting() -> None:
    over = one_off(start_time="2020-01-01T09:00:00Z")
    kept = state(
        meetings={
            "changed": record(1),
            "gone": record(2),
            "interrupted": record(3),
            "kept": record(4),
            "over": record(5, over),
            "unasked": record(6),
            "unread": record(7),
            "webinar": record(8),
            "zoom": replace(record(9), observed={"duration": 40}),
        },
        intents={"interrupted": intent(action="update")},
    )
    error = RemoteError(Diagnostic("zoom.unreadable", "HTTP 503."))
    seen = {
        "changed": seen_as(one_off(), topic="x"),
        "gone": ReadResult(ReadStatus.GONE),
        "interrupted": seen_as(one_off(), topic="x"),
        "kept": seen_as(one_off()),
        "unread": ReadResult(ReadStatus.UNREAD, error=error),
        "webinar": ReadResult(ReadStatus.WEBINAR),
        "zoom": seen_as(one_off(), duration=40),
    }

    told = report.drift_report(kept, seen, NOW, Options(refresh=True))

    assert [(step.key, step.action.value, step.status.value, step.reasons) for step in told.steps] == [
        ("changed", "update", "now", ()),
        ("gone", "destroy", "now", ("deleted in Zoom",)),
        (
            "interrupted",
            "keep",
            "now",
            ("an interrupted update, begun 2026-11-30T18:00:00Z: the next apply looks it up",),
        ),
        ("kept", "keep", "now", ()),
        ("over", "keep", "expired", ("its time is over",)),
        ("unread", "keep", "now", ("could not be read: Zoom gave no usable answer",)),
        ("webinar", "update", "now", ()),
        ("zoom", "keep", "now", ("Zoom set duration to 40 (sent: 60)",)),
    ]
    assert told.has_work
    assert [one.code for one in told.diagnostics] == ["zoom.unreadable", "refresh.webinar"]


def test_a_personal_meeting_is_told_with_its_remedy() -> None:
    kept = state(meetings={"launch": record()})

    (told,) = report.warnings_for(kept, {"launch": seen_as(one_off(), type=4)}, NOW)

    assert (told.code, "use_pmi: false" in told.hint) == ("refresh.personal-id", True)
