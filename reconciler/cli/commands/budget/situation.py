"""The situation for a monitoring system, besides the budget: open intents, the last apply, and the drift."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.diagnostic import Severity
from reconciler.errors.exceptions import SettingsError
from reconciler.plan.change import Action
from reconciler.state import history
from reconciler.state.document import unreadable
from reconciler.views.results import DriftCounts, LastApply, Situation

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.ports import Json
    from reconciler.state.history import Entry
    from reconciler.state.state import State

REPORT_BYTES_MAX = 64 * 2**20
"""Bytes of a report that are read."""


def of(state: State, location: str, drift: DriftCounts | None) -> Situation:
    """Return the situation by the state. Raises `StateError` where its history cannot be read."""
    return Situation(len(state.meetings), len(state.intents), _last_apply(state, location), drift)


def _last_apply(state: State, location: str) -> LastApply | None:
    try:
        entries = [history.parse(each) for each in state.history]
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(
            location, f"A part of its history is missing or of the wrong kind: {error}."
        ) from error
    entry = next((each for each in reversed(entries) if each.command == "apply"), None)
    if entry is None:
        return None
    kinds = history.Kind
    return LastApply(
        at=entry.at,
        deferred=_count(entry, kinds.DEFER),
        withheld=_count(entry, kinds.WITHHOLD),
        failed=_count(entry, kinds.FAIL),
        unfinished=entry.open_count,
    )


def _count(entry: Entry, kind: history.Kind) -> int:
    return sum(fact.kind is kind for fact in entry.facts) + entry.more.get(kind, 0)


def read_drift(path: Path) -> DriftCounts:
    """Return the counts of a report of `drift --format json`. Raises `SettingsError` where it is none."""
    try:
        text = _read(path)
    except OSError as error:
        raise _unusable(path, f"{error.strerror or error}.") from error
    try:
        return _counts(orjson.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable(path, "It is not a report of `drift`, or `drift` failed.") from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        text = file.read(REPORT_BYTES_MAX + 1)
    if len(text) > REPORT_BYTES_MAX:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return text


def _counts(report: Json) -> DriftCounts:
    actions = [step["action"] for step in report["steps"]]
    return DriftCounts(
        at=datetime.fromisoformat(report["planned_at"]),
        changed=actions.count(Action.UPDATE),
        deleted=actions.count(Action.DESTROY),
        unread=sum(each["severity"] == Severity.ERROR for each in report["diagnostics"]),
    )


def _unusable(path: Path, detail: str) -> SettingsError:
    return SettingsError.of(
        "output.drift-report",
        detail=f"{path}: {detail} Nothing was written.",
        hint="Make it with `reconciler drift --format json > drift.json`, or leave out `--drift`.",
    )
