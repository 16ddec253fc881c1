"""Reads the explanations of diagnostic codes from the TOML files in this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from msgspec import Struct

_FOLDER = Path(__file__).parent


class Explanation(Struct, frozen=True):
    """The explanation of one code.

    `summary` is one line without a full stop, `example` has one or several lines, and every other text is a
    sentence or two.
    """

    code: str
    summary: str
    means: str
    why: str
    do: str
    example: str

    @property
    def family(self) -> str:
        """The part of the code before its dot."""
        return self.code.partition(".")[0]


@cache
def table() -> dict[str, Explanation]:
    """Return every explanation by its code, sorted. Read once per process; do not change it."""
    explanations = {each.code: each for path in _FOLDER.glob("*.toml") for each in _read(path)}
    return dict(sorted(explanations.items()))


def summary(code: str) -> str:
    """Return the summary of `code`; the code itself if it is unknown."""
    return _family(code.partition(".")[0]).get(code, code)


@cache
def _family(name: str) -> dict[str, str]:
    path = _FOLDER / f"{name}.toml"
    return {each.code: each.summary for each in _read(path)} if path.is_file() else {}


def _read(path: Path) -> list[Explanation]:
    import tomllib  # noqa: PLC0415 - only if there is something to report

    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_explanation(code, text) for code, text in texts.items()]


def _explanation(code: str, text: dict[str, str]) -> Explanation:
    return Explanation(
        code, text["summary"], text["means"], text["why"], text["do"], text["example"].strip("\n")
    )
