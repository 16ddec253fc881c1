"""`sandbox`: the emulator on a port of this machine, with the folder that `--sandbox` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.clock import system_now
from reconciler.errors import Exit
from reconciler.sandbox import Sandbox, serve
from reconciler.workspace import SANDBOX_FOLDER

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO


def run(folder: Path, stdout: TextIO, *, port: int, now: str | None) -> Exit:
    """Serve until interrupted."""

    def ready(address: str) -> None:
        stdout.write(
            f"The emulator answers at {address}. Any credentials are let in:\n\n"
            f"  export RECONCILER_API_URL={address}/v2\n"
            f"  export RECONCILER_AUTH_URL={address}/oauth/token\n"
            "  export ZOOM_ACCOUNT_ID=sandbox ZOOM_CLIENT_ID=sandbox ZOOM_CLIENT_SECRET=sandbox\n\n"
            "Ctrl-C ends it.\n"
        )
        stdout.flush()

    sandbox = Sandbox.open(folder / SANDBOX_FOLDER, now=now, real_now=system_now)
    serve(sandbox.app, port=port, ready=ready)
    return Exit.DONE
