"""`import` at a shell: files, streams, flags, and what happens next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import at
from shell import HOST, spec_of
from varied import Zoom

from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from shell import Shell

WEEKLY_ID = 88888888909
"""Id of the emulator's first meeting."""


def given(shell: Shell, *topics: str) -> None:
    """An account in which meetings with these topics exist, and a folder that knows nothing of them."""
    path = shell.write("theirs.yaml", spec_of({f"k{n}": {"topic": topic} for n, topic in enumerate(topics)}))
    assert shell.sandbox("apply", "theirs.yaml", "--auto-approve").status == 0
    path.unlink()
    shell.sandbox_state.unlink()


def keys(text: str) -> list[str]:
    parsed = spec.parse([Source("m.yaml", text.encode())], Settings())
    assert parsed.spec is not None
    return list(parsed.spec.meetings)


def test_what_exists_goes_to_stdout_and_what_to_do_to_stderr(shell: Shell) -> None:
    given(shell, "Weekly", "Retro")

    ran = shell.sandbox("import", "--host", HOST)

    assert (ran.status, keys(ran.out)) == (0, ["retro", "weekly"])
    assert ran.err == (
        "2 meetings written. Nothing was recorded, and nothing changed in Zoom.\n"
        "Next: review the file, add it to your specs, run `reconciler plan`, and commit it;\n"
        "`reconciler apply` then records what its `imports` list names, and sends nothing for it.\n"
    )
    assert not shell.sandbox_state.exists()


def test_a_file_is_written_and_never_over_another(shell: Shell) -> None:
    given(shell, "Weekly")

    first = shell.sandbox("import", "--host", HOST, "--out", "new.yaml")
    written = (shell.folder / "new.yaml").read_text()
    second = shell.sandbox("import", "--host", HOST, "--out", "new.yaml")

    assert (first.status, first.out, keys(written)) == (0, "", ["weekly"])
    assert (second.status, second.out) == (1, "")
    assert second.err == (
        "error[import.file-exists]: The file exists already\n"
        "  = new.yaml is left as it is: import never overwrites a file.\n"
        "  = hint: Name another file with --out, and merge the two by hand.\n"
    )
    assert (shell.folder / "new.yaml").read_text() == written


def test_an_unwritable_file_is_reported(shell: Shell) -> None:
    given(shell, "Weekly")

    ran = shell.sandbox("import", "--host", HOST, "--out", "nowhere/new.yaml")

    assert (ran.status, ran.err.splitlines()[:2]) == (
        1,
        [
            "error[output.unwritable]: The output could not be written",
            "  = nowhere/new.yaml: No such file or directory.",
        ],
    )


def test_topics_are_matched_anywhere(shell: Shell) -> None:
    given(shell, "Platform weekly", "Weekly of others", "Retro")

    found = shell.sandbox("import", "--host", HOST, "--match", "(?i)weekly$|retro")
    nothing = shell.sandbox("import", "--host", HOST, "--match", "^never$", "--out", "new.yaml")

    assert keys(found.out) == ["platform-weekly", "retro"]
    assert (nothing.status, nothing.out) == (0, "")
    assert nothing.err == f"Nothing to import: no meeting of {HOST} whose topic matches `^never$`.\n"
    assert not (shell.folder / "new.yaml").exists()


@pytest.mark.filterwarnings("error")
def test_a_pattern_that_python_warns_about_is_used(shell: Shell) -> None:
    """The warning would show a line of the program, which tells its user nothing."""
    ran = shell.sandbox("import", "--host", HOST, "--match", "[[x]never")

    assert (ran.status, ran.err.splitlines()) == (
        0,
        [f"Nothing to import: no meeting of {HOST} whose topic matches `[[x]never`."],
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("(", "`(`: missing ), unterminated subpattern at position 0. Nothing was read."),
        ("x" * 501, f"`{'x' * 80}`: it has 501 characters; the limit is 500. Nothing was read."),
        ("a{99999999999}", "`a{99999999999}`: the repetition number is too large. Nothing was read."),
    ],
)
def test_an_invalid_pattern_is_reported(pattern: str, expected: str, shell: Shell) -> None:
    ran = shell.sandbox("import", "--host", HOST, "--match", pattern)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[:2] == [
        "error[import.match]: --match is not a regular expression",
        f"  = {expected}",
    ]


