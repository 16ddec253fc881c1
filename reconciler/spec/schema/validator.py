"""Validates documents against the JSON Schemas; the only module that calls a schema checker.

`is_valid` answers in microseconds. `violations` is slow: call it only for a document that is not valid.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from reconciler import resources
from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema._violation import SchemaContext, Violation

if TYPE_CHECKING:
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
    found = [_violation(error) for error in islice(errors, VIOLATIONS_MAX)]
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


def _violation(error: ValidationError) -> Violation:
    return Violation(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        in_key="propertyNames" in error.absolute_schema_path,
    )
