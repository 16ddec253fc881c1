"""A passcode that somebody wrote into a meeting in Zoom: it is noticed, and never written or shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from git_world import git
from shell import NOW, spec_of
from varied import Zoom

from reconciler.stores import size

if TYPE_CHECKING:
    from shell import Shell


AT = ("--sandbox", "--sandbox-now", NOW)
INVITATION = "Join https://zoom.us/j/81234567890?pwd=Hunter2Hunter2.1\nPasscode: 447713"
SECRETS = ("Hunter2", "447713")


@pytest.fixture
def zoom(shell: Shell) -> Zoom:
    """An account in which `a` has an agenda, and `b` was made with another one than its own."""
    shell.write("meetings.yaml", spec_of({"a": {"agenda": "Plans"}, "b": {"agenda": "Plans"}, "c": {}}))
    assert shell("apply", *AT, "--auto-approve").status == 0
    return Zoom(shell.folder)


def shown(text: str) -> tuple[str, ...]:
    return tuple(secret for secret in SECRETS if secret in text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("drift",),
        ("drift", "--verbose"),
        ("drift", "--format", "json"),
        ("drift", "--format", "markdown"),
        ("plan", "--refresh"),
        ("plan", "--refresh", "--verbose", "--out", "saved.plan", "--json-into", "plan.json"),
        ("plan", "--refresh", "--format", "json"),
        ("plan", "--refresh", "--format", "markdown"),
        ("links", "--format", "json"),
        ("import", "--host", "platform@example.com"),
    ],
)
def test_no_output_holds_it(shell: Shell, zoom: Zoom, arguments: tuple[str, ...]) -> None:
    for name in ("a", "b"):
        zoom.click("PATCH", f"{shell.recorded().meetings[name].id}", {"agenda": INVITATION})

    ran = shell(*arguments, *AT)

    files = [path.read_text() for path in shell.folder.iterdir() if path.is_file()]
    assert shown("".join((ran.out, ran.err, *files))) == ()


def test_drift_says_what_was_added(shell: Shell, zoom: Zoom) -> None:
    zoom.click("PATCH", f"{shell.recorded().meetings['a'].id}", {"agenda": INVITATION})

    (step,) = [
        step for step in json.loads(shell("drift", *AT, "--format", "json").out)["steps"] if step["changes"]
    ]

    assert step["changes"] == [
        {
            "path": "agenda",
            "before": "Plans",
            "after": "Join https://zoom.us/j/81234567890?pwd=***\nPasscode: ***",
            "effect": "description changes; a join link with a passcode was added in Zoom",
        }
    ]


def test_it_is_put_back_all_the_same(shell: Shell, zoom: Zoom) -> None:
    """The mask is for eyes: what is compared is the text."""
    zoom.click("PATCH", f"{shell.recorded().meetings['a'].id}", {"agenda": INVITATION})

    assert shell("apply", *AT, "--refresh", "--auto-approve").status == 0
    assert shell("drift", *AT, "--detailed-exitcode").status == 0


def test_a_declared_text_is_shown_as_it_is(shell: Shell, zoom: Zoom) -> None:
    del zoom
    shell.write("meetings.yaml", spec_of({"a": {"agenda": "PIN: 4711"}, "b": {"agenda": "Plans"}}))

    ran = shell("plan", *AT)

    assert 'agenda: "Plans" → "PIN: 4711"' in ran.out


def test_an_older_state_loses_it_at_the_first_write(shell: Shell, zoom: Zoom) -> None:
    """An older version kept what Zoom had in plain text; a change is noticed as before."""
    number = shell.recorded().meetings["a"].id
    zoom.click("PATCH", f"{number}", {"agenda": INVITATION})
    whole = json.loads(shell.sandbox_state.read_bytes())
    whole["meetings"]["a"]["observed"] = {"agenda": INVITATION}
    shell.sandbox_state.write_text(json.dumps(whole))
    shell.write("meetings.yaml", spec_of({"a": {"agenda": "Plans"}, "b": {"agenda": "Other"}}))

    assert shown(shell("state", "show", "a", *AT, "--format", "json").out) == ()
    assert shell("apply", *AT, "--auto-approve").status == 0
    assert shown(shell.sandbox_state.read_text()) == ()
    assert shell("drift", *AT, "--detailed-exitcode").status == 0
    zoom.click("PATCH", f"{number}", {"agenda": INVITATION.replace("447713", "447714")})
    assert shell("drift", *AT, "--detailed-exitcode").status == 2


def test_doctor_says_that_older_copies_may_have_it(shell: Shell, zoom: Zoom) -> None:
    """Whether the state has it still, or masked: an older version may have written it before."""
    del zoom
    whole = json.loads(shell.sandbox_state.read_bytes())
    whole["meetings"]["a"]["observed"] = {"agenda": INVITATION}
    shell.sandbox_state.write_text(json.dumps(whole))
    older = shell("doctor", *AT)
    shell.write("meetings.yaml", spec_of({"a": {"agenda": "Plans"}, "b": {"agenda": "Other"}, "c": {}}))
    assert shell("apply", *AT, "--auto-approve").status == 0

    newer = shell("doctor", *AT)

    said = "somebody wrote a passcode in Zoom into a (agenda)"
    assert [said in ran.out for ran in (older, newer)] == [True, True]
    assert shown(older.out + newer.out) == ()


def test_doctor_names_the_commits_that_have_it(shell: Shell, zoom: Zoom) -> None:
    """In states and saved plans; what is masked is none, and no secret is shown."""
    del zoom
    shell.write("reconciler.yaml", "state: team.json\n")
    git(shell.folder, "init", "-q", "--template=")
    for name, agenda in (("team.json", INVITATION), ("ci/plan.json", INVITATION), ("other.json", INVITATION)):
        shell.write(name, json.dumps({"observed": {"agenda": agenda}}) + "\n")
    git(shell.folder, "add", "team.json", "ci", "other.json")
    git(shell.folder, "commit", "-q", "-m", "Leak")
    for name in ("team.json", "ci/plan.json"):
        shell.write(name, json.dumps({"observed": {"agenda": "Passcode: ***"}}) + "\n")
    git(shell.folder, "commit", "-q", "-a", "-m", "Mask")
    commit, day = git(shell.folder, "log", "--format=%h %cs", "--skip=1").split()

    ran = shell("doctor")

    said = " ".join(ran.out.split())
    places = f"2 places: ci/plan.json in {commit} of {day}; team.json in {commit} of {day}"
    assert f"git history has a passcode or a link with one in {places}" in said
    assert shown(ran.out) == ()


@pytest.mark.parametrize(("commits", "is_whole"), [(999, True), (1_000, False)])
def test_doctor_tells_that_a_history_is_too_long(shell: Shell, commits: int, *, is_whole: bool) -> None:
    """Older commits than the newest thousand with a state are not searched."""
    git(shell.folder, "init", "-q", "--template=")
    made = (
        f"commit refs/heads/main\ncommitter Ann <ann@example.com> {1_800_000_000 + number} +0000\ndata 0\n"
        f"M 100644 inline reconciler.state.json\ndata 4\n{number:04}\n"
        for number in range(commits)
    )
    git(shell.folder, "fast-import", "--quiet", given="".join(made))

    ran = shell("doctor", "--format", "json")

    found = [row for row in json.loads(ran.out)["checks"] if row["name"] == "history"]
    told = {
        "name": "history",
        "status": "warn",
        "summary": "git history is not checked to its end for passcodes: it has 1,000 commits or more",
        "code": None,
        "remedy": "Search it: git log --all --patch -- ':(top,glob)**/*state.json'",
    }
    assert found == ([] if is_whole else [told])


def test_doctor_says_why_history_is_not_checked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git prints more than is read, or fails; outside of a checkout there is nothing to say."""
    outside = shell("doctor").out
    git(shell.folder, "init", "-q", "--template=")
    for number in range(3):
        shell.write("state.json", f"{number}" * 300_000 + "\n")
        git(shell.folder, "add", "state.json")
        git(shell.folder, "commit", "-q", "-m", "Write")
    shell.write("state.json", "")
    whole = shell("doctor").out
    monkeypatch.setattr(size, "DOCUMENT_BYTES_MAX", 1 << 20)
    long = shell("doctor").out
    (shell.folder / ".git" / "config").write_text("[broken\n")
    broken = shell("doctor").out

    said = [" ".join(text.split()) for text in (outside, whole, long, broken)]
    assert ["git history" in text for text in said] == [False, False, True, True]
    assert "git history is not checked for passcodes: git prints more than 1 MiB ->" in said[2]
    assert (
        "git history is not checked for passcodes: fatal: bad config line 1 in file .git/config ->" in said[3]
    )


