"""`budget`: what each host may still send today, from the state and the settings alone."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from builders import ALLOWANCES, HOST, NOW, at, intent, record, state
from prometheus_client.parser import text_string_to_metric_families
from shell import spec_of

from reconciler.cli.commands.budget import situation
from reconciler.plan.budget import Allowances, BudgetLine, Limits, budget_lines
from reconciler.state import document as state_document
from reconciler.state.history import EntryWriter, Fact, Kind, RunInfo
from reconciler.state.state import Retired, State
from reconciler.views.json import budget as json_view
from reconciler.views.results import LastApply, Situation
from reconciler.views.text import tables

if TYPE_CHECKING:
    from shell import Shell

DAY = "2026-12-01"


def line(host: str, used: int, limits: Limits | None = None) -> BudgetLine:
    of = limits or Limits()
    return BudgetLine(host, DAY, of.daily, of.kept, used, 0)


def test_the_requests_of_today_are_shown_by_host(shell: Shell) -> None:
    """And counted by the limits of the settings."""
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": {"host": "shared@example.com"}}))
    shell.write(
        "reconciler.yaml",
        "hosts: {platform@example.com: {}, shared@example.com: {daily_limit: 5}, Idle@example.com: {}}\n",
    )
    shell.sandbox("apply", "--auto-approve")

    ran = shell("budget", "--sandbox")
    tomorrow = shell.sandbox("budget", now="+1d")

    assert (ran.status, ran.err, ran.out.splitlines()) == (
        0,
        "",
        [
            "Idle@example.com      0 used  100 left of 100  reserve 10",
            "platform@example.com  2 used   98 left of 100  reserve 10",
            "shared@example.com    1 used      4 left of 5  reserve 2",
            "Resets at 00:00 UTC, in 16 h 00 min.",
        ],
    )
    assert [row.split()[1:5:3] for row in tomorrow.out.splitlines()[:3]] == [["0", "left"]] * 3


def test_a_program_gets_it_as_json(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"a": {}}))
    shell.sandbox("apply", "--auto-approve")

    ran = shell("budget", "--format", "json", "--sandbox")

    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "format_version": "1.0",
        "resets_at": "2026-12-02T00:00:00Z",
        "budget": [{"host": HOST, "day": DAY, "limit": 100, "reserve": 10, "used": 1, "left": 99}],
    }


def test_no_host_at_all_is_said(shell: Shell) -> None:
    """Without credentials, a spec or a state."""
    ran = shell("budget", "--sandbox", "--sandbox-now", "2026-12-01T23:30:00Z")
    as_json = shell("budget", "--sandbox", "--format", "json")

    assert (ran.status, ran.err, ran.out.splitlines()) == (
        0,
        "",
        [
            "No host is known yet: none is recorded, and reconciler.yaml names none.",
            "Resets at 00:00 UTC, in 30 min.",
        ],
    )
    assert as_json.rows[0]["budget"] == []


def test_unreadable_settings_are_reported(shell: Shell) -> None:
    shell.write("reconciler.yaml", "hosts: 5\n")

    ran = shell("budget", "--sandbox")

    assert (ran.status, ran.out, ran.err.partition(":")[0]) == (1, "", "error[settings.wrong-type]")


def test_hosts_come_from_settings_records_intents_and_the_ledger() -> None:
    """Each once, by name; what was replaced counts too, an alias that is in use nowhere does not."""
    recorded = state(
        meetings={"a": record(1, host="b@example.com"), "b": record(2, host="B@example.com")},
        intents={"c": intent(host="c@example.com")},
        retired=(Retired(7, "d@example.com", "a"),),
        usage={DAY: {"e@example.com": 7}, "2026-11-30": {"yesterday@example.com": 9}},
        hosts={"unused@example.com": "U9"},
    )

    assert budget_lines(recorded, ["a@example.com"], ALLOWANCES, NOW) == (
        line("a@example.com", 0),
        line("b@example.com", 0),
        line("c@example.com", 0),
        line("d@example.com", 0),
        line("e@example.com", 7),
    )


def test_names_of_one_host_are_one_line() -> None:
    """With its e-mail, the lowest limit that is set for one of them, and what any of them has spent."""
    allowances = Allowances(Limits(), {"U1": Limits(40, 5), "ada@example.com": Limits(50, 5)})
    recorded = state(
        meetings={"a": record(1, host="U1"), "b": record(2, host="Ada@example.com")},
        usage={DAY: {"U1": 2, "ada@example.com": 3}},
        hosts={"ada@example.com": "U1"},
    )

    assert budget_lines(recorded, ["U1"], allowances, NOW) == (line("Ada@example.com", 5, Limits(40, 5)),)


@pytest.mark.parametrize(
    ("hosts", "shown"),
    [({}, "U1"), ({"ada@example.com": "U1"}, "ada@example.com"), ({"me": "U1"}, "U1")],
)
def test_a_user_id_is_shown_as_an_e_mail_where_one_is_known(hosts: dict[str, str], shown: str) -> None:
    recorded = State("l", 1, usage={DAY: {"U1": 2}}, hosts=hosts)

    assert budget_lines(recorded, (), ALLOWANCES, NOW) == (line(shown, 2),)


def test_more_used_than_the_limit_leaves_nothing() -> None:
    """Zoom's own count, or a limit that was lowered."""
    recorded = state(usage={DAY: {HOST: 120}})

    assert [row.left for row in budget_lines(recorded, (), ALLOWANCES, NOW)] == [0]


