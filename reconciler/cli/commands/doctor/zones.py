"""The releases of the zone rules: the tzdata package's, which is used, and the system's."""

from __future__ import annotations

import re
import zoneinfo
from pathlib import Path

from reconciler.meeting import timezones

REMEDY = "Upgrade the package, so that all machines use the newest rules: pip install --upgrade tzdata"

_RELEASE = re.compile(r"(?:# version )?(\d{4}[a-z]{1,2})\s")


def words() -> str:
    """Return the release that is used, and the system's if that is newer."""
    newer = f"; the system has a newer one, {system_release()}" if is_system_newer() else ""
    return f"tzdata {timezones.release()}{newer}"


def is_system_newer() -> bool:
    """Return whether the system has newer rules than the package."""
    system = system_release()
    return system is not None and system > timezones.release()


def system_release() -> str | None:
    """Return the release of the system's zone rules; None if there are none, or they do not tell."""
    for folder in zoneinfo.TZPATH:
        for name in ("tzdata.zi", "+VERSION"):
            found = _RELEASE.match(_first_line(Path(folder) / name))
            if found:
                return found[1]
    return None


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as lines:
            return lines.readline(80) + "\n"
    except OSError:
        return ""
