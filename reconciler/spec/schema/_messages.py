"""Words the violations of a schema for the person who can fix them.

No message shows the value of a secret field, or a value under an unknown key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

from reconciler.errors import didyoumean
from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.redact import redact_text
from reconciler.errors.text import count_noun, sentences, shorten
from reconciler.meeting.fields import Field
from reconciler.meeting.meeting import INSTANT, PERSONAL
from reconciler.ports import Json
from reconciler.spec.keys import readable_key
from reconciler.spec.schema import _unknown_field as unknown_field
from reconciler.spec.schema import _webinar as webinar
from reconciler.spec.schema._violation import (
    SHOWN_MAX,
    TYPES,
    Codes,
    Path,
    SchemaContext,
    Violation,
    truncate,
)
from reconciler.spec.schema.hints import by_place as hints

Message = tuple[Codes, str, str]
"""The codes of a finding, its detail and a hint."""

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
_SHOWN_ID = re.compile(r"(?:https?://[^/]+/j/)?([1-9][0-9]{2})[\s-]*([0-9]{3,4})[\s-]*([0-9]{3,5})")
"""The number of a meeting as Zoom shows it, or as the end of a join link."""
_OFFSET = re.compile(r"[+-][0-9]{2}:?[0-9]{2}$")


def to_diagnostics(violation: Violation, context: SchemaContext) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings of one violation: one for each unknown or missing field, else one."""
    if violation.in_key:
        return (_bad_key(violation, context),)
    if violation.keyword == "not":
        return tuple(_not_in_template(violation, context))
    if violation.keyword == "additionalProperties":
        return unknown_field.unknown_keys(violation, context)
    if violation.keyword == "required":
        names = [name for name in violation.limit if name not in violation.value]
        return tuple(_missing((*violation.path, name), context) for name in names)
    if webinar.is_type(violation, context):
        return (webinar.of_type(violation),)
    codes, detail, hint = _MESSAGES.get(violation.keyword, _unfit)(violation, context)
    hint = hints.hint(violation, context) or hint
    return (UnlocatedDiagnostic(violation.path, context.code(codes), detail, hint),)


def _not_in_template(violation: Violation, context: SchemaContext) -> Iterator[UnlocatedDiagnostic]:
    for part in violation.limit["anyOf"]:
        (name,) = part["required"]
        if isinstance(violation.value, Mapping) and name in violation.value:
            fact = (
                f"{context.subject(violation.path)} cannot have `{name}`: a template has fields of a meeting."
            )
            hint = "Name each template where it is used: `use: [ONE, OTHER]`." if name == "use" else ""
            yield UnlocatedDiagnostic(
                (*violation.path, name),
                context.code(unknown_field.UNKNOWN_FIELD),
                fact,
                hint or f"Write `{name}` in each meeting.",
                on_key=True,
            )


def _missing(path: Path, context: SchemaContext) -> UnlocatedDiagnostic:
    field = context.field(path)
    hint = _MISSING_HINTS.get(str(path[-1]), field.about if field else "")
    return UnlocatedDiagnostic(path, context.code(MISSING), f"{context.subject(path)} is missing.", hint)


_MISSING_HINTS = {
    "version": "Add `version: 1`.",
    "from": "Add the old key: `from: KEY`.",
    "to": "Add the new key: `to: KEY`.",
    "key": "Add the key that the meeting was declared under: `key: KEY`.",
    "env": "Add the name of an environment variable: `env: LAUNCH_PASSCODE`.",
    "destroy": "Add `destroy: true` to delete the meeting in Zoom, or `destroy: false` to leave it there.",
    "id": "Add the number of the meeting in Zoom: `id: 81234567890`.",
    "start_time": "Add the first date: `start_time: 2027-01-11 10:00`.",
    "message": "Add what people read: `message: Meetings of the board need a waiting room.`",
}


def _bad_key(violation: Violation, context: SchemaContext) -> UnlocatedDiagnostic:
    key = str(violation.value)
    if violation.path[-1:] == ("exceptions",):
        fact = f"`{truncate(key)}` is no date"
        hint = hints.bad_date_hint(key, violation.of_key)
        return UnlocatedDiagnostic(
            (*violation.path, key), context.code(BAD_KEY), f"{fact}.", hint, on_key=True
        )
    is_host = violation.path[-1:] == ("hosts",)
    form, hint = (_HOST_FORM, "") if is_host else (_KEY_FORM, _better_key(key, violation, context))
    fact = f"`{truncate(key)}` cannot be a key of {context.subject(violation.path)}"
    return UnlocatedDiagnostic(
        (*violation.path, key), context.code(BAD_KEY), sentences(fact, form), hint, on_key=True
    )


