"""The program without the extra `sandbox`: it says so first, with the line that installs it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from shell import ONE

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = 'pip install "meetings-reconciler[sandbox]"'
BARE = """
import sys
sys.modules["starlette"] = sys.modules["uvicorn"] = None
from reconciler.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program as an install without the extra does."""
    environ = {**os.environ, "NO_COLOR": "1", "CI": ""}
    command = [sys.executable, "-c", BARE, *arguments]
    return subprocess.run(
        command, check=False, cwd=folder, env=environ, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "verb", [("plan",), ("apply", "--auto-approve"), ("drift",), ("state", "list"), ("plan", "nowhere.yaml")]
)
def test_the_missing_emulator_is_reported_before_anything_else(verb: tuple[str, ...], tmp_path: Path) -> None:
    """Before a plan that no apply could carry out, and before errors of the specs."""
    (tmp_path / "meetings.yaml").write_text(ONE)

    ran = bare(tmp_path, *verb, "--sandbox")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.splitlines() == [
        "error[sandbox.not-installed]: The emulator is not installed",
        "  = The package 'starlette' is missing. Nothing was done.",
        f"  = hint: Install it: `{INSTALL}`.",
    ]


def test_init_names_the_line_before_the_commands_that_need_it(tmp_path: Path) -> None:
    ran = bare(tmp_path, "init", "--yes", "--host", "platform@example.com")

    steps = [line.strip() for line in ran.stdout.partition("Next:\n")[2].splitlines()]
    assert [step.partition("  ")[0] for step in steps] == [
        "meetings.yaml",
        "reconciler validate --strict",
        INSTALL,
        "reconciler plan --sandbox",
        "reconciler apply --sandbox",
        "reconciler doctor",
    ]


def test_everything_else_works_without_it(tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(ONE)

    assert bare(tmp_path, "validate", "--strict").returncode == 0
    assert bare(tmp_path, "plan", "--state", "s.json").returncode == 0
