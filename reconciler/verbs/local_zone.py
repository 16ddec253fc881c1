"""The time zone of the machine, by its IANA name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.wall_time import zone

if TYPE_CHECKING:
    from collections.abc import Mapping

LINK = Path("/etc/localtime")
"""What tells the system its zone: on most, a link into the folder of all zones."""

SAME_AS_UTC = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})
"""What systems call UTC, which people call UTC."""


def local_zone(environ: Mapping[str, str], link: Path = LINK) -> str:
    """What TZ names, else the system; UTC where neither names a zone that IANA knows."""
    named = environ.get("TZ", "").removeprefix(":")
    linked = str(link.resolve()).partition("zoneinfo/")[2]
    found = next((name for name in (named, linked) if zone(name)), "UTC")
    return "UTC" if found in SAME_AS_UTC else found
