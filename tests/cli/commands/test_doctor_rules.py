"""`doctor` and `plan --refresh` judge declared meetings by the rules of the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from shell import HOST, NOW, spec_of
from varied import Zoom

if TYPE_CHECKING:
    from shell import RunResult, Shell

AT = ("--sandbox", "--sandbox-now", NOW)
DOCTOR = ("doctor", *AT, "--format", "json")
SECURITY = "user:read:settings:admin (classic: user:read:admin)"
USERS = "user:read:user:admin (classic: user:read:admin)"
TRACKING = "tracking_field:read:list_tracking_fields:admin (classic: tracking_fields:read:admin)"


def rules(ran: RunResult) -> list[tuple[str, str, str, str]]:
    """The lines about rules: name, status, summary, remedy."""
    (report,) = ran.rows
    return [
        (row["name"], row["status"], row["summary"], row["remedy"])
        for row in report["checks"]
        if row["name"] in {"passcodes", "tracking", "alternates"}
    ]


def declare(shell: Shell, **meetings: Any) -> Zoom:
    shell.write("meetings.yaml", spec_of(meetings))
    return Zoom(shell.folder)


FROM_ENV = {"env": "TEAM_PASSCODE", "version": 1}


def test_a_passcode_that_zoom_would_refuse_fails(shell: Shell) -> None:
    """Of a literal and of a variable; a variable that is not set here is not judged."""
    zoom = declare(
        shell,
        literal={"password": "short-1"},
        variable={"password": FROM_ENV, "start_time": "2027-01-15T15:00:00Z"},
        unset={"password": {"env": "OTHER_PASSCODE", "version": 1}, "start_time": "2027-01-16T15:00:00Z"},
        fits={"password": "longer-1", "start_time": "2027-01-17T15:00:00Z"},
    )
    zoom.switch(passcode_length_min=8)

    ran = shell(*DOCTOR, TEAM_PASSCODE="tiny-1")

    remedy = "Choose one with at least 8 characters; until then apply leaves this meeting out."
    broken = f"its passcode breaks the rule of {HOST}: it must have at least 8 characters"
    assert rules(ran) == [
        ("passcodes", "fail", f"literal: {broken}", remedy),
        ("passcodes", "fail", f"variable: {broken}", remedy),
        ("passcodes", "ok", "1 passcode fits the rules of Zoom", ""),
    ]
    assert (ran.status, "short-1" in ran.out, "tiny-1" in ran.out) == (1, False, False)


@pytest.mark.parametrize(
    ("switches", "line"),
    [
        (
            {"tracking_fields": ["Team"], "tracking_fields_required": ["Cost centre"]},
            (
                "tracking",
                "warn",
                "the account requires the tracking field Cost centre, which a, b do not have",
                "Add `tracking_fields: [{field: Cost centre, value: ...}]` to them, or to `defaults`.",
            ),
        ),
        (
            {"tracking_fields_required": ["Team"]},
            (
                "tracking",
                "warn",
                "the account requires the tracking field Team, which b does not have",
                "Add `tracking_fields: [{field: Team, value: ...}]` to them, or to `defaults`.",
            ),
        ),
        (
            {"tracking_fields": ["Teams"]},
            (
                "tracking",
                "warn",
                "the account has no tracking field Team, which a declares",
                "Did you mean `Teams`?",
            ),
        ),
        (
            {"user_type": 1},
            (
                "alternates",
                "warn",
                "deputy@example.com, an alternative host of b, has no licence",
                "Zoom takes only licensed users of the account: give this one a licence, or name another.",
            ),
        ),
        (
            {"users": [HOST]},
            (
                "alternates",
                "warn",
                "deputy@example.com, an alternative host of b, is not a user of this account",
                "Zoom takes only licensed users of the account: give this one a licence, or name another.",
            ),
        ),
    ],
)
def test_other_rules_are_warnings(
    switches: dict[str, Any], line: tuple[str, str, str, str], shell: Shell
) -> None:
    zoom = declare(
        shell,
        a={"tracking_fields": [{"field": "Team", "value": "x"}]},
        b={"settings": {"alternative_hosts": "Deputy@example.com"}, "start_time": "2027-01-15T15:00:00Z"},
    )
    zoom.switch(**switches)

    ran = shell(*DOCTOR)

    assert ([row for row in rules(ran) if row[1] != "ok"], ran.status) == ([line], 0)


def test_what_fits_every_rule_is_said_once(shell: Shell) -> None:
    zoom = declare(
        shell,
        a={
            "password": "a-2-c-4",
            "tracking_fields": [{"field": "Team", "value": "x"}],
            "settings": {"alternative_hosts": "deputy@example.com;second@example.com"},
        },
    )
    zoom.switch(tracking_fields_required=["Team"], passcode_needs=["letter", "number"])

    assert rules(shell(*DOCTOR)) == [
        ("passcodes", "ok", "1 passcode fits the rules of Zoom", ""),
        ("tracking", "ok", "every meeting has 1 required tracking field", ""),
        ("alternates", "ok", "2 alternative hosts are licensed", ""),
    ]


def test_a_rule_that_cannot_be_read_names_the_scope(shell: Shell) -> None:
    """It is no failure: apply works without."""
    zoom = declare(shell, a={"password": "a-2-c-4"})
    zoom.switch(scopes=["meeting:write:admin", "meeting:read:admin", "user:read:user:admin"])

    ran = shell(*DOCTOR)

    assert rules(ran) == [
        ("passcodes", "ok", f"the rule for passcodes: not checked: grant {SECURITY}", ""),
        ("tracking", "ok", f"required tracking fields: not checked: grant {TRACKING}", ""),
    ]
    assert ran.status == 0


def test_without_users_licences_are_not_checked(shell: Shell) -> None:
    zoom = declare(shell, a={"settings": {"alternative_hosts": "deputy@example.com"}})
    zoom.switch(scopes=["meeting:write:admin", "meeting:read:admin", "tracking_fields:read:admin"])

    assert rules(shell(*DOCTOR)) == [
        (
            "alternates",
            "ok",
            f"licences of alternative hosts: not checked: grant {USERS}",
            "",
        )
    ]


def test_a_refreshed_plan_names_a_passcode_that_apply_will_not_send(shell: Shell) -> None:
    """That key alone: the rest is applied; without a refresh nobody was asked."""
    zoom = declare(
        shell,
        bad={"password": FROM_ENV},
        good={"password": "longer-1", "start_time": "2027-01-15T15:00:00Z"},
    )
    zoom.switch(passcode_length_min=8)

    blind = shell("plan", *AT, TEAM_PASSCODE="tiny-1")
    unset = shell("plan", *AT, "--refresh")
    plan = shell("plan", *AT, "--refresh", "--format", "json", TEAM_PASSCODE="tiny-1")
    applied = shell("apply", *AT, "--auto-approve", TEAM_PASSCODE="tiny-1")

    assert (blind.status, unset.status, plan.status, applied.status) == (0, 0, 1, 1)
    found = json.loads(plan.out)["diagnostics"]
    assert [
        (each["severity"], each["code"], each["key"]) for each in found if each["severity"] == "error"
    ] == [("error", "passcode.against-rule", "bad")]
    assert (list(shell.ids()), "passcode.against-rule" in applied.out + applied.err) == (["good"], True)
    assert "tiny-1" not in plan.out + applied.out + applied.err


def test_a_saved_plan_is_applied_although_a_passcode_is_left_out(shell: Shell) -> None:
    zoom = declare(shell, bad={"password": FROM_ENV}, good={"start_time": "2027-01-15T15:00:00Z"})
    zoom.switch(passcode_length_min=8)
    shell("plan", *AT, "--refresh", "--out", "plan.json", TEAM_PASSCODE="tiny-1")

    applied = shell("apply", *AT, "--plan", "plan.json", TEAM_PASSCODE="tiny-1")
    assert (applied.status, list(shell.ids())) == (1, ["good"])

    again = shell("apply", *AT, "--plan", "plan.json", TEAM_PASSCODE="longer-1")
    assert (again.status, sorted(shell.ids())) == (0, ["bad", "good"])
