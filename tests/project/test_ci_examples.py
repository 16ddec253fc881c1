"""The ready workflows, the hook and the lock: what people copy, and what they then rely on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from fake_github import gitlab
from paths import ROOT
from shell import FAR, HOST, ONE, RunResult
from varied import Zoom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shell import Shell

FOLDER = ROOT / "examples" / "ci" / "github"
WORKFLOWS = sorted(path.name for path in FOLDER.glob("*.yml"))
PINNED = re.compile(r"^      - (?:id: .*\n        )?uses: [\w./-]+@[0-9a-f]{40} # \S", re.MULTILINE)
OURS = "OWNER/meetings-reconciler@"
MARK = "<!-- reconciler:plan -->"


def workflow(name: str) -> dict[str, Any]:
    # To YAML 1.1 the word `on` is true.
    document: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return {str(key): value for key, value in document.items()}


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in workflow(name)["jobs"].values():
        yield from job["steps"]


def test_each_job_of_the_recipes_is_there() -> None:
    names = [f"meetings-{name}.yml" for name in ("apply", "comment", "daily", "drift", "plan")]

    assert names == WORKFLOWS


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit(name: str) -> None:
    """And names its version next to it."""
    text = (FOLDER / name).read_text()

    assert len(PINNED.findall(text)) == text.count("uses:") > 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_says_what_it_may_do(name: str) -> None:
    """No more than it needs: contents only where the state is written, comments only in one workflow."""
    found = workflow(name)
    granted = [found["permissions"], *(job.get("permissions", {}) for job in found["jobs"].values())]

    written = {scope for each in granted for scope, right in each.items() if right == "write"}
    allowed = {"comment": {"pull-requests"}, "apply": {"contents"}, "daily": {"contents"}}
    assert written == allowed.get(name.removeprefix("meetings-").removesuffix(".yml"), set())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_step_of_ours_gives_inputs_that_exist(name: str) -> None:
    known = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()

    given = [each["with"].keys() for each in steps(name) if each.get("uses", "").startswith(OURS)]
    assert (given != [], [names - known for names in given if names - known]) == (True, [])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_that_others_write_stands_in_a_workflows_script(name: str) -> None:
    assert [each["run"] for each in steps(name) if "${{" in each.get("run", "")] == []


@pytest.mark.parametrize("name", ["meetings-plan.yml", "meetings-comment.yml"])
def test_what_a_fork_can_start_has_no_secret(name: str) -> None:
    """And no code of the pull request runs: a job with permissions never checks it out."""
    text = (FOLDER / name).read_text()

    assert ("secrets." in text, "pull_request_target" in text, "download-artifact" in text) == (False,) * 3
    assert not re.search(r"\b(ref|repository):", text)


@pytest.mark.parametrize("name", ["meetings-apply.yml", "meetings-daily.yml", "meetings-drift.yml"])
def test_what_is_started_by_hand_is_of_the_main_branch(name: str) -> None:
    """Another one was not reviewed. A schedule is always of it, and its event names no repository."""
    first = next(iter(workflow(name)["jobs"].values()))
    triggers = workflow(name)["True"]

    assert "workflow_dispatch" in triggers
    either = "github.event_name == 'schedule' || " if "schedule" in triggers else ""
    assert first["if"] == f"{either}github.ref_name == github.event.repository.default_branch"


def test_applies_wait_for_each_other_and_are_never_cancelled() -> None:
    groups = [workflow(f"meetings-{name}.yml")["concurrency"] for name in ("apply", "daily")]

    assert groups == [{"group": "meetings-apply", "cancel-in-progress": False}] * 2
    assert workflow("meetings-daily.yml")["True"]["schedule"] == [{"cron": "7 0 * * *"}]


@pytest.mark.parametrize("name", ["meetings-apply.yml", "meetings-daily.yml"])
def test_warnings_stop_an_apply(name: str) -> None:
    ours = [each["with"] for each in steps(name) if each.get("uses", "").startswith(OURS)]

    assert ours[0] == {"command": "validate", "strict": "true"}
    assert ours[-1]["command"] == "apply"
    assert ("plan-file" in ours[-1]) is not ("auto-approve" in ours[-1])


CHECKLIST = "## On GitHub, from nothing to the first applied pull request"


def checklist() -> str:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    return page.partition(CHECKLIST)[2].partition("\n## ")[0]


def test_the_checklist_names_all_that_the_workflows_need() -> None:
    """Every environment, secret, permission, branch and file: what a workflow gets is added there."""
    texts = "\n".join((FOLDER / name).read_text() for name in WORKFLOWS)
    needed = {
        *WORKFLOWS,
        *(f"`{each}`" for each in re.findall(r"environment: ([\w-]+)", texts)),
        *(f"`{each}`" for each in re.findall(r"secrets\.(\w+)", texts)),
        *(f"`{each}`" for each in re.findall(r"\b([\w-]+: write)\b", texts)),
        *(f"`{each}`" for each in re.findall(r"uses: (actions/[\w-]+)@", texts)),
        *(f"`{each}`" for each in re.findall(r"state: git:([\w-]+)", texts)),
        *(f"*{workflow(name)['name']}*" for name in WORKFLOWS if name != "meetings-comment.yml"),
    }

    assert [each for each in sorted(needed) if each not in checklist()] == []


def test_the_checklists_command_fills_in_every_owner_and_commit(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / ".github" / "workflows")
    commit = "0123456789abcdef0123456789abcdef01234567"
    lines = [line for line in checklist().splitlines() if line.startswith(("sed ", "rm "))]

    command = "\n".join(lines).replace("COMMIT", commit)
    subprocess.run(["bash", "-euc", command], cwd=tmp_path, check=True)

    written = sorted((tmp_path / ".github" / "workflows").iterdir())
    assert [path.name for path in written] == WORKFLOWS
    for path in written:
        before = (FOLDER / path.name).read_text()
        assert path.read_text() == before.replace(f"{OURS}{'0' * 40}", f"acme/meetings-reconciler@{commit}")
        assert OURS in before


def test_a_workflow_of_the_first_pull_request_starts_with_what_people_declare_alone() -> None:
    """So that the one that adds only workflows starts none, as the checklist says."""
    for name, event in (("meetings-plan.yml", "pull_request"), ("meetings-apply.yml", "push")):
        triggers = workflow(name)["True"]
        assert triggers[event]["paths"] == ["meetings.yaml", "meetings/**", "policies/**", "reconciler.yaml"]


def gitlab_jobs() -> dict[str, Any]:
    """GitLab's template."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "examples/ci/gitlab/.gitlab-ci.yml").read_text())
    return document


