"""`state lock` and `force-unlock`: who holds the state, and the end of a lock whose holder is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import views
from reconciler.errors import Exit
from reconciler.verbs.asking import says_yes

if TYPE_CHECKING:
    from reconciler.workspace import Workspace


def show(workspace: Workspace, *, format_name: str) -> Exit:
    """Show who holds the state, or that nobody does."""
    held, location = workspace.store.holder(), workspace.store.location
    workspace.console.stdout.write(views.held_view(format_name)(location, held, workspace.clock.now()))
    return Exit.DONE


def force_unlock(workspace: Workspace, lock_id: str, *, force: bool) -> Exit:
    """Free the lock `lock_id`. Raises `StateError` where it is not the one that holds.

    A person at a terminal is asked first: a run that still lives would be cut off.
    """
    console, location = workspace.console, workspace.store.location
    is_asked = not force and not console.is_ci and console.stdin.isatty()
    if is_asked and not says_yes(
        console, f"Free the lock on {location}? A run that still lives is cut off by that."
    ):
        console.stderr.write("Force-unlock cancelled. The lock stands.\n")
        return Exit.ERROR
    workspace.store.force_unlock(lock_id)
    console.stdout.write(
        f"Freed the lock {lock_id} on {location}. What its run had begun, the next apply looks up.\n"
    )
    return Exit.DONE