def test_what_is_recorded_or_declared_already_is_left_out(shell: Shell) -> None:
    """By its id; and keys in use are not given to other meetings."""
    given(shell, "Weekly", "Retro", "Call")
    shell.write("meetings.yaml", shell.sandbox("import", "--host", HOST, "--match", "Retro|Weekly").out)
    shell.write("ours.yaml", spec_of({"call": {"topic": "Call", "start_time": "2027-03-01T10:00:00Z"}}))
    assert shell.sandbox("apply", "ours.yaml", "--auto-approve").status == 0

    ran = shell.sandbox("import", "--host", HOST)

    assert (ran.status, keys(ran.out)) == (0, ["call-2"])
    assert ran.out.endswith("\n# Left out: 3 recorded or declared already.\n")
    assert ran.err.splitlines()[1] == "Left out: 3 recorded or declared already."


def test_a_second_import_is_no_failure(shell: Shell) -> None:
    """Everything is recorded: it says so, and what is over besides."""
    given(shell, "Weekly", "Retro")
    shell.write("meetings.yaml", shell.sandbox("import", "--host", HOST).out)
    assert shell.sandbox("apply", "--auto-approve").status == 0

    again = shell.sandbox("import", "--host", HOST, "--out", "new.yaml")
    shell.sandbox_state.unlink()
    (shell.folder / "meetings.yaml").unlink()
    later = shell.sandbox("import", "--host", HOST, now="2027-02-01T00:00:00Z")

    assert (again.status, again.out, again.err) == (
        0,
        "",
        "Nothing to import: 2 recorded or declared already.\n",
    )
    assert (later.status, later.out, later.err) == (0, "", "Nothing to import: 2 over.\n")
    assert not (shell.folder / "new.yaml").exists()


@pytest.mark.parametrize(
    ("out", "settings", "is_read"),
    [
        ("meetings/new.yaml", "", True),
        ("meetings.yaml", "", True),
        ("new.yaml", "", False),
        ("meetings/new.txt", "", False),
        ("teams/a/new.yml", "specs: [teams/]\n", True),
        ("meetings/new.yaml", "specs: [teams/]\n", False),
    ],
)
def test_a_file_that_is_among_the_specs_need_not_be_added(
    out: str,
    settings: str,
    is_read: bool,  # noqa: FBT001 - a row of the table
    shell: Shell,
) -> None:
    given(shell, "Weekly")
    for folder in ("meetings", "teams/a"):
        (shell.folder / folder).mkdir(parents=True)
    if settings:
        shell.write("reconciler.yaml", settings)

    ran = shell.sandbox("import", "--host", HOST, "--out", out)

    added = "" if is_read else "add it to your specs, "
    assert f"Next: review {out}, {added}run `reconciler plan`, and commit it;\n" in ran.err


@pytest.mark.parametrize(
    ("out", "schema"),
    [("meetings/new.yaml", "../meetings.schema.json"), ("meetings.yaml", "meetings.schema.json")],
)
def test_a_file_names_the_schema_in_the_working_folder(out: str, schema: str, shell: Shell) -> None:
    """Where `init` writes it: editors look from the file's own folder."""
    given(shell, "Weekly")
    (shell.folder / "meetings").mkdir()

    shell.sandbox("import", "--host", HOST, "--out", out)

    first, _, _ = (shell.folder / out).read_text().partition("\n")
    assert first == f"# yaml-language-server: $schema={schema}"


def test_an_account_without_meetings_is_no_failure(shell: Shell) -> None:
    ran = shell.sandbox("import", "--host", HOST, "--host", "cto@example.com")

    assert (ran.status, ran.err) == (0, f"Nothing to import: no meeting of {HOST} or cto@example.com.\n")


