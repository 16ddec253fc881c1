from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from builders import HOST, NOW, at, meeting, one_off, planned, record, removed, spec, state, weekly
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.closures import SingleDates
from reconciler.plan.budget import Allowances, BudgetLine, Limits
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Status, Step
from reconciler.views.style import TextStyle
from reconciler.views.table import view

TODAY = "2026-12-01"
PLAIN = TextStyle()
VERBOSE = TextStyle(verbose=True)


def shown(plan: Plan, style: TextStyle = PLAIN) -> str:
    return view("plan", "text")(plan, style)


def plan_of(*steps: Step, budget: tuple[BudgetLine, ...] = (), **fields: Any) -> Plan:
    return replace(Plan(steps, budget, "lineage-1", 1, NOW), **fields)


def step(action: Action, key: str = "launch", topic: str = "Launch review", **fields: Any) -> Step:
    return replace(Step(key, action, HOST, topic), **fields)


def test_each_action_has_its_sign() -> None:
    """Steps of today come first, in key order, then withheld and expired ones, then the totals."""
    weekly_meeting = meeting("platform-weekly", weekly(settings={"waiting_room": True, "use_pmi": False}))
    plan = plan_of(
        step(
            Action.CREATE,
            "platform-weekly",
            "Platform weekly",
            meeting=weekly_meeting,
            day=TODAY,
            starts_at=at("2027-01-11T09:00:00Z"),
        ),
        step(
            Action.UPDATE,
            "retro",
            "Retro",
            day=TODAY,
            changes=(
                FieldChange("duration", 45, 60, "length changes"),
                FieldChange("settings.jbh_time", None, 5, "who may join early changes"),
            ),
        ),
        step(
            Action.REPLACE,
            "all-hands",
            "All hands",
            day=TODAY,
            changes=(FieldChange("type", 2, 8, "kind of meeting changes"),),
            retires=True,
        ),
        step(Action.DESTROY, "old", "Old", id=81111111111, starts_at=at("2027-01-11T09:00:00Z")),
        step(Action.RESOLVE, day=TODAY, reasons=("an interrupted create",), meeting=meeting()),
        step(Action.MOVE, "sig-new", "SIG", reasons=("was `sig-old`",)),
        step(Action.IMPORT, "sig-apps", "SIG Apps", reasons=("is meeting 81234567890 in Zoom",)),
        step(Action.FORGET, "let-go", "Let go", id=82222222222),
        step(Action.KEEP, "kept", "Kept"),
        step(Action.KEEP, "released", "Released", reasons=("`agenda` is no longer declared",)),
        step(
            Action.DESTROY,
            "gone",
            "Gone",
            id=83333333333,
            status=Status.WITHHELD,
            reasons=("no longer declared, stays in Zoom",),
        ),
        step(Action.CREATE, "past", "Past", status=Status.EXPIRED, reasons=("its time is over",)),
        budget=(
            BudgetLine(HOST, TODAY, 100, 10, 12, 4),
            BudgetLine("cto@example.com", TODAY, 50, 10, 0, 0),
            BudgetLine(HOST, "2026-12-02", 100, 10, 0, 1),
        ),
    )

    assert shown(plan) == dedent("""\
        + platform-weekly "Platform weekly" for platform@example.com
            every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027, 45 min, next Mon 11 Jan 2027
            with waiting_room: true, use_pmi: false
        ~ retro "Retro" for platform@example.com
            duration: 45 → 60   (length changes)
            settings.jbh_time: (not set) → 5   (who may join early changes)
        -/+ all-hands "All hands" for platform@example.com
            type: 2 → 8   (kind of meeting changes)
            a new meeting with a new join link takes its place
        - old "Old" for platform@example.com
            meeting 81111111111, next Mon 11 Jan 2027, 09:00 UTC
        ? launch "Launch review" for platform@example.com
            Thu 14 Jan 2027, 15:00 UTC, 60 min
            an interrupted create
        > sig-new "SIG" for platform@example.com
            was `sig-old`
        < sig-apps "SIG Apps" for platform@example.com: is meeting 81234567890 in Zoom
        . let-go "Let go" for platform@example.com
            meeting 82222222222
          released "Released" for platform@example.com
            `agenda` is no longer declared

        - gone "Gone" for platform@example.com
            meeting 83333333333
            withheld: no longer declared, stays in Zoom

        Expired, nothing is sent for them: past

        Plan: 2 to add, 1 to change, 2 to destroy, 1 to look up, 1 to move, 1 to import, 1 to forget, \
1 withheld, 1 expired.
        What is imported is recorded as Zoom has it; nothing is sent for it.
        Budget: platform@example.com  12 used, 4 planned, 84 left of 100 (reserve 10)
        Budget: cto@example.com       0 used, 0 planned, 50 left of 50 (reserve 10)
        Budget: resets at 00:00 UTC, in 16 h 00 min
        """)


