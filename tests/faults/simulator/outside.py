"""What goes on for longer than a run: the account, and the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import random

    from simulator.machine import Machine
    from simulator.network import Network, Zoom


class Outside(Struct):
    """What goes on for longer than a run: the account, the way there, and what happens to it in a round."""

    machine: Machine
    zoom: Zoom
    network: Network
    chance: random.Random
    list_lag_seconds: float

    def turn_bad(self) -> None:
        """Have Zoom be close to one of its limits, now and then."""
        chance, used = self.chance, self.zoom.account.requests_on(self.machine.now().date())
        luck = chance.random()
        if luck < 0.12:
            self.zoom.switch(account_daily_limit=used + chance.randint(1, 30))
        elif luck < 0.24:
            kind = chance.choice(["seen", "headers", "bare", "parked"])
            self.zoom.switch(spent_elsewhere=100 - chance.randint(0, 6), daily_429=kind)
        elif luck < 0.34:
            self.zoom.switch(plan="free")
        elif luck < 0.4:
            self.zoom.switch(token_seconds=chance.randint(3, 60))

    def turn_good(self) -> None:
        """Have it be patient again."""
        self.zoom.switch(
            account_daily_limit=None, spent_elsewhere=0, plan="off", token_seconds=3600,
            list_lag_seconds=self.list_lag_seconds,
        )  # fmt: skip
