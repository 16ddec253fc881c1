"""What a document does against its schema, in the words of a person who could mend it.

No value of a secret field is ever shown, and no value under a key that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from reconciler.errors import didyoumean
from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.text import count_noun, sentences
from reconciler.meeting.fields import Field
from reconciler.ports import Json
from reconciler.spec.schema import _unknown_field as unknown_field
from reconciler.spec.schema._violation import (
    TYPES,
    Codes,
    Path,
    SchemaContext,
    Violation,
    kind_of_value,
    truncate,
)

Message = tuple[Codes, str, str, str]
"""The codes of a finding, what is wrong, what is written there, and a hint."""

BAD_KEY = Codes("spec.bad-key", "settings.bad-key")
EMPTY = Codes("spec.empty", "settings.empty")
MISSING = Codes("spec.missing", "settings.missing")
NOT_ALLOWED_VALUE = Codes("spec.not-allowed-value", "settings.not-allowed-value")
OUT_OF_RANGE = Codes("spec.out-of-range", "settings.out-of-range")
TOO_LONG = Codes("spec.too-long", "settings.too-long")
UNFIT = Codes("spec.unfit", "settings.unfit")
WRONG_COUNT = Codes("spec.wrong-count", "settings.wrong-count")
WRONG_FORM = Codes("spec.wrong-form", "settings.wrong-form")
WRONG_TYPE = Codes("spec.wrong-type", "settings.wrong-type")

_TRUE = {"true", "yes", "y", "on"}
_FALSE = {"false", "no", "n", "off"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_OFFSET = re.compile(r"[+-][0-9]{2}:?[0-9]{2}$")


def to_diagnostics(mistake: Violation, source: SchemaContext) -> tuple[UnlocatedDiagnostic, ...]:
    """The findings that tell of one mistake: one, but one for each surplus or missing field."""
    if mistake.in_key:
        return (_bad_key(mistake, source),)
    if mistake.keyword == "additionalProperties":
        return unknown_field.unknown_keys(mistake, source)
    if mistake.keyword == "required":
        return _missing(mistake, source)
    codes, fact, content, hint = _WORDS.get(mistake.keyword, _unfit)(mistake, source)
    return (UnlocatedDiagnostic(mistake.path, source.code(codes), sentences(fact, content), hint),)


def _missing(mistake: Violation, source: SchemaContext) -> tuple[UnlocatedDiagnostic, ...]:
    """A finding for each field that must be there; its path leads to where it would stand."""
    names = [name for name in mistake.limit if name not in mistake.value]
    return tuple(_absent((*mistake.path, name), source) for name in names)


def _absent(path: Path, source: SchemaContext) -> UnlocatedDiagnostic:
    detail = f"{source.subject(path)} is missing."
    field = source.field(path)
    hint = _EXAMPLES.get(str(path[-1]), field.about if field else "")
    return UnlocatedDiagnostic(path, source.code(MISSING), detail, hint)


_EXAMPLES = {
    "version": "Add `version: 1`.",
    "from": "Add the key so far: `from: KEY`.",
    "to": "Add the key that it gets: `to: KEY`.",
    "key": "Add the key that it was declared under: `key: KEY`.",
    "env": "Add the name of a variable: `env: LAUNCH_PASSCODE`.",
    "destroy": "Add `destroy: true` to end the meeting, or `destroy: false` to leave it in Zoom.",
    "id": "Add the meeting's number in Zoom: `id: 81234567890`.",
}


def _bad_key(mistake: Violation, source: SchemaContext) -> UnlocatedDiagnostic:
    key = str(mistake.value)
    form = _HOST_FORM if mistake.path[-1:] == ("hosts",) else _KEY_FORM
    better = re.sub(r"[^A-Za-z0-9._-]+", "-", truncate(key)).strip("-")
    hint = f"Write `{better}`." if form == _KEY_FORM and better else ""
    fact = f"`{truncate(key)}` cannot be a key of {source.subject(mistake.path)}"
    return UnlocatedDiagnostic(
        (*mistake.path, key), source.code(BAD_KEY), sentences(fact, form), hint, on_key=True
    )


def _wrong_type(mistake: Violation, source: SchemaContext) -> Message:
    names = [mistake.limit] if isinstance(mistake.limit, str) else mistake.limit
    expected = " or ".join(TYPES[name] for name in names if name != "null")
    fact = f"{source.subject(mistake.path)} expects {expected}, got {kind_of_value(mistake.value)}"
    return WRONG_TYPE, fact, _content(mistake, source), _type_hint(mistake, source, names)


def _type_hint(mistake: Violation, source: SchemaContext, names: list[str]) -> str:
    """How to write it so that the type fits, where that can be told."""
    value, field, secret = mistake.value, source.field(mistake.path), source.is_secret(mistake.path)
    if value is None:
        return f"Delete the line, or {'write {}' if names == ['object'] else 'give it a value'}."
    if "boolean" in names:
        return _boolean_hint(value)
    if "string" in names:
        return _text_hint(value, field, secret=secret)
    if "array" in names:
        return "Write a list: one entry a line, each begun with `- `."
    if "integer" in names:
        return _number_hint(value, field, secret=secret)
    return _mapping_hint(mistake, source)


def _mapping_hint(mistake: Violation, source: SchemaContext) -> str:
    above = source.field(mistake.path[:-1])
    if above and above.identity:
        return f"Begin the entry with `{above.identity}: `."
    return "Write its fields under it, without `- `." if isinstance(mistake.value, list) else ""


def _number_hint(value: Json, field: Field | None, *, secret: bool) -> str:
    if field and field.meaning:
        return f"It is one of {_meanings(field.enum, field)}."
    if isinstance(value, str) and _NUMBER.fullmatch(value) and not secret:
        return f"Write {truncate(value)} without quotes."
    return ""


def _boolean_hint(value: Json) -> str:
    word = str(value).casefold()
    if word in _TRUE or word == "1":
        return "Write true, without quotes."
    return "Write false, without quotes." if word in _FALSE or word == "0" else "Write true or false."


def _text_hint(value: Json, field: Field | None, *, secret: bool) -> str:
    if field and field.path == "password":
        return "Write text in quotes, or a reference such as {env: LAUNCH_PASSCODE, version: 1}."
    if isinstance(value, list):
        separator = field.separator if field else None
        return f'Write one text with "{separator}" between the parts.' if separator else ""
    if isinstance(value, bool | int | float) and not secret:
        return f'Put it in quotes: "{str(value).lower()}".'
    return ""


def _not_allowed(mistake: Violation, source: SchemaContext) -> Message:
    field = source.field(mistake.path)
    allowed = [mistake.limit] if mistake.keyword == "const" else [v for v in mistake.limit if v is not None]
    fact = f"{source.subject(mistake.path)} cannot be {source.shown(mistake.path, mistake.value)}"
    near = didyoumean.did_you_mean(mistake.value, tuple(v for v in allowed if isinstance(v, str)))
    hint = didyoumean.suggestion(near)
    choice = "It is one of" if len(allowed) > 1 else "It must be"
    return NOT_ALLOWED_VALUE, fact, f"{choice} {_meanings(allowed, field)}.", hint


def _wrong_form(mistake: Violation, source: SchemaContext) -> Message:
    field = source.field(mistake.path)
    fact = f"{source.subject(mistake.path)} is not written as it must be"
    return WRONG_FORM, fact, _content(mistake, source), _form_hint(mistake, field)


def _form_hint(mistake: Violation, field: Field | None) -> str:
    name = mistake.path[-1] if mistake.path else ""
    if field and field.compare == "instant" and _OFFSET.search(mistake.value):
        return (
            "Zoom takes no offset: write the instant in UTC with Z at the end, or wall time and `timezone`."
        )
    if field and field.example:
        return f"Write it like {field.example}."
    return _FORMS.get(name, "") if isinstance(name, str) else ""


_KEY_FORM = "A key is made of letters, digits, `.`, `_` and `-`."
_HOST_FORM = "A host is an e-mail or a user id, without blanks or slashes."
_FORMS = {
    "host": _HOST_FORM,
    "env": "Name an environment variable that has PASSCODE in its name, such as LAUNCH_PASSCODE.",
    "from": _KEY_FORM,
    "to": _KEY_FORM,
    "key": _KEY_FORM,
}


def _out_of_range(mistake: Violation, source: SchemaContext) -> Message:
    low, high = mistake.schema.get("minimum"), mistake.schema.get("maximum")
    least = mistake.schema.get("exclusiveMinimum")
    bounds = (
        f"from {low} to {high}"
        if low is not None and high is not None
        else f"{low} or more"
        if low is not None
        else f"{high} or less"
        if high is not None
        else f"more than {least}"
    )
    shown = "" if source.is_secret(mistake.path) else f", is {mistake.value}"
    return OUT_OF_RANGE, f"{source.subject(mistake.path)} must be {bounds}{shown}", "", ""


def _too_long(mistake: Violation, source: SchemaContext) -> Message:
    subject = source.subject(mistake.path)
    fact = f"{subject} has {len(mistake.value)} characters, at most {mistake.limit} fit"
    return TOO_LONG, fact, "", f"Take away {len(mistake.value) - mistake.limit}."


def _empty(mistake: Violation, source: SchemaContext) -> Message:
    return EMPTY, f"{source.subject(mistake.path)} is empty", "", "Give it a value, or delete the line."


def _wrong_count(mistake: Violation, source: SchemaContext) -> Message:
    bound = "at most {} fit" if mistake.keyword == "maxItems" else "at least {} must be there"
    count = count_noun(len(mistake.value), "entry", "entries")
    return WRONG_COUNT, f"{source.subject(mistake.path)} has {count}, {bound.format(mistake.limit)}", "", ""


def _no_alternative(mistake: Violation, source: SchemaContext) -> Message:
    if mistake.path[-1:] == ("pace",):
        fact = f"{source.subject(mistake.path)} cannot be {source.shown(mistake.path, mistake.value)}"
        near = didyoumean.did_you_mean(mistake.value, ("free", "pro", "business"))
        hint = didyoumean.suggestion(near)
        return NOT_ALLOWED_VALUE, fact, "It is free, pro, business, or requests a second, above 0.", hint
    return _unfit(mistake, source)


def _unfit(mistake: Violation, source: SchemaContext) -> Message:
    return UNFIT, f"{source.subject(mistake.path)} does not fit the format", "", ""


_WORDS: Mapping[str, Callable[[Violation, SchemaContext], Message]] = {
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _wrong_form,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "maxLength": _too_long,
    "minLength": _empty,
    "minItems": _wrong_count,
    "maxItems": _wrong_count,
    "anyOf": _no_alternative,
}


def _content(mistake: Violation, source: SchemaContext) -> str:
    """What is there, where a glance at it helps."""
    if isinstance(mistake.value, dict | list) or mistake.value is None:
        return ""
    if source.is_secret(mistake.path) and not isinstance(mistake.value, str):
        return ""
    return f"It is {source.shown(mistake.path, mistake.value)}."


def _meanings(values: Iterable[Json], field: Field | None) -> str:
    """Allowed values with what they stand for: `1 (days), 2 (weeks)`."""
    meaning = field.meaning if field else {}
    return ", ".join(f"{v} ({meaning[str(v)]})" if str(v) in meaning else f"{v}" for v in values)
