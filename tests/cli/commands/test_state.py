"""`state list|show|mv|rm`: showing and repairing the recorded state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import HOST, intent, one_off, record, state, weekly
from holding import held
from msgspec.structs import replace
from shell import ONE

from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.document import parse as parsed
from reconciler.state import document as state_document
from reconciler.state.state import Retired, State

if TYPE_CHECKING:
    from shell import RunResult, Shell


HASH = "00112233445566778899aabbccddeeff$" + "5e" * 32
"""A literal passcode as the state keeps it."""

FULL = state(
    meetings={
        "weekly": record(2, weekly(password={"scrypt": HASH}), protect=True),
        "launch": record(1),
        "room": record(3, one_off(type=3, start_time=None), host="cto@example.com"),
        "over": record(4, one_off(start_time="2026-11-01T10:00:00Z")),
        "now": record(5, one_off(start_time="2026-12-01T07:30:00Z")),
        "mars": record(6, one_off(start_time="2027-01-14T15:00:00", timezone="Mars/Olympus")),
    },
    intents={
        "launch": intent(action="update", id=81_234_567_001),
        "standup": intent(one_off(password={"scrypt": HASH}), first_begun_at="2026-11-29T18:00:00Z"),
    },
    retired=(Retired(80_000_000_002, HOST, "launch"), Retired(80_000_000_001, HOST, "launch")),
)
"""A state with everything in it."""


def error_lines(ran: RunResult, shell: Shell) -> list[str]:
    """The lines on stderr, independent of the folder."""
    return ran.err.replace(str(shell.sandbox_state), "STATE").splitlines()


def test_all_that_is_recorded_is_listed(shell: Shell) -> None:
    """Records, then interrupted requests, then what was replaced; each by key."""
    shell.record(FULL)

    ran = shell.sandbox("state", "list")

    assert (ran.status, ran.err, ran.out.splitlines()) == (
        0,
        "",
        [
            "launch   81234567001  platform@example.com  next Thu 14 Jan 2027, 15:00 UTC",
            "mars     81234567006  platform@example.com  its time cannot be read",
            "now      81234567005  platform@example.com  the last one is running",
            "over     81234567004  platform@example.com  over",
            "room     81234567003  cto@example.com       no fixed time",
            "weekly   81234567002  platform@example.com  next Mon 11 Jan 2027, 10:00 Europe/Berlin",
            "launch   ?            platform@example.com  an interrupted update, begun 2026-11-30T18:00:00Z",
            "standup  ?            platform@example.com  an interrupted create, begun 2026-11-30T18:00:00Z",
            "launch   80000000001  platform@example.com  retired, still to be deleted",
            "launch   80000000002  platform@example.com  retired, still to be deleted",
        ],
    )


def test_a_program_gets_the_list_as_json(shell: Shell) -> None:
    shell.record(FULL)

    ran = shell.sandbox("state", "list", "--format", "json")

    document = ran.rows[0]
    meetings = {row["key"]: row for row in document.pop("meetings")}
    assert (ran.status, ran.err, list(meetings)) == (0, "", sorted(FULL.meetings))
    assert meetings["weekly"] == {
        "key": "weekly",
        "id": 81_234_567_002,
        "host": HOST,
        "topic": "Platform weekly",
        "next_at": "2027-01-11T09:00:00Z",
        "expired": False,
        "protect": True,
        "timezone": "Europe/Berlin",
    }
    assert [(key, row["next_at"], row["expired"]) for key, row in meetings.items() if key in "over mars"] == [
        ("mars", None, False),
        ("over", None, True),
    ]
    assert document == {
        "format_version": "1.0",
        "lineage": "lineage-1",
        "serial": 1,
        "intents": [
            {
                "key": "launch",
                "action": "update",
                "id": 81_234_567_001,
                "host": HOST,
                "begun_at": "2026-11-30T18:00:00Z",
                "first_begun_at": "2026-11-30T18:00:00Z",
                "attempts": 1,
            },
            {
                "key": "standup",
                "action": "create",
                "id": None,
                "host": HOST,
                "begun_at": "2026-11-30T18:00:00Z",
                "first_begun_at": "2026-11-29T18:00:00Z",
                "attempts": 1,
            },
        ],
        "retired": [
            {"key": "launch", "id": 80_000_000_001, "host": HOST},
            {"key": "launch", "id": 80_000_000_002, "host": HOST},
        ],
    }


def test_a_state_that_was_never_written_has_nothing_in_it(shell: Shell) -> None:
    text, as_json = shell.sandbox("state", "list"), shell.sandbox("state", "list", "--format", "json")

    assert (text.status, text.out, text.err) == (0, "", "")
    assert as_json.rows == [
        {"format_version": "1.0", "lineage": "", "serial": 0, "meetings": [], "intents": [], "retired": []}
    ]


def test_one_key_is_shown_as_yaml(shell: Shell) -> None:
    shell.record(FULL)

    ran = shell.sandbox("state", "show", "weekly")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        'key: "weekly"\n'
        "meeting:\n"
        "  id: 81234567002\n"
        '  host: "platform@example.com"\n'
        '  created_at: "2026-11-01T09:00:00Z"\n'
        '  next_at: "2027-01-11T09:00:00Z"  # Mon 11 Jan 2027, 10:00 Europe/Berlin\n'
        "  protect: true\n"
        "  attributes:\n"
        "    duration: 45\n"
        '    password: "(literal)"\n'
        "    recurrence:\n"
        "      end_times: 20\n"
        "      repeat_interval: 1\n"
        "      type: 2\n"
        '      weekly_days: "2"\n'
        '    start_time: "2027-01-11T10:00:00"\n'
        '    timezone: "Europe/Berlin"\n'
        '    topic: "Platform weekly"\n'
        "    type: 8\n"
        "  observed: {}\n"
    )


@pytest.mark.parametrize("key", ["weekly", "launch", "standup"])
def test_both_forms_of_one_key_say_the_same(key: str, shell: Shell) -> None:
    """A YAML reader finds in the text what a program finds in the JSON, where there is something."""
    shell.record(FULL)

    text = shell.sandbox("state", "show", key)
    document = shell.sandbox("state", "show", key, "--format", "json").rows[0]

    assert document.pop("format_version") == "1.0"
    assert parsed(Source("shown.yaml", text.out.encode())).value == {
        name: value for name, value in document.items() if value
    }


def test_a_program_gets_all_of_one_key(shell: Shell) -> None:
    shell.record(FULL)

    interrupted = shell.sandbox("state", "show", "standup", "--format", "json")
    changing = shell.sandbox("state", "show", "launch", "--format", "json")

    assert interrupted.rows == [
        {
            "format_version": "1.0",
            "key": "standup",
            "meeting": None,
            "intent": {
                "action": "create",
                "host": HOST,
                "attributes": one_off(password="(literal)"),
                "sent": [{"start_time": "2027-01-14T15:00:00Z", "end_times": None}],
                "first_begun_at": "2026-11-29T18:00:00Z",
                "begun_at": "2026-11-30T18:00:00Z",
                "owner": "run-1",
                "measured": True,
            },
            "retired": [],
        }
    ]
    shown = changing.rows[0]
    assert (shown["meeting"]["id"], shown["intent"]["id"]) == (81_234_567_001, 81_234_567_001)
    assert shown["retired"] == [{"id": 80_000_000_002, "host": HOST}, {"id": 80_000_000_001, "host": HOST}]


def test_the_slots_of_a_room_are_shown(shell: Shell) -> None:
    shell.write(
        "meetings.yaml",
        "version: 1\nmeetings:\n  room:\n    host: a@example.com\n    topic: Room\n    type: 3\n"
        "    timetable:\n"
        "      early: {timezone: Europe/Berlin, start_time: 2027-01-11 10:00, duration: 30}\n",
    )
    assert shell.sandbox("apply", "--auto-approve").status == 0
    early = {"timezone": "Europe/Berlin", "start_time": "2027-01-11T10:00:00", "duration": 30, "type": 2}

    document = shell.sandbox("state", "show", "room", "--format", "json").rows[0]

    assert document["meeting"]["timetable"] == {"early": {"topic": "Room", **early}}
    assert shell.sandbox("state", "show", "room").out.endswith(
        "  timetable:\n    early:\n      duration: 30\n"
        '      start_time: "2027-01-11T10:00:00"\n      timezone: "Europe/Berlin"\n'
        '      topic: "Room"\n      type: 2\n'
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("verb", ["list", "show weekly", "show standup", "show odd"])
def test_no_secret_is_shown(verb: str, form: str, shell: Shell) -> None:
    """Neither the form in which a passcode is kept, nor one that somebody wrote into the state."""
    odd = replace(record(9, one_off(password="plain-secret")), observed={"password": "seen-secret"})
    shell.record(state(meetings={**FULL.meetings, "odd": odd}, intents=FULL.intents))

    ran = shell.sandbox("state", *verb.split(), "--format", form)

    said = ran.out + ran.err
    assert (ran.status, HASH[:32] in said, HASH[33:] in said, "secret" in said.replace("(secret)", "")) == (
        0,
        False,
        False,
        False,
    )


def test_a_passcode_that_is_referred_to_is_shown_by_name(shell: Shell) -> None:
    reference = {"env": "LAUNCH_PASSCODE", "version": 3}
    shell.record(state(meetings={"a": record(1, one_off(password=reference))}))

    ran = shell.sandbox("state", "show", "a", "--format", "json")

    assert ran.rows[0]["meeting"]["attributes"]["password"] == reference


def test_what_is_recorded_cannot_steer_a_terminal(shell: Shell) -> None:
    odd = record(1, one_off(topic="a\x1b[2J\u202e\n  id: 5"), host="x\x07@example.com")
    shell.record(state(meetings={"odd": odd}))

    runs = [
        shell.sandbox("state", *verb.split(), "--format", form)
        for verb in ("list", "show odd")
        for form in ("text", "json")
    ]

    assert [ran.out.replace("\n", "").isprintable() for ran in runs] == [True] * 4
    assert runs[2].out.count("  id: ") == 2  # its own, and the one inside the topic's quotes
    assert runs[3].rows[0]["meeting"]["attributes"]["topic"] == odd.attributes["topic"]


def test_mv_moves_everything_of_a_key(shell: Shell) -> None:
    """Record, interrupted request and what it replaced: one write, and no request."""
    shell.record(FULL)

    ran = shell("state", "mv", "launch", "lift-off", "--sandbox")

    assert (ran.status, ran.err, ran.out) == (
        0,
        "",
        "Moved launch to lift-off. Zoom was not changed; declare it as `lift-off` from now on.\n",
    )
    others = {key: one for key, one in FULL.meetings.items() if key != "launch"}
    assert replace(shell.recorded(), history=()) == State(
        lineage="lineage-1",
        serial=2,
        meetings={**others, "lift-off": replace(FULL.meetings["launch"], uid="launch")},
        intents={"standup": FULL.intents["standup"], "lift-off": FULL.intents["launch"]},
        retired=(Retired(80_000_000_002, HOST, "lift-off"), Retired(80_000_000_001, HOST, "lift-off")),
    )


def test_an_interrupted_request_alone_can_be_moved(shell: Shell) -> None:
    shell.record(FULL)

    ran = shell("state", "mv", "standup", "daily", "--format", "json", "--sandbox")

    assert ran.rows == [{"format_version": "1.0", "moved": {"from": "standup", "to": "daily"}}]
    assert sorted(shell.recorded().intents) == ["daily", "launch"]


def test_after_a_move_the_renamed_key_has_nothing_to_do(shell: Shell) -> None:
    """The meeting is the same, under the key that the spec has now."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", ONE.replace("launch-review", "launch"))

    moved = shell("state", "mv", "launch-review", "launch", "--sandbox")
    plan = shell("plan", "--sandbox", "--detailed-exitcode")

    assert (moved.status, plan.status, plan.out) == (
        0,
        0,
        "No changes. Compared with what was last applied; drift asks Zoom.\n",
    )


