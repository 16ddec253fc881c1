"""The workflows that publish a calendar: what people copy beside the others, and nobody gets unasked."""

from __future__ import annotations

import re
from typing import Any

import yaml
from paths import ROOT
from shell import FAR, ONE, Shell

from reconciler import resources

FOLDER = ROOT / "examples" / "ci" / "pages"
PINNED = re.compile(r"^      - (?:id: .*\n        )?uses: [\w./-]+@[0-9a-f]{40} # \S", re.MULTILINE)
OURS = "OWNER/meetings-reconciler@"


def document(name: str) -> dict[str, Any]:
    # To YAML 1.1 the word `on` is true.
    loaded: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return {str(key): value for key, value in loaded.items()}


GITHUB = "github/meetings-calendar.yml"


def test_every_action_is_pinned_by_its_commit() -> None:
    text = (FOLDER / GITHUB).read_text()

    assert len(PINNED.findall(text)) == text.count("uses:") == 4


def test_only_the_job_that_runs_none_of_our_code_may_publish() -> None:
    """And no job has a secret, or may write to the repository."""
    workflow = document(GITHUB)
    jobs = workflow["jobs"]

    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in jobs["calendar"]
    assert jobs["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert not any(each["uses"].startswith(OURS) for each in jobs["publish"]["steps"])
    assert "secrets." not in (FOLDER / GITHUB).read_text()


def test_only_the_main_branch_is_published() -> None:
    workflow, gitlab = document(GITHUB), document("gitlab/.gitlab-ci.yml")

    assert workflow["True"]["push"]["branches"] == ["main"]
    condition = "github.event_name == 'schedule' || github.ref_name == github.event.repository.default_branch"
    assert workflow["jobs"]["calendar"]["if"] == condition
    assert all("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in each["if"] for each in gitlab["pages"]["rules"])


def test_the_step_of_ours_gives_inputs_that_exist_and_uploads_its_folder() -> None:
    known = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()
    steps = document(GITHUB)["jobs"]["calendar"]["steps"]

    (ours,) = (each["with"] for each in steps if each["uses"].startswith(OURS))
    assert ours == {"command": "calendar", "state": "git:reconciler-state", "folder": "public"}
    assert (ours.keys() - known, steps[-1]["with"]) == (set(), {"path": "public"})


def test_gitlabs_commands_write_what_is_published(shell: Shell) -> None:
    """Each line of the script, as it stands there."""
    job = document("gitlab/.gitlab-ci.yml")["pages"]
    shell.write("meetings.yaml", ONE.replace("2027-01-14T15:00:00Z", FAR))
    made, *commands = job["script"]
    (shell.folder / "public").mkdir()

    runs = [shell(*command.split()[1:]) for command in commands]

    assert (made, [ran.status for ran in runs]) == ("mkdir -p public", [0, 0])
    published = {path.relative_to(shell.folder).as_posix() for path in shell.folder.rglob("public/**/*.*")}
    assert published == {"public/index.html", "public/feeds/all.ics", "public/feeds/platform@example.com.ics"}
    assert job["artifacts"]["paths"] == ["public"]


def test_init_adds_no_workflow_that_publishes() -> None:
    """Topics and hosts become public with it: somebody has to want that."""
    assert [
        name for system in ("github", "gitlab") for name in resources.workflows(system) if "calendar" in name
    ] == []