def test_a_host_that_is_gone_fails_and_others_are_written(shell: Shell) -> None:
    given(shell, "Weekly")
    shell.write(".reconciler/sandbox/switches.json", json.dumps({"users": [HOST]}))

    ran = shell.sandbox("import", "--host", "gone@example.com", "--host", HOST)

    assert (ran.status, keys(ran.out)) == (1, ["weekly"])
    assert ran.err.startswith("error[zoom.user-unknown]: ")


def test_meetings_that_cannot_be_declared_are_listed(shell: Shell) -> None:
    given(shell, "Weekly")
    shell.write(".reconciler/sandbox/switches.json", json.dumps({"webinars": [WEEKLY_ID]}))

    ran = shell.sandbox("import", "--host", HOST)

    assert ran.err == (f"Nothing to import: 1 cannot be declared:\n  {WEEKLY_ID}: it is a webinar\n")


def test_a_closed_list_of_hosts_is_reckoned_with(shell: Shell) -> None:
    given(shell, "Weekly")
    shell.write("reconciler.yaml", "hosts: {other@example.com: {}}\n")

    ran = shell.sandbox("import", "--host", HOST)

    assert f"Add to `hosts` in reconciler.yaml: {HOST}.\n" in ran.err


def test_another_accounts_state_is_refused(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"weekly": {}}))
    assert shell.sandbox("apply", "--auto-approve").status == 0
    path = shell.sandbox_state
    path.write_text(
        path.read_text().replace("sandbox-account", "other-account").replace("localhost", "other")
    )

    ran = shell.sandbox("import", "--host", HOST)

    assert (ran.status, ran.err.splitlines()[0]) == (
        1,
        "error[state.other-origin]: The state belongs to another account",
    )


def test_a_host_is_asked_for(shell: Shell) -> None:
    ran = shell("import")

    assert (ran.status, ran.err.splitlines()[:2]) == (
        1,
        ["error[usage.command-line]: The command line cannot be used", "  = Missing option '--host'."],
    )


def by_hand(shell: Shell, start: str, **end: Any) -> None:
    """A series that somebody made in Zoom."""
    times = {"type": 8, "start_time": start, "timezone": "Europe/Berlin", "duration": 45}
    rule = {"type": 2, "weekly_days": "2", **end}
    Zoom(shell.folder).make(HOST, {"topic": "Community call", **times, "recurrence": rule})


def test_a_series_without_an_end_is_imported_as_one_and_stays_one(shell: Shell) -> None:
    """Nothing is sent for it, also a year later: Zoom's has no end. Another hour leaves it without one."""
    by_hand(shell, "2026-12-07T10:00:00", end_times=0)

    shell.sandbox("import", "--host", HOST, "--out", "meetings.yaml")
    applied = shell.sandbox("apply", "--auto-approve")
    later = shell.sandbox("plan", "--refresh", now="2027-12-01T00:00:00Z")
    path = shell.folder / "meetings.yaml"
    written = path.read_text()
    path.write_text(written.replace("T10:00:00", "T11:00:00"))
    moved = shell.sandbox("apply", "--auto-approve")
    stored = Zoom(shell.folder).meeting(WEEKLY_ID).document

    assert "    repeat: {every: week, on: mon}  # without an end\n" in written
    assert applied.out.splitlines()[-1] == "Apply complete! 0 added, 0 changed, 0 destroyed, 1 recorded."
    assert later.out.splitlines()[-1] == (
        "No changes. Compared with what was last applied and with what Zoom says now."
    )
    assert moved.status == 0
    assert stored["recurrence"]["end_times"] == 50


