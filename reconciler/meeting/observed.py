"""Values that Zoom stored differently from what was sent: reported, but not sent again.

Only fields that were sent are compared, each by its own rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.text import shorten
from reconciler.meeting import fields, masking
from reconciler.meeting.compare import differences
from reconciler.meeting.meeting import PERSONAL
from reconciler.ports import Json

CHARACTERS_MAX = 60
"""Characters of a value in a note."""

PERSONAL_ID_SETTING = "Use Personal Meeting ID (PMI) when scheduling a meeting"
"""The name of the host's setting in Zoom's web portal; in the API `use_pmi_for_scheduled_meetings`."""

HIDDEN = "(not shown)"
"""Replaces a secret that differs."""


def created_at(stored: Mapping[str, Json]) -> str | None:
    """Return the creation time that Zoom reports for a meeting; None if it reports none."""
    created = stored.get("created_at")
    return created if isinstance(created, str) else None


def observe(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, Json]:
    """Return the sent fields that differ in Zoom, by dotted path, with Zoom's value; secrets are hidden."""
    return {
        difference.dotted: HIDDEN if difference.described.secret else difference.stored
        for difference in differences(sent, stored)
    }


def merge_observed(
    before: Mapping[str, Json], sent: Mapping[str, Json], observed: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the differences after an update: `observed`, and those `before` of fields not `sent`."""
    return {path: value for path, value in before.items() if not fields.has(sent, path)} | dict(observed)


def describe_observed(sent: Mapping[str, Json], observed: Mapping[str, Json]) -> tuple[str, ...]:
    """Return one line for each field of `observed`."""
    return tuple(_note(path, fields.get(sent, path), value) for path, value in observed.items())


def personal_id(
    key: str, meeting_id: int, host: str, attributes: Mapping[str, Json], stored: Mapping[str, Json]
) -> Diagnostic | None:
    """Return the warning about a meeting on the personal id of its host; None if it is declared to be."""
    declared = fields.get(attributes, "settings.use_pmi")
    if stored.get("type") != PERSONAL or declared is True:
        return None
    renew = f"run `reconciler state rm {key}`, and the next apply creates a meeting of its own."
    hint = f"Declare `settings: {{use_pmi: false}}`. If Zoom does not change it back, {renew}"
    if declared is False:
        hint = f"Turn off `{PERSONAL_ID_SETTING}` in the settings of {host} in Zoom, then {renew}"
    return Diagnostic(
        code="refresh.personal-id",
        detail=f"{key}: somebody, or a setting of {host}, put meeting {meeting_id} on that id. Whoever "
        "knows the id can join, and Zoom does not delete such a meeting.",
        hint=hint,
        severity=Severity.WARNING,
        key=key,
    )


def _note(path: str, wanted: Json, stored: Json) -> str:
    if stored == HIDDEN:
        return f"Zoom stored another {path} than was sent"
    if stored is None:
        return f"Zoom left out {path}"
    secret = masking.describe_secret(stored, wanted)
    holds = f", which holds {secret}" if secret else ""
    return f"Zoom set {path} to {_shown(masking.as_shown(stored, wanted))}{holds} (sent: {_shown(wanted)})"


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, CHARACTERS_MAX)
