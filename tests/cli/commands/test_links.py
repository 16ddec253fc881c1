"""`links`: join links, read from Zoom and shown only on request."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from builders import NOW as AT
from builders import intent, record, weekly
from msgspec.structs import replace
from scripted_zoom import ScriptedZoom, answer, no, using
from shell import HOST, NOW, spec_of

from reconciler.cli.commands import links
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import AccessError, NeverSentError
from reconciler.state.state import State
from reconciler.views.results import JoinLink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shell import Shell

    from reconciler.state.state import Record

TWO: Mapping[str, Mapping[str, object]] = {
    "launch-review": {"topic": "Launch review"},
    "retro": {"start_time": "2027-01-15T15:00:00Z"},
}
LINK = r"https://zoom\.example/j/(\d+)\?pwd=[0-9a-f]{32}\.1"


@pytest.fixture
def applied(shell: Shell) -> Shell:
    """A folder whose two meetings exist."""
    shell.write("meetings.yaml", spec_of(TWO))
    assert shell.sandbox("apply", "--auto-approve").status == 0
    return shell


def test_links_shows_every_recorded_meeting(applied: Shell) -> None:
    """By key, with the next start; a link to click ends the line."""
    ran = applied("links", "--sandbox")

    ids = {key: str(one.id) for key, one in applied.recorded().meetings.items()}
    first = f"launch-review  Thu 14 Jan 2027, 15:00 UTC  {LINK}\n"
    match = re.fullmatch(f"{first}retro          Fri 15 Jan 2027, 15:00 UTC  {LINK}\n", ran.out)
    assert (ran.status, ran.err, match and match.groups()) == (0, "", (ids["launch-review"], ids["retro"]))


def test_a_program_gets_them_as_json(applied: Shell) -> None:
    ran = applied("links", "retro", "--format", "json", "--sandbox")

    document = json.loads(ran.out)
    link = document["links"][0].pop("join_url")
    assert (ran.status, ran.err, bool(re.fullmatch(LINK, link))) == (0, "", True)
    assert document == {
        "format_version": "1.0",
        "links": [
            {
                "key": "retro",
                "id": applied.recorded().meetings["retro"].id,
                "host": HOST,
                "topic": "retro",
                "next_at": "2027-01-15T15:00:00Z",
                "timezone": None,
            }
        ],
        "diagnostics": [],
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["retro"], ["retro"]),
        (["retro", "re*", "retro"], ["retro"]),
        (["*r*"], ["launch-review", "retro"]),
        (["retr[o]", "launch-?eview"], ["launch-review", "retro"]),
    ],
)
def test_keys_and_globs_choose(names: list[str], expected: list[str], applied: Shell) -> None:
    """Each key once, in order of keys."""
    ran = applied("links", *names, "--sandbox")

    assert (ran.status, [line.split()[0] for line in ran.out.splitlines()]) == (0, expected)


def test_every_unknown_key_is_reported_before_any_request(applied: Shell) -> None:
    applied.record(State("l", 9, "other/account", applied.recorded().meetings, {"new": intent()}))

    ran = applied("links", "retro", "rtero", "x*", "new", "--sandbox")

    place = applied.sandbox_state
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.replace(str(place), "STATE").splitlines() == [
        "error[state.unknown-key]: The key is not in the state",
        "  = STATE has no key `rtero`.",
        "  = hint: Did you mean `retro`?",
        "",
        "error[state.unknown-key]: The key is not in the state",
        "  = STATE has no key that matches `x*`.",
        "  = hint: `reconciler state list` shows every key.",
        "",
        "error[state.interrupted-key]: It is not known yet whether the meeting exists",
        "  = The create of `new` was interrupted: STATE has no id for it.",
        "  = hint: `reconciler apply` looks up what became of it.",
    ]


def test_an_empty_state_needs_no_request(shell: Shell) -> None:
    """Not even for credentials."""
    ran = shell("links", "--state", "s.json")
    as_json = shell("links", "--state", "s.json", "--format", "json")

    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert as_json.rows == [{"format_version": "1.0", "links": [], "diagnostics": []}]


def test_a_missing_meeting_is_reported_and_the_others_are_shown(applied: Shell) -> None:
    state = applied.recorded()
    applied.record(State("l", 9, state.origin, {**state.meetings, "gone": record()}))

    ran = applied("links", "--sandbox")
    as_json = applied("links", "gone", "--format", "json", "--sandbox")

    assert (ran.status, [line.split()[0] for line in ran.out.splitlines()]) == (1, ["launch-review", "retro"])
    assert ran.err == (
        "error[links.gone]: The meeting does not exist in Zoom any more\n"
        f"  = gone: Zoom has no meeting 81234567001 of {HOST}.\n"
        "  = hint: `reconciler apply --refresh` creates it again where it is declared; "
        "`reconciler state rm gone` forgets it.\n"
    )
    assert (as_json.status, as_json.err, as_json.rows[0]["links"]) == (1, "", [])
    assert [(diagnostic["code"], diagnostic["key"]) for diagnostic in as_json.rows[0]["diagnostics"]] == [
        ("links.gone", "gone")
    ]


def test_the_state_of_another_account_is_refused(applied: Shell) -> None:
    applied.record(State("l", 9, "api.zoom.us/other", applied.recorded().meetings))

    ran = applied("links", "--sandbox")

    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (
        1,
        "",
        "error[state.other-origin]: The state belongs to another account",
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("ci", "warned"), [("true", True), ("1", True), ("false", False), ("", False)])
def test_passcodes_in_a_ci_log_are_warned_about(
    form: str,
    ci: str,
    warned: bool,  # noqa: FBT001 - a case
    applied: Shell,
) -> None:
    """On stderr, once; the links are shown anyway."""
    ran = applied("links", "--format", form, "--sandbox", CI=ci)

    warning = [
        "warning[links.in-a-log]: Join links with passcodes are written to a CI log",
        "  = Anyone who can read the log can join these meetings: `CI` is set, and stdout is not a file.",
        "  = hint: Write them to a file that is not kept, or run the command at a terminal.",
    ]
    assert (ran.status, ran.out.count("?pwd=")) == (0, 2)
    assert ran.err.splitlines() == (warning if warned else [])


def in_ci(shell: Shell, stdout: int) -> str:
    """Return stderr of `links` in a CI job whose stdout is `stdout`."""
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "links", "--sandbox"],
        cwd=shell.folder,
        env={**os.environ, "CI": "true"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stderr


def test_a_file_is_no_log(applied: Shell, tmp_path: Path) -> None:
    with (tmp_path / "links.txt").open("w") as file:
        into_file = in_ci(applied, file.fileno())
    into_log = in_ci(applied, subprocess.PIPE)

    assert (into_file, into_log.partition(":")[0]) == ("", "warning[links.in-a-log]")
    assert (tmp_path / "links.txt").read_text().count("?pwd=") == 2


def test_a_link_without_a_passcode_may_be_logged(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"open": {"default_password": False}}))
    shell.sandbox("apply", "--auto-approve")

    ran = shell("links", "--sandbox", CI="true")

    assert (ran.status, ran.err, "zoom.example/j/" in ran.out, "pwd=" in ran.out) == (0, "", True, False)


def test_no_link_is_kept(applied: Shell) -> None:
    """Nothing of the folder is written, the emulator's clock and data apart."""
    before = applied.sandbox_state.read_bytes()

    applied("links", "--sandbox")

    kept = [path for path in applied.folder.iterdir() if path.is_file()]
    assert [path.name for path in kept] == ["meetings.yaml"]
    assert (applied.sandbox_state.read_bytes(), b"pwd" in before) == (before, False)


