"""The release of the zone rules: of the package that is used, and of the system, which is not."""

from __future__ import annotations

import json
import zoneinfo
from typing import TYPE_CHECKING

import pytest

from reconciler.meeting import timezones

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shell import Shell

UPGRADE = "Upgrade the package, so that all machines use the newest rules: pip install --upgrade tzdata"


@pytest.fixture(autouse=True)
def system(tmp_path: Path) -> Iterator[Path]:
    """A folder that is the only one with zone rules of the system."""
    folder = tmp_path / "zoneinfo"
    folder.mkdir()
    zoneinfo.reset_tzpath(to=[str(folder)])
    yield folder
    zoneinfo.reset_tzpath()


SYSTEMS = {
    "newer": (
        "tzdata.zi",
        "# version 2099b\n# This is in the public domain.\n",
        "; the system has a newer one, 2099b",
        True,
    ),
    "older": ("tzdata.zi", "# version 1999a\n", "", False),
    "a version file": ("+VERSION", "2099aa\n", "; the system has a newer one, 2099aa", True),
    "another file": ("tzdata.zi", "R d 1916 o\n", "", False),
    "binary": ("tzdata.zi", "TZif2\0\0", "", False),
}


@pytest.mark.parametrize("case", SYSTEMS.values(), ids=SYSTEMS)
def test_version_and_doctor_tell_the_release(
    case: tuple[str, str, str, bool], system: Path, shell: Shell
) -> None:
    name, text, told, is_newer = case
    (system / name).write_text(text)

    version = shell("--version", "--verbose")
    checks = json.loads(shell("doctor", "--sandbox", "--format", "json").out)["checks"]

    lines = version.out.splitlines()
    words = f"tzdata {timezones.release()}{told}"
    assert (version.status, lines[2:]) == (0, [words, UPGRADE] if is_newer else [words])
    [row] = [row for row in checks if row["name"] == "version"]
    assert (row["status"], row["summary"].endswith(f", {words}")) == ("warn" if is_newer else "ok", True)


def test_a_system_without_rules_is_not_mentioned(shell: Shell) -> None:
    assert shell("--verbose", "--version").out.splitlines()[2:] == [f"tzdata {timezones.release()}"]


def test_the_plain_version_is_one_line(shell: Shell) -> None:
    assert len(shell("--version").out.splitlines()) == 1


def test_verbose_alone_is_not_ignored(shell: Shell) -> None:
    ran = shell("--verbose", "plan")

    assert (ran.status, "Write it after the command: plan --verbose" in ran.err) == (1, True)
