"""A small GitHub Actions runner: a job that runs the steps of `action.yml` on this machine.

Expressions, conditions, environment files and workflow commands follow GitHub's documentation.
The step `install` is not run: the program under test, or `installed`, replaces what it would install.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct
from paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "acme/meetings"

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_NAME = re.compile(r"(inputs|steps|github)((?:\.[\w-]+)+)")
_COMMAND = re.compile(r"::([\w-]+)(?: ([^:]*))?::(.*)")
_OLD_COMMAND = re.compile(r"##\[([\w-]+)")


class JobResult(Struct, frozen=True):
    """The result of one use of the action; `annotations` as (kind, properties, message)."""

    passed: bool
    outputs: dict[str, str]
    summary: str
    log: str
    annotations: list[tuple[str, str, str]]
    masks: list[str]
    groups: list[str]


class Job(Struct):
    """A job in `folder`, with the environment of the workflow and the event that triggered it."""

    folder: Path
    environ: dict[str, str]
    event: dict[str, Any] = {}
    token: str = "token-of-the-job"
    installed: str = ""

    def use(self, **inputs: str) -> JobResult:
        """Run the steps of the action; underscores in the names of inputs become hyphens."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        run = _Run(self, action, {name.replace("_", "-"): value for name, value in inputs.items()})
        for step in action["runs"]["steps"]:
            run.step(step)
        outputs = {name: run.evaluated(each["value"]) for name, each in action["outputs"].items()}
        return JobResult(run.passed, outputs, run.summary, run.log, *_workflow_commands(run.log))


class _Run:
    def __init__(self, job: Job, action: dict[str, Any], given: dict[str, str]) -> None:
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        self.job = job
        self.passed = True
        self.summary = self.log = ""
        self.steps: dict[str, dict[str, str]] = {
            "install": {"reconciler": job.installed or str(self._stand_in())}
        }
        self.inputs: dict[str, str] = {}
        for name, each in action["inputs"].items():
            self.inputs[name] = given.get(name, self.evaluated(str(each.get("default", ""))))

    def step(self, step: dict[str, Any]) -> None:
        condition = step.get("if", "true")
        if step["id"] == "install" or not (self.passed or "always()" in condition):
            return
        if not self._holds(condition):
            return
        temporary = self._temporary()
        files = {
            name: temporary / name
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.job.folder / self.evaluated(step.get("working-directory", ".")),
            env=self._environment(step, files, temporary),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.steps[step["id"]] = outputs(files["GITHUB_OUTPUT"].read_text())
        self.passed = self.passed and done.returncode == 0

    def evaluated(self, text: str) -> str:
        """Return a text with its expressions replaced; an unknown name is empty."""
        return _EXPRESSION.sub(lambda found: self._value(found[1]), text)

    def _value(self, name: str) -> str:
        first, *others = name.split(".")
        if first == "inputs":
            return self.inputs.get(others[0], "")
        if first == "steps":
            return self.steps.get(others[0], {}).get(others[2], "")
        if others[0] == "event":
            found: Any = self.job.event
            for part in others[1:]:
                found = found.get(part, {})
            return found or ""
        assert name == "github.token", name
        return self.job.token

    def _holds(self, condition: str) -> bool:
        python = _NAME.sub(lambda found: repr(self._value(found[0])), condition)
        python = python.replace("&&", " and ").replace("||", " or ").replace("always()", "True")
        return bool(eval(python.replace("true", "True", 1) if python == "true" else python))

    def _environment(self, step: dict[str, Any], files: dict[str, Path], temporary: Path) -> dict[str, str]:
        event = temporary / "event.json"
        event.write_text(json.dumps(self.job.event))
        own = {name: self.evaluated(str(value)) for name, value in step.get("env", {}).items()}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(temporary),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "7",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_WORKSPACE": str(self.job.folder),
            "RUNNER_TEMP": str(temporary),
            **{name: str(path) for name, path in files.items()},
            **self.job.environ,
            **own,
        }

    def _temporary(self) -> Path:
        temporary = self.job.folder.parent / "runner-temp"
        temporary.mkdir(exist_ok=True)
        return temporary

    def _stand_in(self) -> Path:
        command = self._temporary() / "reconciler"
        command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m reconciler "$@"\n')
        command.chmod(0o755)
        return command


def outputs(text: str) -> dict[str, str]:
    """Return the outputs of a file: `name=value`, or `name<<END`, lines, `END`."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, several, end = line.partition("<<")
        if several and "=" not in name:
            value: list[str] = []
            while (part := next(lines)) != end:
                value.append(part)
            outputs[name] = "\n".join(value)
        else:
            name, _, outputs_value = line.partition("=")
            outputs[name] = outputs_value
    return outputs


def _workflow_commands(log: str) -> tuple[list[tuple[str, str, str]], list[str], list[str]]:
    """Return the annotations, masks and groups in a log. An old command may be anywhere in a line."""
    annotations: list[tuple[str, str, str]] = []
    masks: list[str] = []
    groups: list[str] = []
    stopped = ""
    for line in log.splitlines():
        command = _COMMAND.match(line.lstrip())
        if stopped:
            stopped = "" if command and command[1] == stopped else stopped
        elif command and command[1] == "stop-commands":
            stopped = command[3]
        elif command and command[1] in {"error", "warning", "notice"}:
            annotations.append((command[1], command[2] or "", command[3]))
        elif command and command[1] in {"add-mask", "group"}:
            (masks if command[1] == "add-mask" else groups).append(command[3])
        elif old := _OLD_COMMAND.search(line):
            annotations.append((old[1], "", line))
    return annotations, masks, groups
