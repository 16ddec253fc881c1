"""What is asked of Zoom, in the words an error needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.zoom.pace import Label


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, in words for an error; `writes` where it may change something.

    `secrets` are texts that no error may show.
    """

    what: str
    label: Label
    writes: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