def test_gitlabs_template_keeps_the_same_rules() -> None:
    document = gitlab_jobs()

    plan, apply = document["meetings-plan"], document["meetings-apply"]
    state = "$CI_API_V4_URL/projects/$CI_PROJECT_ID/terraform/state/meetings"
    assert document["variables"]["RECONCILER_STATE"] == state
    assert apply["resource_group"] == "meetings"
    assert plan["artifacts"]["reports"] == {"codequality": "gl-code-quality-report.json"}
    assert apply["script"][0] == plan["script"][-1] == "reconciler validate --strict"
    assert "gitlab-plan.sh" in plan["script"][-2]


def test_each_schedule_of_gitlab_starts_one_job() -> None:
    """The second one, with its variable, only looks; the header of the file says how both are set up."""
    scheduled = {
        name: each["if"].partition(' "schedule"')[2]
        for name, job in gitlab_jobs().items()
        if isinstance(job, dict)
        for each in job.get("rules", ())
        if '"schedule"' in each["if"]
    }

    assert scheduled == {
        "meetings-apply": ' && $MEETINGS != "drift"',
        "meetings-drift": ' && $MEETINGS == "drift"',
    }


def test_gitlabs_drift_job_fails_only_if_something_was_changed(shell: Shell) -> None:
    (command,) = gitlab_jobs()["meetings-drift"]["script"]
    words = command.partition(" #")[0].split()[1:]
    shell.write("meetings.yaml", ONE)
    assert shell.sandbox("apply", "--auto-approve").status == 0

    before = shell.sandbox(*words)
    Zoom(shell.folder).meddle(shell.ids()["launch-review"], topic="Changed by hand")
    after = shell.sandbox(*words)

    assert (before.status, after.status) == (0, 2)
    assert "Changed by hand" in after.out


