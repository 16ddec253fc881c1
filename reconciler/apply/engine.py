"""Execute a plan: each meeting created exactly once, changed or ended, within every host's budget.

First what is only recorded, then what is imported, then what is sent; what ends, ends last.
Hosts work beside each other, each one's writes one after another. Can be killed at
any instant and run again; see `hostrun` for the order that makes it so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.apply import _destroy as destroy
from reconciler.apply import _messages as messages
from reconciler.apply import record
from reconciler.apply._host import HostRun
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Summary
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import AccessError, GoneError, ReconcilerError, RemoteError, StateError
from reconciler.meeting import passcode
from reconciler.plan import budget
from reconciler.plan.change import Action
from reconciler.plan.plan import Plan
from reconciler.plan.step import Status, Step
from reconciler.state.state import State, host_key, pruned

SENDABLE = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESOLVE})
"""What sends a request, or looks one up."""

ASKS_ZOOM = SENDABLE | {Action.IMPORT, Action.DESTROY}
"""What cannot be done without Zoom."""


ANOTHER_DAY = "its turn is on a later day"


@dataclass(frozen=True, slots=True)
class Result:
    """How an apply ended. `work_left` tells whether something waits for a later day or run."""

    summary: Summary
    failure: ReconcilerError | None
    stopped: bool
    work_left: bool

    @property
    def status(self) -> Exit:
        """The exit status, whatever `--detailed-exitcode` says of work that is left."""
        return Exit.worst(
            Exit.INTERRUPTED if self.stopped else Exit.DONE,
            self.failure.exit_status if self.failure else Exit.DONE,
            Exit.JUDGE if self.summary.unresolved else Exit.DONE,
            Exit.ERROR if self.summary.failed else Exit.DONE,
        )


async def execute(plan: Plan, run: ApplyContext) -> Result:
    """Do what the plan says for today, and tell each fact as it becomes true.

    Raises `StateError` before any write request, where the state belongs to another
    account or a host is another user than it was.
    """
    for step in plan.steps:
        if step.status is Status.DEFERRED:
            run.defer(step, step.day, ANOTHER_DAY if step.day else step.reasons[-1])
    await record.record_local_changes(run, plan.steps)
    steps = [step for step in _today(plan) if _has_its_passcode(run, step)]
    if steps:
        await _work(run, steps)
    await run.journal.close()
    return _result(plan, run)


def _today(plan: Plan) -> tuple[Step, ...]:
    return tuple(step for step in plan.steps if step.status is Status.NOW and step.action in ASKS_ZOOM)


def _has_its_passcode(run: ApplyContext, step: Step) -> bool:
    """Whether the step's passcode can be sent: all are read before the first request.

    An interrupted create is looked up all the same.
    """
    reference = step.meeting.passcode if step.meeting else None
    if reference is None or not _sends_passcode(step):
        return True
    value = run.author.passcode(reference.name)
    if value and passcode.passcode_problem(value) is None:
        return True
    run.unfit[step.key] = messages.passcode_unfit(step, reference.name, empty=not value)
    if step.action is Action.RESOLVE:
        return True
    run.fail(step, run.unfit[step.key])
    return False


def _sends_passcode(step: Step) -> bool:
    if step.action is Action.UPDATE:
        return any(change.path == "password" for change in step.changes)
    return step.action in SENDABLE


async def _work(run: ApplyContext, steps: Iterable[Step]) -> None:
    known = await _identify(run, steps)
    await record.record_imports(run, known)
    await _send(run, (step for step in known if step.action in SENDABLE))
    await destroy.destroy_all(run, (*known, *run.ends))


async def _send(run: ApplyContext, steps: Iterable[Step]) -> None:
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        hosts.setdefault(host_key(run.journal.state, step.host), []).append(step)
    async with asyncio.TaskGroup() as group:
        for host, waiting in hosts.items():
            group.create_task(HostRun(run, waiting[0].host, waiting).work(), name=host)


async def _identify(run: ApplyContext, steps: Iterable[Step]) -> list[Step]:
    """The steps whose host Zoom knows, with every host's user id durable."""
    hosts: dict[str, list[Step]] = {}
    for step in steps:
        hosts.setdefault(host_key(State(), step.host), []).append(step)
    found = await asyncio.gather(*(_user_id(run, host) for host in hosts))
    ids: dict[str, str] = {}
    for host, answer in zip(hosts, found, strict=True):
        if isinstance(answer, str):
            ids[host] = answer
        else:
            hosts[host] = _left(run, hosts[host], answer)
    _refuse_other_users(run.journal.state, ids)
    today = budget.day_of(run.now())
    run.settled_from = await run.journal.commit(lambda state: pruned(_with_ids(state, ids), today))
    return [step for waiting in hosts.values() for step in waiting]


def _left(run: ApplyContext, steps: Iterable[Step], error: RemoteError) -> list[Step]:
    """What can be done although the host cannot be read: a user that is gone may leave meetings behind."""
    left = [step for step in steps if step.action is Action.DESTROY and isinstance(error, GoneError)]
    for step in steps:
        if step not in left:
            run.fail(step, error.diagnostic)
    if isinstance(error, AccessError):
        run.failure = run.failure or error
    return left


async def _user_id(run: ApplyContext, host: str) -> str | RemoteError:
    try:
        return str((await run.remote.user(host)).body["id"])
    except RemoteError as error:
        return error


def _with_ids(state: State, ids: dict[str, str]) -> State:
    for alias, user_id in ids.items():
        state = state.resolve_host(alias, user_id)
    return state


def _refuse_other_users(state: State, ids: dict[str, str]) -> None:
    for alias, user_id in ids.items():
        before = host_key(state, alias)
        if before not in {alias, user_id}:
            raise StateError.of(
                "state.other-user",
                detail=f"{alias} was user {before} and is {user_id} now. Nothing was sent.",
                hint="Check that the credentials are of the account that this state belongs to; "
                "if the address was given to somebody else, declare the host by user id.",
            )


def _result(plan: Plan, run: ApplyContext) -> Result:
    told = run.told
    failure = run.failure or run.journal.failure
    summary = Summary(
        at=run.now(),
        added=told["added"],
        changed=told["changed"],
        destroyed=told["destroyed"],
        resolved=told["resolved"],
        deferred=told["deferred"],
        failed=told["failed"],
        withheld=plan.summary["withheld"],
        unresolved=told["unclear"],
        recorded=told["recorded"],
        ended_early=failure is not None or run.stopping(),
    )
    run.tell(summary)
    return Result(summary, failure, run.stopping(), work_left=bool(told["deferred"]))
