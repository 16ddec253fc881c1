"""Names of time zones that people write and the IANA database does not have, and names without summer time.

Abbreviations, the names of Windows and Outlook, and offsets. Sources: CLDR's windowsZones, tzdata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from reconciler.errors.didyoumean import did_you_mean
from reconciler.meeting import timezones

_RATIO_MIN = 0.75
_ABBREVIATION_MAX = 4

CITIES: Mapping[int, tuple[str, ...]] = {
    -660: ("Pacific/Pago_Pago",),
    -600: ("America/Adak", "Pacific/Honolulu"),
    -570: ("Pacific/Marquesas",),
    -540: ("America/Anchorage", "Pacific/Gambier"),
    -480: ("America/Los_Angeles", "Pacific/Pitcairn"),
    -420: ("America/Denver", "America/Phoenix"),
    -360: ("America/Chicago", "America/Costa_Rica"),
    -300: ("America/New_York", "America/Panama"),
    -240: ("America/Halifax", "America/Puerto_Rico"),
    -210: ("America/St_Johns",),
    -180: ("America/Miquelon", "America/Sao_Paulo"),
    -120: ("America/Nuuk", "America/Noronha"),
    -60: ("Atlantic/Azores", "Atlantic/Cape_Verde"),
    0: ("Europe/London", "UTC"),
    60: ("Europe/Berlin", "Africa/Lagos"),
    120: ("Europe/Athens", "Africa/Johannesburg"),
    180: ("Africa/Nairobi",),
    210: ("Asia/Tehran",),
    240: ("Asia/Dubai",),
    270: ("Asia/Kabul",),
    300: ("Asia/Karachi",),
    330: ("Asia/Kolkata",),
    345: ("Asia/Kathmandu",),
    360: ("Asia/Dhaka",),
    390: ("Asia/Yangon",),
    420: ("Asia/Bangkok",),
    480: ("Asia/Singapore",),
    540: ("Asia/Tokyo",),
    570: ("Australia/Adelaide", "Australia/Darwin"),
    600: ("Australia/Sydney", "Australia/Brisbane"),
    660: ("Pacific/Guadalcanal",),
    720: ("Pacific/Auckland", "Pacific/Fiji"),
    780: ("Pacific/Tongatapu",),
    840: ("Pacific/Kiritimati",),
}
"""Well-known zones by their minutes east of UTC in winter; the second of two has no summer time."""

_FIXED = {"EST": -300, "MST": -420, "HST": -600, **dict.fromkeys(("GMT", "GMT0", "GMT+0", "GMT-0"), 0)}
_FIXED_FORM = re.compile(r"Etc/GMT([+-])([0-9]{1,2})")

_ABBREVIATIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("PT", "PST", "PDT"), ("America/Los_Angeles",)),
    **dict.fromkeys(("MT", "MDT"), ("America/Denver",)),
    **dict.fromkeys(("CT", "CDT"), ("America/Chicago",)),
    **dict.fromkeys(("ET", "EDT"), ("America/New_York",)),
    **dict.fromkeys(("AT", "ADT"), ("America/Halifax",)),
    **dict.fromkeys(("NT", "NST", "NDT"), ("America/St_Johns",)),
    **dict.fromkeys(("AKT", "AKST", "AKDT"), ("America/Anchorage",)),
    "AST": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "CST": ("America/Chicago", "Asia/Shanghai"),
    "IST": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "BST": ("Europe/London",),
    **dict.fromkeys(("CEST", "MEZ", "MESZ"), ("Europe/Berlin",)),
    "WEST": ("Europe/Lisbon",),
    **dict.fromkeys(("EEST", "OEZ"), ("Europe/Athens",)),
    "MSK": ("Europe/Moscow",),
    "TRT": ("Europe/Istanbul",),
    **dict.fromkeys(("BRT", "BRST"), ("America/Sao_Paulo",)),
    "ART": ("America/Argentina/Buenos_Aires",),
    **dict.fromkeys(("CLT", "CLST"), ("America/Santiago",)),
    "COT": ("America/Bogota",),
    "PET": ("America/Lima",),
    "WAT": ("Africa/Lagos",),
    "CAT": ("Africa/Maputo",),
    "EAT": ("Africa/Nairobi",),
    "SAST": ("Africa/Johannesburg",),
    "GST": ("Asia/Dubai",),
    "PKT": ("Asia/Karachi",),
    "NPT": ("Asia/Kathmandu",),
    "ICT": ("Asia/Bangkok",),
    "WIB": ("Asia/Jakarta",),
    "SGT": ("Asia/Singapore",),
    "HKT": ("Asia/Hong_Kong",),
    "PHT": ("Asia/Manila",),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "AWST": ("Australia/Perth",),
    **dict.fromkeys(("ACST", "ACDT"), ("Australia/Adelaide",)),
    **dict.fromkeys(("AEST", "AEDT", "AET"), ("Australia/Sydney", "Australia/Brisbane")),
    **dict.fromkeys(("NZT", "NZST", "NZDT"), ("Pacific/Auckland",)),
    "Z": ("UTC",),
}

_LONG_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("pacific", "us pacific"), "America/Los_Angeles"),
    **dict.fromkeys(("mountain",), "America/Denver"),
    **dict.fromkeys(("us mountain", "arizona"), "America/Phoenix"),
    **dict.fromkeys(("central", "north american central"), "America/Chicago"),
    **dict.fromkeys(("eastern", "north american eastern"), "America/New_York"),
    "us eastern": "America/Indiana/Indianapolis",
    "atlantic": "America/Halifax",
    "newfoundland": "America/St_Johns",
    **dict.fromkeys(("alaskan", "alaska"), "America/Anchorage"),
    **dict.fromkeys(("hawaiian", "hawaii"), "Pacific/Honolulu"),
    "canada central": "America/Regina",
    "central america": "America/Guatemala",
    "central mexico": "America/Mexico_City",
    "pacific mexico": "America/Tijuana",
    "mountain mexico": "America/Mazatlan",
    "sa pacific": "America/Bogota",
    "sa western": "America/La_Paz",
    "sa eastern": "America/Cayenne",
    "pacific sa": "America/Santiago",
    "venezuela": "America/Caracas",
    "paraguay": "America/Asuncion",
    "central brazilian": "America/Cuiaba",
    **dict.fromkeys(("e. south america", "brasilia"), "America/Sao_Paulo"),
    "argentina": "America/Argentina/Buenos_Aires",
    "montevideo": "America/Montevideo",
    "greenland": "America/Nuuk",
    "azores": "Atlantic/Azores",
    "cape verde": "Atlantic/Cape_Verde",
    **dict.fromkeys(("gmt", "british", "uk"), "Europe/London"),
    "greenwich": "Atlantic/Reykjavik",
    "greenwich mean": "Europe/London",
    "morocco": "Africa/Casablanca",
    **dict.fromkeys(("w. europe", "central european"), "Europe/Berlin"),
    "western european": "Europe/Lisbon",
    "central europe": "Europe/Budapest",
    "romance": "Europe/Paris",
    "w. central africa": "Africa/Lagos",
    **dict.fromkeys(("gtb", "eastern european"), "Europe/Athens"),
    "e. europe": "Europe/Chisinau",
    "fle": "Europe/Kyiv",
    "turkey": "Europe/Istanbul",
    "israel": "Asia/Jerusalem",
    "egypt": "Africa/Cairo",
    "south africa": "Africa/Johannesburg",
    **dict.fromkeys(("russian", "moscow"), "Europe/Moscow"),
    "belarus": "Europe/Minsk",
    **dict.fromkeys(("arab", "arabia"), "Asia/Riyadh"),
    "arabic": "Asia/Baghdad",
    "e. africa": "Africa/Nairobi",
    "iran": "Asia/Tehran",
    **dict.fromkeys(("arabian", "gulf"), "Asia/Dubai"),
    "azerbaijan": "Asia/Baku",
    "georgian": "Asia/Tbilisi",
    "caucasus": "Asia/Yerevan",
    "mauritius": "Indian/Mauritius",
    "afghanistan": "Asia/Kabul",
    "pakistan": "Asia/Karachi",
    "west asia": "Asia/Tashkent",
    **dict.fromkeys(("india", "indian"), "Asia/Kolkata"),
    "sri lanka": "Asia/Colombo",
    "nepal": "Asia/Kathmandu",
    "bangladesh": "Asia/Dhaka",
    "central asia": "Asia/Almaty",
    "myanmar": "Asia/Yangon",
    **dict.fromkeys(("se asia", "indochina"), "Asia/Bangkok"),
    "china": "Asia/Shanghai",
    "singapore": "Asia/Singapore",
    "taipei": "Asia/Taipei",
    "hong kong": "Asia/Hong_Kong",
    **dict.fromkeys(("tokyo", "japan"), "Asia/Tokyo"),
    "korea": "Asia/Seoul",
    **dict.fromkeys(("w. australia", "australian western"), "Australia/Perth"),
    "cen. australia": "Australia/Adelaide",
    "aus central": "Australia/Darwin",
    **dict.fromkeys(("aus eastern", "australian eastern"), "Australia/Sydney"),
    "e. australia": "Australia/Brisbane",
    "tasmania": "Australia/Hobart",
    "central pacific": "Pacific/Guadalcanal",
    "new zealand": "Pacific/Auckland",
    "fiji": "Pacific/Fiji",
    "tonga": "Pacific/Tongatapu",
    "samoa": "Pacific/Apia",
    **dict.fromkeys(("utc", "coordinated universal"), "UTC"),
}
"""Zones by the names of Windows and of people, without the words in `_FILLER`."""

TOWNS: Mapping[str, str] = {
    town: zone
    for zone, towns in {
        "America/Chicago": "austin, dallas, houston, minneapolis, new orleans, saint louis, st louis",
        "America/Los_Angeles": "las vegas, portland, san diego, san francisco, san jose, seattle",
        "America/New_York": "atlanta, boston, miami, philadelphia, washington, washington dc",
        "America/Sao_Paulo": "brasilia, rio de janeiro",
        "America/Toronto": "ottawa, quebec",
        "Africa/Johannesburg": "cape town, durban, pretoria",
        "Asia/Dubai": "abu dhabi",
        "Asia/Jerusalem": "haifa",
        "Asia/Kolkata": "bangalore, bengaluru, bombay, chennai, delhi, hyderabad, mumbai, new delhi, pune",
        "Asia/Shanghai": "beijing, guangzhou, hangzhou, peking, shenzhen",
        "Asia/Tokyo": "kyoto, osaka",
        "Europe/Berlin": "cologne, dusseldorf, frankfurt, hamburg, leipzig, munich, munchen, stuttgart",
        "Europe/London": "birmingham, bristol, cambridge, cardiff, edinburgh, glasgow, manchester, oxford",
        "Europe/Madrid": "barcelona, seville, valencia",
        "Europe/Moscow": "saint petersburg, st petersburg",
        "Europe/Paris": "lyon, marseille, toulouse",
        "Europe/Rome": "florence, milan, naples, turin",
        "Europe/Warsaw": "gdansk, krakow, wroclaw",
        "Europe/Zurich": "basel, bern, geneva, lausanne",
        "Pacific/Auckland": "wellington",
    }.items()
    for town in towns.split(", ")
}
"""Zones by cities that have none of their own name."""

_FILLER = re.compile(r"\b(?:standard|daylight|summer|time|zone)\b|\((?!mexico\b)[^)]*\)|[()]")
_OFFSET = re.compile(r"\(?(?:UTC|GMT)?\s*([+-])\s*([0-9]{1,2})(?::?([0-9]{2}))?(?:\).*)?", re.IGNORECASE)


def fixed_offset(name: str) -> int | None:
    """Return the minutes east of UTC of an IANA name that has no city; None for any other name."""
    if name in _FIXED:
        return _FIXED[name]
    match = _FIXED_FORM.fullmatch(name)
    if not match:
        return None
    minutes = int(match[2]) * 60
    east = minutes if match[1] == "-" else -minutes  # the signs are those of POSIX
    return east or None  # Etc/GMT+0 is UTC


def likely(name: str) -> tuple[str, ...]:
    """Return the IANA zones that a name of another kind stands for, the likeliest first."""
    name = name.strip()
    area, _, last = name.rpartition("/")
    for short in (name.upper(), last.upper() if len(area) <= _ABBREVIATION_MAX else ""):  # as in EST/EDT
        if short in _ABBREVIATIONS:
            return _ABBREVIATIONS[short]
    long_name, town = _plain(name), _plain(last)
    if long_name in _LONG_NAMES or town in TOWNS:
        return (_LONG_NAMES.get(long_name) or TOWNS[town],)
    match = _OFFSET.fullmatch(name.removeprefix("Etc/"))
    if not match:
        return ()
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return CITIES.get(minutes if match[1] == "+" else -minutes, ())


def similar(name: str) -> str | None:
    """Return the zones that are probably meant, joined by code quotes and `or`; None where none is."""
    meant = likely(name)
    if meant:
        return "` or `".join(meant)
    names = _whole_names()
    for written in dict.fromkeys((_form(name), _form(_plain(name)))):  # also without words such as "time"
        near = did_you_mean(written, tuple(names), ratio_min=_RATIO_MIN, form=_form)
        if near and _is_same_city(written, near):
            return names[near]
    return None


def _is_same_city(written: str, near: str) -> bool:
    """Return whether the cities are alike too: two cities of one area have much in common."""
    _, _, city = near.rpartition("/")
    return did_you_mean(written.rpartition("/")[2], (city,), ratio_min=_RATIO_MIN, form=_form) is not None


def _plain(name: str) -> str:
    """Return a name in lower case, without the words that say that it is a zone."""
    return " ".join(_FILLER.sub(" ", name.casefold().replace("_", " ")).split())


def _form(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()


@cache
def _whole_names() -> Mapping[str, str]:
    """Return the IANA zones by whole name and by city; of two with the same city, the first by name."""
    names = sorted(timezones.zones(), reverse=True)
    cities = {name.rpartition("/")[2]: name for name in names if "/" in name}
    return cities | {name: name for name in names}
