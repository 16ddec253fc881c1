"""A short list of authorities: all of them take longer to read than most tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import certifi

if TYPE_CHECKING:
    from pathlib import Path

_END = "-----END CERTIFICATE-----\n"


def one_authority(folder: Path) -> Path:
    """A file in `folder` with the first of the authorities that the program trusts."""
    path = folder / "one.pem"
    path.write_text(certifi.contents().partition(_END)[0] + _END)
    return path
