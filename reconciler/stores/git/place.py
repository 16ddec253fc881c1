"""The state on a branch of the specs' own git remote: `git:BRANCH`.

An orphan branch holds the state, the lock, and one commit for each write. A push that names the
commit it replaces is git's compare-and-swap. A version is the object of one document alone, so
that the lock's renewal does not change the state's.

The same bytes are the same object, whenever they were written. For the state that is harmless,
since its serial grows, and where a person pushes an old one back, it is the old one that stands.
Each claim of the lock tells its holder and an instant. Only the lock that nobody holds is always
the same: who replaces it knows that nobody holds it now, whatever was in between.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import replace_control
from reconciler.ports import Snapshot
from reconciler.stores.git import _checkout as git_checkout
from reconciler.stores.git import _errors as answers
from reconciler.stores.git._branch import Branch
from reconciler.stores.git._errors import PushOutcome
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.leased.store import LeasedStore

if TYPE_CHECKING:
    from reconciler.stores.git._branch import Tip
    from reconciler.stores.options import StoreOptions


FILES = {STATE: "state.json", LOCK: "lock.json"}

GATHER_SECONDS = 1.0
"""A push takes about a second, so as much is worth waiting for company."""

TRIES_MAX = 4
"""How often a push is sent that others came before with another document."""

PAUSE_SECONDS = 0.2
"""How long to wait for somebody who is writing the branch right now."""

BRANCH = re.compile(r"(?!.*(\.\.|//|/\.|\.lock(/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]*(?<![./])")
"""The names that are taken: of git's, those without characters that a shell or a terminal minds."""


def open_git(address: str, surroundings: StoreOptions) -> LeasedStore:
    """The store at `git:BRANCH`. Raises `SettingsError` for a name that no branch can have."""
    name = address.removeprefix("git:")
    if not BRANCH.fullmatch(name) or name == "HEAD":
        raise _bad_name(name)
    return LeasedStore(GitPlace(name, surroundings), surroundings)


class GitPlace:
    """A `Place` on a branch of the remote of the checkout we are in."""

    def __init__(self, name: str, surroundings: StoreOptions) -> None:
        self._name = name
        self._surroundings = surroundings
        self._mutex = threading.Lock()  # the lease is renewed in another thread
        self._opened: Branch | None = None
        self._tip: Tip | None = None
        """The branch as it was last seen; None: not yet."""

    @property
    def location(self) -> str:
        """As it was given: the branch; the remote is the checkout's."""
        return f"git:{self._name}"

    @property
    def gather_seconds(self) -> float:
        """As long as a push."""
        return GATHER_SECONDS

    def get(self, name: str) -> Snapshot | None:
        """The newest document: the branch is fetched each time. No right to write is needed."""
        with self._mutex:
            version = self._look().version(FILES[name])
            return Snapshot(self._branch.read(version), version) if version else None

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Push it in the place of version `replaces`, on top of whatever else was written meanwhile."""
        with self._mutex:
            for _ in range(TRIES_MAX):
                onto = self._standing(name, replaces)
                fresh = self._branch.commit(onto, FILES[name], document, note)
                if self._is_pushed(fresh, onto):
                    return str(fresh.version(FILES[name]))
                self._surroundings.wait(PAUSE_SECONDS)
                self._look()
            raise answers.busy(self._branch.where)

    def check(self) -> None:
        """Nothing: a push compares and swaps by git's protocol, and taking the lock shows the right to."""

    @property
    def _branch(self) -> Branch:
        if self._opened is None:
            ours = self._surroundings
            checkout = git_checkout.find(ours.folder, ours.environ)
            if self._name in checkout.own_branches:
                raise answers.own_branch(self._name)
            self._opened = Branch(self._name, checkout, ours.environ, ours.wait)
        return self._opened

    def _look(self) -> Tip:
        self._tip = None
        tip = self._branch.fetch()
        if tip.entries and tip.entries.keys().isdisjoint(FILES.values()):
            raise answers.foreign(self._branch.where, tuple(sorted(tip.entries)))
        self._tip = tip
        return tip

    def _standing(self, name: str, replaces: str | None) -> Tip:
        """The branch with that version on it. Raises `ConflictError` where another one stands there."""
        seen = self._tip
        if seen is None or seen.version(FILES[name]) != replaces:
            seen = self._look()  # what we remember may be old
        if seen.version(FILES[name]) != replaces:
            raise answers.conflict(self._branch.where)
        return seen

    def _is_pushed(self, fresh: Tip, onto: Tip) -> bool:
        pushed = self._branch.push(fresh, onto=onto)
        match pushed.outcome:
            case PushOutcome.DONE:
                self._tip = fresh
            case PushOutcome.NEVER_SENT:
                raise answers.unreachable(self._branch.where, pushed.words)
            case PushOutcome.UNANSWERED:
                raise answers.push_unconfirmed(self._branch.where, pushed.words)
            case PushOutcome.REFUSED if self._look() == onto:
                raise answers.refused(self._branch.where, pushed.words)
            case PushOutcome.REFUSED | PushOutcome.CONTENDED:
                return False
        return True


def _bad_name(name: str) -> SettingsError:
    return SettingsError.of(
        "state.bad-address",
        detail=f"`git:{replace_control(name[:100])}` must be "
        "`git:` and the name of a branch: letters, digits, `.`, `_`, `-`, `+`, `/`.",
        hint="Write git:reconciler-state.",
    )
