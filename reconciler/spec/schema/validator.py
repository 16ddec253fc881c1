"""Validates documents against the JSON Schemas; the only module that calls a schema checker.

`is_valid` answers in microseconds. `violations` is slow: call it only for a document that is not valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, reduce
from itertools import islice
from operator import getitem
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler import resources
from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema import _patterns as patterns
from reconciler.spec.schema._violation import Path, SchemaContext, Violation, dotted_path

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError


MEETING = "/definitions/meeting"
"""Pointer to the schema of one meeting, or of defaults, in `meetings` and in `reconciler`."""


def is_valid(name: str, document: Json) -> bool:
    """Return whether `document` fits the schema `name`: meetings, reconciler, plan or state."""
    return compiled_check(name)(document)


@cache
def compiled_check(name: str, pointer: str = "") -> Callable[[Json], bool]:
    """Compile the schema `name`, entered at `pointer`, into a quick check; each is compiled once.

    The check takes JSON values only, as `spec` and orjson make them.
    """
    from jsonschema_rs import Draft7Validator as CompiledValidator  # noqa: PLC0415 - 38 ms that --help saves

    return CompiledValidator(_schema(name, pointer)).is_valid


def meeting_fields() -> frozenset[str]:
    """Return the names of the fields that a meeting may have."""
    return frozenset(resources.document("meetings.schema.json")["definitions"]["meeting"]["properties"])


VIOLATIONS_MAX = 1_000
"""Violations of one document that are looked at: more than anybody reads."""


def violations(name: str, document: Json, pointer: str = "") -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about everything in `document` that violates the schema; empty where it is valid.

    Paths lead from `document`. No text holds the value of a secret field.
    """
    from reconciler.spec.schema import _messages as messages  # noqa: PLC0415 - only for an invalid document

    context = SchemaContext(name, pointer)
    errors = _validator(name, pointer).iter_errors(document)
    found = [_violation(error, document) for error in islice(errors, VIOLATIONS_MAX)]
    bad_dates = {
        (*each.path, each.value) for each in found if each.in_key and each.path[-1:] == ("exceptions",)
    }
    found = [each for each in found if each.in_key or each.path not in bad_dates]
    mistyped = {violation.path for violation in found if violation.keyword == "type"}
    # A value of the wrong type is not one of the allowed values either: report the type alone.
    reported = [each for each in found if each.keyword not in ("enum", "const") or each.path not in mistyped]
    return tuple(
        dict.fromkeys(
            diagnostic for violation in reported for diagnostic in messages.to_diagnostics(violation, context)
        )
    )


@cache
def _validator(name: str, pointer: str) -> Draft7Validator:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - 90 ms, only for an invalid document

    return Draft7Validator(_schema(name, pointer))


def _schema(name: str, pointer: str) -> Json:
    """Return the schema entered at `pointer`, with the definitions that it refers to."""
    whole = resources.document(f"{name}.schema.json")
    if not pointer:
        return whole
    return {"$schema": whole["$schema"], "definitions": whole["definitions"], "$ref": f"#{pointer}"}


def _violation(error: ValidationError, document: Json) -> Violation:
    path, in_key = tuple(error.absolute_path), "propertyNames" in error.absolute_schema_path
    mapping: Json = reduce(getitem, path, document) if in_key else {}
    return Violation(
        path=path,
        keyword=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        in_key=in_key,
        of_key=mapping[error.instance] if in_key else None,
        beside=mapping.keys(),
    )


class Misfit(Struct, frozen=True):
    """A value that does not fit a schema that a person wrote.

    `path` leads to the value, or to the field that `is_missing`. `keyword` is the one that it violates, and
    `limit` the value of it where that is a scalar.
    """

    path: Path
    keyword: str
    value: Json
    limit: Json = None
    is_missing: bool = False


