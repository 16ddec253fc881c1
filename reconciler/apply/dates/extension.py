"""Extensions of series: nobody reviews one, so it undoes no date that somebody changed in Zoom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.meeting.meeting import series
from reconciler.plan.dates import words
from reconciler.plan.step import Step
from reconciler.ports import Body
from reconciler.state.clicked_dates import clicked_dates
from reconciler.state.kept_window import kept_until
from reconciler.state.state import Record

LEFT_MAX = 3
"""Dates left of a window at which it is extended all the same."""


async def may_extend(run: ApplyContext, step: Step) -> bool:
    """Return whether the series may be extended now; if not, that is reported."""
    record = run.journal.state.meetings[step.key]
    stored = await _read(run, step, record)
    if stored is None:
        return False
    clicked = clicked_dates(record, stored, run.now())
    if clicked and _left(record.attributes, kept_until(record.window), run.now()) > LEFT_MAX:
        lines = [words.exception_line(day, edit, record.attributes) for day, edit in clicked.items()]
        why = f"somebody changed single dates in Zoom; to keep them, add {'; '.join(lines)}"
        run.leave_to_person(step, why)
        return False
    if clicked:
        run.notice(messages.extension_undoes(step, words.names(clicked)))
    return True


async def _read(run: ApplyContext, step: Step, record: Record) -> Body | None:
    try:
        return (await run.remote.read(record.id)).body
    except GoneError:
        run.fail(step, messages.meeting_gone(step, record.id))
    except RemoteError as error:
        run.fail_remote(step, error)
    return None


def _left(attributes: Mapping[str, object], until: datetime | None, now: datetime) -> int:
    recurring = series(attributes)
    if recurring is None or until is None:
        return 0
    return recurring.remaining(until).over - recurring.remaining(now).over
