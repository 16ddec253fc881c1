"""Names of people in fields that take e-mails one by one: Zoom would get the name as an address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.text import join_first
from reconciler.meeting.fields import Compare, table
from reconciler.ports import Json

TAKES_LISTS = "alternative_hosts"
"""The setting whose e-mails may be the name of a list."""

SEPARATOR = re.compile(r"[;,]")
"""What stands between its e-mails."""

Path = tuple[str | int, ...]

_SHOWN_MAX = 5


def misplaced(
    settings: Mapping[str, Json], people: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, UnlocatedDiagnostic]]:
    """Yield each name of a list where an e-mail belongs, with its finding; paths lead from the meeting."""
    for steps in _email_fields() if people else ():
        if steps[0] in settings:
            for path, word in _words(settings[steps[0]], steps[1:], ("settings", steps[0])):
                if word in people:
                    yield word, _finding(path, word, people[word])


@cache
def _email_fields() -> tuple[tuple[str, ...], ...]:
    """Return the steps to each setting with an e-mail; `[]` stands for the entries of a list."""
    fields = (field for field in table().values() if field.path.startswith("settings."))
    steps = (
        (*field.path.replace("[]", ".[]").split("."), *(["[]"] if field.compare is Compare.EMAIL_SET else []))
        for field in fields
        if field.compare in {Compare.EMAIL, Compare.EMAIL_SET}
    )
    return tuple(each[1:] for each in steps if each[1] != TAKES_LISTS)


def _words(value: Json, steps: Sequence[str], path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each text to which the steps lead, with its path."""
    if not steps:
        if isinstance(value, str):
            yield path, value.strip()
    elif steps[0] == "[]":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _words(item, steps[1:], (*path, index))
    elif isinstance(value, dict) and steps[0] in value:
        yield from _words(value[steps[0]], steps[1:], (*path, steps[0]))


def _finding(path: Path, name: str, emails: Sequence[str]) -> UnlocatedDiagnostic:
    is_entry = any(isinstance(step, int) for step in path)
    written = join_first([f"`{each}`" for each in emails], _SHOWN_MAX)
    what = "its e-mails, an entry for each" if is_entry else "one of its e-mails"
    return UnlocatedDiagnostic(
        path,
        "spec.misplaced-people",
        f"`{name}` is a list of people, and only `{TAKES_LISTS}` takes one. Zoom would get the name.",
        f"Write {what}: {written}.",
    )