def three_days() -> Plan:
    """Return fourteen creates for a host that used eleven of twelve today, so that the third day has one."""
    declared = [
        meeting(f"sig-{n:02}", weekly(topic=f"SIG {n}", start_time="2026-12-07T10:00:00")) for n in range(14)
    ]
    limits = Allowances(Limits(daily=12, reserve=0), {})
    return planned(spec(*declared), state(usage={TODAY: {HOST: 11}}), allowances=limits)


def test_a_rollout_is_shown_day_by_day() -> None:
    """Steps of today are in full; of a later day ten are on a line each, and the others are counted."""
    series = "every Monday, 10:00 Europe/Berlin, 20 times, until 19 Apr 2027, 45 min, next Mon 7 Dec 2026"
    briefs = "".join(f'+ sig-{n:02} "SIG {n}" for platform@example.com: {series}\n' for n in range(1, 11))

    assert shown(three_days()) == (
        f'+ sig-00 "SIG 0" for platform@example.com\n    {series}\n'
        "\n12 steps deferred to 2026-12-02 (UTC):\n"
        f"{briefs}"
        "… 2 more to add on this day; --verbose shows them\n"
        "\n1 step deferred to 2026-12-03 (UTC):\n"
        f'+ sig-13 "SIG 13" for platform@example.com: {series}\n'
        "\nPlan: 14 to add, 0 to change, 0 to destroy, 13 deferred.\n"
        "Budget: platform@example.com  11 used, 1 planned, 0 left of 12 (reserve 0)\n"
        "Budget: resets at 00:00 UTC, in 16 h 00 min\n"
        "Rollout: 1 today, 12 on 2026-12-02, 1 on 2026-12-03; the last one lands on 2026-12-03.\n"
    )


def test_verbose_folds_nothing() -> None:
    lines = shown(three_days(), VERBOSE).splitlines()

    assert [line.split()[1] for line in lines if line.startswith("+")] == [f"sig-{n:02}" for n in range(14)]
    assert sum(line.startswith("    every Monday") for line in lines) == 14


def test_a_step_that_is_deferred_without_a_day_says_why() -> None:
    plan = planned(spec(meeting()), allowances=Allowances(Limits(daily=0), {}))

    assert shown(plan) == dedent("""\
        1 step deferred, and no day is known:
        + launch "Launch review" for platform@example.com
            Thu 14 Jan 2027, 15:00 UTC, 60 min
            deferred: its host may send no requests at all

        Plan: 1 to add, 0 to change, 0 to destroy, 1 deferred.
        Rollout: 1 on a day that is not known yet.
        """)


def test_steps_that_only_record_are_counted() -> None:
    """An apply writes them to the state, though it sends nothing for them."""
    known = state(meetings={"launch": record(1, one_off(agenda="Plan"))})

    assert shown(planned(spec(meeting(protect=True)), known)) == dedent("""\
          launch "Launch review" for platform@example.com
            `agenda` is no longer declared
            is protected from now on

        Plan: 0 to add, 0 to change, 0 to destroy, 1 to record.
        """)


