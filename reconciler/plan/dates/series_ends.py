"""The warning that a series ends soon, with the lines that continue it under the same link. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.closures import SKIP, Pattern, given_dates, is_given, last_given
from reconciler.meeting.humanize import local_day_words
from reconciler.meeting.meeting import resume, series, without_end
from reconciler.meeting.recurrence import OCCURRENCES_MAX, Series
from reconciler.meeting.single_dates import edited_dates, moved_to
from reconciler.meeting.timezones import known_zone, local_day, utc_text
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step

ENDS_SOON = timedelta(days=30)
"""How long before the last date of its rule a series is reported to end."""

SERIES_ENDS = "plan.series-ends"
"""The code of the warning that a series ends soon."""


def ends_soon(step: Step, now: datetime) -> Iterator[Diagnostic]:
    """Yield the warning that a series ends soon, with the lines that continue it under the same link."""
    attributes = step.meeting.attributes if step.meeting else step.recorded or {}
    repeated = series(attributes)
    is_recorded = step.action in {Action.KEEP, Action.UPDATE} and step.status is not Status.EXPIRED
    if repeated is None or not is_recorded:
        return
    last = last_given(repeated, _pattern(step))
    if last is None or not now < last <= now + ENDS_SOON:
        return
    yield Diagnostic(
        code=SERIES_ENDS,
        detail=f"{step.key} has its last occurrence on {_last_words(step, repeated, last, now)}.",
        hint=_hint(step, repeated, last, now),
        severity=Severity.WARNING,
        key=step.key,
    )


def _pattern(step: Step) -> Pattern:
    return step.meeting.dates.pattern if step.meeting else ()


def _last_words(step: Step, repeated: Series, last: datetime, now: datetime) -> str:
    """Return the day of the last date that is held, and that of the rule where it is another one."""
    zone, written = known_zone(repeated.timezone), local_day_words(last, repeated.timezone)
    if step.meeting:
        found = edited_dates(step.meeting.attributes, step.meeting.dates, now).values()
        edits = {each.day: each.held_at if each.edit != SKIP else None for each in found}
    else:
        edits = {day: moved_to(edit) for day, edit in step.recorded_dates.items()}
    plain = (start for start in repeated.coming(now) if local_day(start, zone).isoformat() not in edits)
    held = max((each for each in (*plain, *edits.values()) if each and each > now), default=last)
    held_words = local_day_words(held, repeated.timezone)
    return (
        held_words if held_words == written else f"{held_words}, and the last date of its rule on {written}"
    )


def _hint(step: Step, repeated: Series, last: datetime, now: datetime) -> str:
    """Return the lines to write, in the words in which the rule is written."""
    if step.meeting is None and SKIP in step.recorded_dates.values():
        # They may be what a list of weekdays of the month leaves out, of which no record tells.
        return "`reconciler plan` prints the lines that continue it under the same link."
    start, end, in_repeat = _continuation(repeated, _pattern(step), last, now)
    if step.meeting is None:  # how the rule is written is not recorded
        end = f"{in_repeat} in `repeat` or {end} in `recurrence`"
    elif step.meeting.is_repeat:
        end = in_repeat
    return f"To continue under the same link, write {start} and {end}."


def _continuation(repeated: Series, pattern: Pattern, last: datetime, now: datetime) -> tuple[str, str, str]:
    """Return the next start, and an end that is later than before, with no more dates than Zoom keeps.

    The end is given in the API's words, then in those of `repeat`.

    With a pattern all of them are dates of it, and their number is not bounded: a window of them is sent.
    """
    endless = replace(repeated, recurrence=without_end(repeated.recurrence))
    start_time = _next_start(endless, pattern, now)
    onward = replace(endless, start_time=start_time)
    start, soon = f"`start_time: {start_time}`", now + ENDS_SOON
    enough = 1 + sum(1 for _ in takewhile(lambda each: each <= soon, given_dates(onward, pattern)))
    if "end_times" in repeated.recurrence:
        times = max(enough, sum(1 for _ in given_dates(repeated, pattern)))
        times = times if pattern else min(times, OCCURRENCES_MAX)
        return start, f"`end_times: {times}`", f"`times: {times}`"
    first = next(given_dates(repeated, pattern))
    until = last + max(last - first, ENDS_SOON)
    earliest = next(islice(given_dates(onward, pattern), enough - 1, None), until)
    latest = onward.occurrence(OCCURRENCES_MAX - 1) or until
    end = max(earliest, min(until, latest))
    day = local_day(end, known_zone(repeated.timezone))
    return start, f"`end_date_time: {utc_text(end)}`", f"`until: {day}`"


def _next_start(endless: Series, pattern: Pattern, now: datetime) -> str:
    """Return the next start of the rule as written at which a series can begin."""
    resumed = resume(endless, now)
    while resumed and not is_given(resumed.starts_at, endless, pattern):
        resumed = resume(endless, resumed.starts_at)
    return resumed.start_time if resumed else endless.start_time
