"""The emulator in a process of its own, and what our program's environment must hold to reach it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator


class Served:
    """An emulator on a port of this machine."""

    def __init__(self, address: str) -> None:
        self.environ = {
            "RECONCILER_API_URL": f"{address}/v2",
            "RECONCILER_AUTH_URL": f"{address}/oauth/token",
            "ZOOM_ACCOUNT_ID": "account",
            "ZOOM_CLIENT_ID": "client",
            "ZOOM_CLIENT_SECRET": "secret-of-the-client",
        }
        headers = {"authorization": "Bearer sandbox"}
        self.client = httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30)

    def meetings(self, host: str) -> list[dict[str, Any]]:
        """All that `host` has."""
        answer = self.client.get(f"/v2/users/{host}/meetings", params={"page_size": 300})
        listed: list[dict[str, Any]] = answer.json()["meetings"]
        return listed

    def topics(self, host: str) -> list[str]:
        """The topics of all that `host` has, sorted."""
        return sorted(meeting["topic"] for meeting in self.meetings(host))

    def meet(self, **fault: Any) -> None:
        """Prepare a fault."""
        self.client.post("/sandbox/faults", json=fault).raise_for_status()


@contextmanager
def served(*arguments: str) -> Iterator[Served]:
    """An emulator without limits per second that answers until the block ends."""
    command = [sys.executable, "-m", "reconciler.sandbox", "--switch", "plan=off", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            zoom = Served(process.stdout.readline().strip())
            with zoom.client:
                yield zoom
        finally:
            process.kill()
