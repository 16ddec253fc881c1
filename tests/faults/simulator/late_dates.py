"""What comes to pass with single dates once all is done: a stop among skips, and what people do in Zoom.

Each has a chance of its own and comes after all others, so that a history up to it stays as it always was.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from builders import meeting, weekly
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from simulator.calendar import DAY, HELD_MAX, shown, written
from simulator.hands import Mandate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from written_series import WrittenSeries

    from reconciler.meeting.meeting import Meeting
    from simulator.faults import Faults, Journey
    from simulator.history import History
    from simulator.runner import Runner

RATE = 0.3
FREE_MIN = 4
"""Dates to come of which nothing is said: one is held whatever happens to some."""

SHORT = {"duration": 25}
FAR = date(2027, 6, 7)
"""The first date of a new series, which is to come whatever happened before."""

DAILY_MAX = 8
"""So few requests of a day that a series may have more dates."""

HOUR = timedelta(hours=1)
LAG_SECONDS = 200.0
"""By so much no read lags: what is clicked later than a run reads, no run can know."""


class Found(NamedTuple):
    """A series: its key, its meeting's number, what is declared, and its dates of which nothing is said."""

    key: str
    number: int
    declared: Meeting
    series: WrittenSeries
    free: list[date]
    chance: random.Random

    @property
    def is_free_at_last(self) -> bool:
        """Whether nothing is said of its last date."""
        return self.free[-1] == [*self.series.days()][-1]


def stop_among_skips(history: History) -> None:
    """A run is stopped once it has read a series: it still skips the dates of seven days, and no others."""
    found = _one_series(history, "stop")
    if found is None:
        return
    soon, later, changed = found.free[:3]
    history.machine.pass_time(max(_seconds_until(history, found.series.own(soon) - 2 * DAY), 0.0))
    _except(history, found, {soon: "skip", later: "skip", changed: SHORT})

    def befalls(runner: Runner, _faults: Faults) -> None:
        history.watch.on_departure = lambda request: _stop(runner, request, found.number)

    history.say(f"a run is stopped among the skips of {found.key}")
    history.run_in_trouble(befalls)
    held = dict(shown(history.zoom.read(found.number)))
    minutes = [held.get(found.series.own(day)) for day in (soon, later, changed)]
    if minutes != [None, found.series.duration, found.series.duration]:
        history.watch.fail("dates", f"{found.key}: a stop at {history.machine.now()} leaves {held}")
    history.come_to_an_end()


def move_by_hand(history: History) -> None:
    """Dates are moved in Zoom to where nobody can tell which is which, or is none: nothing is sent then."""
    found = _one_series(history, "by hand")
    if found is None:
        return
    first, second = (found.series.own(day) for day in found.free[1:3])
    onto_one_day = {first: first + 2 * HOUR, second: first + 5 * HOUR}
    moves = found.chance.choice([onto_one_day, {first: first + 2 * DAY}])
    _move(history, found.number, moves)
    _except(history, found, {found.free[1]: "skip"})
    history.say(f"somebody moves {len(moves)} dates of {found.key}, one of which is to be skipped")
    history.run_in_trouble()
    held = {start for start, _ in shown(history.zoom.read(found.number))}
    if not held.issuperset(moves.values()):
        history.watch.fail("dates", f"{found.key}: a date is gone of which nobody knew which it is")
    _move(history, found.number, {to: start for start, to in moves.items()})
    history.come_to_an_end()


def take_a_part(history: History) -> None:
    """Zoom takes a part of the change of a date, and the run may die; then another change is declared."""
    found = _one_series(history, "part")
    if found is None:
        return
    held, dies = found.chance.choice(["start_time", "duration"]), found.chance.random() < 0.5

    def befalls(runner: Runner, faults: Faults) -> None:
        faults.odd = lambda request, fine: _held(request, fine, held)
        if dies:
            history.watch.on_departure = lambda request: _kill_after_change(history, runner, request)

    changed = found.free[1]
    _except(history, found, {changed: {**_moved(found, changed, 30), **SHORT}})
    history.say(f"Zoom takes a part of the change of a date of {found.key}")
    history.run_in_trouble(befalls)
    then: tuple[dict[date, Any], ...] = ({}, {changed: "skip"}, {changed: {"duration": 15}})
    _except(history, found, found.chance.choice(then))
    history.come_to_an_end()


