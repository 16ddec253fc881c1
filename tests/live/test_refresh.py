"""Reading recorded meetings, and the state that a refreshed plan starts from."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, NOW, at, intent, one_off, planned, record, spec, state, weekly
from builders import meeting as declared
from engine_world import World, many, topic
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import AccessError, DailyLimitError, NeverSentError, RemoteError
from reconciler.live import read as live_read
from reconciler.live import refresh, report
from reconciler.live.drift import drift_of
from reconciler.live.read import ReadResult, ReadStatus, result_found
from reconciler.meeting.passcode import as_recorded
from reconciler.meeting.timezones import instant, utc_text
from reconciler.plan.change import Action
from reconciler.plan.plan import Options
from reconciler.ports import IN_FLIGHT_MAX
from reconciler.sandbox import faults
from reconciler.state.state import Retired, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.state.state import Record

LATER = at("2026-12-02T09:00:00+00:00")


def applied(*names: str, **switches: Any) -> World:
    """A world in which these meetings exist, with an empty log of requests."""
    world = World(*(topic(name) for name in names), **switches)
    assert world.apply().status == 0
    world.account.requests.clear()
    return world


def read_all(
    world: World, keys: Collection[str] | None = None, counts: list[tuple[int, int]] | None = None
) -> dict[str, ReadResult]:
    async def read() -> dict[str, ReadResult]:
        async with world.client() as remote:
            return await live_read.read_all(
                remote,
                world.store.state,
                world.clock,
                keys=keys,
                progress=lambda done, total: None if counts is None else counts.append((done, total)),
            )

    return asyncio.run(read())


def codes(diagnostics: Iterable[Diagnostic]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]


def statuses(results: Mapping[str, ReadResult]) -> dict[str, ReadStatus]:
    return {key: result.status for key, result in results.items()}


def test_each_host_is_listed_once_and_each_meeting_read() -> None:
    world = applied("a", "b")
    counts: list[tuple[int, int]] = []
    number = world.ids()

    results = read_all(world, counts=counts)

    assert statuses(results) == {"a": ReadStatus.FOUND, "b": ReadStatus.FOUND}
    assert counts == [(0, 2), (1, 2), (2, 2)]
    assert world.asked("GET") == [
        f"/v2/users/{HOST}/meetings",
        *(f"/v2/meetings/{number[key]}" for key in ("a", "b")),
    ]
    assert world.used() == {"2026-12-01": 2}


def test_only_wanted_and_unexpired_meetings_are_read() -> None:
    world = applied("a", "b")
    world.store.state = replace(
        world.store.state,
        meetings={
            **world.store.state.meetings,
            "old": record(attributes=one_off(start_time="2020-01-01T09:00:00Z")),
        },
    )

    assert statuses(read_all(world, keys={"b", "old", "unheard-of"})) == {"b": ReadStatus.FOUND}


def test_nothing_is_requested_without_a_record() -> None:
    world = World()

    assert (read_all(world), world.asked("GET")) == ({}, [])


def test_meetings_that_no_list_shows_are_read_first() -> None:
    world = applied("a", "b", "c")
    number = world.ids()
    world.zoom.send("DELETE", f"/v2/meetings/{number['c']}")

    results = read_all(world)

    assert statuses(results) == {"a": ReadStatus.FOUND, "b": ReadStatus.FOUND, "c": ReadStatus.GONE}
    assert world.asked("GET")[1] == f"/v2/meetings/{number['c']}"


def test_a_meeting_that_only_its_list_lacks_is_not_gone() -> None:
    """No list shows it, but its own read does."""
    world = applied("a")
    world.store.state = replace(
        world.store.state, meetings={"a": replace(world.store.state.meetings["a"], host="other@example.com")}
    )

    assert statuses(read_all(world)) == {"a": ReadStatus.FOUND}


def test_an_unreadable_list_proves_nothing() -> None:
    world = applied("a")
    world.zoom.switch(list_forbidden=True)

    assert statuses(read_all(world)) == {"a": ReadStatus.FOUND}


def test_a_listed_meeting_is_never_gone() -> None:
    """Reads may lag behind writes: a meeting that was just created must not be created again."""
    world = applied("a")
    gone = {"code": 3001, "message": "Meeting does not exist."}
    world.zoom.meet(faults.Fault(**faults.READ, times=0, status=404, body=gone))

    (result,) = read_all(world).values()

    assert result.status is ReadStatus.UNREAD
    assert result.error is not None
    assert result.error.diagnostic.code == "refresh.contradiction"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 1001, "message": "User does not exist."}),
        (400, {"code": 3161, "message": "No."}),
        (503, "<html>"),
    ],
    ids=["the host is gone", "refused", "no answer"],
)
def test_an_unreadable_meeting_is_never_gone(status: int, body: Any) -> None:
    world = applied("a", "b")
    number = world.ids()["a"]
    world.zoom.meet(faults.Fault(path=f"/v2/meetings/{number}", times=0, status=status, body=body))

    results = read_all(world)

    assert statuses(results) == {"a": ReadStatus.UNREAD, "b": ReadStatus.FOUND}
    assert refresh.apply_refresh(world.store.state, results, LATER) == world.store.state
    (diagnostic,) = report.warnings_for(world.store.state, results)
    assert (diagnostic.severity, diagnostic.key) == ("error", "a")
    assert diagnostic.detail.startswith("a: ")
    assert diagnostic.detail.endswith("The meeting is taken as it is recorded.")


def test_an_id_of_a_webinar_is_reported_and_left_alone() -> None:
    world = applied("a")
    world.zoom.switch(webinars=[world.ids()["a"]])

    results = read_all(world)

    assert statuses(results) == {"a": ReadStatus.WEBINAR}
    assert refresh.apply_refresh(world.store.state, results, LATER) == world.store.state
    assert codes(report.warnings_for(world.store.state, results)) == ["refresh.webinar"]


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
def test_an_error_that_concerns_all_reads_stops_them(fault: faults.Fault, error: type[RemoteError]) -> None:
    world = World(*many(40))
    world.apply()
    world.account.requests.clear()
    world.zoom.meet(fault)

    with pytest.raises(error):
        read_all(world)

    assert len(world.asked("GET")) <= IN_FLIGHT_MAX + 1


def test_a_network_that_is_down_stops_the_reads() -> None:
    world = applied("a", "b")
    world.unreachable = lambda scope: scope["path"].startswith("/v2/meetings/")

    with pytest.raises(NeverSentError):
        read_all(world)


# The refreshed state


def found(recorded: Record, known: State | None = None, **stored: Any) -> ReadResult:
    """The read of a meeting with the recorded attributes and `stored`; None means absent."""
    attributes = {name: value for name, value in recorded.attributes.items() if name != "password"}
    body = {**attributes, "timezone": attributes.get("timezone", "UTC"), **stored}
    body = {name: value for name, value in body.items() if value is not None}
    return result_found(known or State(), recorded, body, NOW)


def steps(attributes: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Action and changed paths of the plan for one key that is declared as it is recorded."""
    recorded = record(attributes=as_recorded(attributes, b"salt"))
    known = state(meetings={"launch": recorded})
    refreshed = refresh.apply_refresh(known, {"launch": found(recorded, **stored)}, NOW)
    plan = planned(spec(declared("launch", attributes)), refreshed)
    return {step.action.value: [change.path for change in step.changes] for step in plan.steps}


