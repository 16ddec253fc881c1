"""The verb that finds what exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.flags import FILE, example, surroundings

if TYPE_CHECKING:
    from reconciler.errors import Exit
    from reconciler.workspace import Workspace


@click.command(
    "import",
    epilog=example(
        "reconciler import --host platform@example.com --match '^Platform' --out meetings/platform.yaml"
    ),
)
@click.option("--host", "hosts", metavar="HOST", multiple=True, required=True,
              help="Whose meetings: an e-mail or a user id; repeatable.")  # fmt: skip
@click.option("--match", metavar="REGEX", help="Only topics in which this is found.")
@click.option("--out", type=FILE, help="Write to this file, which must not exist, instead of stdout.")
@surroundings
def import_(workspace: Workspace, **flags: Any) -> Exit:
    """Write what exists in Zoom as YAML.

    Reads the meetings of each HOST that are not recorded yet, as a person would have declared them, with
    the `imports` list by which apply records them. Records nothing and changes nothing.
    """
    from reconciler.verbs import import_ as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, verb.Wishes(**flags))