class SchemaError(Exception):
    """A schema cannot be compiled; `path` leads from it to what is wrong, `detail` is a sentence."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(detail)
        self.path = path
        self.detail = detail


class CompiledSchema(Struct, frozen=True):
    """A schema that a person wrote, compiled: `is_valid` in microseconds, `misfits` slower."""

    is_valid: Callable[[Json], bool]
    _iter_errors: Callable[[Json], Iterator[jsonschema_rs.ValidationError]]

    def misfits(self, document: Json) -> tuple[Misfit, ...]:
        """Return everything in `document` that does not fit."""
        found = islice(self._iter_errors(document), VIOLATIONS_MAX)
        return tuple(dict.fromkeys(misfit for error in found for misfit in _misfits(error)))


PATTERN_BYTES_MAX = 1024 * 1024
"""Bytes that one compiled pattern may take."""


def compile_schema(schema: Json) -> CompiledSchema:
    """Compile a draft-07 schema without `$ref`. Raises `SchemaError`.

    Patterns take linear time, so they know no lookaround; nothing is read from the network or the disk.
    """
    from jsonschema_rs import Draft7Validator as CompiledValidator  # noqa: PLC0415 - 38 ms that --help saves
    from jsonschema_rs import RegexOptions, ValidationError  # noqa: PLC0415 - as above

    options = RegexOptions(size_limit=PATTERN_BYTES_MAX)
    try:
        compiled = CompiledValidator(schema, validate_formats=False, pattern_options=options, offline=True)
    except ValidationError as error:
        path = _place(error)
        raise SchemaError(path, _why_not_a_schema(error, path)) from error
    except ValueError as error:
        raise SchemaError((), "It holds a value that JSON does not have.") from error
    return CompiledSchema(compiled.is_valid, compiled.iter_errors)


def name_field(path: Path) -> str:
    """Return the name of a field in messages: `settings.waiting_room`."""
    return dotted_path(path)


def render(path: Path, value: Json) -> str:
    """Return a value of a meeting for a message: shortened, and without a secret."""
    return SchemaContext("meetings", MEETING).render(path, value)


def _place(error: jsonschema_rs.ValidationError) -> Path:
    """Return the place of an error in a schema: that of a pattern that is a key is the key's."""
    path, pattern = tuple(error.instance_path), _pattern(error)
    return path if pattern is None or path[-1:] != ("patternProperties",) else (*path, pattern)


def _why_not_a_schema(error: jsonschema_rs.ValidationError, path: Path) -> str:
    name, pattern = dotted_path(path[-1:]) or "require", _pattern(error)
    if pattern is None:
        return f"The value of `{name}` is none that JSON Schema draft-07 allows there."
    # Draft-07 itself asks for a regular expression, by `format`; others are refused by the library.
    is_regular = error.schema_path[-1] != "format"
    why = patterns.why_refused(pattern, _is_taken) if is_regular else patterns.why_not(pattern)
    return f"`{name}` {why}"


def _is_taken(pattern: str) -> bool:
    try:
        compile_schema({"pattern": pattern})
    except SchemaError:
        return False
    return True


def _pattern(error: jsonschema_rs.ValidationError) -> str | None:
    """Return the pattern that the error is about; None if it is about something else."""
    is_one = error.kind.name == "format" and isinstance(error.instance, str)
    return str(error.instance) if is_one else None


def _misfits(error: jsonschema_rs.ValidationError) -> Iterator[Misfit]:
    kind: Mapping[str, Json] = error.kind.as_dict()
    path, keyword = tuple(error.instance_path), error.kind.name
    if keyword == "required":
        yield Misfit((*path, kind["property"]), keyword, None, is_missing=True)
    elif keyword == "additionalProperties":
        yield from (Misfit((*path, name), keyword, None) for name in kind["unexpected"])
    else:
        limit = next((kind[name] for name in _LIMITS if name in kind), None)
        is_scalar = not isinstance(limit, dict | list)
        value = error.instance if not isinstance(error.instance, dict | list) else None
        yield Misfit(path, keyword, value, limit if is_scalar else None)


_LIMITS = ("expected_value", "limit", "pattern")
