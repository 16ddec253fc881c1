"""Documents that others may have written, mutated at random: never a traceback, always a diagnostic.

The suite tries a fixed share; `make faults` searches further.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile_topics import TOPICS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shell import FAR, HOST, ONE, spec_of

if TYPE_CHECKING:
    from shell import Shell

pytestmark = pytest.mark.no_cover

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
search = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ODD: list[Any] = [
    None, True, -1, 0, 2**53, 2**64, 1e308, 1.5, "", "\x00", "\x1b[31m", "\u202ex", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59", "2027-02-30T10:00:00", "Mars/Base", "[", [], {}, [[[[]]]], {"a": {"b": None}},
    ["x"] * 50, "x" * 5_000, [None], {"": ""}, "https://a:b@c/?pwd=x", "12-01", -2**63,
    "2027-01-11\x1b10:00:00Z", "2027-01-11\u202e10:00:00Z", "0001-01-01T00:00:00+00:00",
    "2027-01-11T10:00:00+23:59",
    "9999-12-31T23:59:59Z", "0999-06-01T10:00:00Z", 2**31, ["a@example.com", 5, None], [{}, []],
    "`x` [y](https://e.example) @root #1",
]  # fmt: skip

SERIES = {
    "topic": "Weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
    "settings": {"waiting_room": True, "alternative_hosts": "a@example.com"},
}
EDITS: dict[str, Any] = {
    "2027-01-18": "skip",
    "2027-01-25": {"start_time": "2027-01-26T13:00:00Z", "duration": 30, "agenda": "moved",
                   "settings": {"waiting_room": False, "auto_recording": "none"}},
    "2027-02-01": {"start_time": "2027-02-01T09:00:00Z", "duration": 45},
}  # fmt: skip
"""Edits of single dates, as a state has them."""

STATE: dict[str, Any] = {
    "format_version": "1.1",
    "lineage": "6a8b",
    "serial": 3,
    "origin": "api.zoom.us/account",
    "meetings": {
        "retro": {"id": 1, "host": HOST, "created_at": "2026-11-01T08:00:00Z", "attributes": SERIES,
                  "observed": {"settings.waiting_room": False}, "protect": False, "exceptions": EDITS,
                  "window": {"from": "2027-01-11T09:00:00Z", "to": "2027-05-24T08:00:00Z"},
                  "withheld_since": "2026-11-20T08:00:00Z", "not_taken": ["settings.waiting_room"],
                  "uid": "old", "changes": 2, "changed_at": "2026-11-02T08:00:00Z"},
        "room": {"id": 2, "host": HOST, "created_at": None,
                 "attributes": {"topic": "Room", "type": 3, "timezone": "Europe/Berlin"},
                 "observed": {}, "protect": False,
                 "timetable": {"daily": {"start_time": "2027-01-11T10:00:00", "duration": 30,
                                         "type": 8, "timezone": "Europe/Berlin", "topic": "Daily",
                                         "recurrence": {"type": 1, "repeat_interval": 1, "end_times": 9},
                                         "dates": {"exceptions": {"2027-01-12": "skip",
                                                                  "2027-01-13": {"duration": 45}},
                                                   "closed": [["12-24", "01-01"], ["2027-01-14", ""]],
                                                   "pattern": [[-1, 2], [2, 3]]}}}},
    },
    "intents": {
        "launch": {"action": "create", "host": HOST, "attributes": SERIES, "owner": "ann",
                   "sent": [{"start_time": "2027-01-11T10:00:00", "end_times": 20}], "dates": EDITS,
                   "first_begun_at": "2026-11-01T08:00:00Z", "begun_at": "2026-11-01T08:00:00Z"},
    },
    "retired": [{"id": 7, "host": HOST, "key": "retro", "times": {"type": 2, "start_time": FAR}}],
    "usage": {"2026-12-01": {HOST: 3}},
    "hosts": {HOST: "u-1"},
}  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for name, below in inner for each in paths(below, (*path, name)))]


def mutated(document: Any, path: tuple[Any, ...], odd: Any, how: str) -> Any:
    if not path:
        return odd
    document = copy.deepcopy(document)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    if how == "drop" or (how == "rename" and not isinstance(parent, dict)):
        del parent[path[-1]]
    elif how == "rename":
        parent[str(odd)[:100]] = parent.pop(path[-1])
    else:
        parent[path[-1]] = odd
    return document


def mutations(document: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        mutated,
        st.just(document),
        st.sampled_from(paths(document)),
        st.sampled_from(ODD),
        st.sampled_from(["set", "set", "set", "drop", "rename"]),
    )


CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What no output may hold as it is: control characters, and those that turn the direction of writing."""


