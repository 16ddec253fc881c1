"""`history`: what the last runs did, by whom, and what became of one meeting."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from builders import state
from holding import held
from shell import HOST, spec_of
from varied import Zoom

from reconciler.state import document as state_document
from reconciler.state.history import EntryWriter, Fact, Kind, RunInfo
from reconciler.views.text.history import recorded_lines

if TYPE_CHECKING:
    from shell import RunResult, Shell

    from reconciler.ports import Json

GITHUB = {
    "GITHUB_TRIGGERING_ACTOR": "ana", "GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/meetings", "GITHUB_SHA": "c0ffee0123456789",
}  # fmt: skip
RUN_URL = "https://github.com/acme/meetings/actions/runs/7"


def applied(shell: Shell, *, now: str, **meetings: dict[str, Json]) -> RunResult:
    shell.write("meetings.yaml", spec_of(meetings))
    return shell("apply", "--auto-approve", "--sandbox", "--sandbox-now", now, **GITHUB)


def entry(at: str, *facts: Fact, open_count: int = 0, lock: str = "") -> dict[str, Json]:
    writer = EntryWriter(RunInfo(at, "ben@laptop", lock=lock))
    for fact in facts:
        writer.add(fact)
    return dict(writer.entry(open_count))


def test_it_says_who_moved_the_board_meeting(shell: Shell) -> None:
    """With the commit and the job, also under the key that the meeting had then."""
    applied(shell, now="2026-12-01T09:00:00Z", board={}, launch={})
    applied(shell, now="2026-12-02T09:00:00Z", board={"start_time": "2027-01-15T15:00:00Z"}, launch={})
    shell("state", "mv", "board", "board-monthly", "--sandbox", USER="ben")

    ran = shell("history", "board-monthly", "--sandbox")

    assert (ran.status, ran.err) == (0, "")
    expected = f"""\
2026-12-02 09:00 UTC  state mv by ben@HOST: done
  > board-monthly: was board

2026-12-02 09:00 UTC  apply by ana: done
  {RUN_URL}
  commit c0ffee012345, plan DIGEST
  ~ board: start_time

2026-12-01 09:00 UTC  apply by ana: done
  {RUN_URL}
  commit c0ffee012345, plan DIGEST
  + board: created
"""
    assert re.sub(r"plan \w{12}", "plan DIGEST", re.sub(r"ben@\S+:", "ben@HOST:", ran.out)) == expected
    assert shell("history", "board", "--sandbox").out == ran.out


def test_the_whole_history_is_shown_newest_first_and_as_json(shell: Shell) -> None:
    applied(shell, now="2026-12-01T09:00:00Z", board={}, launch={})
    applied(shell, now="2026-12-02T09:00:00Z", board={}, launch={"duration": 30})

    ran = shell("history", "--sandbox", "--format", "json", "--limit", "1")

    (document,) = ran.rows
    (run,) = document["runs"]
    assert {name: document[name] for name in ("format_version", "left_off")} == {
        "format_version": "1.0",
        "left_off": 1,
    }
    assert {name: value for name, value in run.items() if name != "digest"} == {
        "at": "2026-12-02T09:00:00Z",
        "by": "ana",
        "command": "apply",
        "run_url": RUN_URL,
        "commit": "c0ffee0123456789",
        "status": "done",
        "open": 0,
        "done": [{"kind": "update", "key": "launch", "details": ["duration"]}],
        "left": [],
        "unnamed": {},
    }


def test_since_leaves_out_what_is_older(shell: Shell) -> None:
    """A day, an instant, or a time before now, by the emulator's clock."""
    applied(shell, now="2026-12-01T09:00:00Z", board={})
    applied(shell, now="2026-12-02T09:00:00Z", board={"duration": 30})

    counts = [
        shell("history", "--sandbox", "--since", since).out.count("apply by")
        for since in ("2026-12-01", "2026-12-01T09:00:01Z", "23h", "1d", "2026-12-03", "999999d")
    ]

    assert counts == [2, 1, 1, 2, 0, 2]
    refused = shell("history", "--sandbox", "--since", "yesterday")
    assert (refused.status, "'yesterday' is not a day such as 2026-12-01" in refused.err) == (1, True)


