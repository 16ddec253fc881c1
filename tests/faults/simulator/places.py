"""Where a history keeps its state: in storage with leases, or on a server of the Terraform HTTP protocol."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from memory_place import MemoryDocumentStore

from reconciler.stores import lock as locks
from reconciler.stores.leased.place import LOCK
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.options import StoreOptions
from simulator.state_server import StateServer

if TYPE_CHECKING:
    from memory_place import Documents

    from reconciler.ports import LockInfo
    from reconciler.stores.http._store import HttpStore
    from simulator.faults import Faults
    from simulator.machine import Machine
    from simulator.process import Process


class Places:
    """Opens the store of a history for whoever uses it. It has a chance of its own, as `People` has."""

    def __init__(self, machine: Machine, documents: Documents, seed: int) -> None:
        self._chance = chance = random.Random(f"places {seed}")
        self.is_http = chance.random() < 0.15
        self._is_slow = chance.random() < 0.15
        """Whether renewals take long, now and then."""
        self._machine = machine
        self._documents = documents
        self._server = StateServer(documents)

    def of_runner(
        self, process: Process, faults: Faults, surroundings: StoreOptions
    ) -> LeasedStore | HttpStore:
        """The store of a run, which meets faults."""

        def wait() -> None:
            process.pass_time(faults.storage_seconds())

        if self.is_http:
            return self._server.store(surroundings, process, faults.fate, wait)
        place = MemoryDocumentStore(self._documents, author=process.name, decide=faults.fate, wait=wait)
        return LeasedStore(place, surroundings)

    def of_person(self, process: Process) -> LeasedStore | HttpStore:
        """The store of somebody at a terminal, which meets none."""
        surroundings = StoreOptions(
            Path(), process.name, process, wait=process.pass_time, notify=lambda _line: None
        )
        if self.is_http:
            return self._server.store(surroundings, process)
        return LeasedStore(MemoryDocumentStore(self._documents, author=process.name), surroundings)

    def stands(self) -> LockInfo | None:
        """The lock that stands, if one does."""
        snapshot = self._documents.current.get(LOCK)
        return locks.decode(snapshot.document) if snapshot else None

    def renewal_seconds(self) -> float:
        """How much longer a renewal takes than other calls: for nearly all, not at all."""
        if not self._is_slow or self._chance.random() < 0.7:
            return 0.0
        return self._chance.choice([self._chance.uniform(5, 25), self._chance.uniform(25, 90)])
