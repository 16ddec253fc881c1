"""Users of the account, and their settings, as the API returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox import defaults
from reconciler.sandbox.replies import no_user

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
    departed = known is None and email.casefold() in account.departed
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
        "role_name": "Member",
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
        "have_letter": False,
        "have_number": False,
        "have_special_character": False,
        "have_upper_and_lower_characters": False,
        "only_allow_numeric": switches.passcode_digits_only,
        "consecutive_characters_length": 0,
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


def _exists(email: str, switches: Switches) -> bool:
    if switches.users is None:
        return True
    return email.casefold() in {each.casefold() for each in (*switches.users, switches.owner)}
