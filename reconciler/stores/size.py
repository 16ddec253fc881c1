"""The bound on a document that a store reads or writes: it is checked before anything is parsed or sent.

A lock is far smaller than a state; `lock.decode` has its own bound.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from reconciler.errors.exceptions import StateError
from reconciler.state.document import unreadable

DOCUMENT_BYTES_MAX = 512 * 1024 * 1024
"""Most bytes of a document, after decompression; a million meetings need fewer."""


def check(size_bytes: int, location: str) -> None:
    """Raise `StateError` if a document of that size is not read."""
    if size_bytes > DOCUMENT_BYTES_MAX:
        raise too_large(location)


def check_write(document: bytes, location: str) -> None:
    """Raise `StateError` for a document that could not be read again."""
    if len(document) > DOCUMENT_BYTES_MAX:
        raise StateError.of(
            "state.too-large",
            detail=f"{location} would have more than {DOCUMENT_BYTES_MAX >> 20} MiB, which no run reads. "
            "It was left as it is, and nothing more is sent.",
            hint="Keep the meetings of several teams in several states.",
        )


def read(file: BinaryIO, location: str) -> bytes:
    """Return the content of an open file. Raises `StateError` where it is longer than the bound."""
    size_bytes = os.fstat(file.fileno()).st_size
    check(size_bytes, location)
    return file.read(size_bytes)


def too_large(location: str) -> StateError:
    """Return the error of a document that is larger than the bound."""
    return unreadable(location, f"It has more than {DOCUMENT_BYTES_MAX >> 20} MiB.")
