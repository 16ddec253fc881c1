"""The table of views by result and format. The module of a view is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TextIO

    from reconciler.apply.events import EventListener
    from reconciler.plan.plan import Plan

VIEWS = {
    ("validate", "text"): "text.diagnostics:validate",
    ("validate", "json"): "json.diagnostics:validate",
    ("validate", "github"): "annotations:validate",
    ("validate", "sarif"): "sarif:validate",
    ("validate", "codequality"): "codequality:validate",
    ("plan", "text"): "text.plan:plan",
    ("plan", "json"): "json.plan:plan",
    ("plan", "markdown"): "markdown.plan:plan",
    ("apply", "text"): "text.progress:open_apply",
    ("apply", "json"): "json.apply:open_apply",
    ("drift", "text"): "text.drift:drift",
    ("drift", "json"): "json.plan:drift",
    ("drift", "markdown"): "markdown.drift:drift",
    ("calendar", "text"): "text.calendar:calendar",
    ("calendar", "json"): "json.calendar:calendar",
    ("calendar", "ics"): "ics:calendar",
    ("calendar", "html"): "html.calendar:calendar",
    ("links", "text"): "text.tables:links",
    ("links", "json"): "json.tables:links",
    ("links", "markdown"): "markdown.links:links",
    ("budget", "text"): "text.tables:budget",
    ("budget", "json"): "json.budget:budget",
    ("budget", "prometheus"): "prometheus:budget",
    ("history", "text"): "text.history:history",
    ("history", "json"): "json.history:history",
    ("state list", "text"): "text.tables:state_list",
    ("state list", "json"): "json.state:state_list",
    ("state show", "text"): "text.tables:state_show",
    ("state show", "json"): "json.state:state_show",
    ("state lock", "text"): "text.tables:state_lock",
    ("state lock", "json"): "json.state:state_lock",
    ("state change", "text"): "text.tables:state_change",
    ("state change", "json"): "json.state:state_change",
    ("doctor", "text"): "text.doctor:doctor",
    ("doctor", "json"): "json.tables:doctor",
    ("failed plan", "json"): "json.plan:failed_plan",
    ("failed plan", "markdown"): "markdown.plan:failed_plan",
    ("explain", "text"): "text.tables:explain",
    ("explain", "json"): "json.tables:explain",
}
"""Module in this package and function, by result and format. The first format of a result is its default."""


class OpenApply(Protocol):
    """Open the log of one apply: a context manager whose value is called with every event, in order."""

    def __call__(
        self, stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan
    ) -> AbstractContextManager[EventListener]:
        """`terminal`: `stderr` may show live bars; `colour`: `stdout` takes colour codes."""


def formats(result: str) -> tuple[str, ...]:
    """Return the formats of `result`, its default first."""
    return tuple(name for each, name in VIEWS if each == result)


def view(result: str, format_name: str) -> Callable[..., str]:
    """Import the view of `result` in that format: a function from the result's values to its whole text."""
    function: Callable[..., str] = _load(VIEWS[result, format_name])
    return function


def apply_view(format_name: str) -> OpenApply:
    """Import the log of an apply in that format."""
    opener: OpenApply = _load(VIEWS["apply", format_name])
    return opener


def _load(reference: str) -> Any:
    module, _, function = reference.partition(":")
    return getattr(import_module(f"reconciler.views.{module}"), function)
