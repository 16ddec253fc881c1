"""The command `history`: what the last runs did, by the entries that the state keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.keys import unknown_key
from reconciler.cli.options import Key, example_epilog, format_option, state_options
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import StateError
from reconciler.errors.text import count_noun
from reconciler.state import history as entries
from reconciler.state.document import unreadable
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.workspace import Workspace
    from reconciler.state.history import Entry
    from reconciler.state.state import State


class Since(click.ParamType[timedelta | datetime]):
    """A day or an instant in UTC, or a time before now: `2026-12-01`, `2026-12-01T09:00:00Z`, `7d`, `12h`."""

    name = "since"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | datetime:
        """Return the instant, aware, or the time before now."""
        text = str(value)
        number, unit = text[:-1], text[-1:]
        try:
            if unit in {"d", "h"} and number.isdecimal():
                return timedelta(**{{"d": "days", "h": "hours"}[unit]: int(number)})
            instant = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is not a day such as 2026-12-01, an instant, or a time such as 7d.", param, ctx
            )
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@click.command(epilog=example_epilog("reconciler history board-monthly", "reconciler history --since 7d"))
@click.argument("keys", nargs=-1, type=Key(), metavar="[KEYS]...")
@click.option("--since", type=Since(), metavar="DAY|INSTANT|7d", help="Only runs since then.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most runs to show."
)
@format_option("history")
@state_options
def history(
    workspace: Workspace,
    keys: tuple[str, ...],
    since: timedelta | datetime | None,
    limit: int,
    format_name: str,
) -> Exit:
    """Show what was applied, when and by whom.

    Shows the last runs that changed something, the newest first: who, when, the CI job, the commit, what was
    done and what was left. KEYS, or globs, show what became of these meetings alone, also under the keys that
    they had before.
    """
    state, _ = workspace.read_state()
    past = _parsed(state, workspace.store.location)
    chosen = entries.about(past, _named(keys, state, past, workspace.store.location)) if keys else past
    if since is not None:
        chosen = [entry for entry in chosen if _is_since(entry, since, workspace.clock.now())]
    shown, holder = chosen[::-1][:limit], _holder(workspace, past)
    runs = [(entry, entry.status(holder)) for entry in shown]
    console = workspace.console
    unnamed = sum(bool(entry.more) for entry in past)
    if keys and unnamed:
        runs_words = count_noun(unnamed, "run")
        console.stderr.write(f"{runs_words} did more than an entry can name, perhaps with these keys too.\n")
    style = TextStyle(colour=console.colours(console.stdout, workspace.options))
    console.stdout.write(view("history", format_name)(runs, len(chosen) - len(shown), state, style))
    return Exit.DONE


def _is_since(entry: Entry, since: timedelta | datetime, now: datetime) -> bool:
    return now - entry.at <= since if isinstance(since, timedelta) else entry.at >= since


def _parsed(state: State, location: str) -> list[Entry]:
    try:
        return [entries.parse(entry) for entry in state.history]
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(
            location, f"A part of its history is missing or of the wrong kind: {error}."
        ) from error


def _named(keys: Sequence[str], state: State, past: Sequence[Entry], location: str) -> set[str]:
    """Return the keys of today that `keys`, keys or globs, mean. Raises `StateError` for an unknown one."""
    recorded = {*state.meetings, *state.intents}
    known = recorded | {fact.key for entry in past for fact in entry.facts} | entries.former_names(past)
    found = {key: [one for one in known if one == key or fnmatchcase(one, key)] for key in keys}
    unknown = [key for key, matched in found.items() if not matched]
    if unknown:
        raise StateError(*(unknown_key(key, known, location) for key in unknown))
    names = {one for matched in found.values() for one in matched}
    return {one if one in recorded else entries.named_now(past, one) for one in names}


def _holder(workspace: Workspace, past: Sequence[Entry]) -> str:
    """Return the id of the lock that is held now, if a run may still be going on; else an empty text."""
    if not past or not past[-1].open_count:
        return ""
    held = workspace.store.holder()
    return held.lock_id if held else ""
