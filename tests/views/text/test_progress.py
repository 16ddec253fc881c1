from __future__ import annotations

import io
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from builders import HOST, NOW, at, meeting
from msgspec.structs import replace

from reconciler.apply.events import (
    Event,
    Noticed,
    Outcome,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
    StepStarted,
    Summary,
)
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.change import Action
from reconciler.plan.plan import Plan
from reconciler.plan.step import Status, Step
from reconciler.views.table import apply_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.apply.events import EventListener

CTO = "cto@example.com"
ID = 81234567890
NEXT = at("2027-01-11T09:00:00Z")
REFUSED = Diagnostic(
    "zoom.refused",
    "300: The value of start_time is not valid.",
    "Change the start.",
)
DONE = Summary(
    NOW, added=1, changed=0, destroyed=0, resolved=0, deferred=0, failed=0, withheld=0, unresolved=0
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def plan_of(*steps: Step) -> Plan:
    return Plan(steps, (), "lineage-1", 1, NOW)


def create(key: str, host: str = HOST, *, deferred_to: str | None = None) -> Step:
    status = Status.DEFERRED if deferred_to else Status.NOW
    return Step(key, Action.CREATE, host, "Topic", status, deferred_to or "2026-12-01", meeting=meeting(key))


def created(key: str, host: str = HOST) -> StepDone:
    return StepDone(NOW, key, Action.CREATE, host, ID, NEXT)


def logged(plan: Plan, *events: Event, colour: bool = False) -> tuple[str, str]:
    """Return stdout and stderr of a log without a terminal."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with apply_view("text")(stdout, stderr, terminal=False, colour=colour, plan=plan) as emit:
        emit_all(emit, events)
    return stdout.getvalue(), stderr.getvalue()


def emit_all(emit: EventListener, events: Iterable[Event]) -> None:
    for event in events:
        emit(event)


def test_an_apply_with_a_failure_reads_as_a_log() -> None:
    """Each key has its outcome, a failure its cause and remedy below it, and the counts come last."""
    plan = plan_of(
        create("platform-weekly"),
        create("launch-review", CTO),
        create("sig-apps", deferred_to="2026-12-02"),
        create("sig-cli"),
    )
    done = replace(created("platform-weekly"), notes=("Zoom stored `settings.audio` as voip",))

    stdout, stderr = logged(
        plan,
        StepDeferred(NOW, "sig-apps", HOST, "2026-12-02", "its turn is on a later day"),
        StepStarted(NOW, "platform-weekly", Action.CREATE, HOST, "Platform weekly"),
        done,
        StepFailed(NOW, "launch-review", Action.CREATE, CTO, REFUSED),
        StepDeferred(NOW, "sig-cli", HOST, "2026-12-03", "Zoom says that no request is left"),
        replace(DONE, deferred=2, failed=1),
    )

    assert (stdout, stderr) == (
        dedent("""\
            + platform-weekly created as 81234567890, next Mon 11 Jan 2027, 09:00 UTC
                Zoom stored `settings.audio` as voip
            ! launch-review not created: Zoom refused the request [zoom.refused]
                300: The value of start_time is not valid.
                hint: Change the start.
            + sig-cli deferred to 2026-12-03 (UTC): Zoom says that no request is left

            Apply finished with errors: 1 added, 0 changed, 0 destroyed, 2 deferred, 1 failed.
            Rollout: 1 on 2026-12-02, 1 on 2026-12-03; the last one lands on 2026-12-03.
            Fix what failed and run apply again: what is done is not done twice.
            """),
        "",
    )


@pytest.mark.parametrize(
    ("summary", "end"),
    [
        (
            Summary(NOW, 2, 1, 0, resolved=0, deferred=0, failed=0, withheld=0, unresolved=0),
            "Apply complete! 2 added, 1 changed, 0 destroyed.\n",
        ),
        (
            Summary(NOW, 2, 1, 0, resolved=0, deferred=3, failed=0, withheld=0, unresolved=0, recorded=4),
            """\
            Apply complete! 2 added, 1 changed, 0 destroyed, 4 recorded, 3 deferred.
            Rollout: 1 on 2026-12-02; the last one lands on 2026-12-02.
            Run apply again after 00:00 UTC for what is deferred.
            """,
        ),
        (
            Summary(
                NOW, 2, 1, 0, resolved=0, deferred=0, failed=0, withheld=0, unresolved=0, ended_early=True
            ),
            "Apply ended early: 2 added, 1 changed, 0 destroyed.\n",
        ),
        (
            Summary(NOW, 0, 0, 0, resolved=0, deferred=0, failed=0, withheld=2, unresolved=1),
            """\
            Apply finished with errors: 0 added, 0 changed, 0 destroyed, 1 unresolved, 2 withheld.
            Interrupted requests are left: follow the hint above for each, then run apply again.
            """,
        ),
    ],
)
def test_the_last_lines_count_and_say_what_to_do_next(summary: Summary, end: str) -> None:
    plan = plan_of(create("sig-apps", deferred_to="2026-12-02"))

    assert logged(plan, summary) == (f"\n{dedent(end)}", "")


def test_an_interrupted_step_waits_for_a_later_run() -> None:
    """After Ctrl-C no day is known: the next run may come at once."""
    stopped = StepDeferred(NOW, "retro", HOST, None, "stopped")

    assert logged(plan_of(create("retro")), stopped, replace(DONE, added=0, deferred=1))[0] == dedent("""\
        + retro deferred to a later run: stopped

        Apply complete! 0 added, 0 changed, 0 destroyed, 1 deferred.
        Rollout: 1 on a day that is not known yet.
        Run apply again for what is deferred.
        """)


def test_single_dates_that_wait_for_several_days_land_on_the_last_one() -> None:
    waits = StepDeferred(NOW, "retro", HOST, "2026-12-02", "no budget", Action.CREATE, "2026-12-04")

    text, _ = logged(plan_of(create("retro")), created("retro"), waits, replace(DONE, deferred=1))

    assert text.splitlines()[1:] == [
        "+ retro deferred to 2026-12-02, the last one to 2026-12-04 (UTC): no budget",
        "",
        "Apply complete! 1 added, 0 changed, 0 destroyed, 1 deferred.",
        "Rollout: 1 on 2026-12-02; the last one lands on 2026-12-04.",
        "Run apply again after 00:00 UTC for what is deferred.",
    ]


@pytest.mark.parametrize(
    ("day", "when", "rollout"),
    [
        ("2026-12-01", "later today", "1 today"),
        ("2026-12-02", "after 00:00 UTC", "1 on 2026-12-02; the last one lands on 2026-12-02"),
        ("2026-12-18", "on 2026-12-18 (UTC)", "1 on 2026-12-18; the last one lands on 2026-12-18"),
    ],
)
def test_the_last_line_says_when_another_run_does_more(day: str, when: str, rollout: str) -> None:
    waits = StepDeferred(NOW, "retro", HOST, day, "waits until then", Action.UPDATE)

    text, _ = logged(plan_of(create("retro", deferred_to=day)), waits, replace(DONE, deferred=1))

    assert text.splitlines()[-2:] == [f"Rollout: {rollout}.", f"Run apply again {when} for what is deferred."]


def test_what_waits_for_a_person_is_not_done_by_another_run() -> None:
    waits = StepDeferred(NOW, "retro", HOST, None, "to keep them, add X", Action.UPDATE, needs_person=True)

    text, _ = logged(plan_of(create("retro")), waits, replace(DONE, added=0, deferred=1))

    assert text == dedent("""\
        ~ retro deferred to a later run: to keep them, add X

        Apply complete! 0 added, 0 changed, 0 destroyed, 1 deferred.
        What is deferred waits for a change of the spec, which its line above names.
        """)


def test_the_deletion_of_a_replaced_meeting_waits_by_itself() -> None:
    """The step of its key, now that of the new meeting, is done."""
    old = Step("retro", Action.DESTROY, HOST, "Topic", Status.DEFERRED, None)
    waits = StepDeferred(NOW, "retro", HOST, None, "it runs now", Action.DESTROY)

    stdout, _ = logged(plan_of(create("retro"), old), waits, created("retro"), replace(DONE, deferred=1))

    assert stdout.splitlines()[-3:] == [
        "Apply complete! 1 added, 0 changed, 0 destroyed, 1 deferred.",
        "Rollout: 1 on a day that is not known yet.",
        "Run apply again for what is deferred.",
    ]


def test_a_deferred_step_that_was_done_is_not_counted_as_waiting() -> None:
    """A key that was planned for a later day and was done today no longer waits."""
    plan = plan_of(create("early", deferred_to="2026-12-02"), create("rest", deferred_to="2026-12-03"))

    assert logged(plan, created("early"), replace(DONE, deferred=1))[0].splitlines()[-2] == (
        "Rollout: 1 on 2026-12-03; the last one lands on 2026-12-03."
    )


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Action.CREATE, "+ retro created as 81234567890"),
        (Action.UPDATE, "~ retro changed (81234567890)"),
        (Action.REPLACE, "-/+ retro replaced by 81234567890"),
        (Action.DESTROY, "- retro deleted (81234567890)"),
        (Action.RESOLVE, "? retro resolved (81234567890)"),
        (Action.MOVE, "> retro moved from old-retro (81234567890)"),
        (Action.IMPORT, "< retro recorded as 81234567890"),
        (Action.FORGET, ". retro forgotten (81234567890), it stays in Zoom"),
        (Action.KEEP, "  retro recorded (81234567890)"),
    ],
)
def test_each_action_has_its_words_in_the_log(action: Action, line: str) -> None:
    """The id is written without separators, so that it can be copied."""
    done = StepDone(NOW, "retro", action, HOST, ID, None, from_key="old-retro")
    failed = StepFailed(NOW, "retro", action, HOST, Diagnostic("zoom.refused"))

    stdout, _ = logged(plan_of(), done, failed)

    assert stdout.splitlines()[0] == line
    assert re.fullmatch(
        r"! retro not \w+: Zoom refused the request \[zoom\.refused\]", stdout.splitlines()[1]
    )


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (Resolved(NOW, "retro", HOST, Outcome.ADOPTED, ID), "? retro had been done: recorded as 81234567890"),
        (Resolved(NOW, "retro", HOST, Outcome.ABSENT), "? retro had not been done: it is sent again"),
        (
            Resolved(NOW, "retro", HOST, Outcome.DROPPED),
            "? retro had not been done, and nothing asks for it any more",
        ),
        (
            Resolved(NOW, "retro", HOST, Outcome.UNCLEAR, None, REFUSED),
            """\
            ! retro needs a person to judge; nothing was sent
                Zoom refused the request [zoom.refused]
                300: The value of start_time is not valid.
                hint: Change the start.""",
        ),
    ],
)
def test_a_lookup_is_logged_with_its_outcome(event: Event, lines: str) -> None:
    assert logged(plan_of(), event) == (f"{dedent(lines)}\n", "")


def test_one_cause_is_explained_once() -> None:
    """A host that is refused as a whole fails ninety keys for one reason."""
    failures = [StepFailed(NOW, key, Action.CREATE, HOST, replace(REFUSED, key=key)) for key in ("a", "b")]

    assert logged(plan_of(), *failures)[0] == dedent("""\
        ! a not created: Zoom refused the request [zoom.refused]
            300: The value of start_time is not valid.
            hint: Change the start.
        ! b not created: Zoom refused the request [zoom.refused]
        """)


def test_a_warning_goes_to_stderr() -> None:
    """It is no result, and stdout may be a file of results."""
    warning = Diagnostic("zoom.slow", severity=Severity.WARNING)

    assert logged(plan_of(), Noticed(NOW, warning)) == ("", "warning[zoom.slow]: zoom.slow\n")


def test_hostile_messages_of_zoom_stay_on_their_line() -> None:
    hostile = Diagnostic("zoom.refused", "No\n+ x created\x1b[2J", "\u202e")

    assert logged(plan_of(), StepFailed(NOW, "retro", Action.CREATE, HOST, hostile))[0].splitlines() == [
        "! retro not created: Zoom refused the request [zoom.refused]",
        r"    No\x0a+ x created\x1b[2J",
        r"    hint: \u202e",
    ]


class Flushed(io.StringIO):
    """Records the number of lines at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_flushed: list[int] = []

    def flush(self) -> None:
        """Record the number of lines so far."""
        self.lines_flushed.append(self.getvalue().count("\n"))


def test_each_line_is_written_as_it_happens() -> None:
    """A log in CI is watched: no line may wait for a buffer to fill."""
    stdout = Flushed()

    with apply_view("text")(stdout, io.StringIO(), terminal=False, colour=False, plan=plan_of()) as emit:
        emit_all(emit, (created("a"), created("b")))

        assert stdout.lines_flushed == [1, 2]


def test_colour_is_asked_for() -> None:
    assert logged(plan_of(), created("retro"), colour=True)[0] == (
        "\x1b[32m+\x1b[0m \x1b[1mretro\x1b[0m created as 81234567890, next Mon 11 Jan 2027, 09:00 UTC\n"
    )


def live(
    plan: Plan, *events: Event, stdout: io.StringIO, monkeypatch: pytest.MonkeyPatch, colour: bool = False
) -> str:
    """Return what was written to the terminal on stderr, control sequences included."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    stderr = Terminal()
    with apply_view("text")(stdout, stderr, terminal=True, colour=colour, plan=plan) as emit:
        emit_all(emit, events)
    return stderr.getvalue()


def frames(sent: str) -> list[str]:
    """Return the lines that a terminal was sent, without control sequences and bars."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[━╸╺]", "", sent)
    return [" ".join(line.split()) for line in re.split(r"[\r\n]", plain) if line.strip()]


