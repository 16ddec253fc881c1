"""A plan as a comment on a pull request: totals, risks, cost, each meeting folded, the command to apply it.

GitHub and GitLab show it. It never exceeds their limit: details are folded first, then cut.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors.text import count_noun
from reconciler.plan.budget import day_of
from reconciler.plan.change import Action
from reconciler.plan.dates.weeks import weeks
from reconciler.plan.step import Status
from reconciler.views.markdown import cost as plan_cost
from reconciler.views.markdown import diagnostics as markdown_diagnostics
from reconciler.views.markdown.escape import code, text_block
from reconciler.views.markdown.risks import risks
from reconciler.views.markdown.size import BYTES_MAX, MORE_BYTES, Entry, fit, join, size
from reconciler.views.markdown.steps import folded, line
from reconciler.views.markdown.weeks import week_table
from reconciler.views.text import diagnostics as text_diagnostics
from reconciler.views.text.plan import expired_line, is_shown, is_unchanged
from reconciler.views.text.totals import elsewhere_line, plan_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Options, Plan
    from reconciler.plan.step import Step
    from reconciler.views.style import TextStyle


MARKER = "<!-- reconciler:plan -->"
"""Marks a comment of this program, so that CI finds it again. No value inside a comment can contain it."""

NO_CHANGES = "Zoom is as declared, by what was last applied. `reconciler drift` asks Zoom itself."
NO_CHANGES_LIVE = "Zoom is as declared, by what was last applied and by what Zoom says now."

COMMAND_MAX = 300
"""Characters of a command; a longer one is shown without PATHS and flags."""

_GROUPS = {
    "To destroy": "Their join links stop working.",
    "To replace": "A new meeting takes the place of each: counted as one to add and one to destroy.",
    "To change": "",
    "To add": "Each gets a join link of its own.",
    "Other": "",
    "Withheld": "Nothing is done about these until the spec says more.",
    "Expired": "Their time is over, nothing is sent for them.",
}
"""The headings of the meetings, in order, each with a remark on all below it."""

_HEADINGS = {
    Action.DESTROY: "To destroy",
    Action.REPLACE: "To replace",
    Action.UPDATE: "To change",
    Action.CREATE: "To add",
}


def plan(plan: Plan, style: TextStyle) -> str:
    """Return the whole comment, ending in a newline."""
    steps = [step for step in plan.steps if is_shown(step)]
    footer = _footer(plan, style)
    if is_unchanged(plan):
        remark = NO_CHANGES_LIVE if plan.options.refresh else NO_CHANGES
        notes = (
            markdown_diagnostics.errors(plan.diagnostics),
            markdown_diagnostics.policies(plan.diagnostics),
            markdown_diagnostics.ends_soon(plan.diagnostics),
            markdown_diagnostics.warnings(plan.diagnostics),
        )
        expired = expired_line(steps, code)
        return _page((MARKER, "### No changes", remark, expired, elsewhere_line(plan), *notes, footer))
    head = (
        MARKER,
        f"### {plan_line(steps)}",
        _cost(plan, steps),
        elsewhere_line(plan),
        markdown_diagnostics.errors(plan.diagnostics),
        markdown_diagnostics.policies(plan.diagnostics),
        risks(steps),
        markdown_diagnostics.ends_soon(plan.diagnostics),
        plan_cost.budget(plan),
        plan_cost.rollout(plan),
        markdown_diagnostics.warnings(plan.diagnostics),
        week_table(weeks(steps, plan.planned_at)),
    )
    room = BYTES_MAX - sum(map(size, (*head, footer)))
    return _page((*head, _meetings(steps, room, plan.planned_at), footer))


def failed_plan(diagnostics: Sequence[Diagnostic], options: Options, at: datetime) -> str:
    """Return the comment in place of a plan that cannot be made: why, the policies first."""
    del options, at  # the reason is all that matters
    return _page(
        (
            MARKER,
            "### Plan failed",
            markdown_diagnostics.policies(diagnostics),
            text_block(text_diagnostics.diagnostics(diagnostics)).rstrip("\n"),
        )
    )


def _page(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _cost(plan: Plan, steps: Sequence[Step]) -> str:
    """Return the number of hosts and requests, and the last day of the plan."""
    hosts = {step.host for step in steps if step.is_work}
    requests = sum(step.requests for step in steps)
    last, today = plan_cost.last_day(plan), day_of(plan.planned_at)
    if not hosts:
        return "Nothing is sent."
    when = "all today"
    if last > today:
        sent = sum(row.planned for row in plan.budget if row.day == today)
        when = f"{f'{sent:,} of them' if sent else 'none of them'} today, the last on **{last}**"
    cost = f"{count_noun(requests, 'request')} of the daily budget, {when}" if requests else "no request"
    return f"For **{count_noun(len(hosts), 'host')}**; costs {cost}."


def _meetings(steps: Sequence[Step], room: int, now: datetime) -> str:
    """Return every step under its heading: folded, or on a line, or only counted, as there is room."""
    groups: dict[str, list[Step]] = {heading: [] for heading in _GROUPS}
    for step in steps:
        groups[_heading(step)].append(step)
    headings = {heading: _heading_line(heading, len(group)) for heading, group in groups.items() if group}
    room -= sum(map(size, headings.values())) + MORE_BYTES
    entries = [_entry(step, now) for group in groups.values() for step in group]
    shown, unfolded = fit(entries, room)
    blocks, start = [], 0
    for heading, heading_line in headings.items():
        end = start + len(groups[heading])
        if start < len(shown):
            blocks += [heading_line, join(shown[start:end], unfolded[start:end])]
        start = end
    if len(shown) < len(entries):
        blocks.append(
            f"… and {len(entries) - len(shown):,} more; `reconciler plan --verbose` shows them all."
        )
    return "\n\n".join(blocks)


def _heading(step: Step) -> str:
    if step.status is Status.WITHHELD:
        return "Withheld"
    if step.status is Status.EXPIRED:
        return "Expired"
    return _HEADINGS.get(step.action, "Other")


def _heading_line(heading: str, count: int) -> str:
    return " ".join(filter(None, (f"**{heading}: {count:,}.**", _GROUPS[heading])))


def _entry(step: Step, now: datetime) -> Entry:
    return Entry(lambda: line(step), lambda: folded(step, now))


def _footer(plan: Plan, style: TextStyle) -> str:
    """Return the command that applies the plan, and the commit, state and time that it was made from."""
    facts = [
        *([f"commit {code(style.commit)}"] if style.commit else []),
        f"plan digest {code(plan.digest)}",
        f"state serial {plan.serial}",
        f"planned {plan.planned_at:%Y-%m-%d %H:%M} UTC by reconciler {__version__}",
    ]
    origin = f"{facts[0][0].upper()}{', '.join(facts)[1:]}."
    if not plan.has_work:
        return f"---\n\n{origin}"
    command = code(f"reconciler plan{_options(plan)} --out plan.json")
    return f"---\n\nTo apply it: {command}, then `reconciler apply --plan plan.json`.\n\n{origin}"


def _options(plan: Plan) -> str:
    """Return the PATHS and flags that the plan was made with, quoted for a shell."""
    options = plan.options
    flags = ["--refresh"] if options.refresh else []
    flags += [part for glob in options.targets for part in ("--target", glob)]
    paths = (f"./{path}" if path.startswith("-") else path for path in options.paths)  # no option
    arguments = shlex.join([*paths, *flags])
    return f" {arguments}" if arguments and len(arguments) < COMMAND_MAX else ""
