"""Reads when a meeting or a slot is held: its start, its rule and its single dates, in the API's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.closures import Closure, SingleDates
from reconciler.meeting.meeting import SERIES
from reconciler.ports import Json
from reconciler.spec.dates._offsets import without_offset
from reconciler.spec.dates.exceptions import single_dates
from reconciler.spec.repeat import Rule, to_rule

_WITHOUT_OFFSET_MAX = len("2027-01-11T10:00:00Z")


class DeclaredTimes(NamedTuple):
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


def read_times(declared: Mapping[str, Json], closures: tuple[Closure, ...]) -> DeclaredTimes:
    """Return the times of `declared`, a body that is valid by the schema; `closures` are those it skips."""
    attributes = {**declared}
    finding = _drop_offset(attributes)
    repeat, exceptions = attributes.pop("repeat", None), attributes.pop("exceptions", None)
    rule = None
    if repeat is not None:
        rule = to_rule(repeat, attributes.get("start_time"), attributes.get("timezone"))
        attributes |= {"type": SERIES} if rule is None else rule.attributes
    dates = single_dates(exceptions, closures, () if rule is None else rule.pattern)
    return DeclaredTimes(attributes, repeat, rule, dates, () if finding is None else (finding,))


def _drop_offset(attributes: dict[str, Json]) -> UnlocatedDiagnostic | None:
    """Write the start without its offset; return the finding where the zone has another one."""
    start = attributes.get("start_time")
    if start is None or len(start) <= _WITHOUT_OFFSET_MAX:
        return None
    attributes["start_time"], finding = without_offset(start, attributes.get("timezone"))
    return finding
