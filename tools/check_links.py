"""Check that the targets of links exist: files next to the pages, and headings in them.

    python tools/check_links.py README.md docs/*.md

Exit status 1 if a link leads nowhere; each is printed with its place. Addresses on the web are not asked.
Standard library only, so that it runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FENCE = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)=\"([^\"]+)\"", re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 where every link of the named pages leads somewhere."""
    pages = [Path(name) for name in (sys.argv[1:] if arguments is None else arguments)]
    dead = [line for page in pages for line in dead_links(page)]
    print("\n".join(dead) or f"{len(pages)} pages, every link leads somewhere", file=sys.stderr)
    return 1 if dead or not pages else 0


def dead_links(page: Path) -> Iterator[str]:
    """A line for each link of `page` that leads to no file, or to no heading of one."""
    text = _blanked(page.read_text(encoding="utf-8"))
    for found in _LINK.finditer(text):
        target = next(filter(None, found.groups()))
        if _ELSEWHERE.match(target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / unquote(name) if name else page
        line = text.count("\n", 0, found.start()) + 1
        if not file.exists():
            yield f"{page}:{line}: {target}: there is no {file}"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"{page}:{line}: {target}: {file} has no such heading"


def anchors(text: str) -> set[str]:
    """What a link may name of a page: a name for each heading, as GitHub and our pages make them."""
    headings = (re.sub(r"[`*\[\]]|\(.*?\)", "", found) for found in _HEADING.findall(_unfenced(text)))
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


def _blanked(text: str) -> str:
    """The text without what is code; every line stays on its number."""
    return _CODE.sub(_lines_only, _unfenced(text))


def _unfenced(text: str) -> str:
    return _FENCE.sub(_lines_only, text)


def _lines_only(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


if __name__ == "__main__":
    sys.exit(main())
