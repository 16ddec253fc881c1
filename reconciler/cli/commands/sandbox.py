"""`sandbox`: the emulator on a port of this machine, with the folder that `--sandbox` uses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.clock import system_now
from reconciler.cli.options import example_epilog
from reconciler.cli.workspace import SANDBOX_FOLDER
from reconciler.errors.diagnostic import Exit
from reconciler.sandbox.sandbox import Sandbox, serve

if TYPE_CHECKING:
    from typing import TextIO


@click.command(epilog=example_epilog("reconciler sandbox --port 8080"))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one."
)
@click.option("--sandbox-now", metavar="INSTANT|+1d", help="Set the emulator's clock, which then stays.")
def sandbox(port: int, sandbox_now: str | None) -> Exit:
    """Serve the bundled emulator on 127.0.0.1, until Ctrl-C."""
    return run(Path.cwd(), sys.stdout, port=port, now=sandbox_now)


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
