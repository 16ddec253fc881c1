"""Rows of words as columns that stand under each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.masking import escaped

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

GAP = "  "


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """A line for each row, all of one length in cells; `right` are the columns that end flush.

    Ends with a line break, or is empty. Nothing in a cell can steer a terminal.
    """
    shown = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "".join(f"{_row(row, widths, right)}\n" for row in shown)


def _row(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    cells = (
        cell.rjust(width) if place in right else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return GAP.join(cells).rstrip()
