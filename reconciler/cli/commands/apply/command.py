"""`apply`: do what the plan says for today, under the lock, and record it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import approval, records, statefile, views
from reconciler.connection import connect
from reconciler.errors import Diagnostic, Exit, ReconcilerError, SettingsError, Severity
from reconciler.headline import headline
from reconciler.verbs import conduct, failing, paged, refused
from reconciler.verbs import plan as planning
from reconciler.verbs.asking import says_yes
from reconciler.verbs.conduct import Errand
from reconciler.views.look import Look

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply import Result
    from reconciler.plan import Options, Plan
    from reconciler.state import State
    from reconciler.workspace import Declared, Held, Workspace


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


def run(workspace: Workspace, wishes: Wishes) -> Exit:
    """Lock, plan, ask, send. Raises `ReconcilerError` where nothing could be sent at all."""
    with ExitStack() as held:
        try:
            told, errand = _prepared(workspace, wishes, held)
        except ReconcilerError as error:
            failing.log(workspace, error, format_name=wishes.format_name)
            raise
        if isinstance(errand, Exit):
            return Exit.worst(told, errand)
        heard = paged.Heard()
        with heard.told(workspace, errand.plan):
            result = conduct.send(workspace, replace(errand, through=heard.through(errand.through)))
        return Exit.worst(told, _ended(result, wishes))


def _prepared(workspace: Workspace, wishes: Wishes, stack: ExitStack) -> tuple[Exit, Errand | Exit]:
    """Whether all could be read, and what is to be sent, the state held in `stack`; or how it ends here."""
    saved = _approval(wishes)
    options = saved.options if saved else wishes.options
    _check_can_be_approved(workspace, wishes)
    declared = workspace.declared(options.paths)
    found = stack.enter_context(workspace.held("apply", timeout_seconds=wishes.lock_timeout_seconds))
    plan, held, told = _planned(workspace, declared, found, replace(wishes, options=options))
    if saved:
        approval.check(plan, saved, str(wishes.plan_file))
    planning.warn(workspace, declared.warnings)
    _show(workspace, wishes, plan)
    if not plan.has_work:
        _record(workspace, found, records.without_expired(held.state, plan.steps))
        return told, _nothing_to_do(workspace, wishes, plan)
    remote = connect(workspace, wishes.pace)
    conduct.settle_seconds(workspace, remote)  # what cannot be used is told before anybody is asked
    if not (saved or wishes.auto_approve or is_approved(workspace)):
        workspace.console.stderr.write("Apply cancelled. Nothing was sent.\n")
        return Exit.DONE, Exit.ERROR
    return told, Errand(plan, held, remote, wishes.format_name, refused.placing(declared.locate))


def _planned(workspace: Workspace, declared: Declared, held: Held, wishes: Wishes) -> tuple[Plan, Held, Exit]:
    """The plan, the state to go on from, and whether what was to be read could be."""
    if not wishes.options.refresh:
        return planning.build(workspace, declared, held.state, wishes.options), held, Exit.DONE
    from reconciler.verbs import refreshing  # noqa: PLC0415 - only where Zoom is asked

    asked = refreshing.refreshed(workspace, held.state, declared.spec, wishes.options, wishes.pace)
    plan = planning.build(workspace, declared, asked.state, wishes.options)
    unread = any(each.severity is Severity.ERROR for each in asked.told)
    seen = replace(plan, diagnostics=(*asked.told, *plan.diagnostics))
    return seen, replace(held, state=asked.facts), Exit.ERROR if unread else Exit.DONE


def _record(workspace: Workspace, found: Held, state: State) -> None:
    """Keep what is known now, though nothing is sent: what is gone or over, hosts that changed."""
    if state != found.state:
        document, note = statefile.encode(state.written()), headline(found.state, state)
        workspace.store.write(document, replaces=found.version, note=note)


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


def is_approved(workspace: Workspace) -> bool:
    """Whether the person at the terminal says yes."""
    return says_yes(workspace.console, "Do you want to send this?")


def _nothing_to_do(workspace: Workspace, wishes: Wishes, plan: Plan) -> Exit:
    """The end of an apply that sends nothing; a program still reads its first and its last line."""
    if wishes.format_name != "text":
        conduct.tell_end(workspace, plan, format_name=wishes.format_name)
    paged.idle(workspace, plan)
    return Exit.DONE


def _ended(result: Result, wishes: Wishes) -> Exit:
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
