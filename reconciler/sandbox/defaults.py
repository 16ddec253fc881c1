"""The values that Zoom gives a new meeting by itself: settings, passcode, contacts."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json
    from reconciler.sandbox.account import User


TOPIC = "Zoom Meeting"
DURATION_MINUTES = 60

SETTINGS: Mapping[str, Json] = MappingProxyType(
    {
        "allow_host_control_participant_mute_state": False,
        "allow_multiple_devices": False,
        "alternative_host_manage_cloud_recording": False,
        "alternative_host_manage_meeting_summary": False,
        "alternative_host_update_polls": False,
        "alternative_hosts": "",
        "alternative_hosts_email_notification": True,
        "approval_type": 2,
        "approved_or_denied_countries_or_regions": {"enable": False},
        "audio": "both",
        "auto_recording": "none",
        "auto_start_ai_companion_questions": False,
        "auto_start_meeting_summary": False,
        "breakout_room": {"enable": False},
        "close_registration": False,
        "cn_meeting": False,
        "continuous_meeting_chat": {
            "enable": True,
            "auto_add_invited_external_users": False,
            "auto_add_meeting_participants": False,
        },
        "device_testing": False,
        "disable_participant_video": False,
        "email_in_attendee_report": False,
        "email_notification": True,
        "encryption_type": "enhanced_encryption",
        "enforce_login": False,
        "enforce_login_domains": "",
        "focus_mode": False,
        "global_dial_in_countries": ["US"],
        "global_dial_in_numbers": [
            {
                "city": "New York",
                "country": "US",
                "country_name": "US",
                "number": "+1 5550100",
                "type": "toll",
            }
        ],
        "host_save_video_order": False,
        "host_video": False,
        "in_meeting": False,
        "internal_meeting": False,
        "jbh_time": 0,
        "join_before_host": False,
        "language_interpretation": {"enable": False},
        "meeting_authentication": False,
        "meeting_invitees": [],
        "mute_upon_entry": False,
        "participant_focused_meeting": False,
        "participant_video": False,
        "private_meeting": False,
        "push_change_to_calendar": False,
        "question_and_answer": {
            "enable": False,
            "allow_submit_questions": False,
            "allow_anonymous_questions": False,
            "question_visibility": "all",
            "attendees_can_comment": False,
            "attendees_can_upvote": False,
        },
        "registrants_confirmation_email": True,
        "registrants_email_notification": True,
        "request_permission_to_unmute_participants": False,
        "resources": [],
        "show_join_info": False,
        "show_share_button": False,
        "sign_language_interpretation": {"enable": False},
        "use_pmi": False,
        "waiting_room": False,
        "watermark": False,
        "who_can_ask_questions": 1,
        "who_will_receive_summary": 1,
    }
)
"""Settings of a meeting for which none were sent."""


def passcode(number: int, *, length: int, digits_only: bool) -> str:
    """Return a passcode of that length (6 at least), always the same for one meeting."""
    digest = hashlib.sha256(f"passcode {number}".encode()).digest()
    letters = "0123456789" if digits_only else "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
    return "".join(letters[byte % len(letters)] for byte in digest[: max(6, length)])


def encrypted(number: int, secret: str) -> str:
    """Return the passcode as join links contain it."""
    return hashlib.sha256(f"{number} {secret}".encode()).hexdigest()[:32] + ".1"


def digits(number: int, secret: str) -> str:
    """Return the passcode for telephones and rooms: the passcode itself if it is digits, else six digits."""
    if secret.isdigit():
        return secret
    return f"{int(hashlib.sha256(f'phone {number} {secret}'.encode()).hexdigest()[:10], 16) % 1_000_000:06d}"


def contacts(host: User) -> dict[str, Json]:
    """Return the default contact of a meeting: its host."""
    return {"contact_name": display_name(host), "contact_email": host.email}


def display_name(user: User) -> str:
    """Return a name derived from the e-mail."""
    return user.email.partition("@")[0].replace(".", " ").title()
