"""Turns a meeting from Zoom into the attributes that a person would have declared for it.

Pure. It keeps only values that Zoom does not fill in by itself, and never a passcode. What the schema
and the rules do not allow is left out, with a remark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.text import repr_without
from reconciler.live import _from_zoom_times as from_zoom_times
from reconciler.live._from_zoom_times import UndeclarableError
from reconciler.meeting import fields, masking
from reconciler.meeting.closures import SingleDates
from reconciler.meeting.compare import normalize
from reconciler.meeting.fields import Field
from reconciler.meeting.meeting import (
    INSTANT,
    NO_FIXED_TIME,
    PERSONAL,
    SCHEDULED,
    SCREEN_SHARE,
    SERIES,
    Meeting,
)
from reconciler.meeting.names import fold_host
from reconciler.ports import Json
from reconciler.spec.dates.exceptions import single_dates
from reconciler.spec.effect import has_effect
from reconciler.spec.repeat import Rule, in_words
from reconciler.spec.rules import check as rules
from reconciler.spec.schema import validator

USUAL: Mapping[str, Json] = {
    "settings.continuous_meeting_chat.enable": True,
    "settings.encryption_type": "enhanced_encryption",
    "settings.jbh_time": 0,
    "settings.question_and_answer.question_visibility": "all",
    "settings.registrants_confirmation_email": True,
    "settings.registrants_email_notification": True,
}
"""Values of fields without a documented default that nobody chose; any other such field is off."""

TYPES = frozenset({SCHEDULED, NO_FIXED_TIME, SERIES, SCREEN_SHARE})
"""Types of meetings that can be declared."""

IS_WEBINAR = "it is a webinar"

REASONS: Mapping[Json, str] = {
    INSTANT: "it is an instant meeting, which is over when it ends",
    PERSONAL: "it is held under its host's personal meeting id, whose link every such meeting shares",
    **dict.fromkeys((5, 6, 9), IS_WEBINAR),
}
"""Reasons why a meeting of another type cannot be declared."""

_PLAIN = ("topic", "agenda", "type", "template_id", "pre_schedule", "tracking_fields")
_DERIVED = frozenset({"authentication_name", "global_dial_in_numbers"})
_CONTACT = ("settings.contact_name", "settings.contact_email")
_ESSENTIAL = frozenset({"topic", "type", "start_time", "timezone", "recurrence", "repeat"})
_OF_PARTS = frozenset({"settings", "exceptions"})
_ROUNDS_MAX = 8

Path = tuple[str, ...]
_OMITTED = object()


class ImportedMeeting(Struct, frozen=True):
    """A stored meeting that can be declared.

    `attributes` are the API's body as a person would have written it, `stored` are all values in
    Zoom of fields that can be declared. `remarks` name what cannot be declared, one line each. `exceptions`
    are those of a series.
    """

    id: int
    host: str
    attributes: Mapping[str, Json]
    stored: Mapping[str, Json]
    remarks: tuple[str, ...] = ()
    has_passcode: bool = False
    exceptions: Mapping[str, Json] = {}

    def __repr__(self) -> str:
        return repr_without(self, "attributes", "stored")


def usual_settings(bodies: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """The values that Zoom seems to put into every meeting of a host, by dotted path: the most frequent.

    Only of fields that it fills from the host: a list of countries, a template, a contact's name.
    """
    counts: dict[str, Counter[str]] = {}
    values: dict[tuple[str, str], Json] = {}
    for body in bodies:
        for path, value in _filled(body):
            form = repr(value)
            values.setdefault((path, form), value)
            counts.setdefault(path, Counter())[form] += 1
    return {path: values[path, forms.most_common(1)[0][0]] for path, forms in counts.items()}


def to_declaration(
    number: int, host: str, body: Mapping[str, Json], usual: Mapping[str, Json], now: datetime
) -> ImportedMeeting:
    """The body of a read as a declaration. `usual` is from `usual_settings`. Raises `UndeclarableError`."""
    body = _without_surrogates(body)
    of_type, settings = body.get("type"), body.get("settings") or {}
    if of_type in TYPES and of_type != SERIES and settings.get("use_pmi"):
        of_type = PERSONAL
    if of_type not in TYPES:
        raise UndeclarableError(REASONS.get(of_type, f"Zoom names it type {of_type}, which is unknown here"))
    times = from_zoom_times.declared_times(body, now)
    parts = _ChosenParts(body, usual)
    plain = {name: body[name] for name in _PLAIN if name in body}
    attributes = {"type": of_type, **parts.chosen((), {**plain, "settings": settings}), **times.attributes}
    ordered = {name: attributes[name] for name in fields.table() if name in attributes}
    meeting = Meeting(str(number), host, ordered, dates=SingleDates(times.exceptions))
    checked, dropped, exceptions = _checked(meeting)
    checked, masked = _without_secrets(checked)
    return ImportedMeeting(
        number,
        host,
        checked,
        stored=_stored_fields(body, times.attributes),
        remarks=(*times.remarks, *dropped, *masked, *_undeclarable(body, settings)),
        has_passcode=bool(body.get("password")),
        exceptions=exceptions,
    )


class _ChosenParts:
    """The parts of a body that a person would have written, field by field."""

    def __init__(self, body: Mapping[str, Json], usual: Mapping[str, Json]) -> None:
        self.body = body
        settings: Mapping[str, Json] = body.get("settings") or {}
        self.known = {**USUAL, **usual}
        own = fold_host(str(settings.get("contact_email") or ""))
        if own == fold_host(str(body.get("host_email") or "")):
            self.known["settings.contact_email"] = settings.get("contact_email")
        else:  # somebody else's address, which the name belongs to
            self.known = {path: value for path, value in self.known.items() if path not in _CONTACT}

    def chosen(self, path: Path, value: Mapping[str, Json]) -> dict[str, Json]:
        """The parts of a mapping that somebody chose."""
        parts = ((name, self.part((*path, name), inner)) for name, inner in value.items())
        return {name: inner for name, inner in parts if inner is not _OMITTED}

    def part(self, path: Path, value: Json) -> Json:
        described = fields.field_at(path)
        if described is None or not described.create or described.secret:
            return _OMITTED
        if not has_effect(described, self.body):
            return _OMITTED
        if isinstance(value, dict):
            inner = self.chosen(path, {"enable": False} if value.get("enable") is False else value)
            return inner or _OMITTED
        if self.is_usual(described, value):
            return _OMITTED
        return _declared_value(described, value)

    def is_usual(self, described: Field, value: Json) -> bool:
        usual = self.known.get(described.path, described.default)
        if usual is None:
            return _is_off(value)
        return value is None or normalize(described, value) == normalize(described, usual)


def _declared_value(described: Field, value: Json) -> Json:
    """A value as it is declared: without Zoom's additions."""
    if described.compare is fields.Compare.EMAIL_SET and isinstance(value, str):
        return ";".join(part.strip() for part in value.replace(",", ";").split(";") if part.strip())
    if isinstance(value, list) and described.items == "object":
        return [entry for item in value if (entry := _entry(described.path, item))] or _OMITTED
    return value


