"""For each field that a spec may declare two values, each in a whole meeting that is valid.

Made from the field table: a field that is added there gets its pair by its type and its
compare rule, or a test tells that it needs a line in one of the tables below.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.meeting import fields
from reconciler.meeting.fields import Compare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.fields import Field

Attributes = dict[str, Any]

PEOPLE = ("ada@example.com", "grace@example.com")

ONCE: Attributes = {
    "topic": "Launch review",
    "type": 2,
    "start_time": "2027-01-14T15:00:00",
    "timezone": "Europe/Berlin",
    "duration": 30,
}
SERIES: Attributes = {
    "topic": "Platform weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
}
"""It begins on a Monday that is the second one of its month."""

DAILY = {"type": 1, "repeat_interval": 1, "end_times": 20}
MONTHLY = {"type": 3, "repeat_interval": 1, "end_times": 10}
ROOM = {"name": "One", "participants": [PEOPLE[0]]}
DEVICE = {"channel_id": "one", "name": "One"}
SPOKEN = {"email": PEOPLE[0], "interpreter_languages": "English,French"}
SIGNED = {"email": PEOPLE[0], "sign_language": "American"}
BOARD = {"resource_id": "one", "resource_type": "whiteboard", "permission_level": "editor"}

_VIDEO = "settings.auto_add_recording_to_video_management"
_SPOKEN = "settings.language_interpretation"
_SIGNED = "settings.sign_language_interpretation"
_EXEMPT = "settings.authentication_exception"

AROUND: Mapping[str, Attributes] = {
    "settings.allow_multiple_devices": {"settings.approval_type": 0},
    "settings.close_registration": {"settings.approval_type": 0},
    "settings.registrants_confirmation_email": {"settings.approval_type": 0},
    "settings.registrants_email_notification": {"settings.approval_type": 0},
    "settings.registration_type": {"settings.approval_type": 0},
    "settings.show_join_info": {"settings.approval_type": 0},
    "settings.show_share_button": {"settings.approval_type": 0},
    "settings.audio_conference_info": {"settings.audio": "thirdParty"},
    "settings.authentication_domains": {"settings.meeting_authentication": True},
    "settings.authentication_option": {"settings.meeting_authentication": True},
    _EXEMPT: {"settings.meeting_authentication": True},
    "settings.jbh_time": {"settings.join_before_host": True},
    "settings.who_can_ask_questions": {"settings.auto_start_ai_companion_questions": True},
    "settings.who_will_receive_summary": {"settings.auto_start_meeting_summary": True},
    "settings.approved_or_denied_countries_or_regions": {
        "settings.approved_or_denied_countries_or_regions": {"enable": True, "method": "approve"}
    },
    "settings.approved_or_denied_countries_or_regions.denied_list": {
        "settings.approved_or_denied_countries_or_regions": {"enable": True, "method": "deny"}
    },
    _VIDEO: {_VIDEO: {"enable": True, "channels": [DEVICE]}},
    "settings.breakout_room.rooms": {"settings.breakout_room": {"enable": True, "rooms": [ROOM]}},
    _SPOKEN: {_SPOKEN: {"enable": True, "interpreters": [SPOKEN]}},
    f"{_SPOKEN}.interpreters[].languages": {
        _SPOKEN: {"enable": True, "interpreters": [{"email": PEOPLE[0], "languages": "US,FR"}]}
    },
    _SIGNED: {_SIGNED: {"enable": True, "interpreters": [SIGNED]}},
    "settings.question_and_answer": {"settings.question_and_answer": {"enable": True}},
    "settings.waiting_room_options": {
        "settings.waiting_room": True,
        "settings.waiting_room_options": {"mode": "custom", "who_goes_to_waiting_room": "everyone"},
    },
    f"{_EXEMPT}[]": {_EXEMPT: [{"email": PEOPLE[0], "name": "Ada"}]},
    "settings.resources[]": {"settings.resources": [BOARD]},
    "settings.meeting_invitees[]": {"settings.meeting_invitees": [{"email": PEOPLE[0]}]},
    "tracking_fields[]": {"tracking_fields": [{"field": "team", "value": "platform"}]},
    "recurrence.end_date_time": {"recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2"}},
}
"""What a field, and whatever is under it, needs around it; a longer path is set after a shorter one."""

VALUES: Mapping[str, tuple[Any, Any]] = {
    "topic": ("Launch review", "Launch review, moved"),
    "start_time": ("2027-01-14T15:00:00", "2027-01-14T16:00:00"),
    "timezone": ("Europe/Berlin", "America/New_York"),
    "recurrence.weekly_days": ("2", "2,4"),
    "recurrence.end_times": (20, 10),
    "recurrence.end_date_time": ("2027-04-30T21:59:59Z", "2027-06-30T21:59:59Z"),
    "password": ("before-1", "after-2"),
    "tracking_fields": (
        [{"field": "team", "value": "platform"}],
        [{"field": "team", "value": "platform"}, {"field": "cost", "value": "42"}],
    ),
    "settings.alternative_hosts": (PEOPLE[0], ";".join(PEOPLE)),
    "settings.authentication_domains": ("example.com", "example.com,example.org"),
    f"{_EXEMPT}": (
        [{"email": PEOPLE[0], "name": "Ada"}],
        [{"email": PEOPLE[0], "name": "Ada"}, {"email": PEOPLE[1], "name": "Grace"}],
    ),
    f"{_VIDEO}.channels": ([DEVICE], [DEVICE, {"channel_id": "two", "name": "Two"}]),
    "settings.breakout_room.rooms": ([ROOM], [ROOM, {"name": "Two", "participants": [PEOPLE[1]]}]),
    f"{_SPOKEN}.interpreters": ([SPOKEN], [SPOKEN, {**SPOKEN, "email": PEOPLE[1]}]),
    f"{_SPOKEN}.interpreters[].interpreter_languages": ("English,French", "English,German"),
    f"{_SPOKEN}.interpreters[].languages": ("US,FR", "US,DE"),
    f"{_SIGNED}.interpreters": ([SIGNED], [SIGNED, {**SIGNED, "email": PEOPLE[1]}]),
    "settings.meeting_invitees": ([{"email": PEOPLE[0]}], [{"email": each} for each in PEOPLE]),
    "settings.resources": ([BOARD], [BOARD, {**BOARD, "resource_id": "two"}]),
    "settings.global_dial_in_countries": (["DE"], ["DE", "US"]),
    "settings.additional_data_center_regions": (["DE"], ["DE", "US"]),
    "settings.approved_or_denied_countries_or_regions.approved_list": (["DE"], ["DE", "US"]),
    "settings.approved_or_denied_countries_or_regions.denied_list": (["DE"], ["DE", "US"]),
    "settings.resources[].resource_type": (None, "whiteboard"),
}
"""Values where the type does not say enough; None: the field is absent."""

TOGETHER: Mapping[str, tuple[Attributes, Attributes]] = {
    "type": ({"topic": "Launch review", "type": 3}, ONCE),
    "recurrence.type": ({**SERIES, "recurrence": DAILY}, SERIES),
    "recurrence.monthly_day": (
        {**SERIES, "recurrence": {**MONTHLY, "monthly_day": 11}},
        {**SERIES, "recurrence": {**MONTHLY, "monthly_day": 12}, "start_time": "2027-01-12T10:00:00"},
    ),
    "recurrence.monthly_week": (
        {**SERIES, "recurrence": {**MONTHLY, "monthly_week": 2, "monthly_week_day": 2}},
        {
            **SERIES,
            "recurrence": {**MONTHLY, "monthly_week": 3, "monthly_week_day": 2},
            "start_time": "2027-01-18T10:00:00",
        },
    ),
    "recurrence.monthly_week_day": (
        {**SERIES, "recurrence": {**MONTHLY, "monthly_week": 2, "monthly_week_day": 2}},
        {
            **SERIES,
            "recurrence": {**MONTHLY, "monthly_week": 2, "monthly_week_day": 3},
            "start_time": "2027-01-12T10:00:00",
        },
    ),
}
"""Whole meetings for fields that cannot change alone: a type brings its time, a rule its start."""

FAITHFUL: Mapping[str, Any] = {
    "daily_limit": 100_000,
    "safeguard_forced": False,
    "contacts_filled": False,
}
"""Switches of an emulator that stores what it is sent, as often as it is asked."""

OTHERWISE: Mapping[str, frozenset[str]] = {
    "template_id": frozenset({"template_id"}),  # read by no GET of the emulator's, as of older ones of Zoom's
    "settings.use_pmi": frozenset({"type"}),  # the personal meeting is of type 4
}
"""Paths that read back otherwise than they are sent, even so, after the change of a field."""


class Pair(Struct, frozen=True):
    """Two valid meetings, as declared, that differ in the field at `path`."""

    path: str
    before: Attributes
    after: Attributes

    @property
    def field(self) -> Field:
        """The field that differs."""
        return fields.table()[self.path]

    @property
    def is_alone(self) -> bool:
        """Whether nothing else differs."""
        return self.path not in TOGETHER

    @property
    def otherwise(self) -> frozenset[str]:
        """The paths that a faithful emulator has otherwise after the change."""
        return OTHERWISE.get(self.path, frozenset())


def updatable() -> tuple[Pair, ...]:
    """A pair for each field that create and update both take."""
    return tuple(pair(path) for path, field in _declarable() if field.update)


def create_only() -> tuple[Pair, ...]:
    """A pair for each field that only create takes: a change of it is a replace."""
    return tuple(pair(path) for path, field in _declarable() if field.create_only)


def pair(path: str) -> Pair:
    """The pair of one field."""
    if path in TOGETHER:
        before, after = TOGETHER[path]
        return Pair(path, deepcopy(before), deepcopy(after))
    field = fields.table()[path]
    before, after = (_with(_around(path, field), path, value) for value in _values(field))
    return Pair(path, before, after)


def _declarable() -> list[tuple[str, Field]]:
    """Mappings are left out: they change by their fields."""
    table = fields.table().items()
    return [(path, field) for path, field in table if field.create and field.compare is not Compare.PARTS]


def _around(path: str, field: Field) -> Attributes:
    meeting = deepcopy(SERIES if field.applies_to == (8,) else ONCE)
    for above in sorted(AROUND, key=len):
        if path == above or path.startswith((f"{above}.", f"{above}[")) or _is_entry(path, above):
            for place, value in AROUND[above].items():
                meeting = _with(meeting, place, deepcopy(value))
    return meeting


def _is_entry(path: str, above: str) -> bool:
    return above.endswith("[]") and path.startswith(f"{above}.")


def _with(meeting: Attributes, path: str, value: Any) -> Attributes:
    """The meeting with `value` at `path`; in a list, in its first entry."""
    changed = deepcopy(meeting)
    place: Any = changed
    *steps, last = path.split(".")
    for step in steps:
        name = step.removesuffix("[]")
        place = place.setdefault(name, [{}] if step.endswith("[]") else {})
        if step.endswith("[]"):
            place = place[0]
    if value is None:
        place.pop(last, None)
    else:
        place[last] = deepcopy(value)
    return changed


def _values(field: Field) -> tuple[Any, Any]:
    if field.path in VALUES:
        return VALUES[field.path]
    if field.type == "boolean":
        return False, True
    if field.enum:
        return field.enum[0], field.enum[1]
    if field.type == "integer":
        low = field.minimum or 0
        return low, low + 1
    if field.compare in {Compare.EMAIL, Compare.EMAIL_SET}:
        return PEOPLE if field.type == "string" else ([PEOPLE[0]], list(PEOPLE))
    assert (field.type, field.compare) == ("string", Compare.EXACT), f"{field.path} needs its own values"
    return "before", "after"
