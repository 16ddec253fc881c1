"""The users that may be hosts: one for each meeting, and one of `hosts` where reconciler.yaml lists them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.meeting.names import fold_host
from reconciler.spec.names import Names
from reconciler.spec.settings import Settings
from reconciler.spec.tally import Tally

_RATIO_MIN = 0.8
"""Hosts that are less alike are not suggested: most addresses of a company share their second half."""

_HOST = ("host",)


class Hosts(Struct, frozen=True):
    """The hosts that may be declared, None for every one, and those of each pool."""

    listed: Mapping[str, str] | None
    pools: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, settings: Settings) -> Hosts:
        """Return what the settings say about hosts."""
        pools: dict[str, tuple[str, ...]] = {}
        for host, own in (settings.hosts or {}).items():
            if own.pool is not None:
                pools[own.pool] = (*pools.get(own.pool, ()), host)
        listed = None if settings.hosts is None else {fold_host(host): host for host in settings.hosts}
        return cls(listed, pools)

    def problem(self, host: str | None, names: Names, tally: Tally) -> UnlocatedDiagnostic | None:
        """Return the finding about a meeting's host; None where the host is valid."""
        if host is None:
            return UnlocatedDiagnostic(
                _HOST,
                "spec.no-host",
                "The host is the Zoom user who owns the meeting: an e-mail address or a user id.",
                "Add `host:` to the meeting, or to `defaults` for all meetings of the file.",
            )
        if self.listed is not None and fold_host(host) in self.listed:
            return None
        found = self.several(_HOST, host, names)
        if found is not None or self.listed is None:
            return found
        return self._unlisted(host, self.listed, tally)

    def several(self, path: tuple[str], name: str | None, names: Names) -> UnlocatedDiagnostic | None:
        """Return the finding about a user that is a list or a pool; None for one user or nobody."""
        if name is None:
            return None
        people = names.list_named(name)
        if people is not None:
            fitting = (
                people
                if self.listed is None
                else tuple(each for each in people if fold_host(each) in self.listed)
            )
            return _several(path, name, "a list of people", fitting if path == _HOST else people)
        if name in self.pools:
            return _several(path, name, "a pool of hosts in reconciler.yaml", self.pools[name])
        return None

    def _unlisted(self, host: str, listed: Mapping[str, str], tally: Tally) -> UnlocatedDiagnostic:
        if tally.is_full("spec.unknown-host", Severity.ERROR):  # a guess is slow, and not shown
            return UnlocatedDiagnostic(_HOST, "spec.unknown-host")
        near = did_you_mean(host, tuple(listed.values()), ratio_min=_RATIO_MIN, form=str.casefold)
        return UnlocatedDiagnostic(
            _HOST,
            "spec.unknown-host",
            f"`{host}` is not under `hosts` in reconciler.yaml, which is a closed list.",
            suggestion(near, "Add it to `hosts`, or use a host that is listed."),
        )


def _several(path: tuple[str], name: str, what: str, users: tuple[str, ...]) -> UnlocatedDiagnostic:
    one = f"`{path[0]}: {users[0]}`" if users else "the e-mail or the user id of one user"
    others = f", or another of its {len(users)}" if len(users) > 1 else ""
    return UnlocatedDiagnostic(
        path,
        "spec.several-hosts",
        f"`{name}` is {what}, and a meeting has one host, who is a Zoom user.",
        f"Write {one}{others}.",
    )