@pytest.mark.parametrize(
    ("from_key", "to_key", "error"),
    [
        (
            "lunch",
            "dinner",
            [
                "error[state.unknown-key]: The key is not in the state",
                "  = STATE has no key `lunch`.",
                "  = hint: Did you mean `launch`?",
            ],
        ),
        (
            "launch",
            "weekly",
            [
                "error[state.key-taken]: The key is taken",
                "  = STATE has the key `weekly` already. The state is unchanged.",
                "  = hint: Name another key. `reconciler state show weekly` shows the meeting of this one.",
            ],
        ),
        (
            "launch",
            "standup",
            [
                "error[state.key-taken]: The key is taken",
                "  = STATE has the key `standup` already. The state is unchanged.",
                "  = hint: Name another key. `reconciler state show standup` shows the meeting of this one.",
            ],
        ),
        (
            "launch",
            "launch",
            [
                "error[state.key-taken]: The key is taken",
                "  = `launch` cannot be renamed to itself. The state is unchanged.",
                "  = hint: Name another key.",
            ],
        ),
        (
            "launch",
            "a b",
            [
                "error[state.bad-key]: The key is not valid",
                (
                    "  = `a b` has characters other than letters, digits, `.`, `_` and `-`. "
                    "The state is unchanged."
                ),
                "  = hint: Name the key under which the meeting is declared, or will be.",
            ],
        ),
    ],
)
def test_a_move_that_cannot_be_leaves_the_state_as_it_was(
    from_key: str, to_key: str, error: list[str], shell: Shell
) -> None:
    shell.record(FULL)

    ran = shell("state", "mv", from_key, to_key, "--sandbox")

    assert (ran.status, ran.out, error_lines(ran, shell), shell.recorded()) == (1, "", error, FULL)


