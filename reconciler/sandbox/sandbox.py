"""The emulated account of a folder: inside the process, or on a port of this machine.

Starlette is loaded with `app` and uvicorn with `serve`, not before.
"""

from __future__ import annotations

import time
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox.account import Account
from reconciler.sandbox.clock import FrozenClock
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.storage import AccountFile, read_switches
from reconciler.sandbox.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from reconciler.sandbox.app import SandboxApp


INSTALL = 'pip install "meetings-reconciler[sandbox]"'
"""The command that installs what the emulator needs."""


def check_installed() -> None:
    """Raise `SettingsError` if the emulator cannot run in this process. Nothing is loaded."""
    if find_spec("starlette") is None:
        raise not_installed("starlette")


def is_installed() -> bool:
    """Return whether the extra `sandbox` is installed."""
    return find_spec("starlette") is not None and find_spec("uvicorn") is not None


class Sandbox:
    """An emulated account and its clock, kept in a folder."""

    account_id = client_id = client_secret = "sandbox"  # noqa: S105 - the emulator accepts any credentials
    """Credentials for the emulator; it accepts any others as well."""

    def __init__(self, folder: Path | None, clock: FrozenClock, switches: Switches) -> None:
        self.folder = folder
        self.faults = Faults()
        self._clock = clock
        self._switches = switches

    @classmethod
    def open(
        cls,
        folder: Path | None,
        *,
        now: str | None,
        real_now: Callable[[], datetime],
        switches: Switches | None = None,
    ) -> Sandbox:
        """Open the sandbox of `folder` (None: in memory), and set its clock to `now` if given.

        `now` is an instant with its zone, or a step such as `+1d` forward. A clock that was set is frozen;
        one that never was follows `real_now`. `switches` default to `switches.json` in the folder. Raises
        `SettingsError`.
        """
        clock = FrozenClock(folder / "clock.json" if folder else None, real_now)
        if now is not None:
            clock.set(now)
        if switches is None:
            switches = read_switches(folder / "switches.json") if folder else Switches()
        return cls(folder, clock, switches)

    def now(self) -> datetime:
        """Return the emulator's current instant, aware, UTC."""
        return self._clock.now()

    def on_wait(self, seconds: float) -> None:
        """Pass the time of a wait; see `FrozenClock.on_wait`."""
        self._clock.on_wait(seconds)

    def set_clock(self, text: str) -> None:
        """Set the clock as `open` does. Raises `SettingsError`."""
        self._clock.set(text)

    @cached_property
    def account(self) -> Account:
        """The account, read from the folder."""
        return self._opened[0]

    @cached_property
    def app(self) -> SandboxApp:
        """The ASGI application. Raises `SettingsError` where the extra `sandbox` is not installed."""
        try:
            from reconciler.sandbox.app import create_app  # noqa: PLC0415 - loads starlette
        except ModuleNotFoundError as error:
            raise not_installed(error.name) from error
        account, file = self._opened
        return create_app(
            account,
            now=self.now,
            monotonic=time.monotonic,
            switches=self._switches,
            faults=self.faults,
            on_change=file.append if file else None,
            before_request=file.catch_up if file else None,
            set_clock=self.set_clock,
        )

    @cached_property
    def _opened(self) -> tuple[Account, AccountFile | None]:
        account = Account()
        return account, AccountFile(self.folder / "account.jsonl", account) if self.folder else None


def serve(app: SandboxApp, *, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve `app` on 127.0.0.1 until interrupted; port 0 picks a free port.

    `on_ready` is called with the address, such as `http://127.0.0.1:8000`, once connections are accepted.
    Raises `SettingsError` for a port that is taken, or where the extra `sandbox` is not installed.
    """
    try:
        from reconciler.sandbox import server  # noqa: PLC0415 - loads uvicorn
    except ModuleNotFoundError as error:
        raise not_installed(error.name) from error
    server.run(app, port=port, on_ready=on_ready)


def not_installed(name: str | None) -> SettingsError:
    """Return the error for a missing starlette or uvicorn."""
    return SettingsError.of(
        "sandbox.not-installed",
        detail=f"The package {name!r} is missing. Nothing was done.",
        hint=f"Install it: `{INSTALL}`.",
    )
