"""Write docs/errors.md from the explanations, or check with --check that it is up to date."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from reconciler.errors.explanations.table import Explanation, table

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"

HEAD = """\
# Errors and warnings

Every message of the program has a stable code and a constant summary, followed by the details:

```text
error[state.locked]: The state is locked by another run
```

Below is each code with its summary. At a terminal, `reconciler explain CODE` shows the rest of the entry.
A code keeps its meaning; new codes may be added.

<!-- Made by tools/derive_errors.py from reconciler/errors/explanations/*.toml: change those. -->
"""


def page() -> str:
    """Return the whole page, with a heading for each family and each code."""
    families = groupby(table().values(), key=lambda each: each.family)
    return HEAD + "".join(f"\n## {family}\n" + "".join(map(entry, members)) for family, members in families)


def entry(each: Explanation) -> str:
    """Return the section of one code."""
    return (
        f"\n### `{each.code}`\n\n**{safe(each.summary)}.** {safe(each.means)}\n\n"
        f"**Why:** {safe(each.why)}\n\n**What to do:** {safe(each.do)}\n\n"
        f"```text\n{each.example}\n```\n"
    )


def safe(text: str) -> str:
    """Escape the characters outside of backticks that Markdown would interpret."""
    parts = text.split("`")
    plain = (part.replace("*", "\\*").replace("<", "&lt;") for part in parts[::2])
    code = (f"`{part}`" for part in parts[1::2])
    woven = [next(plain)]
    for inside, after in zip(code, plain, strict=True):
        woven += [inside, after]
    return "".join(woven)


def main() -> int:
    """Write the page, or compare it with the explanations."""
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
