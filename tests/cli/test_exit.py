"""Errors: a message with place and remedy, the right exit status, and nothing lost."""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
import victim
from served import Served, served
from shell import FAR, NOW, ONE, spec_of
from terraform_server import Fault, terraform_server

from reconciler.state import document as state_document
from reconciler.state.state import Record, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import RunResult, Shell

APPLY = ("apply", "--auto-approve", "--pace", "1000", "--state", "s.json")


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def codes(ran: RunResult) -> list[str]:
    """The codes of the errors on stderr, in order."""
    return re.findall(r"^error\[([a-z.-]+)\]", ran.err, re.MULTILINE)


def only_error(ran: RunResult) -> str:
    """The code of the one error that ended the run, which showed no traceback and said what to do."""
    assert (ran.status, "Traceback" in ran.err, "hint: " in ran.err) == (1, False, True), ran.err
    (code,) = codes(ran)
    return code


def one_of(host: str) -> str:
    return spec_of({"retro": {}}, host=host, start=FAR)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("meetings: [", "yaml.syntax", "meetings.yaml:1:11"),
        ("version: 1\nmeetings: {a: {topic: A, typ: 2}}\n", "spec.unknown-field", "meetings.yaml:2:26"),
        ("version: 1\nmeeting: {}\n", "spec.unknown-field", "meetings.yaml:2:1"),
        ("", "spec.empty", "meetings.yaml:1:1"),
        ("version: 1\n<<<<<<< HEAD\n=======\n>>>>>>> b\n", "yaml.conflict", "meetings.yaml:2:1"),
    ],
)
@pytest.mark.parametrize("verb", [["plan"], ["apply", "--auto-approve"]])
def test_a_bad_spec_stops_every_verb(verb: list[str], text: str, code: str, place: str, shell: Shell) -> None:
    shell.write("meetings.yaml", text)

    ran = shell.sandbox(*verb)

    assert (ran.status, ran.out, code in codes(ran), f"--> {place}" in ran.err) == (1, "", True, True), (
        ran.err
    )


def test_what_is_not_there_is_an_error(shell: Shell) -> None:
    """A missing file, an empty folder, nothing at all: none of them means that nothing is declared."""
    (shell.folder / "empty").mkdir()

    codes = [only_error(shell.sandbox("plan", *paths)) for paths in (["gone.yaml"], ["empty"], [])]

    assert codes == ["source.missing", "source.empty-folder", "source.none"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", "state.unreadable"),
        ("{", "state.unreadable"),
        ('{\n<<<<<<< HEAD\n"serial": 3\n=======\n"serial": 4\n>>>>>>> theirs\n}', "state.conflict"),
        ("<!doctype html><title>Sign in</title>", "state.web-page"),
        ("<Error><Code>AccessDenied</Code></Error>", "state.web-page"),
        ("[]", "state.unreadable"),
        ('{"format_version": "1.0"}', "state.unreadable"),
        ('{"format_version": "2.0"}', "state.newer-format"),
    ],
)
@pytest.mark.parametrize(
    "verb", [["plan"], ["apply", "--auto-approve"], ["state", "list"], ["state", "rm", "x"]]
)
def test_a_state_that_cannot_be_read_stays_as_it_is(
    verb: list[str], document: str, code: str, shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)
    path = shell.write("s.json", document)

    ran = shell(*verb, "--state", "s.json")

    assert (only_error(ran), ran.out, path.read_text()) == (code, "", document)


PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in \xc2\xb7 GitLab</title></head></html>"


