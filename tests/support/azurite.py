"""A real server of Azure's storage, Azurite, which npm installs into build/real."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from paths import ROOT
from seaweed import GUARD, HERE, READY_SECONDS, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(b"a key of the tests alone, 64 bytes long, as Azure's keys are.....").decode()
CONTAINER = "states"
PROGRAM = ROOT / "build" / "real" / "node_modules" / ".bin" / "azurite-blob"


class Azurite:
    """A running server with one empty container."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://{HERE}:{port}/{ACCOUNT}"

    def address(self, name: str) -> str:
        """Where the state `name` is."""
        return f"az://{CONTAINER}/{name}/meetings.json"

    def environ(self, key: str = KEY) -> dict[str, str]:
        """Variables that point a client of Azure here."""
        return {
            "AZURE_STORAGE_ENDPOINT": self.endpoint,
            "AZURE_STORAGE_ACCOUNT": ACCOUNT,
            "AZURE_STORAGE_KEY": key,
        }

    def is_ready(self) -> bool:
        """Make the container; return whether it is there."""
        try:
            made = httpx.put(
                f"{self.endpoint}/{CONTAINER}?restype=container", headers=_signed(), trust_env=False
            )
        except httpx.HTTPError:
            return False
        return made.status_code in {201, 409}


def _signed() -> dict[str, str]:
    """Return the headers of the request for the container.

    Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
    """
    own = {
        "x-ms-date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}",
        "x-ms-version": "2021-08-06",
    }
    named = "".join(f"{name}:{value}\n" for name, value in own.items())
    resource = f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
    text = "PUT" + "\n" * 12 + named + resource
    digest = hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)
    return {**own, "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"}


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Run a server until the block ends."""
    assert PROGRAM.exists(), "make real installs it: npm install azurite"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_ports(1)[0]
    node = shutil.which("node")
    assert node is not None
    command = (
        str(PROGRAM),
        "--blobHost",
        HERE,
        "--blobPort",
        str(port),
        "--location",
        ".",
        "--disableTelemetry",
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", GUARD, node, *command, "--skipApiVersionCheck", "--silent"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}", "HOME": str(folder)},
        )
    server = Azurite(port)
    try:
        until = time.monotonic() + READY_SECONDS
        while not server.is_ready():
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < until, (folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        yield server
    finally:
        process.communicate()