def test_a_pulled_state_does_not_hold_it(shell: Shell, zoom: Zoom) -> None:
    del zoom
    whole = json.loads(shell.sandbox_state.read_bytes())
    whole["meetings"]["a"]["observed"] = {"agenda": INVITATION}
    shell.sandbox_state.write_text(json.dumps(whole))

    ran = shell("state", "pull", "--state", str(shell.sandbox_state))

    assert shown(ran.out) == ()


def test_import_leaves_such_a_field_out_and_says_so(shell: Shell, zoom: Zoom) -> None:
    for name in ("a", "b"):
        zoom.click("PATCH", f"{shell.recorded().meetings[name].id}", {"agenda": INVITATION})
    zoom.click("PATCH", f"{shell.recorded().meetings['b'].id}", {"topic": "Call, passcode 447713"})
    zoom.click("PATCH", f"{shell.recorded().meetings['c'].id}", {"agenda": "PIN: 447713"})
    shell.sandbox_state.unlink()
    shell.write("meetings.yaml", "version: 1\nmeetings: {}\n")

    ran = shell("import", "--host", "platform@example.com", *AT)

    assert "`agenda` is left out: a link contains a passcode." in ran.out
    assert "`agenda` is left out: it holds a passcode." in ran.out
    assert "Left out: its topic holds a passcode." in ran.out
    assert shown(ran.out + ran.err) == ()


@pytest.mark.parametrize("text", ["***", "Passcode: ***", "https://zoom.us/j/1?pwd=***"])
def test_a_declared_mask_is_an_error(shell: Shell, text: str) -> None:
    shell.write("meetings.yaml", spec_of({"a": {"agenda": text}}))

    ran = shell("validate", "--format", "json")

    assert [one["code"] for one in json.loads(ran.out)["diagnostics"]] == ["passcode.mask"]


def test_a_declared_passcode_in_words_is_a_warning(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"a": {"agenda": "Passcode: 447713"}}))

    ran = shell("validate", "--format", "json")

    (found,) = json.loads(ran.out)["diagnostics"]
    assert (ran.status, found["code"], found["severity"]) == (0, "passcode.in-text", "warning")
    assert shown(ran.out) == ()
