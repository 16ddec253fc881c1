"""Runs an approved plan: connects the engine to the client, the journal, the signals and the log."""

from __future__ import annotations

import asyncio
import re
import secrets
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.context import ApplyContext
from reconciler.apply.engine import UNKNOWN_USER, execute
from reconciler.apply.events import Noticed, StepFailed, Summary
from reconciler.apply.history.logbook import Logbook
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.cli import reporting
from reconciler.cli.connection import check_origin
from reconciler.cli.interrupts import ending_signals, restoring_handlers
from reconciler.cli.workspace import run_info
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
    from reconciler.state.history import Fact
    from reconciler.state.state import State
    from reconciler.zoom.client import ZoomClient


SETTLE_SECONDS_BEYOND = 30.0
"""Seconds, beyond two timeouts, that a lost request may take to arrive and to show in the list."""


class ApplyJob(Struct, frozen=True):
    """An approved plan, and everything that is needed to send and to show it.

    `wrap_listener` wraps the view's listener, and may add events or change them. `told` is what the history
    tells of the state before anything is sent.
    """

    plan: Plan
    locked: LockedState
    remote: ZoomClient
    format_name: str
    wrap_listener: Callable[[EventListener], EventListener]
    told: tuple[Fact, ...] = ()


class StopSignal(Struct):
    """True once somebody has asked the run to stop."""

    stderr: TextIO
    is_set: bool = False

    def __call__(self) -> bool:
        """Return the answer to the engine."""
        return self.is_set

    def listen(self) -> None:
        """Let the first of the ending signals finish what is in flight, and the second one cancel the run."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            if self.is_set:
                task.cancel()
                return
            self.is_set = True
            self.stderr.write(
                "\nStopping: what is in flight is finished and recorded. Press Ctrl-C again to end at once.\n"
            )
            self.stderr.flush()

        for number in ending_signals():
            loop.add_signal_handler(number, stop)


def run_apply(workspace: Workspace, job: ApplyJob) -> Result:
    """Send what the plan says for today, and show it.

    Raises `KeyboardInterrupt` after the second Ctrl-C.
    """
    with (
        _log(workspace, job.plan, job.format_name) as listener,
        reporting.closing_log_on_error(workspace, listener, format_name=job.format_name),
        restoring_handlers(),
    ):
        try:
            return asyncio.run(_send(workspace, job, job.wrap_listener(listener)))
        except asyncio.CancelledError:  # the second Ctrl-C
            raise KeyboardInterrupt from None
        except ExceptionGroup as failed:  # hosts work at once, and a person needs one reason
            raise first_of(failed) from None


def report_nothing_to_do(workspace: Workspace, plan: Plan, *, format_name: str) -> None:
    """Show the log of an apply that has nothing to do."""
    with _log(workspace, plan, format_name) as listener:
        listener(Summary(workspace.clock.now(), withheld=plan.summary["withheld"]))


def _log(workspace: Workspace, plan: Plan, format_name: str) -> AbstractContextManager[EventListener]:
    console = workspace.console
    colour = console.colours(console.stdout, workspace.options)
    open_log = apply_view(format_name)
    return open_log(console.stdout, console.stderr, terminal=console.shows_progress, colour=colour, plan=plan)


async def _send(workspace: Workspace, job: ApplyJob, listener: EventListener) -> Result:
    stop = StopSignal(workspace.console.stderr)
    stop.listen()
    console, clock, store = workspace.console, workspace.clock, workspace.store
    async with job.remote as remote:
        state = bind_to_account(job.locked.state, await remote.origin(), store.location)
        journal = Journal(
            store,
            state,
            job.locked.version,
            clock,
            asyncio.to_thread,
            gather_seconds=store.gather_seconds,
            logbook=_logbook(workspace, job),
        )
        context = ApplyContext(
            remote=remote,
            journal=journal,
            clock=clock,
            lease=job.locked.lease,
            allowances=workspace.allowances,
            author=Author(
                console.who, console.environ.get, lambda: secrets.token_bytes(16), lambda: clock.is_measured
            ),
            settle_seconds=settle_seconds(workspace, remote),
            listener=listener,
            stopping=stop,
            as_imported=as_imported,
        )
        return await execute(job.plan, context)


def _logbook(workspace: Workspace, job: ApplyJob) -> Logbook:
    logbook = Logbook(replace(run_info(workspace, "apply", job.locked.lease), digest=job.plan.digest))
    for fact in job.told:
        logbook.add(fact)
    return logbook


def first_of(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, which may hold groups."""
    first = failed.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


def bind_to_account(state: State, origin: str, location: str) -> State:
    """Return the state, bound to the account. Raises `StateError` where it belongs to another."""
    check_origin(state, origin, location)
    return replace(state, origin=origin, lineage=state.lineage or str(uuid.uuid4()))


def settle_seconds(workspace: Workspace, remote: ZoomClient) -> float:
    """Return the time that a request may take to arrive and to show in the list. Raises `SettingsError`."""
    value = workspace.console.environ.get("RECONCILER_SETTLE")
    if not value:
        return 0.0 if workspace.sandbox else 2 * remote.timeout_seconds + SETTLE_SECONDS_BEYOND
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise SettingsError.of(
            "settings.settle",
            detail=f"It is {value[:40]!r}. Nothing was sent.",
            hint="Set it to 0 or more, such as 90, or unset it.",
        )
    return seconds


Locate = Callable[[str, UnlocatedDiagnostic], "Diagnostic"]
"""Locates a diagnostic about the meeting with this key in its file."""

_STEP = re.compile(r"[^.\[\]]+")


def locating_refused_fields(locate: Locate) -> Callable[[EventListener], EventListener]:
    """Return a wrapper of an event listener that points refused fields at their lines in the spec."""

    def wrap(listener: EventListener) -> EventListener:
        def pass_on(event: Event) -> None:
            for each in located_events(event, locate):
                listener(each)

        return pass_on

    return wrap


def located_events(event: Event, locate: Locate) -> tuple[Event, ...]:
    """Return the event, after a notice for each further field that Zoom refused.

    A failed step points at the line of the first field. A secret in that line is masked.
    """
    refused = _refused_fields(event) if isinstance(event, StepFailed) else ()
    if not isinstance(event, StepFailed) or not refused:
        return (event,)
    first, *others = (_located(event, path, message, locate) for path, message in refused)
    diagnostic = replace(event.diagnostic, span=first.span, snippet=first.snippet)
    return (*(Noticed(event.at, other) for other in others), replace(event, diagnostic=diagnostic))


def _refused_fields(event: StepFailed) -> tuple[tuple[str, str], ...]:
    # A user that Zoom does not know is named in the URL of the request, so Zoom names no field.
    return event.fields or ((("host", ""),) if event.diagnostic.code == UNKNOWN_USER else ())


def _located(event: StepFailed, path: str, message: str, locate: Locate) -> Diagnostic:
    diagnostic = UnlocatedDiagnostic(
        path=path_parts(path),
        code=event.diagnostic.code,
        detail=sentences(f"`{path}`: {message}" if path else message),
        hint="Change it here, then run apply again.",
        key=event.key,
    )
    return locate(event.key, diagnostic)


def path_parts(path: str) -> tuple[str | int, ...]:
    """Split a path as Zoom writes it: `settings.rooms[0].name`, `settings.rooms.0.name`."""
    return tuple(int(part) if part.isdecimal() else part for part in _STEP.findall(path))
