"""Our program, and the CPU seconds of it that went into the history, on the last line of stderr.

python in_history.py apply --auto-approve …

The history is read and encoded again as well, since nobody else would.
"""

from __future__ import annotations

import functools
import sys
import time
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.apply.history.logbook import Logbook
from reconciler.apply.journal import Journal
from reconciler.cli import main
from reconciler.plan.plan import Plan
from reconciler.state import document, history

if TYPE_CHECKING:
    from collections.abc import Callable

spent = 0.0
_depth = 0


def timed(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same, its CPU time added to `spent`; a call within a timed call counts once."""

    @functools.wraps(call)
    def measured(*arguments: Any, **options: Any) -> Any:
        global spent, _depth  # noqa: PLW0603 - one sum for all
        _depth += 1
        begun = time.thread_time()
        try:
            return call(*arguments, **options)
        finally:
            _depth -= 1
            if not _depth:
                spent += time.thread_time() - begun

    return measured


def read_once(whole: dict[str, Any]) -> None:
    """What it takes to read the part of the document that is history."""
    orjson.loads(orjson.dumps(whole.get("history", [])))


def main_measured() -> int:
    """Run the program; print what the history took."""
    for owner, name in (
        (Logbook, "add"), (Logbook, "entry"), (Logbook, "expect"), (Journal, "_with_entry"),
        (document.Encoder, "_history"), (history, "with_entry"),
    ):  # fmt: skip
        setattr(owner, name, timed(getattr(owner, name)))
    setattr(Plan, "digest", property(timed(vars(Plan)["digest"].fget)))  # noqa: B010 - to measure it
    decoded = document._state  # noqa: SLF001 - to measure it
    document._state = lambda whole: (timed(read_once)(whole), decoded(whole))[1]  # noqa: SLF001 - the same
    status = main.run(sys.argv[1:])
    print(f"{spent:.6f}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main_measured())
