"""The command `sandbox`: the emulator on a local port, with the same account as `--sandbox`."""

from __future__ import annotations

import gc
import sys

import click

from reconciler.cli.clock import system_now
from reconciler.cli.options import example_epilog, working_folder
from reconciler.cli.workspace import SANDBOX_FOLDER
from reconciler.errors.diagnostic import Exit
from reconciler.sandbox.sandbox import Sandbox, serve


@click.command(epilog=example_epilog("reconciler sandbox --port 8080"))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 picks a free port."
)
@click.option("--sandbox-now", metavar="INSTANT|+1d", help="Set the emulator's clock and freeze it.")
def sandbox(port: int, sandbox_now: str | None) -> Exit:
    """Serve the bundled emulator on 127.0.0.1, until Ctrl-C."""
    emulated = Sandbox.open(working_folder() / SANDBOX_FOLDER, now=sandbox_now, real_now=system_now)
    gc.enable()  # off since the start: a server runs for days
    serve(emulated.app, port=port, on_ready=_print_address)
    return Exit.DONE


def _print_address(address: str) -> None:
    sys.stdout.write(
        f"The emulator listens at {address}. It accepts any credentials:\n\n"
        f"  export RECONCILER_API_URL={address}/v2\n"
        f"  export RECONCILER_AUTH_URL={address}/oauth/token\n"
        "  export ZOOM_ACCOUNT_ID=sandbox ZOOM_CLIENT_ID=sandbox ZOOM_CLIENT_SECRET=sandbox\n\n"
        "Press Ctrl-C to stop it.\n"
    )
    sys.stdout.flush()
