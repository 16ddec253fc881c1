"""The difference between this machine's clock and Zoom's: a warning, or an error before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import SettingsError

if TYPE_CHECKING:
    from reconciler.zoom.client import ZoomClient
    from reconciler.zoom.clock import ZoomClock


WARNED_SECONDS = 60.0
"""Seconds between the two clocks from which there is a warning."""

REFUSED_SECONDS = 600.0
"""Seconds from which apply sends nothing."""

AGREEING = 3
"""Answers that have to agree before apply sends nothing."""

REMEDY = "Set this machine's clock and keep it synchronized (NTP): days and leases depend on it."
"""What to do about a clock that differs."""


async def check(remote: ZoomClient, clock: ZoomClock) -> tuple[Diagnostic, ...]:
    """Have Zoom's answers set `clock`, and return a warning if the two clocks differ.

    Raises `SettingsError` if they differ so much that nothing may be sent.
    """
    await remote.measure_clock(1)
    if is_beyond(clock.skew_seconds, REFUSED_SECONDS):
        await remote.measure_clock(AGREEING)
    skew = clock.skew_seconds
    if skew is not None and is_beyond(skew, REFUSED_SECONDS) and clock.agreeing() >= AGREEING:
        raise SettingsError.of(
            "apply.clock-wrong",
            detail=f"{words(skew)}, by {AGREEING} answers. Nothing was sent.",
            hint=f"{REMEDY} To apply to an emulator on a port, serve it without --sandbox-now.",
        )
    return warnings(clock)


def warnings(clock: ZoomClock) -> tuple[Diagnostic, ...]:
    """Return a warning if this machine's clock differs from what Zoom's answers said."""
    skew = clock.skew_seconds
    if skew is None or not is_beyond(skew, WARNED_SECONDS):
        return ()
    return (
        Diagnostic(
            "apply.clock-skew",
            detail=f"{words(skew)}. Zoom's time is used.",
            hint=REMEDY,
            severity=Severity.WARNING,
        ),
    )


def is_beyond(skew: float | None, seconds: float) -> bool:
    """Return whether the clocks differ by more than `seconds`, in either direction."""
    return skew is not None and abs(skew) > seconds


def words(skew: float) -> str:
    """Return the difference as a sentence without a full stop."""
    return f"This machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Zoom's"
