"""`apply`: do what the plan says for today, under the lock, and record it."""

from __future__ import annotations

import asyncio
import secrets
import signal
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import approval, views
from reconciler.apply import execute
from reconciler.connection import connect
from reconciler.errors import Diagnostic, Exit, ReconcilerError, SettingsError, StateError
from reconciler.journal import Journal
from reconciler.pending import Author
from reconciler.run import Run
from reconciler.verbs import plan as planning
from reconciler.views.look import Look

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.apply import Result
    from reconciler.plan import Options, Plan
    from reconciler.ports import Lease
    from reconciler.state import State
    from reconciler.workspace import Workspace
    from reconciler.zoom.client import ZoomClient

SETTLE_SECONDS_BEYOND = 30.0
"""How much longer than two timeouts a lost request may take to land and to show in the list."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags of `apply` say."""

    options: Options
    plan_file: Path | None = None
    auto_approve: bool = False
    pace: str | None = None
    lock_timeout_seconds: float = 0.0
    format_name: str = "text"
    detailed_exitcode: bool = False


@dataclass(slots=True)
class Stop:
    """Whether somebody asked for an end."""

    asked: bool = False

    def __call__(self) -> bool:
        """The answer, as the engine asks for it."""
        return self.asked


def run(workspace: Workspace, wishes: Wishes) -> Exit:
    """Lock, plan, ask, send. Raises `ReconcilerError` where nothing could be sent at all."""
    saved = _approval(wishes)
    options = saved.options if saved else wishes.options
    _check_can_be_approved(workspace, wishes)
    declared = workspace.declared(options.paths)
    lease = workspace.store.lock("apply", timeout_seconds=wishes.lock_timeout_seconds)
    try:
        state, version = workspace.state()
        plan = planning.build(workspace, declared, state, options)
        if saved:
            approval.check(plan, saved, str(wishes.plan_file))
        planning.warn(workspace, declared.warnings)
        _show(workspace, wishes, plan)
        if not plan.has_work:
            return Exit.DONE
        if not (saved or wishes.auto_approve or _is_approved(workspace)):
            workspace.console.stderr.write("Apply cancelled. Nothing was sent.\n")
            return Exit.ERROR
        return _send(workspace, wishes, plan, (state, version, lease))
    finally:
        lease.release()


def _approval(wishes: Wishes) -> approval.Approval | None:
    if wishes.plan_file is None:
        return None
    given = wishes.options
    if given.paths or given.targets or given.refresh or wishes.auto_approve:
        raise SettingsError(
            Diagnostic(
                code="usage.plan-file",
                summary="--plan brings its own PATHS, --refresh and --target",
                detail=f"{wishes.plan_file} records what it was made with, and that is what is applied.",
                hint="Give --plan alone, or make a new plan.",
            )
        )
    try:
        document = wishes.plan_file.read_bytes()
    except OSError as error:
        raise SettingsError(
            Diagnostic(
                code="plan.unreadable",
                summary="The plan file cannot be read",
                detail=f"{wishes.plan_file}: {error.strerror or error}. Nothing was sent.",
                hint="Make it with `reconciler plan --out FILE`.",
            )
        ) from error
    return approval.read(document, str(wishes.plan_file))


def _check_can_be_approved(workspace: Workspace, wishes: Wishes) -> None:
    if wishes.plan_file or wishes.auto_approve:
        return
    console = workspace.console
    if console.is_ci or wishes.format_name != "text" or not console.stdin.isatty():
        raise SettingsError(
            Diagnostic(
                code="usage.no-prompt",
                summary="Nobody can be asked here",
                detail="Without a terminal, apply needs an approval that was given before. Nothing was sent.",
                hint="Give --plan FILE with a reviewed plan, or --auto-approve.",
            )
        )


def _show(workspace: Workspace, wishes: Wishes, plan: Plan) -> None:
    """The plan, where people read along; the apply log follows it."""
    if wishes.format_name != "text":
        return
    console = workspace.console
    look = Look(colour=console.colours(console.stdout, workspace.choices), verbose=workspace.choices.verbose)
    console.stdout.write(views.plan_view("text")(plan, look) + ("\n" if plan.has_work else ""))
    console.stdout.flush()


def _is_approved(workspace: Workspace) -> bool:
    console = workspace.console
    console.stderr.write("Do you want to send this? Only `yes` is taken as a yes: ")
    console.stderr.flush()
    return console.stdin.readline().strip() == "yes"


def _send(workspace: Workspace, wishes: Wishes, plan: Plan, held: tuple[State, str | None, Lease]) -> Exit:
    console = workspace.console
    terminal = not console.is_ci and console.stderr.isatty()
    colour = console.colours(console.stdout, workspace.choices)
    log = views.apply_view(wishes.format_name)
    with log(console.stdout, console.stderr, terminal=terminal, colour=colour, plan=plan) as tell:
        try:
            result = asyncio.run(_conduct(workspace, wishes, plan, held, tell))
        except asyncio.CancelledError:  # the second Ctrl-C
            raise KeyboardInterrupt from None
    if result.failure is not None:
        raise _EndedEarlyError(result.failure, result.status)
    if wishes.detailed_exitcode and result.work_left:
        return Exit.worst(result.status, Exit.WORK_LEFT)
    return result.status


class _EndedEarlyError(ReconcilerError):
    """An apply that ended early; its exit status is the worst of all that happened."""

    def __init__(self, failure: ReconcilerError, status: Exit) -> None:
        super().__init__(*failure.diagnostics)
        self.exit_status = status


async def _conduct(
    workspace: Workspace,
    wishes: Wishes,
    plan: Plan,
    held: tuple[State, str | None, Lease],
    tell: Callable[..., None],
) -> Result:
    state, version, lease = held
    stop = Stop()
    _listen(stop)
    async with connect(workspace, wishes.pace) as remote:
        state = _bound(state, await remote.origin())
        journal = Journal(workspace.store, state, version, workspace.clock, asyncio.to_thread)
        author = Author(workspace.owner, workspace.console.environ.get, lambda: secrets.token_bytes(16))
        return await execute(
            plan,
            Run(
                remote=remote,
                journal=journal,
                clock=workspace.clock,
                lease=lease,
                allowances=workspace.allowances,
                author=author,
                settle_seconds=_settle_seconds(workspace, remote),
                listener=tell,
                stopping=stop,
            ),
        )


def _listen(stop: Stop) -> None:
    """The first Ctrl-C or SIGTERM lets what is in flight finish; the second ends at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def asked() -> None:
        if stop.asked:
            task.cancel()
        stop.asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)


def _bound(state: State, origin: str) -> State:
    """The state, bound to the account. Raises `StateError` where it belongs to another."""
    if state.origin and state.origin != origin:
        raise StateError(
            Diagnostic(
                code="state.other-origin",
                summary="The state belongs to another account",
                detail=f"It records meetings of {state.origin}; the credentials are of {origin}. "
                "Nothing was sent.",
                hint="Name the state of this account with --state, or give the other account's credentials.",
            )
        )
    return replace(state, origin=origin, lineage=state.lineage or str(uuid.uuid4()))


def _settle_seconds(workspace: Workspace, remote: ZoomClient) -> float:
    given = workspace.console.environ.get("RECONCILER_SETTLE")
    if given is None:
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
                detail=f"It is {given[:40]!r}.",
                hint="Set it to 0 or more, such as 90, or unset it.",
            )
        )
    return seconds
