"""Import of 200 meetings that somebody else made, at a shell: from Zoom to a spec, and back."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import foreign
import pytest
import sandbox_world
from listening import Requests
from varied import Zoom

from reconciler.sandbox.sandbox import Sandbox
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from pathlib import Path

    from shell import RunResult, Shell

pytestmark = pytest.mark.no_cover

COUNT = 200
MADE, NOW = "2026-12-01T09:00:00Z", "2026-12-22T09:00:00Z"
"""When they were made, and three weeks later, when some series have begun."""

AT = ("--sandbox", "--sandbox-now", NOW)
HOSTS = tuple(word for host in foreign.HOSTS for word in ("--host", host))
NOTHING = (0, "No changes. Compared with what was last applied; drift asks Zoom.")

ACCOUNT: dict[str, Any] = {
    "plan": "off",
    "daily_limit": 1000,
    "tracking_fields": ["Team", "Cost centre"],
    "registration_needs_start": False,
}
THEIRS: dict[str, Any] = {
    **ACCOUNT,
    "passcode_required": True,
    "safeguard_forced": True,
    "lists_reordered": True,
    "empty_agenda": True,
    "per_host": {"grace@example.com": {"locked_settings": {"waiting_room": True, "mute_upon_entry": True}}},
}


def account(folder: Path, now: str | None = None) -> sandbox_world.World:
    """Return the emulator of `folder`, to send requests to."""
    world = sandbox_world.World()
    sandbox = Sandbox.open(folder / ".reconciler" / "sandbox", now=now, real_now=lambda: datetime.now(UTC))
    world.app = sandbox.app
    return world


def stored(shell: Shell) -> dict[str, Any]:
    """What the account has under each key, without what differs in each copy."""
    world, now = account(shell.folder), datetime.fromisoformat(NOW)
    return {key: foreign.essence(world.read(number), now) for key, number in shell.ids().items()}


def test_two_hundred_foreign_meetings_are_taken_over_and_made_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    Zoom(shell.folder).switch(**THEIRS)
    foreign.fill(account(shell.folder, MADE), COUNT)
    shell.write("reconciler.yaml", "budget: {daily_limit: 1000, reserve: 0}\n")
    requests = Requests(monkeypatch)

    imported = shell("import", *AT, *HOSTS, "--out", "meetings.yaml")

    assert imported.err.startswith("200 meetings written. Nothing was recorded,")
    valid = shell("validate")
    assert (imported.status, valid.status, "error[" in valid.out) == (0, 0, False)

    recorded = apply(shell)

    assert (recorded.status, requests.changing()) == (0, {})
    assert (len(shell.ids()), planned(shell)) == (COUNT, NOTHING)

    theirs = stored(shell)
    without_imports(shell)
    shutil.rmtree(shell.folder / ".reconciler")
    Zoom(shell.folder).switch(**ACCOUNT)
    requests.clear()
    made = apply(shell)

    assert made.status == 0, made.out
    hosts = [host for host, _ in foreign.bodies(COUNT)]
    assert requests.changing() == {("POST", host): hosts.count(host) for host in foreign.HOSTS}
    assert stored(shell) == theirs
    assert planned(shell) == NOTHING


def apply(shell: Shell) -> RunResult:
    return shell("apply", *AT, "--auto-approve", "--pace", "1000")


def planned(shell: Shell) -> tuple[int, str]:
    """Status and last line; before it, some series are reported to end soon."""
    ran = shell("plan", *AT, "--detailed-exitcode")
    return ran.status, ran.out.splitlines()[-1]


def without_imports(shell: Shell) -> None:
    """Take the list out, which is the last of the file."""
    path = shell.folder / "meetings.yaml"
    kept, _, imports = path.read_text().partition("\nimports:\n")
    assert imports.count("to: ") == COUNT
    path.write_text(kept)
    parsed = spec.parse([Source("meetings.yaml", kept.encode())], Settings()).spec
    assert parsed is not None
    assert (len(parsed.meetings), parsed.imports) == (COUNT, ())