def test_a_replace_that_leaves_the_old_meeting_destroys_none() -> None:
    """A meeting that is running is deleted by a later apply."""
    known = state(
        meetings={"launch": record(1), "old": record(2, one_off(start_time="2026-12-01T08:30:00Z"))},
        hosts={HOST: "U1"},
    )
    declared = spec(
        meeting(host="U2"),
        removed=(removed("launch", 81_234_567_001, destroy=False), removed("old", 81_234_567_002)),
    )

    assert shown(planned(declared, known)) == dedent("""\
        -/+ launch "Launch review" for U2
            host: "platform@example.com" → "U2"   (a new join link, under another host)
            a new meeting with a new join link takes its place
            meeting 81234567001 is left in Zoom

        1 step deferred, and no day is known:
        - old "Launch review" for platform@example.com
            meeting 81234567002, next Tue 1 Dec 2026, 08:30 UTC
            deferred: it runs now or starts within the hour, so a later apply deletes it

        Plan: 1 to add, 0 to change, 1 to destroy, 1 deferred.
        Budget: U2  0 used, 1 planned, 99 left of 100 (reserve 10)
        Budget: resets at 00:00 UTC, in 16 h 00 min
        """)


def test_a_meeting_that_starts_before_its_turn_is_late() -> None:
    """The line says so, the warning says what to do, and the change is shown in full."""
    late = meeting("soon", one_off(topic="Soon", start_time="2026-12-01T12:00:00Z"))
    plan = planned(spec(late), state(usage={TODAY: {HOST: 100}}))

    assert shown(plan) == dedent("""\
        1 step deferred to 2026-12-02 (UTC):
        + soon "Soon" for platform@example.com: Tue 1 Dec 2026, 12:00 UTC, 60 min, \
late: it starts before its turn

        warning[plan.late]: A meeting starts before the budget allows it
          = soon starts Tue 1 Dec 2026, 12:00 UTC, and platform@example.com has no request left for it \
before 2026-12-02 (UTC).
          = hint: Give it another host, lower `budget.reserve`, or create it by hand in Zoom and name it \
under `imports`.

        Plan: 1 to add, 0 to change, 0 to destroy, 1 deferred, 1 late.
        Budget: platform@example.com  100 used, 0 planned, 0 left of 100 (reserve 10)
        Budget: resets at 00:00 UTC, in 16 h 00 min
        Rollout: 1 on 2026-12-02; the last one lands on 2026-12-02.
        """)


def test_a_deferred_change_is_shown_in_full_where_a_create_is_not() -> None:
    """A change to a meeting that people use is never folded."""
    changes = (FieldChange("duration", 45, 60, "length changes"),)
    deferred = step(Action.UPDATE, status=Status.DEFERRED, day="2026-12-02", late=True, changes=changes)

    assert shown(plan_of(deferred)) == dedent("""\
        1 step deferred to 2026-12-02 (UTC):
        ~ launch "Launch review" for platform@example.com
            duration: 45 → 60   (length changes)
            late: it starts before its turn

        Plan: 0 to add, 1 to change, 0 to destroy, 1 deferred, 1 late.
        Rollout: 1 on 2026-12-02; the last one lands on 2026-12-02.
        """)


def test_without_changes_there_is_one_line() -> None:
    plan = planned(spec(meeting()), state(meetings={"launch": record()}))

    assert shown(plan) == "No changes. Compared with what was last applied; drift asks Zoom.\n"


def test_a_plan_with_refresh_says_that_it_compared_with_zoom() -> None:
    """A reader must know what the plan was compared with."""
    assert shown(plan_of(options=Options(refresh=True))) == (
        "No changes. Compared with what was last applied and with what Zoom says now.\n"
    )


def test_withheld_and_expired_steps_are_shown_without_changes() -> None:
    """A withheld step needs a line in the spec; expired keys are named, those never created first."""
    over = [step(Action.KEEP, f"over-{n}", status=Status.EXPIRED, reasons=("over",)) for n in range(5)]
    never = step(Action.CREATE, "typo", status=Status.EXPIRED, reasons=("over",))
    held = step(Action.DESTROY, "gone", "Gone", id=83333333333, status=Status.WITHHELD)

    assert shown(plan_of(*over, never, held)) == dedent("""\
        - gone "Gone" for platform@example.com
            meeting 83333333333
            withheld

        Expired, nothing is sent for them: typo, over-0, over-1, over-2, over-3 and 1 more

        Plan: 0 to add, 0 to change, 0 to destroy, 1 withheld, 6 expired.
        """)


