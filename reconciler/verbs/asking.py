"""Asking the person at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.console import Console


def says_yes(console: Console, question: str) -> bool:
    """Whether the answer to `question` is a yes in full."""
    console.stderr.write(f"{question} Only `yes` is taken as a yes: ")
    console.stderr.flush()
    return console.stdin.readline().strip() == "yes"