def test_bars_go_to_the_terminal_and_lines_to_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """With stdout in a file, the terminal has the bars alone, one for each host, and they are removed."""
    plan = plan_of(create("a"), create("b"), create("c", CTO), create("d", deferred_to="2026-12-02"))
    stdout = io.StringIO()
    started = StepStarted(NOW, "b", Action.CREATE, HOST, "B")
    again = Resolved(NOW, "c", CTO, Outcome.ABSENT)

    sent = live(
        plan, created("a"), created("a"), started, again, DONE, stdout=stdout, monkeypatch=monkeypatch
    )

    assert stdout.getvalue() == dedent("""\
        + a created as 81234567890, next Mon 11 Jan 2027, 09:00 UTC
        + a created as 81234567890, next Mon 11 Jan 2027, 09:00 UTC
        ? c had not been done: it is sent again

        Apply complete! 1 added, 0 changed, 0 destroyed.
        """)
    assert frames(sent)[-2:] == [f"{CTO} 0/1 -:--:--", f"{HOST} 1/2 -:--:-- b"]
    assert sent.endswith("\x1b[1A\x1b[2K")


def test_lines_are_written_above_the_bars_on_one_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one screen, lines are written through the console of the bars, the last lines after them."""
    stdout = Terminal()
    warning = Noticed(NOW, Diagnostic("zoom.slow", severity=Severity.WARNING))
    resolved = Resolved(NOW, "c", CTO, Outcome.ADOPTED, ID)

    sent = live(
        plan_of(create("a"), create("c", CTO)), created("a"), warning, resolved, DONE,
        stdout=stdout, monkeypatch=monkeypatch,
    )  # fmt: skip

    assert stdout.getvalue() == "\nApply complete! 1 added, 0 changed, 0 destroyed.\n"
    assert [line for line in frames(sent) if line.startswith(("+", "?", "warning"))] == [
        "+ a created as 81234567890, next Mon 11 Jan 2027, 09:00 UTC",
        "warning[zoom.slow]: zoom.slow",
        "? c had been done: recorded as 81234567890",
    ]


def test_the_last_lines_come_after_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one screen the bars are gone before the counts are written, or they would wipe them out."""
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()

    with apply_view("text")(screen, screen, terminal=True, colour=False, plan=plan_of(create("a"))) as emit:
        emit(DONE)

    assert screen.getvalue().endswith(
        "\x1b[?25h\r\x1b[1A\x1b[2K\nApply complete! 1 added, 0 changed, 0 destroyed.\n"
    )


