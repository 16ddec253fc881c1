"""One step of a plan in a comment: on a line, or folded with its times, changes and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.meeting.humanize import instant_words
from reconciler.plan.change import Action
from reconciler.plan.dates import words as date_words
from reconciler.plan.step import Status
from reconciler.views.markdown.diff import block
from reconciler.views.markdown.escape import code, html_code, html_prose, html_title, prose, title
from reconciler.views.markdown.times import times
from reconciler.views.text.plan import NEW_MEETING
from reconciler.views.text.times import time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from reconciler.plan.step import Step


_LINK_STAYS = "the join link stays"

EFFECTS_MAX = 3
"""Effects that are shown on a line; the folded part has all of them."""


def line(step: Step) -> str:
    """Return the step as one item of a list."""
    return f"- {subject(step)}: {prose(gist(step))}"


def subject(step: Step) -> str:
    """Return the key, the topic and the host."""
    return f"{code(step.key)} {title(step.topic)} for {code(step.host)}"


def summary(step: Step, words: str) -> str:
    """Return the HTML of the line that stays visible when the step is folded: its subject, then `words`."""
    opening = f"{html_code(step.key)} {html_title(step.topic)} for {html_code(step.host)}"
    return f"<summary>{opening}: {html_prose(words)}</summary>"


def folded(step: Step, now: datetime) -> str:
    """Return the step folded below a summary of one line; only the line if there is no more to show."""
    parts = [
        part
        for part in (_effect_list(step), times(step, now), _audience(step), block(step), _why(step))
        if part
    ]
    if not parts:
        return line(step)
    return "\n\n".join((f"<details>{summary(step, gist(step))}", *parts, "</details>"))


def gist(step: Step) -> str:
    """Return what happens to the meeting, for the people who attend it, and when."""
    if step.status in {Status.WITHHELD, Status.EXPIRED} and step.reasons:
        return step.reasons[-1]
    late = "; late, it starts before its turn" if step.late else ""
    if step.status is Status.DEFERRED:
        return f"{_outcome(step)}; {_turn(step)}{late}"
    return f"{_outcome(step)}{late}"


def first_effects(step: Step) -> str:
    """Return the changes of a step that people notice first."""
    effects = list(_effects(step))
    more = f"; and {len(effects) - EFFECTS_MAX} more" if len(effects) > EFFECTS_MAX else ""
    return "; ".join(effects[:EFFECTS_MAX]) + more


def breaks_link(step: Step) -> bool:
    """Return whether a meeting that people know gets another join link or passcode."""
    if step.lost_id is not None:
        return step.status is not Status.EXPIRED
    return step.action is Action.UPDATE and any(_is_new_link(change.effect) for change in step.changes)


def _outcome(step: Step) -> str:
    if step.action is Action.CREATE and step.meeting is not None:
        lost = f"; {step.reasons[0]}" if step.lost_id is not None else ""
        return f"{time_of(step.meeting, step.starts_at)}{lost}"
    if step.action is Action.UPDATE:
        return first_effects(step)
    if step.action is Action.REPLACE:
        return NEW_MEETING
    if step.action is Action.DESTROY:
        after = f", next would be {instant_words(step.starts_at, step.timezone)}" if step.starts_at else ""
        return f"meeting `{step.id}` is deleted and its join link stops working{after}"
    if step.action is Action.FORGET:
        return f"meeting `{step.id}` {'; '.join(step.reasons) or 'is no longer managed'}"
    return "; ".join(step.reasons) or "nothing to send"


def _effects(step: Step) -> Iterable[str]:
    """Return the effects on people, each once, a new join link and another time first."""
    effects = dict.fromkeys(change.effect or f"`{change.path}` changes" for change in step.changes)
    effects |= dict.fromkeys(map(prose, date_words.lines(step)))
    if any(map(_is_new_link, effects)):  # a new time alone keeps the link
        effects = dict.fromkeys(effect.replace(f"; {_LINK_STAYS}", "") for effect in effects)
    return sorted(effects, key=lambda effect: (not _is_new_link(effect), "time moves" not in effect))


def _is_new_link(effect: str) -> bool:
    return "join link" in effect.replace(_LINK_STAYS, "")


def _turn(step: Step) -> str:
    if step.day is None:
        return f"not today: {step.reasons[-1]}" if step.reasons else "not today"
    return f"its turn is on {step.day} (UTC)"


def _effect_list(step: Step) -> str:
    """Return the effects on people as a list."""
    effects = [NEW_MEETING] if step.action is Action.REPLACE else []
    effects += _effects(step)
    would = " would" if step.status is Status.WITHHELD else ""
    return f"People{would} notice:\n\n{_list(effects)}" if effects else ""


def _audience(step: Step) -> str:
    """Return what the time is where people of the audience are, as a list."""
    times_elsewhere = date_words.audience(step)
    return f"For the audience:\n\n{_list(times_elsewhere)}" if times_elsewhere else ""


def _why(step: Step) -> str:
    """Return the reasons that the summary does not give, as a list."""
    given = gist(step)
    return _list([reason for reason in step.reasons if reason not in given])


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {prose(sentence)}" for sentence in sentences)
