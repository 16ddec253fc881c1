"""The metrics of the budget, read by the official parser."""

from __future__ import annotations

from builders import HOST, NOW, at
from hostile_topics import TOPICS
from prometheus_client.parser import text_string_to_metric_families

from reconciler.plan.budget import BudgetLine
from reconciler.views.prometheus import budget
from reconciler.views.results import DriftCounts, LastApply, Situation

DAY = "2026-12-01"


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def test_a_host_has_four_metrics_and_the_state_three() -> None:
    text = budget([BudgetLine(HOST, DAY, 100, 10, 7, 0)], NOW, Situation(meetings=3, intents=1))

    assert text == (
        "# HELP reconciler_requests_used Create and update requests sent for the host on this UTC day.\n"
        "# TYPE reconciler_requests_used gauge\n"
        'reconciler_requests_used{host="platform@example.com"} 7\n'
        "# HELP reconciler_requests_left Requests that may still be sent for the host on this UTC day.\n"
        "# TYPE reconciler_requests_left gauge\n"
        'reconciler_requests_left{host="platform@example.com"} 93\n'
        "# HELP reconciler_requests_limit Requests that may be sent for the host on one UTC day.\n"
        "# TYPE reconciler_requests_limit gauge\n"
        'reconciler_requests_limit{host="platform@example.com"} 100\n'
        "# HELP reconciler_requests_reserved Of these, those kept for meetings that start soon.\n"
        "# TYPE reconciler_requests_reserved gauge\n"
        'reconciler_requests_reserved{host="platform@example.com"} 10\n'
        "# HELP reconciler_budget_reset_timestamp_seconds When the requests of the day are reset.\n"
        "# TYPE reconciler_budget_reset_timestamp_seconds gauge\n"
        "reconciler_budget_reset_timestamp_seconds 1796169600\n"
        "# HELP reconciler_meetings Meetings that are recorded.\n"
        "# TYPE reconciler_meetings gauge\n"
        "reconciler_meetings 3\n"
        "# HELP reconciler_intents Requests whose outcome is unknown; apply looks them up.\n"
        "# TYPE reconciler_intents gauge\n"
        "reconciler_intents 1\n"
    )


def test_the_last_apply_and_the_last_drift_are_counted() -> None:
    situation = Situation(
        apply=LastApply(at("2026-12-01T02:00:00Z"), deferred=4, withheld=2, failed=1, unfinished=9),
        drift=DriftCounts(at("2026-12-01T03:00:00Z"), changed=5, deleted=6, unread=7),
    )

    assert samples(budget([], NOW, situation)) == [
        (f"reconciler_{name}", {}, value)
        for name, value in {
            "budget_reset_timestamp_seconds": 1796169600,
            "meetings": 0,
            "intents": 0,
            "apply_timestamp_seconds": 1796090400,
            "apply_deferred": 4,
            "apply_withheld": 2,
            "apply_failed": 1,
            "apply_unfinished": 9,
            "drift_timestamp_seconds": 1796094000,
            "drift_changed": 5,
            "drift_deleted": 6,
            "drift_unread": 7,
        }.items()
    ]


def test_a_host_stays_the_value_of_its_label() -> None:
    """Whatever it holds: quotes, backslashes, line breaks, a metric of its own."""
    hosts = (*TOPICS, 'a"} 1\nreconciler_requests_used{host="b', "back\\slash", "\\n", "\r", "é")

    text = budget([BudgetLine(host, DAY, 100, 10, 0, 0) for host in hosts], NOW, Situation())

    assert [labels["host"] for name, labels, _ in samples(text) if name == "reconciler_requests_used"] == [
        *dict.fromkeys(hosts)
    ]
