"""The action and the image, installed as they are: from a copy of the checkout, every file by its hash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from action_runner import Job
from image import copied, stages
from paths import ROOT
from shell import FAR, ONE

from reconciler import __version__

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `/` of the image's build: what is copied is in `src`, and its steps were run."""
    root = tmp_path_factory.mktemp("image")
    for path in copied():
        target = root / "src" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for name, run in stages()[0]:
        if name == "RUN":
            command = run.replace("/opt/", f"{root}/opt/")
            subprocess.run(["sh", "-euc", command], cwd=root / "src", env=environ(root), check=True)
    return root


def environ(root: Path) -> dict[str, str]:
    """Our variables but those of this project; what a package index needs stays."""
    own = {"RECONCILER_PYTHON": sys.executable, "GITHUB_OUTPUT": str(root / "output")}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **own}


def test_the_image_has_the_program_with_its_files(built: Path, tmp_path: Path) -> None:
    """And neither pip nor what built it."""
    names = ("pip", "hatchling", "obstore", "psycopg", "apprise")
    asked = f"from importlib.util import find_spec; print([name for name in {names} if find_spec(name)])"
    program, python = (built / "opt/reconciler/bin" / name for name in ("reconciler", "python"))
    (tmp_path / "meetings.yaml").write_text(ONE)

    said = subprocess.run([program, "validate"], cwd=tmp_path, capture_output=True, text=True, check=True)
    tools = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)

    assert (said.stdout, tools.stdout) == (
        "Valid: 1 meeting in 1 file.\n",
        "['obstore', 'psycopg', 'apprise']\n",
    )
    assert (built / "opt/reconciler/share/man/man1/reconciler.1").is_file()


def test_the_action_runs_what_it_installed(built: Path, tmp_path: Path) -> None:
    """Its first step names the command that the others run."""
    installed = (built / "output").read_text().removeprefix("reconciler=").strip()
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "meetings.yaml").write_text(ONE.replace("2027-01-14T15:00:00Z", FAR))

    ran = Job(folder, {}, installed=installed).use(command="plan", state="s.json", json_file="plan.json")

    assert (ran.passed, ran.outputs["add"], ran.outputs["error"]) == (True, "1", "")
    assert f'"tool_version": "{__version__}"' in (folder / "plan.json").read_text().replace('":"', '": "')
