"""Drift: where Zoom has a recorded meeting otherwise than declared, and who made it so.

Pure. What Zoom stored otherwise at our own last write (`Record.observed`) is its own doing, or
the account's; what differs beyond that was changed by a person. A passcode is never shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.live._series_drift import schedule_differences
from reconciler.meeting import fields
from reconciler.meeting.compare import asked_of, differences, same_value
from reconciler.meeting.fields import Field
from reconciler.meeting.meeting import PERSONAL, SERIES, kind, series
from reconciler.meeting.names import fold_host
from reconciler.meeting.passcode import same_passcode
from reconciler.meeting.timezones import instant, zone
from reconciler.plan.change import REDACTED
from reconciler.ports import Body, Json
from reconciler.state.state import Record, State, host_key

_PERSONAL = "settings.use_pmi"

_ALONE = ("type", "password")
"""Fields with a rule of their own."""

_SCHEDULE = ("start_time", "recurrence")
"""What a series is compared in by its occurrences."""


class Cause(StrEnum):
    """Who or what made a difference."""

    PERSON = "changed by a person"
    ZOOM = "set by Zoom or the account"
    EXPIRED = "expired"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Difference:
    """One declared field that Zoom has otherwise: `before` as declared, `after` as Zoom has it."""

    path: str
    before: Json
    after: Json
    cause: Cause
    effect: str = ""

    @property
    def is_drift(self) -> bool:
        """Whether somebody has to hear of it."""
        return self.cause is Cause.PERSON


def drift_of(
    record: Record, stored: Body, now: datetime, *, hosts: Collection[str] = ()
) -> tuple[Difference, ...]:
    """Every declared field that `stored` has otherwise at `now`, by path; the host first.

    `hosts` are the user ids or case-folded e-mails under which it may stand; none: anyone's will do.
    """
    found = (
        *_kind(record, stored),
        *_timing(record, stored, now),
        *_others(record, stored),
        *_passcode(record, stored),
    )
    return (*_host(record, stored, hosts), *sorted(found, key=lambda one: one.path))


def hosts_of(state: State, record: Record) -> tuple[str, ...]:
    """Under whom the meeting may stand in Zoom: its host, or whom it was scheduled for."""
    names = (record.host, record.attributes.get("schedule_for"))
    return tuple(host_key(state, name) for name in names if name)


def other_host(stored: Body, hosts: Collection[str]) -> str | None:
    """The host that Zoom names, by e-mail where it does, if it is none of `hosts`; else None."""
    user_id, email = stored.get("host_id"), stored.get("host_email")
    named = {user_id, fold_host(str(email or ""))} - {None, ""}
    return str(email or user_id) if named and named.isdisjoint(hosts) else None


def _host(record: Record, stored: Body, hosts: Collection[str]) -> Iterator[Difference]:
    other = other_host(stored, hosts) if hosts else None
    if other is not None:
        yield Difference("host", record.host, other, Cause.PERSON, "it stands under another host")


def _kind(record: Record, stored: Body) -> Iterator[Difference]:
    declared, has = kind(record.attributes), stored.get("type")
    described = fields.table()["type"]
    if has == PERSONAL and ("type" not in record.attributes or fields.get(record.attributes, _PERSONAL)):
        return  # asked for; or its host may put every meeting there, and nobody asked for another kind
    if isinstance(has, int) and has != declared:
        yield Difference("type", declared, has, _cause(record, stored, "type"), described.effect)


def _timing(record: Record, stored: Body, now: datetime) -> Iterator[Difference]:
    """How a series differs; one that is none any more, or was none, differs in its type already."""
    repeated = series(record.attributes)
    if repeated is None or stored.get("type", SERIES) != SERIES:
        return
    for one in schedule_differences(repeated, stored, now):
        cause = _cause(record, stored, one.path)
        yield Difference(one.path, one.before, one.after, cause, one.effect)


def _others(record: Record, stored: Body) -> Iterator[Difference]:
    declared = kind(record.attributes)
    is_series = SERIES in (declared, stored.get("type"))
    for one in differences(record.attributes, stored, without=(*_ALONE, *(_SCHEDULE if is_series else ()))):
        if _means_something(one.described, declared):
            cause = _cause(record, stored, one.dotted)
            after = _in_its_words(record, stored) if one.dotted == "start_time" else one.stored
            yield Difference(one.dotted, one.wanted, after, cause, one.described.effect)


def _in_its_words(record: Record, stored: Body) -> Json:
    """The start as Zoom has it, as wall time where it was declared as such and the zone is the same."""
    declared, has, name = (record.attributes["start_time"], stored.get("start_time"), stored.get("timezone"))
    where = zone(name) if isinstance(name, str) and name == record.attributes.get("timezone") else None
    if where is None or not isinstance(has, str) or declared.endswith("Z"):
        return has
    try:
        return instant(has, name).astimezone(where).replace(tzinfo=None).isoformat(timespec="seconds")
    except ValueError:
        return has


def _passcode(record: Record, stored: Body) -> Iterator[Difference]:
    """What a reference stands for is not known here; a literal's hash is."""
    kept, has = record.attributes.get("password"), stored.get("password")
    if kept is None or "password" in record.observed:
        return
    effect = fields.table()["password"].effect
    if not has:
        yield Difference("password", REDACTED, None, Cause.PERSON, effect)
    elif isinstance(kept, dict) and "scrypt" in kept and not same_passcode(str(has), kept):
        yield Difference("password", REDACTED, REDACTED, Cause.PERSON, effect)


def _cause(record: Record, stored: Body, path: str) -> Cause:
    """Whose doing it is: Zoom's, where it has now what it had right after our last write."""
    described = fields.table().get(path)
    if path not in record.observed or described is None:
        return Cause.PERSON
    wanted = fields.get(record.attributes, path)
    values = (record.observed[path], fields.get(stored, path))
    then, has = (asked_of(described, wanted, value) for value in values)
    zone = stored.get("timezone")
    return Cause.ZOOM if then == has or same_value(described, then, has, (zone, zone)) else Cause.PERSON


def _means_something(described: Field, declared: int) -> bool:
    """Whether Zoom heeds the field in a meeting of the declared type."""
    return declared not in described.not_for and declared in (described.applies_to or (declared,))
