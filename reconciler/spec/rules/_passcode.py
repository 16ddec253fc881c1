"""Rules for passcodes: Zoom must accept them, and nobody may read them in the spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.text import has_join_secret
from reconciler.meeting.passcode import passcode_problem
from reconciler.ports import Json

_PATH = ("password",)


def check(attributes: Mapping[str, Json], key: str) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about `password`, and about passcodes inside of links in any text."""
    passcode = attributes.get("password")
    if isinstance(passcode, str):
        yield from _literal(passcode, _variable(key))
    if _has_link_secret(attributes):
        for path in _link_secrets(attributes, ()):
            yield UnlocatedDiagnostic(
                path,
                "passcode.in-link",
                "The link contains a passcode (`pwd=`), or a token to act as the host (`zak=`).",
                "Remove the link; `reconciler links` prints join links when they are needed.",
            )


def _literal(passcode: str, variable: str) -> Iterator[UnlocatedDiagnostic]:
    problem = passcode_problem(passcode)
    if problem:
        code, detail = problem
        hint = (
            "Choose a passcode of 1 to 10 letters, digits and `@ - _ *`. "
            "Or leave `password` out: Zoom then generates one."
        )
        yield UnlocatedDiagnostic(_PATH, code, detail, hint)
    yield UnlocatedDiagnostic(
        _PATH,
        "passcode.literal",
        "Anybody who can read this file can join the meeting, and git keeps the passcode forever.",
        f"Write `password: {{env: {variable}, version: 1}}` and set that variable where apply runs. "
        "Or leave `password` out: Zoom then generates one where the account requires it.",
        Severity.WARNING,
    )


def _variable(key: str) -> str:
    """Return a name that a shell accepts for the variable with this meeting's passcode."""
    return re.sub(r"\W", "_", f"{key}_PASSCODE", flags=re.ASCII).upper().lstrip("0123456789_")


def _has_link_secret(attributes: Mapping[str, Json]) -> bool:
    # Without recursion: this runs over every text of every meeting.
    containers: list[Json] = [attributes.values()]
    while containers:
        for value in containers.pop():
            if isinstance(value, str):
                if ("=" in value or "%" in value) and has_join_secret(value):
                    return True
            elif isinstance(value, dict):
                containers.append(value.values())
            elif isinstance(value, (list, tuple)):
                containers.append(value)
    return False


def _link_secrets(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str):
        if has_join_secret(value):
            yield path
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _link_secrets(item, (*path, index))
    elif hasattr(value, "items"):
        for name, item in value.items():
            yield from _link_secrets(item, (*path, name))
