"""Reads when a meeting or a slot is held: its start, its rule and its single dates, in the API's form."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.closures import Closure, SingleDates
from reconciler.meeting.meeting import SERIES
from reconciler.ports import Json
from reconciler.spec.dates._offsets import ZONE_MISSING, without_offset
from reconciler.spec.dates.exceptions import single_dates
from reconciler.spec.repeat import Rule, to_rule

_WITHOUT_OFFSET_MAX = len("2027-01-11T10:00:00Z")


class DeclaredTimes(Struct, frozen=True):
    """The declared fields with their times in the API's form, and the dates that differ from the rule.

    `repeat` is the rule as it is written, None without one, and `rule` the same in the API's form, None where
    its parts do not fit. `findings` are about the offset of the start.
    """

    attributes: dict[str, Json]
    repeat: Mapping[str, Json] | None
    rule: Rule | None
    dates: SingleDates
    findings: tuple[UnlocatedDiagnostic, ...]

    @property
    def is_repeat(self) -> bool:
        """Return whether the rule is written as `repeat`."""
        return self.repeat is not None

    def without_repeated(self, of_rules: tuple[UnlocatedDiagnostic, ...]) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings of the rules, without a missing zone that the offset has found already."""
        if not any(each.code == ZONE_MISSING for each in self.findings):
            return of_rules
        return tuple(each for each in of_rules if each.code != ZONE_MISSING)


def read_times(declared: Mapping[str, Json], closures: tuple[Closure, ...]) -> DeclaredTimes:
    """Return the times of `declared`, a body that is valid by the schema; `closures` are those it skips."""
    attributes = {**declared}
    is_series = attributes.get("type") == SERIES or attributes.get("repeat") is not None
    finding = _drop_offset(attributes, is_series=is_series)
    repeat, exceptions = attributes.pop("repeat", None), attributes.pop("exceptions", None)
    rule = None
    if repeat is not None:
        rule = to_rule(repeat, attributes.get("start_time"), attributes.get("timezone"))
        attributes |= {"type": SERIES} if rule is None else rule.attributes
    dates = single_dates(exceptions, closures, () if rule is None else rule.pattern)
    findings: tuple[UnlocatedDiagnostic, ...] = () if finding is None else (finding,)
    if exceptions:
        findings += _drop_offsets(dates.exceptions, attributes.get("timezone"))
    return DeclaredTimes(attributes, repeat, rule, dates, findings)


def _drop_offset(attributes: dict[str, Json], *, is_series: bool) -> UnlocatedDiagnostic | None:
    """Write the start without its offset; return the finding where the zone has another one."""
    start = attributes.get("start_time")
    if start is None or len(start) <= _WITHOUT_OFFSET_MAX:
        return None
    attributes["start_time"], finding = without_offset(start, attributes.get("timezone"), is_series=is_series)
    return finding


def _drop_offsets(exceptions: Mapping[str, Json], timezone: str | None) -> tuple[UnlocatedDiagnostic, ...]:
    """Write the starts of single dates without their offsets; return the findings about those that differ."""
    findings = []
    for day, own in exceptions.items():
        start = own.get("start_time") if isinstance(own, dict) else None
        if start is not None and len(start) > _WITHOUT_OFFSET_MAX:
            own["start_time"], finding = without_offset(start, timezone, is_series=True)
            findings += [replace(finding, path=("exceptions", day, *finding.path))] if finding else []
    return tuple(findings)
