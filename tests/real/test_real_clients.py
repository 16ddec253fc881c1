"""Clients that others wrote for Zoom run against the emulator."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import clients
import pytest
from served import served

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = {"zoomus": "1.2.1", "pyzoom": "1.0.8"}
HOST = "ada@example.com"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of their own, from PyPI."""
    folder = tmp_path_factory.mktemp("clients")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = [f"{name}=={version}" for name, version in VERSIONS.items()]
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *wanted], check=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", VERSIONS)
def test_a_client_of_others_finds_what_it_needs(name: str, python: Path) -> None:
    with served() as zoom:
        address = zoom.environ["RECONCILER_API_URL"].removesuffix("/v2")
        ran = subprocess.run(
            [python, clients.__file__, name, address, HOST], capture_output=True, text=True, check=False
        )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == {
        "users": [HOST, "owner@example.com"],
        "read": "Other",
        "statuses": [204, 204],
        "dates": 3,
        "listed": ["Series"],
    }
