"""`state`: look at what is recorded, and mend it under the lock. No request is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import views
from reconciler.errors import Diagnostic, Exit, StateError
from reconciler.spec_file import KEY
from reconciler.verbs.keys import WIDTH_MAX, check_known
from reconciler.views import json
from reconciler.views.json import FORMAT_VERSION

if TYPE_CHECKING:
    from reconciler.fields import Json
    from reconciler.state import State
    from reconciler.workspace import Workspace


def list_all(workspace: Workspace, *, format_name: str) -> Exit:
    """Show every recorded key, interrupted request and retired meeting."""
    state, _ = workspace.state()
    workspace.console.stdout.write(views.listed_view(format_name)(state, workspace.clock.now()))
    return Exit.DONE


def show(workspace: Workspace, key: str, *, format_name: str) -> Exit:
    """Show all that stands under `key`. Raises `StateError` where the state does not know it."""
    state, _ = workspace.state()
    check_known(key, state, workspace.store.location)
    workspace.console.stdout.write(views.shown_view(format_name)(key, state, workspace.clock.now()))
    return Exit.DONE


def move(
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


def remove(workspace: Workspace, key: str, *, format_name: str, lock_timeout_seconds: float) -> Exit:
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
    shown = (
        f"{told}\n" if format_name == "text" else json.line({"format_version": FORMAT_VERSION, **document})
    )
    workspace.console.stdout.write(shown)
    return Exit.DONE


def _bad_key(key: str) -> Diagnostic:
    return Diagnostic(
        code="state.bad-key",
        summary="A meeting cannot have this key",
        detail=f"`{key[:WIDTH_MAX]}` has more in it than letters, digits, `.`, `_` and `-`. "
        "The state is as it was.",
        hint="Name the key under which the meeting is declared, or will be.",
    )


def _taken(from_key: str, to_key: str, location: str) -> Diagnostic:
    same = from_key == to_key
    return Diagnostic(
        code="state.key-taken",
        summary="A key cannot be moved to itself" if same else "The key has a meeting already",
        detail=f"{location} knows `{to_key}` already. The state is as it was.",
        hint="Name another key."
        if same
        else f"Name another key, or see with `reconciler state show {to_key}` what is there.",
    )