def test_a_host_cannot_steer_a_terminal() -> None:
    """Nor leave its line."""
    odd = [line("a\x1b[2J\n\u202e@example.com", 1)]

    text = tables.budget(odd, at("2026-12-01T12:00:00Z"))
    as_json = json_view.budget(odd, NOW)

    assert text.splitlines()[0] == "a\\x1b[2J\\x0a\\u202e@example.com  1 used  99 left of 100  reserve 10"
    assert (
        as_json.isprintable() or as_json[:-1].isprintable(),
        json.loads(as_json)["budget"][0]["host"],
    ) == (
        True,
        odd[0].host,
    )


def test_the_budget_needs_no_sandbox_and_no_credentials(shell: Shell) -> None:
    shell.write("s.json", state_document.encode(state(meetings={"a": record()})).decode())

    ran = shell("budget", "--state", "s.json", "--format", "json")

    assert (ran.status, [row["host"] for row in ran.rows[0]["budget"]]) == (0, [HOST])


def metrics(text: str) -> dict[str, float]:
    """Return the metrics without labels, and of the first host."""
    return {
        sample.name.removeprefix("reconciler_"): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples[:1]
    }


def test_a_collector_gets_it_with_what_the_last_apply_left_and_the_drift(shell: Shell) -> None:
    """Written beside the file and renamed, so that nobody reads half of it."""
    shell.write("reconciler.yaml", "budget: {daily_limit: 2, reserve: 0}\n")
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}, "c": {}}))
    shell.sandbox("apply", "--auto-approve")
    shell.sandbox("state", "mv", "a", "d")  # an entry of the history, and no apply
    shell.sandbox("state", "mv", "d", "a")
    shell.write("drift.json", shell.sandbox("drift", "--format", "json").out)

    ran = shell.sandbox("budget", "--format", "prometheus", "--out", "m.prom", "--drift", "drift.json")

    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert metrics((shell.folder / "m.prom").read_text()) == {
        "requests_used": 2,
        "requests_left": 0,
        "requests_limit": 2,
        "requests_reserved": 0,
        "budget_reset_timestamp_seconds": at("2026-12-02T00:00:00Z").timestamp(),
        "meetings": 2,
        "intents": 0,
        "apply_timestamp_seconds": NOW.timestamp(),
        "apply_deferred": 1,
        "apply_withheld": 0,
        "apply_failed": 0,
        "apply_unfinished": 0,
        "drift_timestamp_seconds": NOW.timestamp(),
        "drift_changed": 0,
        "drift_deleted": 0,
        "drift_unread": 0,
    }
    assert sorted(path.name for path in shell.folder.glob("*m.prom*")) == ["m.prom"]


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ("{", "It is not a report of `drift`, or `drift` failed."),
        ("[]", "It is not a report of `drift`, or `drift` failed."),
        ('{"failed": true, "diagnostics": []}', "It is not a report of `drift`, or `drift` failed."),
        (None, "No such file or directory."),
    ],
)
def test_half_a_report_makes_no_metrics(report: str | None, why: str, shell: Shell) -> None:
    """The former file stays, and shows its age."""
    shell.write("m.prom", "old 1\n")
    if report is not None:
        shell.write("drift.json", report)

    ran = shell.sandbox("budget", "--format", "prometheus", "--out", "m.prom", "--drift", "drift.json")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[:2] == [
        "error[output.drift-report]: The report of drift cannot be read",
        f"  = drift.json: {why} Nothing was written.",
    ]
    assert (shell.folder / "m.prom").read_text() == "old 1\n"


