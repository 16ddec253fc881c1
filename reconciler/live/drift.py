"""Drift: the declared fields of a recorded meeting that Zoom has otherwise, each with its cause.

Pure. A value that Zoom stored differently at the last write (`Record.observed`) was set by Zoom or the
account, or it was not taken (`Record.not_taken`). Any other difference was made by a person. A passcode is
never shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from reconciler.live._series_drift import recorded_changes
from reconciler.meeting import fields, masking
from reconciler.meeting.compare import differences, same_value, wanted_part
from reconciler.meeting.fields import Field
from reconciler.meeting.meeting import PERSONAL, SERIES, kind, series
from reconciler.meeting.passcode import same_passcode
from reconciler.meeting.timezones import instant, zone
from reconciler.plan.change import DATES, REDACTED, Cause, FieldChange
from reconciler.plan.dates import words as date_words
from reconciler.ports import Body, Json
from reconciler.state.clicked_dates import clicked_dates
from reconciler.state.identity import other_host
from reconciler.state.state import Record

_USES_PERSONAL_ID = "settings.use_pmi"

_OWN_RULE = ("type", "password")
"""Fields that are compared by a rule of their own."""

_SCHEDULE = ("start_time", "recurrence")
"""Fields of a series that are compared by its occurrences."""


def drift_of(
    record: Record, stored: Body, now: datetime, *, hosts: tuple[str, ...] = ()
) -> tuple[FieldChange, ...]:
    """Every declared field that `stored` has otherwise at `now`, by path; the host first.

    `before` is the declared value, `after` the one in Zoom. `hosts` are the user ids or case-folded
    e-mails under which Zoom may have the meeting; without them its host is not compared.
    """
    schedule = tuple(_series(record, stored, now))
    changes = (
        *_type(record, stored),
        *schedule,
        *(() if schedule else _dates(record, stored, now)),
        *_plain_fields(record, stored),
        *_passcode(record, stored),
    )
    return (*_host(record, stored, hosts), *sorted(changes, key=lambda change: change.path))


def _host(record: Record, stored: Body, hosts: tuple[str, ...]) -> Iterator[FieldChange]:
    """The host that Zoom names, by e-mail where it does, if it is none of `hosts`."""
    other = other_host(stored, hosts) if hosts else None
    if other is not None:
        yield FieldChange("host", record.host, other, "the meeting is under another host", Cause.PERSON)


def _type(record: Record, stored: Body) -> Iterator[FieldChange]:
    declared, current = kind(record.attributes), stored.get("type")
    attributes = record.attributes
    if current == PERSONAL and ("type" not in attributes or fields.get(attributes, _USES_PERSONAL_ID)):
        return  # declared; or no type is declared, and the host's settings use the personal id for all
    if isinstance(current, int) and current != declared:
        effect = fields.table()["type"].effect
        yield FieldChange("type", declared, current, effect, _cause(record, stored, "type"))


def _series(record: Record, stored: Body, now: datetime) -> Iterator[FieldChange]:
    """The schedule of a series. One that is no series any more differs in its type already."""
    declared = series(record.attributes)
    if declared is None or stored.get("type", SERIES) != SERIES:
        return
    for change in recorded_changes(declared, record, stored, now):
        yield replace(change, cause=_cause(record, stored, change.path))


def _dates(record: Record, stored: Body, now: datetime) -> Iterator[FieldChange]:
    """The single dates of a series that are not in Zoom as they are recorded."""
    if series(record.attributes) is None or stored.get("type", SERIES) != SERIES:
        return
    for day, edit in clicked_dates(record, stored, now).items():
        effect = date_words.drifted(day, edit, record.attributes)
        yield FieldChange(f"{DATES}.{day}", record.exceptions.get(day), edit, effect, Cause.PERSON)


def _plain_fields(record: Record, stored: Body) -> Iterator[FieldChange]:
    declared = kind(record.attributes)
    is_series = SERIES in (declared, stored.get("type"))
    without = (*_OWN_RULE, *(_SCHEDULE if is_series else ()))
    for found in differences(record.attributes, stored, without=without):
        if _has_effect(found.described, declared):
            path, effect = found.dotted, found.described.effect
            after = _start_as_declared(record, stored) if path == "start_time" else found.stored
            yield FieldChange(path, found.wanted, after, effect, _cause(record, stored, path))


def _start_as_declared(record: Record, stored: Body) -> Json:
    """The start in Zoom, as wall time where it was declared as wall time in the same zone."""
    declared, current, name = (
        record.attributes["start_time"],
        stored.get("start_time"),
        stored.get("timezone"),
    )
    same_zone = zone(name) if isinstance(name, str) and name == record.attributes.get("timezone") else None
    if same_zone is None or not isinstance(current, str) or declared.endswith("Z"):
        return current
    try:
        wall_time = instant(current, name).astimezone(same_zone).replace(tzinfo=None)
    except ValueError:
        return current
    return wall_time.isoformat(timespec="seconds")


def _passcode(record: Record, stored: Body) -> Iterator[FieldChange]:
    """The passcode, as far as it is known: of a literal the hash, of a reference that there is one."""
    kept, current = record.attributes.get("password"), stored.get("password")
    effect = fields.table()["password"].effect
    if kept is not None and "password" in record.not_taken and not _has_passcode(kept, current):
        yield FieldChange("password", REDACTED, REDACTED, effect, Cause.NOT_TAKEN)
        return
    if kept is None or "password" in record.observed:
        return
    if not current:
        yield FieldChange("password", REDACTED, None, effect, Cause.PERSON)
    elif isinstance(kept, dict) and "scrypt" in kept and not same_passcode(str(current), kept):
        yield FieldChange("password", REDACTED, REDACTED, effect, Cause.PERSON)


def _has_passcode(kept: Json, current: Json) -> bool:
    """Return whether Zoom is known to have the recorded passcode."""
    return isinstance(kept, dict) and "scrypt" in kept and same_passcode(str(current), kept)


def _cause(record: Record, stored: Body, path: str) -> Cause:
    """`ZOOM` where the value is still the one that Zoom had right after the last write."""
    described = fields.table().get(path)
    if path not in record.observed or described is None:
        return Cause.PERSON
    wanted = fields.get(record.attributes, path)
    values = (record.observed[path], fields.get(stored, path))
    then, current = (wanted_part(described, wanted, value) for value in values)
    zone = stored.get("timezone")
    is_same = masking.is_same(then, current) or same_value(described, then, current, (zone, zone))
    if is_same and path in record.not_taken:
        return Cause.NOT_TAKEN
    return Cause.ZOOM if is_same and not _was_imported(record, stored, path) else Cause.PERSON


_NEVER_SET_BY_ZOOM = frozenset({"topic", "agenda", "type", "start_time", "duration", "timezone"})


def _was_imported(record: Record, stored: Body, path: str) -> bool:
    """Return whether the observed value was in Zoom before the first write of this program.

    Older versions also observed imports, and their records do not say how they were made. Such a record is of
    an import if Zoom names another source than the API; some fields Zoom never sets by itself.
    """
    if record.made:
        return False
    by_hand = stored.get("creation_source") not in {None, "open_api"}
    return by_hand or path in _NEVER_SET_BY_ZOOM or path.startswith("recurrence")


def _has_effect(described: Field, declared: int) -> bool:
    """Return whether the field has an effect in a meeting of the declared type."""
    return declared not in described.not_for and (
        not described.applies_to or declared in described.applies_to
    )
