"""A real Terraform judges the server of its HTTP protocol that our tests use: both lock each other out."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import terraform
from terraform_server import MANAGED, PASSWORD, USER, TerraformServer

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import StateLockedError
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.ports import Store

ANOTHER = "Error acquiring the state lock"


class Terraform:
    """A folder with one resource, which needs no provider, and a state behind `server`."""

    def __init__(self, python: Path, folder: Path, server: TerraformServer) -> None:
        self._python = python
        self._folder = folder
        lock = server.address + ("/lock" if server.address.endswith(MANAGED) else "")
        backend = {"address": server.address, "lock_address": lock, "unlock_address": lock}
        if server.is_managed:
            backend |= {"lock_method": "POST", "unlock_method": "DELETE"}
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TF_")},
            "TF_HTTP_USERNAME": USER,
            "TF_HTTP_PASSWORD": PASSWORD,
        }
        self.write("one", backend)

    def write(self, value: str, backend: dict[str, str]) -> None:
        """Declare a resource of this value."""
        declared = {
            "terraform": {"backend": {"http": backend}},
            "resource": {"terraform_data": {"one": {"input": value}}},
        }
        (self._folder / "main.tf.json").write_text(json.dumps(declared))

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a verb to its end; return its exit status, and what it said."""
        command = [str(self._python), terraform.__file__, *arguments]
        ran = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return ran.returncode, ran.stdout + ran.stderr


def our_store(server: TerraformServer, folder: Path) -> Store:
    """Return our store of the same state."""
    clock = SystemClock()
    return open_store(
        server.address, StoreOptions(folder, "ann@here", clock, wait=clock.wait, environ=server.environ)
    )


def test_terraform_and_our_store_share_the_server(
    others: Path, server: TerraformServer, tmp_path: Path
) -> None:
    """Init, apply, a second writer on each side, and unlock."""
    real, ours = Terraform(others, tmp_path, server), our_store(server, tmp_path)
    began = [real.run("init")[0], real.run("apply", "-auto-approve")[0]]
    written = ours.read()
    methods = server.methods[:]

    lease = ours.lock("apply", timeout_seconds=0)
    refused = real.run("apply", "-auto-approve")
    lease.release()
    taken = ours.lock("apply", timeout_seconds=0)
    freed = real.run("force-unlock", "-force", taken.info.lock_id)
    ended = real.run("apply", "-auto-approve", "-replace=terraform_data.one")

    assert began == [0, 0]
    assert written is not None
    assert [each["type"] for each in json.loads(written.document)["resources"]] == ["terraform_data"]
    assert [each for each in methods if each in {"LOCK", "UNLOCK"}] == ["LOCK", "UNLOCK"]
    assert (refused[0], ANOTHER in refused[1], lease.info.lock_id in refused[1]) == (1, True, True)
    assert (freed[0], ended[0], server.lock) == (0, 0, None)


def test_our_store_waits_for_terraform(others: Path, server: TerraformServer, tmp_path: Path) -> None:
    """Terraform holds the lock while it applies, and we name it."""
    real, ours = Terraform(others, tmp_path, server), our_store(server, tmp_path)
    assert real.run("init")[0] == 0
    found: list[tuple[str, bool]] = []

    def lock_too() -> None:
        try:
            ours.lock("apply", timeout_seconds=0)
        except StateLockedError as error:
            held = f"ID:        {(server.lock or {})['ID']}"
            found.append((error.diagnostic.code, held in error.diagnostic.detail))

    server.on_write = lock_too
    applied = real.run("apply", "-auto-approve")

    assert applied[0] == 0, applied[1]
    assert found == [("state.locked", True)]
