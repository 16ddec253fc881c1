"""Join links as a table to paste. They contain passcodes: shown on demand, stored nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.views.markdown import diagnostics as markdown_diagnostics
from reconciler.views.markdown.escape import cell_code
from reconciler.views.markdown.size import BYTES_MAX, MORE_BYTES, size, take_fitting
from reconciler.views.text.tables import next_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.views.results import JoinLink


_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9/?=&._%~+-]*")
"""Matches an address that is shown as a link; any other text is shown as code."""

_HEADER = ("| Meeting | Topic | Next | Join |", "| --- | --- | --- | --- |")
NO_MEETING = "No meeting is recorded."


def links(links: Sequence[JoinLink], diagnostics: Sequence[Diagnostic]) -> str:
    """Return a row for each link, with the errors above the table; ends in a newline."""
    errors = markdown_diagnostics.errors(diagnostics, "links")
    rows = take_fitting(map(_row, links), BYTES_MAX - MORE_BYTES - size(errors))
    more = len(links) - len(rows)
    table = "\n".join((*_HEADER, *rows)) if rows else "" if diagnostics else NO_MEETING
    rest = f"… and {more:,} more; `reconciler links KEYS` shows those that it names." if more else ""
    return "\n\n".join(part for part in (errors, table, rest) if part) + "\n"


def _row(link: JoinLink) -> str:
    shown = f"<{link.join_url}>" if _ADDRESS.fullmatch(link.join_url) else cell_code(link.join_url)
    return f"| {cell_code(link.key)} | {cell_code(link.topic)} | {next_words(link)} | {shown} |"