def test_a_link_is_not_in_the_repr() -> None:
    assert "abc" not in repr(JoinLink("a", 1, HOST, "A", None, "https://zoom.us/j/1?pwd=abc"))


def asked(zoom: ScriptedZoom, records: Mapping[str, Record]) -> list[JoinLink | Diagnostic]:
    return asyncio.run(
        using(zoom.client(), lambda client: links.read(client, records, AT, lambda _key, _stored: None))
    )


def test_the_topic_is_zooms_and_the_next_start_the_records() -> None:
    zoom = ScriptedZoom(
        answer(200, {"id": 81234567001, "topic": "Clicked", "join_url": "https://zoom.us/j/1"})
    )

    found = asked(zoom, {"weekly": record(1, weekly())})

    assert found == [
        JoinLink(
            "weekly",
            81234567001,
            HOST,
            "Clicked",
            AT.replace(2027, 1, 11, 9),
            "https://zoom.us/j/1",
            "Europe/Berlin",
        )
    ]
    assert zoom.asked == ["GET /v2/meetings/81234567001"]


def test_what_has_no_next_start_has_a_link_all_the_same() -> None:
    """Even a time that this machine cannot read."""
    ids = (81_234_567_001, 81_234_567_002, 81_234_567_003)
    zoom = ScriptedZoom(*(answer(200, {"id": one, "join_url": "https://zoom.us/j/1"}) for one in ids))
    records = {"over": record(1, weekly(start_time="2020-01-06T10:00:00")), "odd": record(2, {"type": 8})}
    unknown = record(3, {"type": 2, "start_time": "2027-01-11T10:00:00", "timezone": "Mars/Olympus"})

    found = asked(zoom, {**records, "unknown": unknown})

    assert [(one.key, one.next_at) for one in found if isinstance(one, JoinLink)] == [
        ("over", None),
        ("odd", None),
        ("unknown", None),
    ]


