"""The state on a branch of the specs' own git remote: `git:BRANCH`, or `git:REMOTE:BRANCH`.

An orphan branch holds the state, the lock, and one commit for each write. A push that names the
commit that it replaces is git's compare-and-swap. A version is the object of one document, so that
a renewal of the lock does not change the version of the state.

Equal bytes are the same object, whenever they were written. That is harmless for the state, since
its serial grows; if a person pushes an old state back, the old state is the current one. Each
request for the lock names its holder and an instant. Only the free lock always has the same
version: a run that replaces it knows that nobody holds the lock now, whatever happened in between.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.errors.redact import redact_addresses
from reconciler.errors.text import replace_control
from reconciler.ports import Snapshot
from reconciler.stores import errors
from reconciler.stores.errors import ConflictError
from reconciler.stores.git import _checkout, _errors
from reconciler.stores.git._branch import Branch
from reconciler.stores.git._errors import OWN_BRANCH, PushOutcome
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.leased.store import LeasedStore

if TYPE_CHECKING:
    from reconciler.stores.git._branch import Tip
    from reconciler.stores.options import StoreOptions


FILES = {STATE: "state.json", LOCK: "lock.json"}

GATHER_SECONDS = 1.0
"""A push takes about a second, so it is worth waiting as long for others."""

TRIES_MAX = 4
"""Most attempts of a push if others push another document first."""

PAUSE_SECONDS = 0.2
"""Pause while somebody else is writing the branch."""

BRANCH = re.compile(r"(?!.*(\.\.|//|/\.|\.lock(/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]*(?<![./])")
"""Accepted names: those of git without characters that are special to a shell or a terminal."""


def open_git(address: str, options: StoreOptions) -> LeasedStore:
    """Return the store at `git:BRANCH` or `git:REMOTE:BRANCH`.

    Raises `SettingsError` for a name that no branch or remote can have.
    """
    remote, _, name = address.removeprefix("git:").rpartition(":")
    valid = BRANCH.fullmatch(name) and name != "HEAD" and (not remote or BRANCH.fullmatch(remote))
    if not valid or address.startswith("git::"):
        raise SettingsError.of(
            "state.bad-address",
            detail=f"`{replace_control(redact_addresses(address)[:100])}` must be "
            "`git:` and the name of a branch, or of a remote and a branch with `:` between them: "
            "letters, digits, `.`, `_`, `-`, `+`, `/`.",
            hint="Write git:reconciler-state, or git:upstream:reconciler-state.",
        )
    return LeasedStore(GitDocumentStore(name, options, remote), options)


class GitDocumentStore:
    """A `DocumentStore` on a branch of a remote of the checkout that contains the working folder.

    `remote` is its name; if it is empty, the checkout decides.
    """

    def __init__(self, name: str, options: StoreOptions, remote: str = "") -> None:
        self._name = name
        self._remote = remote
        self._options = options
        self._mutex = threading.Lock()  # another thread renews the lease
        self._opened_branch: Branch | None = None
        self._tip: Tip | None = None
        """The branch when it was last read; None if it was not read yet."""

    @property
    def location(self) -> str:
        """The address, with the name of the remote once that is known."""
        remote = self._opened_branch.remote if self._opened_branch else self._remote
        return f"git:{remote}:{self._name}" if remote else f"git:{self._name}"

    @property
    def gather_seconds(self) -> float:
        """The time of a push."""
        return GATHER_SECONDS

    def get(self, name: str) -> Snapshot | None:
        """Fetch the branch and return the document; needs no right to write."""
        with self._mutex:
            version = self._fetch().version(FILES[name])
            return Snapshot(self._branch.read(version), version) if version else None

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Push `document` in place of version `replaces`, on top of other documents written meanwhile."""
        with self._mutex:
            for _ in range(TRIES_MAX):
                onto = self._tip_with(name, replaces)
                tip = self._branch.commit(onto, FILES[name], document, note)
                if self._try_push(tip, onto):
                    return str(tip.version(FILES[name]))
                self._options.wait(PAUSE_SECONDS)
                self._fetch()
            raise errors.unanswered(
                f"{self._branch.description} could not be written: others write it all the time."
            )

    def check(self) -> None:
        """Do nothing: git's protocol compares and swaps, and locking shows whether a push is allowed."""

    @property
    def _branch(self) -> Branch:
        if self._opened_branch is None:
            options = self._options
            checkouts = _checkout.find(
                options.folder, options.environ, branch=self._name, remote=self._remote
            )
            if any(self._name in checkout.own_branches for checkout in checkouts):
                raise StateError.of(
                    "state.own-branch",
                    detail=f"`{self._name[:100]}` is checked out here, or is the remote's main branch. "
                    "Nothing was sent.",
                    hint=OWN_BRANCH,
                )
            branches = [Branch(self._name, checkout, options.environ, options.wait) for checkout in checkouts]
            self._opened_branch = branches[0] if len(branches) == 1 else _branch_with_state(*branches)
            options.notify(f"State: {self.location} ({self._opened_branch.address})")
        return self._opened_branch

    def _fetch(self) -> Tip:
        self._tip = None
        tip = self._branch.fetch()
        if tip.entries and tip.entries.keys().isdisjoint(FILES.values()):
            names = sorted(tip.entries)
            raise StateError.of(
                "state.not-ours",
                detail=f"{self._branch.description} has {', '.join(names[:3])}"
                f"{' and more' if names[3:] else ''}, and no state. "
                "It was left as it is, and nothing was sent.",
                hint=OWN_BRANCH,
            )
        self._tip = tip
        return tip

    def _tip_with(self, name: str, replaces: str | None) -> Tip:
        """Return the branch with version `replaces` of the document. Raises `ConflictError`."""
        tip = self._tip
        if tip is None or tip.version(FILES[name]) != replaces:
            tip = self._fetch()  # the remembered one may be old
        if tip.version(FILES[name]) != replaces:
            raise ConflictError.of(
                "state.changed", detail=f"{self._branch.description} has another version by now."
            )
        return tip

    def _try_push(self, tip: Tip, onto: Tip) -> bool:
        pushed = self._branch.push(tip, onto=onto)
        match pushed.outcome:
            case PushOutcome.DONE:
                self._tip = tip
            case PushOutcome.NEVER_SENT:
                raise _errors.unavailable(self._branch.description, pushed.message)
            case PushOutcome.UNANSWERED:
                raise _errors.push_unconfirmed(self._branch.description, pushed.message)
            case PushOutcome.REFUSED if self._fetch() == onto:
                raise _errors.push_refused(self._branch.description, pushed.message)
            case PushOutcome.REFUSED | PushOutcome.CONTENDED:
                return False
        return True


def _branch_with_state(origin: Branch, followed: Branch) -> Branch:
    """Return the one that exists: `origin` if both are the same, or none exists. Raises `StateError`."""
    tips = []
    for branch in (origin, followed):
        try:
            tips.append(branch.fetch())
        except StateError as error:
            raise _ambiguous(origin, followed, error.diagnostic.detail) from error
    has_origin, has_followed = (tip.commit is not None for tip in tips)
    if has_origin and has_followed and tips[0].commit != tips[1].commit:
        raise _ambiguous(origin, followed, "Both have the branch, and the two differ.")
    return followed if has_followed and not has_origin else origin


def _ambiguous(origin: Branch, followed: Branch, why: str) -> StateError:
    """Return the error of a branch that either of two remotes may have."""
    lines = [f"`state: git:{branch.remote}:{branch.name}`" for branch in (followed, origin)]
    return StateError.of(
        "state.which-remote",
        detail=f"The branch {origin.name} may be that of {origin.remote} ({origin.address}), or that of "
        f"{followed.remote} ({followed.address}), which the current branch follows. {why} "
        "Nothing was read or written.",
        hint=f"Name the one that has the state: {lines[0]}, or {lines[1]}.",
    )