def check_reported(shell: Shell, *arguments: str, **environ: str) -> None:
    """Run it: it must end by itself, with a status of its own, and never as a bug."""
    ran = shell(*arguments, **environ)
    assert ran.status in {0, 1, 2, 3, 4, 5}, arguments
    assert "bug in reconciler" not in ran.err, (arguments, ran.err)
    assert CONTROL.search(ran.out.replace("\r\n", "\n") + ran.err) is None, (arguments, ran.out, ran.err)
    assert ran.status in {0, 2} or ran.err + ran.out != ""


def changed_retro(**fields: Any) -> str:
    """A spec that keeps the series of the state, with other fields."""
    return spec_of({"retro": {**SERIES, **fields}})


def changed_room() -> str:
    """A spec that keeps the room of the state, with another timetable."""
    slot = {"start_time": "2027-01-11T10:00:00", "repeat": {"every": "day", "times": 9}}
    room = {"host": HOST, "topic": "Room", "type": 3, "timezone": "Europe/Berlin"}
    return spec_of({"room": {**room, "timetable": {"daily": slot}}})


def test_the_state_that_is_mutated_is_valid(shell: Shell) -> None:
    """Otherwise each mutation is refused for the same reason."""
    shell.write("meetings.yaml", changed_retro(topic="Other"))
    shell.write("s.json", json.dumps(STATE))

    assert shell("plan", "--state", "s.json").status == 0


@search
@given(
    mutations(STATE),
    st.sampled_from([ONE, changed_retro(topic="Other"), changed_retro(exceptions={}), changed_room()]),
)
def test_an_odd_state_is_reported(shell: Shell, document: Any, spec: str) -> None:
    shell.write("meetings.yaml", spec)
    shell.write("s.json", json.dumps(document))

    for arguments in (
        ("plan", "--verbose"),
        ("plan", "--format", "markdown"),
        ("calendar", "--from", "2027-01-01"),
        ("budget",),
        ("state", "list"),
        ("state", "show", "retro"),
    ):
        check_reported(shell, *arguments, "--state", "s.json")


OBSERVED = ("meetings", "retro", "observed")
APPLIED = [
    path
    for path in paths(STATE)
    if path[:2] != ("meetings", "room") and (path[:3] != OBSERVED or path == OBSERVED)
]
"""An apply records no room, and `retro` has nothing that Zoom stores differently."""

LAUNCH = ("intents", "launch")
EDIT = ("meetings", "retro", "exceptions", "2027-01-25")


