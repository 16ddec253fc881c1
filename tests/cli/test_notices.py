"""Notices: which runs send one, what it tells, and that it never changes how a run ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from receiver import Receiver, receiver
from shell import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import RunResult, Shell

APPLY = ("apply", "--auto-approve")
CI = {
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/meetings",
}
RUN_URL = "https://github.com/acme/meetings/actions/runs/7"
SECRETS = ("opensesame", "hook-token-1234", "json://")


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    with receiver() as received:
        yield received


def ran(shell: Shell, inbox: Receiver, *arguments: str, **environ: str) -> RunResult:
    """Run with the emulator; no output may have what is secret of the address."""
    environ = {"RECONCILER_NOTIFY": inbox.address, **CI, **environ}
    now = ("--sandbox", "--sandbox-now", "2026-12-01T09:00:00Z")
    result = shell(*arguments, *now, **environ)
    assert [secret for secret in SECRETS if secret in result.out + result.err] == []
    return result


def test_a_run_in_which_all_is_well_sends_one_only_if_it_is_wanted(shell: Shell, inbox: Receiver) -> None:
    shell.write("meetings.yaml", spec_of({"launch": {}}))

    quiet = ran(shell, inbox, *APPLY)
    told = ran(shell, inbox, *APPLY, "--notify", "always")
    drift = ran(shell, inbox, "drift", "--notify", "always")

    assert (quiet.status, told.status, drift.status, quiet.err, told.err) == (0, 0, 0, "", "")
    assert inbox.notices == [
        (
            "Meetings: apply is done (sandbox)",
            ["Apply complete! 0 added, 0 changed, 0 destroyed.", RUN_URL],
            "success",
        ),
        ("Meetings: drift is done (sandbox)", ["No drift.", RUN_URL], "success"),
    ]


def test_a_failure_is_told_by_key_and_code_and_no_topic_is(shell: Shell, inbox: Receiver) -> None:
    """A topic could call a whole channel, and is nobody's business there."""
    bad = {"topic": "@everyone", "password": {"env": "BOARD_PASSCODE", "version": 1}}
    shell.write("meetings.yaml", spec_of({"launch": {}, "board": bad}))

    result = ran(shell, inbox, *APPLY)

    ((title, lines, level),) = inbox.notices
    assert (result.status, title, level) == (1, "Meetings: apply 1 failure (sandbox)", "failure")
    assert lines == [
        "Apply finished with errors: 1 added, 0 changed, 0 destroyed, 1 failed.",
        "Failed: board (passcode.missing)",
        RUN_URL,
    ]


def test_what_waits_for_a_person_is_a_warning(shell: Shell, inbox: Receiver) -> None:
    shell.write("meetings.yaml", spec_of({"launch": {}, "retro": {}}))
    ran(shell, inbox, *APPLY)
    shell.write("meetings.yaml", spec_of({"launch": {}}))

    result = ran(shell, inbox, *APPLY)

    assert (result.status, inbox.notices) == (
        0,
        [
            (
                "Meetings: apply 1 waiting for a person (sandbox)",
                [
                    "Apply complete! 0 added, 0 changed, 0 destroyed, 1 withheld.",
                    "Waiting for a person: retro",
                    RUN_URL,
                ],
                "warning",
            )
        ],
    )


def test_a_run_that_cannot_begin_is_told(shell: Shell, inbox: Receiver) -> None:
    """Tonight's drain failed."""
    shell.write("meetings.yaml", "version: 1\nmeetings: {launch: {}}\n")

    result = ran(shell, inbox, *APPLY)

    ((title, lines, level),) = inbox.notices
    assert (result.status, title, level) == (1, "Meetings: apply ended with an error (sandbox)", "failure")
    assert (lines[0], lines[1].startswith("Why: "), lines[2]) == ("Nothing was sent.", True, RUN_URL)


def test_never_is_never(shell: Shell, inbox: Receiver) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings: {launch: {}}\n")

    ran(shell, inbox, *APPLY, "--notify", "never")

    assert inbox.notices == []


@pytest.mark.parametrize(
    ("addresses", "codes"),
    [
        ("json://127.0.0.1:1/hook-token-1234", ["notify.failed"]),
        ("jsn://opensesame@example.com {inbox}", ["notify.bad-address"]),
        ("hook-token-1234 {refusing}", ["notify.bad-address", "notify.failed"]),
    ],
)
def test_a_notice_that_fails_is_a_warning_and_the_run_ends_as_it_did(
    addresses: str, codes: list[str], shell: Shell, inbox: Receiver
) -> None:
    shell.write("meetings.yaml", spec_of({"launch": {}}))
    inbox.status = 500 if "refusing" in addresses else 200
    named = addresses.format(inbox=inbox.address, refusing=inbox.address)

    result = ran(shell, inbox, *APPLY, "--notify", "always", RECONCILER_NOTIFY=named)

    assert result.status == 0
    assert [code for code in ("notify.bad-address", "notify.failed") if code in result.err] == codes
    assert "The run itself is not affected." in result.err


def test_without_the_extra_a_warning_names_it(
    shell: Shell, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    shell.write("meetings.yaml", spec_of({"launch": {}}))

    result = ran(shell, inbox, *APPLY, "--notify", "always")

    assert (result.status, "pip install 'meetings-reconciler[notify]'" in result.err) == (0, True)


def test_without_an_address_apprise_is_not_imported(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "apprise", raising=False)
    shell.write("meetings.yaml", spec_of({"launch": {}}))

    result = shell.sandbox(*APPLY, "--notify", "always")

    assert (result.status, result.err, "apprise" in sys.modules) == (0, "", False)


def test_doctor_checks_the_addresses_and_sends_nothing(shell: Shell, inbox: Receiver) -> None:
    good = ran(shell, inbox, "doctor")
    bad = ran(shell, inbox, "doctor", RECONCILER_NOTIFY=f"{inbox.address} jsn://opensesame@example.com")

    assert "ok    notices      1 address in RECONCILER_NOTIFY\n" in good.out
    assert "Address 2 of 2 in RECONCILER_NOTIFY is no address of Apprise." in bad.out
    assert (bad.status, inbox.notices) == (good.status, [])
