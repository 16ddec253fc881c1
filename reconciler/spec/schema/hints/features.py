"""Hints for fields that people expect and the spec does not have: what is possible instead.

Each is a thing that a calendar, another program or another section has. A hint names what works when pasted.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors.didyoumean import plain_name

_SINGLE_DATES = (
    "Leave single dates of a series out with `exceptions: {2027-04-05: skip}` beside its rule, and days that "
    "several meetings leave out with a list under `closures`, which `skip` names."
)
_LENGTH = (
    "Write how long it is: `duration: 45m`. The end of a series is part of its rule: "
    "`repeat: {every: week, until: 2027-06-30}`."
)
_PEOPLE = (
    "Zoom's API sends no invitations. `settings: {meeting_invitees: [{email: ada@example.com}]}` says whom "
    "it is for, `settings: {alternative_hosts: [ada@example.com]}` who may start it, and `reconciler links` "
    "prints the link to send."
)
_NOTE = (
    "Zoom has no such field. Write what people should read into `agenda`, what reviewers should read into a "
    "comment (`# …`), and what reports count by into a tracking field of the account: "
    "`tracking_fields: [{field: Team, value: Platform}]`."
)
_OWNER = (
    "The user who owns a meeting is its `host: ada@example.com`. The team that looks after it goes into a "
    "comment (`# …`) or into a tracking field of the account: "
    "`tracking_fields: [{field: Team, value: Platform}]`."
)
_HOST_KEY = (
    "The host key belongs to the user in Zoom, not to a meeting: it is set in the profile of the host. "
    "Remove the line."
)
_REMINDER = "Zoom's API sets no reminders: the calendars of the people who take part do."
_PLACE = "A Zoom meeting has no place: write it into `agenda`."
_ENDED = (
    "What is declared exists. To end a meeting, take it out of `meetings` and run `reconciler plan`: it "
    "prints the line for `removed`."
)
_ORDER = "Meetings do not depend on one another: remove the line."
_SHARED = (
    "Share fields by a template: `templates: {NAME: {…}}` beside `meetings`, and `use: NAME` in the meeting."
)
ONE_HOST = (
    "One user owns a meeting: `host: ada@example.com`. Others may start it: "
    "`settings: {alternative_hosts: [grace@example.com]}`."
)
"""The hint for several hosts."""
_LINK = (
    "Zoom makes the link and the number; `reconciler links` prints the link. To adopt a meeting that exists, "
    "list it under `imports`: {id: ID, to: KEY}."
)
_ONE_DATE = (
    "Write the date that the rule gives with what is different: "
    "`exceptions: {2027-04-05: {start_time: 2027-04-06 14:00, duration: 30m}}`."
)
_SCHEDULE = (
    "Write the rule of a series as `repeat: {every: week, on: mon}`. The slots of a room (`type: 3`) are its "
    "`timetable: {europe: {start_time: 2027-01-11 10:00}}`."
)
_DATES = (
    "Dates without a rule are meetings of their own. Those of a rule are one series: the first is its "
    "`start_time: 2027-01-11 10:00`, and `repeat: {every: week, on: mon}` gives the others."
)
_PAUSE = (
    "For a pause write a closure without an end at the top of the file, `closures: {pause: [2027-07-01..]}`, "
    "and `skip: pause`."
)
_CLOSURES = (
    "Write the days as `closures: {berlin: [2027-04-05]}`, and `skip: berlin` in each meeting that leaves "
    "them out, or in `defaults`."
)
_GROUPS = (
    "Write lists of e-mails as `people: {leads: [ada@example.com]}`; `alternative_hosts: [leads]` under "
    "`settings` names one."
)
IN_MEETINGS = (
    "It is a field of a meeting: write it in each, or under `defaults` for all meetings of the file."
)
"""The hint for a field of a meeting at the top of a file."""
_WEEKLY = "Write `repeat: {every: week, on: mon}`; also `day`, `2 weeks` or `month`."
_WHOLE_DAY = (
    "A meeting has a start and a length of at most a day: `start_time: 2027-01-11 00:00`, `duration: 24h`."
)

_WORDS: Mapping[str, str] = {
    "except excepts exclude excludes excluded exdate exdates exceptdates excludedates excludeddates "
    "skipdates skipped skips holiday holidays cancel canceled cancelled cancellations blackout blackouts "
    "daysoff nodates exception exceptions closures closed": _SINGLE_DATES,
    "end ends endsat endtime endat enddate finish stop": _LENGTH,
    "participants guests guest invite invites invited invitations members people recipients": _PEOPLE,
    "color colour priority tags tag labels label category categories notes note comment comments team "
    "metadata annotations": _NOTE,
    "owner organizer organiser scheduler": _OWNER,
    "hostkey hostpin claimhostkey": _HOST_KEY,
    "reminder reminders notification notifications alarm alarms": _REMINDER,
    "location locations place room venue address": _PLACE,
    "enabled disabled active archived state ensure absent deleted delete destroy": _ENDED,
    "dependson depends after before needs requires": _ORDER,
    "extends inherits inherit template templates base parent basedon include includes mixin mixins "
    "preset presets profile profiles": _SHARED,
    "hosts owners cohosts cohost": ONE_HOST,
    "link links url joinlink meetingid meetingnumber number zoomid": _LINK,
    "weekly daily monthly weekday every recurs": _WEEKLY,
    "cron crontab schedule slots slot": _SCHEDULE,
    "dates startdates starttimes": _DATES,
    "pause paused suspend suspended": _PAUSE,
    "overrides override changes moved move moves reschedule rescheduled": _ONE_DATE,
    "allday wholeday": _WHOLE_DAY,
}

_SETTINGS_ONLY = "It is a setting of the program: write it into reconciler.yaml."
_SPEC_ONLY = "It belongs into a spec, such as meetings.yaml."
_FILES = (
    "Every file that `specs` in reconciler.yaml names is read, by default meetings.yaml and meetings/: list "
    "nothing."
)

IN_A_SPEC: Mapping[str, str] = {
    **dict.fromkeys(
        ("budget", "hosts", "state", "specs", "capacity", "audience", "policies"), _SETTINGS_ONLY
    ),
    **dict.fromkeys(("include", "includes", "import", "files", "resources"), _FILES),
    **dict.fromkeys(("exceptions", "exclude", "except"), _SINGLE_DATES),
    **dict.fromkeys(("holidays", "holiday", "publicholidays", "vacations", "closed", "closure"), _CLOSURES),
    **dict.fromkeys(("groups", "group", "teams", "team", "lists", "contacts", "users", "person"), _GROUPS),
    **dict.fromkeys(("presets", "profiles", "mixins", "base", "extends", "template"), _SHARED),
    **dict.fromkeys(
        ("host", "timezone", "repeat", "skip", "use", "settings", "topic", "duration"), IN_MEETINGS
    ),
    "timetable": "It belongs in a room, a meeting of `type: 3`.",
}
"""Hints for sections of a spec, by their plain names."""

IN_SETTINGS: Mapping[str, str] = dict.fromkeys(
    ("meetings", "moved", "imports", "removed", "templates", "people", "closures", "version"), _SPEC_ONLY
)
"""Hints for sections of reconciler.yaml."""

IN_A_MEETING: Mapping[str, str] = {name: hint for names, hint in _WORDS.items() for name in names.split()}
"""Hints for fields of a meeting, or of a part of it, by their plain names."""


def hint(key: str, hints: Mapping[str, str]) -> str:
    """Return the hint for `key`; empty where there is none."""
    return hints.get(plain_name(key), "")