@pytest.mark.parametrize(
    ("reaction", "code", "detail"),
    [
        (no(404, 3001, "Meeting does not exist"), "links.gone", "a: Zoom has no meeting 81234567001 of "),
        (no(404, 1001, "User does not exist"), "zoom.user-unknown", "a: Reading meeting 81234567001: "),
        (no(400, 300, "It is a webinar"), "zoom.validation", "a: Reading meeting 81234567001: "),
        (answer(502), "zoom.unreadable", "a: Reading meeting 81234567001"),
        (
            answer(200, {"id": 81_234_567_001}),
            "links.none",
            "a: Zoom's answer about meeting 81234567001 has no join link.",
        ),
        (
            answer(200, {"id": 81_234_567_001, "join_url": 7}),
            "zoom.unreadable",
            "a: Reading meeting 81234567001: the answer about 81234567001 cannot be read: ",
        ),
    ],
)
def test_an_unreadable_meeting_is_reported_with_its_key(reaction: object, code: str, detail: str) -> None:
    def second_fails(request: object) -> object:
        return reaction if str(getattr(request, "url", "")).endswith("001") else good

    good = answer(200, {"id": 81_234_567_002, "join_url": "https://zoom.us/j/2"})
    zoom = ScriptedZoom(second_fails)  # type: ignore[arg-type] # an answer, chosen by the request

    found = asked(zoom, {"a": record(1), "b": record(2)})

    assert [one.key for one in found] == ["a", "b"]
    assert isinstance(found[0], Diagnostic)
    assert (found[0].code, found[0].detail.startswith(detail)) == (code, True)


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (no(400, 4711, "Invalid access token, does not contain scopes:[meeting:read]"), AccessError),
        (httpx.ConnectError("no route"), NeverSentError),
    ],
)
def test_an_error_of_every_read_ends_the_command(reaction: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        asked(ScriptedZoom(reaction), {key: record() for key in "abcdef"})


def test_the_clock_is_the_emulators(applied: Shell) -> None:
    later = applied("links", "retro", "--sandbox", "--sandbox-now", "2027-01-15T16:30:00Z")
    earlier = applied("links", "retro", "--sandbox", "--sandbox-now", NOW)

    assert [bool(re.search("UTC", ran.out)) for ran in (later, earlier)] == [False, True]


def swapped(shell: Shell, change: Callable[[Record], Record]) -> None:
    """Change the record of `retro`, as somebody who can write the state could."""
    state = shell.recorded()
    shell.record(replace(state, meetings={**state.meetings, "retro": change(state.meetings["retro"])}))


def test_the_link_of_a_swapped_id_is_not_shown(applied: Shell) -> None:
    """Neither in text nor in JSON; the finding names both."""
    state = applied.recorded()
    swapped(applied, lambda record: replace(record, created_at="2026-11-30T09:00:00Z"))

    text, machine = applied.sandbox("links"), applied.sandbox("links", "retro", "--format", "json")

    number = state.meetings["retro"].id
    assert (text.status, machine.status) == (1, 1)
    assert len(re.findall(LINK, text.out)) == 1
    assert re.findall(LINK, machine.out) == []
    assert f"retro is recorded as meeting {number} of {HOST}, created 2026-11-30T09:00:00Z." in text.err


def test_the_link_of_another_hosts_meeting_is_shown_if_the_spec_names_that_host(applied: Shell) -> None:
    swapped(applied, lambda record: replace(record, host="other@example.com"))

    assert applied.sandbox("links", "retro").status == 0
    applied.write("meetings.yaml", spec_of({"retro": {"host": "third@example.com"}}))
    ran = applied.sandbox("links", "retro")

    assert (ran.status, re.findall(LINK, ran.out), "refresh.other-host" in ran.err) == (1, [], True)
