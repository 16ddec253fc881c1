"""An installation that lacks the files that ship with the program: a clear error, and no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler import resources
from reconciler.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program whose folders of schemas are empty or missing."""
    for each in (resources.read, resources.document):
        each.cache_clear()
    monkeypatch.setattr(resources, "_FOLDERS", (tmp_path, tmp_path / "missing"))
    yield
    for each in (resources.read, resources.document):
        each.cache_clear()


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("arguments", [("schema",), ("schema", "plan")])
def test_a_missing_schema_is_named(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == 1

    error = capsys.readouterr().err
    assert (error.startswith("error[usage.broken-install]"), "bug in reconciler" in error) == (True, False)
    assert "is missing from the installation" in error
