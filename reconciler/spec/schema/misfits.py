"""Separates the fields of a meeting that fit the schema from those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from msgspec.structs import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema import validator
from reconciler.spec.tally import LIKE_IT_MAX

FIELDS_MAX = 1_000
"""Fields of a meeting that are all looked at; no meeting that can be sent has as many."""


def without_misfits(key: str, raw: Json) -> tuple[dict[str, Json], tuple[UnlocatedDiagnostic, ...]]:
    """Return a meeting without the fields that do not fit the schema, and the findings about them."""
    kept, dropped = _without_surplus(raw)
    findings = _counting(dropped, validator.violations("meetings", kept, validator.MEETING))
    if not isinstance(kept, dict):
        findings = _with_depth_hint(key, findings)
    return _without_bad_fields(kept, findings), findings


def _without_surplus(raw: Json) -> tuple[Json, int]:
    """Return a meeting without most of its unknown fields, and their number, if it has very many."""
    if not isinstance(raw, dict) or len(raw) <= FIELDS_MAX:
        return raw, 0
    known = validator.meeting_fields()
    kept = {*islice((name for name in raw if name not in known), LIKE_IT_MAX)}
    trimmed = {name: value for name, value in raw.items() if name in known or name in kept}
    return trimmed, len(raw) - len(trimmed)


def _counting(dropped: int, findings: tuple[UnlocatedDiagnostic, ...]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings; the last unknown field counts those that were `dropped`."""
    at = next((n for n in reversed(range(len(findings))) if findings[n].code == "spec.unknown-field"), None)
    if not dropped or at is None:
        return findings
    return (*findings[:at], replace(findings[at], more=findings[at].more + dropped), *findings[at + 1 :])


def _with_depth_hint(key: str, findings: tuple[UnlocatedDiagnostic, ...]) -> tuple[UnlocatedDiagnostic, ...]:
    """Add a hint to findings about a meeting that is no mapping, where its key is the name of a field."""
    if key not in validator.meeting_fields():
        return findings
    hint = f"`{key}` is a field: indent it under the key of its meeting."
    return tuple(replace(finding, hint=hint) for finding in findings)


def _without_bad_fields(body: Json, findings: Iterable[UnlocatedDiagnostic]) -> dict[str, Json]:
    if not isinstance(body, dict):
        return {}
    bad = {finding.path[0] for finding in findings if finding.path}
    return {name: value for name, value in body.items() if name not in bad}
