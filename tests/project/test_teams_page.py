"""docs/teams.md: each command is run, as the jobs of its people would, and prints what the page shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from paths import ROOT
from receiver import Receiver, receiver
from walkthrough import CommandRun, blocks, follow

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.no_cover

PAGE = (ROOT / "docs" / "teams.md").read_text(encoding="utf-8")

JOBS = {
    "Monday": ("ana", "41"),
    "Tuesday": ("ben", "42"),
    "Wednesday": ("ben", "43"),
    "Thursday": ("ana", "44"),
}
"""Who starts the job of a section, and its number."""

RANDOM = re.compile(r"plan [0-9a-f]{12}")


def sections() -> list[tuple[str, str]]:
    """Return the first word of each heading, and what follows it."""
    found = re.split(r"^## (\w+)", PAGE, flags=re.MULTILINE)
    return list(zip(["", *found[1::2]], found[::2], strict=True))


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, inbox: Receiver) -> list[CommandRun]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECONCILER_NOTIFY", inbox.address)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/meetings")
    done = []
    for name, text in sections():
        actor, run = JOBS.get(name, ("", ""))
        monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", actor)
        monkeypatch.setenv("GITHUB_RUN_ID", run)
        monkeypatch.setenv("GITHUB_SHA", f"{run or '0':0<40}")
        done += follow(text)
    return done


def test_the_story_of_a_team_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the digests of plans differ from run to run. The channel gets the notice that is shown."""
    with receiver() as inbox:
        done = told(tmp_path, monkeypatch, inbox)

    shown = [(each.command, RANDOM.sub("plan …", each.expected)) for each in done]
    assert [(each.command, RANDOM.sub("plan …", each.printed)) for each in done] == shown
    assert [each.command for each in done if each.status] == [
        each.command for each in done if each.expected.startswith("error[")
    ]
    notices = [block.body for block in blocks(PAGE) if block.language == "text" and not block.title]
    assert ["\n".join([title, *lines, ""]) for title, lines, _ in inbox.notices] == notices