def test_verbose_says_why_each_is_expired() -> None:
    over = step(Action.KEEP, "over", "Over", status=Status.EXPIRED, reasons=("its time is over",))

    assert shown(plan_of(over), VERBOSE) == dedent("""\
          over "Over" for platform@example.com
            expired: its time is over

        No changes. Compared with what was last applied; drift asks Zoom.
        """)


def test_a_hostile_topic_stays_on_its_line_and_in_its_quotes() -> None:
    """A topic cannot move the cursor, change the direction of writing, or imitate a line of the plan."""
    hostile = step(Action.MOVE, topic='x" for me@evil\n\x1b[2J\u202eNo changes.\\')

    assert shown(plan_of(hostile)).splitlines()[0] == (
        r'> launch "x\" for me@evil\x0a\x1b[2J\u202eNo changes.\\" for platform@example.com'
    )


def test_colour_is_asked_for() -> None:
    """Signs and keys stand out; a text without colour has the same words."""
    held = step(Action.MOVE, status=Status.WITHHELD, reasons=("not yet",))
    plan = plan_of(step(Action.UPDATE, "retro", "Retro"), held)

    coloured = shown(plan, TextStyle(colour=True))

    assert coloured == (
        '\x1b[33m~\x1b[0m \x1b[1mretro\x1b[0m "Retro" for platform@example.com\n\n'
        '\x1b[36m>\x1b[0m \x1b[1mlaunch\x1b[0m "Launch review" for platform@example.com\n'
        "    \x1b[33mwithheld\x1b[0m: not yet\n\n"
        "\x1b[1mPlan: 0 to add, 1 to change, 0 to destroy, 1 withheld.\x1b[0m\n"
    )


@pytest.mark.parametrize(
    ("attributes", "lines"),
    [
        pytest.param(
            one_off(password={"env": "LAUNCH_PASSCODE", "version": 2}),
            ["Thu 14 Jan 2027, 15:00 UTC, 60 min", "passcode from LAUNCH_PASSCODE, version 2"],
            id="a passcode by reference",
        ),
        pytest.param(
            one_off(password="s3cret"),
            ["Thu 14 Jan 2027, 15:00 UTC, 60 min", "passcode as written in the spec"],
            id="a literal passcode",
        ),
        pytest.param(
            one_off(start_time="2027-01-14T15:00:00", timezone="Europe/Berlin", duration=None),
            ["Thu 14 Jan 2027, 15:00 Europe/Berlin"],
            id="no length",
        ),
        pytest.param(
            weekly(duration=None),
            ["every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027"],
            id="a series without a length",
        ),
        pytest.param(one_off(type=3, start_time=None), ["no fixed time, 60 min"], id="no fixed time"),
        pytest.param(
            one_off(type=3, start_time=None, duration=None), ["no fixed time"], id="neither time nor length"
        ),
        pytest.param(
            one_off(
                agenda="What is new?",
                settings={
                    "audio": "both",
                    "breakout_room": {"rooms": [{"name": "A"}]},
                    "global_dial_in_countries": ["DE", "FR"],
                    "host_video": True,
                    "jbh_time": 5,
                },
            ),
            [
                "Thu 14 Jan 2027, 15:00 UTC, 60 min",
                'with agenda: "What is new?", audio: "both", breakout_room.rooms: 1 entry and 3 more',
            ],
            id="many settings",
        ),
    ],
)
def test_a_create_shows_time_passcode_and_settings(attributes: dict[str, Any], lines: list[str]) -> None:
    created = step(Action.CREATE, meeting=meeting("launch", attributes), day=TODAY)

    assert shown(plan_of(created)).splitlines()[1:-2] == [f"    {line}" for line in lines]