def _entry(path: str, value: Json) -> dict[str, Json]:
    """The parts of a list's entry that can be declared."""
    kept = {}
    for name, inner in value.items() if isinstance(value, dict) else ():
        described = fields.table().get(f"{path}[].{name}")
        if described and described.create and not described.secret and not _is_off(inner):
            kept[name] = inner
    # An account's tracking field that nobody filled is read back with an empty value.
    return {} if path == "tracking_fields" and "value" not in kept else kept


def _is_off(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {})


def _filled(body: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    settings = body.get("settings") or {}
    for name, value in settings.items():
        described = fields.field_at(("settings", name))
        if described and described.default_from and described.type in ("string", "array") and value:
            yield described.path, value
    own = fold_host(str(body.get("host_email") or ""))
    if settings.get("contact_name") and fold_host(str(settings.get("contact_email") or "")) == own:
        yield _CONTACT[0], settings["contact_name"]


def _without_secrets(attributes: Mapping[str, Json]) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The attributes without texts in which somebody wrote a passcode, and a remark for each of these."""
    kept: dict[str, Json] = dict(attributes)
    remarks: list[str] = []
    for path, value in _fields_with_paths(attributes):
        secret = masking.describe_secret(value)
        if secret and path[0] in _ESSENTIAL:
            raise UndeclarableError(f"its {path[0]} holds {secret}")
        if secret:
            kept = fields.drop(kept, path)
            remarks.append(f"`{'.'.join(path)}` is left out: it holds {secret}.")
    return kept, tuple(remarks)


def _fields_with_paths(attributes: Mapping[str, Json]) -> Iterator[tuple[Path, Json]]:
    for name, value in attributes.items():
        if name == "settings":
            yield from ((("settings", inner), of) for inner, of in value.items())
        else:
            yield (name,), value


def _checked(meeting: Meeting) -> tuple[Mapping[str, Json], tuple[str, ...], Mapping[str, Json]]:
    """The attributes that schema and rules allow, a remark for each part that is left out, the exceptions."""
    attributes, dates = dict(meeting.attributes), meeting.dates
    remarks: list[str] = []
    for _ in range(_ROUNDS_MAX):
        errors = _errors(Meeting(meeting.key, meeting.host, attributes, dates=dates))
        if not errors:
            return attributes, tuple(remarks), dates.exceptions
        path, summary = errors[0].path, errors[0].summary
        if not path or path[0] in _ESSENTIAL:
            raise UndeclarableError(f"{summary[:1].lower()}{summary[1:]}")
        part = fields.join_path(path[:2] if path[0] in _OF_PARTS else path[:1])
        remarks.append(f"`{part}` is left out: {summary[:1].lower()}{summary[1:]}.")
        attributes, dates = fields.drop(attributes, part), _without(dates, path)
    raise UndeclarableError("too much of it cannot be declared")


def _without(dates: SingleDates, path: tuple[str | int, ...]) -> SingleDates:
    """The exceptions without the one at `path`, where that is one."""
    if path[0] != "exceptions":
        return dates
    return SingleDates({day: each for day, each in dates.exceptions.items() if day not in path[1:2]})


def _errors(meeting: Meeting) -> list[UnlocatedDiagnostic]:
    written = in_words(meeting.attributes)
    if meeting.dates.exceptions:
        written["exceptions"] = dict(meeting.dates.exceptions)
    if not validator.compiled_check("meetings", validator.MEETING)(written):
        return list(validator.violations("meetings", written, validator.MEETING))
    repeat = written.get("repeat")
    rule = Rule(meeting.attributes["recurrence"]) if repeat else None
    found = rules.check(_in_normal_form(meeting), repeat, rule)
    return [diagnostic for diagnostic in found if diagnostic.severity is Severity.ERROR]


def _in_normal_form(meeting: Meeting) -> Meeting:
    """The meeting with its exceptions as the rules take them."""
    return replace(meeting, dates=single_dates(meeting.dates.exceptions, (), ()))


def _undeclarable(body: Mapping[str, Json], settings: Mapping[str, Json]) -> Iterator[str]:
    """A remark for each value in Zoom that no declaration can hold."""
    for name, value in settings.items():
        described = fields.field_at(("settings", name))
        if described and not (described.create or described.obsolete or name in _DERIVED or _is_off(value)):
            yield f"Zoom has `settings.{name}` for it, which a create does not take."
    if body.get("assistant_id"):
        yield "Somebody else scheduled it for its host; `schedule_for` cannot be read back."


def _stored_fields(body: Mapping[str, Json], times: Mapping[str, Json]) -> dict[str, Json]:
    """The values of all fields in the body that can be declared."""
    # A zone is declarable only as in `times`; that of a room has no effect, and is compared with a default.
    apart = {"password"} if body.get("type") == NO_FIXED_TIME else {"password", "timezone"}
    return {**{name: body[name] for name in body.keys() & fields.table().keys() - apart}, **times}


def _without_surrogates(value: Json) -> Json:
    """The value with lone surrogates replaced, because no file can hold them."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return [_without_surrogates(inner) for inner in value] if isinstance(value, list) else value
