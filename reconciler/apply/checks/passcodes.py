"""Passcodes of an apply: read from variables, and judged by the rules of their hosts before they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.errors.exceptions import RemoteError
from reconciler.meeting import passcode
from reconciler.meeting.passcode import PasscodeRule
from reconciler.plan import passcodes
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Remote


def has_passcode(run: ApplyContext, step: Step) -> bool:
    """Return whether the step can go on: it needs no passcode, or the passcode of its variable can be sent.

    All passcodes are read before the first request. An interrupted create is looked up in any case.
    """
    reference = step.meeting.passcode if step.meeting else None
    if reference is None or not passcodes.sends_passcode(step):
        return True
    value = run.author.passcode(reference.name)
    problem = passcode.passcode_problem(value) if value else None
    if value and problem is None:
        return True
    run.unfit[step.key] = messages.passcode_unfit(step, reference.name, problem and problem[1])
    if step.action is Action.RESOLVE:
        return True
    run.fail(step, run.unfit[step.key])
    return False


async def with_fit_passcodes(run: ApplyContext, steps: Iterable[Step]) -> list[Step]:
    """Return the steps without those whose passcode Zoom would refuse, by the rule of their host.

    A rule that cannot be read refuses nothing. An interrupted create is looked up in any case.
    """
    steps = list(steps)
    sent = passcodes.sent_passcodes(steps, run.author.passcode)
    rules = await read_rules(run.remote, sorted({passcodes.host_of(meeting) for _, meeting, _ in sent}))
    for step, meeting, value in sent:
        problem = passcodes.against_rule(meeting, value, rules[passcodes.host_of(meeting)])
        if problem is None:
            continue
        run.unfit[step.key] = problem
        if step.action is not Action.RESOLVE:
            run.fail(step, problem)
            steps.remove(step)
    return steps


async def read_rules(remote: Remote, hosts: Sequence[str]) -> dict[str, PasscodeRule]:
    """Return the rule of each host; one that cannot be read asks for nothing."""

    async def rule(host: str) -> PasscodeRule:
        try:
            return passcode.rule_of((await remote.security(host)).body)
        except RemoteError:
            return PasscodeRule()

    return dict(zip(hosts, await asyncio.gather(*map(rule, hosts)), strict=True))
