"""The verbs of `state`: what is recorded, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.flags import example, formats, surroundings
from reconciler.cli.keys import Key

if TYPE_CHECKING:
    from reconciler.errors import Exit
    from reconciler.workspace import Workspace


@click.group(epilog=example("reconciler state list"))
def state() -> None:
    """Look at what is recorded, and mend it."""


@state.command("list", epilog=example("reconciler state list"))
@formats("text", "json")
@surroundings
def list_all(workspace: Workspace, format_name: str) -> Exit:
    """List what is recorded.

    Every key with its meeting's id, host and next start, every interrupted request (`?`), and what
    was replaced and is still to be ended.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.list_all(workspace, format_name=format_name)


@state.command(epilog=example("reconciler state show platform-weekly"))
@click.argument("key", type=Key())
@formats("text", "json")
@surroundings
def show(workspace: Workspace, key: str, format_name: str) -> Exit:
    """Show what is recorded of KEY.

    Its record, its interrupted request, and what it replaced.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.show(workspace, key, format_name=format_name)


@state.command(epilog=example("reconciler state mv platform-weekly platform-monday"))
@click.argument("from_key", type=Key(), metavar="FROM")
@click.argument("to_key", metavar="TO")
@formats("text", "json")
@surroundings
def mv(workspace: Workspace, from_key: str, to_key: str, format_name: str) -> Exit:
    """Give the meeting of FROM the key TO.

    Its record, its interrupted request, and what it replaced. Zoom is not touched.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.move(workspace, from_key, to_key, format_name=format_name)


@state.command(epilog=example("reconciler state rm platform-weekly"))
@click.argument("key", type=Key())
@formats("text", "json")
@surroundings
def rm(workspace: Workspace, key: str, format_name: str) -> Exit:
    """Forget KEY; Zoom is not touched.

    Drops its record and its interrupted request.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.remove(workspace, key, format_name=format_name)