def test_dates_that_were_cancelled_or_moved_in_zoom_are_imported(shell: Shell) -> None:
    """They are exceptions of the file, and done already in the record: nothing is sent for them."""
    by_hand(shell, "2026-12-07T10:00:00", end_times=4)
    zoom = Zoom(shell.folder)
    second, third = (int(at(f"2026-12-{day}T09:00:00Z").timestamp()) * 1000 for day in (14, 21))
    zoom.click("DELETE", f"{WEEKLY_ID}?occurrence_id={second}")
    moved = {"start_time": "2026-12-22T13:00:00Z", "duration": 30}
    zoom.click("PATCH", f"{WEEKLY_ID}?occurrence_id={third}", moved)

    shell.sandbox("import", "--host", HOST, "--out", "meetings.yaml")
    applied = shell.sandbox("apply", "--auto-approve")
    after = shell.sandbox("plan", "--refresh")

    assert (shell.folder / "meetings.yaml").read_text() == EDITED
    assert applied.out.splitlines()[-1] == "Apply complete! 0 added, 0 changed, 0 destroyed, 1 recorded."
    assert after.out.splitlines()[-1] == (
        "No changes. Compared with what was last applied and with what Zoom says now."
    )


EDITED = """\
# yaml-language-server: $schema=meetings.schema.json
# 1 meeting has a passcode: Zoom keeps it, and none is written here.
# Of single dates under `exceptions`, start and duration were read. An agenda or settings that
# one date has of its own were not: add them to its exception.
version: 1

meetings:
  community-call:
    host: platform@example.com
    topic: Community call
    start_time: 2026-12-07T10:00:00
    duration: 45
    timezone: Europe/Berlin
    repeat: {every: week, on: mon, times: 4}  # until 28 Dec 2026
    exceptions:
      2026-12-14: skip
      2026-12-21: {start_time: 2026-12-22 14:00, duration: 30}

# `apply` records these meetings. After that the list can be removed.
imports:
  - {id: 88888888909, to: community-call}
"""


@pytest.mark.parametrize(
    "end",
    [{"end_times": 60}, {"end_times": 53}, {"end_date_time": "2028-06-30T21:59:59Z"}],
    ids=["60", "53, of which 50 are left", "a day"],
)
def test_dates_are_imported_of_a_series_of_which_zoom_keeps_only_the_first_ones(
    shell: Shell, end: dict[str, Any]
) -> None:
    """It lists fewer than 50 when some are over, and what was done to a date is not taken back."""
    shell.sandbox("budget", now="2026-11-10T08:00:00Z")
    by_hand(shell, "2026-11-16T10:00:00", **end)
    second = int(at("2026-12-14T09:00:00Z").timestamp()) * 1000
    Zoom(shell.folder).click("DELETE", f"{WEEKLY_ID}?occurrence_id={second}")

    shell.sandbox("import", "--host", HOST, "--out", "meetings.yaml")
    applied = shell.sandbox("apply", "--auto-approve")
    after = shell.sandbox("plan", "--refresh", "--detailed-exitcode")
    window = shell.recorded().meetings["community-call"].window

    assert "    exceptions:\n      2026-12-14: skip\n" in (shell.folder / "meetings.yaml").read_text()
    assert applied.out.splitlines()[-1] == "Apply complete! 0 added, 0 changed, 0 destroyed, 1 recorded."
    assert (after.status, after.out.splitlines()[-1]) == (
        0,
        "No changes. Compared with what was last applied and with what Zoom says now.",
    )
    assert window == {"from": "2026-12-07T09:00:00Z", "to": "2027-10-25T08:00:00Z"}


def test_a_series_of_60_coming_dates_is_imported_without_a_request(shell: Shell) -> None:
    """More than a create may send; nothing of it is sent."""
    by_hand(shell, "2026-12-07T10:00:00", end_times=60)

    shell.sandbox("import", "--host", HOST, "--out", "meetings.yaml")
    applied = shell.sandbox("apply", "--auto-approve")
    after = shell.sandbox("plan", "--refresh", "--detailed-exitcode")

    assert (applied.status, applied.out.splitlines()[-1]) == (
        0,
        "Apply complete! 0 added, 0 changed, 0 destroyed, 1 recorded.",
    )
    assert (after.status, after.out.splitlines()[-1]) == (
        0,
        "No changes. Compared with what was last applied and with what Zoom says now.",
    )
    assert "times: 60}" in (shell.folder / "meetings.yaml").read_text()
