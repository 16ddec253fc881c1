"""Rules for characters: addresses are ASCII, and invisible characters in a text are a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.text import invisible_in
from reconciler.meeting import fields
from reconciler.ports import Json
from reconciler.spec.rules._texts import Path, texts


def check(attributes: Mapping[str, Json], host: str, text: str) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about characters in the host and in every text; `text` is all of them joined."""
    if not host.isascii():
        yield _address(("host",), host)
    if text.isascii():
        return
    for path, value in texts(attributes):
        if value.isascii():
            continue
        field = fields.field_at(path)
        if field and field.compare.startswith("email"):
            yield _address(path, value)
        elif path != ("password",) and (names := invisible_in(value)):
            yield _invisible(path, names)


def _address(path: Path, text: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "meeting.address-characters",
        f"It is {text!a}: an e-mail or a user id has ASCII characters only, and others can look like them.",
        "Type it again.",
    )


def _invisible(path: Path, names: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "meeting.invisible-characters",
        f"It holds {names}, which nobody sees: the text is not what it looks like.",
        "Remove it: type the text again.",
        Severity.WARNING,
    )
