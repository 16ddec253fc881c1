"""Does a document fit its schema, and if not, why not: the only door to the schema checkers.

`gate` answers yes or no in microseconds; `findings` is slow, and only worth asking after a no.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from reconciler import resources
from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema._violation import Violation

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError


MEETING = "/definitions/meeting"
"""The pointer, in `meetings` and in `reconciler`, of one meeting or of defaults."""


def is_valid(name: str, document: Json) -> bool:
    """Whether `document` fits the schema `name`: meetings, reconciler, plan or state."""
    return compiled_check(name)(document)


@cache
def compiled_check(name: str, pointer: str = "") -> Callable[[Json], bool]:
    """The quick check of what stands at `pointer` in the schema `name`; compiled once.

    It takes JSON values only, as `spec` and orjson make them.
    """
    from jsonschema_rs import Draft7Validator as Gate  # noqa: PLC0415 - 38 ms that --help has no use for

    return Gate(_schema(name, pointer)).is_valid


def violations(name: str, document: Json, pointer: str = "") -> tuple[UnlocatedDiagnostic, ...]:
    """Everything in which `document` differs from the schema, in words; empty where it fits.

    Paths lead from `document`. No value of a secret field is in any text.
    """
    from reconciler.spec.schema._messages import to_diagnostics as worded  # noqa: PLC0415 - not for --help
    from reconciler.spec.schema._violation import SchemaContext as Source  # noqa: PLC0415 - words are for a document that is wrong

    source = Source(name, pointer)
    mistakes = [_mistake(error) for error in _checker(name, pointer).iter_errors(document)]
    mistyped = {mistake.path for mistake in mistakes if mistake.keyword == "type"}
    telling = [m for m in mistakes if m.keyword not in ("enum", "const") or m.path not in mistyped]
    return tuple(dict.fromkeys(finding for mistake in telling for finding in worded(mistake, source)))


@cache
def _checker(name: str, pointer: str) -> Draft7Validator:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - 90 ms, and only for a document that is wrong

    return Draft7Validator(_schema(name, pointer))


def _schema(name: str, pointer: str) -> Json:
    """The schema, entered at `pointer`, with the definitions that it refers to."""
    whole = resources.document(f"{name}.schema.json")
    if not pointer:
        return whole
    return {"$schema": whole["$schema"], "definitions": whole["definitions"], "$ref": f"#{pointer}"}


def _mistake(error: ValidationError) -> Violation:
    from reconciler.spec.schema._violation import Violation as Mistake  # noqa: PLC0415 - only for a document that is wrong

    return Mistake(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        in_key="propertyNames" in error.absolute_schema_path,
    )
