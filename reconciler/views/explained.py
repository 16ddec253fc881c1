"""Explanations of diagnostic codes, for people and for programs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.views.json import FORMAT_VERSION, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.explanations import Explanation
    from reconciler.views.look import Look


def text(explained: Sequence[Explanation], look: Look) -> str:
    """One code whole, ending in a newline."""
    return "\n".join(_paragraphs(each, look) for each in explained)


def listed(explained: Sequence[Explanation], look: Look) -> str:
    """Every code with what it means, by family."""
    width = max(len(each.code) for each in explained)
    blocks = []
    for family, members in groupby(explained, key=lambda each: each.family):
        rows = [f"  {each.code.ljust(width)}  {each.means}" for each in members]
        blocks.append("\n".join([look.bold(family), *rows]))
    return "\n\n".join(blocks) + "\n"


def json(explained: Sequence[Explanation]) -> str:
    """`{format_version, codes: [{code, means, why, do, example}]}`."""
    rows = [
        {"code": each.code, "means": each.means, "why": each.why, "do": each.do, "example": each.example}
        for each in explained
    ]
    return line({"format_version": FORMAT_VERSION, "codes": rows})


def _paragraphs(each: Explanation, look: Look) -> str:
    example = "\n".join(f"    {line}" for line in each.example.splitlines())
    return (
        f"{look.bold(each.code)}\n  {each.means}\n  Why: {each.why}\n  Do: {each.do}\n  Example:\n{example}\n"
    )
