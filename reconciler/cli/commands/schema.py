"""The command `schema`: a JSON Schema of the specs, the settings, the state or an output."""

from __future__ import annotations

import sys

import click

from reconciler import resources
from reconciler.cli.options import SchemaName, example_epilog
from reconciler.errors.diagnostic import Exit


@click.command(epilog=example_epilog("reconciler schema meetings > meetings.schema.json"))
@click.argument("name", type=SchemaName(), default="meetings", metavar="[NAME]")
def schema(name: str) -> Exit:
    """Print a JSON Schema.

    NAME is `meetings` (specs), `reconciler` (settings), `policies`, `state`, or a format that a command
    prints: `plan` (drift too), `apply` (a line of its log), `validate`, `calendar`, `links`, `budget`,
    `history`, `state-list`, `state-show`, `state-lock`, `state-change` (mv and rm), `doctor`, `explain`.
    """
    sys.stdout.write(resources.read(f"{name}.schema.json").decode())
    return Exit.DONE
