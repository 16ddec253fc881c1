"""A zone for octoDNS, of as many records as there are meetings, and the zone as it was applied before.

A record has ten lines, about a third of a meeting's. The same shares as the meetings: 5 % differ,
1 % are missing. Plan it with

    octodns-sync --config-file FOLDER/config.yaml
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SEED = 8
CHANGED_EVERY = 20
MISSING_EVERY = 100
ADDRESSES = 6

CONFIG = """\
providers:
  declared: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/declared}}
  recorded: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/recorded}}
zones:
  example.com.: {{sources: [declared], targets: [recorded]}}
"""


def write(folder: Path, count: int) -> Path:
    """Put both zones and the configuration into `folder`; the configuration."""
    chance = random.Random(SEED)
    addresses = {f"team-{n:06}": [address(chance) for _ in range(ADDRESSES)] for n in range(count)}
    before = {
        name: ["192.0.2.1", *both[1:]] if n % CHANGED_EVERY == 1 else both
        for n, (name, both) in enumerate(addresses.items())
        if n % MISSING_EVERY != MISSING_EVERY // 2
    }
    for side, zone in (("declared", addresses), ("recorded", before)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        (folder / side / "example.com.yaml").write_text("---\n" + "".join(map(record, zone, zone.values())))
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(folder=folder))
    return config


def address(chance: random.Random) -> str:
    """An address of the range for benchmarks (RFC 2544)."""
    return f"198.18.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def record(name: str, addresses: list[str]) -> str:
    """One A record."""
    values = "".join(f"  - {value}\n" for value in sorted(set(addresses)))
    return f"{name}:\n  ttl: 300\n  type: A\n  values:\n{values}"
