"""The budget as metrics, in the text format that Prometheus and its textfile collector read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.budget import reset_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from reconciler.plan.budget import BudgetLine
    from reconciler.views.results import DriftCounts, LastApply, Situation

_Sample = tuple[str | None, int]
"""A host, None for a metric without labels, and its value."""

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def budget(lines: Sequence[BudgetLine], now: datetime, situation: Situation) -> str:
    """Return the metrics: of each host, of the state, of the last apply and the last look for drift."""
    return "".join(
        (
            *_of_hosts(lines),
            _metric(
                "budget_reset_timestamp_seconds",
                "When the requests of the day are reset.",
                _at(reset_at(now)),
            ),
            _metric("meetings", "Meetings that are recorded.", situation.meetings),
            _metric("intents", "Requests whose outcome is unknown; apply looks them up.", situation.intents),
            *(_of_apply(situation.apply) if situation.apply else ()),
            *(_of_drift(situation.drift) if situation.drift else ()),
        )
    )


def _of_hosts(lines: Sequence[BudgetLine]) -> Iterator[str]:
    """Yield the metrics of the hosts, each with a value for every host; none without hosts."""
    metrics = (
        ("requests_used", "Create and update requests sent for the host on this UTC day.", "used"),
        ("requests_left", "Requests that may still be sent for the host on this UTC day.", "left"),
        ("requests_limit", "Requests that may be sent for the host on one UTC day.", "limit"),
        ("requests_reserved", "Of these, those kept for meetings that start soon.", "reserve"),
    )
    for name, words, field in metrics if lines else ():
        yield _metric_of(name, words, [(line.host, getattr(line, field)) for line in lines])


def _of_apply(apply: LastApply) -> Iterator[str]:
    """Yield what an apply left."""
    yield _metric("apply_timestamp_seconds", "When the last apply that did something began.", _at(apply.at))
    yield _metric("apply_deferred", "Meetings that it left to a later day.", apply.deferred)
    yield _metric("apply_withheld", "Meetings that it left to a person.", apply.withheld)
    yield _metric("apply_failed", "Meetings that failed in it.", apply.failed)
    yield _metric("apply_unfinished", "Steps that it still has to do, or had when it died.", apply.unfinished)


def _of_drift(drift: DriftCounts) -> Iterator[str]:
    yield _metric("drift_timestamp_seconds", "When the last look for drift was made.", _at(drift.at))
    yield _metric("drift_changed", "Meetings that somebody changed in Zoom, at the last look.", drift.changed)
    yield _metric("drift_deleted", "Meetings that somebody deleted in Zoom, at the last look.", drift.deleted)
    yield _metric("drift_unread", "Meetings that could not be read, at the last look.", drift.unread)


def _at(moment: datetime) -> int:
    return int(moment.timestamp())


def _metric(name: str, words: str, value: int) -> str:
    return _metric_of(name, words, [(None, value)])


def _metric_of(name: str, words: str, samples: Iterable[_Sample]) -> str:
    """Return one metric with its help, type and values; a host is named once."""
    name = f"reconciler_{name}"
    rows = {host: f"{name}{_labels(host)} {value}\n" for host, value in samples}
    return f"# HELP {name} {words}\n# TYPE {name} gauge\n{''.join(rows.values())}"


def _labels(host: str | None) -> str:
    return "" if host is None else f'{{host="{host.translate(_ESCAPES)}"}}'
