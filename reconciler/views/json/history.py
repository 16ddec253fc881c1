"""The history of a state as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.state.history import LEFT
from reconciler.views.json.encode import FORMAT_VERSION, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.ports import Json
    from reconciler.state.history import Entry, Fact, Status
    from reconciler.state.state import State
    from reconciler.views.style import TextStyle


def history(runs: Sequence[tuple[Entry, Status]], left_off: int, state: State, _: TextStyle) -> str:
    """Return `{format_version, lineage, serial, left_off, runs: [...]}`, the newest run first."""
    document = {
        "format_version": FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "left_off": left_off,
        "runs": [_run(*run) for run in runs],
    }
    return line(document)


def _run(entry: Entry, status: Status) -> dict[str, Json]:
    return {
        "at": entry.at,
        "by": entry.by,
        "command": entry.command,
        "run_url": entry.run_url,
        "commit": entry.commit,
        "digest": entry.digest,
        "status": status,
        "open": entry.open_count,
        "done": [_fact(fact) for fact in entry.facts if fact.kind not in LEFT],
        "left": [_fact(fact) for fact in entry.facts if fact.kind in LEFT],
        "unnamed": dict(entry.more),
    }


def _fact(fact: Fact) -> dict[str, Json]:
    return {"kind": fact.kind, "key": fact.key, "details": list(fact.details)}