def test_an_untouched_meeting_leaves_the_state_as_it_is() -> None:
    known = state(meetings={"launch": record()})

    assert refresh.apply_refresh(known, {"launch": found(record())}, NOW) == known


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
def test_changes_by_people_are_planned_back(
    attributes: dict[str, Any], stored: dict[str, Any], planned_as: dict[str, list[str]] | None
) -> None:
    """The plan is in the declared terms; an unreadable schedule is planned whole."""
    planned = steps(attributes, stored)

    assert planned == planned_as or (planned_as is None and list(planned) == ["update"])


@pytest.mark.parametrize("kind", ["to a series", "from a series"])
def test_a_meeting_that_became_a_series_or_was_one_is_replaced(kind: str) -> None:
    single, series = one_off(), weekly(start_time="2027-01-11T09:00:00Z")
    attributes, stored = (
        (single, series) if kind == "to a series" else (series, {**single, "recurrence": None})
    )

    (action,) = steps(attributes, stored)

    assert action == "replace"


def test_a_deleted_meeting_is_created_again_where_it_is_declared_and_not_over() -> None:
    gone = ReadResult(ReadStatus.GONE)
    begun = one_off(start_time="2026-12-01T07:30:00Z")
    known = state(
        meetings={
            key: record(n, at)
            for n, (key, at) in enumerate([("a", one_off()), ("b", begun), ("c", one_off())])
        }
    )

    refreshed = refresh.apply_refresh(known, dict.fromkeys("abc", gone), NOW)

    plan = planned(spec(declared("a"), declared("b", begun)), refreshed)
    assert [(step.key, step.action, step.status) for step in plan.steps] == [
        ("a", Action.CREATE, "now"),
        ("b", Action.CREATE, "expired"),
    ]


