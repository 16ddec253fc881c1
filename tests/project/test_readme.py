"""What README.md shows is what the program prints."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import pytest
from paths import ROOT

from reconciler.cli.main import COMMANDS, run
from reconciler.spec.settings import Settings
from reconciler.spec.settings import parse as parse_settings
from reconciler.spec.spec import parse
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples, as in a new clone."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("shown", blocks("console"))
def test_each_shown_command_prints_what_is_shown(shown: str) -> None:
    command, _, expected = shown.partition("\n")
    printed = io.StringIO()

    with redirect_stdout(printed):
        run(shlex.split(command.removeprefix("$ reconciler ")))

    assert printed.getvalue() == expected


def test_the_shown_spec_and_settings_are_valid() -> None:
    spec_text, settings_text = blocks("yaml")
    parsed_settings = parse_settings(Source("reconciler.yaml", settings_text.encode()))
    parsed_spec = parse([Source("meetings.yaml", spec_text.encode())], parsed_settings.settings or Settings())

    assert (parsed_settings.diagnostics, parsed_spec.diagnostics) == ((), ())


def test_the_first_screen_answers_what_people_ask_first() -> None:
    """For whom, why not a script, what it does not do, and a plan, on one screen before anything else."""
    first_screen, _, _ = README.partition("\n## ")
    lines = first_screen.splitlines()
    questions = ("**For whom?**", "**Why not a script?**", "**What it does not do:**")

    bold = [found[0] for line in lines if (found := re.match(r"\*\*.*?\*\*", line))]
    assert bold == ["**Meetings as code.**", *questions]
    assert len(lines) <= 40
    assert len([line for line in lines if re.match(r"\d\. ", line)]) == 3
    assert first_screen.count("```console\n$ reconciler plan ") == 1


def test_the_table_has_every_command() -> None:
    table = README.partition("\n| | |\n")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `([\w-]+)", table, re.MULTILINE)) == set(COMMANDS)


def test_something_is_shown() -> None:
    """The tests above look at something."""
    assert (len(blocks("console")), len(blocks("yaml"))) == (1, 2)