def test_the_next_day_of_a_series_is_its_own_zones() -> None:
    """It is Monday in Auckland while it is Sunday in UTC."""
    there = meeting("launch", weekly(timezone="Pacific/Auckland", duration=None))
    created = step(Action.CREATE, meeting=there, starts_at=at("2027-01-10T21:00:00Z"))

    assert shown(plan_of(created)).splitlines()[1] == (
        "    every Monday, 10:00 Pacific/Auckland, 20 times, until 24 May 2027, next Mon 11 Jan 2027"
    )


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"end_times": 9}, ", 5 times, until 8 Mar 2027"),
        ({"end_date_time": "2027-03-08T22:59:59Z"}, ", until 8 Mar 2027"),
        ({"end_times": 0}, ", without an end"),
    ],
)
def test_a_list_of_weekdays_of_the_month_tells_how_many_of_its_dates_there_are(
    end: dict[str, Any], words: str
) -> None:
    """Not those of the weekly rule that is sent."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", **end}
    dates = SingleDates(pattern=((2, 2), (4, 2), (-1, 2)))
    declared = meeting("weekly", weekly(recurrence=rule), dates=dates)

    lines = shown(planned(spec(declared), state())).splitlines()

    days = "second, fourth and last Monday of every month"
    assert lines[1] == f"    {days}, 10:00 Europe/Berlin{words}, 45 min, next Mon 11 Jan 2027"


def test_a_protected_meeting_says_so_and_verbose_cuts_no_setting() -> None:
    invited = one_off(settings={"meeting_invitees": [{"email": "a@example.com"}], "jbh_time": 5})
    guarded = step(Action.CREATE, meeting=meeting("launch", invited, protect=True), day=TODAY)

    assert shown(plan_of(guarded), VERBOSE).splitlines()[2:-2] == [
        "    protected: never destroyed",
        '    with meeting_invitees: [{"email":"a@example.com"}], jbh_time: 5',
    ]


def test_no_address_of_a_new_meeting_is_behind_a_cut() -> None:
    hosts = ";".join(f"person-{n:02}@example.com" for n in range(30))
    settings = {"jbh_time": 5, "waiting_room": True, "alternative_hosts": hosts}
    new = step(
        Action.CREATE, meeting=meeting("launch", one_off(agenda="x" * 200, settings=settings)), day=TODAY
    )

    assert f'    alternative_hosts: "{hosts}"' in shown(plan_of(new)).splitlines()


LONG = "a" * 50


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(FieldChange("topic", "A", 'B"'), r'topic: "A" → "B\""', id="texts"),
        pytest.param(
            FieldChange("agenda", None, "b" * 70), f'agenda: (not set) → "{"b" * 59}…"', id="a long text"
        ),
        pytest.param(
            FieldChange("agenda", f"{LONG}bc", f"{LONG}d"),
            f'agenda: "{LONG}bc" → "{LONG}d"',
            id="a late difference",
        ),
        pytest.param(
            FieldChange("agenda", LONG, f"{LONG}d"),
            f'agenda: "{LONG}" → "{LONG}d"',
            id="only the end differs",
        ),
        pytest.param(
            FieldChange(
                "agenda", f"{LONG} {LONG} one and {LONG} {LONG} 1", f"{LONG} {LONG} two and {LONG} {LONG} 2"
            ),
            f'agenda: "…{"a" * 19} one and {"a" * 15}…" → "…{"a" * 19} two and {"a" * 15}…"; '
            f'"…{"a" * 19} 1" → "…{"a" * 19} 2"',
            id="a second edit far into a text",
        ),
        pytest.param(
            FieldChange(
                "settings.alternative_hosts",
                ";".join(f"person-{n}@example.com" for n in range(30)),
                ";".join(f"person-{n}@example.com" for n in range(1, 31)),
            ),
            'settings.alternative_hosts: - "person-0@example.com"; + "person-30@example.com"',
            id="who came and went",
        ),
        pytest.param(
            FieldChange(
                "settings.meeting_invitees",
                [{"email": f"person-{n}@example.com"} for n in range(30)],
                [{"email": f"person-{n}@example.com"} for n in [*range(29), 77]],
            ),
            'settings.meeting_invitees: - {"email":"person-29@example.com"}; '
            '+ {"email":"person-77@example.com"}',
            id="the last of thirty",
        ),
        pytest.param(
            FieldChange(
                "settings.alternative_hosts", "", ";".join(f"p{n:02}@example.com" for n in range(30))
            ),
            "settings.alternative_hosts: " + "; ".join(f'+ "p{n:02}@example.com"' for n in range(30)),
            id="no address behind a cut",
        ),
        pytest.param(
            FieldChange(
                "settings.alternative_hosts",
                "twice@example.com;twice@example.com;stays@example.com;gone@example.com",
                "twice@example.com;stays@example.com",
            ),
            'settings.alternative_hosts: - "twice@example.com"; - "gone@example.com"',
            id="an entry that was there twice and is there once",
        ),
        pytest.param(
            FieldChange("tracking_fields", [{"field": "a"}], [{"field": "b" * 50}]),
            f'tracking_fields: - {{"field":"a"}}; + {{"field":"{"b" * 50}"}}',
            id="lists",
        ),
        pytest.param(
            FieldChange(
                "settings.authentication_exception", None, [{"name": "A", "join_url": "https://z/1"}]
            ),
            'settings.authentication_exception: (not set) → [{"name":"A","join_url":"(secret)"}]',
            id="a personal link",
        ),
        pytest.param(
            FieldChange("password", "(passcode)", "(passcode)", "join link and passcode change"),
            "password: (passcode) → from LAUNCH_PASSCODE, version 2   (join link and passcode change)",
            id="a passcode",
        ),
    ],
)
def test_a_change_is_shown_on_one_line(change: FieldChange, line: str) -> None:
    """Both values are cut around their difference, and show no secret."""
    declared = meeting("launch", one_off(password={"env": "LAUNCH_PASSCODE", "version": 2}))
    changed = step(Action.UPDATE, meeting=declared, changes=(change,))

    assert shown(plan_of(changed)).splitlines()[1] == f"    {line}"


def test_verbose_cuts_no_value() -> None:
    changed = step(Action.UPDATE, changes=(FieldChange("agenda", LONG, LONG + LONG),))

    assert shown(plan_of(changed), VERBOSE).splitlines()[1] == f'    agenda: "{LONG}" → "{LONG}{LONG}"'


def late(number: int) -> Diagnostic:
    return Diagnostic("plan.late", f"Late {number}.", severity=Severity.WARNING)


def test_many_warnings_of_one_kind_are_counted() -> None:
    """Three are shown; verbose shows all."""
    plan = plan_of(diagnostics=tuple(late(n) for n in range(5)))

    assert shown(plan) == dedent("""\
        warning[plan.late]: A meeting starts before the budget allows it
          = Late 0.
        warning[plan.late]: A meeting starts before the budget allows it
          = Late 1.
        warning[plan.late]: A meeting starts before the budget allows it
          = Late 2.
        … 2 more of plan.late; --verbose shows them

        No changes. Compared with what was last applied; drift asks Zoom.
        """)
    assert shown(plan, VERBOSE).count("warning[plan.late]") == 5


def test_of_many_hosts_those_with_the_least_left_are_shown() -> None:
    rows = tuple(BudgetLine(f"h{n:02}", TODAY, 100, 10, n, 0) for n in range(12))
    plan = plan_of(step(Action.MOVE), budget=rows)

    assert [line for line in shown(plan).splitlines() if line.startswith("Budget")] == [
        *(f"Budget: h{n:02}  {n} used, 0 planned, {100 - n} left of 100 (reserve 10)" for n in range(2, 12)),
        "Budget: 2 more hosts, each with 99 or more left",
        "Budget: resets at 00:00 UTC, in 16 h 00 min",
    ]
    assert shown(plan, VERBOSE).count("Budget: h") == 12


def test_less_than_an_hour_to_the_reset_is_shown_in_minutes() -> None:
    row = BudgetLine(HOST, TODAY, 100, 10, 1, 0)
    plan = plan_of(step(Action.MOVE), budget=(row,), planned_at=at("2026-12-01T23:48:00Z"))

    assert shown(plan).splitlines()[-1] == "Budget: resets at 00:00 UTC, in 12 min"


def test_a_long_rollout_names_its_first_days_and_its_last() -> None:
    days = [f"2026-12-{day:02}" for day in range(2, 10)]
    waiting = [
        step(Action.CREATE, f"k{day}", status=Status.DEFERRED, day=day, meeting=meeting()) for day in days
    ]

    assert shown(plan_of(*waiting)).splitlines()[-1] == (
        "Rollout: 1 on 2026-12-02, 1 on 2026-12-03, 1 on 2026-12-04, 1 on 2026-12-05, 1 on 2026-12-06, "
        "3 on 3 later days; the last one lands on 2026-12-09."
    )
