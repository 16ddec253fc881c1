"""Silent changes: Zoom reports success, but stores or returns other settings than were sent."""

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
"""`approval_type` of a meeting without registration."""


def initial_settings(host: User, switches: Switches) -> dict[str, Json]:
    """Return the settings of a new meeting before those that are sent."""
    contacts = defaults.contacts(host) if switches.contacts_filled else {}
    authentication = {"meeting_authentication": switches.meeting_authentication}
    return {**defaults.SETTINGS, **contacts, **authentication}


def merged(
    settings: Mapping[str, Json], sent: Mapping[str, Json], *, replace_objects: bool = False
) -> dict[str, Json]:
    """Merge `sent` over `settings`, and objects in them too, unless `replace_objects`."""
    result = dict(settings)
    for name, value in sent.items():
        before = result.get(name)
        if isinstance(before, dict) and isinstance(value, dict) and not replace_objects:
            result[name] = {**before, **value}
        else:
            result[name] = value
    return result


def stored(
    settings: Mapping[str, Json], *, kind: int, has_passcode: bool, switches: Switches
) -> dict[str, Json]:
    """Return `settings` as they are stored in a meeting of type `kind`."""
    result = dict(settings) | {
        name: deepcopy(defaults.SETTINGS[name])
        for name in switches.dropped_settings
        if name in defaults.SETTINGS
    }
    result |= _disallowed(result, switches)
    if _registration_is_off(kind, switches):
        result["approval_type"] = NO_REGISTRATION
    result |= switches.locked_settings
    is_protected = has_passcode or result["meeting_authentication"]
    if switches.waiting_room_forced or (switches.safeguard_forced and not is_protected):
        result["waiting_room"] = True
    if switches.waiting_room_hides_join_before_host and result["waiting_room"]:
        result["join_before_host"] = False
    return result


def accepted(body: Mapping[str, Json], switches: Switches) -> Mapping[str, Json]:
    """Return the body of a create or an update with topic and zone as they are stored."""
    result = dict(body)
    if switches.trimmed_topics and body.get("topic"):
        result["topic"] = " ".join(body["topic"].split())
    if body.get("timezone") in switches.zone_names:
        result["timezone"] = switches.zone_names[body["timezone"]]
    return result


def without_held(body: Mapping[str, Json], switches: Switches) -> Mapping[str, Json]:
    """Return the body of an update without the fields that the account holds."""
    result = {name: value for name, value in body.items() if name not in switches.held_fields}
    if "settings" in result:
        held = {name.removeprefix("settings.") for name in switches.held_fields if "." in name}
        result["settings"] = {name: value for name, value in result["settings"].items() if name not in held}
    return result


def kind_of(kind: int, settings: Mapping[str, Json], switches: Switches) -> int:
    """Return the type that is stored: 4 for a meeting on the personal id."""
    if kind == SCHEDULED and switches.pmi_forced:
        return PERSONAL
    if kind in (SCHEDULED, RECURRING) and settings["use_pmi"]:
        return PERSONAL
    return kind


def as_read(settings: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
    """Return stored settings as the API returns them."""
    result = dict(settings)
    if not result["breakout_room"].get("enable"):
        result["breakout_room"] = {"enable": False}
    if switches.lists_reordered:
        result = {name: _reversed(value) for name, value in result.items()}
        result["alternative_hosts"] = ",".join(reversed(_split(settings["alternative_hosts"])))
    return result


def _disallowed(settings: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
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


def _reversed(value: Json) -> Json:
    return value[::-1] if isinstance(value, list) else value


def _split(text: str) -> list[str]:
    return [each for each in text.replace(",", ";").split(";") if each]
