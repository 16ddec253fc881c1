"""The verbs of `state`: what is recorded, where, under whose lock, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.console import confirm
from reconciler.cli.keys import WIDTH_MAX, check_known
from reconciler.cli.options import Key, example_epilog, format_option, lock_timeout_option, state_options
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import StateError
from reconciler.meeting.names import KEY
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Json
    from reconciler.state.state import State


@click.group(epilog=example_epilog("reconciler state list"))
def state() -> None:
    """Look at what is recorded, and mend it."""


@state.command("list", epilog=example_epilog("reconciler state list"))
@format_option("state list")
@state_options
def list_all(workspace: Workspace, format_name: str) -> Exit:
    """List what is recorded.

    Every key with its meeting's id, host and next start, every interrupted request (`?`), and what
    was replaced and is still to be ended.
    """
    return show_records(workspace, format_name=format_name)


@state.command(epilog=example_epilog("reconciler state show platform-weekly"))
@click.argument("key", type=Key())
@format_option("state show")
@state_options
def show(workspace: Workspace, key: str, format_name: str) -> Exit:
    """Show what is recorded of KEY.

    Its record, its interrupted request, and what it replaced.
    """
    return show_record(workspace, key, format_name=format_name)


@state.command(epilog=example_epilog("reconciler state mv platform-weekly platform-monday"))
@click.argument("from_key", type=Key(), metavar="FROM")
@click.argument("to_key", metavar="TO")
@format_option("state change")
@lock_timeout_option
@state_options
def mv(workspace: Workspace, from_key: str, to_key: str, **flags: Any) -> Exit:
    """Give the meeting of FROM the key TO.

    Its record, its interrupted request, and what it replaced. Zoom is not touched.
    """
    return move_record(workspace, from_key, to_key, **flags)


@state.command(epilog=example_epilog("reconciler state rm platform-weekly"))
@click.argument("key", type=Key())
@format_option("state change")
@lock_timeout_option
@state_options
def rm(workspace: Workspace, key: str, **flags: Any) -> Exit:
    """Forget KEY; Zoom is not touched.

    Drops its record and its interrupted request.
    """
    return remove_record(workspace, key, **flags)


@state.command(epilog=example_epilog("reconciler state lock"))
@format_option("state lock")
@state_options
def lock(workspace: Workspace, format_name: str) -> Exit:
    """Show who holds the state.

    The ID, who, what for, since when, and the page of the CI job; or that nobody does.
    """
    return show_lock(workspace, format_name=format_name)


@state.command(epilog=example_epilog("reconciler state pull > kept.json"))
@state_options
def pull(workspace: Workspace) -> Exit:
    """Write the state to stdout.

    Byte for byte as it stands, be it readable or not. Takes no lock.
    """
    from reconciler.cli.commands.state import transfer as verb  # noqa: PLC0415 - not for --help

    return verb.pull(workspace)


@state.command(
    epilog=example_epilog("reconciler state push kept.json", "reconciler state push --force - < kept.json")
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@click.option(
    "--force",
    is_flag=True,
    help="Even where it is of another lineage, or older, or what stands there cannot be read.",
)
@lock_timeout_option
@state_options
def push(workspace: Workspace, file: Path, **flags: Any) -> Exit:
    """Put FILE, or stdin, in the place of the state.

    Refuses a state of another lineage, an older one, and another one of the same serial, and does not
    replace what cannot be read. With --force it is written as the newest, and requests that were used
    today stay used.
    """
    from reconciler.cli.commands.state import transfer as verb  # noqa: PLC0415 - not for --help

    return verb.push(workspace, file, **flags)


@state.command(epilog=example_epilog("reconciler state migrate --to s3://acme-ops/meetings.json"))
@click.option(
    "--to",
    "to",
    type=click.Path(),  # so that a shell offers files
    metavar="PATH_OR_URL",
    required=True,
    help="Where the state is to live.",
)
@lock_timeout_option
@state_options
def migrate(workspace: Workspace, to: str, lock_timeout_seconds: float) -> Exit:
    """Copy the state to another place.

    Locks both, writes, reads back and compares, and tells what to change in reconciler.yaml. The old one
    is left as it is. Refuses a place with another state, or a newer one.
    """
    from reconciler.cli.commands.state import migrate as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, to, lock_timeout_seconds=lock_timeout_seconds)


@click.command(
    "force-unlock", epilog=example_epilog("reconciler force-unlock 7d3a0c52-4f0e-4c53-9a55-0d6f2c1b8e11")
)
@click.argument("lock_id", metavar="LOCK_ID")
@click.option("--force", is_flag=True, help="Ask nobody.")
@state_options
def force_unlock(workspace: Workspace, lock_id: str, force: bool) -> Exit:  # noqa: FBT001 - click
    """Free the lock of a run that is dead.

    LOCK_ID is shown by `state lock`, and by every message about a held lock. At a terminal it is asked
    first. Locks in object storage and git run out by themselves within a minute.
    """
    return release_lock(workspace, lock_id, force=force)


def show_lock(workspace: Workspace, *, format_name: str) -> Exit:
    """Show who holds the state, or that nobody does."""
    held, location = workspace.store.holder(), workspace.store.location
    workspace.console.stdout.write(view("state lock", format_name)(location, held, workspace.clock.now()))
    return Exit.DONE


def release_lock(workspace: Workspace, lock_id: str, *, force: bool) -> Exit:
    """Free the lock `lock_id`. Raises `StateError` where it is not the one that holds.

    A person at a terminal is asked first: a run that still lives would be cut off.
    """
    console, location = workspace.console, workspace.store.location
    is_asked = not force and not console.is_ci and console.stdin.isatty()
    if is_asked and not confirm(
        console, f"Free the lock on {location}? A run that still lives is cut off by that."
    ):
        console.stderr.write("Force-unlock cancelled. The lock stands.\n")
        return Exit.ERROR
    workspace.store.force_unlock(lock_id)
    console.stdout.write(
        f"Freed the lock {lock_id} on {location}. What its run had begun, the next apply looks up.\n"
    )
    return Exit.DONE


def show_records(workspace: Workspace, *, format_name: str) -> Exit:
    """Show every recorded key, interrupted request and retired meeting."""
    state, _ = workspace.state()
    workspace.console.stdout.write(view("state list", format_name)(state, workspace.clock.now()))
    return Exit.DONE


def show_record(workspace: Workspace, key: str, *, format_name: str) -> Exit:
    """Show all that stands under `key`. Raises `StateError` where the state does not know it."""
    state, _ = workspace.state()
    check_known(key, state, workspace.store.location)
    workspace.console.stdout.write(view("state show", format_name)(key, state, workspace.clock.now()))
    return Exit.DONE


def move_record(
    workspace: Workspace, from_key: str, to_key: str, *, format_name: str, lock_timeout_seconds: float
) -> Exit:
    """Let `to_key` have all that stands under `from_key`. Raises `StateError` where it cannot."""
    location = workspace.store.location
    if not KEY.fullmatch(to_key):
        raise StateError(_bad_key(to_key))

    def moved(state: State) -> State:
        check_known(from_key, state, location)
        if to_key in state.meetings or to_key in state.intents:
            raise StateError(_taken(from_key, to_key, location))
        return state.move(from_key, to_key)

    workspace.rewrite("state mv", moved, timeout_seconds=lock_timeout_seconds)
    told = f"Moved {from_key} to {to_key}. Zoom was not touched; declare it as `{to_key}` from now on."
    return _done(workspace, format_name, told, {"moved": {"from": from_key, "to": to_key}})


def remove_record(workspace: Workspace, key: str, *, format_name: str, lock_timeout_seconds: float) -> Exit:
    """Forget `key`. Raises `StateError` where the state does not know it."""

    def forgotten(state: State) -> State:
        check_known(key, state, workspace.store.location)
        return state.forget(key)

    after = workspace.rewrite("state rm", forgotten, timeout_seconds=lock_timeout_seconds)
    told = f"Forgot {key}. Zoom was not touched."
    replaced = [gone.id for gone in after.retired if gone.key == key]
    if replaced:
        told += f" Still to be ended, since it was replaced: {', '.join(map(str, replaced))}."
    return _done(workspace, format_name, told, {"forgotten": key})


def _done(workspace: Workspace, format_name: str, told: str, document: dict[str, Json]) -> Exit:
    workspace.console.stdout.write(view("state change", format_name)(told, document))
    return Exit.DONE


def _bad_key(key: str) -> Diagnostic:
    return Diagnostic(
        code="state.bad-key",
        detail=f"`{key[:WIDTH_MAX]}` has more in it than letters, digits, `.`, `_` and `-`. "
        "The state is as it was.",
        hint="Name the key under which the meeting is declared, or will be.",
    )


def _taken(from_key: str, to_key: str, location: str) -> Diagnostic:
    same = from_key == to_key
    return Diagnostic(
        code="state.key-taken",
        detail=f"{location} knows `{to_key}` already. The state is as it was.",
        hint="Name another key."
        if same
        else f"Name another key, or see with `reconciler state show {to_key}` what is there.",
    )
