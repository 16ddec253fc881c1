"""An approval from the plan to its last day, at a shell: what it lets through, and what it does not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from builders import intent, one_off, state
from served import served
from shell import FAR, NOW, ONE, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from served import Served
    from shell import RunResult, Shell

FROM_FILE = ("--state", "s.json")


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def declare(shell: Shell, meetings: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
    document = json.loads(spec_of(meetings))
    shell.write("meetings.yaml", json.dumps({**document, **more}))


def keys(shell: Shell) -> list[str]:
    return sorted(json.loads(shell.sandbox_state.read_text())["meetings"])


def why(ran: RunResult) -> str:
    """What a refused approval says, on its own line."""
    assert (ran.status, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert lines[0] == "error[plan.stale]: The saved plan is stale"
    return lines[1].removeprefix("  = plan.json: ")


def edit(shell: Shell, change: Callable[[Any], None]) -> None:
    """Forge the plan file."""
    path = shell.folder / "plan.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_the_file_holds_no_secret(shell: Shell) -> None:
    """Of a literal passcode only that it changes, of a reference name and version."""
    literal, reference = {"password": "lift-off-7"}, {"password": {"env": "LAUNCH_PASSCODE", "version": 2}}
    declare(shell, {"one": literal, "two": reference})

    shell.sandbox("plan", "--out", "plan.json")

    text = (shell.folder / "plan.json").read_text()
    assert "lift-off-7" not in text
    assert {step["key"] for step in json.loads(text)["steps"]} == {"one", "two"}


def test_others_applied_work_does_not_spoil_it(shell: Shell) -> None:
    """What was merged and applied meanwhile is a keep; it need not be in the file."""
    declare(shell, {"mine": {}})
    shell.sandbox("plan", "--out", "plan.json")
    declare(shell, {"theirs": {}})
    shell.sandbox("apply", "--auto-approve")
    declare(shell, {"mine": {}, "theirs": {}})

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, keys(shell)) == (0, ["mine", "theirs"])


def test_others_work_that_waits_is_not_let_in(shell: Shell) -> None:
    """Merged and not applied, it would ride along unseen."""
    declare(shell, {"mine": {}})
    shell.sandbox("plan", "--out", "plan.json")
    declare(shell, {"mine": {}, "theirs": {}})

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert why(ran) == "theirs: its create is new. Nothing was sent."
    assert not shell.sandbox_state.exists()


def test_others_work_on_the_same_meeting_makes_it_stale(shell: Shell) -> None:
    """What differs is what was approved against: here a field that somebody else changed first."""
    declare(shell, {"mine": {}})
    shell.sandbox("apply", "--auto-approve")
    declare(shell, {"mine": {"duration": 90}})
    shell.sandbox("plan", "--out", "plan.json")
    declare(shell, {"mine": {"duration": 90, "agenda": "Theirs"}})

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert why(ran) == "mine: its update is not the approved one. Nothing was sent."


def test_a_forged_file_brings_nothing_in(shell: Shell) -> None:
    """A step that the spec does not make is not made; what is sent is what is declared."""
    declare(shell, {"mine": {}})
    shell.sandbox("plan", "--out", "plan.json")

    def forge(document: Any) -> None:
        step = document["steps"][0]
        step["topic"] = step["changes"] = "forged"
        document["steps"].append({**step, "key": "forged", "digest": "0" * 64})
        document["steps"].append({**step, "key": "mine", "action": "destroy", "digest": "1" * 64})

    edit(shell, forge)
    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, keys(shell)) == (0, ["mine"])
    attributes = json.loads(shell.sandbox_state.read_text())["meetings"]["mine"]["attributes"]
    assert attributes["topic"] == "mine"


@pytest.mark.parametrize("way", ["absolute", "above", "link", "null byte"])
def test_a_forged_file_names_no_path_outside_of_the_folder(
    way: str, shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A plan file is exchanged between jobs: its PATHS are held to the bounds of `specs`."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "x.yaml").write_text(ONE)
    shell.write("meetings.yaml", ONE)
    (shell.folder / "link.yaml").symlink_to(elsewhere / "x.yaml")
    path = {
        "absolute": str(elsewhere / "x.yaml"),
        "above": f"../{elsewhere.name}/x.yaml",
        "link": "link.yaml",
        "null byte": "meetings\0.yaml",
    }[way]
    assert shell.sandbox("plan", "--out", "plan.json").status == 0
    document = json.loads((shell.folder / "plan.json").read_text())
    document["options"]["paths"] = [path]
    shell.write("plan.json", json.dumps(document))

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, ran.err.splitlines()[0]) == (
        1,
        "error[source.outside]: The path is outside the working folder",
    )
    assert "Nothing was sent." in ran.err


def test_a_forged_withholding_is_no_approval(shell: Shell) -> None:
    """What the plan withholds stays withheld, whatever the file says of it."""
    declare(shell, {"kept": {}, "gone": {"start_time": "2027-03-01T10:00:00Z"}})
    shell.sandbox("apply", "--auto-approve")
    declare(shell, {"kept": {"duration": 90}})
    shell.sandbox("plan", "--out", "plan.json")

    def forge(document: Any) -> None:
        for step in document["steps"]:
            step["status"] = "now"

    edit(shell, forge)
    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, keys(shell)) == (0, ["gone", "kept"])


def test_a_destroy_has_to_be_approved_by_id(shell: Shell) -> None:
    """Another id under the same key is another step."""
    declare(shell, {"gone": {}})
    shell.sandbox("apply", "--auto-approve")
    number = json.loads(shell.sandbox_state.read_text())["meetings"]["gone"]["id"]
    removed = [{"key": "gone", "id": number, "destroy": True}]
    declare(shell, {}, removed=[{**removed[0], "destroy": False}])
    shell.sandbox("plan", "--out", "plan.json")
    declare(shell, {}, removed=removed)

    refused = shell.sandbox("apply", "--plan", "plan.json")
    shell.sandbox("plan", "--out", "plan.json")
    done = shell.sandbox("apply", "--plan", "plan.json")

    assert why(refused) == "gone: its destroy is not the approved one. Nothing was sent."
    assert (done.status, keys(shell)) == (0, [])


def test_targets_come_along(shell: Shell) -> None:
    """What was not asked for is not in the file, and is not done."""
    declare(shell, {"mine": {}, "theirs": {}})
    shell.sandbox("plan", "--target", "mi*", "--out", "plan.json")

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, keys(shell)) == (0, ["mine"])


def test_each_day_does_its_share_until_it_is_used_up(shell: Shell) -> None:
    """Three days under one approval, while somebody else's work is applied in between."""
    shell.write("reconciler.yaml", "budget: {daily_limit: 2, reserve: 0}\n")
    mine: dict[str, dict[str, Any]] = {f"mine-{n}": {} for n in range(5)}
    declare(shell, mine)
    shell.sandbox("plan", "--out", "plan.json")

    statuses = [shell.sandbox("apply", "--plan", "plan.json", now=now).status for now in (NOW, "+1d")]
    declare(shell, {**mine, "theirs": {}})
    shell.sandbox("apply", "--auto-approve", "--target", "theirs", now="+1d")
    ends = [shell.sandbox("apply", "--plan", "plan.json", now="+0d") for _ in range(2)]

    assert (statuses, ends[0].status, keys(shell)) == ([0, 0], 0, [*sorted(mine), "theirs"])
    assert why(ends[1]) == "Nothing is left to do: the approval is used up. Nothing was sent."


