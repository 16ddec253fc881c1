"""Reads the explanations of diagnostic codes from the TOML files in this folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code; `example` may have several lines, `summary` is a line without a full stop.

    Every other text is a sentence or two.
    """

    code: str
    summary: str
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


def summary(code: str) -> str:
    """The summary of `code`: one line, the same wherever it is raised; the code itself if it is unknown."""
    return _family(code.partition(".")[0]).get(code, code)


@cache
def _family(name: str) -> dict[str, str]:
    path = _FOLDER / f"{name}.toml"
    return {each.code: each.summary for each in _read(path)} if path.is_file() else {}


def _read(path: Path) -> list[Explanation]:
    import tomllib  # noqa: PLC0415 - only where there is something to report

    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_explanation(code, text) for code, text in texts.items()]


def _explanation(code: str, text: dict[str, str]) -> Explanation:
    return Explanation(
        code, text["summary"], text["means"], text["why"], text["do"], text["example"].strip("\n")
    )
