"""Hints for keys in a part of a meeting: in its rule, in the exception of one date, in a slot of a room."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler import resources
from reconciler.errors.didyoumean import plain_name, suggestion
from reconciler.ports import Json
from reconciler.spec.schema.hints import dates as date_hints
from reconciler.spec.schema.hints import repeat as repeat_hints
from reconciler.spec.schema.hints import weekdays as weekday_words

_OWN_START = "The first date and the time of day are the meeting's: `start_time: 2027-01-11 10:00`."
_TIME_OR_TIMES = f"{_OWN_START} The number of dates is `times: 20`."
_NO_END = "For a series without an end, leave out both `times` and `until`."
_BESIDE = "It belongs beside `repeat`, in the meeting itself."
_OF_ONE_DATE = (
    "Zoom changes only the start, the length, the agenda and seven settings of a single date. Write what "
    "people should know about it into `agenda`, or what reviewers should into `note`."
)
_OF_THE_ROOM = "It holds for all slots: write it in the room, beside `timetable`."
_SLOT_RULE = "Write the rule of a slot in words: `repeat: {every: week, on: mon}`."
_SLOT_TYPE = "The type is that of the room: remove the line."
_OTHER_NAMES_IN_REPEAT = {
    "byday": "on",
    "count": "times",
    "day": "on",
    "dayofweek": "on",
    "days": "on",
    "end": "until",
    "enddate": "until",
    "enddatetime": "until",
    "ends": "until",
    "endson": "until",
    "endtimes": "times",
    "endsafter": "times",
    "freq": "every",
    "frequency": "every",
    "interval": "every",
    "monthlyday": "on",
    "number": "times",
    "occurrences": "times",
    "repeatinterval": "every",
    "to": "until",
    "type": "every",
    "unit": "every",
    "untildate": "until",
    "weekday": "on",
    "weekdays": "on",
    "weeklydays": "on",
}
"""Names that other programs, or the API, use for a part of `repeat`."""

_IN_A_RULE: Mapping[str, str] = {
    **dict.fromkeys(("at", "time", "hour"), _TIME_OR_TIMES),
    **dict.fromkeys(("start", "startdate", "startson", "from", "begin", "dtstart", "starting"), _OWN_START),
    **dict.fromkeys(
        ("after", "for"),
        "Write after how many dates it ends, `times: 20`, or its last day, `until: 2027-06-30`.",
    ),
    **dict.fromkeys(("forever", "endless", "never", "noend"), _NO_END),
    **dict.fromkeys(("skip", "exceptions"), _BESIDE),
    **dict.fromkeys(
        ("week", "setpos", "bysetpos", "monthlyweek"), "Write the week before the weekday: `on: second mon`."
    ),
}
"""Hints for keys in `repeat` that are no other name of one of its parts."""

_IN_A_SLOT: Mapping[str, str] = {
    **dict.fromkeys(("skip", "settings", "host", "password"), _OF_THE_ROOM),
    "recurrence": _SLOT_RULE,
    "type": _SLOT_TYPE,
}
"""Hints for keys of a slot that its room may have."""

PARTS_OF_A_RULE: Mapping[str, str] = {
    "repeat.every": "{every: 2 weeks, on: mon}",
    "repeat.on": "{every: week, on: mon}",
    "repeat.times": "{every: week, on: mon, times: 20}",
    "repeat.until": "{every: week, on: mon, until: 2027-06-30}",
}
"""A rule that has the part, for each part."""

_STARTS = frozenset(
    {
        "at",
        "date",
        "day",
        "move",
        "moved",
        "movedto",
        "moves",
        "moveto",
        "newdate",
        "newstart",
        "newtime",
        "start",
        "starttime",
        "time",
        "to",
        "when",
    }
)
_SKIPS = frozenset(
    {
        "cancel",
        "canceled",
        "cancelled",
        "closed",
        "delete",
        "deleted",
        "off",
        "remove",
        "removed",
        "skip",
        "skipped",
    }
)
_NOTES = frozenset(
    {
        "by",
        "comment",
        "comments",
        "description",
        "notes",
        "presenter",
        "reason",
        "remark",
        "speaker",
        "title",
        "why",
    }
)


def _of_date(day: str, key: str, siblings: Mapping[str, Json], meeting_fields: Collection[str]) -> str:
    """Return the hint for a key that the exception of a date does not have; empty where there is none."""
    name = plain_name(key)
    if name in _SKIPS:
        return f"Write `{day}: skip`."
    if name in _STARTS:
        written = [str(each) for other, each in siblings.items() if plain_name(other) in _STARTS and each]
        day_then_time = " ".join(sorted(written, key=len, reverse=True))
        own = date_hints.own_part(day, day_then_time)
        if own.startswith("start_time: "):
            return f"Write `{own}`."
        return f"Write `start_time: {day} 14:00`, or another day and time."
    if name in _NOTES:
        return 'Write `note: "Host: Ada"`; it is shown in plans, and never sent.'
    if key in _settings_of_one_date():
        return f"Write it under `settings`: `{day}: {{settings: {{{key}: true}}}}`."
    return _OF_ONE_DATE if key in meeting_fields else ""


def _of_settings() -> str:
    """Return the hint for a setting that Zoom does not change for one date."""
    *most, last = (f"`{name}`" for name in _settings_of_one_date())
    return f"Of a single date Zoom changes only {', '.join(most)} and {last}."


def _of_rule(key: str, siblings: Mapping[str, Json]) -> str:
    """Return the hint for a key that `repeat` does not have; empty where there is none."""
    name = plain_name(key)
    if siblings[key] is None and weekday_words.weekdays(key):  # `on: mon, wed` in braces
        words = [f"{siblings.get('on', '')}", *(each for each, value in siblings.items() if value is None)]
        return repeat_hints.hint("on", ", ".join(words))
    other = _OTHER_NAMES_IN_REPEAT.get(name)
    return suggestion(other) if other else rule_of(key, siblings) or _IN_A_RULE.get(name, "")


def rule_of(key: str, siblings: Mapping[str, Json]) -> str:
    """Return the hint for a key such as `weekly`, with the days that it has; empty for another one."""
    if plain_name(key) not in ("daily", "weekly", "biweekly", "fortnightly", "monthly", "quarterly"):
        return ""
    value = siblings[key]
    if value is False:
        return "Leave it out: without `repeat`, a meeting takes place once."
    days = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    found = repeat_hints.hint("", key if value is None or value is True else f"{key} on {days}")
    return "" if found == repeat_hints.ANY_REPEAT else found


def hint(path: str, key: str, siblings: Mapping[str, Json], meeting_fields: Collection[str]) -> str:
    """Return the hint for a key at `path`, whose last step it is; empty where there is none.

    `siblings` is the mapping that has the key.
    """
    *outer, _ = path.split(".")
    part = outer[2:] if outer[:1] == ["timetable"] else outer
    if part[:1] == ["repeat"]:
        return _of_rule(key, siblings)
    if part[:1] == ["exceptions"] and len(part) > 1:
        return _of_date(part[1], key, siblings, meeting_fields) if len(part) == 2 else _of_settings()  # noqa: PLR2004 - a day
    if not part and (rule := rule_of(key, siblings)):
        return rule
    return _IN_A_SLOT.get(plain_name(key), "") if outer[:1] == ["timetable"] and not part else ""


def _settings_of_one_date() -> Collection[str]:
    fields: Json = resources.document("meetings.schema.json")["definitions"]["meeting"]["properties"]
    settings: Mapping[str, Json] = fields["exceptions"]["additionalProperties"]["properties"]["settings"]
    return tuple(settings["properties"])