def test_what_was_interrupted_is_looked_up_under_the_same_approval(shell: Shell) -> None:
    """A run that died left an intent: its resolve counts as the create that began it."""
    declare(shell, {"mine": {}})
    shell.sandbox("plan", "--out", "plan.json")
    begun = intent(
        one_off(topic="mine"), begun_at="2026-12-01T07:00:00Z", first_begun_at="2026-12-01T07:00:00Z"
    )
    shell.record(state(intents={"mine": begun}))

    fresh = shell.sandbox("plan", "--format", "json")
    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert [step["action"] for step in json.loads(fresh.out)["steps"]] == ["resolve"]
    assert (ran.status, keys(shell)) == (0, ["mine"])


def test_a_forks_plan_from_a_snapshot_is_good_for_the_state(shell: Shell, zoom: Served) -> None:
    """The copy has the lineage of its original; one of another account's state has not."""
    environ = {**zoom.environ, "RECONCILER_SETTLE": "0"}
    shell.write("meetings.yaml", spec_of({"old": {}}, host="fork@example.com", start=FAR))
    shell("apply", *FROM_FILE, "--auto-approve", **environ)
    shutil.copy(shell.folder / "s.json", shell.folder / "snapshot.json")
    shell.write("meetings.yaml", spec_of({"old": {}, "new": {}}, host="fork@example.com", start=FAR))
    shell("plan", "--state", "snapshot.json", "--out", "plan.json")
    other = json.loads((shell.folder / "s.json").read_text()) | {"lineage": "another"}
    shell.write("other.json", json.dumps(other))

    refused = shell("apply", "--state", "other.json", "--plan", "plan.json", **environ)
    done = shell("apply", *FROM_FILE, "--plan", "plan.json", **environ)

    assert why(refused).startswith("It was made from another state than the one that is there now")
    assert (done.status, zoom.topics("fork@example.com")) == (0, ["new", "old"])


def test_a_plan_that_knew_of_no_state_makes_nothing_twice(shell: Shell, zoom: Served) -> None:
    """A fork that missed its snapshot approves creates; under the real state those are keeps."""
    environ = {**zoom.environ, "RECONCILER_SETTLE": "0"}
    shell.write("meetings.yaml", spec_of({"old": {}, "new": {}}, host="blind@example.com", start=FAR))
    shell("apply", *FROM_FILE, "--auto-approve", "--target", "old", **environ)
    shell("plan", "--state", "missing.json", "--out", "plan.json", CI="true")

    ran = shell("apply", *FROM_FILE, "--plan", "plan.json", **environ)

    assert (ran.status, zoom.topics("blind@example.com")) == (0, ["new", "old"])
