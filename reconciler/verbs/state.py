"""`state`: look at what is recorded, and mend it under the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import statefile
from reconciler.errors import Diagnostic, Exit, StateError

if TYPE_CHECKING:
    from reconciler.workspace import Workspace


def list_all(workspace: Workspace) -> Exit:
    """Print a line for each recorded key and each interrupted request, by key."""
    state, _ = workspace.state()
    lines = [f"{key}  {record.id}  {record.host}" for key, record in sorted(state.meetings.items())]
    lines += [
        f"{key}  ?  {intent.host}  an interrupted {intent.action}, begun {intent.begun_at}"
        for key, intent in sorted(state.intents.items())
    ]
    workspace.console.stdout.write("".join(f"{line}\n" for line in lines))
    return Exit.DONE


def remove(workspace: Workspace, key: str) -> Exit:
    """Forget `key`. Raises `StateError` where the state does not know it."""
    lease = workspace.store.lock("state rm", timeout_seconds=0)
    try:
        state, version = workspace.state()
        if key not in state.meetings and key not in state.intents:
            raise StateError(
                Diagnostic(
                    code="state.unknown-key",
                    summary="The state does not know this key",
                    detail=f"`{key[:80]}` is neither recorded nor interrupted in {workspace.store.location}.",
                    hint="`reconciler state list` shows every key.",
                )
            )
        workspace.store.write(statefile.encode(state.forget(key).written()), replaces=version)
    finally:
        lease.release()
    workspace.console.stdout.write(f"Forgot {key}. Zoom was not touched.\n")
    return Exit.DONE
