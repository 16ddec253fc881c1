"""The part of docs/ci.md that is derived: the workflows that are ready, and the action."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples" / "ci"
PAGES = EXAMPLES / "pages"

WORKFLOWS = ("plan", "comment", "apply", "daily", "drift")
"""The workflows of examples/ci/github/, in the order in which a change meets them."""


def ci_reference() -> str:
    """The workflows of examples/ci/ as they are, and the inputs and outputs of the action."""
    github = [EXAMPLES / "github" / f"meetings-{name}.yml" for name in WORKFLOWS]
    return "\n".join(
        [
            "## GitHub\n\nEach of these files goes into `.github/workflows/`.\n",
            *(_example(path, f".github/workflows/{path.name}") for path in github),
            _action(),
            "## GitLab\n",
            _example(EXAMPLES / "gitlab" / ".gitlab-ci.yml", ".gitlab-ci.yml"),
            "## A page and feeds\n\n`init --ci` adds none of these: they publish what is declared.\n",
            _example(PAGES / "github" / "meetings-calendar.yml", ".github/workflows/meetings-calendar.yml"),
            _example(PAGES / "gitlab" / ".gitlab-ci.yml", "A job in .gitlab-ci.yml"),
        ]
    )


def _example(path: Path, name: str) -> str:
    """A file of examples/ci/: its first comment as text, and then the rest."""
    lines = path.read_text(encoding="utf-8").splitlines()
    code = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    about = "\n".join(line.removeprefix("#").strip() for line in lines[:code])
    rest = "\n".join(lines[code:]).strip("\n")
    return f'### {name}\n\n{about}\n\n```yaml title="{path.relative_to(ROOT)}"\n{rest}\n```\n'


def _action() -> str:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = [_input(name, described) for name, described in action["inputs"].items()]
    outputs = [f"| `{name}` | {described['description']} |" for name, described in action["outputs"].items()]
    head = "### The action\n\n| input | default | what it is |\n| --- | --- | --- |"
    return "\n".join([head, *inputs, "\n| output | what it is |\n| --- | --- |", *outputs, ""])


def _input(name: str, described: Mapping[str, Json]) -> str:
    written = f"`{described['default']}`" if described.get("default") else ""
    default = "*required*" if described.get("required") else written
    return f"| `{name}` | {default} | {described['description']} |"
