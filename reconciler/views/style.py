"""How a text is wanted, and the signs and colours that every text view shares."""

from __future__ import annotations

from dataclasses import dataclass

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
"""The sign with which a line about a key begins."""

FAILED = "!"
"""The sign of a key that did not come to what was planned."""

_RED, _GREEN, _YELLOW, _CYAN, _BOLD, _DIM, _PLAIN = "31", "32", "33", "36", "1", "2", "0"

_COLOURS = {
    "+": _GREEN,
    "~": _YELLOW,
    "-/+": _RED,
    "-": _RED,
    FAILED: _RED,
    " ": _PLAIN,
}


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What the reader wants: colour codes, nothing folded, only what changes (a view may know more).

    `commit` names what was planned, where somebody knows it.
    """

    colour: bool = False
    verbose: bool = False
    changes_only: bool = False
    commit: str = ""

    def sign(self, sign: str) -> str:
        """A sign in its colour."""
        return self._painted(sign, _COLOURS.get(sign, _CYAN))

    def bold(self, text: str) -> str:
        """What the eye should find first."""
        return self._painted(text, _BOLD)

    def dim(self, text: str) -> str:
        """What may be passed over."""
        return self._painted(text, _DIM)

    def good(self, text: str) -> str:
        """What is as it must be."""
        return self._painted(text, _GREEN)

    def warning(self, text: str) -> str:
        """What stops nothing and should be read."""
        return self._painted(text, _YELLOW)

    def error(self, text: str) -> str:
        """What went wrong."""
        return self._painted(text, _RED)

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour else text
