"""What people do next to the runs: edits and deletions in Zoom's own page, and the commands of `state`.

It has a chance of its own, so that a history without them stays the one that its seed always made.
"""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import TYPE_CHECKING

from builders import imported
from msgspec.structs import replace

from reconciler.cli.commands.state import transfer
from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.workspace import Workspace
from reconciler.errors.exceptions import StateError
from reconciler.plan.change import Action
from reconciler.state import document as state_document
from reconciler.state.history import Fact, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.meeting.meeting import Meeting
    from reconciler.ports import Store
    from reconciler.state.state import Record
    from simulator.hands import Mandate
    from simulator.network import Zoom
    from simulator.process import Process
    from simulator.team import Team
    from simulator.watch import Watch


class People:
    """Those of a team who have Zoom's page and a terminal open; most histories are without them.

    `clicks` says whether they edit in Zoom: then runs are with `--refresh`, which alone sees it. `commands`
    says whether they use `state mv`, `rm` and `push`. `store` opens the store from a process of theirs.
    """

    def __init__(
        self, seed: int, team: Team, zoom: Zoom, watch: Watch, store: Callable[[Process], Store]
    ) -> None:
        self.chance = chance = random.Random(f"people {seed}")
        self.clicks = chance.random() < 0.2
        self.commands = chance.random() < 0.2
        self._team = team
        self._zoom = zoom
        self._watch = watch
        watch.is_refreshed = watch.chronicle.follows_hosts = self.clicks
        self._store = store
        self._name = ""
        """Whose process it is that gives a command."""
        self._kept: bytes | None = None
        """A state that somebody pulled, and will push."""

    def asked_for(self, mandate: Mandate) -> Mandate:
        """The same, read anew from Zoom where somebody clicks there; what was looked at stays as it was."""
        if not self.clicks or mandate.plan is not None or self.chance.random() < 0.5:
            return mandate
        return replace(mandate, options=replace(mandate.options, refresh=True))

    # In Zoom's page

    def click(self) -> Iterator[str]:
        """Edit some meetings in Zoom, or delete them: none of which a request is open."""
        if not self.clicks:
            return
        for key, record in sorted(self._watch.state.meetings.items()):
            if self.chance.random() < 0.25 and self._is_quiet(key, record):
                yield f"somebody {self._click(key, record)} {key} in Zoom"

    def _click(self, key: str, record: Record) -> str:
        topic = self._team.declared[key].topic
        declared = [name for name in ("agenda", "settings") if name in record.attributes]
        edit = self.chance.choice([*declared, *declared, "delete"])  # what is not declared is nobody's
        if edit == "delete":
            self._team.lives[topic] += 1
            self._zoom.delete(record.id)
            return "deletes"
        stored = self._zoom.account.meeting(record.id)
        assert stored is not None
        document = stored.document
        if edit == "agenda":
            changed = {**document, "agenda": f"by hand {self.chance.randrange(100)}"}
        else:
            settings = {**document["settings"], "waiting_room": not document["settings"]["waiting_room"]}
            changed = {**document, "settings": settings}
        self._zoom.account.put(replace(stored, document=changed))
        return f"changes the {edit} of"

    def _is_quiet(self, key: str, record: Record) -> bool:
        """Whether it is declared under this key, lives, and no request of it is open."""
        one = self._team.declared.get(key)
        lines = {line.to_key for line in self._team.moved} | {line.to for line in self._team.imports}
        is_there = self._zoom.has(record.id)
        return is_there and one is not None and key not in lines and not self._watch.state.intents

    # At a terminal

    def command(self, process: Process) -> str | None:
        """One command of `state`, and the pull request that belongs to it; what was done, if anything."""
        edits = (self._move, self._forget, self._pull, self._push)
        self._name = process.name
        try:
            return self.chance.choice(edits)(self._workspace(process))
        except StateError as error:
            return f"state command: {error.diagnostic.code}"

    def _move(self, workspace: Workspace) -> str | None:
        """`state mv`, and another key in the spec instead of a `moved` line."""
        one = self._one()
        if one is None:
            return None
        key = self._new_key(one)
        try:
            fact = Fact(Kind.MOVE, key, (one.key,))
            workspace.update_state("state mv", lambda state: state.move(one.key, key), fact)
        finally:  # an answer may be lost
            self._follow(one, key)
        return f"state mv {one.key} {key}"

    def _forget(self, workspace: Workspace) -> str | None:
        """`state rm`, and a line that imports the meeting again, or leaves it in Zoom for good."""
        one = self._one()
        if one is None or not self._is_settled(one):
            return None
        number = self._watch.state.meetings[one.key].id
        self._watch.let_go.add(number)
        try:
            fact = Fact(Kind.FORGET, one.key)
            workspace.update_state("state rm", lambda state: state.forget(one.key), fact)
        finally:
            if one.key not in self._watch.state.meetings:
                self._team.imports = (*self._team.imports, imported(number, one.key))
        return f"state rm {one.key}"

    def _pull(self, workspace: Workspace) -> str | None:
        """`state pull`: it is kept until somebody pushes it."""
        snapshot = workspace.store.read()
        self._kept = snapshot.document if snapshot else None
        return "state pull"

    def _push(self, workspace: Workspace) -> str | None:
        """`state push` of what was pulled, with another key in it: refused where more was recorded since."""
        one = self._one()
        if one is None or self._kept is None:
            return None
        kept, self._kept = state_document.decode(self._kept, "kept"), None
        key = self._new_key(one)
        if one.key not in kept.meetings:
            return None
        workspace.console.stdin.buffer.write(state_document.encode(kept.move(one.key, key).written()))
        workspace.console.stdin.buffer.seek(0)
        self._watch.pushes.add(self._name)
        try:
            transfer.push(workspace, Path("-"), force=False, lock_timeout_seconds=0)
        finally:
            self._follow(one, key)
        return f"state push with {key}"

    def _follow(self, one: Meeting, key: str) -> None:
        """Declare it by the key that the state has now."""
        if key in {*self._watch.state.meetings, *self._watch.state.intents}:
            self._team.declared.pop(one.key)
            self._team.declared[key] = replace(one, key=key)

    def _one(self) -> Meeting | None:
        """Any that is recorded under the key by which it is declared, with no line about it."""
        records = sorted(self._watch.state.meetings.items())
        found = [self._team.declared[key] for key, record in records if self._is_known(key, record)]
        return self.chance.choice(found) if found else None

    def _is_known(self, key: str, record: Record) -> bool:
        lines = {line.to_key for line in self._team.moved} | {line.to for line in self._team.imports}
        is_there = self._zoom.has(record.id)
        return key in self._team.declared and key not in lines and is_there

    def _is_settled(self, one: Meeting) -> bool:
        """Whether an import finds what is declared."""
        plan = self._team.plan(self._watch.state, self._watch.now())
        step = next(step for step in plan.steps if step.key == one.key)
        return step.action is Action.KEEP and one.key not in self._watch.state.intents

    def _new_key(self, one: Meeting) -> str:
        return f"{one.key.partition('-')[0]}-s{self.chance.randrange(10**6):06}"

    def _workspace(self, process: Process) -> Workspace:
        streams = io.TextIOWrapper(io.BytesIO()), io.StringIO(), io.StringIO()
        workspace = Workspace(Path(), Console(*streams, environ={}), GlobalOptions())
        workspace.store = self._store(process)
        return workspace
