"""What tests in every folder are given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from shell import OURS, Shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Our program in an empty folder."""
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, monkeypatch, capsys)
