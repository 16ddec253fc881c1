"""Builds the Zoom client from credentials, addresses and pace, or one for the bundled emulator."""

from __future__ import annotations

import asyncio
import gc
import random
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.zoom import skew
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.state.state import State


IN_PROCESS = Addresses("http://localhost/v2", "http://localhost/oauth/token")
"""Addresses of the emulator inside the process; no port is opened."""


def connect(workspace: Workspace, pace_name: str | None) -> ZoomClient:
    """Return a client for the account that the environment names. Raises `SettingsError`."""
    gc.enable()  # off since the start: from here on the program may run for hours, in tasks that are circles
    default = "business" if workspace.sandbox else str(workspace.settings.budget.pace)
    pace = Pace.of(pace_name or default, workspace.clock)
    user_limit = UserLimit(UserLimit().values | {workspace.settings.budget.daily_limit})
    if workspace.sandbox:
        from reconciler.zoom.transport import transport_to  # noqa: PLC0415 - only with the emulator

        sandbox = workspace.sandbox
        return ZoomClient(
            Credentials(sandbox.account_id, sandbox.client_id, sandbox.client_secret),
            IN_PROCESS,
            pace=pace,
            clock=workspace.clock,
            random=random.random,
            user_limit=user_limit,
            transport=transport_to(sandbox.app),
        )
    environ = workspace.console.environ
    return ZoomClient(
        Credentials.from_environment(environ),
        Addresses.from_environment(environ),
        pace=pace,
        clock=workspace.clock,
        random=random.random,
        user_limit=user_limit,
    )


def measure_clock(workspace: Workspace, pace_name: str | None) -> tuple[Diagnostic, ...]:
    """Have Zoom's answers set the clock of the workspace; return a warning if this machine's differs.

    Raises `SettingsError` if it differs so much that nothing may be sent. If Zoom cannot be asked, the clock
    of this machine is used: what is sent later reports the cause.
    """
    if workspace.sandbox:
        return ()
    try:
        remote = connect(workspace, pace_name)
    except SettingsError:
        return ()
    return asyncio.run(_measure(workspace, remote))


async def _measure(workspace: Workspace, remote: ZoomClient) -> tuple[Diagnostic, ...]:
    async with remote:
        return await skew.check(remote, workspace.clock)


def check_origin(state: State, origin: str, location: str) -> None:
    """Raise `StateError` where the state belongs to another account than the credentials."""
    if state.origin and state.origin != origin:
        raise StateError.of(
            "state.other-origin",
            detail=f"{location} records meetings of {state.origin}; the credentials are of {origin}. "
            "Nothing was sent.",
            hint="Name the state of this account with --state, or give the other account's credentials.",
        )
