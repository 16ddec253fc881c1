"""A remedy that is printed works: doing what a hint says gets rid of its finding."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from builders import intent, record
from msgspec.structs import replace
from pasting import LINE, SECOND, PastingTeam, commands, is_clean
from shell import HOST

if TYPE_CHECKING:
    from shell import RunResult


# Steps that are withheld


def test_what_is_no_longer_declared_can_be_deleted_or_let_go(team: PastingTeam) -> None:
    team.declare(b=SECOND)
    printed = team.plan()

    team.paste(printed)
    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["b"])
    team.declare()
    team.paste(team.plan(), lets_go=True)
    assert (team.apply().status, sorted(team.shell.ids())) == (0, [])


def test_what_is_protected_is_deleted_as_the_plan_says_also_where_it_is_over_as_declared(
    team: PastingTeam,
) -> None:
    team.declare(a={"protect": True}, b=SECOND)
    team.apply()
    team.declare(a={"start_time": "2026-11-01T15:00:00Z", "protect": False}, b=SECOND)
    assert "[plan.over-in-spec]" in team.apply().out

    team.declare(b=SECOND)
    team.paste(team.plan())

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["b"])


def test_what_zoom_cannot_change_can_be_replaced(team: PastingTeam) -> None:
    series = {"type": 8, "timezone": "UTC", "recurrence": {"type": 1, "end_times": 5}}
    team.declare(a={**series, "start_time": "2027-01-14T15:00:00"}, b=SECOND)
    old = team.shell.ids()["a"]

    team.paste(team.plan())

    assert (team.apply().status, team.shell.ids()["a"] != old) == (0, True)


@pytest.mark.parametrize("nth", [0, 1], ids=["moved", "removed"])
def test_a_likely_rename_is_decided_by_either_line(team: PastingTeam, nth: int) -> None:
    old = team.shell.ids()["a"]
    team.declare(new={"topic": "a", "start_time": "2027-01-14T15:30:00Z"}, b=SECOND)

    team.paste(team.plan(), nth)

    assert (team.apply().status, team.shell.ids()["new"] == old) == (0, nth == 0)
    assert not re.search("withheld", team.plan().out)


def test_an_id_that_another_key_has_is_moved(team: PastingTeam) -> None:
    number = team.shell.ids()["a"]
    team.meetings = {"new": {"topic": "Another", "start_time": "2027-05-14T15:00:00Z"}, "b": SECOND}
    team.entries = {"imports": [{"id": number, "to": "new"}]}
    team.write()
    printed = team.plan()

    team.entries = {}
    team.paste(printed, nth=1)

    assert (team.apply().status, team.shell.ids()["new"]) == (0, number)


# Findings of apply, links and drift


def gone(team: PastingTeam) -> RunResult:
    """An apply that changes a meeting which somebody deleted."""
    team.zoom.click("DELETE", str(team.shell.ids()["a"]))
    team.declare(a={"topic": "Another"}, b=SECOND)
    ran = team.apply()
    assert "[apply.gone]" in ran.out
    return ran


def test_what_is_gone_is_made_again(team: PastingTeam) -> None:
    again, _ = commands(gone(team))

    assert team.run(again).status == 0
    assert is_clean(team.plan())


def test_what_is_gone_is_given_up(team: PastingTeam) -> None:
    _, forget = commands(gone(team))

    team.declare(b=SECOND)
    assert team.run(forget).status == 0
    assert is_clean(team.plan())


def test_what_exists_already_is_taken_over(team: PastingTeam) -> None:
    team.shell.sandbox_state.unlink()
    team.declare(a={})
    ran = team.apply()

    team.paste(ran)

    assert ("[apply.exists-already]" in ran.out, team.apply().status) == (True, 0)
    assert sorted(team.shell.ids()) == ["a"]


def test_keys_that_are_declared_alike_are_told_of_a_meeting_each(team: PastingTeam) -> None:
    """After the loss of the state; two lines with one id could not both be pasted."""
    team.declare(a={"topic": "Same"}, b=SECOND, c={"topic": "Same"})
    assert team.apply().status == 0
    numbers = {number for key, number in team.shell.ids().items() if key != "b"}
    team.shell.sandbox_state.unlink()
    ran = team.apply()

    told = re.findall(r"`imports: \[{id: (\d+), to: [ac]}\]`", ran.out)

    assert sorted(map(int, told)) == sorted(numbers)


@pytest.mark.parametrize("nth", [0, 1], ids=["refresh", "forget"])
def test_a_link_that_is_gone_is_gone_for_good_or_made_again(team: PastingTeam, nth: int) -> None:
    team.zoom.click("DELETE", str(team.shell.ids()["a"]))
    ran = team.run("links")

    assert "[links.gone]" in ran.err
    assert team.run(commands(ran)[nth]).status == 0
    assert is_clean(team.run("links"))


@pytest.mark.parametrize("gives_up", [False, True])
def test_a_meeting_that_became_a_webinar(team: PastingTeam, gives_up: bool) -> None:  # noqa: FBT001 - a case
    number = team.shell.ids()["a"]
    team.zoom.meddle(number, topic="Broadcast")
    team.zoom.switch(webinars=[number])
    ran = team.run("drift")

    assert "[refresh.webinar]" in ran.out
    if gives_up:
        team.declare(b=SECOND)
        team.paste(ran)
    else:
        assert team.run(commands(ran)[0]).status == 0
    assert team.apply().status == 0
    assert "refresh.webinar" not in team.run("drift").out


def test_a_webinar_under_a_recorded_key_is_forgotten(team: PastingTeam) -> None:
    """By the command that an apply prints, and `links`."""
    team.zoom.switch(webinars=[team.shell.ids()["a"]])
    team.declare(a={"topic": "Another"}, b=SECOND)
    (refused, listed) = (team.apply().out, team.run("links").err)

    assert "[zoom.webinar]" in refused
    assert WEBINAR_A in refused
    assert WEBINAR_A in listed
    assert team.run("state rm a").status == 0
    assert team.apply().status == 0


WEBINAR_A = (
    "hint: Webinars are not managed here: run `reconciler state rm a`; "
    "if a is declared, the next apply creates a meeting.\n"
)


def test_a_webinar_that_is_imported_is_created_as_a_meeting_without_its_line(team: PastingTeam) -> None:
    team.meetings = {"a": {}, "b": SECOND, "new": {"start_time": "2027-05-14T15:00:00Z"}}
    number = 81_234_567_890
    team.zoom.switch(webinars=[number])
    team.entries = {"imports": [{"id": number, "to": "new"}]}
    team.write()
    ran = team.apply()

    assert "[zoom.webinar]" in ran.out
    assert "remove the `imports` line of new; without it the meeting is created.\n" in ran.out
    team.declare(**team.meetings)
    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["a", "b", "new"])


def test_an_import_of_nothing_is_created_without_its_line(team: PastingTeam) -> None:
    team.meetings = {"b": SECOND, "new": {"start_time": "2027-05-14T15:00:00Z"}, "a": {}}
    team.entries = {"imports": [{"id": 81_234_567_890, "to": "new"}]}
    team.write()
    assert "[import.gone]" in team.apply().out

    team.declare(**team.meetings)

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["a", "b", "new"])


def test_an_import_of_another_type_is_created_without_its_line(team: PastingTeam) -> None:
    team.zoom.make(HOST, {"topic": "Room", "type": 3})
    number = max(int(key) for key in re.findall(r"\d{11}", json.dumps(team.run("import --host " + HOST).out)))
    team.meetings = {"b": SECOND, "new": {"start_time": "2027-05-14T15:00:00Z"}, "a": {}}
    team.entries = {"imports": [{"id": number, "to": "new"}]}
    team.write()
    assert "[import.unfit]" in team.apply().out

    team.declare(**team.meetings)

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["a", "b", "new"])


# Findings of a plan, and of the state


def test_a_blocked_move_goes_on_after_state_mv(team: PastingTeam) -> None:
    team.meetings, team.entries = {"b": {}}, {"moved": [{"from": "a", "to": "b"}]}
    team.write()
    ran = team.plan()

    assert "[plan.move-blocked]" in ran.out
    assert team.run(commands(ran)[0]).status == 0
    assert "plan.move-blocked" not in team.plan().out


def test_a_line_without_effect_is_removed(team: PastingTeam) -> None:
    team.entries = {"removed": [{"key": "gone", "id": 81_234_567_890, "destroy": True}]}
    team.write()
    assert "[plan.stale-line]" in team.plan().out

    team.entries = {}
    team.write()

    assert is_clean(team.plan())


@pytest.mark.parametrize(("nth", "left"), [(0, ["b"]), (1, ["a"])], ids=["the key", "the id"])
def test_an_entry_with_the_id_of_another_key_is_written_for_either(
    team: PastingTeam, nth: int, left: list[str]
) -> None:
    number = team.shell.ids()["b"]
    team.meetings, team.entries = {}, {"removed": [{"key": "a", "id": number, "destroy": True}]}
    team.write()
    ran = team.plan()
    lines = LINE.findall(ran.out[ran.out.index("[plan.other-key]") :])

    team.declare()
    team.write(f"{lines[nth]}\n")

    assert "[plan.other-key]" not in team.apply().out
    assert sorted(team.shell.ids()) == left


def test_a_plan_file_is_made_as_the_hint_says(team: PastingTeam) -> None:
    team.declare(a={"topic": "Another"}, b=SECOND)
    team.shell.write("FILE", "{}")
    ran = team.shell.sandbox("apply", "--plan", "FILE")

    assert "[plan.unreadable]" in ran.err
    assert team.run(commands(ran)[-1]).status == 0
    assert team.shell.sandbox("apply", "--plan", "FILE").status == 0


def test_a_state_that_cannot_be_read_is_restored(team: PastingTeam) -> None:
    """From the `.backup` next to it, which is the version before the last one."""
    document = team.shell.sandbox_state.read_bytes()
    (team.shell.folder / "FILE").write_bytes(document)
    team.shell.sandbox_state.write_text("{")
    ran = team.plan()

    assert "[state.unreadable]" in ran.err
    assert team.run(commands(ran)[0]).status == 0
    assert is_clean(team.plan())


def test_a_wrong_lock_id_and_an_unknown_key_are_answered_by_a_list(team: PastingTeam) -> None:
    """Both hints name the command that shows what to type."""
    unknown = team.run("state show nobody")

    assert (unknown.status, commands(unknown)) == (1, ["state list"])
    assert re.findall(r"^[ab]\b", team.run(commands(unknown)[0]).out, re.MULTILINE) == ["a", "b"]


def test_a_second_list_of_entries_says_to_join_them(team: PastingTeam) -> None:
    """Where a spec has a list already, a printed line must be merged into it."""
    team.declare(b=SECOND)
    ran = team.plan()
    team.entries = {"removed": [{"key": "c", "id": 81_234_567_890, "destroy": True}]}
    team.paste(ran)

    refused = team.plan()

    assert "[yaml.duplicate-key]" in refused.err
    assert "hint: Put the entries of both lists under one `removed:`." in refused.err


# Interrupted requests, single dates, and what an account holds


def interrupted(team: PastingTeam) -> None:
    """A create that was begun, and of which nothing is known."""
    body = {"topic": "new", "type": 2, "start_time": "2027-05-14T15:00:00Z", "duration": 60}
    team.shell.record(replace(team.shell.recorded(), intents={"new": intent(body)}))
    team.declare(a={}, b=SECOND, new={"start_time": body["start_time"]})


def test_an_interrupted_key_is_looked_up_by_apply(team: PastingTeam) -> None:
    interrupted(team)
    ran = team.run("links new")

    assert "[state.interrupted-key]" in ran.err
    assert team.run(commands(ran)[0]).status == 0
    assert is_clean(team.run("links new"))


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_may_have_been_created_is_decided_by_a_person(team: PastingTeam, is_ours: bool) -> None:  # noqa: FBT001 - a case
    interrupted(team)
    team.zoom.make(
        HOST, {"topic": "By hand", "type": 2, "start_time": "2027-02-01T09:00:00Z", "duration": 60}
    )
    ran = team.apply()
    assert (ran.status, "[apply.unclear]" in ran.out) == (5, True)

    if is_ours:
        team.paste(ran)
    else:
        assert team.run(commands(ran)[0]).status == 0

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["a", "b", "new"])
    team.write()  # the line has done its work, and an import becomes as declared
    assert (team.apply().status, is_clean(team.plan())) == (0, True)


def test_of_two_that_look_like_it_none_may_be_the_interrupted_one(team: PastingTeam) -> None:
    """As the hint says, the meeting is then created once one of the two has another topic or start."""
    interrupted(team)
    body = {"topic": "new", "type": 2, "start_time": "2027-05-14T15:00:00Z", "duration": 60}
    for _ in range(2):
        team.zoom.make(HOST, body)
    ran = team.apply()
    assert "and apply creates the meeting unless one of them has its topic and its start." in ran.out

    assert team.run(commands(ran)[0]).status == 0
    again = team.apply()

    assert (again.status, "[apply.exists-already]" in again.out) == (1, True)


def test_an_update_that_did_not_take_is_sent_again(team: PastingTeam) -> None:
    """Once the setting that held the value is another one."""
    team.zoom.switch(held_fields=["duration"])
    team.declare(a={"duration": 30}, b=SECOND)
    ran = team.apply()
    assert "[apply.not-taken]" in ran.out

    team.zoom.switch(held_fields=[])

    assert team.run(commands(ran)[0]).status == 0
    assert is_clean(team.run("drift"))


WEEKLY = {
    "type": 8,
    "timezone": "UTC",
    "start_time": "2027-01-11T09:00:00",
    "recurrence": {"type": 2, "weekly_days": "2", "end_times": 2},
}


def test_a_series_whose_dates_are_all_skipped_is_ended(team: PastingTeam) -> None:
    skips = {"2027-01-11": "skip", "2027-01-18": "skip"}
    team.declare(a={}, b=SECOND, weekly=WEEKLY)
    assert team.apply().status == 0
    team.declare(a={}, b=SECOND, weekly={**WEEKLY, "exceptions": skips})
    ran = team.plan()
    assert "[plan.only-skips]" in ran.out

    team.declare(a={}, b=SECOND)
    team.paste(ran)

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["a", "b"])


def test_a_meeting_that_is_over_in_the_spec_alone_is_ended(team: PastingTeam) -> None:
    team.declare(a={"start_time": "2026-01-14T15:00:00Z"}, b=SECOND)
    ran = team.plan()
    assert "[plan.over-in-spec]" in ran.out

    team.declare(b=SECOND)
    team.paste(ran)

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["b"])


def test_a_protected_meeting_that_is_over_in_the_spec_is_ended(team: PastingTeam) -> None:
    """Its line works only once the protection is lifted, and the hint says so."""
    over = {"start_time": "2026-01-14T15:00:00Z"}
    team.declare(a={"protect": True}, b=SECOND)
    assert team.apply().status == 0
    team.declare(a={**over, "protect": True}, b=SECOND)
    ran = team.plan()
    assert "to end it, declare `protect: false` and apply that, then take it out of the spec" in ran.out

    team.declare(a={**over, "protect": False}, b=SECOND)
    assert team.apply().status == 0
    team.declare(b=SECOND)
    team.paste(ran)

    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["b"])


def test_a_date_that_failed_is_shown_and_sent_again(team: PastingTeam) -> None:
    """Once the series is in Zoom as a person wants it."""
    team.declare(a={}, b=SECOND, weekly=WEEKLY)
    assert team.apply().status == 0
    team.declare(a={}, b=SECOND, weekly={**WEEKLY, "exceptions": {"2027-01-18": "skip"}})
    team.zoom.switch(misshapen={"occurrences.1.status": "odd"})
    ran = team.apply()
    assert "[apply.dates]" in ran.out

    team.zoom.switch(misshapen={})

    assert "Mon 18 Jan 2027" in team.run(commands(ran)[0]).out
    assert (team.apply().status, is_clean(team.plan())) == (0, True)


# The state, and the first files


def test_a_record_in_an_unknown_zone_is_forgotten(team: PastingTeam) -> None:
    mars = {"topic": "Mars", "type": 2, "start_time": "2027-01-11T10:00:00", "timezone": "Mars/Base"}
    state = team.shell.recorded()
    team.shell.record(replace(state, meetings={**state.meetings, "mars": record(7, mars)}))
    ran = team.plan()

    assert "[state.unknown-zone]" in ran.err
    assert team.run(commands(ran)[0]).status == 0
    assert is_clean(team.plan())


def test_two_versions_of_a_state_are_decided_by_git(team: PastingTeam) -> None:
    def git(*arguments: str) -> int:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        return subprocess.run(
            ["git", *identity, *arguments], cwd=team.shell.folder, check=False, capture_output=True
        ).returncode

    git("init", "-q", "-b", "main")
    document = team.shell.sandbox_state.read_text()
    file = str(team.shell.sandbox_state.relative_to(team.shell.folder))
    for branch, serial in (("main", 1), ("theirs", 7), ("main", 9)):
        git("checkout", "-q", *(["-b"] if branch == "theirs" else []), branch)
        team.shell.sandbox_state.write_text(re.sub('"serial":[0-9]+', f'"serial":{serial}', document))
        git("add", "-f", file)
        git("commit", "-q", "-m", "state")
    assert git("merge", "theirs") == 1
    ran = team.plan()
    assert "[state.conflict]" in ran.err
    (command,) = re.findall("`git (checkout --ours) FILE`", ran.err)

    assert git(*command.split(), file) == 0
    assert is_clean(team.plan())


def test_workflows_are_added_beside_a_spec(team: PastingTeam) -> None:
    ran = team.shell("init", "--host", HOST, "--topic", "x", "--yes")

    assert "[init.exists]" in ran.err
    assert team.shell(*commands(ran)[0].split(), "--state", "git:state").status == 0
    assert (team.shell.folder / ".github/workflows").is_dir()


# Keys that look like options


def test_a_key_that_begins_with_a_dash_is_pasted(team: PastingTeam) -> None:
    team.declare(a={}, b=SECOND, **{"-c": {"start_time": "2027-05-14T15:00:00Z"}})
    assert (team.apply().status, sorted(team.shell.ids())) == (0, ["-c", "a", "b"])
    team.zoom.click("DELETE", str(team.shell.ids()["-c"]))
    ran = team.run("links")

    assert commands(ran)[1] == "state rm -- -c"
    assert team.run(commands(ran)[1]).status == 0
    assert is_clean(team.run("links"))


def test_a_move_to_a_key_with_a_dash_goes_on(team: PastingTeam) -> None:
    team.declare(a={}, **{"--b": SECOND})
    team.paste(team.plan())  # the meeting of b, under its new key
    assert team.apply().status == 0
    team.meetings, team.entries = {"--b": {}}, {"moved": [{"from": "a", "to": "--b"}]}
    team.write()
    ran = team.plan()

    assert "[plan.move-blocked]" in ran.out
    assert team.run(commands(ran)[0]).status == 0
    assert "plan.move-blocked" not in team.plan().out
