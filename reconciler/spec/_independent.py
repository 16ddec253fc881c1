"""Selects the findings of rules that hold whatever is wrong with other fields of their meeting."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors.diagnostic import UnlocatedDiagnostic

_TIME_FIELDS = frozenset({"start_time", "timezone", "recurrence", "repeat", "use", "exceptions"})
"""Fields, beside the type, that the rules about times and series read; a template may have any of them."""

_MISSING = ("-missing", ".no-host")
"""Endings of the codes of findings about missing fields."""

_OF_A_VALUE = frozenset({"time.zone-unknown", "spec.unknown-host"})
"""Codes of findings about one value, whatever else is wrong with its meeting."""


def independent(
    findings: Sequence[UnlocatedDiagnostic],
    schema_findings: Sequence[UnlocatedDiagnostic],
    *,
    is_whole: bool,
) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings that do not depend on the fields with `schema_findings`.

    Of a meeting that may have defaults that nobody knows (not `is_whole`) no field is said to be missing.
    """
    bad_fields = {finding.path[0] if finding.path else "type" for finding in schema_findings}
    values = tuple(each for each in findings if each.code in _OF_A_VALUE and each.path[0] not in bad_fields)
    if "type" in bad_fields:  # the type decides which rules apply
        return values
    families = ("time.", "series.") if bad_fields & _TIME_FIELDS else ()
    # A field with a misspelt name is missing, too: report it once.
    is_whole = is_whole and "use" not in bad_fields and not any(each.on_key for each in schema_findings)
    endings = () if is_whole else _MISSING
    return tuple(
        finding
        for finding in findings
        if finding in values
        or (
            not finding.code.startswith(families)
            and not finding.code.endswith(endings)
            and (not finding.path or finding.path[0] not in bad_fields)
        )
    )
