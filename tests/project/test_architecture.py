"""Every file, module, function and make target that the pages for contributors name exists."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from typing import TYPE_CHECKING

import pytest
from paths import ROOT
from syntax import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md")

CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[.\w-]+(/[.\w-]+)*/?")
MODULE = re.compile(r"reconciler(\.\w+)+(?<!\.yaml)(?<!\.json)")
FUNCTION = re.compile(r"`(\w+)` in\s+`(reconciler/[\w/]+\.py)`")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")

PLACEHOLDER = re.compile(r"[A-Z]{2,}")
"""What a reader fills in: `tests/PACKAGE/test_MODULE.py` stands for every file of that form."""

MADE = (".venv/", "build/")
ARCHITECTURE = "docs/architecture.md"


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_in(page: str) -> list[str]:
    """What is in backticks, and every code block."""
    return [*CODE.findall(page), *BLOCK.findall(page)]


def named_files(page: str) -> Iterator[str]:
    """Paths below a folder of the project; a command has some among its arguments."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    for token in dict.fromkeys(token for code in code_in(page) for token in code.split()):
        path = token.partition("::")[0]
        if "/" in path and FILE.fullmatch(path) and path.split("/")[0] in folders:
            yield path


def missing_files(page: str) -> list[str]:
    paths = (path for path in named_files(page) if not path.startswith(MADE))
    return [path for path in paths if not any(ROOT.glob(PLACEHOLDER.sub("*", path).rstrip("/")))]


def missing_modules(page: str) -> list[str]:
    names = [code for code in CODE.findall(page) if MODULE.fullmatch(code)]
    places = {name: ROOT / name.replace(".", "/") for name in names}
    return [
        name for name, place in places.items() if not (place.is_dir() or place.with_suffix(".py").is_file())
    ]


def missing_functions(page: str) -> list[str]:
    return [
        f"{name} in {path}"
        for name, path in FUNCTION.findall(page)
        if not (ROOT / path).is_file() or name not in definitions(ROOT / path)
    ]


def definitions(path: Path) -> set[str]:
    nodes = ast.walk(syntax_tree(path.read_text(encoding="utf-8")))
    return {
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def missing_targets(page: str) -> list[str]:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    return [name for code in code_in(page) for name in TARGET.findall(code) if name not in targets]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_exists(page: str) -> None:
    written = text(page)

    assert missing_files(written) == []
    assert missing_modules(written) == []
    assert missing_functions(written) == []
    assert missing_targets(written) == []


def test_what_does_not_exist_is_reported() -> None:
    page = (
        "`reconciler/gone.py`, `tests/PACKAGE/test_MODULE.py`, `tests/NONE/gone_NAME.py`\n"
        "`pytest -q tests/gone.py`, `reconciler.yaml`\n"
        "`reconciler.apply.engine` `reconciler.apply.gone` `execute` in `reconciler/apply/engine.py`\n"
        "`gone` in `reconciler/apply/engine.py`, `make docs`, `make nothing`\n"
    )

    assert missing_files(page) == ["reconciler/gone.py", "tests/NONE/gone_NAME.py", "tests/gone.py"]
    assert missing_modules(page) == ["reconciler.apply.gone"]
    assert missing_functions(page) == ["gone in reconciler/apply/engine.py"]
    assert missing_targets(page) == ["nothing"]


def test_the_drawing_has_the_rows_that_the_linter_enforces() -> None:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    enforced = config["importlinter:contract:rows"]["layers"].split("\n")
    drawing = BLOCK.findall(text(ARCHITECTURE))[0]
    drawn = [re.split(r"\s{2,}", row)[0] for row in drawing.splitlines()]

    assert drawn == [row.strip() for row in enforced if row.strip()]


def test_every_package_has_its_row() -> None:
    packages = {path.parent.name for path in (ROOT / "reconciler").glob("*/__init__.py")}

    assert set(re.findall(r"^\| `reconciler/(\w+)/` \|", text(ARCHITECTURE), re.MULTILINE)) == packages


def test_every_test_that_belongs_to_a_change_is_named_with_it() -> None:
    """A row of "To change X, touch Y" has files to touch and files that test them."""
    section = text(ARCHITECTURE).partition("## To change X, touch Y")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:-1] for row in re.findall(r"^\| (?!to change|---).*", section, re.MULTILINE)]

    assert len(rows) >= 25
    assert [row[0].strip() for row in rows if len(row) != 3 or "`tests/" not in row[2]] == []
