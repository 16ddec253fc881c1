"""Colour, verbosity and signs of text for people."""

from __future__ import annotations

from msgspec import Struct

from reconciler.plan.change import Action

SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DESTROY: "-",
    Action.RESOLVE: "?",
    Action.MOVE: ">",
    Action.IMPORT: "<",
    Action.FORGET: ".",
    Action.KEEP: " ",
}
"""The sign that a line about a key begins with."""

FAILED = "!"
"""The sign of a key whose step failed."""

_RED, _GREEN, _YELLOW, _CYAN, _BOLD, _DIM, _PLAIN = "31", "32", "33", "36", "1", "2", "0"

_COLOURS = {
    "+": _GREEN,
    "~": _YELLOW,
    "-/+": _RED,
    "-": _RED,
    FAILED: _RED,
    " ": _PLAIN,
}


class TextStyle(Struct, frozen=True):
    """The options of a result for people.

    `colour` adds colour codes, `verbose` shows everything, `changes_only` leaves out steps that are no work.
    `commit` is the commit that the result is about; empty if it is unknown.
    """

    colour: bool = False
    verbose: bool = False
    changes_only: bool = False
    commit: str = ""

    def sign(self, sign: str) -> str:
        """Return a sign in its colour."""
        return self._painted(sign, _COLOURS.get(sign, _CYAN))

    def bold(self, text: str) -> str:
        """Return text that stands out."""
        return self._painted(text, _BOLD)

    def dim(self, text: str) -> str:
        """Return text that a reader may skip."""
        return self._painted(text, _DIM)

    def good(self, text: str) -> str:
        """Return text about a success."""
        return self._painted(text, _GREEN)

    def warning(self, text: str) -> str:
        """Return text about a warning."""
        return self._painted(text, _YELLOW)

    def error(self, text: str) -> str:
        """Return text about an error."""
        return self._painted(text, _RED)

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour else text
