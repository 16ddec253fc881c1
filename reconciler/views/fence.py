"""Text of any kind inside Markdown: a code block that nothing in it can close."""

from __future__ import annotations

import re

BACKTICKS = re.compile("`+")

LENGTH_MAX = 60_000
"""Characters of a block: with what stands around it, it fits a comment (65,536) and a step's summary."""


def fenced(text: str, language: str = "text") -> str:
    """The block; of what is too long its beginning, and how many lines are left out."""
    lines = text.rstrip("\n").split("\n")
    length, kept = 0, 0
    for line in lines:
        length += len(line) + 1
        if length > LENGTH_MAX:
            break
        kept += 1
    told = lines[:kept]
    if kept < len(lines):
        told.append(f"… and {len(lines) - kept} more lines")
    marks = "`" * (max((len(run) for line in told for run in BACKTICKS.findall(line)), default=0) + 1)
    fence = max(marks, "```", key=len)
    return "\n".join((f"{fence}{language}", *told, fence, ""))
