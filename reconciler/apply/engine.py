"""Executes a plan: creates each meeting exactly once, changes or deletes it, within every host's budget.

The order is: local changes of the state, imports, writes, deletions. Hosts work in parallel, the writes
of one host one after another. A run can be killed at any instant and run again; `_host` has the order
that makes it safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from msgspec import Struct

from reconciler.apply import _destroy as destroy
from reconciler.apply import _messages as messages
from reconciler.apply import record
from reconciler.apply._host import HostRun
from reconciler.apply.checks.forgotten import ask_for_forgotten
from reconciler.apply.checks.passcodes import has_passcode, with_fit_passcodes
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Summary
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import AccessError, GoneError, ReconcilerError, RemoteError
from reconciler.meeting.names import fold_host
from reconciler.plan import budget
from reconciler.plan.aliases import recorded_names
from reconciler.plan.change import Action
from reconciler.plan.plan import Plan
from reconciler.plan.step import COSTS_A_REQUEST, Status, Step
from reconciler.state import identity
from reconciler.state.state import State, host_key, pruned

UNKNOWN_USER = "zoom.user-unknown"
"""The code of a host that is no user of the account."""

ASKS_ZOOM = COSTS_A_REQUEST | {Action.IMPORT, Action.DESTROY}
"""The actions that need Zoom."""

DATES_OPEN = "single dates of the new meeting are not done yet"

OUTDATED = "the new meeting differs from the spec"

ANOTHER_DAY = "its turn is on a later day"


class Result(Struct, frozen=True):
    """The result of an apply.

    `work_left` is set where a step is left to a later day or run, or where a create is withheld.
    """

    summary: Summary
    failure: ReconcilerError | None
    stopped: bool
    work_left: bool

    @property
    def status(self) -> Exit:
        """The exit status without regard to `--detailed-exitcode`."""
        return Exit.worst(
            Exit.INTERRUPTED if self.stopped else Exit.DONE,
            self.failure.exit_status if self.failure else Exit.DONE,
            Exit.JUDGE if self.summary.unresolved else Exit.DONE,
            Exit.ERROR if self.summary.failed else Exit.DONE,
        )


async def execute(plan: Plan, run: ApplyContext) -> Result:
    """Do the steps of the plan that are due today, and report each fact as it becomes true.

    Raises `StateError` before any write request, where the state belongs to another
    account or the address of a host belongs to another user than before.
    """
    if run.journal.logbook is not None:
        run.journal.logbook.expect(plan.steps)
    for step in plan.steps:
        if step.status is Status.DEFERRED:
            is_turn = step.day is not None and not step.passes
            run.defer(step, step.day, ANOTHER_DAY if is_turn else step.reasons[-1], step.last_day)
            run.dates_open.update({step.key} if step.dates else ())
    await record.record_local_changes(run, plan.steps)
    steps = [step for step in _today(plan) if has_passcode(run, step)]
    if steps:
        await _work(run, steps)
    await run.journal.close()
    if run.failure is None:
        await run.journal.conclude()
    return _result(plan, run)


def _today(plan: Plan) -> tuple[Step, ...]:
    return tuple(step for step in plan.steps if step.status is Status.NOW and step.action in ASKS_ZOOM)


async def _work(run: ApplyContext, steps: Iterable[Step]) -> None:
    steps = await ask_for_forgotten(run, steps)
    steps = await _identify(run, await record.follow_hosts(run, steps))
    steps = await with_fit_passcodes(run, steps)
    await record.record_imports(run, steps)
    ids = run.journal.state.known_ids()
    await _send(
        run, (step for step in steps if step.action in COSTS_A_REQUEST and _has_its_meeting(step, ids))
    )
    await destroy.destroy_all(run, [step for step in (*steps, *run.destroys) if _may_end(run, step)])


def _may_end(run: ApplyContext, step: Step) -> bool:
    """Return whether a meeting may be deleted: a replaced one stays until its successor is as declared."""
    if step.action is not Action.DESTROY or not step.retires:
        return True
    if step.key in run.dates_open | run.outdated | run.failed:
        run.defer(step, None, DATES_OPEN if step.key in run.dates_open else OUTDATED)
        return False
    return True


def _has_its_meeting(step: Step, ids: frozenset[int]) -> bool:
    """Return whether the meeting that a step changes is recorded: its import may have failed."""
    return step.action not in {Action.UPDATE, Action.REPLACE} or step.id in ids


async def _send(run: ApplyContext, steps: Iterable[Step]) -> None:
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        hosts.setdefault(host_key(run.journal.state, step.host), []).append(step)
    async with asyncio.TaskGroup() as group:
        for host, host_steps in hosts.items():
            group.create_task(HostRun(run, host_steps[0].host, host_steps).work(), name=host)


async def _identify(run: ApplyContext, steps: Iterable[Step]) -> list[Step]:
    """Record the user id of every host; return the steps of the hosts that Zoom knows."""
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        hosts.setdefault(fold_host(step.host), []).append(step)
    answers = await asyncio.gather(*(_user_id(run, host) for host in hosts))
    ids: dict[str, str] = {}
    for host, answer in zip(hosts, answers, strict=True):
        if isinstance(answer, str):
            ids[host] = answer
        else:
            hosts[host] = _fail_unidentified(run, hosts[host], await _with_new_name(run, host, answer))
    known = [step for host_steps in hosts.values() for step in host_steps]
    names = {**await _alias_ids(run, known, ids), **ids}
    record.refuse_other_users(run.journal.state, names)
    run.verified.update(names)
    today = budget.day_of(run.now())
    run.settled_from = await run.journal.commit(lambda state: pruned(_with_ids(state, ids), today))
    return known


async def _alias_ids(run: ApplyContext, steps: Iterable[Step], known: Collection[str]) -> dict[str, str]:
    """Return the user ids of the names that steps rely on, except for those in `known`.

    An alias that no user has any more, as after a change of address, is skipped. Any other error stops the
    run.
    """
    state = run.journal.state
    aliases = sorted({name for step in steps for name in recorded_names(state, step)} - set(known))
    answers = await asyncio.gather(*(_user_id(run, alias) for alias in aliases))
    for answer in answers:
        if isinstance(answer, RemoteError) and not isinstance(answer, GoneError):
            run.failure = run.failure or answer
    return {alias: each for alias, each in zip(aliases, answers, strict=True) if isinstance(each, str)}


def _fail_unidentified(run: ApplyContext, steps: Iterable[Step], error: RemoteError) -> list[Step]:
    """Fail the steps of a host that cannot be read, except for the returned ones.

    A user that is gone may leave meetings behind, which can be deleted all the same.
    """
    possible = [step for step in steps if step.action is Action.DESTROY and isinstance(error, GoneError)]
    for step in steps:
        if step not in possible:
            left = error.diagnostic.code == UNKNOWN_USER and step.new_host
            run.fail(step, messages.host_left(step) if left else error.diagnostic)
    if isinstance(error, AccessError):
        run.failure = run.failure or error
    return possible


async def _with_new_name(run: ApplyContext, host: str, error: RemoteError) -> RemoteError:
    """Return the error of a host that Zoom does not know, with the name that its user has now."""
    user_id = run.journal.state.hosts.get(host)
    if not isinstance(error, GoneError) or user_id is None or "@" not in host:
        return error
    try:
        email = str((await run.remote.user(user_id)).body.get("email") or "")
    except RemoteError:
        return error
    if not email or fold_host(email) == host:
        return error
    return GoneError(identity.host_renamed(host, email), status=error.status, zoom_code=error.zoom_code)


async def _user_id(run: ApplyContext, host: str) -> str | RemoteError:
    try:
        return str((await run.remote.user(host)).body["id"])
    except RemoteError as error:
        return error


def _with_ids(state: State, ids: dict[str, str]) -> State:
    for alias, user_id in ids.items():
        state = state.resolve_host(alias, user_id)
    return state


def _result(plan: Plan, run: ApplyContext) -> Result:
    counts = run.counts
    failure = run.failure or run.journal.failure
    summary = Summary(
        at=run.now(),
        added=counts["added"],
        changed=counts["changed"],
        destroyed=counts["destroyed"],
        resolved=counts["resolved"],
        deferred=counts["deferred"],
        failed=counts["failed"],
        withheld=plan.summary["withheld"],
        unresolved=counts["unclear"],
        recorded=counts["recorded"],
        ended_early=failure is not None or run.stopping(),
    )
    run.emit(summary)
    return Result(
        summary, failure, run.stopping(), work_left=bool(counts["deferred"]) or plan.has_withheld_create
    )
