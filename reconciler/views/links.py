"""Join links, as Zoom gave them a moment ago. They hold passcodes: shown on demand, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.views.columns import columns
from reconciler.views.findings import as_json
from reconciler.views.json import FORMAT_VERSION, line
from reconciler.views.step_lines import instant_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.errors import Diagnostic


@dataclass(frozen=True, slots=True)
class JoinLink:
    """How people come into one meeting. `next_at` (aware, UTC) is its next start, None where it has none."""

    key: str
    id: int
    host: str
    topic: str
    next_at: datetime | None
    join_url: str = field(repr=False)

    @property
    def holds_passcode(self) -> bool:
        """Whether whoever has the link can come in without being told the passcode."""
        return "pwd=" in self.join_url.casefold()


def text(links: Sequence[JoinLink], _: Sequence[Diagnostic]) -> str:
    """A line for each: its key, its next start, its link. What could not be read is told elsewhere."""
    return columns(
        [(one.key, instant_words(one.next_at) if one.next_at else "", one.join_url) for one in links]
    )


def json(links: Sequence[JoinLink], diagnostics: Sequence[Diagnostic]) -> str:
    """`{format_version, links: [{key, id, host, topic, next_at, join_url}], diagnostics}`."""
    rows = [
        {
            "key": one.key,
            "id": one.id,
            "host": one.host,
            "topic": one.topic,
            "next_at": one.next_at,
            "join_url": one.join_url,
        }
        for one in links
    ]
    told = [as_json(diagnostic) for diagnostic in diagnostics]
    return line({"format_version": FORMAT_VERSION, "links": rows, "diagnostics": told})
