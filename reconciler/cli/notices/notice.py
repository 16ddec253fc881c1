"""Notices of a run: when one goes out, and what it tells. It never changes how the run ends."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.notices.sender import VARIABLE
from reconciler.errors.exceptions import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.apply.events import Event
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Exit
    from reconciler.plan.plan import Plan
    from reconciler.views.notice import Notice


class When(StrEnum):
    """The runs of which a notice is sent."""

    ON_PROBLEM = "on-problem"
    ALWAYS = "always"
    NEVER = "never"


def notify_option(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add `--notify` to a command."""
    return click.option(
        "--notify",
        type=click.Choice([when.value for when in When]),
        default=When.ON_PROBLEM.value,
        show_default=True,
        help=f"When to send a notice to the addresses in {VARIABLE}.",
    )(command)


class Outcome(Struct):
    """What a run has to tell at its end; None: nothing, such as where a person cancelled it."""

    is_wanted: bool
    notice: Notice | None = None

    def tell_of_apply(self, plan: Plan, events: Sequence[Event]) -> None:
        """Set the notice of an apply; it is made only if one can go out."""
        if self.is_wanted:
            from reconciler.views import notice  # noqa: PLC0415 - only for a notice

            self.notice = notice.applied(plan, events)

    def tell_of_drift(self, report: Plan) -> None:
        """Set the notice of a drift, as above."""
        if self.is_wanted:
            from reconciler.views import notice  # noqa: PLC0415 - only for a notice

            self.notice = notice.drifted(report)


@contextmanager
def notifying(workspace: Workspace, command: str, when: str) -> Iterator[Outcome]:
    """Send the notice of the outcome when the block ends, or one about the error that ends it."""
    addresses = workspace.console.environ.get(VARIABLE, "").split()
    outcome = Outcome(is_wanted=bool(addresses) and when != When.NEVER)
    if not outcome.is_wanted:
        yield outcome
        return
    try:
        yield outcome
    except ReconcilerError as error:
        if outcome.notice is None:
            from reconciler.views import notice  # noqa: PLC0415 - only for a notice

            outcome.notice = notice.ended(command, error.diagnostics)
        raise
    finally:
        _send(workspace, outcome.notice, addresses, when)


def _send(workspace: Workspace, notice: Notice | None, addresses: list[str], when: str) -> None:
    if notice is None or not (notice.is_problem or when == When.ALWAYS):
        return
    from reconciler.cli import reporting  # noqa: PLC0415 - only for a notice
    from reconciler.cli.notices.sender import send  # noqa: PLC0415 - only for a notice

    sent = notice.signed(workspace.console.run_url, is_sandbox=workspace.options.sandbox)
    with suppress(OSError):  # of stderr: the run ends as it would without a notice
        reporting.print_warnings(workspace, tuple(send(sent, addresses)))
