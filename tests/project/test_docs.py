"""What docs/ says is what the program does; what is derived is derived; every link leads somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from paths import ROOT
from walkthrough import CommandRun, blocks, follow

from reconciler.meeting.fields import table
from reconciler.spec.settings import Settings
from reconciler.spec.settings import parse as parse_settings
from reconciler.spec.spec import parse
from reconciler.spec.yaml.document import Source
from reconciler.state import document as state_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
}
"""The identity that git needs for the commits of a page."""


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def tool(name: str, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "tools" / name), *arguments]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, without the variables that the program reads."""
    for name in list(os.environ):
        if name == "CI" or name.startswith(("ZOOM_", "RECONCILER_", "GIT_")):
            monkeypatch.delenv(name)
    for name, value in {**IDENTITY, "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.no_cover
@pytest.mark.usefixtures("keyboard")
@pytest.mark.parametrize("name", ["tutorial.md", "first-import.md", "series.md", "calendar.md"])
def test_a_page_prints_what_it_shows(name: str) -> None:
    """Word for word, in an empty folder, on the emulator; a command fails where the page shows an error."""
    done = follow(page(name))

    assert [(each.command, each.printed) for each in done] == [(each.command, each.expected) for each in done]
    assert [each.command for each in done if each.status] == [each.command for each in done if fails(each)]


def test_an_empty_folder_becomes_an_applied_meeting_in_under_ten_commands() -> None:
    """From `init` to an apply of an approval, as the tutorial's first commands do it."""
    first = next(block for block in blocks(page("tutorial.md")) if block.language == "console")
    commands = re.findall(r"^\$ (?:reconciler )?(\w+)", first.body, re.MULTILINE)

    assert commands == ["mkdir", "cd", "init", "validate", "plan", "apply", "plan"]
    assert re.findall(r"^Apply complete! .*", first.body, re.MULTILINE) == [
        "Apply complete! 1 added, 0 changed, 0 destroyed."
    ]


def fails(shown: CommandRun) -> bool:
    return shown.expected.startswith("error[")


def test_the_derived_parts_of_the_reference_are_up_to_date() -> None:
    assert tool("derive_reference.py", "--check") == (0, "")


def test_a_reference_that_was_edited_by_hand_is_found_and_mended(tmp_path: Path) -> None:
    for name in ("spec.md", "commands.md", "ci.md"):
        shutil.copy(DOCS / name, tmp_path)
    tool("derive_reference.py", "--into", str(tmp_path))
    derived = (tmp_path / "commands.md").read_text("utf-8")
    (tmp_path / "commands.md").write_text(derived.replace("Usage: ", "Use: "), encoding="utf-8")

    stale = tool("derive_reference.py", "--check", "--into", str(tmp_path))
    mended = tool("derive_reference.py", "--into", str(tmp_path))

    assert stale == (1, "docs/commands.md is out of date; run tools/derive_reference.py\n")
    assert (mended, (tmp_path / "commands.md").read_text("utf-8")) == ((0, ""), derived)


def test_a_page_without_its_markers_is_told(tmp_path: Path) -> None:
    (tmp_path / "spec.md").write_text("# Spec\n")

    status, output = tool("derive_reference.py", "--into", str(tmp_path))

    assert (status, output.partition(":")[0]) == (1, str(tmp_path / "spec.md"))


def test_every_field_that_can_be_declared_has_its_row() -> None:
    derived = page("spec.md").partition("<!-- derived")[2]
    section, rows = "", []
    for heading, name in re.findall(r"^#+ Fields of (.+)$|^\| `([^`]+)` \|", derived, re.MULTILINE):
        section = heading.strip("`") + "." if "`" in heading else section
        rows += [section + name] if name else []

    assert sorted(rows) == sorted(path for path, field in table().items() if field.create)


def test_every_ready_file_for_ci_is_shown() -> None:
    ready = [str(path.relative_to(ROOT)) for path in (ROOT / "examples" / "ci").rglob("*.yml")]

    assert sorted(block.title for block in blocks(page("ci.md")) if block.title) == sorted(ready)


def test_the_specs_and_settings_that_the_reference_shows_are_valid() -> None:
    shown = list(shown_yaml("spec.md"))

    assert ([found for text in shown for found in diagnostics(text)], len(shown)) == ([], 2)


def shown_yaml(name: str) -> Iterator[bytes]:
    """The YAML of a page that is ours: specs by their version, settings by one of their words."""
    for block in blocks(page(name)):
        if block.language == "yaml" and re.match(r"version:|specs:|state:|budget:|hosts:", block.body):
            yield block.body.encode()


def diagnostics(text: bytes) -> list[Any]:
    if text.startswith(b"version:"):
        return list(parse([Source("meetings.yaml", text)], Settings()).diagnostics)
    return list(parse_settings(Source("reconciler.yaml", text)).diagnostics)


def test_the_state_that_is_shown_is_one_to_the_byte() -> None:
    """It fits its schema, and is written again byte for byte after it was read."""
    [shown] = [block.body.encode() for block in blocks(page("state.md")) if block.language == "json"]
    schema = orjson.loads((ROOT / "schemas" / "state.schema.json").read_bytes())

    jsonschema.validate(orjson.loads(shown), schema)

    assert state_document.encode(state_document.decode(shown, "docs/state.md")) == shown


def test_every_field_of_the_state_is_explained() -> None:
    schema = orjson.loads((ROOT / "schemas" / "state.schema.json").read_bytes())
    parts = [schema, *(schema["definitions"][name] for name in ("record", "intent", "retired"))]
    names = {name for part in parts for name in part["properties"]}

    assert {name for name in names if f"`{name}`" not in page("state.md")} == set()


def test_every_link_of_every_page_leads_somewhere() -> None:
    status, output = tool("check_links.py", *(str(each) for each in PAGES))

    assert (status, output) == (0, f"{len(PAGES)} pages, every link leads somewhere\n")


def test_a_dead_link_is_reported_with_its_place(tmp_path: Path) -> None:
    """Files, headings, references and HTML; what is code or on the web is not looked at."""
    (tmp_path / "other.md").write_text("# A `b` c\n\n```sh\n# no heading\n```\n")
    linking = tmp_path / "page.md"
    linking.write_text(
        "# Here\n[fine](other.md#a-b-c) [up](#here) [web](https://example.com/x) `[code](gone.md)`\n"
        "```\n[fenced](gone.md)\n```\n"
        '[file](gone.md)\n[heading](other.md#no-heading)\n[r]: gone.png\n<a href="#there">x</a>\n'
    )

    status, lines = tool("check_links.py", str(linking))

    assert (status, lines.splitlines()) == (
        1,
        [
            f"{linking}:6: gone.md: there is no {tmp_path / 'gone.md'}",
            f"{linking}:7: other.md#no-heading: {tmp_path / 'other.md'} has no such heading",
            f"{linking}:8: gone.png: there is no {tmp_path / 'gone.png'}",
            f"{linking}:9: #there: {linking} has no such heading",
        ],
    )


def test_the_pages_load_nothing_from_elsewhere() -> None:
    """What would be fetched when somebody looks: a font, a script, a picture, a diagram's engine."""
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    text = "\n".join(page(each.name) for each in DOCS.glob("*.md"))
    remote = re.findall(
        r"!\[[^\]]*\]\(https?:|<(?:img|script|link|iframe)\b[^>]*https?:|^```mermaid", text, re.MULTILINE
    )

    assert (remote, "font: false" in settings, "repo_url" in settings) == ([], True, False)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2].partition("\n\n")[0]

    assert sorted(re.findall(r"[a-z-]+\.md", navigation)) == sorted(each.name for each in DOCS.glob("*.md"))