@settings(search, max_examples=EXAMPLES // 3)
@given(
    st.tuples(
        st.sampled_from(APPLIED), st.sampled_from(ODD), st.sampled_from(["set", "set", "drop", "rename"])
    ),
    st.sampled_from([ONE, changed_retro(), spec_of({})]),
)
@example(((*LAUNCH, "first_begun_at"), "0001-01-01T00:00:00Z", "set"), ONE)  # before any skew of clocks
@example(((*LAUNCH, "host"), "\x00", "set"), ONE)  # a failed step of a key that no file declares
@example((("meetings", "retro", "created_at"), "", "set"), ONE)
@example((("meetings", "retro", "changed_at"), "9999-12-31T23:59:59Z", "set"), changed_retro())
@example((("meetings", "retro", "window"), {"": ""}, "set"), changed_retro())
@example((("meetings", "retro", "changes"), 2**31, "set"), changed_retro())
@example((("hosts", HOST), "", "set"), ONE)
@example((("meetings", "retro", "attributes", "settings"), True, "set"), changed_retro())
@example(((*EDIT, "settings"), ["x"], "set"), changed_retro())
@example(((*EDIT, "settings", "auto_recording"), [{}, []], "set"), changed_retro())
@example(((*EDIT, "agenda"), 1.5, "set"), changed_retro())
@example(((*EDIT, "duration"), 2**64, "set"), changed_retro())
@example(((*EDIT, "start_time"), "2027-01-11\x1b10:00:00Z", "set"), changed_retro())
def test_an_odd_state_is_applied(
    shell: Shell, applied: bytes, change: tuple[tuple[Any, ...], Any, str], spec: str
) -> None:
    """What an apply, a look-up and a calendar compute with is refused on reading, or does no harm."""
    document = json.loads(applied)
    retro = {**STATE["meetings"]["retro"], **document["meetings"]["retro"]}
    whole = {**STATE, **document, "meetings": {"retro": retro}}
    whole |= {name: STATE[name] for name in ("intents", "retired", "format_version")}
    whole |= {"usage": {"2026-12-01": {HOST: 3}}}
    shell.sandbox_state.write_text(json.dumps(mutated(whole, *change)))
    shell.write("meetings.yaml", spec)

    for arguments in (
        ("calendar", "--format", "ics"),
        ("drift", "--format", "markdown", "--verbose"),
        ("plan", "--refresh", "--format", "markdown"),
        ("apply", "--auto-approve"),
        ("apply", "--auto-approve", "--refresh", "--format", "json"),
    ):
        check_reported(shell, *arguments, "--sandbox")


@search
@given(mutations({"version": 1, "defaults": {"host": HOST}, "meetings": {"retro": SERIES},
                  "moved": [{"from": "old", "to": "retro"}], "imports": [{"id": 5, "to": "retro"}],
                  "removed": [{"key": "gone", "id": 6, "destroy": True}]}))  # fmt: skip
def test_an_odd_spec_is_reported(shell: Shell, document: Any) -> None:
    shell.write("meetings.yaml", json.dumps(document))

    for name in ("text", "json", "sarif", "codequality", "github"):
        check_reported(shell, "validate", "--format", name)
    check_reported(shell, "plan", "--state", "s.json")


@search
@given(mutations({"specs": ["meetings.yaml"], "state": "s.json", "budget": {"daily_limit": 90, "pace": "pro"},
                  "hosts": {HOST: {"daily_limit": 5}}, "defaults": {"duration": 30}}))  # fmt: skip
def test_odd_settings_are_reported(shell: Shell, document: Any) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("reconciler.yaml", json.dumps(document))

    check_reported(shell, "validate")
    check_reported(shell, "plan")


@pytest.fixture
def saved(shell: Shell) -> dict[str, Any]:
    shell.write("meetings.yaml", spec_of({"retro": {}, "planning": {}}, start=FAR))
    assert shell("plan", "--sandbox", "--out", "plan.json").status == 0
    document: dict[str, Any] = json.loads((shell.folder / "plan.json").read_text())
    return document


@search
@given(st.data())
def test_an_odd_plan_file_is_reported(shell: Shell, saved: dict[str, Any], data: st.DataObject) -> None:
    shell.write("plan.json", json.dumps(data.draw(mutations(saved))))

    check_reported(shell, "apply", "--sandbox", "--plan", "plan.json")


ANSWERED = (
    *("host_id", "host_email", "topic", "agenda", "type", "start_time", "timezone", "duration"),
    *("created_at", "status", "join_url", "password", "settings", "recurrence", "occurrences"),
    *("tracking_fields", "assistant_id", "creation_source", "settings.alternative_hosts"),
    *("settings.waiting_room", "settings.use_pmi", "settings.contact_email", "settings.breakout_room"),
    *("settings.global_dial_in_countries", "settings.approval_type", "settings.language_interpretation"),
    *("recurrence.type", "recurrence.weekly_days", "recurrence.end_times", "recurrence.end_date_time"),
    *("recurrence.repeat_interval", "recurrence.monthly_day", "occurrences.0", "occurrences.1.start_time"),
    *("occurrences.0.occurrence_id", "occurrences.0.duration", "occurrences.1.status"),
    *("occurrences.0.start_time", "occurrences.1.occurrence_id", "occurrences.1.duration"),
    *("recurrence.monthly_week", "recurrence.monthly_week_day", "settings.meeting_invitees"),
    *("settings.authentication_exception", "settings.continuous_meeting_chat", "settings.meeting_chat"),
)
"""Parts of a meeting in an answer of Zoom's, by dotted path."""


@pytest.fixture
def applied(shell: Shell) -> bytes:
    """The state after an apply of a series."""
    shell.write("meetings.yaml", spec_of({"retro": SERIES}))
    assert shell.sandbox("apply", "--auto-approve").status == 0
    return shell.sandbox_state.read_bytes()


@settings(search, max_examples=EXAMPLES // 3)
@given(st.sampled_from(ANSWERED), st.sampled_from(ODD), st.sampled_from(["", "new"]))
@example("occurrences.0.duration", 2**64, "new")
@example("occurrences.1.start_time", "0001-01-01T00:00:00Z", "new")
@example("occurrences.1.start_time", "9999-12-31T23:59:59Z", "")
@example("occurrences.0.occurrence_id", "253402300799000", "")
@example("created_at", "2027-01-11\x1b10:00:00Z", "new")
def test_an_odd_answer_is_reported(shell: Shell, applied: bytes, path: str, odd: Any, agenda: str) -> None:
    """And what a run records of it can be read by the next one."""
    shell.sandbox_state.write_bytes(applied)
    shell.write("meetings.yaml", spec_of({"retro": {**SERIES, "agenda": agenda} if agenda else SERIES}))
    switches = shell.write(".reconciler/sandbox/switches.json", json.dumps({"misshapen": {path: odd}}))

    for arguments in (
        ("drift",),
        ("plan", "--refresh"),
        ("links",),
        ("import", "--host", HOST),
        ("apply", "--refresh", "--auto-approve", "--format", "json"),
    ):
        check_reported(shell, *arguments, "--sandbox")

    switches.unlink()
    assert shell("plan", "--sandbox").status == 0


@search
@given(st.lists(st.sampled_from(TOPICS), min_size=1, max_size=2))
def test_a_hostile_topic_breaks_no_view(shell: Shell, topics: list[str]) -> None:
    """`tests/views/markdown/test_plan.py` renders each of them as GitHub does."""
    shell.write("meetings.yaml", spec_of({f"m{n}": {"topic": topic} for n, topic in enumerate(topics)}))

    for name in ("text", "json", "sarif", "codequality", "github"):
        check_reported(shell, "validate", "--format", name)
    for name in ("text", "json", "markdown"):
        check_reported(shell, "plan", "--state", "s.json", "--format", name)


NAMES = [
    *(
        b"a",
        b"-x",
        b"--help",
        b"~",
        b"a b ",
        b"a\nb",
        b"a\tb",
        b"\x1b[31m",
        b"\xff\xfe",
        b"caf\xe9",
        b"'\"`$(touch x)",
    ),
    *(b"[x](e.example)", b"@root", b"<b>", b"|a|b|", b"%0A::error::x", b"x" * 240, b"null", b"{{x}}"),
    *("\u202ex".encode(), "\u2028".encode(), "\u200b".encode(), "e\u0301".encode(), "\x85".encode(), b"..."),
    *(b"reconciler", b".hidden", b"C:", b"a:b", b"#", b"*", b"a,b", b"\\", b"\x7f"),
]
"""Names of files and folders, without their suffix."""


@search
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), st.sampled_from([ONE, "version: 2", "\t", ""])
)
def test_an_odd_name_is_reported(shell: Shell, names: list[bytes], content: str) -> None:
    """Of a file and of the folders above it."""
    root = os.fsencode(shell.folder / "meetings")
    *folders, file = names
    os.makedirs(os.path.join(root, *folders), exist_ok=True)  # noqa: PTH103, PTH118 - names are bytes
    path = os.path.join(root, *folders, file + b".yaml")  # noqa: PTH118 - the same
    Path(os.fsdecode(path)).write_text(content)

    for name in ("text", "json", "sarif", "codequality", "github"):
        check_reported(shell, "validate", "--format", name)
    check_reported(shell, "plan", "--state", "s.json")
    check_reported(shell, "plan", "--state", "s.json", "--format", "markdown")
    shutil.rmtree(root)


@search
@given(
    st.sampled_from(
        [
            "RECONCILER_STATE",
            "RECONCILER_API_URL",
            "RECONCILER_AUTH_URL",
            "RECONCILER_SETTLE",
            "ZOOM_ACCOUNT_ID",
            "ZOOM_ACCESS_TOKEN",
            "GIT_CONFIG_COUNT",
            "TZ",
            "CI",
            "NO_COLOR",
            "AWS_ACCESS_KEY_ID",
            "COLUMNS",
        ]
    ),
    st.sampled_from(
        [
            "x",
            "",
            "-1",
            "\n",
            "a\n",
            "é",
            "http://",
            "https://[::1",
            "git:a",
            "s3://b/k\n",
            "9" * 400,
            "/dev/null/x",
        ]
    ),
)
def test_an_odd_environment_is_reported(shell: Shell, name: str, value: str) -> None:
    shell.write("meetings.yaml", ONE)

    check_reported(shell, "plan", **{name: value})
    check_reported(shell, "validate", **{name: value})