@pytest.mark.parametrize("verb", ["show", "rm"])
@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("weakly", "Did you mean `weekly`?"),
        ("Standup", "Did you mean `standup`?"),
        ("unlike", "`reconciler state list` shows every key."),
    ],
)
def test_an_unknown_key_gets_a_suggestion(verb: str, key: str, hint: str, shell: Shell) -> None:
    shell.record(FULL)

    ran = shell("state", verb, key, "--sandbox")

    assert (ran.status, ran.out, shell.recorded()) == (1, "", FULL)
    assert error_lines(ran, shell) == [
        "error[state.unknown-key]: The key is not in the state",
        f"  = STATE has no key `{key}`.",
        f"  = hint: {hint}",
    ]


def test_rm_lists_replaced_meetings(shell: Shell) -> None:
    """Those meetings are still ended by the next apply."""
    shell.record(FULL)

    ran = shell("state", "rm", "launch", "--sandbox")

    after = shell.recorded()
    replaced = "80000000002, 80000000001"
    text = f"Forgot launch. Zoom was not changed. Still to be deleted, since it was replaced: {replaced}.\n"
    assert (ran.status, ran.out) == (0, text)
    assert (sorted(after.intents), after.retired, "launch" in after.meetings) == (
        ["standup"],
        FULL.retired,
        False,
    )


