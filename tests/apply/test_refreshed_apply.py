"""`apply --refresh` after changes by people: it reverts declared fields, and touches nothing else."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import varied
from clicks import CLICKED, click_around
from listening import Requests
from manual_clock import ManualClock
from shell import NOW
from varied import ENVIRON, PERSONAL_KEYS, Zoom, split_personal

from reconciler.cli.main import run
from reconciler.errors.diagnostic import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shell import RunResult, Shell

AT = ("--sandbox", "--sandbox-now", NOW)
MEND = ("apply", *AT, "--refresh", "--auto-approve", "--pace", "500")
NO_DRIFT = "No drift. "
NO_CHANGES = "No changes. Compared with what was last applied and with what Zoom says now.\n"


FEW = ("m01", "m22", "m37", "m46", "m49")
"""The meetings, of the sixty, that most tests are about."""


def created(folder: Path, meetings: Mapping[str, Any]) -> Path:
    """A folder in which these were just created, in an account with every silent change on."""
    Zoom(folder).switch(**varied.SWITCHES)
    (folder / "meetings.yaml").write_text(json.dumps({"version": 1, "meetings": meetings}))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv(*next(iter(ENVIRON.items())))
        assert run(["apply", *AT, "--auto-approve", "--pace", "500"], ManualClock()) == Exit.DONE
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return created(tmp_path_factory.mktemp("few"), {key: varied.meetings()[key] for key in FEW})


@pytest.fixture
def zoom(shell: Shell, few: Path) -> Zoom:
    """The emulator of that account, in the shell's own folder."""
    shutil.copytree(few, shell.folder, dirs_exist_ok=True)
    return Zoom(shell.folder)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    return Requests(monkeypatch)


def declare(shell: Shell, *, removed: Any = (), **changed: Mapping[str, Any] | None) -> None:
    """Write the spec again with some meetings changed, or (None) removed."""
    meetings = json.loads((shell.folder / "meetings.yaml").read_text())["meetings"]
    for key, own in changed.items():
        meetings[key] |= own or {}
    kept = {key: meeting for key, meeting in meetings.items() if changed.get(key, meeting) is not None}
    shell.write("meetings.yaml", json.dumps({"version": 1, "meetings": kept, "removed": [*removed]}))


def codes(ran: RunResult) -> list[str]:
    """The `refresh.…` diagnostics of a run whose format is text."""
    return [line.split("[")[1].split("]")[0] for line in ran.out.splitlines() if "[refresh." in line]


def mended(shell: Shell, requests: Requests) -> RunResult:
    """Run `apply --refresh`; `requests` has those of this run alone."""
    requests.clear()
    return shell(*MEND, **ENVIRON)


def assert_at_rest(shell: Shell, requests: Requests, *personal: str) -> None:
    """Whether drift and plan are empty but for warnings about `personal` ids, and an apply sends nothing."""
    keys, drift = split_personal(shell("drift", *AT, "--detailed-exitcode", **ENVIRON).out)
    assert (keys, drift.startswith(NO_DRIFT)) == ([*personal], True)
    plan = shell("plan", *AT, "--refresh", "--detailed-exitcode", **ENVIRON)
    assert (plan.status, split_personal(plan.out)) == (0, ([*personal], NO_CHANGES))
    again = mended(shell, requests)
    assert (again.status, split_personal(again.out), requests.changing()) == (
        0,
        ([*personal], NO_CHANGES),
        {},
    )


@pytest.mark.no_cover
def test_changes_by_people_are_reverted_and_nothing_else(shell: Shell, requests: Requests) -> None:
    """One PATCH for each changed meeting, one POST for the deleted one.

    After the reported remedies for the three others, everything is as declared.
    """
    created(shell.folder, varied.meetings())
    before = shell.ids()
    click_around(Zoom(shell.folder), before)

    ran = mended(shell, requests)

    assert (ran.status, ran.out.splitlines()[-1]) == (
        1,  # whose m22 is, a person must say
        "Apply complete! 1 added, 11 changed, 0 destroyed.",
    )
    put_back = CLICKED.keys() - {"m19", "m46"}
    assert requests.changing(before) == {
        ("POST", "ada@example.com"): 1,
        **{("PATCH", key): 1 for key in put_back},
    }
    assert [key for key, number in shell.ids().items() if before[key] != number] == ["m19"]
    assert sorted(codes(ran)) == [
        "refresh.other-host",
        *["refresh.personal-id"] * 3,  # and one more, which is counted
        "refresh.webinar",
    ]

    # the emulator lists a webinar among the meetings, so a new one needs a topic of its own
    declare(shell, m22={"host": "new@example.com"}, m46={"topic": "No webinar"})
    assert shell("state", "rm", "m46", *AT).status == 0
    last = mended(shell, requests)

    assert (last.status, requests.changing()) == (0, {("POST", "Edsger@Example.com"): 1})
    assert_at_rest(shell, requests, *sorted((*PERSONAL_KEYS, "m37"))[:3])


