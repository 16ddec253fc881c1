"""How far a look at Zoom has come: one live bar where there is a terminal, else nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

WORDS = "Reading from Zoom"
REFRESHES_PER_SECOND = 5

TellCount = Callable[[int, int], None]
"""Takes how many reads are done, and of how many."""


@contextmanager
def open_bar(stderr: TextIO, *, terminal: bool, colour: bool) -> Iterator[TellCount]:
    """What is told each count; the bar vanishes at the end."""
    if not terminal:
        yield lambda _done, _total: None
        return
    from rich import progress  # noqa: PLC0415 - 100 ms that only a live bar has to pay
    from rich.console import Console  # noqa: PLC0415 - the same

    bar = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=Console(file=stderr, force_terminal=True, no_color=not colour),
        refresh_per_second=REFRESHES_PER_SECOND,
        transient=True,
        redirect_stdout=False,  # what is written there is data, and may go to a file
    )
    task = bar.add_task(WORDS, total=None)
    with bar:
        yield lambda done, total: bar.update(task, completed=done, total=total)
