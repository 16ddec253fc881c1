"""A key that its mapping does not know, and what was meant by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, plain_name, suggestion
from reconciler.errors.text import sentences
from reconciler.meeting.fields import join_path, table
from reconciler.spec.schema._violation import Codes, SchemaContext, Violation, truncate

UNKNOWN_FIELD = Codes("spec.unknown-field", "settings.unknown-field")
UPDATE_ONLY = Codes("spec.update-only", "settings.update-only")

LIST_MAX = 8
"""A mapping with no more fields than this has them all named in a hint."""

OTHER_NAMES = {
    "attendees": "settings.meeting_invitees",
    "byday": "recurrence.weekly_days",
    "cohosts": "settings.alternative_hosts",
    "count": "recurrence.end_times",
    "date": "start_time",
    "days": "recurrence.weekly_days",
    "description": "agenda",
    "interval": "recurrence.repeat_interval",
    "invitees": "settings.meeting_invitees",
    "length": "duration",
    "name": "topic",
    "passcode": "password",
    "repeat": "recurrence",
    "start": "start_time",
    "subject": "topic",
    "title": "topic",
    "tz": "timezone",
    "until": "recurrence.end_date_time",
}
"""What people write, by habit of other programs, for a field of a meeting."""

ZOOM_SETS = frozenset(
    {
        "assistant_id",
        "chat_join_url",
        "created_at",
        "creation_source",
        "dynamic_host_key",
        "encrypted_password",
        "h323_password",
        "host_email",
        "host_id",
        "id",
        "join_url",
        "occurrences",
        "pmi",
        "pstn_password",
        "registration_url",
        "start_url",
        "status",
        "uuid",
    }
)
"""Fields of an answer of Zoom's that no request may carry."""


def unknown_keys(mistake: Violation, source: SchemaContext) -> tuple[UnlocatedDiagnostic, ...]:
    """A finding for each key of the mapping that its schema does not name."""
    known = tuple(mistake.schema.get("properties", ()))
    return tuple(_finding(mistake, source, key, known) for key in mistake.value if key not in known)


def _finding(
    mistake: Violation, source: SchemaContext, key: str, known: tuple[str, ...]
) -> UnlocatedDiagnostic:
    path = (*mistake.path, key)
    inside = source.in_meeting(path)
    codes, detail, hint = UNKNOWN_FIELD, "", ""
    if inside is not None:
        codes, detail, hint = _in_meeting(join_path(inside), key, known)
    # a passcode in braces reads as a key
    name = "of this name" if source.is_secret(path) else f"`{truncate(key)}`"
    fact = f"{source.subject(mistake.path)} has no field {name}"
    return UnlocatedDiagnostic(
        path, source.code(codes), sentences(fact, detail), hint or _guess(key, known), on_key=True
    )


def _in_meeting(path: str, key: str, known: tuple[str, ...]) -> tuple[Codes, str, str]:
    """Codes, detail and hint that the field table has for a stray key; no hint where it has none."""
    if path in table():
        return UPDATE_ONLY, "Zoom takes it when a meeting is changed, not when it is made.", "Leave it out."
    if did_you_mean(key, known):
        return UNKNOWN_FIELD, "", ""
    if path in ZOOM_SETS:
        return UNKNOWN_FIELD, "Zoom sets it.", _ID_HINT if path == "id" else "Leave it out."
    return UNKNOWN_FIELD, "", _elsewhere(key)


_ID_HINT = "A meeting that exists already goes under `imports`: {id: ID, to: KEY}."


def _elsewhere(key: str) -> str:
    """Where a field of this name stands, or one that was probably meant."""
    paths = _telling()
    if key in paths:
        parent = paths[key].rpartition(".")[0].replace("[]", "")
        return f"`{key}` belongs {f'under `{parent}`' if parent else 'in the meeting itself'}."
    path = OTHER_NAMES.get(plain_name(key)) or paths.get(did_you_mean(key, tuple(paths)) or "")
    return suggestion(path)


@lru_cache(maxsize=1)
def _telling() -> Mapping[str, str]:
    """Paths that a meeting may declare, by names that tell which one is meant (`enable` does not)."""
    paths = ("host", "protect", *(path for path, field in table().items() if field.create))
    names = [path.rpartition(".")[2] for path in paths]
    return {
        name: path
        for name, path in zip(names, paths, strict=True)
        if names.count(name) == 1 and ("_" in name or path.count(".") <= 1)
    }


def _guess(key: str, known: Iterable[str]) -> str:
    names = tuple(known)
    near = did_you_mean(key, names)
    return suggestion(near, f"Known here: {', '.join(names)}." if 0 < len(names) <= LIST_MAX else "")