def declare_nothing_but_skips(history: History) -> None:
    """A new series whose every date is skipped is not made."""
    if not history.calendar.is_used or _chance(history, "nothing").random() > RATE:
        return
    closed = Closure("closed", (DayRange(FAR.isoformat(), "2027-07-31"),))
    name = _declare_new(history, SingleDates({}, (closed,)), 3)
    history.say(f"{name} is declared, every date of which is skipped")
    history.run_in_peace()
    if any(one.document["topic"] == name for one in history.zoom.account.all_meetings_ever):
        history.watch.fail("dates", f"{name} was made, every date of which is skipped")
    del history.team.declared[name]


def leave_one_date(history: History) -> None:
    """Somebody deletes every date in Zoom but the last, which is to be skipped: it stays all the same."""
    found = _one_series(history, "one date", lambda found: found.is_free_at_last)
    if found is None:
        return
    plain = {found.series.own(day) for day in found.free}
    others = {start for start, _ in shown(history.zoom.read(found.number))} - {max(plain)}
    if not others <= plain:
        return
    for start in others:
        history.zoom.click(found.number, start)
    history.machine.pass_time(LAG_SECONDS)
    clicked = {day.isoformat() for day in found.free[:-1]}
    _except(history, found, {found.free[-1]: "skip"})
    history.say(f"somebody deletes every date of {found.key} but the last, which is to be skipped")
    history.run_in_trouble()
    if max(plain) not in {start for start, _ in shown(history.zoom.read(found.number))}:
        history.watch.fail("dates", f"{found.key}: its last date is deleted")
    _except(history, found, {})
    history.calendar.clicked.setdefault(found.declared.topic, set()).update(clicked)
    history.come_to_an_end()


def change_a_skipped_series(history: History) -> None:
    """The last date is skipped and the others are over: the series is not, and its agenda changes."""
    calendar, machine = history.calendar, history.machine
    found = _one_series(
        history, "change", lambda each: calendar.without_last(each.declared, machine.now()) is not None, 1.0
    )
    changed = calendar.without_last(found.declared, machine.now()) if found else None
    if found is None or changed is None:
        return
    one, before_last = changed
    history.team.declared[found.key] = one
    history.come_to_an_end()
    machine.pass_time(_seconds_until(history, before_last) + 7200)
    history.team.declared[found.key] = replace(one, attributes={**one.attributes, "agenda": "The end"})
    calendar.closed_topics.add(one.topic)  # where Zoom forgets the skip by that, its last date is held
    history.say(f"{found.key}, of which a skip is left, gets another agenda")
    history.run_in_trouble()  # and the run fails, since no deletion may end the series
    for start, _ in shown(history.zoom.read(found.number)):
        machine.pass_time(max(_seconds_until(history, start) + 7200, 0.0))
    history.come_to_an_end()


def move_the_last_date(history: History) -> None:
    """A series gets shorter, and its last date is moved past its rule, and once more then: it is not over."""
    found = _one_series(history, "last", lambda each: each.series.own(each.free[2]) < HELD_MAX - 4 * DAY)
    if found is None:
        return
    last = found.free[2]
    attributes = found.declared.attributes
    rule = {**attributes["recurrence"], "end_times": [*found.series.days()].index(last) + 1}
    shorter = replace(found.declared, attributes={**attributes, "recurrence": rule})
    found = found._replace(declared=shorter)
    _except(history, found, {last: _moved(found, last, 30)})
    history.say(f"the last date of {found.key} is moved, and once more when its rule is over")
    history.come_to_an_end()
    history.machine.pass_time(_seconds_until(history, found.series.own(last)) + 7200)
    _except(history, found, {last: _moved(found, last, 33)})
    history.come_to_an_end()


