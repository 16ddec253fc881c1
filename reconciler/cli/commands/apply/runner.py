"""Sending what was approved: the way to Zoom, the journal, the signals, and the log of it all."""

from __future__ import annotations

import asyncio
import secrets
import signal
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import views
from reconciler.apply import execute
from reconciler.connection import check_origin
from reconciler.errors import Diagnostic, SettingsError
from reconciler.events import Summary
from reconciler.journal import Journal
from reconciler.pending import Author
from reconciler.run import Run
from reconciler.verbs import failing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TextIO

    from reconciler.apply import Result
    from reconciler.events import Event
    from reconciler.plan import Plan
    from reconciler.state import State
    from reconciler.views import Tell
    from reconciler.workspace import Held, Workspace
    from reconciler.zoom.client import ZoomClient

SETTLE_SECONDS_BEYOND = 30.0
"""How much longer than two timeouts a lost request may take to land and to show in the list."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is sent, under which state, which way, and how it is shown.

    `through` stands between the engine and the view, and may add to what is told.
    """

    plan: Plan
    held: Held
    remote: ZoomClient
    format_name: str
    through: Callable[[Tell], Tell]


@dataclass(slots=True)
class Stop:
    """Whether somebody asked for an end."""

    stderr: TextIO
    asked: bool = False

    def __call__(self) -> bool:
        """The answer, as the engine asks for it."""
        return self.asked

    def listen(self) -> None:
        """The first Ctrl-C or SIGTERM lets what is in flight finish; the second ends at once."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def ask() -> None:
            if self.asked:
                task.cancel()
                return
            self.asked = True
            self.stderr.write(
                "\nStopping: what is in flight is finished and recorded. Ctrl-C again ends at once.\n"
            )
            self.stderr.flush()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ask)


def send(workspace: Workspace, errand: Errand) -> Result:
    """Do what the plan says for today and show it.

    Raises `KeyboardInterrupt` where somebody could not wait for the end.
    """
    with (
        _log(workspace, errand.plan, errand.format_name) as tell,
        failing.told(workspace, tell, format_name=errand.format_name),
    ):
        terminated = signal.getsignal(signal.SIGTERM)
        try:
            return asyncio.run(_send(workspace, errand, errand.through(tell)))
        except asyncio.CancelledError:  # the second Ctrl-C
            raise KeyboardInterrupt from None
        finally:
            # The loop leaves the system's handler behind, with which the lock would not be freed.
            signal.signal(signal.SIGTERM, terminated)


def tell_end(workspace: Workspace, plan: Plan, *, format_name: str) -> None:
    """Show the log of an apply that has nothing to do."""
    with _log(workspace, plan, format_name) as tell:
        tell(Summary(workspace.clock.now(), withheld=plan.summary["withheld"]))


def _log(workspace: Workspace, plan: Plan, format_name: str) -> AbstractContextManager[Tell]:
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    colour = console.colours(console.stdout, workspace.choices)
    opened = views.apply_view(format_name)
    return opened(console.stdout, console.stderr, terminal=terminal, colour=colour, plan=plan)


async def _send(workspace: Workspace, errand: Errand, tell: Callable[[Event], None]) -> Result:
    stop = Stop(workspace.console.stderr)
    stop.listen()
    held = errand.held
    async with errand.remote as remote:
        state = _bound(held.state, await remote.origin(), workspace.store.location)
        return await execute(
            errand.plan,
            Run(
                remote=remote,
                journal=Journal(
                    workspace.store,
                    state,
                    held.version,
                    workspace.clock,
                    asyncio.to_thread,
                    gather_seconds=workspace.store.gather_seconds,
                ),
                clock=workspace.clock,
                lease=held.lease,
                allowances=workspace.allowances,
                author=Author(
                    workspace.console.who, workspace.console.environ.get, lambda: secrets.token_bytes(16)
                ),
                settle_seconds=settle_seconds(workspace, remote),
                listener=tell,
                stopping=stop,
            ),
        )


def _bound(state: State, origin: str, location: str) -> State:
    """The state, bound to the account. Raises `StateError` where it belongs to another."""
    check_origin(state, origin, location)
    return replace(state, origin=origin, lineage=state.lineage or str(uuid.uuid4()))


def settle_seconds(workspace: Workspace, remote: ZoomClient) -> float:
    """How long a request may take to land and to show in the list. Raises `SettingsError`."""
    given = workspace.console.environ.get("RECONCILER_SETTLE")
    if not given:
        return 0.0 if workspace.sandbox else 2 * remote.timeout_seconds + SETTLE_SECONDS_BEYOND
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise SettingsError(
            Diagnostic(
                code="settings.settle",
                summary="RECONCILER_SETTLE is not a number of seconds",
                detail=f"It is {given[:40]!r}. Nothing was sent.",
                hint="Set it to 0 or more, such as 90, or unset it.",
            )
        )
    return seconds
