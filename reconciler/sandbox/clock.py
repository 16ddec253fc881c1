"""The emulator's clock: real time until it is set, then frozen until it is set again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.plan.budget import near_midnight
from reconciler.sandbox import storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


_STEP = re.compile(r"\+(?:\d{1,6}[wdhms])+")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class FrozenClock:
    """Real time until it is set for the first time; then that instant, in every later process too.

    The instant is stored in `path`; None: in memory only.
    """

    def __init__(self, path: Path | None, real_now: Callable[[], datetime]) -> None:
        self._path = path
        self._real_now = real_now
        self._set_to = self._read()

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return self._set_to or self._real_now()

    def set(self, text: str) -> None:
        """Set it to an instant, or forward by `+1d`, `+12h` or `+30m`. Raises `SettingsError`."""
        self._set_to = self._moved(text.strip())
        self._store(self._set_to)

    def on_wait(self, seconds: float) -> None:
        """Advance a clock that is frozen around midnight: a run waits there until the day is certain."""
        if self._set_to is not None and near_midnight(self._set_to):
            self._set_to += timedelta(seconds=seconds)
            self._store(self._set_to)

    def _store(self, moment: datetime) -> None:
        if self._path is None:
            return
        storage.replace_file(self._path, json.dumps({"now": moment.isoformat()}).encode() + b"\n")

    def _moved(self, text: str) -> datetime:
        try:
            if _STEP.fullmatch(text):
                return self.now() + _step(text)
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise SettingsError.of(
            "sandbox.clock",
            detail=f"{text[:60]!r} is neither an instant nor a step forward.",
            hint='Write an instant with its zone, such as "2027-01-11T08:00:00Z", '
            'or a step such as "+1d", "+12h" or "+30m".',
        )

    def _read(self) -> datetime | None:
        text = storage.read_file(self._path) if self._path else None
        if text is None:
            return None
        try:
            return datetime.fromisoformat(json.loads(text)["now"]).astimezone(UTC)
        except (ValueError, KeyError, TypeError):
            raise SettingsError.of(
                "sandbox.clock",
                detail=f"{self._path} does not hold an instant.",
                hint="Remove the file; the clock then shows the real time.",
            ) from None


def _step(text: str) -> timedelta:
    parts = re.findall(r"(\d+)([wdhms])", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