def test_a_record_with_an_open_intent_is_not_refreshed() -> None:
    known = state(
        meetings={"launch": record()},
        intents={"launch": intent(action="update", id=record().id)},
    )

    for result in (ReadResult(ReadStatus.GONE), found(record(), topic="x")):
        assert refresh.apply_refresh(known, {"launch": result}, NOW) == known


def test_a_meeting_under_another_host_is_recorded_under_it() -> None:
    """The host is a fact to record; the declared attributes stay."""
    known = state(meetings={"launch": record()}, hosts={HOST: "u1"})
    results = {"launch": found(record(), known, host_id="u2", host_email="new@example.com", topic="x")}

    corrected = refresh.correct_records(known, results)
    plan = planned(spec(declared("launch")), refresh.apply_refresh(known, results, NOW))

    assert corrected.meetings == {"launch": replace(record(), host="new@example.com")}
    assert [(step.action, [change.path for change in step.changes]) for step in plan.steps] == [
        (Action.UPDATE, ["host", "topic"])
    ]
    assert report.warnings_for(known, results) == ()


NEW_NAME = "new@example.com"


@pytest.mark.parametrize(
    ("known_host", "stored", "host"),
    [
        (HOST, {"host_id": "u1", "host_email": NEW_NAME}, NEW_NAME),
        (HOST, {"host_id": "u1", "host_email": HOST.upper()}, HOST),
        (HOST, {"host_id": "u1"}, HOST),
        (HOST, {"host_id": "u1", "host_email": "taken@example.com"}, HOST),
        ("u1", {"host_id": "u1", "host_email": NEW_NAME}, "u1"),
    ],
)
def test_a_renamed_host_is_recorded_under_its_new_e_mail(
    known_host: str, stored: dict[str, str], host: str
) -> None:
    """The user id is the recorded one; an e-mail that the state knows as another user's is not believed."""
    known = state(meetings={"launch": record(host=known_host)}, hosts={HOST: "u1", "taken@example.com": "u2"})

    corrected = refresh.correct_records(known, {"launch": found(record(host=known_host), known, **stored)})

    renamed = {NEW_NAME: "u1"} if host == NEW_NAME else {}
    assert corrected == replace(
        known, meetings={"launch": record(host=host)}, hosts={**known.hosts, **renamed}
    )


def test_a_handover_of_a_scheduled_meeting_is_recorded_without_whom_it_was_scheduled_for() -> None:
    """Else the old user would still count as its host."""
    scheduled = record(1, one_off(schedule_for="carl@example.com"))
    known = state(meetings={"launch": scheduled}, hosts={HOST: "u1"})
    results = {"launch": found(scheduled, known, host_id="u2", host_email=NEW_NAME)}

    corrected = refresh.correct_records(known, results)

    assert corrected.meetings == {"launch": replace(record(1, one_off()), host=NEW_NAME)}


