"""An apply as it runs: lines for people and logs, and live bars on a terminal.

The only module that uses rich, which is loaded for live bars alone. Lines are data and go to
`stdout`; bars and warnings go to `stderr`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.apply.events import (
    Noticed,
    Outcome,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
    StepStarted,
    Summary,
)
from reconciler.errors.text import count_noun, escape_control, shorten
from reconciler.plan.step import Status
from reconciler.views.style import TextStyle
from reconciler.views.text.apply import ApplyLog
from reconciler.views.text.diagnostics import format_diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.progress import Progress, TaskID

    from reconciler.apply.events import Event, EventListener
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step


READ_LABEL = "Reading from Zoom"

ProgressCallback = Callable[[int, int], None]
"""Called with the number of finished reads, and that of all reads."""


@contextmanager
def open_read_bar(stderr: TextIO, *, terminal: bool, colour: bool) -> Iterator[ProgressCallback]:
    """Show a bar, and yield the function that moves it; the bar is removed at the end."""
    if not terminal:
        yield lambda _done, _total: None
        return
    bar = _progress(stderr, colour=colour)
    task = bar.add_task(READ_LABEL, total=None, current="")
    with bar:
        yield lambda done, total: bar.update(task, completed=done, total=total)


HOSTS_MAX = 8
"""Hosts that have a bar each; more of them share one."""

REFRESHES_PER_SECOND = 5

WORDS_MAX = 32
"""Characters of a host or a key next to its bar."""

_WriteLine = Callable[[str], None]


@contextmanager
def open_apply(
    stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan
) -> Iterator[EventListener]:
    """Write the log of an apply as text, each line at once; with live bars on `stderr` if `terminal`."""
    log, warning_style = ApplyLog(plan, TextStyle(colour=colour)), TextStyle(colour=colour and terminal)
    if not terminal:
        yield lambda event: _show(event, log, warning_style, _to(stdout), _to(stderr))
        return
    bars = Bars(plan, stderr, colour=colour)
    write_data = bars.write if stdout.isatty() else _to(stdout)

    def listen(event: Event) -> None:
        if isinstance(event, Summary):
            bars.stop()
            _show(event, log, warning_style, _to(stdout), _to(stderr))
        else:
            bars.move(event)
            _show(event, log, warning_style, write_data, bars.write)

    bars.start()
    try:
        yield listen
    finally:
        bars.stop()


class Bars:
    """Live bars: one for each host, or one for all hosts if there are many. `stop` removes them."""

    def __init__(self, plan: Plan, stderr: TextIO, *, colour: bool) -> None:
        self._progress = _progress(stderr, colour=colour)
        self._waiting: dict[str | None, str] = {step.key: step.host for step in plan.steps if _is_due(step)}
        self._bars = self._one_each(Counter(self._waiting.values()))

    def start(self) -> None:
        """Show the bars."""
        self._progress.start()

    def stop(self) -> None:
        """Remove the bars; does nothing if they are gone already."""
        self._progress.stop()

    def write(self, line: str) -> None:
        """Write a line above the bars, through their console, so that the two do not overwrite each other."""
        from rich.text import Text  # noqa: PLC0415 - loaded with the bars

        self._progress.console.print(Text.from_ansi(line), soft_wrap=True)

    def move(self, event: Event) -> None:
        """Advance the bars by one event: a key is counted once, when this run has finished it."""
        if isinstance(event, StepStarted) and event.key in self._waiting:
            bar = self._bars[self._waiting[event.key]]
            self._progress.update(bar, current=_short(event.key))
            return
        host = self._waiting.pop(_finished_key(event), None)
        if host is not None:
            self._progress.advance(self._bars[host])

    def _one_each(self, totals: Counter[str]) -> dict[str, TaskID]:
        if len(totals) > HOSTS_MAX:
            shared = self._add(count_noun(len(totals), "host"), totals.total())
            return dict.fromkeys(totals, shared)
        return {host: self._add(_short(host), total) for host, total in sorted(totals.items())}

    def _add(self, words: str, total: int) -> TaskID:
        return self._progress.add_task(words, total=total, current="")


def _progress(stderr: TextIO, *, colour: bool) -> Progress:
    from rich import progress  # noqa: PLC0415 - 100 ms, only for live bars
    from rich.console import Console  # noqa: PLC0415 - the same

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[current]}", markup=False),
        console=Console(file=stderr, force_terminal=True, no_color=not colour),
        refresh_per_second=REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,  # stdout carries data, and may be a file
    )


def _is_due(step: Step) -> bool:
    return step.is_work and step.status is Status.NOW


def _finished_key(event: Event) -> str | None:
    """Return the key that this run has finished with the event, if any; an absent meeting is sent again."""
    if isinstance(event, Resolved):
        return None if event.outcome is Outcome.ABSENT else event.key
    return event.key if isinstance(event, StepDone | StepFailed | StepDeferred) else None


def _show(
    event: Event, log: ApplyLog, warning_style: TextStyle, write_data: _WriteLine, write_warning: _WriteLine
) -> None:
    if isinstance(event, Noticed):
        for line in format_diagnostic(event.diagnostic, warning_style):
            write_warning(line)
    for line in log.lines(event):
        write_data(line)


def _to(stream: TextIO) -> _WriteLine:
    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write


def _short(text: str) -> str:
    return shorten(escape_control(text), WORDS_MAX)
