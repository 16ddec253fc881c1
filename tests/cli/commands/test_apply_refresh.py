"""`apply --refresh`: what Zoom has is recorded and acted upon, and failed reads are reported."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from listening import Requests
from msgspec.structs import replace
from served import served
from shell import FAR, HOST, NOW, spec_of
from varied import Zoom

from reconciler.errors.diagnostic import Exit
from reconciler.state import state

if TYPE_CHECKING:
    from shell import Shell


AT = ("--sandbox", "--sandbox-now", NOW)
MEND = ("apply", *AT, "--refresh", "--auto-approve")
NO_CHANGES = "No changes. Compared with what was last applied and with what Zoom says now.\n"


@pytest.fixture
def zoom(shell: Shell) -> Zoom:
    """An account in which `a` and `b` were created a moment ago."""
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}}))
    assert shell("apply", *AT, "--auto-approve").status == 0
    return Zoom(shell.folder)


@pytest.fixture
def requests(zoom: Zoom, monkeypatch: pytest.MonkeyPatch) -> Requests:
    del zoom
    return Requests(monkeypatch)


def test_a_record_of_what_is_gone_and_not_declared_is_dropped(shell: Shell, zoom: Zoom) -> None:
    """Nothing is left to do about it: no `removed` line is asked for any more."""
    zoom.click("DELETE", f"{shell.recorded().meetings['b'].id}")
    shell.write("meetings.yaml", spec_of({"a": {}}))

    blind = shell("apply", *AT, "--auto-approve")
    ran = shell(*MEND)

    assert "withheld: no longer declared" in blind.out
    assert (ran.status, ran.out, [*shell.recorded().meetings]) == (0, NO_CHANGES, ["a"])
    assert shell("plan", *AT, "--detailed-exitcode").status == 0


def test_a_record_of_what_is_gone_is_dropped_where_a_line_would_delete_it(shell: Shell, zoom: Zoom) -> None:
    """Its deletion happened, and the answer was lost."""
    number = shell.recorded().meetings["b"].id
    zoom.click("DELETE", f"{number}")
    removed = [{"key": "b", "id": number, "destroy": True}]
    shell.write("meetings.yaml", json.dumps({**json.loads(spec_of({"a": {}})), "removed": removed}))

    blind, ran = shell("plan", *AT), shell(*MEND)

    assert "- b" in blind.out
    assert (ran.status, ran.out.endswith(NO_CHANGES), [*shell.recorded().meetings]) == (0, True, ["a"])


def test_a_plan_names_what_it_will_delete_as_zoom_does(shell: Shell, zoom: Zoom) -> None:
    """The person who approves the deletion may know only the newest topic of the meeting."""
    number = shell.recorded().meetings["b"].id
    zoom.click("PATCH", f"{number}", {"topic": "Board of directors"})
    removed = [{"key": "b", "id": number, "destroy": True}]
    shell.write("meetings.yaml", json.dumps({**json.loads(spec_of({"a": {}})), "removed": removed}))

    ran = shell("plan", *AT, "--refresh")

    assert ran.out.startswith(
        f'- b "Board of directors" for {HOST}\n    meeting {number}, next Thu 14 Jan 2027, 15:00 UTC\n'
    )


def test_a_plan_names_a_replaced_meeting_that_it_will_delete_as_zoom_does(shell: Shell, zoom: Zoom) -> None:
    """Its successor may have another topic, and so may it by now."""
    retire(shell, "b")
    zoom.click("PATCH", f"{shell.recorded().retired[0].id}", {"topic": "Board of directors"})

    blind, ran = shell("plan", *AT), shell("plan", *AT, "--refresh")

    assert f'- a "a" for {HOST}\n' in blind.out
    assert f'- a "Board of directors" for {HOST}\n' in ran.out
    assert (ran.status, "2 meetings read" in ran.err) == (0, True)


def test_a_replaced_meeting_that_is_another_one_is_not_shown(shell: Shell, zoom: Zoom) -> None:
    retire(shell, "b", created_at="2026-11-01T08:00:00Z")
    zoom.click("PATCH", f"{shell.recorded().retired[0].id}", {"topic": "Board of directors"})

    ran = shell("plan", *AT, "--refresh")

    assert (ran.status, "Board of directors" in ran.out + ran.err) == (1, False)
    assert "error[state.other-meeting]" in ran.out


@pytest.mark.usefixtures("zoom")
def test_a_replaced_meeting_that_cannot_be_read_is_an_error(shell: Shell) -> None:
    retire(shell, "b")
    number = shell.recorded().retired[0].id
    shell.write(".reconciler/sandbox/switches.json", '{"misshapen": {"topic": 7}}')

    ran = shell("plan", *AT, "--refresh")

    assert ran.status == 1
    assert f"It is not known what meeting {number}, which is to be deleted, is." in " ".join(ran.out.split())


def test_a_replaced_meeting_that_is_gone_is_no_error(shell: Shell, zoom: Zoom) -> None:
    retire(shell, "b")
    zoom.click("DELETE", f"{shell.recorded().retired[0].id}")

    assert (shell("plan", *AT, "--refresh").status, shell(*MEND).status, shell.recorded().retired) == (
        0,
        0,
        (),
    )


def retire(shell: Shell, key: str, **changed: str) -> None:
    """Have the state say that the meeting of `key` was replaced by that of `a`."""
    recorded = shell.recorded()
    gone = replace(state.retire("a", recorded.meetings[key]), **changed)
    shell.record(replace(recorded.forget(key), retired=(gone,)))
    shell.write("meetings.yaml", spec_of({"a": {}}))


WEEKLY = {
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "UTC",
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 3},
}
SECOND = "?occurrence_id=1800266400000"
"""18 January 2027, 10:00 UTC."""


@pytest.mark.parametrize(
    ("clicked", "declared", "recorded"),
    [
        (("PATCH", "", {"topic": "New"}), {"topic": "New"}, "topic"),
        (("DELETE", SECOND, None), {"exceptions": {"2027-01-18": "skip"}}, "exceptions.2027-01-18"),
        (
            ("PATCH", SECOND, {"start_time": "2027-01-19T14:00:00Z"}),
            {"exceptions": {"2027-01-18": {"start_time": "2027-01-19 14:00"}}},
            "exceptions.2027-01-18",
        ),
    ],
    ids=["a field", "a cancelled date", "a moved date"],
)
def test_what_somebody_changed_and_the_spec_declares_by_now_is_recorded(
    shell: Shell, requests: Requests, clicked: Any, declared: Any, recorded: str
) -> None:
    """As `drift` says, to keep it: nothing is sent, and neither drift nor a plan shows it any more."""
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": WEEKLY}))
    shell("apply", *AT, "--auto-approve")
    method, query, body = clicked
    Zoom(shell.folder).click(method, f"{shell.ids()['c']}{query}", body)
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": {**WEEKLY, **declared}}))
    requests.clear()

    ran = shell(*MEND)

    assert (ran.status, ran.out, requests.changing()) == (0, NO_CHANGES, {})
    assert ran.err.endswith(f"Recorded: c: {recorded}, as somebody changed it in Zoom\n")
    assert shell("plan", *AT, "--detailed-exitcode").status == 0
    assert shell("drift", *AT, "--detailed-exitcode").status == 0


def test_it_is_recorded_of_a_meeting_that_has_another_key_by_now(shell: Shell, requests: Requests) -> None:
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": WEEKLY}))
    shell("apply", *AT, "--auto-approve")
    Zoom(shell.folder).click("PATCH", f"{shell.ids()['c']}", {"topic": "New"})
    renamed = json.loads(spec_of({"a": {}, "b": {}, "d": {**WEEKLY, "topic": "New"}}))
    shell.write("meetings.yaml", json.dumps({**renamed, "moved": [{"from": "c", "to": "d"}]}))
    requests.clear()

    ran = shell(*MEND)

    assert (ran.status, requests.changing(), [*shell.recorded().meetings]) == (0, {}, ["a", "b", "d"])
    assert shell.recorded().meetings["d"].attributes["topic"] == "New"
    assert shell("drift", *AT, "--detailed-exitcode").status == 0


def test_a_skip_is_sent_again_that_somebody_undid_with_times_the_spec_has_by_now(
    shell: Shell, requests: Requests
) -> None:
    """Zoom makes the dates of a series anew where its times change: the skipped one is back."""
    skipping = {**WEEKLY, "exceptions": {"2027-01-18": "skip"}}
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": skipping}))
    shell("apply", *AT, "--auto-approve")
    times = {"start_time": "2027-01-11T11:00:00", "timezone": "UTC", "recurrence": WEEKLY["recurrence"]}
    zoom = Zoom(shell.folder)
    zoom.click("PATCH", f"{shell.ids()['c']}", times)
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": {**skipping, **times}}))
    requests.clear()

    ran = shell(*MEND)

    assert (ran.status, sum(requests.changing().values())) == (0, 1)
    assert "    skips Mon 18 Jan 2027\n" in ran.out
    assert shell("plan", *AT, "--detailed-exitcode").status == 0
    assert shell("drift", *AT, "--detailed-exitcode").status == 0


def test_a_host_that_changed_is_recorded(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """Where the spec follows, nothing is sent; without a refresh the plan expects to hand it over."""
    zoom.meddle(shell.recorded().meetings["b"].id, host_email="new@example.com")
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {"host": "new@example.com"}}))

    blind = shell("plan", *AT)
    requests.clear()
    ran = shell(*MEND)

    assert ("~ b" in blind.out, "handed over; the join link stays" in blind.out) == (True, True)
    assert (ran.status, requests.changing()) == (0, {})
    assert {key: one.host for key, one in shell.recorded().meetings.items()} == {
        "a": HOST,
        "b": "new@example.com",
    }
    plan = shell("plan", *AT, "--detailed-exitcode")
    assert (plan.status, plan.out.partition(".")[0]) == (0, "No changes")


def test_a_state_that_is_right_is_not_written_again(shell: Shell, zoom: Zoom) -> None:
    del zoom
    before = shell.sandbox_state.read_bytes()

    ran = shell(*MEND)

    assert (ran.status, ran.out, shell.sandbox_state.read_bytes()) == (0, NO_CHANGES, before)


def test_what_people_changed_and_nobody_declares_is_not_recorded(shell: Shell, zoom: Zoom) -> None:
    """The record still says what was sent, though it is written; else no plan would put it back."""
    zoom.click("PATCH", f"{shell.recorded().meetings['a'].id}", {"topic": "Clicked"})
    zoom.click("DELETE", f"{shell.recorded().meetings['b'].id}")
    shell.write("meetings.yaml", spec_of({"a": {}}))
    running = ("--sandbox", "--sandbox-now", "2027-01-14T15:30:00Z")

    ran = shell("apply", *running, "--refresh", "--auto-approve")

    assert "withheld: it runs now, so nothing of it is changed" in ran.out
    assert {key: one.attributes["topic"] for key, one in shell.recorded().meetings.items()} == {"a": "a"}
    assert '"Clicked" → "a"' in shell("plan", *running, "--refresh").out


def test_only_selected_meetings_are_fixed(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    number = {key: one.id for key, one in shell.recorded().meetings.items()}
    for one in number.values():
        zoom.click("PATCH", f"{one}", {"topic": "Clicked"})

    requests.clear()
    ran = shell(*MEND, "--target", "b")

    assert (ran.status, requests.changing(number)) == (0, {("PATCH", "b"): 1})
    assert zoom.meeting(number["a"]).document["topic"] == "Clicked"


@pytest.mark.parametrize("clicked", [False, True])
def test_an_unread_meeting_is_reported_and_fails(shell: Shell, *, clicked: bool) -> None:
    """It is taken as recorded; what else there is to do is done."""
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}}, start=FAR))
    with served() as zoom:
        at = ("--state", "s.json", "--auto-approve", "--pace", "500")
        assert shell("apply", *at, **zoom.environ).status == 0
        numbers = {one["topic"]: one["id"] for one in zoom.meetings(HOST)}
        if clicked:
            zoom.client.patch(f"/v2/meetings/{numbers['b']}", json={"agenda": "x", "duration": 5})
        refusal = {"code": 3161, "message": "No."}
        zoom.meet(path=f"/v2/meetings/{numbers['a']}", times=0, status=400, body=refusal)

        ran = shell("apply", "--refresh", *at, **zoom.environ)

        kept = zoom.client.get(f"/v2/meetings/{numbers['b']}").json()["duration"]

    assert (ran.status, kept) == (1, 60)
    assert "error[zoom.host-not-allowed]" in ran.out
    assert ("Apply complete! 0 added, 1 changed" in ran.out) is clicked


def test_a_saved_plan_of_a_refresh_refreshes_again(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """It approves putting back what had drifted, and finds it again at apply."""
    number = {key: one.id for key, one in shell.recorded().meetings.items()}
    zoom.click("PATCH", f"{number['a']}", {"topic": "Clicked"})
    assert shell("plan", *AT, "--refresh", "--out", "p.json").status == 0
    assert json.loads((shell.folder / "p.json").read_text())["options"]["refresh"] is True

    requests.clear()
    ran = shell("apply", *AT, "--plan", "p.json")

    assert (ran.status, requests.changing(number)) == (0, {("PATCH", "a"): 1})
    assert "Refresh: 2 meetings read, 3 requests" in ran.err
    assert shell("drift", *AT, "--detailed-exitcode").status == 0


@pytest.mark.parametrize(
    ("key", "topic", "why"),
    [
        ("a", "a", "Nothing is left to do: the approval is used up."),
        ("b", "Clicked", "b: its update is new."),
    ],
)
def test_a_saved_plan_is_stale_once_zoom_changed(  # noqa: PLR0913 - a table and three fixtures
    shell: Shell, zoom: Zoom, requests: Requests, *, key: str, topic: str, why: str
) -> None:
    """Somebody reverted it by hand, or changed something else that the plan does not approve to undo."""
    number = {name: one.id for name, one in shell.recorded().meetings.items()}
    zoom.click("PATCH", f"{number['a']}", {"topic": "Clicked"})
    shell("plan", *AT, "--refresh", "--out", "p.json")
    zoom.click("PATCH", f"{number[key]}", {"topic": topic})

    requests.clear()
    ran = shell("apply", *AT, "--plan", "p.json")

    assert (ran.status, requests.changing()) == (Exit.ERROR, {})
    assert ("error[plan.stale]" in ran.err, why in ran.err) == (True, True)


def test_an_import_and_its_update_are_one_plan(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """What the spec says otherwise is shown, approved and sent in the same run: one request."""
    number = shell.recorded().meetings["b"].id
    assert shell("state", "rm", "b", *AT).status == 0
    zoom.click("PATCH", f"{number}", {"topic": "Old name", "duration": 15})
    whole = json.loads(spec_of({"a": {}, "b": {}}))
    shell.write("meetings.yaml", json.dumps({**whole, "imports": [{"id": number, "to": "b"}]}))

    blind = json.loads(shell("plan", *AT, "--format", "json").out)["steps"]
    plan = json.loads(shell("plan", *AT, "--refresh", "--format", "json").out)["steps"]
    requests.clear()
    ran = shell(*MEND)

    def shown(steps: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
        return [
            (step["action"], [change["path"] for change in step["changes"]])
            for step in steps
            if step["action"] != "keep"
        ]

    assert shown(blind) == [("import", [])]
    assert shown(plan) == [("import", []), ("update", ["duration", "topic"])]
    assert (ran.status, requests.changing()) == (0, {("PATCH", str(number)): 1})
    assert shell("plan", *AT, "--refresh").out.endswith(NO_CHANGES)


def test_an_import_that_fails_takes_its_update_along(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    number = shell.recorded().meetings["b"].id
    zoom.click("PATCH", f"{number}", {"topic": "Old name"})
    document = json.loads(shell.sandbox_state.read_text())
    del document["meetings"]["b"]
    shell.sandbox_state.write_text(json.dumps(document))
    whole = json.loads(spec_of({"a": {}, "b": {"host": "other@example.com"}}))
    shell.write("meetings.yaml", json.dumps({**whole, "imports": [{"id": number, "to": "b"}]}))
    requests.clear()

    ran = shell(*MEND)

    assert (ran.status, requests.changing()) == (1, {})
    assert "import.unfit" in ran.out + ran.err


def test_an_endless_series_that_zoom_forgot_names_the_command_that_makes_it_again(shell: Shell) -> None:
    """Its window is over: the plan says so before an apply fails, and the command works as it is printed."""
    body = (
        "topic: Night, start_time: 2026-12-07 10:00, timezone: Europe/Berlin, repeat: {every: week, on: mon}"
    )
    shell.write("meetings.yaml", f"version: 1\nmeetings:\n  night: {{host: platform@example.com, {body}}}\n")
    assert shell.sandbox("apply", "--auto-approve").status == 0
    later = "2029-01-09T08:00:00Z"

    plan = shell.sandbox("plan", now=later)
    failed = shell.sandbox("apply", "--auto-approve", now=later)

    (command,) = re.findall(r"if Zoom has forgotten it, `reconciler ([^`]+)` makes it again", plan.out)
    assert (failed.status, f"Run `reconciler {command}` to create it again" in failed.out) == (1, True)
    made = shell.sandbox(*shlex.split(command), "--auto-approve", now=later)
    assert (made.status, "the join link is new" in made.out) == (0, True)


@pytest.mark.parametrize("keeps_id", [True, False], ids=["keeps its id", "gets a new id"])
def test_the_first_date_of_a_window_that_somebody_moved_is_that_date(shell: Shell, *, keeps_id: bool) -> None:
    """The dates before it are skipped, and Zoom never had them: nothing takes it for one of those."""
    body = {"type": 8, "start_time": "2027-01-11 10:00", "timezone": "UTC", "repeat": {"every": "week"}}
    skips = {"2027-01-11": "skip", "2027-01-18": "skip"}
    shell.write("meetings.yaml", spec_of({"night": {**body, "exceptions": skips}}))
    shell.write(".reconciler/sandbox/switches.json", json.dumps({"moved_date_keeps_id": keeps_id}))
    shell("apply", *AT, "--auto-approve")
    zoom, number = Zoom(shell.folder), shell.ids()["night"]
    zoom.click("PATCH", f"{number}?occurrence_id=1800871200000", {"start_time": "2027-01-26T10:00:00Z"})
    skips["2027-02-15"] = "skip"
    shell.write("meetings.yaml", spec_of({"night": {**body, "exceptions": skips}}))

    drifts = [shell("drift", *AT).out.partition("   (")[0]]
    assert shell("apply", *AT, "--auto-approve").status == 0
    drifts.append(shell("drift", *AT).out.partition("   (")[0])

    assert drifts == ["~ night: Mon 25 Jan 2027 moves to Tue 26 Jan, 10:00"] * 2
    assert shell.recorded().meetings["night"].window["from"] == "2027-01-25T10:00:00Z"
    assert (shell(*MEND).status, shell("drift", *AT, "--detailed-exitcode").status) == (0, 0)
