"""The versions of the state's format: which can be read, and which can be written without loss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from reconciler.errors import Diagnostic, StateError

if TYPE_CHECKING:
    from reconciler.fields import Json

MAJOR, MINOR = 1, 0
FORMAT_VERSION = f"{MAJOR}.{MINOR}"

_VERSION = re.compile(r"([0-9]{1,9})\.[0-9]{1,9}")


def check_readable(version: Json, location: str) -> None:
    """Raise `StateError` where a document of format `version` may mean what this program does not know."""
    written = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if written is None or int(written[1]) < MAJOR:
        raise unreadable(location, f"No version of this program ever wrote the format {str(version)[:20]!r}.")
    if int(written[1]) > MAJOR:
        raise _newer(version, location)


def check_writable(document: bytes, location: str) -> None:
    """Raise `StateError` where `document`, which can be read, holds more than this program would write."""
    version = orjson.loads(document)["format_version"]
    if int(version.partition(".")[2]) > MINOR:
        raise _newer(version, location)


def unreadable(location: str, detail: str) -> StateError:
    """The error of a document that is no state, or not a whole one."""
    return StateError(
        Diagnostic(
            code="state.unreadable",
            summary="The state cannot be read",
            detail=f"{location}: {detail} It was left as it is, and nothing was sent.",
            hint="Give back an older version of it (the .backup beside a file, git's history, a bucket's "
            "versions) with `reconciler state push --force FILE`; without a state, meetings that exist "
            "already could not be told from missing ones.",
        )
    )


def _newer(version: str, location: str) -> StateError:
    return StateError(
        Diagnostic(
            code="state.newer-format",
            summary="The state was written by a newer version of this program",
            detail=f"{location} has format {version[:20]}, this version writes {FORMAT_VERSION}. "
            "It was left as it is.",
            hint="Upgrade meetings-reconciler to the version that the others use.",
        )
    )
