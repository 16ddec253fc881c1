"""Keys as people name them: which ones are meant, and what to say where none is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, StateError
from reconciler.stray import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from reconciler.state import State

WIDTH_MAX = 80
"""Characters of a key that are shown of it."""


def check_known(key: str, state: State, location: str) -> None:
    """Raise `StateError` where `key` is neither recorded nor interrupted."""
    if key not in state.meetings and key not in state.intents:
        raise StateError(_unknown(key, {*state.meetings, *state.intents}, location))


def recorded(names: Sequence[str], state: State, location: str) -> tuple[str, ...]:
    """The recorded keys that `names` mean, keys or globs; all where none is named. Sorted.

    Raises `StateError` with each name that means none.
    """
    keys = sorted(state.meetings)
    found = {name: [key for key in keys if key == name or fnmatchcase(key, name)] for name in names}
    missing = [name for name, meant in found.items() if not meant]
    if missing:
        raise StateError(*(_unrecorded(name, state, location) for name in missing))
    return tuple(sorted({key for meant in found.values() for key in meant})) if names else tuple(keys)


def _unrecorded(name: str, state: State, location: str) -> Diagnostic:
    if name not in state.intents:
        return _unknown(name, state.meetings, location)
    return Diagnostic(
        code="state.interrupted-key",
        summary="Nobody knows yet whether this meeting exists",
        detail=f"The {state.intents[name].action} of `{name}` was interrupted: {location} has no id for it.",
        hint="`reconciler apply` looks up what became of it.",
    )


def _unknown(name: str, known: Collection[str], location: str) -> Diagnostic:
    shown = name[:WIDTH_MAX]
    is_glob = not set("*?[").isdisjoint(name)
    near = nearest(name, tuple(sorted(known)))
    return Diagnostic(
        code="state.unknown-key",
        summary="The state knows no key like this" if is_glob else "The state does not know this key",
        detail=f"`{shown}` is neither recorded nor interrupted in {location}.",
        hint=f"Did you mean `{near}`?" if near else "`reconciler state list` shows every key.",
    )
