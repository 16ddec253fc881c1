"""Questions at a terminal: one that needs a yes in full, and some that Enter answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.console import Console

Problem = str | None
"""Why an answer cannot be taken, as a sentence; None: it can."""


class UnansweredError(Exception):
    """Whoever was asked ended the input."""


def says_yes(console: Console, question: str) -> bool:
    """Whether the answer to `question` is a yes in full."""
    console.stderr.write(f"{question} Only `yes` is taken as a yes: ")
    console.stderr.flush()
    return console.stdin.readline().strip() == "yes"


@dataclass(frozen=True, slots=True)
class Asker:
    """Takes what a flag gave, else asks, else, where nobody can be asked, the default."""

    console: Console
    is_asked: bool

    def answer(
        self, given: str | None, question: str, default: str, check: Callable[[str], Problem] = lambda _: None
    ) -> str:
        """An answer; one that cannot be taken is asked for again. Raises `UnansweredError`."""
        if given is not None or not self.is_asked:
            return given if given is not None else default
        while True:
            answer = self._line(f"{question} [{default}]: " if default else f"{question}: ") or default
            problem = check(answer)
            if problem is None:
                return answer
            self.console.stderr.write(f"  {problem}\n")

    def _line(self, prompt: str) -> str:
        self.console.stderr.write(prompt)
        self.console.stderr.flush()
        line = self.console.stdin.readline()
        if not line:
            raise UnansweredError
        return line.strip()
