"""Hosts as the calendar knows them: how much each can run at once, and which others could stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct, field

from reconciler.meeting.names import fold_host
from reconciler.spec.settings import Capacity, Settings


class Hosts(Struct, frozen=True):
    """The capacity of each host, and the pools of hosts that are as good as each other.

    Everything is by the folded name of a host. `name_of` gives one name to all aliases of a host.
    """

    capacity: Capacity = field(default_factory=Capacity)
    own: Mapping[str, Capacity] = field(default_factory=lambda: MappingProxyType({}))
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    name_of: Callable[[str], str] = fold_host

    @classmethod
    def of(cls, settings: Settings, name_of: Callable[[str], str] = fold_host) -> Hosts:
        """Return the hosts of the settings."""
        listed = settings.hosts or {}
        members: dict[str, list[str]] = {}
        for host, each in listed.items():
            if each.pool is not None:
                members.setdefault(each.pool, []).append(host)
        return cls(
            settings.capacity,
            {name_of(host): settings.capacity_of(each) for host, each in listed.items() if each.capacity},
            {
                name_of(host): tuple(other for other in sorted(members[each.pool]) if other != host)
                for host, each in listed.items()
                if each.pool is not None
            },
            name_of,
        )

    def capacity_of(self, host: str) -> Capacity:
        """Return how much a host can run at once."""
        return self.own.get(self.name_of(host), self.capacity)

    def others_in_pool(self, host: str) -> tuple[str, ...] | None:
        """Return the other hosts of its pool, sorted; None for a host of no pool, or alone in it."""
        return self.pools.get(self.name_of(host)) or None
