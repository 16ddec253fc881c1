"""The verbs of `state`: what is recorded, where, under whose lock, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.flags import example, formats, lock_timeout, surroundings
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
@lock_timeout
@surroundings
def mv(workspace: Workspace, from_key: str, to_key: str, **flags: Any) -> Exit:
    """Give the meeting of FROM the key TO.

    Its record, its interrupted request, and what it replaced. Zoom is not touched.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.move(workspace, from_key, to_key, **flags)


@state.command(epilog=example("reconciler state rm platform-weekly"))
@click.argument("key", type=Key())
@formats("text", "json")
@lock_timeout
@surroundings
def rm(workspace: Workspace, key: str, **flags: Any) -> Exit:
    """Forget KEY; Zoom is not touched.

    Drops its record and its interrupted request.
    """
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.remove(workspace, key, **flags)


@state.command(epilog=example("reconciler state lock"))
@formats("text", "json")
@surroundings
def lock(workspace: Workspace, format_name: str) -> Exit:
    """Show who holds the state.

    The ID, who, what for, since when, and the page of the CI job; or that nobody does.
    """
    from reconciler.verbs import locks as verb  # noqa: PLC0415 - not for --help

    return verb.show(workspace, format_name=format_name)


@state.command(epilog=example("reconciler state pull > kept.json"))
@surroundings
def pull(workspace: Workspace) -> Exit:
    """Write the state to stdout.

    Byte for byte as it stands, be it readable or not. Takes no lock.
    """
    from reconciler.verbs import transfer as verb  # noqa: PLC0415 - not for --help

    return verb.pull(workspace)


@state.command(
    epilog=example("reconciler state push kept.json", "reconciler state push --force - < kept.json")
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option(
    "--force",
    is_flag=True,
    help="Even where it is of another lineage, or older, or what stands there cannot be read.",
)
@lock_timeout
@surroundings
def push(workspace: Workspace, file: Path, **flags: Any) -> Exit:
    """Put FILE, or stdin, in the place of the state.

    Refuses a state of another lineage, an older one, and another one of the same serial, and does not
    replace what cannot be read. With --force it is written as the newest, and requests that were used
    today stay used.
    """
    from reconciler.verbs import transfer as verb  # noqa: PLC0415 - not for --help

    return verb.push(workspace, file, **flags)


@state.command(epilog=example("reconciler state migrate --to s3://acme-ops/meetings.json"))
@click.option(
    "--to",
    "to",
    type=click.Path(),  # so that a shell offers files
    metavar="PATH_OR_URL",
    required=True,
    help="Where the state is to live.",
)
@lock_timeout
@surroundings
def migrate(workspace: Workspace, to: str, lock_timeout_seconds: float) -> Exit:
    """Copy the state to another place.

    Locks both, writes, reads back and compares, and tells what to change in reconciler.yaml. The old one
    is left as it is. Refuses a place with another state, or a newer one.
    """
    from reconciler.verbs import migrate as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, to, lock_timeout_seconds=lock_timeout_seconds)


@click.command("force-unlock", epilog=example("reconciler force-unlock 7d3a0c52-4f0e-4c53-9a55-0d6f2c1b8e11"))
@click.argument("lock_id", metavar="LOCK_ID")
@click.option("--force", is_flag=True, help="Ask nobody.")
@surroundings
def force_unlock(workspace: Workspace, lock_id: str, force: bool) -> Exit:  # noqa: FBT001 - click
    """Free the lock of a run that is dead.

    LOCK_ID is shown by `state lock`, and by every message about a held lock. At a terminal it is asked
    first. Locks in object storage and git run out by themselves within a minute.
    """
    from reconciler.verbs import locks as verb  # noqa: PLC0415 - not for --help

    return verb.force_unlock(workspace, lock_id, force=force)