@pytest.mark.parametrize(
    ("stored", "declared_hosts", "code"),
    [
        ({"host_id": "u1"}, (), None),
        ({"host_id": "u1", "created_at": "2026-11-01T09:00:00Z"}, (), None),
        ({"host_id": "u1", "created_at": "2026-11-01T10:00:00+01:00"}, (), None),
        ({"host_id": "u1", "created_at": "2026-11-01T09:00:01Z"}, (), "state.other-meeting"),
        ({"host_id": "u1", "created_at": "2026-11-01T09:00:01Z"}, (HOST,), "state.other-meeting"),
        ({"host_id": "u2", "host_email": "new@example.com"}, (), "refresh.other-host"),
        ({"host_id": "u2", "host_email": "new@example.com"}, (HOST,), "refresh.other-host"),
        ({"host_id": "u2", "host_email": "new@example.com"}, (HOST, "new@example.com"), None),
        ({"host_id": "u2", "host_email": HOST}, (), "refresh.other-host"),
    ],
)
def test_only_the_recorded_meeting_is_shown(
    stored: dict[str, str], declared_hosts: tuple[str, ...], code: str | None
) -> None:
    """By its host and its creation; a new host counts where the spec names it."""
    known = state(meetings={"launch": record()}, hosts={HOST: "u1"})
    results = {"launch": found(record(), known, topic="SECRET", **stored)}

    judged = live_read.without_strangers(known, results, lambda: {"launch": declared_hosts})

    warned = [diagnostic.code for diagnostic in report.warnings_for(known, judged)]
    shown = repr(report.drift_report(known, judged, NOW, Options(refresh=True)))
    assert (warned, "SECRET" in shown) == ([code] if code else [], code is None)
    if code:
        assert refresh.apply_refresh(known, judged, NOW) == known


def test_a_result_without_a_record_is_ignored() -> None:
    assert refresh.apply_refresh(State(), {"other": ReadResult(ReadStatus.GONE)}, NOW) == State()


# The report


def test_a_passcode_in_a_topic_is_in_no_step_of_an_undeclared_meeting() -> None:
    """Somebody wrote a join link into Zoom; the plan shows the topic with the passcode masked."""
    known = state(meetings={"a": record(1)}, retired=(Retired(9, HOST, "a"),))
    result = found(record(1), topic="Join https://zoom.example/j/1?pwd=abc123")

    plan = planned(spec(), refresh.apply_refresh(known, {"a": result}, NOW))

    assert [step.topic for step in plan.steps] == ["Join https://zoom.example/j/1?pwd=***"] * 2


