"""Clients that others wrote for Zoom run against the emulator."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import clients
import pytest
from served import served

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = ["zoomus", "pyzoom"]
HOST = "ada@example.com"


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_of_others_finds_what_it_needs(name: str, others: Path) -> None:
    with served() as zoom:
        address = zoom.environ["RECONCILER_API_URL"].removesuffix("/v2")
        ran = subprocess.run(
            [others, clients.__file__, name, address, HOST], capture_output=True, text=True, check=False
        )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout) == {
        "users": [HOST, "owner@example.com"],
        "read": "Other",
        "statuses": [204, 204],
        "dates": 3,
        "listed": ["Series"],
    }