def test_rm_prints_json(shell: Shell) -> None:
    shell.record(FULL)

    ran = shell("state", "rm", "standup", "--format", "json", "--sandbox")

    assert ran.rows == [{"format_version": "1.0", "forgotten": "standup"}]


@pytest.mark.parametrize("verb", ["mv weekly monthly", "rm weekly"])
def test_a_state_that_somebody_holds_is_left_alone(verb: str, shell: Shell) -> None:
    shell.write("s.json", state_document.encode(FULL).decode())

    with held("s.json"):
        ran = shell("state", *verb.split(), "--state", "s.json")
    again = shell("state", *verb.split(), "--state", "s.json")

    assert (ran.status, ran.out, ran.err.partition(":")[0]) == (4, "", "error[state.locked]")
    assert (again.status, again.err) == (0, "")


@pytest.mark.parametrize("verb", ["list", "show weekly"])
def test_to_look_at_a_state_needs_no_lock(verb: str, shell: Shell) -> None:
    shell.write("s.json", state_document.encode(FULL).decode())

    with held("s.json"):
        ran = shell("state", *verb.split(), "--state", "s.json")

    assert (ran.status, ran.err) == (0, "")


def test_what_changed_meanwhile_is_not_overwritten(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock can be missed, as over some network folders: the write names the version it replaces."""
    path = shell.write("s.json", state_document.encode(FULL).decode())
    decode = state_document.decode

    def meanwhile(document: bytes, location: str) -> State:
        path.write_bytes(document + b"\n")
        return decode(document, location)

    monkeypatch.setattr(state_document, "decode", meanwhile)
    ran = shell("state", "rm", "weekly", "--state", "s.json")

    assert (ran.status, ran.out, ran.err.partition(":")[0]) == (1, "", "error[state.changed]")
    assert decode(path.read_bytes(), "s.json") == FULL


def test_a_zone_that_only_others_know_stops_what_needs_times(shell: Shell) -> None:
    """The state is no worse for it: what needs none goes on, such as forgetting that meeting."""
    shell.write("s.json", state_document.encode(FULL).decode())
    shell.write("meetings.yaml", ONE)

    planned = shell("plan", "--state", "s.json")
    forgotten = shell("state", "rm", "mars", "--state", "s.json")
    again = shell("plan", "--state", "s.json")

    assert (planned.status, planned.err.partition("\n")[0]) == (
        1,
        "error[state.unknown-zone]: A recorded meeting has an unknown time zone",
    )
    assert (forgotten.status, again.status) == (0, 0)


@pytest.mark.parametrize("serial", [2**53 - 1, 2**53 - 2])
def test_a_state_with_the_highest_serial_is_read_after_a_write(serial: int, shell: Shell) -> None:
    """Somebody may have written it; it must not end in a state that no run can read."""
    shell.write("meetings.yaml", ONE)
    assert shell.sandbox("apply", "--auto-approve").status == 0
    shell.record(replace(shell.recorded(), serial=serial))
    shell.write("meetings.yaml", ONE.replace("Launch review", "Another"))

    applied, planned = shell.sandbox("apply", "--auto-approve"), shell.sandbox("plan")

    assert (applied.status, planned.status, planned.out.partition(".")[0]) == (0, 0, "No changes")
    assert shell.recorded().serial == 2**53 - 1
