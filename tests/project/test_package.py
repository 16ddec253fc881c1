"""What is built and installed is whole: the schemas ship in the wheel, and the commands of README hold."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built wheel installed in it, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    python(ROOT, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    python(
        folder,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    )
    return site


MISSING = {
    "schemas": "schemas/meetings.schema.json",
    "ci": "ci/github/meetings-plan.yml",
    "views/html/calendar.html.jinja": "views/html/calendar.html.jinja",
    "errors/explanations/usage.toml": "errors/explanations/usage.toml",
}
"""Parts of the package that hold no code, and what is said if they are missing."""


@pytest.mark.parametrize("part", MISSING)
def test_a_wheel_without_its_data_is_a_clear_error_at_the_start(part: str, installed: Path) -> None:
    """Before anything is read or sent, and for every command."""
    path = installed / "reconciler" / part
    away = path.with_name("away")
    path.rename(away)
    try:
        command = [sys.executable, "-m", "reconciler", "init", "--yes", "--host", "a@example.com"]
        ran = subprocess.run(command, cwd=installed, capture_output=True, text=True, check=False)
    finally:
        away.rename(path)

    said = (
        "A file of the program is missing"
        if part != "errors/explanations/usage.toml"
        else "usage.broken-install"
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        f"error[usage.broken-install]: {said}\n"
        f"  = {MISSING[part]} is missing from the installation. Nothing was sent.\n"
        "  = hint: The installation is broken. Install it again: "
        "`pip install --force-reinstall meetings-reconciler`, or `pipx reinstall meetings-reconciler`.\n"
    )


def python(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_wheel_carries_its_schemas(installed: Path) -> None:
    """An editable checkout finds them beside the package; a wheel must have them inside."""
    program = (
        "import hashlib, reconciler\nfrom reconciler.resources import read\n"
        "print(reconciler.__file__)\nprint(hashlib.sha256(read('meetings.schema.json')).hexdigest())"
    )
    theirs = python(installed, "-c", program).splitlines()

    from_checkout = python(ROOT, "-c", program).splitlines()

    assert theirs[0] == str(installed / "reconciler" / "__init__.py")
    assert theirs[1] == from_checkout[1]


def test_the_wheel_carries_the_parts_of_the_page(installed: Path) -> None:
    program = (
        "from reconciler.resources import page\n"
        "for name in ('calendar.html.jinja', 'calendar.css', 'calendar.js'): print(len(page(name)))"
    )

    assert python(installed, "-c", program) == python(ROOT, "-c", program)


def test_the_wheel_carries_its_workflows(installed: Path) -> None:
    program = (
        "from reconciler.resources import workflows\n"
        "print([sorted(workflows(each)) for each in ('github', 'gitlab')])"
    )

    assert python(installed, "-c", program) == python(ROOT, "-c", program)


def test_the_wheel_carries_its_explanations(installed: Path) -> None:
    program = "from reconciler.errors.explanations.table import table\nprint(*table())"

    assert python(installed, "-c", program) == python(ROOT, "-c", program)


def test_uvx_and_pipx_run_find_the_program_by_the_name_of_the_project(installed: Path) -> None:
    """Both run the command that is called as the package, and README calls it so."""
    (names,) = installed.glob("*.dist-info/entry_points.txt")
    readme = " ".join((ROOT / "README.md").read_text().split())

    assert set(re.findall(r"^([\w-]+) = reconciler\.__main__:main$", names.read_text(), re.MULTILINE)) == {
        "reconciler",
        "meetings-reconciler",
    }
    for runner in ("uvx", "pipx run"):
        assert f'`{runner} "meetings-reconciler[sandbox]" plan --sandbox`' in readme


def test_the_wheel_tells_type_checkers_that_it_is_typed(installed: Path) -> None:
    assert (installed / "reconciler" / "py.typed").exists()


def test_readme_promises_two_commands_that_ci_runs() -> None:
    """`.ci/run` takes them from there, and needs the tests to come last."""
    readme = (ROOT / "README.md").read_text()

    block = re.search(r"^<!-- ci:.*?^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)

    assert block is not None
    assert block[1].splitlines() == ["make demo", "make test"]