def test_a_report_of_drift_is_counted_by_what_it_found(shell: Shell) -> None:
    """A warning is a remark about a meeting that was read; an error is about one that was not."""
    steps = [{"action": action} for action in ("update", "destroy", "keep", "update")]
    found = [{"severity": severity} for severity in ("warning", "error", "warning")]
    report = {"planned_at": "2026-12-01T08:00:00Z", "steps": steps, "diagnostics": found}
    shell.write("drift.json", json.dumps(report))

    assert (
        shell.sandbox("budget", "--format", "prometheus", "--out", "m.prom", "--drift", "drift.json").status
        == 0
    )

    lines = (shell.folder / "m.prom").read_text().splitlines()
    assert [line.partition("_drift_")[2] for line in lines if "_drift_" in line and line[0] != "#"][1:] == [
        "changed 2",
        "deleted 1",
        "unread 1",
    ]


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (64 * 2**20, "It is not a report of `drift`, or `drift` failed."),
        (64 * 2**20 + 1, "File too large."),
    ],
)
def test_a_report_of_more_than_64_mib_is_not_read(size: int, why: str, shell: Shell) -> None:
    shell.write("drift.json", "{")
    os.truncate(shell.folder / "drift.json", size)

    ran = shell.sandbox("budget", "--format", "prometheus", "--out", "m.prom", "--drift", "drift.json")

    assert (ran.status, ran.err.splitlines()[1]) == (1, f"  = drift.json: {why} Nothing was written.")


def test_metrics_are_written_over_nothing_that_is_read(shell: Shell) -> None:
    shell.write("reconciler.yaml", "budget: {reserve: 5}\n")

    ran = shell.sandbox("budget", "--format", "prometheus", "--out", "reconciler.yaml")
    unasked = shell.sandbox("budget", "--drift", "drift.json")

    assert (ran.status, "reconciler.yaml is left as it is" in ran.err) == (1, True)
    assert (unasked.status, "--drift needs --format prometheus" in unasked.err) == (1, True)


def test_keys_that_the_history_only_counts_are_counted_too() -> None:
    """An entry of a run names what finds room; a run that died has steps left."""
    writer = EntryWriter(RunInfo("2026-12-01T02:00:00Z", "ada", lock="x"))
    for number in range(200):
        writer.add(Fact(Kind.DEFER, f"m{number}", ("2026-12-02",)))
    writer.add(Fact(Kind.FAIL, "broken", ("zoom.refused",)))
    told = State("l", 1, history=(writer.entry(7),), meetings={"a": record(1)}, intents={"b": intent()})

    assert situation.of(told, "here", None) == Situation(
        meetings=1,
        intents=1,
        apply=LastApply(at("2026-12-01T02:00:00Z"), deferred=200, withheld=0, failed=1, unfinished=7),
    )
