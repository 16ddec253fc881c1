"""Users of the account, and their settings, as the API returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import defaults
from reconciler.sandbox.replies import no_user
from reconciler.sandbox.validation import PASSCODE_NEEDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json
    from reconciler.sandbox.account import Account, User
    from reconciler.sandbox.switches import Switches


ACCOUNT_ID = "sandbox-account"
"""Account id of every user."""


def find_user(account: Account, switches: Switches, name: str) -> User:
    """Return the user with an id or e-mail, or `me`; created on first use. Raises `Refused` (404/1001)."""
    wanted = switches.owner if name == "me" else name
    known = account.user(wanted)
    email = known.email if known else wanted
    departed = email.casefold() in account.departed and account.user(email) is None
    if departed or not account.is_email(email) or not _exists(email, switches):
        raise no_user(name)
    return account.provide(email)


def user_json(user: User, switches: Switches) -> dict[str, Json]:
    """Return the body of GET /users/{userId}."""
    return {
        "id": user.id,
        "email": user.email,
        "account_id": ACCOUNT_ID,
        "display_name": defaults.display_name(user),
        "first_name": defaults.display_name(user).partition(" ")[0],
        "last_name": defaults.display_name(user).partition(" ")[2],
        "type": switches.user_type,
        "status": "active",
        "role_id": "2",
        "role_name": "Member",
        "created_at": "2020-01-01T00:00:00Z",
        "dept": "",
        "group_ids": [],
        "im_group_ids": [],
        "timezone": switches.user_timezone,
        "language": "en-US",
        "pmi": user.pmi,
        "use_pmi": switches.pmi_forced,
        "verified": 1,
    }


def settings(switches: Switches, option: str) -> dict[str, Json]:
    """Return the body of GET /users/{userId}/settings; `option` selects another form of it."""
    requirement: Mapping[str, Json] = {
        "length": switches.passcode_length_min,
        **{f"have_{name}": name in switches.passcode_needs for name in PASSCODE_NEEDS},
        "only_allow_numeric": switches.passcode_digits_only,
        "consecutive_characters_length": switches.passcode_run_length,
        "weak_enhance_detection": False,
    }
    waiting_room = switches.waiting_room_forced
    if option == "meeting_security":
        security = {"meeting_password_requirement": dict(requirement), "waiting_room": waiting_room}
        return {"meeting_security": security | {"meeting_password": switches.passcode_required}}
    return {
        "schedule_meeting": {
            "host_video": False,
            "participants_video": False,
            "join_before_host": False,
            "audio_type": "both",
            "use_pmi_for_scheduled_meetings": switches.pmi_forced,
            "require_password_for_scheduling_new_meetings": switches.passcode_required,
            "meeting_password_requirement": dict(requirement),
        },
        "in_meeting": {
            "waiting_room": waiting_room,
            "breakout_room": True,
            "breakout_room_schedule": switches.breakout_rooms_allowed,
        },
    }


def tracking_fields(switches: Switches) -> dict[str, Json]:
    """Return the body of GET /tracking_fields."""
    names = dict.fromkeys((*(switches.tracking_fields or ()), *switches.tracking_fields_required))
    listed = [
        {
            "id": f"field-{number}",
            "field": name,
            "required": name in switches.tracking_fields_required,
            "visible": True,
            "recommended_values": [],
        }
        for number, name in enumerate(names, 1)
    ]
    return {"total_records": len(listed), "tracking_fields": listed}


def _exists(email: str, switches: Switches) -> bool:
    if switches.users is None:
        return True
    return email.casefold() in {each.casefold() for each in (*switches.users, switches.owner)}
