"""The ways to show a result: a literal table, from which one view at a time is imported.

A view decides nothing. It is given values and a `Look`, and gives text back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import TextIO

    from reconciler.errors import Diagnostic
    from reconciler.events import Event
    from reconciler.plan import BudgetLine, Options, Plan
    from reconciler.ports import LockInfo
    from reconciler.state import State
    from reconciler.views.checks import Check
    from reconciler.views.links import JoinLink
    from reconciler.views.look import Look

PLAN = {
    "text": "text:plan",
    "json": "json:plan",
    "markdown": "markdown:plan",
}
"""`plan` by format: the module in this package, and its function."""

APPLY = {
    "text": "progress:open_text",
    "json": "json:open_json",
}
"""`apply` by format: the module in this package, and its function."""

DRIFT = {
    "text": "drift:text",
    "json": "drift:json",
    "markdown": "markdown_drift:drift",
}
"""`drift` by format: the module in this package, and its function."""

LINKS = {
    "text": "links:text",
    "json": "links:json",
    "markdown": "markdown_links:links",
}
"""`links` by format: the module in this package, and its function."""

BUDGET = {
    "text": "spent:text",
    "json": "spent:json",
}
"""`budget` by format: the module in this package, and its function."""

LISTED = {
    "text": "records:listed_text",
    "json": "records:listed_json",
}
"""`state list` by format: the module in this package, and its function."""

SHOWN = {
    "text": "records:shown_text",
    "json": "records:shown_json",
}
"""`state show` by format: the module in this package, and its function."""

HELD = {
    "text": "held:text",
    "json": "held:json",
}
"""`state lock` by format: the module in this package, and its function."""

DOCTOR = {
    "text": "checks:text",
    "json": "checks:json",
}
"""`doctor` by format: the module in this package, and its function."""

PlanView = Callable[["Plan", "Look"], str]
"""A whole plan as one text that ends in a newline."""

DriftView = Callable[["Plan", "Look", int], str]
"""A whole report of drift as one text; the number is of the requests that it took."""

LinksView = Callable[[Sequence["JoinLink"], Sequence["Diagnostic"]], str]
"""Links, and what could not be read, as one text."""

BudgetView = Callable[[Sequence["BudgetLine"], "datetime"], str]
"""The hosts' budgets at an instant (aware, UTC) as one text."""

ListedView = Callable[["State", "datetime"], str]
"""All that is recorded, as it stands at an instant (aware, UTC), as one text."""

ShownView = Callable[[str, "State", "datetime"], str]
"""All that is recorded under one key, as it stands at an instant (aware, UTC), as one text."""

HeldView = Callable[[str, "LockInfo | None", "datetime"], str]
"""Who holds the state at a location, as seen at an instant (aware, UTC), as one text."""

DoctorView = Callable[[Sequence["Check"], "Look"], str]
"""Every check as one text."""

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


def failed_plan(diagnostics: Sequence[Diagnostic], options: Options, at: datetime) -> str:
    """What a program reads where no plan could be made, `at` an instant (aware, UTC): one text."""
    view: Callable[[Sequence[Diagnostic], Options, datetime], str] = _loaded("json:failed_plan")
    return view(diagnostics, options, at)


def apply_view(name: str) -> OpenLog:
    """The log of an apply called `name`, one of `APPLY`."""
    view: OpenLog = _loaded(APPLY[name])
    return view


def drift_view(name: str) -> DriftView:
    """The view of a report of drift called `name`, one of `DRIFT`."""
    view: DriftView = _loaded(DRIFT[name])
    return view


def links_view(name: str) -> LinksView:
    """The view of join links called `name`, one of `LINKS`."""
    view: LinksView = _loaded(LINKS[name])
    return view


def budget_view(name: str) -> BudgetView:
    """The view of budgets called `name`, one of `BUDGET`."""
    view: BudgetView = _loaded(BUDGET[name])
    return view


def listed_view(name: str) -> ListedView:
    """The view of a whole state called `name`, one of `LISTED`."""
    view: ListedView = _loaded(LISTED[name])
    return view


def shown_view(name: str) -> ShownView:
    """The view of one key called `name`, one of `SHOWN`."""
    view: ShownView = _loaded(SHOWN[name])
    return view


def held_view(name: str) -> HeldView:
    """The view of a lock called `name`, one of `HELD`."""
    view: HeldView = _loaded(HELD[name])
    return view


def doctor_view(name: str) -> DoctorView:
    """The view of checks called `name`, one of `DOCTOR`."""
    view: DoctorView = _loaded(DOCTOR[name])
    return view


def _loaded(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)