@pytest.mark.parametrize(
    "verb", [["plan"], ["apply", "--auto-approve"], ["state", "push", "--force", "old.json"]]
)
def test_a_sign_in_page_in_the_place_of_the_state_is_named(verb: list[str], shell: Shell) -> None:
    """Nothing is written over the state that lies behind it, and no hint says to."""
    shell.write("meetings.yaml", ONE)
    shell.write("old.json", state_document.encode(State("l", 3)).decode())

    with terraform_server() as server:
        server.faults = [Fault("GET", status=200, body=PAGE, times=9)]
        ran = shell(*verb, "--state", server.address, **server.environ)
        wrote = "POST" in server.methods

    assert (only_error(ran), wrote) == ("state.web-page", False)
    assert (
        'in place of the state there is a web page, "Sign in \u00b7 GitLab". It was left unchanged' in ran.err
    )
    assert "--force" not in ran.err


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, PAGE, 'answered 403: a web page, "Sign in \u00b7 GitLab".'),
        (
            503,
            b"<Error><Code>SlowDown</Code><Message>Wait.</Message></Error>",
            'an XML error, "SlowDown: Wait."',
        ),
        (401, b'{"message": "401 Unauthorized"}', 'answered 401: {"message": "401 Unauthorized"}.'),
    ],
)
def test_what_a_server_of_the_state_says_is_shown(status: int, body: bytes, words: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    with terraform_server() as server:
        server.faults = [Fault("GET", status=status, body=body, times=9)]
        ran = shell("plan", "--state", server.address, **server.environ)

    assert only_error(ran).startswith("state.")
    assert words in ran.err


def test_a_state_of_another_account_is_refused(zoom: Served, shell: Shell) -> None:
    host = "origin@example.com"
    shell.write("meetings.yaml", one_of(host))
    path = shell.write("s.json", state_document.encode(State("l", 3, "api.zoom.us/other")).decode())
    before = path.read_bytes()

    ran = shell(*APPLY, **zoom.environ)

    assert (only_error(ran), path.read_bytes(), zoom.meetings(host)) == ("state.other-origin", before, [])


def test_an_unknown_key_creates_no_state(shell: Shell) -> None:
    ran = shell("state", "rm", "retro", "--state", "s.json")

    assert (only_error(ran), [path.name for path in shell.folder.iterdir()]) == (
        "state.unknown-key",
        ["s.json.lock"],
    )


def test_an_interrupted_request_can_be_listed_and_removed(shell: Shell) -> None:
    from builders import intent  # noqa: PLC0415 - only here

    shell.write(
        "s.json", state_document.encode(State("l", 3, "zoom/a", intents={"retro": intent()})).decode()
    )

    listed = shell("state", "list", "--state", "s.json")
    forgotten = shell("state", "rm", "retro", "--state", "s.json")

    assert listed.out == (
        "retro  ?  platform@example.com  an interrupted create, begun 2026-11-30T18:00:00Z\n"
    )
    assert (forgotten.status, shell("state", "list", "--state", "s.json").out) == (0, "")


@pytest.mark.parametrize(
    ("unset", "extra", "expected"),
    [
        (
            ["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"],
            {},
            "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET are not set. Nothing was sent.",
        ),
        (["ZOOM_CLIENT_SECRET"], {}, "ZOOM_CLIENT_SECRET is not set. Nothing was sent."),
        (
            [],
            {"ZOOM_ACCESS_TOKEN": "t"},
            (
                "ZOOM_ACCESS_TOKEN and ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET may belong to two "
                "accounts. Nothing was sent."
            ),
        ),
    ],
)
def test_credentials_that_are_not_whole(
    unset: list[str], extra: dict[str, str], expected: str, zoom: Served, shell: Shell
) -> None:
    shell.write("meetings.yaml", one_of("credentials@example.com"))
    environ = {name: value for name, value in zoom.environ.items() if name not in unset}

    ran = shell(*APPLY, **environ, **extra)

    assert (only_error(ran), expected in ran.err) == ("settings.credentials", True)


@pytest.fixture
def strict_zoom(zoom: Served) -> Iterator[Served]:
    """The emulator, to be switched; afterwards it is as before."""
    before = zoom.client.get("/sandbox/switches").json()
    yield zoom
    zoom.client.put("/sandbox/switches", json=before).raise_for_status()


@pytest.mark.parametrize(
    ("switches", "code", "expected"),
    [
        ({"clients": {"client": "another"}}, "zoom.credentials", "ZOOM_CLIENT_SECRET"),
        ({"account_ids": ["another"]}, "zoom.credentials", "ZOOM_ACCOUNT_ID"),
        ({"scopes": ["user:read:user:admin"]}, "zoom.scopes", "`meeting:read:list_meetings:admin`"),
        ({"scopes": []}, "zoom.scopes", "`user:read:user:admin`"),
    ],
)
def test_credentials_that_do_not_suffice(
    switches: dict[str, Any], code: str, expected: str, strict_zoom: Served, shell: Shell
) -> None:
    """What is missing has its name."""
    host = "scopes@example.com"
    shell.write("meetings.yaml", one_of(host))
    strict_zoom.client.put("/sandbox/switches", json=switches).raise_for_status()

    ran = shell(*APPLY, **strict_zoom.environ)

    assert (only_error(ran), expected in ran.err, strict_zoom.environ["ZOOM_CLIENT_SECRET"] in ran.err) == (
        code,
        True,
        False,
    ), ran.err


def test_a_host_that_zoom_does_not_know_is_shown_where_it_is_declared(
    strict_zoom: Served, shell: Shell
) -> None:
    """And the others go on."""
    known = "known@example.com"
    shell.write("a.yaml", one_of("nobody@example.com"))
    shell.write("b.yaml", one_of(known).replace("retro", "planning"))
    strict_zoom.client.put("/sandbox/switches", json={"users": [known]}).raise_for_status()

    ran = shell(*APPLY, "a.yaml", "b.yaml", **strict_zoom.environ)

    assert (ran.status, strict_zoom.topics(known)) == (1, ["planning"])
    assert (
        "! retro not created: The user does not exist in Zoom [zoom.user-unknown]\n    --> a.yaml:1:"
        in ran.out
    )


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"RECONCILER_API_URL": "http://zoom.example.com/v2"}, "settings.address"),
        ({"RECONCILER_AUTH_URL": "https://user:secret@zoom.us/oauth/token"}, "settings.address"),
        ({"RECONCILER_SETTLE": "soon"}, "settings.settle"),
        ({"RECONCILER_SETTLE": "inf"}, "settings.settle"),
        ({"RECONCILER_SETTLE": "-1"}, "settings.settle"),
        ({"RECONCILER_STATE": "ftp://somewhere"}, "state.unknown-store"),
    ],
)
def test_an_environment_that_cannot_be_used(
    environ: dict[str, str], code: str, zoom: Served, shell: Shell
) -> None:
    shell.write("meetings.yaml", one_of("environment@example.com"))
    state = [] if "RECONCILER_STATE" in environ else ["--state", "s.json"]

    ran = shell("apply", "--auto-approve", *state, **{**zoom.environ, **environ})

    assert (only_error(ran), "secret@" in ran.err) == (code, False)


