"""Passcodes: fit for Zoom, and in no place where they can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.text import JOIN_SECRET
from reconciler.meeting.passcode import passcode_problem
from reconciler.ports import Json

_PATH = ("password",)


def check(attributes: Mapping[str, Json], key: str) -> Iterator[UnlocatedDiagnostic]:
    """Findings about `password`, and about passcodes inside of links in any text."""
    declared = attributes.get("password")
    if isinstance(declared, str):
        yield from _literal(declared, _variable(key))
    if _has_link_secret(attributes):
        yield from (_in_link(path) for path in _link_secrets(attributes, ()))


def _literal(passcode: str, variable: str) -> Iterator[UnlocatedDiagnostic]:
    reason = passcode_problem(passcode)
    if reason:
        code, detail = reason
        remedy = (
            "Choose one of 1 to 10 letters, digits and `@ - _ *`, or leave `password` out: Zoom makes one."
        )
        yield UnlocatedDiagnostic(_PATH, code, detail, remedy)
    yield UnlocatedDiagnostic(
        _PATH,
        "passcode.literal",
        "Whoever can read this file can join the meeting, and git keeps it for ever.",
        f"Write `password: {{env: {variable}, version: 1}}` and set that variable where apply runs, "
        "or leave `password` out: Zoom makes one where the account asks for it.",
        Severity.WARNING,
    )


def _variable(key: str) -> str:
    """A name for the variable that holds this meeting's passcode, as a shell takes it."""
    return re.sub(r"\W", "_", f"{key}_PASSCODE", flags=re.ASCII).upper().lstrip("0123456789_")


def _in_link(path: tuple[str | int, ...]) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "passcode.in-link",
        "A join link with `pwd=` or `zak=` in it holds the passcode, or acts as the host.",
        "Take the link out; `reconciler links` shows join links when they are needed.",
    )


def _has_link_secret(attributes: Mapping[str, Json]) -> bool:
    # Without recursion: this runs over every text of every meeting.
    open_ends: list[Json] = [attributes.values()]
    while open_ends:
        for value in open_ends.pop():
            if isinstance(value, str):
                if ("=" in value or "%" in value) and JOIN_SECRET.search(value):
                    return True
            elif isinstance(value, dict):
                open_ends.append(value.values())
            elif isinstance(value, (list, tuple)):
                open_ends.append(value)
    return False


def _link_secrets(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        if JOIN_SECRET.search(value):
            yield path
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _link_secrets(item, (*path, index))
    elif hasattr(value, "items"):
        for name, item in value.items():
            yield from _link_secrets(item, (*path, name))