def _better_key(key: str, violation: Violation, context: SchemaContext) -> str:
    """Return the hint with a key that reads like `key`, and that is not taken or proposed for another one."""
    better = readable_key(shorten(redact_text(key), SHOWN_MAX))
    if not better:
        return ""
    proposed = context.proposed.setdefault(violation.path, set())
    numbers = context.numbers.setdefault((violation.path, better), count(1))
    names = (f"{better}-{number}" if number > 1 else better for number in numbers)
    free = next(each for each in names if each not in violation.beside and each not in proposed)
    proposed.add(free)
    return f"Write `{free}`." if free == better else f"Write `{free}`: `{better}` is another one."


def _wrong_type(violation: Violation, context: SchemaContext) -> Message:
    names = [violation.limit] if isinstance(violation.limit, str) else violation.limit
    expected = " or ".join(TYPES[name] for name in names if name != "null")
    detail = f"{context.subject(violation.path)} expects {expected}, got {_got(violation, context)}."
    return WRONG_TYPE, detail, _type_hint(violation, context, names)


def _got(violation: Violation, context: SchemaContext) -> str:
    """Return the value of another type than expected, with its kind; of a secret, the kind alone."""
    value, rendered = violation.value, context.render(violation.path, violation.value)
    if isinstance(value, str) and rendered.startswith('"'):
        return f"the text {rendered}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"the number {value}" if is_number and rendered == str(value) else rendered


def _type_hint(violation: Violation, context: SchemaContext, names: list[str]) -> str:
    """Return the way to write a value that fits the type, where there is one."""
    value, field = violation.value, context.field(violation.path)
    secret = context.is_secret(violation.path)
    if value is None:
        return _nothing_hint(violation, context, names)
    if "boolean" in names:
        return _boolean_hint(value)
    if "string" in names and not (isinstance(value, dict) and "array" in names):
        return _text_hint(value, field, secret=secret)
    if "array" in names:
        return "Write a list: each entry on a line of its own that begins with `- `."
    if "integer" in names:
        return _number_hint(value, field, secret=secret) or _id_hint(violation)
    return _mapping_hint(violation, context)


def _nothing_hint(violation: Violation, context: SchemaContext, names: list[str]) -> str:
    if context.subject(violation.path) == "The meeting":
        return "Write its fields under it, or delete the line."
    name = str(violation.path[-1]) if violation.path else ""
    otherwise = f"Delete the line, or {'write {}' if names == ['object'] else 'give it a value'}."
    return _MISSING_HINTS.get(name, otherwise)


def _mapping_hint(violation: Violation, context: SchemaContext) -> str:
    parent = context.field(violation.path[:-1])
    if parent and parent.identity:
        return f"Begin the entry with `{parent.identity}: `."
    if isinstance(violation.value, list):
        return "Write its fields under it, without `- `."
    is_file = not (violation.path or context.pointer)
    return "" if is_file else "Write its fields under it, as `key: value`."


def _number_hint(value: Json, field: Field | None, *, secret: bool) -> str:
    if field and field.meaning:
        allowed = _declarable(field.enum, field)
        if value not in map(str, allowed):
            return f"Write one of {_values(allowed, field)}."
    if isinstance(value, str) and _NUMBER.fullmatch(value) and not secret:
        return f"Write {truncate(value)} without quotes."
    return ""


def _id_hint(violation: Violation) -> str:
    shown = violation.path[-1:] == ("id",) and _SHOWN_ID.fullmatch(str(violation.value))
    return f"Write `id: {''.join(shown.groups())}`." if shown else ""


def _boolean_hint(value: Json) -> str:
    word = str(value).casefold()
    if word in _TRUE or word == "1":
        return "Write true, without quotes."
    return "Write false, without quotes." if word in _FALSE or word == "0" else "Write true or false."


def _text_hint(value: Json, field: Field | None, *, secret: bool) -> str:
    if field and field.path == "password":
        return "Write text in quotes, or a reference such as {env: LAUNCH_PASSCODE, version: 1}."
    if isinstance(value, bool | int | float) and not secret:
        return f'Put it in quotes: "{str(value).lower()}".'
    return ""


def _not_allowed(violation: Violation, context: SchemaContext) -> Message:
    is_constant = violation.keyword == "const"
    field = context.field(violation.path)
    allowed = [violation.limit] if is_constant else _declarable(violation.limit, field)
    choice = f"It must be {'one of ' if len(allowed) > 1 else ''}{_values(allowed, field)}"
    near = didyoumean.did_you_mean(violation.value, tuple(v for v in allowed if isinstance(v, str)))
    is_personal = field is not None and field.path == "type" and violation.value == PERSONAL
    hint = didyoumean.suggestion(near, _PERSONAL_HINT if is_personal else "")
    return NOT_ALLOWED_VALUE, _cannot_be(violation, context, choice), hint


