"""A small Zoom to try things on: inside the process, or on a port of this machine.

What it keeps between commands stands in one folder. Starlette is loaded with `app`
and uvicorn with `serve`, not before.
"""

from __future__ import annotations

import time
from functools import cached_property
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


ACCOUNT_ID = CLIENT_ID = CLIENT_SECRET = "sandbox"  # noqa: S105 - any credentials are let in
"""What a client of the emulator may show; any other is as good."""


class Sandbox:
    """An emulated account that lasts, and its clock."""

    account_id = ACCOUNT_ID
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

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
        """The sandbox kept in `folder` (None: in memory), its clock set to `now` where that is given.

        `now` is an instant with its zone, or a step such as `+1d` from where the clock stood.
        A clock that was set stands still; one that never was shows `real_now`. `switches` are what
        `switches.json` in the folder says, unless given. Raises `SettingsError`.
        """
        clock = FrozenClock(folder / "clock.json" if folder else None, real_now)
        if now is not None:
            clock.set(now)
        if switches is None:
            switches = read_switches(folder / "switches.json") if folder else Switches()
        return cls(folder, clock, switches)

    def now(self) -> datetime:
        """The emulator's instant, aware, UTC."""
        return self._clock.now()

    def wait(self, seconds: float) -> None:
        """Somebody waited; see `StandingClock.wait`."""
        self._clock.wait(seconds)

    def set_clock(self, text: str) -> None:
        """Set the clock as `open` does. Raises `SettingsError`."""
        self._clock.set(text)

    @cached_property
    def account(self) -> Account:
        """All that was ever done here; read from the folder."""
        return self._kept[0]

    @cached_property
    def app(self) -> SandboxApp:
        """The ASGI application. Raises `SettingsError` where the extra `sandbox` is not installed."""
        try:
            from reconciler.sandbox.app import create_app  # noqa: PLC0415 - starlette, only when it is served
        except ModuleNotFoundError as error:
            raise not_installed(error) from error
        account, file = self._kept
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
    def _kept(self) -> tuple[Account, AccountFile | None]:
        account = Account()
        return account, AccountFile(self.folder / "account.jsonl", account) if self.folder else None


def serve(app: SandboxApp, *, port: int, ready: Callable[[str], None]) -> None:
    """Serve `app` on 127.0.0.1 until interrupted; port 0 takes a free one.

    `ready` is told the address, such as `http://127.0.0.1:8000`, once connections are taken.
    Raises `SettingsError` for a port that is taken, or where the extra `sandbox` is not installed.
    """
    try:
        from reconciler.sandbox import server  # noqa: PLC0415 - uvicorn, only when it is served
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    server.run(app, port=port, ready=ready)


def not_installed(error: ModuleNotFoundError) -> SettingsError:
    """What to say where starlette or uvicorn is missing."""
    return SettingsError.of(
        "sandbox.not-installed",
        detail=f"The package {error.name!r} is missing.",
        hint='Install "meetings-reconciler[sandbox]".',
    )
