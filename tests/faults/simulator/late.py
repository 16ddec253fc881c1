"""What comes to pass when all is done: moved dates are held, and series are skipped to their end.

In peace, so that nothing but the right order can save a date.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.calendar import shown
from simulator.hands import Mandate

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.history import History

CLOSED_AT = datetime(2026, 12, 13, 12, 0, tzinfo=UTC)
"""When the rest of a series is skipped: no date before is ever edited."""


def wait_for_a_moved_date(history: History) -> None:
    """Between a date's own start and the one that it is moved to, no rule is sent that would lose it."""
    machine, team, watch = history.machine, history.team, history.watch
    found = history.calendar.moved_later(team.declared, watch.state, machine.now())
    if found is None:
        return
    key, own, held_at = found
    machine.pass_time((own + (held_at - own) / 2 - machine.now()).total_seconds())
    team.put_off(key)
    history.say(f"{key} is put off while its date of {own:%d %b} is moved and to come")
    history.run_in_peace()
    stored = history.zoom.read(watch.state.meetings[key].id)
    if held_at not in {start for start, _ in shown(stored)}:
        watch.fail("dates", f"{key}: its date moved to {held_at:%d %b %H:%M} is gone")
    machine.pass_time((held_at - machine.now()).total_seconds() + 7200)
    history.come_to_an_end()


def wait_for_a_held_date(history: History) -> None:
    """A date that was moved to an earlier time is held; then a rule is sent that has it once more."""
    machine, team = history.machine, history.team
    found = history.calendar.moved_earlier(team.declared, history.watch.state, machine.now())
    if found is None or not history.calendar.sends_late:
        return
    key, own, held_at = found
    machine.pass_time((held_at + (own - held_at) / 2 - machine.now()).total_seconds())
    team.put_off(key)
    history.say(f"{key} is put off while its date of {own:%d %b} was held at {held_at:%d %b %H:%M}")
    history.come_to_an_end()


def skip_the_last_date(history: History) -> None:
    """The last date of a series is skipped, and stays so once no other one is to come."""
    machine, team, calendar = history.machine, history.team, history.calendar
    if not calendar.skips_the_last:
        return
    for key, one in sorted(team.declared.items()):
        if (found := calendar.without_last(one, machine.now())) is not None:
            team.declared[key], before_last = found
            history.say(f"the last date of {key} is skipped")
            history.come_to_an_end()
            machine.pass_time((before_last - machine.now()).total_seconds() + 7200)
            history.come_to_an_end()
            return


def close_a_series(history: History) -> None:
    """Every date that is left of a series is skipped: one stays, or the meeting would be over in Zoom."""
    machine, team, calendar = history.machine, history.team, history.calendar
    if not calendar.is_closed_at_last:
        return
    machine.pass_time(max((CLOSED_AT - machine.now()).total_seconds(), 0.0))
    for key, one in team.declared.items():
        if one.attributes["type"] == 8 and calendar.may_close(one, machine.now()):
            team.declared[key] = calendar.closed(one)
            history.say(f"every date of {key} is skipped")
    history.come_to_an_end()


def apply_what_was_approved(history: History) -> None:
    """A plan was looked at: it still covers what is due once a date is over, and a closure renamed."""
    machine, team, calendar = history.machine, history.team, history.calendar
    if not calendar.is_approved_early:
        return
    for key, one in sorted(team.declared.items()):
        if (found := calendar.with_two_dates(one, machine.now())) is not None:
            team.declared[key], next_at = found
            plan = team.plan(history.watch.state, machine.now())
            team.declared[key] = calendar.renamed(team.declared[key])
            history.say(f"two dates of {key} are edited, and looked at")
            machine.pass_time((next_at - machine.now()).total_seconds() + 7200)
            history.run_in_peace(Mandate(plan=plan))
            history.come_to_an_end()
            return


def wait_for_a_skipped_hour(history: History) -> None:
    """Series are declared whose next date is in an hour that clocks skip: none is sent to begin there."""
    night, machine, calendar = history.night, history.machine, history.calendar
    if not night.is_used or not calendar.is_used or calendar.is_long:
        return
    machine.pass_time((night.applied_at - machine.now()).total_seconds())
    history.team.meet_at_night(night)
    history.say("series of the night are declared")
    history.come_to_an_end()


SITUATIONS: tuple[Callable[[History], None], ...] = (
    wait_for_a_moved_date,
    wait_for_a_held_date,
    skip_the_last_date,
    close_a_series,
    wait_for_a_skipped_hour,
    apply_what_was_approved,
)
"""Each in its turn, where nobody clicks in Zoom."""
