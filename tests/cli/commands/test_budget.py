"""`budget`: what each host may still send today, from the state and the settings alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from builders import ALLOWANCES, HOST, NOW, at, intent, record, state
from shell import spec_of

from reconciler.plan.budget import Allowances, BudgetLine, Limits, budget_lines
from reconciler.state import document as state_document
from reconciler.state.state import Retired, State
from reconciler.views.json import budget as json_view
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