def pre_commit_hooks() -> dict[str, Any]:
    """The hooks of the project by id."""
    return {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def test_the_hook_writes_the_layout_of_the_files_that_it_is_given(shell: Shell) -> None:
    """pre-commit fails where a file changed, and puts the names of the files behind the entry."""
    hook = pre_commit_hooks()["reconciler-fmt"]
    program, *arguments = hook["entry"].split()
    shell.write("meetings/a.yaml", ONE)
    shell.write("meetings/b.yaml", ONE.replace("launch", "second"))

    ran = shell(*arguments, "meetings/a.yaml")

    assert (program, ran) == (
        "reconciler",
        RunResult(0, "meetings/a.yaml\n", "1 file formatted, 0 unchanged.\n"),
    )
    assert (shell.folder / "meetings/b.yaml").read_text() == ONE.replace("launch", "second")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert hook["additional_dependencies"] == project["project"]["optional-dependencies"]["fmt"]
    names = (
        "meetings.yaml",
        "ops/meetings/team/a.yml",
        "reconciler.yaml",
        "meetings/reconciler.yaml",
        "a.yaml",
    )
    fits = [bool(re.search(hook["files"], each) and not re.search(hook["exclude"], each)) for each in names]
    assert fits == [True, True, False, False, False]


def test_the_hook_checks_all_that_is_declared(shell: Shell) -> None:
    """Its entry, as pre-commit runs it: without the names of files."""
    hook = pre_commit_hooks()["reconciler-validate"]
    program, *arguments = hook["entry"].split()
    shell.write("meetings/team/a.yaml", ONE)
    good = shell(*arguments)
    shell.write("meetings/b.yml", ONE)

    twin = shell(*arguments)

    assert (program, hook["pass_filenames"]) == ("reconciler", False)
    assert (good.status, twin.status) == (0, 1)
    names = ("meetings.yaml", "meetings/team/a.yml", "reconciler.yaml", "README.md", "src/old-meetings.yaml")
    assert [bool(re.search(hook["files"], name)) for name in names] == [True, True, True, False, False]


def test_the_hook_checks_specs_below_the_root(shell: Shell) -> None:
    """pre-commit runs it at the root, and puts its `args` behind the entry."""
    hook = pre_commit_hooks()["reconciler-validate"]
    arguments = hook["entry"].split()[1:]
    shell.write("ops/zoom/reconciler.yaml", f"defaults: {{host: {HOST}}}\n")
    shell.write("ops/zoom/meetings/a.yaml", ONE.replace(f"defaults: {{host: {HOST}}}\n", ""))

    assert shell(*arguments, "-C", "ops/zoom") == RunResult(0, "Valid: 1 meeting in 1 file.\n", "")
    names = ("ops/zoom/meetings/a.yaml", "ops/zoom/reconciler.yaml", "apps/meetings.yml", "meetings.md")
    assert [bool(re.search(hook["files"], name)) for name in names] == [True, True, True, False]


def locked() -> dict[str, str]:
    """What the action installs: version by name."""
    text = (ROOT / "requirements" / "action.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def test_the_lock_holds_all_that_the_program_needs() -> None:
    """And what builds it; each no older than `pyproject.toml` admits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["cloud"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["project"]["optional-dependencies"]["notify"],
        *project["build-system"]["requires"],
    ]
    pins = {name.lower(): version for name, version in locked().items()}

    least = dict(re.split(r"(?:\[\w+\])?>=", each.split(",")[0]) for each in needed)
    assert {name: v for name, v in least.items() if numbers(pins.get(name, "0")) < numbers(v)} == {}


def test_every_line_of_the_lock_has_hashes_and_no_address() -> None:
    text = (ROOT / "requirements" / "action.txt").read_text()

    entries = re.split(r"\n(?=[A-Za-z])", text.strip())
    assert len(entries) == len(locked())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert ("://" in text, "--index" in text, "--find-links" in text) == (False, False, False)


def pipeline(shell: Shell, folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    """The plan of a merge request's pipeline."""
    program = folder / "reconciler"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m reconciler "$@"\n')
    program.chmod(0o755)
    environ = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "CI": "true",
        "CI_API_V4_URL": address,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "7",
        "RECONCILER_NOTE_TOKEN": "token-of-the-project",
        "RECONCILER_STATE": "s.json",
    }
    command = ["bash", str(ROOT / "ci" / "gitlab-plan.sh"), "plan.md"]
    return subprocess.run(command, cwd=shell.folder, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not shutil.which("curl"), reason="the image that the template names has it")
def test_a_merge_request_has_one_note(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is created, then updated, then has an error; the exit status is the program's."""
    folder = tmp_path_factory.mktemp("bin")
    with gitlab() as hub:
        forged = hub.say(f"{MARK}\nNo changes.", author=2)
        told: list[tuple[int, str]] = []
        for text in (ONE, ONE.replace("Launch", "Landing"), ONE.replace("duration", "durration")):
            shell.write("meetings.yaml", text.replace("2027-01-14T15:00:00Z", FAR))
            ran = pipeline(shell, folder, hub.address)
            told.append((ran.returncode, hub.notes[-1]["body"]))

    assert [status for status, _ in told] == [0, 0, 1]
    words = ("Launch review", "Landing review", "```text\nerror[spec.unknown-field]")
    assert [word in body for word, (_, body) in zip(words, told, strict=True)] == [True] * 3
    assert (len(hub.notes), forged["body"]) == (2, f"{MARK}\nNo changes.")
    assert all(body.startswith(MARK) for _, body in told)
    assert hub.tokens == {"token-of-the-project"}


@pytest.mark.skipif(not shutil.which("curl"), reason="the image that the template names has it")
@pytest.mark.parametrize(
    ("refusals", "told"),
    [
        (
            {"POST": (403, '{"message": "403 Forbidden"}')},
            (
                "GitLab answered 403: 403 Forbidden. The plan is in the log and in the artifact. "
                "RECONCILER_NOTE_TOKEN needs the scope api and the role Reporter in this project."
            ),
        ),
        (
            {"GET": (401, '{"error": "invalid_token", "error_description": "Token was revoked."}')},
            (
                "GitLab answered 401: invalid_token. The plan is in the log and in the artifact. "
                "RECONCILER_NOTE_TOKEN is no longer valid: create a project access token again."
            ),
        ),
        (
            {"GET": (503, "<!DOCTYPE html>\n<title>Down</title>")},
            (
                'GitLab answered 503: a web page, "Down". The plan is in the log and in the artifact. '
                "Run the job again later."
            ),
        ),
    ],
    ids=("role", "revoked", "down"),
)
def test_a_refused_note_says_what_to_do(
    refusals: dict[str, tuple[int, str]],
    told: str,
    shell: Shell,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shell.write("meetings.yaml", ONE.replace("2027-01-14T15:00:00Z", FAR))
    with gitlab() as hub:
        hub.refusals = refusals
        ran = pipeline(shell, tmp_path_factory.mktemp("bin"), hub.address)

    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, f"error: could not write the note: {told}")
    assert ("curl" in ran.stderr, "Traceback" in ran.stderr) == (False, False), ran.stderr