def test_a_report_has_a_step_for_each_kind_of_result() -> None:
    over = one_off(start_time="2020-01-01T09:00:00Z")
    known = state(
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
    results = {
        "changed": found(record(1), topic="x"),
        "gone": ReadResult(ReadStatus.GONE),
        "interrupted": found(record(3), topic="x"),
        "kept": found(record(4)),
        "unread": ReadResult(ReadStatus.UNREAD, error=error),
        "webinar": ReadResult(ReadStatus.WEBINAR),
        "zoom": found(known.meetings["zoom"], duration=40),
    }

    drift = report.drift_report(known, results, NOW, Options(refresh=True))

    assert [(step.key, step.action.value, step.status.value, step.reasons) for step in drift.steps] == [
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
    assert drift.has_work
    assert codes(drift.diagnostics) == ["zoom.unreadable", "refresh.webinar"]


def test_a_meeting_on_the_personal_id_is_reported_with_its_remedy() -> None:
    known = state(meetings={"launch": record()})

    (diagnostic,) = report.warnings_for(known, {"launch": found(record(), type=4)})

    assert (diagnostic.code, "use_pmi: false" in diagnostic.hint) == ("refresh.personal-id", True)


MONDAYS = {"type": 2, "repeat_interval": 1, "weekly_days": "2"}


def listed(count: int) -> list[dict[str, str]]:
    """The first Mondays of a series as Zoom lists them."""
    starts = (at("2027-01-11T09:00:00+00:00") + timedelta(weeks=week) for week in range(count))
    return [
        {"occurrence_id": str(int(start.timestamp()) * 1000), "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
        for start in starts
    ]


@pytest.mark.parametrize(
    ("end", "in_zoom", "dates", "window"),
    [
        ({"end_times": 20}, {"end_times": 20}, 20, {}),
        ({"end_times": 0}, {"end_times": 0}, 50, {"from": "2027-01-11T09:00:00Z", "to": None}),
        ({"end_times": 0}, {"end_times": 0}, 0, {"from": "2027-01-11T09:00:00Z", "to": None}),
        (
            {"end_times": 0},
            {"end_times": 30},
            30,
            {"from": "2027-01-11T09:00:00Z", "to": "2027-08-02T09:00:00Z"},
        ),
        (
            {"end_times": 120},
            {"end_times": 120},
            50,
            {"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"},
        ),
        (
            {"end_times": 60},
            {"end_times": 60},
            60,
            {"from": "2027-01-11T09:00:00Z", "to": "2028-02-28T09:00:00Z"},
        ),
    ],
)
def test_an_imported_series_has_the_window_that_zoom_has(
    end: dict[str, int], in_zoom: dict[str, int], dates: int, window: dict[str, str | None]
) -> None:
    """Nothing is sent for it until that end is near, and never where the series in Zoom has none."""
    attributes = weekly(timezone="UTC", start_time="2027-01-11T09:00:00", recurrence={**MONDAYS, **end})
    stored = {**attributes, "recurrence": {**MONDAYS, **in_zoom}, "occurrences": listed(dates)}

    found = refresh.as_imported(record(attributes=attributes), stored, NOW)

    assert (found.window, found.attributes) == (window, attributes)


RESCHEDULED = [
    ("Europe/Berlin", "2027-01-12T10:00:00", {"weekly_days": "3"}),
    ("Europe/Berlin", "2027-01-14T10:00:00", {"weekly_days": "5", "repeat_interval": 2}),
    ("Europe/Berlin", "2027-01-11T10:00:00", {"type": 3, "weekly_days": None, "monthly_day": 11}),
    ("America/New_York", "2027-01-11T10:00:00", {}),
    ("America/New_York", "2027-01-11T04:00:00", {}),
    ("America/New_York", "2027-01-13T10:00:00", {"weekly_days": "4"}),
]
"""The zone, the start and the parts of the rule of a series that is held in another way in Zoom."""


def rescheduled(zone: str, start: str, rule: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes of such a series as they could be declared, and the answer of Zoom."""
    whole = {**MONDAYS, "end_times": 5, **rule}
    whole = {name: part for name, part in whole.items() if part is not None}
    attributes = weekly(start_time=start, timezone=zone, recurrence=whole)
    return attributes, {**attributes, "start_time": utc_text(instant(start, zone))}


@pytest.mark.parametrize(("zone", "start", "rule"), RESCHEDULED)
def test_an_imported_series_with_another_rule_or_zone_does_not_drift(
    zone: str, start: str, rule: dict[str, Any]
) -> None:
    """Its whole schedule is recorded as Zoom has it: a start by itself would be none of the rule's dates."""
    _, stored = rescheduled(zone, start, rule)
    known = record(attributes=weekly(recurrence={**MONDAYS, "end_times": 5}))

    imported = refresh.as_imported(known, stored, NOW)

    assert imported.attributes == stored
    assert list(drift_of(imported, stored, NOW)) == []


@pytest.mark.parametrize(("zone", "start", "rule"), RESCHEDULED)
def test_a_series_that_is_declared_as_somebody_rescheduled_it_is_not_sent(
    zone: str, start: str, rule: dict[str, Any]
) -> None:
    """To send its rule again would undo the single dates that people changed since."""
    attributes, stored = rescheduled(zone, start, rule)
    known = record(attributes=weekly(recurrence={**MONDAYS, "end_times": 5}))

    refreshed = refresh.apply_refresh(
        state(meetings={"weekly": known}), {"weekly": found(known, **stored)}, NOW
    )
    plan = planned(spec(declared("weekly", attributes)), refreshed)

    assert [(step.action.value, step.changes, step.dates) for step in plan.steps] == [("keep", (), ())]


GUESTS = {"start_time": "2027-01-18T09:00:00Z", "duration": 20, "agenda": "Guests"}


@pytest.mark.parametrize(
    ("in_zoom", "expected"),
    [
        ({}, {**GUESTS, "duration": 45}),
        ({"duration": 30}, {**GUESTS, "duration": 30}),
        ({"status": "deleted"}, "skip"),
        ({"duration": 20}, GUESTS),
    ],
)
def test_a_refresh_keeps_what_no_list_shows_of_a_date(in_zoom: dict[str, Any], expected: Any) -> None:
    """The date has another length than was recorded; its agenda may be there, and is to be taken back."""
    attributes = weekly(
        timezone="UTC", start_time="2027-01-11T09:00:00", recurrence={**MONDAYS, "end_times": 20}
    )
    known = replace(record(attributes=attributes), exceptions={"2027-01-18": GUESTS})
    dates = [{**each, "duration": 45, "status": "available"} for each in listed(20)]
    dates[1] |= in_zoom

    reads = {"weekly": found(known, occurrences=dates)}
    refreshed = refresh.apply_refresh(state(meetings={"weekly": known}), reads, NOW)

    assert refreshed.meetings["weekly"].exceptions == {"2027-01-18": expected}
