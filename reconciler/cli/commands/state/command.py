"""The commands of `state`, and `force-unlock`: show, repair and copy the recorded state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.commands.state import migrate as migration
from reconciler.cli.commands.state import transfer
from reconciler.cli.console import confirm
from reconciler.cli.keys import WIDTH_MAX, check_known
from reconciler.cli.options import Key, example_epilog, format_option, lock_timeout_option, state_options
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import StateError
from reconciler.meeting.names import KEY, as_argument
from reconciler.state.history import Fact, Kind
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.state.state import State


@click.group(epilog=example_epilog("reconciler state list"))
def state() -> None:
    """Show and repair the recorded state."""


@state.command("list", epilog=example_epilog("reconciler state list"))
@format_option("state list")
@state_options
def list_all(workspace: Workspace, format_name: str) -> Exit:
    """List what is recorded.

    Lists every key with the id, host and next start of its meeting, every interrupted request (`?`), and
    replaced meetings that are still to be deleted.
    """
    recorded, _ = workspace.read_state()
    workspace.console.stdout.write(view("state list", format_name)(recorded, workspace.clock.now()))
    return Exit.DONE


@state.command(epilog=example_epilog("reconciler state show platform-weekly"))
@click.argument("key", type=Key())
@format_option("state show")
@state_options
def show(workspace: Workspace, key: str, format_name: str) -> Exit:
    """Show what is recorded for KEY.

    Shows its record, its interrupted request, and the meetings that it replaced.
    """
    recorded, _ = workspace.read_state()
    check_known(key, recorded, workspace.store.location)
    workspace.console.stdout.write(view("state show", format_name)(key, recorded, workspace.clock.now()))
    return Exit.DONE


@state.command(epilog=example_epilog("reconciler state mv platform-weekly platform-monday"))
@click.argument("from_key", type=Key(), metavar="FROM")
@click.argument("to_key", metavar="TO")
@format_option("state change")
@lock_timeout_option
@state_options
def mv(
    workspace: Workspace, from_key: str, to_key: str, format_name: str, lock_timeout_seconds: float
) -> Exit:
    """Rename the key FROM to TO.

    Moves its record, its interrupted request, and the meetings that it replaced. Zoom is not changed.
    """
    location = workspace.store.location
    if not KEY.fullmatch(to_key):
        raise StateError.of(
            "state.bad-key",
            detail=f"`{to_key[:WIDTH_MAX]}` has characters other than letters, digits, `.`, `_` and `-`. "
            "The state is unchanged.",
            hint="Name the key under which the meeting is declared, or will be.",
        )

    def move(recorded: State) -> State:
        check_known(from_key, recorded, location)
        if to_key in recorded.meetings or to_key in recorded.intents:
            detail = f"{location} has the key `{to_key}` already."
            show = f"`reconciler state show {as_argument(to_key)}`"
            hint = f"Name another key. {show} shows the meeting of this one."
            if from_key == to_key:
                detail, hint = f"`{to_key}` cannot be renamed to itself.", "Name another key."
            raise StateError.of("state.key-taken", detail=f"{detail} The state is unchanged.", hint=hint)
        return recorded.move(from_key, to_key)

    fact = Fact(Kind.MOVE, to_key, (from_key,))
    workspace.update_state("state mv", move, fact, timeout_seconds=lock_timeout_seconds)
    text = f"Moved {from_key} to {to_key}. Zoom was not changed; declare it as `{to_key}` from now on."
    document = {"moved": {"from": from_key, "to": to_key}}
    workspace.console.stdout.write(view("state change", format_name)(text, document))
    return Exit.DONE


@state.command(epilog=example_epilog("reconciler state rm platform-weekly"))
@click.argument("key", type=Key())
@format_option("state change")
@lock_timeout_option
@state_options
def rm(workspace: Workspace, key: str, format_name: str, lock_timeout_seconds: float) -> Exit:
    """Remove KEY from the state; its meeting stays in Zoom.

    Removes its record and its interrupted request.
    """

    def forget(recorded: State) -> State:
        check_known(key, recorded, workspace.store.location)
        return recorded.forget(key)

    fact = Fact(Kind.FORGET, key)
    after = workspace.update_state("state rm", forget, fact, timeout_seconds=lock_timeout_seconds)
    text = f"Forgot {key}. Zoom was not changed."
    replaced = [retired.id for retired in after.retired if retired.key == key]
    if replaced:
        text += f" Still to be deleted, since it was replaced: {', '.join(map(str, replaced))}."
    workspace.console.stdout.write(view("state change", format_name)(text, {"forgotten": key}))
    return Exit.DONE


@state.command(epilog=example_epilog("reconciler state lock"))
@format_option("state lock")
@state_options
def lock(workspace: Workspace, format_name: str) -> Exit:
    """Show the lock on the state.

    Shows its id, who holds it, for which operation, since when, and the URL of the CI job; or that the state
    is not locked.
    """
    info, location = workspace.store.holder(), workspace.store.location
    workspace.console.stdout.write(view("state lock", format_name)(location, info, workspace.clock.now()))
    return Exit.DONE


@state.command(epilog=example_epilog("reconciler state pull > kept.json"))
@state_options
def pull(workspace: Workspace) -> Exit:
    """Write the state to stdout.

    Writes it as it is, readable or not; only secrets that others wrote into Zoom are masked. Takes no lock.
    """
    return transfer.pull(workspace)


@state.command(
    epilog=example_epilog("reconciler state push kept.json", "reconciler state push --force - < kept.json")
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option(
    "--force",
    is_flag=True,
    help="Write it even if its lineage differs, it is older, or the recorded state is unreadable.",
)
@lock_timeout_option
@state_options
def push(workspace: Workspace, file: Path, **flags: Any) -> Exit:
    """Replace the state with FILE, or with stdin.

    Refuses a state of another lineage, an older one, and a different one with the same serial, and does not
    replace an unreadable state. With --force it is written as the newest, and requests that were used today
    stay used.
    """
    return transfer.push(workspace, file, **flags)


@state.command(epilog=example_epilog("reconciler state migrate --to s3://acme-ops/meetings.json"))
@click.option(
    "--to",
    "to",
    type=click.Path(),  # so that a shell completes files
    metavar="PATH_OR_URL",
    required=True,
    help="New location of the state.",
)
@lock_timeout_option
@state_options
def migrate(workspace: Workspace, to: str, lock_timeout_seconds: float) -> Exit:
    """Copy the state to another location.

    Locks both, writes the state, reads it back to compare, and prints what to change in reconciler.yaml. The
    old state is kept. Refuses a location with another state, or a newer one.
    """
    return migration.run(workspace, to, lock_timeout_seconds=lock_timeout_seconds)


@click.command(
    "force-unlock", epilog=example_epilog("reconciler force-unlock 7d3a0c52-4f0e-4c53-9a55-0d6f2c1b8e11")
)
@click.argument("lock_id", metavar="LOCK_ID")
@click.option("--force", is_flag=True, help="Do not ask for confirmation.")
@state_options
def force_unlock(workspace: Workspace, lock_id: str, force: bool) -> Exit:  # noqa: FBT001 - click
    """Release the lock of a run that is dead.

    LOCK_ID is shown by `state lock`, and by every message about a held lock. At a terminal, asks for
    confirmation. Locks in object storage and git expire by themselves within a minute.
    """
    console, location = workspace.console, workspace.store.location
    is_asked = not force and not console.is_ci and console.stdin.isatty()
    if is_asked and not confirm(console, f"Release the lock on {location}? A run that still holds it fails."):
        console.stderr.write("Force-unlock cancelled. The lock is still held.\n")
        return Exit.ERROR
    workspace.store.force_unlock(lock_id)
    console.stdout.write(
        f"Released the lock {lock_id} on {location}. The next apply looks up what its run had begun.\n"
    )
    return Exit.DONE
