"""One seed's history: rounds of edits and runs that meet faults, then peace and what must hold."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from memory_place import Documents

from reconciler.apply.events import StepFailed
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import StalePlanError
from reconciler.plan.plan import Options
from reconciler.zoom.skew import REFUSED_SECONDS
from simulator import hands, ills, late, late_dates
from simulator.answers import Answers
from simulator.calendar import LONG_AFTER, Calendar, written
from simulator.faults import SETTLE_SECONDS, Faults
from simulator.hands import Mandate
from simulator.machine import Machine
from simulator.network import Network, Zoom
from simulator.night import Night
from simulator.outside import Outside
from simulator.people import People
from simulator.places import Places
from simulator.process import Process
from simulator.report import Report
from simulator.runner import Runner, Story
from simulator.team import EMAILS, Team
from simulator.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.plan.plan import Plan

BEGUN_AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
QUIET_RUNS_MAX = 60
ROUND_SECONDS_MAX = 4 * 3600.0
SKEW_SECONDS_MAX = 0.9 * REFUSED_SECONDS
"""How far a runner's wall clock may be from the true one, either way, if it is to send anything."""

WILD_SECONDS = (-43_200.0, -720.0, 720.0, 3_300.0)
"""How far it may be from it otherwise."""


class History:
    """All that one seed makes. `log` tells it in short, for whoever looks for a cause."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.report = Report()
        self.log: list[str] = []
        self.chance = chance = random.Random(seed)
        self.has_skew = chance.random() < 0.3
        self.machine = machine = Machine(BEGUN_AT, chance)
        self.documents = Documents(by_content=chance.random() < 0.5)
        zoom = Zoom(machine)
        for email in EMAILS:
            zoom.account.provide(email)
        self.calendar = calendar = Calendar(seed)
        self.night = Night(seed)
        self.team = Team(chance, lambda email: zoom.account.provide(email).id, zoom.make, calendar)
        zoom.switch(
            dates_forgotten=calendar.dates_forgotten, moved_date_keeps_id=calendar.moved_date_keeps_id
        )
        self.zoom = zoom
        self.watch = Watch(machine, self.documents, zoom, self.team)
        self.answers = Answers(seed, self.watch.fail)
        zoom.switch(**self.answers.switches)
        self.network = Network(machine, zoom, self.watch, self.report)
        lag = chance.choice([0.0, 0.0, chance.uniform(0, 40)])
        self.outside = Outside(machine, zoom, self.network, chance, lag)
        self.outside.turn_good()
        self.places = Places(machine, self.documents, seed)
        self.people = People(seed, self.team, zoom, self.watch, self.places.of_person)
        self.names = 0
        self.is_unlocked = chance.random() < 0.3 and not self.places.is_http
        """Whether somebody is free with `force-unlock`."""
        self.has_rested = False
        """Whether the last run found nothing to do."""
        self.befalls: Callable[[Runner, Faults], None] | None = None
        """What happens to a run in peace, which may fail then."""

    def live(self) -> Report:
        """From the first round to the end, or to the first thing that is wrong."""
        self.report.seeds += 1
        self.report.http += self.places.is_http
        for number in range(self.chance.randint(1, 6)):
            self._pass_the_time()
            self._click()
            self._free_dead_lock()
            self._command()
            mandates = [Mandate(), Mandate(), self.team.mandate(self.watch.state, self.machine.now())]
            if number:
                self.team.edit(self.watch.state)
            self.team.review(self.watch.state, self.machine.now())
            mandates.append(self.team.mandate(self.watch.state, self.machine.now()))
            self._round(self.people.asked_for(self.chance.choice(mandates)))
            if self.watch.wrong:
                break
        else:
            self._rest()
            for situation in (*late.SITUATIONS, *late_dates.SITUATIONS):
                if not self.watch.wrong and not self.people.clicks:
                    situation(self)
        self.watch.audit()
        self.report.requests += self.network.sent
        self.report.take_wrong(self.seed, self.watch.wrong)
        return self.report

    def converge(self) -> Report:
        """No faults, budget enough and nothing protected: each edit is done by one run.

        The single dates of a series that was imported or handed over follow in the next one.
        """
        self.report.seeds += 1
        self.team.allow(100)
        self.team.unguard()
        for _ in range(4):
            begun = len(self.log)
            self._run([Faults(self.chance, said=self.say)], Mandate(), is_quiet=True)
            if any("import" in line or "StepDeferred" in line for line in self.log[begun:]):
                self._run([Faults(self.chance, said=self.say)], Mandate(), is_quiet=True)
            self.watch.look_at_end()
            self.machine.pass_time(self.chance.uniform(0, 30 * 3600))
            self.team.edit(self.watch.state)
            self.team.unguard()
            self.team.review(self.watch.state, self.machine.now())
        self.watch.audit()
        self.report.take_wrong(self.seed, self.watch.wrong)
        return self.report

    def _click(self) -> None:
        """Somebody deletes a date in Zoom, of which nothing is declared; nothing is declared of it later.

        Or edits or deletes whole meetings, which a refresh brings back.
        """
        for line in self.people.click():
            self.say(line)
            self.report.clicks += 1
        for key, record in sorted(self.watch.state.meetings.items()):
            one = self.team.declared.get(key)
            days = self.calendar.clickable(one) if one and not self.watch.state.intents else ()
            if one is None or not days or self.calendar.chance.random() > 0.3:
                continue
            day = self.calendar.chance.choice(days)
            is_there = self.zoom.has(record.id)
            if is_there and self.zoom.click(record.id, written(one).own(day)):
                self.say(f"somebody deletes {day} of {key}")
                self.report.clicks += 1
                self.calendar.clicked.setdefault(one.topic, set()).add(day.isoformat())

    # In trouble

    def _round(self, mandate: Mandate) -> None:
        is_duel = self.chance.random() < 0.3
        count = 2 if is_duel else self.chance.choice([1, 1, 1, 2, 2, 3])
        all_faults = [self._faults() for _ in range(count)]
        all_faults[0].is_outlived = is_duel
        self.outside.turn_bad()
        self.answers.is_calm = False
        if self.is_unlocked and self.chance.random() < 0.5:
            self.machine.after(self.chance.uniform(0, 120), self._free_lock)
        if self.people.commands:
            self.machine.after(self.people.chance.uniform(0, 120), self._command)
        self._run(all_faults, mandate, is_duel=is_duel)
        self.outside.turn_good()
        self.answers.is_calm = True

    def _free_lock(self) -> None:
        with self._person() as person:
            store = self.places.of_person(person)
            held = store.holder()
            who = hands.free_lock(store, held) if held else None
        if who is None:
            return
        self.say(f"the lock of {who} is freed by force")
        self.watch.cut_off(who)
        self.report.cut_off += any(one.name == who and not one.ended for one in self.machine.processes)

    def _free_dead_lock(self) -> None:
        """A server's lock stands for ever: a person frees that of a dead run."""
        held = self.places.stands() if self.places.is_http else None
        if held is None:
            return
        with self._person() as person:
            self.say(f"the lock of {hands.free_lock(self.places.of_person(person), held)} is freed")

    def _command(self) -> None:
        """Somebody uses a command of `state`."""
        if self.people.commands and self.people.chance.random() < 0.6:
            with self._person() as person:
                done = self.people.command(person)
            if done is not None:
                self.say(f"{person.name}: {done}")
                self.report.commands += 1

    @contextmanager
    def _person(self) -> Iterator[Process]:
        """A process of somebody at a terminal, whose clock is right."""
        self.names += 1
        person = Process(self.machine, f"person-{self.names}", 0.0)
        try:
            yield person
        finally:
            self.machine.processes.remove(person)

    def _pass_the_time(self) -> None:
        """From one round to the next: at once, in a few hours, or right before midnight."""
        now, chance = self.machine.now(), self.chance
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0)
        if chance.random() < 0.3:
            seconds = (midnight - now).total_seconds() - chance.uniform(0, 200)
        else:
            seconds = chance.choice([0.0, chance.uniform(0, 200), chance.uniform(0, 8 * 3600)])
        self.machine.pass_time(max(seconds, 0.0))

    def _faults(self) -> Faults:
        machine, chance = self.machine, self.chance
        faults = Faults(
            chance,
            network_rate=chance.choice([0, 0.03, 0.1, 0.25]),
            storage_rate=chance.choice([0, 0.02, 0.08]),
            list_lag_seconds=self.outside.list_lag_seconds,
            lands_within_seconds=SETTLE_SECONDS - (hands.LINGERS_SECONDS if self.is_unlocked else 0.0),
            struck=self.report.struck,
            said=self.say,
            lands_late=lambda: machine.after(chance.uniform(0.1, 100), self.documents.write_late),
            odd=self.answers.journey,
        )
        if chance.random() < 0.15:
            begins = machine.seconds + chance.uniform(0, 90)
            ends = begins + chance.uniform(10, 120)
            faults.renewals_fail = lambda: begins <= machine.seconds < ends
        faults.renewal_seconds = self.places.renewal_seconds
        return faults

    def _run(
        self, all_faults: list[Faults], mandate: Mandate, *, is_quiet: bool = False, is_duel: bool = False
    ) -> None:
        runners: list[Runner] = []
        later = 0.0
        for faults in all_faults:
            begin = partial(self._begin, runners, faults, mandate, is_quiet=is_quiet, is_duel=is_duel)
            self.machine.after(later, begin)
            stagger = [0.0, self.chance.uniform(0, 5), self.chance.uniform(0, 120)]
            later += self.chance.choice(stagger[: 2 if is_duel else 3])
        self.machine.run(
            lambda: len(runners) < len(all_faults) or not all(one.process.ended for one in runners),
            ROUND_SECONDS_MAX,
        )
        for runner in runners:
            self._look_back(runner, is_quiet=is_quiet)
        self.machine.processes.clear()
        self.watch.look(repr([runner.story for runner in runners]))

    def _begin(
        self, runners: list[Runner], faults: Faults, mandate: Mandate, *, is_quiet: bool, is_duel: bool
    ) -> None:
        self.names += 1
        skew = self.chance.uniform(-1, 1) * (SKEW_SECONDS_MAX if self.has_skew else 0.5)
        if self.has_skew and not is_quiet and self.chance.random() < 0.2:
            skew = self.chance.choice(WILD_SECONDS)
        process = Process(self.machine, f"runner-{self.names}", skew)
        timeout = 600.0 if is_quiet or is_duel else self.chance.choice([0.0, 60.0, 600.0, 600.0])
        self.watch.mandates[process.name] = mandate
        runner = Runner(
            process, self.places.of_runner, self.network, self.team, faults,
            mandate=mandate, timeout_seconds=timeout,
        )  # fmt: skip
        self.say(f"{process.name} begins")
        self.report.runs += 1
        self.report.approved += mandate.plan is not None
        self.report.refreshes += mandate.options.refresh
        if not is_quiet:
            ills.plan(runner, faults)
        elif self.befalls is not None:
            self.befalls(runner, faults)
        runners.append(runner)

    # In peace

    def _rest(self) -> None:
        """Everything lands; then runs without faults until nothing is left to do."""
        self.machine.pass_time(LONG_AFTER.total_seconds() if self.calendar.is_long else 200.0)
        self.come_to_an_end()

    def run_in_peace(self, mandate: Mandate | None = None) -> None:
        """One run of all that is declared, or of what was looked at, without faults."""
        self._run([Faults(self.chance, said=self.say)], mandate or Mandate(), is_quiet=True)

    def run_in_trouble(self, befalls: Callable[[Runner, Faults], None] = lambda *_: None) -> None:
        """One run of all that is declared, to which something happens: it may fail, stop or die."""
        self.befalls = befalls
        self.run_in_peace()
        self.befalls = None
        self.watch.on_departure = lambda _request: None

    def come_to_an_end(self) -> None:
        """Runs without faults until nothing is left to do; then Zoom is compared with what is declared."""
        self._free_dead_lock()
        self.team.unguard()
        for _ in range(QUIET_RUNS_MAX):
            now = self.machine.now()
            self.team.review(self.watch.state, now)
            plan = self.team.plan(self.watch.state, now)
            is_done = not plan.has_work and not plan.summary["withheld"]
            if is_done and (self.has_rested or not self.people.clicks):
                self.watch.look_at_end()
                return
            mandate = self._peaceful(plan)
            self._run([Faults(self.chance, said=self.say)], mandate, is_quiet=True)
            if self.watch.wrong:
                return
            self.machine.pass_time(8 * 3600)
        self.watch.fail("end", "it never came to an end")

    def _peaceful(self, plan: Plan) -> Mandate:
        """What a run in peace is asked for: all, as it was looked at or not; read anew where people click."""
        if self.people.clicks:
            return Mandate(Options(refresh=True))
        is_asked = any(step.is_work and not step.extends for step in plan.steps)
        is_looked_at = is_asked and self.chance.random() < 0.3
        return Mandate(plan=plan if is_looked_at else None)

    # Afterwards

    def _look_back(self, runner: Runner, *, is_quiet: bool) -> None:
        process, story = runner.process, runner.story
        self.say(f"{process.name} {self._ending(runner)}")
        self.report.takeovers += story.has_taken_over
        self.report.misdated += story.code == "apply.clock-wrong"
        self.report.stale += isinstance(story.failure, StalePlanError)
        self.report.outlived += not process.dead and process.name in self.watch.writers[:-1] and story.lost
        if process.dead or _is_in_the_dark(story):
            self.watch.excuse(process.name)
        if process.dead:
            self.report.crashes += 1
            return
        if not process.ended:
            self.watch.fail("end", f"{process.name} never ends")
            return
        broken = runner.main.exception()
        if broken is not None:
            self.watch.fail("end", f"{process.name} broke: {broken!r}")
        self.has_rested = is_quiet and story.asks_nothing
        if is_quiet and self.befalls is None:
            self._look_at_peace(runner)

    def _look_at_peace(self, runner: Runner) -> None:
        story = runner.story
        failed = [event for event in story.events if isinstance(event, StepFailed)]
        status = story.result.status if story.result else Exit.DONE
        if story.failure or failed or status is not Exit.DONE:
            self.watch.fail(
                "end", f"{runner.process.name} failed in peace: {story.failure!r} {failed} {status!r}"
            )

    def _ending(self, runner: Runner) -> str:
        if runner.process.dead:
            return "was killed"
        failure = runner.story.failure
        if failure is not None:
            return f"ended with {failure.diagnostics[0].code}"
        return "had nothing to do" if runner.story.asks_nothing else f"ended {runner.story.lines}"

    def say(self, line: str) -> None:
        """Tell it in the log."""
        self.log.append(f"{self.machine.now():%d. %H:%M:%S} {line}")


def _is_in_the_dark(story: Story) -> bool:
    """Whether a run may not know which of its updates took."""
    unread = any(
        "could not be read back" in note for event in story.events for note in getattr(event, "notes", ())
    )
    return story.result is None or story.failure is not None or unread
