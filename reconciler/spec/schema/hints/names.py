"""Hints for names of closures, templates and people, and for the sections that declare them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.meeting.names import KEY
from reconciler.ports import Json
from reconciler.spec.keys import readable_key
from reconciler.spec.schema.hints import dates as date_hints
from reconciler.spec.schema.hints import days as written_days
from reconciler.spec.schema.hints.features import ONE_HOST
from reconciler.spec.yaml.writer import flow

_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_ADDRESS = re.compile(r"[A-Za-z0-9.!%&*+_~-]+@[A-Za-z0-9.-]+")
_VARIABLE = re.compile(r"[$%{][{(]?\s*\w")
_DECLARED = {
    "closures": "{name}: [2027-04-05, 12-24..01-01]",
    "people": "{name}: [ada@example.com]",
    "templates": "{name}: {{settings: {{waiting_room: true}}}}",
    "meetings": "{name}: {{topic: Weekly, start_time: 2027-01-11 10:00}}",
}
_NAMES = {"closures": "berlin", "people": "leads", "templates": "open-door", "meetings": "weekly"}
_HOSTS_MAX = 3
_WHAT = {"use": "templates", "skip": "closures"}


def section_hint(section: str, value: Json) -> str:
    """Return the hint for a section of a file that is no mapping of names."""
    name, content = _NAMES[section], _DECLARED[section].format(name=_NAMES[section])
    if section == "people" and (emails := _emails(value)):
        content = f"{name}: [{', '.join(emails)}]"
    if section == "closures" and isinstance(value, list):
        days = [date_hints.closed_days(str(each)) for each in value[:3]]
        content = f"{name}: [{', '.join(days)}]" if days and all(days) else content
    return f"Write each under a name: `{section}: {{{content}}}`."


def use_hint(field: str, value: Json) -> str:
    """Return the hint for a value of `use` or `skip` that is no name and no list of names."""
    if isinstance(value, Mapping):
        days = [day for each in value if (day := "".join(written_days.days(str(each))[:1]))]
        if field == "skip" and days:
            return date_hints.exceptions_hint(days)
        names = [each if isinstance(each, str) else name for name, each in value.items() if each is not False]
    elif isinstance(value, str):
        names = re.split(r"\s*[,;]\s*", value)
    elif field == "skip" and type(value) is int and (days := list(written_days.days(str(value)))):
        return date_hints.exceptions_hint(days)
    else:
        names = []
    if field == "skip" and (value is False or (isinstance(value, Mapping) and value and not names)):
        return "For none write `skip: []`."
    fitting = [readable_key(each) for each in names]
    if not fitting or not all(KEY.fullmatch(each) for each in fitting):
        lines = f"`{field}: NAME`, or a list: `{field}: [ONE, OTHER]`"
        return f"Write the name of one of the `{_WHAT[field]}`: {lines}."
    return f"Write `{field}: {fitting[0] if len(fitting) == 1 else '[' + ', '.join(fitting) + ']'}`."


def pool_hint(value: Json) -> str:
    """Return the hint for a value of `pool` that is no name."""
    words = value if isinstance(value, list) else [value]
    name = readable_key(str(words[0])) if len(words) == 1 and words[0] else ""
    if KEY.fullmatch(name):
        return f"Write `{flow({'pool': name})[1:-1]}`."
    return "Write a name that the hosts of the pool share, such as `pool: rooms`, or remove it."


def hosts_hint(value: Json) -> str:
    """Return the hint for hosts that are no mapping."""
    hosts = [f"{email}: {{}}" for email in _emails(value) or ["ada@example.com"]]
    shown = hosts if len(hosts) <= _HOSTS_MAX else [*hosts[: _HOSTS_MAX - 1], "…"]
    return f"Write each host as a key: `hosts: {{{', '.join(shown)}}}`."


def people_hint(name: str, value: Json) -> str:
    """Return the hint for a list of people that is no list of e-mails."""
    emails = _emails(value) or ["ada@example.com"]
    return f"Write a list of e-mails: `{name}: [{', '.join(emails)}]`."


def person_hint(value: Json) -> str:
    """Return the hint for an entry of a list of people that is no e-mail."""
    emails = _emails(value)
    if len(emails) == 1:
        return f"Write `{emails[0]}`."
    return "Write an e-mail, such as `ada@example.com`; a list cannot name another one."


def _emails(value: Json) -> list[str]:
    """Return the e-mails in a text, a list or a mapping."""
    if isinstance(value, Mapping):
        value = list(value.values())
    texts = value if isinstance(value, list) else [value]
    return [email for each in texts[:5] if isinstance(each, str) for email in _EMAIL.findall(each)]


def host_hint(value: Json) -> str:
    """Return the hint for a host that is several, has a name beside its e-mail, or is a variable."""
    found = _ADDRESS.findall(flow(value))
    if isinstance(value, list) or len(found) > 1:
        return ONE_HOST
    if found:
        return f"Write `host: {found[0]}`."
    is_variable = isinstance(value, str) and _VARIABLE.search(value)
    return "A spec has no variables: write the e-mail address itself." if is_variable else ""
