"""The words of a notice: five lines at most, and only names that cannot do harm."""

from __future__ import annotations

from builders import at
from engine_world import World, many
from msgspec.structs import replace

from reconciler.apply.events import StepDeferred, Summary
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.budget import Allowances, Limits
from reconciler.views import notice
from reconciler.views.notice import Notice

NOW = at("2026-12-01T09:00:00Z")


def test_what_starts_before_its_turn_is_told() -> None:
    world = World(*many(9))
    world.allowances = Allowances(Limits(1, 0), {})
    plan = world.plan()
    late = [step.key for step in plan.steps if step.late]
    events = [StepDeferred(NOW, step.key, step.host, step.day, "") for step in plan.steps]

    told = notice.applied(plan, [*events, Summary(NOW, added=1, deferred=8)])

    assert late == []
    assert told == Notice(
        "Meetings: apply is done",
        ("Apply complete! 1 added, 0 changed, 0 destroyed, 8 deferred.",),
        "success",
    )


def test_a_drift_names_five_and_counts_the_rest_in_five_lines() -> None:
    world = World(*many(8))
    report = world.plan()
    warnings = tuple(
        Diagnostic(code, key=key, severity=severity)
        for code, key, severity in (
            ("refresh.gone", "m001", Severity.ERROR),
            ("plan.withheld", "m002", Severity.WARNING),
            ("series.ends-soon", "m003", Severity.WARNING),
        )
    )

    told = notice.drifted(replace(report, diagnostics=warnings)).signed("https://ci/1", is_sandbox=False)

    assert (len(told.lines), told.title, told.level) == (
        5,
        "Meetings: drift 8 changed, 1 not read, 1 waiting for a person, 1 warning",
        "failure",
    )
    assert told.lines[1].endswith("m004 (create), and 3 more")


def test_an_error_is_told_by_its_summary_and_code() -> None:
    found = (Diagnostic("state.locked", "by x@y"), Diagnostic("state.locked", "again"))

    told = notice.ended("apply", found)

    assert told.body == f"Nothing was sent.\nWhy: {found[0].summary} (state.locked)"
