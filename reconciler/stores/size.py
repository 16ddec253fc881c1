"""The bound on a document that a store reads: it is checked before anything is parsed.

A lock is far smaller than a state; `lock.decode` has its own bound.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from reconciler.state.document import unreadable

if TYPE_CHECKING:
    from reconciler.errors.exceptions import StateError

DOCUMENT_BYTES_MAX = 512 * 1024 * 1024
"""Most bytes of a document, after decompression; a million meetings need fewer."""


def check(size_bytes: int, location: str) -> None:
    """Raise `StateError` if a document of that size is not read."""
    if size_bytes > DOCUMENT_BYTES_MAX:
        raise too_large(location)


def read(file: BinaryIO, location: str) -> bytes:
    """Return the content of an open file. Raises `StateError` where it is longer than the bound."""
    size_bytes = os.fstat(file.fileno()).st_size
    check(size_bytes, location)
    return file.read(size_bytes)


def too_large(location: str) -> StateError:
    """Return the error of a document that is larger than the bound."""
    return unreadable(location, f"It has more than {DOCUMENT_BYTES_MAX >> 20} MiB.")