def test_a_long_line_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal wraps by itself; a line break of this program would split text that is copied."""
    refused = replace(REFUSED, detail="x" * 200)
    sent = live(
        plan_of(create("a")), StepFailed(NOW, "a", Action.CREATE, HOST, refused),
        stdout=Terminal(), monkeypatch=monkeypatch,
    )  # fmt: skip

    assert "x" * 200 in frames(sent)


def test_many_hosts_share_one_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty bars would fill the screen."""
    hosts = [f"h{n:02}@example.com" for n in range(60)]
    plan = plan_of(*(create(f"k{n:02}", host) for n, host in enumerate(hosts)))

    sent = live(plan, created("k07", hosts[7]), stdout=io.StringIO(), monkeypatch=monkeypatch)

    assert frames(sent)[-1] == "60 hosts 1/60 -:--:--"


def test_a_hostile_host_is_shown_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read as markup, and it is cut to its width."""
    sent = live(
        plan_of(create("a", "[red]\x1b[2J" + "x" * 40)), stdout=io.StringIO(), monkeypatch=monkeypatch
    )

    assert frames(sent)[-1] == r"[red]\x1b[2Jxxxxxxxxxxxxxxxxxxx… 0/1 -:--:--"


def test_bars_are_removed_when_an_apply_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor comes back, and the error below is not drawn over."""
    monkeypatch.setenv("TERM", "xterm")
    stderr = Terminal()

    with (
        pytest.raises(KeyboardInterrupt),
        apply_view("text")(io.StringIO(), stderr, terminal=True, colour=True, plan=plan_of(create("a"))),
    ):
        raise KeyboardInterrupt

    assert stderr.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")
