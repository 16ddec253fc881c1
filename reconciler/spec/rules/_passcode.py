"""Rules for passcodes: Zoom must accept them, and the spec should not contain them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.secrets import MASK, has_join_secret, has_mask, has_secret, secret_spans
from reconciler.meeting.passcode import passcode_problem
from reconciler.ports import Json
from reconciler.spec.rules._texts import Path, texts

_PATH = ("password",)


def check(attributes: Mapping[str, Json], key: str, text: str) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about `password`, and about passcodes in any text; `text` is all of them joined."""
    passcode = attributes.get("password")
    if isinstance(passcode, str):
        yield from _literal(passcode, _variable(key))
    if MASK in text or has_secret(text):
        yield from _in_texts(attributes)


def _literal(passcode: str, variable: str) -> Iterator[UnlocatedDiagnostic]:
    problem = passcode_problem(passcode)
    if problem:
        code, detail = problem
        hint = (
            "Choose a passcode of 1 to 10 letters, digits and `@ - _ *`. "
            "Or leave `password` out: Zoom then generates one."
        )
        yield UnlocatedDiagnostic(_PATH, code, detail, hint)
    if passcode in ("", MASK):
        return
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


def _in_texts(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    for path, text in texts(attributes):
        if has_mask(text) and not (path == ("topic",) and text == MASK):  # no topic is a secret as a whole
            yield _mask(path)
        elif has_join_secret(text):
            yield _in_link(path)
        elif path[:1] != _PATH and secret_spans(text):
            yield _in_words(path)


def _mask(path: Path) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "passcode.mask",
        "`***` stands for a secret that was not shown. Zoom would get the stars.",
        "Remove the field, or write the text without the secret.",
    )


def _in_link(path: Path) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "passcode.in-link",
        "The link contains a passcode (`pwd=`), or a token to join or act as the host (`tk=`, `zak=`).",
        "Remove the link; `reconciler links` prints join links when they are needed.",
    )


def _in_words(path: Path) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "passcode.in-text",
        "If it is one, anybody who can read this file can join the meeting, and git keeps it.",
        "Remove it; Zoom writes the passcode into its invitations.",
        Severity.WARNING,
    )
