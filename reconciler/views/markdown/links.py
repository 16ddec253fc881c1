"""Join links as a table to paste. They hold passcodes: shown on demand, kept nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.views import markdown_notes
from reconciler.views.markdown_room import BYTES_MAX, MORE_BYTES, size, taken
from reconciler.views.markdown_text import cell_code
from reconciler.views.step_lines import instant_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.views.links import JoinLink

_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9/?=&._%~+-]*")
"""What may be shown as a link; anything else that Zoom gave is shown as it is."""

_HEADER = ("| Meeting | Topic | Next | Join |", "| --- | --- | --- | --- |")
NOBODY = "No meeting is recorded."


def links(links: Sequence[JoinLink], diagnostics: Sequence[Diagnostic]) -> str:
    """A row for each, and above them what could not be read; ends in a newline."""
    errors = markdown_notes.errors(diagnostics)
    rows = taken(map(_row, links), BYTES_MAX - MORE_BYTES - size(errors))
    more = len(links) - len(rows)
    table = "\n".join((*_HEADER, *rows)) if rows else "" if diagnostics else NOBODY
    cut = f"… and {more:,} more; `reconciler links KEYS` shows those that it names." if more else ""
    return "\n\n".join(part for part in (errors, table, cut) if part) + "\n"


def _row(link: JoinLink) -> str:
    next_at = instant_words(link.next_at) if link.next_at else ""
    shown = f"<{link.join_url}>" if _ADDRESS.fullmatch(link.join_url) else cell_code(link.join_url)
    return f"| {cell_code(link.key)} | {cell_code(link.topic)} | {next_at} | {shown} |"
