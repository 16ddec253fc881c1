"""The way to Zoom, or to the emulator in its place: credentials, addresses, pace."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.sandbox.sandbox import Sandbox
    from reconciler.state.state import State


INSIDE = Addresses("http://localhost/v2", "http://localhost/oauth/token")
"""Where the emulator inside the process stands; no port is opened."""


def connect(workspace: Workspace, pace: str | None) -> ZoomClient:
    """A client for the account that the environment names. Raises `SettingsError`."""
    chosen = pace or ("business" if workspace.sandbox else str(workspace.settings.budget.pace))
    turns = Pace.of(chosen, workspace.clock)
    if workspace.sandbox:
        return _inside(workspace, workspace.sandbox, turns)
    environ = workspace.console.environ
    return ZoomClient(
        Credentials.from_environment(environ),
        Addresses.from_environment(environ),
        pace=turns,
        clock=workspace.clock,
        random=random.random,
        user_limit=_user_limit(workspace),
    )


def check_origin(state: State, origin: str, location: str) -> None:
    """Raise `StateError` where the state belongs to another account than the one that is asked."""
    if state.origin and state.origin != origin:
        raise StateError.of(
            "state.other-origin",
            detail=f"{location} records meetings of {state.origin}; the credentials are of {origin}. "
            "Nothing was sent.",
            hint="Name the state of this account with --state, or give the other account's credentials.",
        )


def _inside(workspace: Workspace, sandbox: Sandbox, turns: Pace) -> ZoomClient:
    from reconciler.zoom.transport import transport_to  # noqa: PLC0415 - only with the emulator

    return ZoomClient(
        Credentials(sandbox.account_id, sandbox.client_id, sandbox.client_secret),
        INSIDE,
        pace=turns,
        clock=workspace.clock,
        random=random.random,
        user_limit=_user_limit(workspace),
        transport=transport_to(sandbox.app),
    )


def _user_limit(workspace: Workspace) -> UserLimit:
    return UserLimit(UserLimit().values | {workspace.settings.budget.daily_limit})
