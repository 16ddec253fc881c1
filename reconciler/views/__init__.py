"""The ways to show a result: a literal table, from which one view at a time is imported.

A view decides nothing. It is given values and a `Look`, and gives text back.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TextIO

    from reconciler.events import Event
    from reconciler.plan import Plan
    from reconciler.views.look import Look

PLAN = {
    "text": "text:plan",
    "json": "json:plan",
}
"""`plan` by format: the module in this package, and its function."""

APPLY = {
    "text": "progress:open_text",
    "json": "json:open_json",
}
"""`apply` by format: the module in this package, and its function."""

PlanView = Callable[["Plan", "Look"], str]
"""A whole plan as one text that ends in a newline."""

Tell = Callable[["Event"], None]
"""Takes one event of an apply and shows it at once."""


class OpenLog(Protocol):
    """Opens the log of one apply: what it gives is told every event, in order."""

    def __call__(
        self, stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan
    ) -> AbstractContextManager[Tell]:
        """`terminal`: `stderr` may hold live bars; `colour`: `stdout` takes colour codes."""


def plan_view(name: str) -> PlanView:
    """The view of a plan called `name`, one of `PLAN`."""
    view: PlanView = _loaded(PLAN[name])
    return view


def apply_view(name: str) -> OpenLog:
    """The log of an apply called `name`, one of `APPLY`."""
    view: OpenLog = _loaded(APPLY[name])
    return view


def _loaded(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)
