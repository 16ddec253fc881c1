"""What a program asks of the emulator inside it, noted as it comes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.sandbox.account import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from reconciler.sandbox.account import Request


class Requests:
    """Every request since the last `clear`; the emulator answers as ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seen: list[Request] = []
        log_request = Account.log_request

        def noting(account: Account, request: Request) -> None:
            self._seen.append(request)
            log_request(account, request)

        monkeypatch.setattr(Account, "log_request", noting)

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()

    def changing(self, keys: Mapping[str, int] | None = None) -> Counter[tuple[str, str]]:
        """By method and key (a create: host), how many changed something or tried to."""
        names = {str(number): key for key, number in (keys or {}).items()}
        asked: Counter[tuple[str, str]] = Counter()
        for one in self._seen:
            _, version, kind, name, *_ = [*one.path.split("/"), "", ""]
            if one.method != "GET" and version == "v2":
                asked[one.method, names.get(name, name) if kind == "meetings" else name] += 1
        return asked
