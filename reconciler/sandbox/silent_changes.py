"""What Zoom makes of the settings that were sent: success is answered, and something else is stored."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from reconciler.sandbox import defaults
from reconciler.sandbox.validation import PERSONAL, RECURRING, SCHEDULED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json
    from reconciler.sandbox.account import User
    from reconciler.sandbox.switches import Switches


BASIC = 1
"""Type of a user without a licence."""

NO_REGISTRATION = 2
"""`approval_type` of a meeting that takes none."""


def of_host(host: User, switches: Switches) -> dict[str, Json]:
    """The settings of a new meeting before anything was asked for."""
    contacts = defaults.contacts(host) if switches.contacts_filled else {}
    own = {"meeting_authentication": switches.meeting_authentication}
    return {**defaults.SETTINGS, **contacts, **own}


def merged(
    settings: Mapping[str, Json], sent: Mapping[str, Json], *, replace_objects: bool = False
) -> dict[str, Json]:
    """`sent` over `settings`; objects inside are merged as well, unless they are to be replaced."""
    result = dict(settings)
    for name, value in sent.items():
        before = result.get(name)
        both = isinstance(before, dict) and isinstance(value, dict) and not replace_objects
        result[name] = {**before, **value} if both and isinstance(before, dict) else value
    return result


def stored(
    settings: Mapping[str, Json], *, kind: int, has_passcode: bool, switches: Switches
) -> dict[str, Json]:
    """What is kept of `settings` in a meeting of type `kind`."""
    result = dict(settings) | {
        name: deepcopy(defaults.SETTINGS[name])
        for name in switches.dropped_settings
        if name in defaults.SETTINGS
    }
    result |= _without_leave(result, switches)
    if _registration_is_off(kind, switches):
        result["approval_type"] = NO_REGISTRATION
    result |= switches.locked_settings
    safe = has_passcode or result["meeting_authentication"]
    if switches.waiting_room_forced or (switches.safeguard_forced and not safe):
        result["waiting_room"] = True
    if switches.waiting_room_hides_join_before_host and result["waiting_room"]:
        result["join_before_host"] = False
    return result


def kind_of(kind: int, settings: Mapping[str, Json], switches: Switches) -> int:
    """The type that is stored: 4 where the meeting ends up on the personal id."""
    if kind == SCHEDULED and switches.pmi_forced:
        return PERSONAL
    if kind in (SCHEDULED, RECURRING) and settings["use_pmi"]:
        return PERSONAL
    return kind


def shown(settings: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
    """How stored settings read."""
    result = dict(settings)
    if not result["breakout_room"].get("enable"):
        result["breakout_room"] = {"enable": False}
    if switches.lists_reordered:
        result = {name: _turned(value) for name, value in result.items()}
        result["alternative_hosts"] = ",".join(reversed(_people(settings["alternative_hosts"])))
    return result


def _without_leave(settings: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
    off: dict[str, Json] = {}
    if not switches.breakout_rooms_allowed:
        off["breakout_room"] = {"enable": False}
    if not switches.interpretation_allowed:
        off["language_interpretation"] = {"enable": False}
        off["sign_language_interpretation"] = {"enable": False}
    return {name: value for name, value in off.items() if name in settings}


def _registration_is_off(kind: int, switches: Switches) -> bool:
    return (
        switches.approval_type_forced
        or switches.user_type == BASIC
        or (switches.registration_needs_start and kind == RECURRING)
    )


def _turned(value: Json) -> Json:
    return value[::-1] if isinstance(value, list) else value


def _people(text: str) -> list[str]:
    return [each for each in text.replace(",", ";").split(";") if each]
