"""Sending what was approved: the way to Zoom, the journal, the signals, and the log of it all."""

from __future__ import annotations

import asyncio
import re
import secrets
import signal
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.apply.context import ApplyContext
from reconciler.apply.engine import execute
from reconciler.apply.events import Noticed, StepFailed, Summary
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.cli import reporting
from reconciler.cli.connection import check_origin
from reconciler.errors.diagnostic import Diagnostic, UnlocatedDiagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import sentences
from reconciler.live.refresh import as_imported
from reconciler.views.table import apply_view

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TextIO

    from reconciler.apply.engine import Result
    from reconciler.apply.events import Event, EventListener
    from reconciler.cli.workspace import LockedState, Workspace
    from reconciler.plan.plan import Plan
    from reconciler.state.state import State
    from reconciler.zoom.client import ZoomClient


SETTLE_SECONDS_BEYOND = 30.0
"""How much longer than two timeouts a lost request may take to land and to show in the list."""


@dataclass(frozen=True, slots=True)
class ApplyJob:
    """What is sent, under which state, which way, and how it is shown.

    `through` stands between the engine and the view, and may add to what is told.
    """

    plan: Plan
    held: LockedState
    remote: ZoomClient
    format_name: str
    through: Callable[[EventListener], EventListener]


@dataclass(slots=True)
class StopSignal:
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


def run_apply(workspace: Workspace, errand: ApplyJob) -> Result:
    """Do what the plan says for today and show it.

    Raises `KeyboardInterrupt` where somebody could not wait for the end.
    """
    with (
        _log(workspace, errand.plan, errand.format_name) as tell,
        reporting.closing_log_on_error(workspace, tell, format_name=errand.format_name),
    ):
        terminated = signal.getsignal(signal.SIGTERM)
        try:
            return asyncio.run(_send(workspace, errand, errand.through(tell)))
        except asyncio.CancelledError:  # the second Ctrl-C
            raise KeyboardInterrupt from None
        finally:
            # The loop leaves the system's handler behind, with which the lock would not be freed.
            signal.signal(signal.SIGTERM, terminated)


def report_nothing_to_do(workspace: Workspace, plan: Plan, *, format_name: str) -> None:
    """Show the log of an apply that has nothing to do."""
    with _log(workspace, plan, format_name) as tell:
        tell(Summary(workspace.clock.now(), withheld=plan.summary["withheld"]))


def _log(workspace: Workspace, plan: Plan, format_name: str) -> AbstractContextManager[EventListener]:
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    colour = console.colours(console.stdout, workspace.choices)
    opened = apply_view(format_name)
    return opened(console.stdout, console.stderr, terminal=terminal, colour=colour, plan=plan)


async def _send(workspace: Workspace, errand: ApplyJob, tell: Callable[[Event], None]) -> Result:
    stop = StopSignal(workspace.console.stderr)
    stop.listen()
    held = errand.held
    async with errand.remote as remote:
        state = _bound(held.state, await remote.origin(), workspace.store.location)
        return await execute(
            errand.plan,
            ApplyContext(
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
                as_imported=as_imported,
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
        raise SettingsError.of(
            "settings.settle",
            detail=f"It is {given[:40]!r}. Nothing was sent.",
            hint="Set it to 0 or more, such as 90, or unset it.",
        )
    return seconds


Locate = Callable[[str, UnlocatedDiagnostic], "Diagnostic"]
"""The finding about the meeting with this key, in its place in a file."""

UNKNOWN_USER = "zoom.user-unknown"

_STEP = re.compile(r"[^.\[\]]+")


def locating_refused_fields(locate: Locate) -> Callable[[EventListener], EventListener]:
    """What stands between an engine that tells events and a view that shows them."""

    def through(tell: EventListener) -> EventListener:
        def pass_on(event: Event) -> None:
            for each in located_events(event, locate):
                tell(each)

        return pass_on

    return through


def located_events(event: Event, locate: Locate) -> tuple[Event, ...]:
    """The event, and before it a notice for each further field that Zoom refused.

    A failed step points at the first field's line. Whatever stands there is masked where it is a secret.
    """
    refused = _fields(event) if isinstance(event, StepFailed) else ()
    if not isinstance(event, StepFailed) or not refused:
        return (event,)
    first, *others = (_located(event, path, message, locate) for path, message in refused)
    told = replace(event.diagnostic, span=first.span, snippet=first.snippet)
    return (*(Noticed(event.at, other) for other in others), replace(event, diagnostic=told))


def _fields(event: StepFailed) -> tuple[tuple[str, str], ...]:
    # Who is not known to Zoom is named in the address of the request, so no field is told.
    return event.fields or ((("host", ""),) if event.diagnostic.code == UNKNOWN_USER else ())


def _located(event: StepFailed, path: str, message: str, locate: Locate) -> Diagnostic:
    finding = UnlocatedDiagnostic(
        path=path_parts(path),
        code=event.diagnostic.code,
        detail=sentences(f"`{path}`: {message}" if path else message),
        hint="Change it here, then run apply again.",
        key=event.key,
    )
    return locate(event.key, finding)


def path_parts(path: str) -> tuple[str | int, ...]:
    """The parts of a path as Zoom writes it: `settings.rooms[0].name`, `settings.rooms.0.name`."""
    return tuple(int(part) if part.isdecimal() else part for part in _STEP.findall(path))