def test_a_run_that_ended_without_a_word_is_interrupted_and_one_that_holds_its_lock_runs(
    shell: Shell,
) -> None:
    begun = Fact(Kind.CREATE, "launch")
    with held(str(shell.folder / "s.json")) as lease:
        running = entry("2026-12-02T09:00:00Z", begun, open_count=2, lock=lease.info.lock_id)
        killed = entry("2026-12-01T09:00:00Z", begun, open_count=1, lock="another")
        shell.write("s.json", state_document.encode(state(history=(killed, running))).decode())

        during = shell("history", "--state", "s.json").out
    after = shell("history", "--state", "s.json").out

    assert [line.partition(": ")[2] for line in during.splitlines() if "UTC" in line] == [
        "running, 2 open",
        "interrupted, 1 open",
    ]
    assert after == during.replace("running", "interrupted")


def test_every_kind_of_fact_is_told_in_words(shell: Shell) -> None:
    facts = [Fact(kind, "a", ("x",)) for kind in Kind] + [Fact(Kind.DEFER, "b"), Fact(Kind.REPLACE, "b")]
    shell.record(state(history=(entry("2026-12-01T09:00:00Z", *facts),)))

    lines = shell.sandbox("history").out.splitlines()

    assert lines[1:] == [
        "  . a: meeting x is gone from Zoom",
        "  > a: was x",
        "  . a: forgotten; Zoom was not changed",
        "  . a: over and no longer declared",
        "  . a: recorded only: x",
        "  < a: imported",
        "  + a: created",
        "  -/+ a: replaced for x",
        "  -/+ b: replaced",
        "  ~ a: x",
        "  ~ a: handed over to x",
        "  ~ a: its host was renamed to x",
        "  ~ a: extended",
        "  ~ a: x",
        "  - a: deleted",
        "  ! a: failed: x",
        "    a: left to x",
        "    b: left to a later run",
        "    a: waits for a person",
    ]


def test_an_unknown_key_is_an_error_and_a_run_that_names_too_much_is_told(shell: Shell) -> None:
    facts = [Fact(Kind.CREATE, f"meeting-{number:03}") for number in range(100)]
    shell.record(state(history=(entry("2026-12-01T09:00:00Z", *facts),)))

    unknown, known = shell.sandbox("history", "meting-001"), shell.sandbox("history", "meeting-00*")

    assert (unknown.status, "state.unknown-key" in unknown.err, "meeting-001" in unknown.err) == (
        1,
        True,
        True,
    )
    assert (known.out.count("created"), known.err) == (
        10,
        "1 run did more than an entry can name, perhaps with these keys too.\n",
    )
    assert shell.sandbox("history").out.endswith("  and 12 more: create\n")


def test_a_history_that_cannot_be_read_is_an_error_of_this_command_alone(shell: Shell) -> None:
    """What it tells decides nothing, so that no plan fails for it."""
    shell.record(state(history=({"at": "yesterday"},)))
    shell.write("meetings.yaml", spec_of({"launch": {}}))

    ran, planned = shell.sandbox("history"), shell.sandbox("plan")

    assert (ran.status, "state.unreadable" in ran.err, "its history" in ran.err) == (1, True, True)
    assert planned.status == 0


def test_a_state_without_history_says_so(shell: Shell) -> None:
    ran = shell.sandbox("history")

    assert (ran.status, ran.out) == (0, "No run is recorded that tells of it.\n")


def test_no_value_can_control_a_terminal(shell: Shell) -> None:
    wild = entry("2026-12-01T09:00:00Z") | {"by": "a\x1b[2J", "run": "https://x/\x07", "commit": "\u202e1"}
    shell.record(state(history=(wild,)))

    outputs = [shell.sandbox("history", "--format", form).out for form in ("text", "json")]

    assert [output.replace("\n", "").isprintable() for output in outputs] == [True, True]
    assert json.loads(outputs[1])["runs"][0]["by"] == "a\x1b[2J"


