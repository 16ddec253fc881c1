"""What only a meeting knows: when it happens, what to send for it, what to keep of it.

It must never let a secret out: `recorded` is the only form that leaves the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.fields import Json


@dataclass(frozen=True, slots=True)
class Meeting:
    """One declared meeting, merged with its defaults.

    `attributes` is the API's create body as declared: no `host`, no `protect`, no null;
    `password` is text or `{"env": NAME, "version": N}`. `filename`, `line` and `column`
    tell where its key stands (both count from 1).
    """

    key: str
    host: str
    attributes: Mapping[str, Json]
    protect: bool = False
    filename: str = ""
    line: int = 0
    column: int = 0