def test_a_date_that_somebody_cancelled_is_held_again(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """Zoom brings it back only by the rule, which is one request."""
    number = shell.ids()["m49"]
    zoom.click("DELETE", f"{number}?occurrence_id={1799658000_000}")

    ran = mended(shell, requests)

    assert (ran.status, requests.changing({"m49": number})) == (0, {("PATCH", "m49"): 1})
    assert "Mon 11 Jan 2027 is held again" in ran.out
    assert dict(zoom.meeting(number).occurrences) == {}


def test_a_date_that_somebody_moved_is_held_at_its_own_time_again(
    shell: Shell, zoom: Zoom, requests: Requests
) -> None:
    """It is changed by a request of its own."""
    number = shell.ids()["m49"]
    zoom.click("PATCH", f"{number}?occurrence_id={1799658000_000}", {"start_time": "2027-01-12T10:00:00Z"})

    ran = mended(shell, requests)

    assert (ran.status, requests.changing({"m49": number})) == (0, {("PATCH", "m49"): 1})
    assert ran.out.count("    Mon 11 Jan 2027 moves back from Tue 12 Jan, 11:00\n") == 2  # planned, and done
    assert_at_rest(shell, requests)


def test_a_deleted_expired_meeting_is_not_created_again(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    zoom.click("DELETE", f"{shell.ids()['m01']}")
    late = ("apply", "--sandbox", "--sandbox-now", "2027-01-20T08:00:00Z", "--refresh", "--auto-approve")

    requests.clear()
    ran = shell(*late, **ENVIRON)

    assert (ran.status, requests.changing()) == (0, {})


def test_a_meeting_that_was_handed_over_is_followed_where_the_spec_names_its_new_host(
    shell: Shell, zoom: Zoom, requests: Requests
) -> None:
    """As the finding says; else nothing is sent to it, and nothing of it is shown."""
    before = shell.ids()
    zoom.meddle(before["m22"], host_email="new@example.com", topic="SECRET")

    report = mended(shell, requests)

    assert (report.status, requests.changing(), codes(report)) == (1, {}, ["refresh.other-host"])
    assert "`host: new@example.com`" in report.out
    assert "SECRET" not in report.out + report.err

    declare(shell, m22={"host": "new@example.com"})
    assert mended(shell, requests).status == 0

    assert requests.changing(before) == {("PATCH", "m22"): 1}
    assert_at_rest(shell, requests)


def test_a_webinar_is_left_alone_and_can_be_forgotten(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    before = shell.ids()
    zoom.switch(**varied.SWITCHES, webinars=[before["m46"]])

    for _ in range(2):
        report = mended(shell, requests)
        assert (report.status, requests.changing(), codes(report)) == (0, {}, ["refresh.webinar"])

    declare(shell, m46=None, removed=[{"key": "m46", "id": before["m46"], "destroy": False}])
    ran = mended(shell, requests)

    assert (ran.status, requests.changing(), {*shell.ids()}) == (0, {}, {*before} - {"m46"})
    assert not zoom.meeting(before["m46"]).deleted


def test_a_personal_id_that_zoom_keeps_is_reverted_once(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """Then Zoom is known to have set it; once forgotten, the meeting is found and not created twice."""
    before = shell.ids()
    zoom.meddle(before["m37"], type=4, pmi="1234567890")

    first = mended(shell, requests)

    assert (first.status, requests.changing(before)) == (0, {("PATCH", "m37"): 1})
    assert codes(first) == ["refresh.personal-id"]
    assert "    Zoom set type to 4 (sent: 2)" in first.out
    assert_at_rest(shell, requests, "m37")

    assert shell("state", "rm", "m37", *AT).status == 0
    again = mended(shell, requests)

    assert (again.status, requests.changing(before)) == (1, {})
    assert "which no record names and which uses the host's personal id. Nothing was sent" in again.out
