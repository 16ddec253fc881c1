"""Values that Zoom stored differently from what was sent: reported, but not sent again.

Only fields that were sent are compared, each by its own rule.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.text import shorten
from reconciler.meeting import fields, masking
from reconciler.meeting.compare import ValueDifference, differences, same_value, wanted_part
from reconciler.meeting.meeting import PERSONAL, series, start_at
from reconciler.meeting.timezones import is_instant
from reconciler.ports import Json

CHARACTERS_MAX = 60
"""Characters of a value in a note."""

PERSONAL_ID_SETTING = "Use Personal Meeting ID (PMI) when scheduling a meeting"
"""The name of the host's setting in Zoom's web portal; in the API `use_pmi_for_scheduled_meetings`."""

HIDDEN = "(not shown)"
"""Replaces a secret that differs."""


def created_at(stored: Mapping[str, Json]) -> str | None:
    """Return the creation time that Zoom reports for a meeting; None if it reports none that can be kept."""
    created = stored.get("created_at")
    return created if isinstance(created, str) and is_instant(created) else None


def observe(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> dict[str, Json]:
    """Return the sent fields that differ in Zoom, by dotted path, with Zoom's value; secrets are hidden."""
    return {
        difference.dotted: HIDDEN if difference.described.secret else difference.stored
        for difference in differences(sent, stored)
    }


def untaken(
    sent: Mapping[str, Json], stored: Mapping[str, Json], earlier: Iterable[Mapping[str, Json]]
) -> tuple[str, ...]:
    """Return the sent paths that differ in Zoom and have the value of one of the `earlier` meetings.

    What no earlier meeting declared had the default of the API. A passcode that differs counts as an earlier
    one, since Zoom makes none by itself in an update. A field that Zoom does not show, although one of the
    earlier ones had it, is one that no read shows, such as `template_id`.
    """
    earlier = tuple(earlier)
    before = [(one, (one.get("timezone"), stored.get("timezone"))) for one in earlier]
    return tuple(
        found.dotted
        for found in differences(sent, stored)
        if not _is_personal(found)
        and not (found.stored is None and any(fields.get(one, found.dotted) is not None for one in earlier))
        and (found.described.secret or any(_is_value_of(found, one, zones) for one, zones in before))
    )


def as_sent_before(before: Mapping[str, Json], stored: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return an earlier meeting as Zoom may have it: a series from a later date on, with the count left."""
    declared, start = series(before), start_at(stored)
    if declared is None or start is None:
        return before
    remaining = declared.remaining(start - timedelta(seconds=1))
    if remaining.next_at != start:
        return before
    sent = fields.put(before, "start_time", stored["start_time"])
    counts = fields.get(before, "recurrence.end_times")
    return fields.put(sent, "recurrence.end_times", remaining.left) if counts and remaining.left else sent


def without_earlier(
    sent: Mapping[str, Json],
    stored: Mapping[str, Json],
    earlier: Iterable[Mapping[str, Json]],
    untaken_paths: Collection[str],
) -> tuple[str, ...]:
    """Return the sent paths that differ in Zoom, are not untaken, and of which no earlier value is known."""
    earlier = tuple(earlier)
    return tuple(
        found.dotted
        for found in differences(sent, stored)
        if found.dotted not in untaken_paths
        and found.described.default is None
        and not found.described.secret
        and all(fields.get(one, found.dotted) is None for one in earlier)
        and not _is_personal(found)
    )


def _is_personal(found: ValueDifference) -> bool:
    """Return whether Zoom has the meeting on the personal id, which no update takes back."""
    return found.path == ("type",) and found.stored == PERSONAL


def _is_value_of(
    found: ValueDifference, earlier: Mapping[str, Json], zones: tuple[str | None, str | None]
) -> bool:
    value = fields.get(earlier, found.dotted)
    then = wanted_part(found.described, found.wanted, found.described.default if value is None else value)
    return masking.is_same(then, found.stored) or same_value(found.described, then, found.stored, zones)


def took_nothing(changed: Iterable[str], untaken_paths: Collection[str]) -> bool:
    """Return whether every one of the `changed` paths is untaken, or has parts of which one is."""
    covers = [any(_overlap(path, one) for one in untaken_paths) for path in changed]
    return bool(covers) and all(covers)


def _overlap(path: str, other: str) -> bool:
    return f"{other}.".startswith(f"{path}.") or f"{path}.".startswith(f"{other}.")


def merge_untaken(
    before: Iterable[str], sent: Mapping[str, Json], untaken_paths: Iterable[str]
) -> tuple[str, ...]:
    """Return the untaken paths after an update: `untaken_paths`, and those `before` that were not `sent`."""
    return tuple(sorted({*untaken_paths, *(path for path in before if not fields.has(sent, path))}))


def describe_untaken(sent: Mapping[str, Json], stored: Mapping[str, Json], paths: Iterable[str]) -> str:
    """Return what Zoom still has at each of the `paths`, in one line."""
    return "; ".join(_untaken_note(path, fields.get(sent, path), stored.get(path)) for path in paths)


def _untaken_note(path: str, wanted: Json, value: Json) -> str:
    if value == HIDDEN:
        return path
    if value is None:
        return f"{path} is not set (sent: {_shown(wanted)})"
    return f"{path} is {_shown(masking.as_shown(value, wanted))} (sent: {_shown(wanted)})"


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
    renew = (
        "delete the meeting in Zoom's web portal and run `reconciler apply --refresh`, which creates one "
        "with an id of its own."
    )
    hint = f"Declare `settings: {{use_pmi: false}}`. If Zoom does not change it back, {renew}"
    if declared is False:
        hint = f"Turn off `{PERSONAL_ID_SETTING}` in the settings of {host} in Zoom, then {renew}"
    return Diagnostic(
        code="refresh.personal-id",
        detail=f"{key}: somebody, or a setting of {host}, put meeting {meeting_id} on that id. Whoever "
        "knows the id can join, and Zoom's API does not delete such a meeting.",
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
