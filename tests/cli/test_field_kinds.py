"""Further cases of the kinds that real accounts and a new user taught, from the spec to Zoom and back."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MO, MONTHLY, SU, WEEKLY, rrule
from pasting import PastingTeam, is_clean
from shell import HOST, NOW

if TYPE_CHECKING:
    from shell import RunResult, Shell

ANNA, BOB = "anna@example.com", "bob@example.com"
YEARS_LATER = "2028-12-10T08:00:00Z"
ONCE = {"type": 2, "start_time": "2027-01-14T15:00:00Z", "duration": 60}


@pytest.fixture
def team(shell: Shell) -> PastingTeam:
    """A folder and an account without meetings."""
    return PastingTeam(shell)


def changed_paths(ran: RunResult) -> list[str]:
    """The fields that a plan changes, in its order."""
    return re.findall(r"^    ([a-z_.]+): .* → ", ran.out, re.MULTILINE)


def in_zoom(team: PastingTeam, key: str) -> dict[str, Any]:
    return dict(team.zoom.meeting(team.shell.ids()[key]).document)


def imported(team: PastingTeam, stored: dict[str, Any], **declared: Any) -> RunResult:
    """Import a meeting that was made in Zoom as what is declared otherwise; return the next plan."""
    team.zoom.make(HOST, {**ONCE, "topic": "k", **stored})
    (number,) = map(int, re.findall(r"id: (\d{11})", team.run(f"import --host {HOST}").out))
    team.meetings, team.entries = {"k": declared}, {"imports": [{"id": number, "to": "k"}]}
    team.write()
    ran = team.apply()
    assert (ran.status, "sent" in ran.out.replace("nothing is sent", "")) == (0, False)
    team.entries = {}
    team.write()
    return team.plan()


# An import records what Zoom has; what the spec says otherwise is the next plan

SERIES = {
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
}
FASTER = {**SERIES["recurrence"], "repeat_interval": 2}  # type: ignore[dict-item]  # - a mapping


@pytest.mark.parametrize(
    ("stored", "declared", "paths"),
    [
        (SERIES, {**SERIES, "recurrence": FASTER}, ["recurrence.repeat_interval"]),
        (SERIES, {**SERIES, "start_time": "2027-01-11T11:30:00"}, ["start_time"]),
        ({"password": "old_1"}, {"password": "new_2"}, ["password"]),
        (
            {"settings": {"alternative_hosts": f"{ANNA};{BOB}"}},
            {"settings": {"alternative_hosts": [BOB, ANNA]}},
            [],
        ),
        (
            {"type": 3, "agenda": "Old"},
            {"type": 3, "start_time": None, "duration": None, "agenda": "New"},
            ["agenda"],
        ),
    ],
    ids=["rule", "time of a series", "passcode", "order", "room"],
)
def test_what_an_import_finds_otherwise_is_sent_once_by_the_next_apply(
    stored: dict[str, Any], declared: dict[str, Any], paths: list[str], team: PastingTeam
) -> None:
    plan = imported(team, stored, **declared)

    assert changed_paths(plan) == paths
    assert (team.apply().status, "No changes." in team.plan().out) == (0, True)
    assert is_clean(team.run("drift"))


# Endless series


@pytest.mark.parametrize(
    ("rule", "repeat"),
    [
        ({"type": 1, "repeat_interval": 2}, "{every: 2 days}"),
        ({"type": 3, "monthly_week": -1, "monthly_week_day": 6}, "{every: month, on: last fri}"),
        ({"type": 2, "weekly_days": "3,5", "repeat_interval": 3}, "{every: 3 weeks, on: [tue, thu]}"),
    ],
    ids=["every other day", "last Friday", "every third week"],
)
def test_an_endless_series_is_imported_as_one_and_a_new_topic_leaves_it_endless(
    rule: dict[str, Any], repeat: str, team: PastingTeam
) -> None:
    start = {1: "2027-01-04", 2: "2027-01-05", 3: "2027-01-29"}[rule["type"]]
    series = {**SERIES, "start_time": f"{start}T23:30:00", "recurrence": {**rule, "end_times": 0}}
    team.zoom.make(HOST, {"topic": "Call", "duration": 30, **series})

    written = team.run(f"import --host {HOST}").out
    team.shell.write("meetings.yaml", written)
    taken = team.apply()
    team.shell.write(
        "meetings.yaml", written.replace("topic: Call", "topic: Call (EU)").split("# `apply`")[0]
    )
    plan, applied = team.plan(), team.apply()

    assert f"    repeat: {repeat}" in written
    assert "Apply complete! 0 added, 0 changed, 0 destroyed, 1 recorded." in taken.out
    assert (changed_paths(plan), applied.status) == (["topic"], 0)
    assert in_zoom(team, "call")["recurrence"]["end_times"] == 0


# A meeting whose dates are over, and that Zoom has forgotten


@pytest.mark.parametrize(
    "again",
    [
        {"k": {**ONCE, "topic": "k", "protect": True, "start_time": "2029-01-08T15:00:00Z"}},
        {"new": {**ONCE, "topic": "k", "start_time": "2029-01-08T15:00:00Z"}},
        {"k": {**ONCE, "topic": "Another", "timezone": "Asia/Tokyo", "start_time": "2029-01-08T15:00:00"}},
    ],
    ids=["protected", "renamed in the same change", "in another zone"],
)
def test_a_meeting_that_zoom_forgot_is_made_again_under_its_key(
    again: dict[str, Any], team: PastingTeam
) -> None:
    team.declare(k={**ONCE, "topic": "k", "protect": next(iter(again.values())).get("protect", False)})
    assert team.apply().status == 0
    old = team.shell.ids()["k"]
    team.declare(**again)
    if "new" in again:
        team.entries = {"moved": [{"from": "k", "to": "new"}]}
        team.write()

    first = team.shell.sandbox("apply", "--auto-approve", now=YEARS_LATER)
    second = team.shell.sandbox("plan", now=YEARS_LATER)

    assert (first.status, f"was {old}, which Zoom does not have any more" in first.out) == (0, True)
    assert (list(team.shell.ids()), second.out.splitlines()[-1][:11]) == (list(again), "No changes.")
    assert sum(team.shell.recorded().usage["2028-12-10"].values()) == 1


def test_an_endless_series_that_zoom_forgot_is_made_again_as_the_hint_says(team: PastingTeam) -> None:
    """An extension has no approval, so that a new join link waits for the person who runs the command."""
    team.shell.write(
        "meetings.yaml",
        "version: 1\nmeetings:\n  weekly: {host: a@example.com, topic: Weekly, start_time: 2026-12-07 10:00, "
        "timezone: UTC, repeat: {every: week}}\n",
    )
    assert team.apply().status == 0

    failed = team.shell.sandbox("apply", "--auto-approve", now="2030-01-10T08:00:00Z")
    (command,) = set(re.findall(r"`reconciler (apply --refresh)`", failed.out))
    again = team.shell.sandbox(*command.split(), "--auto-approve", now="2030-01-10T08:00:00Z")

    assert ((failed.status, again.status), "2030-01-10" in team.shell.recorded().usage) == ((1, 0), True)
    assert sum(team.shell.recorded().usage["2030-01-10"].values()) == 1


# Hosts


@pytest.fixture
def two(team: PastingTeam) -> PastingTeam:
    """A meeting of Anna's and one of Bob's, applied."""
    team.declare(one={"host": ANNA}, two={"host": BOB, "start_time": "2027-01-15T15:00:00Z"})
    assert team.apply().status == 0
    return team


def test_two_hosts_exchange_their_meetings_in_one_apply(two: PastingTeam) -> None:
    numbers = two.shell.ids()
    two.declare(one={"host": BOB}, two={"host": ANNA, "start_time": "2027-01-15T15:00:00Z"})

    assert two.apply().status == 0
    assert [in_zoom(two, key)["host_email"] for key in ("one", "two")] == [BOB, ANNA]
    assert (two.shell.ids(), is_clean(two.run("drift"))) == (numbers, True)


def test_a_host_that_is_written_as_a_user_id_is_the_same_one(two: PastingTeam) -> None:
    ids = two.shell.recorded().hosts
    two.declare(
        one={"host": ids[ANNA]}, two={"host": "BOB@example.com", "start_time": "2027-01-15T15:00:00Z"}
    )

    assert two.plan().out == "No changes. Compared with what was last applied; drift asks Zoom.\n"


def test_a_key_and_its_host_change_together(two: PastingTeam) -> None:
    number = two.shell.ids()["one"]
    two.declare(uno={"host": BOB, "topic": "Uno"}, two={"host": BOB, "start_time": "2027-01-15T15:00:00Z"})
    two.entries = {"moved": [{"from": "one", "to": "uno"}]}
    two.write()

    assert (two.apply().status, two.shell.ids()["uno"]) == (0, number)
    document = in_zoom(two, "uno")
    assert (document["host_email"], document["topic"]) == (BOB, "Uno")


def test_a_meeting_goes_to_another_host_and_back(two: PastingTeam) -> None:
    number = two.shell.ids()["one"]
    for host in (BOB, ANNA):
        two.declare(one={"host": host}, two={"host": BOB, "start_time": "2027-01-15T15:00:00Z"})
        assert two.apply().status == 0
        assert in_zoom(two, "one")["host_email"] == host

    assert (two.shell.ids()["one"], is_clean(two.run("drift"))) == (number, True)


# The personal id


def test_only_the_meetings_of_the_host_that_forces_it_are_named(team: PastingTeam) -> None:
    team.zoom.switch(per_host={ANNA: {"pmi_forced": True}})
    team.declare(one={"host": ANNA}, two={"host": BOB, "start_time": "2027-01-15T15:00:00Z"})

    ran = team.apply()

    assert re.findall(r"refresh\.personal-id\].*\n +=? ?(\S+): ", ran.err) == ["one"]


@pytest.mark.parametrize(
    ("shared", "own", "is_told"),
    [
        ({"defaults": {"host": HOST, "settings": {"use_pmi": True}}}, {}, False),
        ({"defaults": {"host": HOST, "settings": {"use_pmi": True}}}, {"settings": {"use_pmi": None}}, True),
        (
            {"defaults": {"host": HOST}, "templates": {"own": {"settings": {"use_pmi": True}}}},
            {"use": "own"},
            False,
        ),
    ],
    ids=["defaults", "taken out of defaults", "template"],
)
def test_a_personal_id_that_is_wanted_by_what_meetings_share_is_not_told(
    shared: dict[str, Any],
    own: dict[str, Any],
    is_told: bool,  # noqa: FBT001 - a case
    team: PastingTeam,
) -> None:
    team.zoom.switch(pmi_forced=True)
    spec = {"version": 1, **shared, "meetings": {"a": {**ONCE, "topic": "a", **own}}}
    team.shell.write("meetings.yaml", json.dumps(spec))

    ran = team.apply()

    assert (ran.status, "[refresh.personal-id]" in ran.err) == (0, is_told)


# Series that began long ago

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
at = datetime.fromisoformat


@pytest.mark.parametrize(
    ("start", "zone", "repeat", "dates"),
    [
        ("2019-03-31 09:00", BERLIN, "{every: 3 weeks, on: sun, until: 2027-06-30}",
         rrule(WEEKLY, at("2019-03-31 09:00"), interval=3, wkst=SU, until=at("2027-06-30 23:00"))),
        ("2020-01-01 10:00", NEW_YORK, "{every: 5 days, until: 2027-03-31}",
         rrule(DAILY, at("2020-01-01 10:00"), interval=5, until=at("2027-03-31 23:00"))),
        ("2012-02-06 08:00", "Asia/Tokyo", "{every: month, on: first mon, times: 200}",
         rrule(MONTHLY, at("2012-02-06 08:00"), byweekday=MO(1), count=200)),
        ("2016-02-29 18:00", "Australia/Sydney", "{every: week, on: mon, times: 600}",
         rrule(WEEKLY, at("2016-02-29 18:00"), count=600)),
    ],
    ids=["every third week", "every fifth day", "first Monday", "600 times"],
)  # fmt: skip
def test_a_series_of_long_ago_has_in_zoom_the_dates_that_are_left(
    start: str, zone: str, repeat: str, dates: rrule, team: PastingTeam
) -> None:
    """Its dates in Zoom are those that another library finds; nobody renews it, and no hint is given."""
    text = f"{{host: {HOST}, topic: Old, start_time: {start}, timezone: {zone}, repeat: {repeat}}}"
    team.shell.write("meetings.yaml", f"version: 1\nmeetings:\n  old: {text}\n")
    now = datetime.fromisoformat(NOW)

    checked, applied = team.shell("validate", "--strict"), team.apply()

    coming = [each.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for each in dates]
    left = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in coming if each > now]
    occurrences = team.zoom.read(team.shell.ids()["old"])["occurrences"]
    assert (checked.status, applied.status) == (0, 0)
    assert [each["start_time"] for each in occurrences] == left[:50]
    assert "hint" not in applied.out + applied.err


# A rename that changes more than the key


@pytest.mark.parametrize(
    "after",
    [
        {"topic": "Retro", "start_time": "2027-01-14T15:30:00Z", "agenda": "New", "duration": 90},
        {"topic": "Retro", "start_time": "2027-01-19T09:00:00Z", "settings": {"waiting_room": True}},
        {"topic": "Platform retro", "start_time": "2027-01-14T15:00:00Z", "duration": 30},
    ],
    ids=["time, text and length", "another day and a setting", "another topic and length"],
)
def test_a_rename_that_also_changes_the_rest_keeps_its_link_by_the_printed_line(
    after: dict[str, Any], team: PastingTeam
) -> None:
    """The key, the time and the file change in one commit: one meeting, one entry, one line to paste."""
    team.declare(retro={"topic": "Retro"})
    assert team.apply().status == 0
    number = team.shell.ids()["retro"]
    team.declare(**{"platform-retro": after})

    printed = team.plan()
    held_back = team.apply()
    team.paste(printed)

    assert (printed.out.count("withheld"), list(team.shell.ids())) == (2, ["retro"])
    assert (held_back.status, team.apply().status, team.shell.ids()) == (0, 0, {"platform-retro": number})


# Values without effect, and webinars, in what meetings share

TOP = f"version: 1\ndefaults: {{host: {HOST}, timezone: UTC}}\n"
WEEKLY_AT = "start_time: 2027-01-11 10:00, repeat: {every: week, times: 3}"


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        (
            (
                f"meetings:\n  a: {{topic: A, {WEEKLY_AT}, "
                "settings: {alternative_hosts: [PLATFORM@example.com]}}\n"
            ),
            ["meeting.no-effect 4"],
        ),
        (
            (
                f"people: {{leads: [ada@example.com, {HOST}]}}\n"
                f"meetings:\n  a: {{topic: A, {WEEKLY_AT}, settings: {{alternative_hosts: [leads]}}}}\n"
            ),
            [],
        ),
        (
            (
                "templates:\n  early: {settings: {jbh_time: 5}}\n"
                f"meetings:\n  a: {{use: early, topic: A, {WEEKLY_AT}}}\n"
                "  b: {use: early, topic: B, type: 3}\n"
            ),
            ["meeting.no-effect 4"],
        ),
        (
            (
                "templates:\n  early: {settings: {jbh_time: 5}}\n"
                f"meetings:\n  a: {{use: early, topic: A, {WEEKLY_AT}, "
                "settings: {join_before_host: true}}\n"
                "  b: {use: early, topic: B, type: 3}\n"
            ),
            [],
        ),
        (
            (
                "templates:\n  hall: {type: 5}\nmeetings:\n"
                "  a: {use: hall, topic: A, start_time: 2027-01-11 10:00}\n"
                "  b: {use: hall, topic: B, start_time: 2027-01-12 10:00}\n"
            ),
            ["meeting.webinar 4"],
        ),
        (
            "meetings:\n  a: {topic: A, type: 9.0, start_time: 2027-01-11 10:00}\n",
            ["meeting.webinar 4"],
        ),
        (
            "meetings:\n  a: {topic: A, type: recurring webinar, start_time: 2027-01-11 10:00}\n",
            ["meeting.webinar 4"],
        ),
    ],
    ids=["letter case", "shared list of people", "template", "of use to one", "webinar", "9.0", "words"],
)
def test_what_has_no_effect_or_is_a_webinar_is_told_once_at_its_line(
    rest: str, found: list[str], shell: Shell
) -> None:
    shell.write("meetings.yaml", TOP + rest)

    report = json.loads(shell("validate", "--format", "json").out)

    told = [f"{each['code']} {each['range']['start']['line']}" for each in report["diagnostics"]]
    assert told == found
