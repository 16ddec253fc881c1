"""Print the lowest versions that pyproject.toml admits, as pins for pip: `make lowest` tests with them.

    python tools/lowest_versions.py EXTRA...

Only requirements with a lower bound are printed; tools that judge the code (types, lint) stay out.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
JUDGES = ("types-", "mypy", "ruff", "import-linter", "shellcheck", "zizmor", "check-jsonschema", "hadolint")
BOUND = re.compile(r"^(?P<name>[A-Za-z0-9._-]+(\[[a-z,]+\])?)>=(?P<version>[0-9.]+)")


def main() -> int:
    """Print one pin a line."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = [needed for extra in sys.argv[1:] for needed in project["optional-dependencies"][extra]]
    for pin in pins([*project["dependencies"], *extras]):
        print(pin)
    return 0


def pins(requirements: list[str]) -> list[str]:
    """`name==version` for each requirement with a lower bound, in order."""
    bounds = (BOUND.match(needed) for needed in requirements if not needed.startswith(JUDGES))
    return [f"{bound['name']}=={bound['version']}" for bound in bounds if bound]


if __name__ == "__main__":
    sys.exit(main())
