"""The way to an emulator inside this process: no port, no network, the same client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


def transport_to(app: AsgiApp) -> httpx.AsyncBaseTransport:
    """A transport that hands each request to `app`; what the app raises is a broken connection."""
    return httpx.ASGITransport(app=app)