_PERSONAL_HINT = "Zoom shows a meeting on the personal id as type 4: write `type: 2` and `use_pmi: true`."


def _cannot_be(violation: Violation, context: SchemaContext, choice: str) -> str:
    value = context.render(violation.path, violation.value)
    return sentences(f"{context.subject(violation.path)} cannot be {value}", choice)


def _wrong_form(violation: Violation, context: SchemaContext) -> Message:
    value = context.render(violation.path, violation.value)
    hint = _form_hint(violation, context.field(violation.path))
    return WRONG_FORM, f"{context.subject(violation.path)} is {value}.", hint


def _form_hint(violation: Violation, field: Field | None) -> str:
    name = violation.path[-1] if violation.path else ""
    if field and field.path == "recurrence.end_date_time" and _OFFSET.search(violation.value):
        return "Zoom accepts no offset: write the time in UTC with Z at the end."
    if field and field.example:
        return f"Write it like {field.example}."
    return _FORM_HINTS.get(name, "") if isinstance(name, str) else ""


_KEY_FORM = "A key consists of letters, digits, `.`, `_` and `-`."
_HOST_FORM = "A host is an e-mail address or a user id, without spaces or slashes."
_FORM_HINTS = {
    "host": _HOST_FORM,
    "env": "Name an environment variable that has PASSCODE in its name, such as LAUNCH_PASSCODE.",
    "from": _KEY_FORM,
    "to": _KEY_FORM,
    "key": _KEY_FORM,
}


def _out_of_range(violation: Violation, context: SchemaContext) -> Message:
    low, high = violation.schema.get("minimum"), violation.schema.get("maximum")
    if low is None and high is None:
        bounds = f"more than {violation.schema.get('exclusiveMinimum')}"
    elif low is None or high is None:
        bounds = f"{high} or less" if low is None else f"{low} or more"
    else:
        bounds = f"from {low} to {high}"
    value = "" if context.is_secret(violation.path) else f"is {violation.value}, but "
    return OUT_OF_RANGE, f"{context.subject(violation.path)} {value}must be {bounds}.", ""


def _too_long(violation: Violation, context: SchemaContext) -> Message:
    length, maximum = len(violation.value), violation.limit
    detail = f"{context.subject(violation.path)} has {length} characters; the maximum is {maximum}."
    return TOO_LONG, detail, f"Remove {count_noun(length - maximum, 'character')}."


def _empty(violation: Violation, context: SchemaContext) -> Message:
    name = str(violation.path[-1]) if violation.path else ""
    hint = _MISSING_HINTS.get(name, "Give it a value, or delete the line.")
    return EMPTY, f"{context.subject(violation.path)} is empty.", hint


def _wrong_count(violation: Violation, context: SchemaContext) -> Message:
    bound = "maximum" if violation.keyword == "maxItems" else "minimum"
    count = count_noun(len(violation.value), "entry", "entries")
    subject = context.subject(violation.path)
    return WRONG_COUNT, f"{subject} has {count}; the {bound} is {violation.limit}.", ""


def _no_alternative(violation: Violation, context: SchemaContext) -> Message:
    if violation.path[-1:] == ("pace",):
        choice = "It must be free, pro, business, or a whole number of requests a second from 1 to 1000"
        near = didyoumean.did_you_mean(violation.value, ("free", "pro", "business"))
        return NOT_ALLOWED_VALUE, _cannot_be(violation, context, choice), didyoumean.suggestion(near)
    if "repeat" in violation.path:
        value = context.render(violation.path, violation.value)
        return NOT_ALLOWED_VALUE, f"{context.subject(violation.path)} cannot be {value}.", ""
    return _unfit(violation, context)


def _unfit(violation: Violation, context: SchemaContext) -> Message:
    return UNFIT, f"{context.subject(violation.path)} does not match the schema.", ""


_MESSAGES: Mapping[str, Callable[[Violation, SchemaContext], Message]] = {
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
    "minProperties": _empty,
    "anyOf": _no_alternative,
}


def _declarable(values: Iterable[Json], field: Field | None) -> list[Json]:
    """Return allowed values without those that remove a field, or that a rule refuses: an instant meeting."""
    refused = (None, INSTANT) if field is not None and field.path == "type" else (None,)
    return [value for value in values if value not in refused]


def _values(values: Iterable[Json], field: Field | None) -> str:
    """Return allowed values with their meanings: `1 (days), 2 (weeks)`."""
    meaning = field.meaning if field else {}
    return ", ".join(f"{v} ({meaning[str(v)]})" if str(v) in meaning else f"{v}" for v in values)
