"""The figures of many histories, and how they are shown."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

COUNTS = (
    "seeds", "runs", "crashes", "takeovers", "outlived", "cut_off", "approved", "stale", "misdated",
    "clicks", "commands", "refreshes", "http", "requests",
)  # fmt: skip


class Report(Struct):
    """What was tried and what was found: `wrong` counts by kind what did not hold, `failed` has the seeds."""

    seeds: int = 0
    runs: int = 0
    crashes: int = 0
    takeovers: int = 0
    outlived: int = 0
    """Runners that woke to find that another had taken over, and written."""
    cut_off: int = 0
    """Runners that lived when their lock was freed by force."""
    approved: int = 0
    """Runs of a saved plan, of which so many were `stale`."""
    stale: int = 0
    misdated: int = 0
    """Runs that sent nothing, since the clock of their machine was wrong by more than ten minutes."""
    clicks: int = 0
    """Edits and deletions that people made in Zoom."""
    commands: int = 0
    """Commands of `state` that people gave, carried out or refused."""
    refreshes: int = 0
    """Runs with `--refresh`."""
    http: int = 0
    """Histories with the state on a server without leases."""
    requests: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failed: dict[int, list[tuple[str, str]]] = {}

    def take_wrong(self, seed: int, found: list[tuple[str, str]]) -> None:
        """Count what was found of one seed."""
        if found:
            self.failed[seed] = found
            self.wrong.update({kind for kind, _ in found})

    def add(self, other: Report) -> None:
        """Take in the figures of others."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.struck += other.struck
        self.wrong += other.wrong
        self.failed |= other.failed

    def table(self, seconds: float) -> str:
        """Everything in rows, the promise last."""
        rows = [
            ("seeds", self.seeds), ("runs", self.runs), ("crashes", self.crashes),
            ("takeovers of a lock", self.takeovers), ("  from one that woke later", self.outlived),
            ("locks freed under a living holder", self.cut_off),
            ("runs of a saved plan", self.approved), ("  refused as stale", self.stale),
            ("runs refused for their clock", self.misdated),
            ("runs with --refresh", self.refreshes), ("clicks in Zoom", self.clicks),
            ("state mv, rm, pull, push", self.commands), ("histories on an HTTP store", self.http),
            ("requests sent", self.requests),
            ("faults", sum(self.struck.values())),
            *((f"  {kind}", count) for kind, count in sorted(self.struck.items())),
            ("duplicates", self.wrong["duplicate"]), ("losses", self.wrong["loss"]),
            ("dates held or skipped wrongly", self.wrong["dates"]),
            ("over budget", self.wrong["budget"]), ("sent or written out of order", self.wrong["order"]),
            ("sent without being asked for", self.wrong["mandate"]),
            ("changes told wrongly by the history", self.wrong["history"]),
            ("read past every bound", self.wrong["flood"]),
            ("secrets shown", self.wrong["secret"]), ("ended otherwise than it must", self.wrong["end"]),
            ("found by the auditor", sum(n for kind, n in self.wrong.items() if kind.startswith("audit"))),
            ("seconds", round(seconds)),
        ]  # fmt: skip
        return "\n".join(f"{name:<34} {count:>12,}" for name, count in rows)
