"""Findings about webinars, which people declare like meetings and which are not managed here."""

from __future__ import annotations

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema._violation import SchemaContext, Violation, truncate

TYPES = frozenset({5, 6, 9})
"""The types of webinars in Zoom's API: once, recurring at no fixed time, recurring at fixed times."""

FIELDS = frozenset(
    {
        "add_audio_watermark",
        "attendees_and_panelists_reminder_email_notification",
        "emails_notifications_to_panelists",
        "enable_session_branding",
        "follow_up_absentees_email_notification",
        "follow_up_attendees_email_notification",
        "hd_video",
        "hd_video_for_attendees",
        "is_simulive",
        "on_demand",
        "panelist_authentication",
        "panelists",
        "panelists_invitation_email_notification",
        "post_webinar_survey",
        "practice_session",
        "send_1080p_video_to_attendees",
        "simulive",
        "transition_to_live",
        "webinar",
        "webinars",
    }
)
"""Fields that only a webinar has, and the words under which people look for webinars."""

_HINT = "Schedule it in Zoom, and take it out of the spec. Declare `type: 2`, 3 or 8 if a meeting will do."


def is_type(violation: Violation, context: SchemaContext) -> bool:
    """Return whether the value is the type of a webinar, as a number or in words."""
    field, value = context.field(violation.path), violation.value
    return field is not None and field.path == "type" and _names_webinar(value)


def _names_webinar(value: Json) -> bool:
    if isinstance(value, str):
        return "webinar" in value.casefold() or (value.isdecimal() and int(value) in TYPES)
    return type(value) is int and value in TYPES


def of_type(violation: Violation) -> UnlocatedDiagnostic:
    """Return the finding about a meeting of such a type."""
    detail = f"`type: {truncate(str(violation.value))}` is a webinar. Webinars are not managed here."
    return UnlocatedDiagnostic(violation.path, "meeting.webinar", detail, _HINT)


def of_field(path: tuple[str | int, ...]) -> UnlocatedDiagnostic:
    """Return the finding about a field that only webinars have."""
    detail = f"`{path[-1]}` is about webinars. Webinars are not managed here."
    hint = f"Remove `{path[-1]}`; where a webinar is meant, schedule it in Zoom, and take it out of the spec."
    return UnlocatedDiagnostic(path, "meeting.webinar", detail, hint, on_key=True)
