"""What is to be reached, a line for each figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Line:
    """A figure and its bound, which it must not pass, or with `at_least` must come up to."""

    title: str
    figure: float
    bound: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "ok  " if self.reached else "MISS"
        return f"{verdict}  {self.title:<64} {self.figure:>8.2f}  {sign} {self.bound:g}"


def report(lines: Iterable[Line]) -> int:
    """Print each line; 1 where one is not reached."""
    missed = 0
    for line in lines:
        print(line, flush=True)
        missed += not line.reached
    print(f"{missed} missed" if missed else "All reached.")
    return 1 if missed else 0