def approve_a_create(history: History) -> None:
    """A new series has more changed dates than a day has requests: its approval covers all of them."""
    calendar, team, machine = history.calendar, history.team, history.machine
    if not calendar.is_used or team.daily > DAILY_MAX or _chance(history, "approved").random() > RATE:
        return
    days = [(FAR + timedelta(weeks=n)).isoformat() for n in range(team.daily + 1)]
    name = _declare_new(history, SingleDates(dict.fromkeys(days, SHORT)), 20)
    plan = team.plan(history.watch.state, machine.now())
    history.say(f"{name} is looked at, whose dates are changed on several days")
    for _ in range(2):
        history.run_in_peace(Mandate(plan=plan))
        machine.pass_time(DAY.total_seconds())
    history.come_to_an_end()


SITUATIONS: tuple[Callable[[History], None], ...] = (
    stop_among_skips,
    move_by_hand,
    take_a_part,
    declare_nothing_but_skips,
    leave_one_date,
    change_a_skipped_series,
    move_the_last_date,
    approve_a_create,
)
"""Each in its turn, after those of `late`."""


def _one_series(
    history: History, name: str, fits: Callable[[Found], bool] = lambda _found: True, rate: float = RATE
) -> Found | None:
    """A series that fits, with dates to come of which nothing is said; none in most histories."""
    calendar, chance = history.calendar, _chance(history, name)
    if not calendar.is_used or calendar.is_long or chance.random() > rate:
        return None
    for key, one in sorted(history.team.declared.items()):
        free = calendar.free(one, history.machine.now())
        if len(free) < FREE_MIN:
            continue
        found = Found(key, history.watch.state.meetings[key].id, one, written(one), free, chance)
        if fits(found):
            return found
    return None


def _declare_new(history: History, dates: SingleDates, count: int) -> str:
    """Declare a new series of `count` dates with these exceptions; its key."""
    team = history.team
    name = f"m{len(team.lives):02}"
    team.lives[name] = 1
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": count}
    attributes = weekly(topic=name, start_time=f"{FAR}T10:00:00", recurrence=rule)
    team.declared[name] = meeting(name, attributes, host=team.emails[0], dates=dates)
    return name


def _chance(history: History, name: str) -> random.Random:
    return random.Random(f"{name} {history.seed}")


def _except(history: History, found: Found, exceptions: Mapping[date, Any]) -> None:
    """Declare these exceptions besides those that the series had when it was found."""
    dates = found.declared.dates
    own = {day.isoformat(): each for day, each in exceptions.items()}
    dates = replace(dates, exceptions={**dates.exceptions, **own})
    history.team.declared[found.key] = replace(found.declared, dates=dates)


def _move(history: History, number: int, moves: Mapping[datetime, datetime]) -> None:
    """Somebody moves dates in Zoom's page, early enough that no read is older than that."""
    for start, to in moves.items():
        history.zoom.move(number, start, to)
    history.machine.pass_time(LAG_SECONDS)


def _moved(found: Found, day: date, hours: int) -> dict[str, Any]:
    wall = datetime.combine(day, found.series.start.time()) + timedelta(hours=hours)
    return {"start_time": wall.isoformat()}


def _seconds_until(history: History, moment: datetime) -> float:
    return (moment - history.machine.now()).total_seconds()


def _stop(runner: Runner, request: httpx.Request, number: int) -> None:
    if request.method == "GET" and request.url.path.endswith(f"/{number}"):
        runner.is_stopping = True


def _held(request: httpx.Request, fine: Journey, name: str) -> Journey | None:
    is_change = request.method == "PATCH" and "occurrence_id" in request.url.params
    return replace(fine, kind="date taken in part at last", holds=(name,)) if is_change else None


def _kill_after_change(history: History, runner: Runner, request: httpx.Request) -> None:
    """Kill it when it reads what became of the change, which it has begun."""
    is_begun = any(intent.is_of_dates for intent in history.watch.state.intents.values())
    if request.method == "GET" and is_begun:
        history.machine.after(0.0, runner.process.kill)
