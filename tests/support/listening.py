"""Records the requests that a program sends to the emulator inside it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.sandbox.account import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from reconciler.sandbox.account import Request


class Requests:
    """Every request since the last `clear`; the emulator answers as usual."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._requests: list[Request] = []
        log_request = Account.log_request

        def recording(account: Account, request: Request) -> None:
            self._requests.append(request)
            log_request(account, request)

        monkeypatch.setattr(Account, "log_request", recording)

    def clear(self) -> None:
        """Forget the requests."""
        self._requests.clear()

    def changing(self, keys: Mapping[str, int] | None = None) -> Counter[tuple[str, str]]:
        """Count the writing requests by method and key (of a create: host)."""
        names = {str(number): key for key, number in (keys or {}).items()}
        counts: Counter[tuple[str, str]] = Counter()
        for request in self._requests:
            _, version, kind, name, *_ = [*request.path.split("/"), "", ""]
            if request.method != "GET" and version == "v2":
                counts[request.method, names.get(name, name) if kind == "meetings" else name] += 1
        return counts