def test_no_entry_is_written_where_nothing_was_done(shell: Shell) -> None:
    applied(shell, now="2026-12-01T09:00:00Z", board={})
    before = shell.recorded().history

    applied(shell, now="2026-12-02T09:00:00Z", board={})

    assert shell.recorded().history == before


def test_a_record_that_is_over_is_told_though_nothing_is_sent(shell: Shell) -> None:
    applied(shell, now="2026-12-01T09:00:00Z", board={}, launch={})

    applied(shell, now="2028-12-01T09:00:00Z")

    told = shell("history", "--sandbox", "--since", "2028-01-01").out
    assert [line for line in told.splitlines() if "over" in line] == [
        "  . board: over and no longer declared",
        "  . launch: over and no longer declared",
    ]


def refreshed(shell: Shell, **meetings: dict[str, Json]) -> RunResult:
    shell.write("meetings.yaml", spec_of(meetings))
    return shell("apply", "--refresh", "--auto-approve", "--sandbox", **GITHUB)


def newest(shell: Shell) -> list[str]:
    """What the newest run did, as it is shown."""
    return shell("history", "--sandbox", "--limit", "1").out.partition("\n\n")[0].splitlines()[3:]


def test_what_a_refresh_alone_records_is_told(shell: Shell) -> None:
    """Nothing is sent: a host was renamed, another meeting handed over by an admin, a third one deleted."""
    ada, bob = "ada@example.com", "bob@example.com"
    applied(shell, now="2026-12-01T09:00:00Z", a={}, b={}, board={})
    numbers, zoom = shell.ids(), Zoom(shell.folder)
    zoom.admin(rename={HOST: ada}, rehost={str(numbers["b"]): bob})
    zoom.click("DELETE", str(numbers["board"]))

    ran = refreshed(shell, a={"host": ada}, b={"host": bob})

    assert (ran.status, ran.out.startswith("No changes."), sorted(shell.ids())) == (0, True, ["a", "b"])
    assert [line for line in ran.err.splitlines() if line.startswith("Recorded: ")] == [
        "Recorded: a: its host was renamed to ada@example.com",
        "Recorded: b: handed over to bob@example.com",
        f"Recorded: board: meeting {numbers['board']} is gone from Zoom",
    ]
    assert newest(shell) == [
        f"  . board: meeting {numbers['board']} is gone from Zoom",
        "  ~ b: handed over to bob@example.com",
        "  ~ a: its host was renamed to ada@example.com",
    ]
    history = shell.recorded().history
    assert refreshed(shell, a={"host": ada}, b={"host": bob}).status == 0
    assert shell.recorded().history == history


def test_what_a_refresh_found_is_told_beside_what_was_sent(shell: Shell) -> None:
    applied(shell, now="2026-12-01T09:00:00Z", a={}, board={})
    number = shell.ids()["board"]
    Zoom(shell.folder).click("DELETE", str(number))

    ran = refreshed(shell, a={"duration": 30}, board={})

    assert ran.status == 0
    assert newest(shell) == [
        f"  . board: meeting {number} is gone from Zoom",
        "  + board: created",
        "  ~ a: duration",
    ]


def test_several_fields_that_somebody_changed_are_named_on_one_line() -> None:
    facts = [Fact(Kind.RELEASE, "a", ("duration", "topic"))]

    assert list(recorded_lines(facts)) == ["Recorded: a: duration, topic, as somebody changed them in Zoom\n"]


def test_of_many_facts_the_first_ten_are_named() -> None:
    facts = [Fact(Kind.LOSE, f"m{number:02}", ("81234567890",)) for number in range(12)]

    lines = list(recorded_lines(facts))

    assert (len(lines), lines[0]) == (11, "Recorded: m00: meeting 81234567890 is gone from Zoom\n")
    assert lines[-1] == "Recorded: 2 more; `reconciler history` names them.\n"
