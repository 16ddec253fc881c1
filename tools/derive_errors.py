"""Make docs/errors.md of the explanations, or with --check say whether it is up to date."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from reconciler.errors.explanations.table import Explanation, table

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"

HEAD = """\
# Errors and warnings

Every message of the program carries a stable code, as in `error[state.locked]`. At a terminal,
`reconciler explain CODE` shows the same text. A code keeps its meaning; new ones are added.

<!-- Made by tools/derive_errors.py from reconciler/explanations/*.toml: change those. -->
"""


def page() -> str:
    """The whole page: a heading for each family, and one for each code."""
    families = groupby(table().values(), key=lambda each: each.family)
    return HEAD + "".join(f"\n## {family}\n" + "".join(map(entry, members)) for family, members in families)


def entry(each: Explanation) -> str:
    """One code as a section of the page."""
    return (
        f"\n### `{each.code}`\n\n"
        f"{safe(each.means)}\n\n**Why:** {safe(each.why)}\n\n**What to do:** {safe(each.do)}\n\n"
        f"```text\n{each.example}\n```\n"
    )


def safe(text: str) -> str:
    """Text in which Markdown takes nothing for its own outside of backticks."""
    parts = text.split("`")
    plain = (part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2])
    code = (f"`{part}`" for part in parts[1::2])
    woven = [next(plain)]
    for inside, after in zip(code, plain, strict=True):
        woven += [inside, after]
    return "".join(woven)


def main() -> int:
    """Write the page, or compare it."""
    if sys.argv[1:] != ["--check"]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/errors.md differs from the explanations; run tools/derive_errors.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
