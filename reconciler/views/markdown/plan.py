"""A plan as a comment on a pull request: verdict, dangers, cost, then each meeting folded, then how to apply.

GitHub and GitLab show it. It never grows past what they take: details fold, then are cut.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors.text import count_noun
from reconciler.plan.budget import day_of
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.markdown import cost as plan_cost
from reconciler.views.markdown import diagnostics as markdown_diagnostics
from reconciler.views.markdown.escape import code
from reconciler.views.markdown.risks import risks
from reconciler.views.markdown.size import BYTES_MAX, MORE_BYTES, Entry, fit, join, size
from reconciler.views.markdown.steps import folded, line
from reconciler.views.text.plan import is_shown, is_unchanged
from reconciler.views.text.totals import plan_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.views.style import TextStyle


MARKER = "<!-- reconciler:plan -->"
"""By this a comment of ours is found again; nothing else in the comment can pass for it."""

NO_CHANGES = "Zoom is as declared, by what was last applied. `reconciler drift` asks Zoom itself."
NO_CHANGES_LIVE = "Zoom is as declared, by what was last applied and by what Zoom says now."

COMMAND_MAX = 300
"""Characters of a command; one with more PATHS is told without them."""

_GROUPS = {
    "To destroy": "Their join links stop working.",
    "To replace": "A new meeting takes the place of each: counted as one to add and one to destroy.",
    "To change": "",
    "To add": "Each gets a join link of its own.",
    "To do besides": "",
    "Withheld": "Nothing is done about these until the spec says more.",
    "Expired": "Their time is over, nothing is sent for them.",
}
"""The headings over the meetings, in order, and what they have in common."""

_HEADINGS = {
    Action.DESTROY: "To destroy",
    Action.REPLACE: "To replace",
    Action.UPDATE: "To change",
    Action.CREATE: "To add",
}


def plan(plan: Plan, style: TextStyle) -> str:
    """The whole comment, ending in a newline."""
    steps = [step for step in plan.steps if is_shown(step)]
    footer = _footer(plan, style)
    if is_unchanged(plan):
        calm = NO_CHANGES_LIVE if plan.options.refresh else NO_CHANGES
        notes = (
            markdown_diagnostics.errors(plan.diagnostics),
            markdown_diagnostics.warnings(plan.diagnostics),
        )
        return _page((MARKER, "### No changes", calm, *notes, footer))
    head = (
        MARKER,
        f"### {plan_line(steps)}",
        _for_whom(plan, steps),
        markdown_diagnostics.errors(plan.diagnostics),
        risks(steps),
        plan_cost.budget(plan),
        plan_cost.rollout(plan),
        markdown_diagnostics.warnings(plan.diagnostics),
    )
    room = BYTES_MAX - sum(map(size, (*head, footer)))
    return _page((*head, _meetings(steps, room, plan.planned_at), footer))


def _page(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _for_whom(plan: Plan, steps: Sequence[Step]) -> str:
    """How many hosts and requests it is about, and until when it takes."""
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
    """Every step under the heading of its kind, folded; then on a line; then only by how many more."""
    groups: dict[str, list[Step]] = {heading: [] for heading in _GROUPS}
    for step in steps:
        groups[_heading(step)].append(step)
    headings = {heading: _over(heading, len(found)) for heading, found in groups.items() if found}
    room -= sum(map(size, headings.values())) + MORE_BYTES
    entries = [_entry(step, now) for found in groups.values() for step in found]
    shown, unfolded = fit(entries, room)
    blocks, place = [], 0
    for heading, over in headings.items():
        until = place + len(groups[heading])
        if place < len(shown):
            blocks += [over, join(shown[place:until], unfolded[place:until])]
        place = until
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
    return _HEADINGS.get(step.action, "To do besides")


def _over(heading: str, count: int) -> str:
    about = _GROUPS[heading]
    return f"**{heading}: {count:,}.**" + (f" {about}" if about else "")


def _entry(step: Step, now: datetime) -> Entry:
    return Entry(lambda: line(step), lambda: folded(step, now))


def _footer(plan: Plan, style: TextStyle) -> str:
    """What was planned, from what, and how to have it done."""
    given = [f"commit {code(style.commit)}"] if style.commit else []
    facts = [
        *given,
        f"plan digest {code(plan.digest)}",
        f"state serial {plan.serial}",
        f"planned {plan.planned_at:%Y-%m-%d %H:%M} UTC by reconciler {__version__}",
    ]
    told = f"{facts[0][0].upper()}{', '.join(facts)[1:]}."
    if not plan.has_work:
        return f"---\n\n{told}"
    command = code(f"reconciler plan{_options(plan)} --out plan.json")
    return f"---\n\nTo apply it: {command}, then `reconciler apply --plan plan.json`.\n\n{told}"


def _options(plan: Plan) -> str:
    """The PATHS and flags that this plan was made with, as a shell takes them."""
    asked = plan.options
    flags = ["--refresh"] if asked.refresh else []
    flags += [part for glob in asked.targets for part in ("--target", glob)]
    written = shlex.join([*asked.paths, *flags])
    return f" {written}" if written and len(written) < COMMAND_MAX else ""
