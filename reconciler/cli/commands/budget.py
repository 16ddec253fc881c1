"""`budget`: used and left per host today; needs no credentials, since the state counts along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import views
from reconciler.budget import day_of
from reconciler.errors import Exit
from reconciler.plan import BudgetLine
from reconciler.state import host_key, ledger, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.budget import Allowances
    from reconciler.state import State
    from reconciler.workspace import Workspace


def run(workspace: Workspace, *, format_name: str) -> Exit:
    """Show what each host that is known may still send today."""
    state, _ = workspace.state()
    now = workspace.clock.now()
    found = lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    workspace.console.stdout.write(views.budget_view(format_name)(found, now))
    return Exit.DONE


def lines(
    state: State, named: Iterable[str], allowances: Allowances, now: datetime
) -> tuple[BudgetLine, ...]:
    """A line for each host of the settings (`named`), the records and today's ledger, by name."""
    day = day_of(now)
    spent = ledger(state, day)
    names: dict[str, str] = {}
    for name in sorted(dict.fromkeys((*named, *_hosts(state), *spent)), key=lambda name: "@" not in name):
        names.setdefault(host_key(state, name), name)
    rows = []
    for key, name in names.items():
        aliases = names_of(state, key)
        limits = allowances.of(*aliases)
        shown = next((alias for alias in (name, *aliases) if "@" in alias), name)
        rows.append(BudgetLine(shown, day, limits.daily, limits.kept, spent[key], planned=0))
    return tuple(sorted(rows, key=lambda row: row.host.casefold()))


def _hosts(state: State) -> Iterator[str]:
    yield from (record.host for record in state.meetings.values())
    yield from (intent.host for intent in state.intents.values())
    yield from (gone.host for gone in state.retired)
