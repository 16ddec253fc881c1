"""A series: a rule in a meeting that repeats, from a start on it to an end that Zoom keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Finding, Severity
from reconciler.meeting import SERIES, kind
from reconciler.recurrence import Series, instant, zone
from reconciler.rules import repetition
from reconciler.rules.on_rule import off_rule
from reconciler.rules.times import impossible, is_possible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.fields import Json

OCCURRENCES_MAX = 50
"""Occurrences of one series. Zoom's documents name 50 and 60; all of them allow this many."""

_RULE, _TIMES, _END = ("recurrence",), ("recurrence", "end_times"), ("recurrence", "end_date_time")


def check(attributes: Mapping[str, Json]) -> Iterator[Finding]:
    """Findings about `recurrence`, and about the type of a meeting that has one."""
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES:
        if rule is not None:
            yield _ignored(attributes["type"]) if "type" in attributes else _type_missing()
    elif rule is None:
        yield _rule_missing()
    else:
        yield from repetition.check(rule)
        yield from _end(rule)
        yield from _dates(attributes, rule)


def _rule_missing() -> Finding:
    return Finding(
        _RULE,
        "series.rule-missing",
        "A series without a rule",
        "Type 8 repeats at fixed times, and nothing says when.",
        'Add `recurrence: {type: 2, weekly_days: "2", end_times: 20}`, or write `type: 2` for once.',
    )


def _type_missing() -> Finding:
    return Finding(
        _RULE,
        "series.type-missing",
        "A rule without `type: 8`",
        "A meeting without a `type` happens once (type 2), and Zoom ignores its `recurrence`.",
        "Add `type: 8` to the meeting, or take `recurrence` out.",
        on_key=True,
    )


def _ignored(of_type: int) -> Finding:
    return Finding(
        _RULE,
        "series.ignored",
        "This rule has no effect",
        f"Zoom ignores `recurrence` in a meeting of type {of_type}.",
        "Write `type: 8` if it shall repeat at fixed times, else take `recurrence` out.",
        Severity.WARNING,
        on_key=True,
    )


def _end(rule: Mapping[str, Json]) -> Iterator[Finding]:
    times, end_at = rule.get("end_times"), rule.get("end_date_time")
    if times is not None and end_at is not None:
        yield _end_twice(times, end_at)
    elif not times and end_at is None:
        yield _end_missing(times)
    if times is not None and times > OCCURRENCES_MAX:
        yield _too_many(_TIMES, f"This asks for {times}.", f"`end_times: {OCCURRENCES_MAX}`")
    if end_at is not None and not is_possible(end_at):
        yield impossible(end_at, _END)


def _end_twice(times: int, end_at: str) -> Finding:
    return Finding(
        _TIMES,
        "series.end-twice",
        "A series with two ends",
        f"`end_times: {times}` and `end_date_time: {end_at}`: which of them wins is unknown.",
        "Keep one of the two.",
    )


def _end_missing(times: int | None) -> Finding:
    told = (
        "Zoom would make one single meeting of it."
        if times is None
        else "`end_times: 0` means that it never ends."
    )
    return Finding(
        _RULE if times is None else _TIMES,
        "series.end-missing",
        "A series without an end",
        told,
        f"Write `end_times: 20`, or another count up to {OCCURRENCES_MAX}, or an `end_date_time` in UTC.",
    )


def _too_many(path: tuple[str, ...], told: str, fitting: str) -> Finding:
    return Finding(
        path,
        "series.too-many",
        "More occurrences than Zoom keeps",
        f"Zoom keeps at most {OCCURRENCES_MAX} of a series. {told}",
        f"Write {fitting}, and declare the rest under another key.",
    )


def _dates(attributes: Mapping[str, Json], rule: Mapping[str, Json]) -> Iterator[Finding]:
    """Findings that need a start, a zone and a rule that can be understood."""
    start, timezone, end_at = (
        attributes.get("start_time"),
        attributes.get("timezone"),
        rule.get("end_date_time"),
    )
    if start is None or timezone is None or not repetition.is_clear(rule):
        return
    if zone(timezone) is None or not is_possible(start):
        return
    series = Series(start, timezone, rule)
    if not series.is_on_rule():
        yield off_rule(series)
    elif end_at is not None and is_possible(end_at):
        yield from _until(series, end_at)


def _until(series: Series, end_at: str) -> Iterator[Finding]:
    begins_at, written = instant(series.start_time, series.timezone), "%Y-%m-%dT%H:%M:%SZ"
    if instant(end_at, "UTC") < begins_at:
        yield Finding(
            _END,
            "series.end-before-start",
            "The series ends before it begins",
            f"Its first start is {begins_at:{written}}, its end {end_at}: nothing would take place.",
            "Write a later `end_date_time`; it is an instant in UTC.",
        )
    elif series.occurrence(OCCURRENCES_MAX) is not None:
        last = series.occurrence(OCCURRENCES_MAX - 1)
        assert last is not None  # the one after it is there
        told = f"The {OCCURRENCES_MAX}th is at {last:{written}}."
        yield _too_many(_END, told, f"`end_date_time: {last:{written}}`")
