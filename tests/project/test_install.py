"""`ci/install.sh` installs into a new virtual environment: nothing of one that was there runs or survives.

Without a network: the program is a stand-in of one module, and the list of requirements is empty.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """\
import zipfile

NAME = "meetings_reconciler-1.0-py3-none-any.whl"
INFO = "meetings_reconciler-1.0.dist-info/"
FILES = {
    "stand_in.py": "def main():\\n    print('stand-in 1.0')\\n",
    INFO + "METADATA": "Metadata-Version: 2.1\\nName: meetings-reconciler\\nVersion: 1.0\\n",
    INFO + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    INFO + "entry_points.txt": "[console_scripts]\\nreconciler = stand_in:main\\n",
    INFO + "RECORD": "",
}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/{NAME}", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return NAME
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the script and a stand-in for the program."""
    folder = tmp_path / "checkout"
    (folder / "ci").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "ci" / "install.sh", folder / "ci")
    (folder / "requirements/action.txt").write_text("# nothing\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    return folder


def install(checkout: Path, **environ: str) -> tuple[str, str]:
    """Run the script; return what the program said, and the path of the command."""
    output = checkout.parent / "output"
    output.write_text("")
    own = {
        "RUNNER_TEMP": str(checkout.parent),
        "GITHUB_OUTPUT": str(output),
        "RECONCILER_PYTHON": sys.executable,
    }
    command = ["bash", str(checkout / "ci/install.sh")]
    ran = subprocess.run(
        command,
        env={**os.environ, **own, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip(), output.read_text().strip().removeprefix("reconciler=")


def test_a_virtual_environment_that_was_there_is_emptied(checkout: Path, tmp_path: Path) -> None:
    """A runner that is used again keeps files of earlier jobs, and a `.pth` runs with every Python."""
    venv, ran = tmp_path / "venv", tmp_path / "ran"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = venv / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (site / "planted.pth").write_text(f"import pathlib; pathlib.Path({str(ran)!r}).touch()\n")
    (site / "stand_in.py").write_text("def main():\n    print('changed')\n")
    (site / "meetings_reconciler-1.0.dist-info").mkdir()
    (venv / "pyvenv.cfg").write_text(f"home = {os.path.dirname(sys.executable)}\n")  # noqa: PTH120 - as written

    said, command = install(checkout, RECONCILER_VENV=str(venv))

    assert (said, command) == ("stand-in 1.0", f"{venv}/bin/reconciler")
    assert (ran.exists(), (site / "planted.pth").exists()) == (False, False)
