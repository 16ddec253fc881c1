"""The figures of many histories, and how they are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """What was tried and what was found: `wrong` counts by kind what did not hold, `failed` has the seeds."""

    seeds: int = 0
    runs: int = 0
    crashes: int = 0
    takeovers: int = 0
    outlived: int = 0
    """Runners that woke to find that another had taken over, and written."""
    requests: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    failed: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    def take_wrong(self, seed: int, found: list[tuple[str, str]]) -> None:
        """Count what was found of one seed."""
        if found:
            self.failed[seed] = found
            self.wrong.update({kind for kind, _ in found})

    def add(self, other: Report) -> None:
        """Take in the figures of others."""
        for name in ("seeds", "runs", "crashes", "takeovers", "outlived", "requests"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.struck += other.struck
        self.wrong += other.wrong
        self.failed |= other.failed

    def table(self, seconds: float) -> str:
        """Everything in rows, the promise last."""
        rows = [
            ("seeds", self.seeds), ("runs", self.runs), ("crashes", self.crashes),
            ("takeovers of a lock", self.takeovers), ("  from one that woke later", self.outlived),
            ("requests sent", self.requests),
            ("faults", sum(self.struck.values())),
            *((f"  {kind}", count) for kind, count in sorted(self.struck.items())),
            ("duplicates", self.wrong["duplicate"]), ("losses", self.wrong["loss"]),
            ("over budget", self.wrong["budget"]), ("sent or written out of order", self.wrong["order"]),
            ("secrets shown", self.wrong["secret"]), ("ended otherwise than it must", self.wrong["end"]),
            ("seconds", round(seconds)),
        ]  # fmt: skip
        return "\n".join(f"{name:<34} {count:>12,}" for name, count in rows)
