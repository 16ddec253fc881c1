"""The door to Apprise, which carries a message to a chat, a mailbox or a webhook. Imported late.

An address is a secret, and so is whatever Apprise says about it: nothing of either is shown.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import apprise

    from reconciler.views.notice import Notice

VARIABLE = "RECONCILER_NOTIFY"
INSTALL = "pip install 'meetings-reconciler[notify]'"

_QUIET = ("apprise", "urllib3", "requests")
"""Loggers that could name an address."""


def send(notice: Notice, addresses: Sequence[str]) -> Iterator[Diagnostic]:
    """Send a notice to each address; yield a warning for each that did not get it. Raises nothing."""

    def deliver(target: apprise.Apprise) -> bool:
        return bool(target.notify(notice.body, notice.title, notify_type=notice.level))

    yield from _with_each(addresses, deliver)


def check(addresses: Sequence[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each address to which no notice can be sent; nothing is sent."""
    yield from _with_each(addresses, lambda _: True)


def _with_each(addresses: Sequence[str], use: Callable[[apprise.Apprise], bool]) -> Iterator[Diagnostic]:
    """Use each address by itself; yield a warning where that is not possible."""
    try:
        import apprise  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError:
        yield _warning("notify.not-installed", "No notice can be sent.", f"Install it: `{INSTALL}`.")
        return
    for name in _QUIET:
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    asset = apprise.AppriseAsset(secure_logging=True, storage_mode="memory")
    for number, address in enumerate(addresses, 1):
        named = f"Address {number} of {len(addresses)} in {VARIABLE}"
        target = apprise.Apprise(asset=asset)
        try:
            with warnings.catch_warnings(action="ignore"):  # a plugin's own, which could name an address
                is_address = target.add(address)
                is_taken = is_address and use(target)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and no run fails for a notice
            yield _warning("notify.failed", f"{named} did not take it: {type(error).__name__}.", _CHECK)
            continue
        if not is_address:
            yield _warning("notify.bad-address", f"{named} is no address of Apprise.", _HINT)
        elif not is_taken:
            yield _warning("notify.failed", f"{named} did not take the notice.", _CHECK)


_HINT = "Write each as Apprise does, such as `slack://…` or `mailtos://…`, with spaces between several."
_CHECK = f'Check it by hand: `apprise -vv -b test "${VARIABLE}"`; what that prints is secret.'


def _warning(code: str, detail: str, hint: str) -> Diagnostic:
    return Diagnostic(code, f"{detail} The run itself is not affected.", hint, Severity.WARNING)
