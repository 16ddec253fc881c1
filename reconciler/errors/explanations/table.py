"""What each diagnostic code means, why it is told, and what to do: the texts in the files beside this one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code; `example` may have several lines, each text else is a sentence or two."""

    code: str
    means: str
    why: str
    do: str
    example: str

    @property
    def family(self) -> str:
        """The half of the code before its dot: what it is about."""
        return self.code.partition(".")[0]


@cache
def table() -> dict[str, Explanation]:
    """Every explanation by its code, sorted; read once per process, and not to be changed."""
    found = {each.code: each for path in _FOLDER.glob("*.toml") for each in _read(path)}
    return {code: found[code] for code in sorted(found)}


def _read(path: Path) -> list[Explanation]:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        _explanation(code, text) for first, text in told.items() for code in (first, *text.get("also", ()))
    ]


def _explanation(code: str, text: dict[str, str]) -> Explanation:
    return Explanation(code, text["means"], text["why"], text["do"], text["example"].strip("\n"))
