"""`schema`: print a JSON Schema."""

from __future__ import annotations

import sys

import click

from reconciler.cli.options import SchemaName, example_epilog
from reconciler.errors.diagnostic import Exit


@click.command(epilog=example_epilog("reconciler schema meetings > meetings.schema.json"))
@click.argument("name", type=SchemaName(), default="meetings", metavar="[NAME]")
def schema(name: str) -> Exit:
    """Print a JSON Schema.

    NAME is `meetings` (specs), `reconciler` (settings), `state`, or a format that a verb prints: `plan`
    (drift too), `apply` (a line of its log), `validate`, `links`, `budget`, `state-list`, `state-show`,
    `state-lock`, `state-change` (mv and rm), `doctor`, `explain`.
    """
    from reconciler import resources  # noqa: PLC0415 - not for --help

    sys.stdout.write(resources.read(f"{name}.schema.json").decode())
    return Exit.DONE