def test_a_pace_that_does_not_exist(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", one_of("pace@example.com"))

    assert only_error(shell(*APPLY, "--pace", "fast", **zoom.environ)) == "settings.pace"


def test_a_network_that_is_not_there(zoom: Served, shell: Shell) -> None:
    """Nothing was sent and nothing is left open."""
    shell.write("meetings.yaml", one_of("network@example.com"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"

    ran = shell(*APPLY, **{**zoom.environ, "RECONCILER_AUTH_URL": f"{closed}/oauth/token"})

    state = json.loads((shell.folder / "s.json").read_text())
    assert (ran.status, ran.err) == (1, "")
    assert "! retro not created: " in ran.out
    assert "no connection could be made" in ran.out
    assert (state["meetings"], state["intents"], state["usage"]) == ({}, {}, {})


def refusal(*errors: tuple[str, str]) -> dict[str, Any]:
    return {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": path, "message": message} for path, message in errors],
    }


SPEC = f"""\
version: 1
defaults:
  host: refused@example.com
  settings: {{alternative_hosts: nobody@example.com}}
meetings:
  launch-review:
    topic: Launch review
    type: 2
    start_time: {FAR}
    duration: 60
    password: lift-off-7
    settings:
      breakout_room:
        enable: true
        rooms: [{{name: One, participants: [ada@example.com]}}]
"""


@pytest.mark.parametrize(
    ("path", "place", "line"),
    [
        ("duration", "10:15", "    duration: 60"),
        ("settings.alternative_hosts", "4:33", "  settings: {alternative_hosts: nobody@example.com}"),
        ("settings.breakout_room.rooms[0].participants[0]", "15:44", "ada@example.com"),
        ("settings.breakout_room.rooms.0.name", "15:24", "name: One"),
        ("password", "11:15", "    password: "),
        ("agenda", "6:3", "  launch-review:"),
        ("", "6:3", "  launch-review:"),
    ],
)
def test_what_zoom_refuses_is_shown_where_it_is_declared(
    path: str, place: str, line: str, zoom: Served, shell: Shell
) -> None:
    """In the meeting or in the defaults that it came from; a secret stays hidden."""
    shell.write("meetings.yaml", SPEC)
    body = refusal((path, "It is not allowed."))
    zoom.meet(method="POST", path="/v2/users/refused@example.com/meetings", status=400, body=body)

    ran = shell(*APPLY, "--format", "json", **zoom.environ)

    (failed,) = [row for row in ran.rows if row["type"] == "step_failed"]
    diagnostic, start = failed["diagnostic"], failed["diagnostic"]["range"]["start"]
    assert (ran.status, diagnostic["code"], failed["fields"]) == (
        1,
        "zoom.validation",
        [[path, "It is not allowed."]],
    )
    assert (f"{start['line']}:{start['column']}", line in diagnostic["snippet"]) == (place, True), diagnostic
    assert "lift-off" not in ran.out


def test_each_field_that_zoom_refuses_has_its_place(zoom: Served, shell: Shell) -> None:
    """In text too; nothing was made, and the charge stays."""
    shell.write("meetings.yaml", SPEC)
    body = refusal(("duration", "Too long."), ("topic", "Too dull."))
    zoom.meet(method="POST", path="/v2/users/refused@example.com/meetings", status=400, body=body)

    ran = shell(*APPLY, **zoom.environ)

    state = json.loads((shell.folder / "s.json").read_text())
    assert (state["meetings"], state["intents"]) == ({}, {})
    assert [sum(ledger.values()) for ledger in state["usage"].values()] == [1]
    assert "    --> meetings.yaml:10:15\n      |     duration: 60\n" in ran.out
    assert re.search(
        r"error\[zoom.validation\]: Zoom does not accept the request\n --> meetings.yaml:7:12\n"
        r".*`topic`: Too dull\.",
        ran.err,
        re.DOTALL,
    )


def full_after(syncs: int) -> victim.Patch:
    """A disk that takes that many syncs, and then says that it is full."""
    done = itertools.count(1)

    def fill() -> None:
        sync = os.fsync

        def full(descriptor: int) -> None:
            if next(done) > syncs:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(descriptor)

        os.fsync = full  # type: ignore[assignment]  # - of the fork

    return fill


def test_a_disk_that_is_full_at_any_write_loses_nothing(zoom: Served, shell: Shell) -> None:
    """The state knows what was sent, and the next run with free space finds it.

    The first write is refused, the second, the third … until a run is not disturbed.
    """
    unrecorded, wrong = 0, []
    for number in itertools.count():
        host, folder = f"full-{number}@example.com", shell.folder / f"{number}" / "work"
        shell.write(
            f"{number}/work/meetings.yaml", spec_of({"planning": {}, "retro": {}}, host=host, start=FAR)
        )
        full = victim.in_fork(folder, APPLY, zoom.environ, patch=full_after(number))
        made = zoom.topics(host)
        again = victim.in_fork(folder, APPLY, {**zoom.environ, "RECONCILER_SETTLE": "0"})
        if (again.status, zoom.topics(host)) != (0, ["planning", "retro"]) or "Traceback" in full.output:
            wrong.append((number, full.output + again.output))
        if full.status == 0:
            break
        wrong += [(number, full.output)] if "error[state.io]" not in full.output else []
        unrecorded += len(made) - len(
            set(made) & set(re.findall(r"^\+ (\S+) created as", full.output, re.MULTILINE))
        )

    assert (wrong, number > 3, unrecorded > 0) == ([], True, True)


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "null", '{"format_version": "1.0"}', '{"format_version": "2.0", "steps": []}']
)
def test_an_invalid_plan_file(document: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("plan.json", document)

    assert only_error(shell.sandbox("apply", "--plan", "plan.json")) == "plan.unreadable"


def test_a_plan_file_that_is_not_there(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    assert only_error(shell.sandbox("apply", "--plan", "plan.json")) == "plan.unreadable"


def test_a_plan_file_that_cannot_be_written(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell.sandbox("plan", "--out", "no/such/folder/plan.json")

    assert only_error(ran) == "output.unwritable"


def test_a_plan_that_was_edited_by_hand_approves_nothing_else(shell: Shell) -> None:
    """A step's digest is of what was planned, not of what the file says."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan", "--out", "plan.json")
    path = shell.folder / "plan.json"
    whole = json.loads(path.read_text())
    whole["steps"][0]["digest"] = "0" * 64
    path.write_text(json.dumps(whole))

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (only_error(ran), shell.sandbox_state.exists()) == ("plan.stale", False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "deleted",
            "It was made from another state than the one that is there now, or that one was deleted.",
        ),
        (
            "another",
            "It was made from another state than the one that is there now, or that one was deleted.",
        ),
        ("older", "The state that is there now is older than the one it was made from."),
    ],
)
def test_a_plan_is_only_good_for_its_state(change: str, expected: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of({"retro": {}}))
    shell.sandbox("plan", "--out", "plan.json")
    state = shell.sandbox_state
    whole = json.loads(state.read_text())
    if change == "deleted":
        state.unlink()
    else:
        state.write_text(json.dumps(whole | ({"lineage": "x"} if change == "another" else {"serial": 1})))

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (only_error(ran), expected in ran.err) == ("plan.stale", True)


@pytest.mark.parametrize("change", ["deleted", "older", "foreign"])
def test_a_lost_state_makes_no_duplicate(change: str, shell: Shell) -> None:
    """Zoom's list is read first; the message has the lines that fix it."""
    shell.write("meetings.yaml", spec_of({"planning": {}, "retro": {"start_time": "2027-01-15T15:00:00Z"}}))
    state = shell.sandbox_state
    shell.sandbox("apply", "--auto-approve", "--target", "planning")
    older = state.read_bytes()
    shell.sandbox("apply", "--auto-approve")
    newest = json.loads(state.read_bytes())
    if change == "deleted":
        state.unlink()
    elif change == "older":
        state.write_bytes(older)
    else:
        foreign = Record(81_234_567_890, "other@example.com", NOW, {"topic": "Theirs", "type": 2})
        mine = State("theirs", 7, newest["origin"], meetings={"theirs": foreign})
        state.write_bytes(state_document.encode(mine))

    ran = shell.sandbox("apply", "--auto-approve", "--format", "json")

    lost = {"retro"} if change == "older" else {"planning", "retro"}
    failed = {row["key"]: row["diagnostic"] for row in ran.rows if row["type"] == "step_failed"}
    assert (ran.status, set(failed), json.loads(state.read_text())["intents"]) == (1, lost, {})
    for key, diagnostic in failed.items():
        assert diagnostic["code"] == "apply.exists-already"
        assert f"imports: [{{id: {newest['meetings'][key]['id']}, to: {key}}}]" in diagnostic["hint"]
        assert "if the state is lost or older, restore it" in diagnostic["hint"]
    made = (shell.folder / ".reconciler/sandbox/account.jsonl").read_text()
    assert len(set(re.findall(r'"uuid":"([^"]+)"', made))) == 2
