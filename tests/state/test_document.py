"""The state as text: what is written is what was meant, and what is not a state is refused."""

from __future__ import annotations

from collections import UserDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from builders import HOST, intent, one_off, record, state, weekly
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.errors.exceptions import StateError
from reconciler.meeting.passcode import as_recorded
from reconciler.spec.schema import validator
from reconciler.state import document as state_document
from reconciler.state.state import Attempt, Intent, Record, Retired, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.ports import Json

REFERENCE = {"env": "PASSCODE", "version": 1}
FULL = state(
    origin="api.zoom.us/account-1",
    meetings={"weekly": record(2, weekly()), "launch": record(1, one_off(password=REFERENCE))},
    intents={"retro": intent(sent=(Attempt("2027-01-14T15:00:00Z", None), Attempt(None, 3)))},
    retired=(Retired(5, HOST, "launch"), Retired(6, HOST, "launch", {"start_time": "2027-01-14T15:00:00Z"})),
    usage={"2026-12-01": {HOST: 3}},
    hosts={HOST: "U1"},
)  # fmt: skip

FULL_TEXT = """\
{"format_version":"1.0",
"lineage":"lineage-1",
"serial":1,
"origin":"api.zoom.us/account-1",
"meetings":{
"launch":{"attributes":{"duration":60,"password":{"env":"PASSCODE","version":1},\
"start_time":"2027-01-14T15:00:00Z","topic":"Launch review","type":2},\
"created_at":"2026-11-01T09:00:00Z","host":"platform@example.com","id":81234567001,"made":"created",\
"observed":{},"protect":false},
"weekly":{"attributes":{"duration":45,"recurrence":{"end_times":20,"repeat_interval":1,"type":2,"weekly_days":"2"},\
"start_time":"2027-01-11T10:00:00","timezone":"Europe/Berlin","topic":"Platform weekly","type":8},\
"created_at":"2026-11-01T09:00:00Z","host":"platform@example.com","id":81234567002,"made":"created","observed":{},"protect":false}
},
"intents":{
"retro":{"action":"create","attributes":{"duration":60,"start_time":"2027-01-14T15:00:00Z",\
"topic":"Launch review",\
"type":2},"begun_at":"2026-11-30T18:00:00Z","first_begun_at":"2026-11-30T18:00:00Z",\
"host":"platform@example.com","measured":true,\
"owner":"run-1","sent":[{"end_times":null,"start_time":"2027-01-14T15:00:00Z"},{"end_times":3,"start_time":null}]}
},
"retired":[
{"host":"platform@example.com","id":5,"key":"launch"},
{"host":"platform@example.com","id":6,"key":"launch","times":{"start_time":"2027-01-14T15:00:00Z"}}
],
"usage":{"2026-12-01":{"platform@example.com":3}},
"hosts":{"platform@example.com":"U1"}
}
"""


def decoded(document: bytes) -> State:
    """The state in a document that somebody calls `state.json`."""
    return state_document.decode(document, "state.json")


def refusal(document: bytes) -> tuple[str, str]:
    """The code and the detail with which a document is refused."""
    with pytest.raises(StateError) as caught:
        decoded(document)
    return caught.value.diagnostic.code, caught.value.diagnostic.detail


def changed(path: tuple[str | int, ...], value: Any) -> bytes:
    """The full document with another value at `path`; `...` takes it out."""
    whole = orjson.loads(FULL_TEXT)
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return orjson.dumps(whole)


def test_a_state_is_a_line_for_each_meeting_sorted() -> None:
    """So that a diff in git shows one line for each meeting that changed."""
    assert state_document.encode(FULL).decode() == FULL_TEXT


def test_an_empty_state_reads_as_one() -> None:
    """Nothing known, and written so."""
    assert state_document.encode(State()) == (
        b'{"format_version":"1.0",\n"lineage":"",\n"serial":0,\n"origin":"",\n"meetings":{},\n"intents":{},\n'
        b'"retired":[],\n"usage":{},\n"hosts":{}\n}\n'
    )
    assert decoded(state_document.encode(State())) == State()


def test_what_was_written_is_read_back() -> None:
    """The whole of it, and it fits the schema that others rely on."""
    assert decoded(FULL_TEXT.encode()) == FULL
    assert validator.is_valid("state", orjson.loads(FULL_TEXT))


text = st.text(st.characters(codec="utf-8"), max_size=8)
name = st.text("abcXYZ019._-", min_size=1, max_size=6)
numbers = st.integers(1, 2**53 - 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
attributes = st.dictionaries(text, values, max_size=4).map(
    lambda found: {
        name: value for name, value in found.items() if name not in ("password", "host", "protect")
    }
)
instants = st.sampled_from(["2026-12-01T08:00:00Z", "2026-12-01T08:00:00.25Z"])
hosts = text.filter(bool)
attempts = st.builds(Attempt, st.none() | instants, st.none() | numbers)
states = st.builds(
    State,
    text,
    st.integers(0, 2**53 - 1),
    text,
    st.dictionaries(
        name,
        st.tuples(
            numbers,
            hosts,
            st.none() | instants,
            attributes,
            st.dictionaries(text, values),
            st.booleans(),
        ).map(lambda parts: Record(*parts)),
        max_size=3,
    ),
    st.dictionaries(
        name,
        st.builds(
            Intent,
            action=st.sampled_from(["create", "update", "replace"]),
            host=hosts,
            attributes=attributes,
            sent=st.lists(attempts, max_size=2).map(tuple),
            first_begun_at=instants,
            begun_at=instants,
            owner=text,
            id=st.none() | numbers,
        ),
        max_size=2,
    ),
    st.lists(st.builds(Retired, numbers, hosts, name, attributes), max_size=2).map(tuple),
    st.dictionaries(
        st.dates().map(str), st.dictionaries(text, st.integers(0, 2**53 - 1), max_size=2), max_size=2
    ),
    st.dictionaries(text, hosts, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(states)
def test_every_state_survives_its_text(any_state: State) -> None:
    """Read back it is the same, its text fits the schema, and to write it again gives the same bytes."""
    document = state_document.encode(any_state)

    assert decoded(document) == any_state
    assert validator.is_valid("state", orjson.loads(document))
    assert state_document.encode(decoded(document)) == document


class Watched(UserDict[str, Any]):
    """Attributes that count how often they were written down."""

    writes = 0

    def __iter__(self) -> Iterator[str]:
        """Every name, once for each time that it is written."""
        self.writes += 1
        return super().__iter__()


def test_an_encoder_keeps_the_lines_of_what_did_not_change() -> None:
    """A second write makes the new line only, and the same bytes as a fresh encoder."""
    encoder, watched = state_document.Encoder(), Watched(one_off())
    before = state(meetings={"launch": record(1, watched)}, intents={"launch": intent(watched)})
    after = before.confirm("new", record(3))

    encoder.encode(before)
    made = watched.writes
    document = encoder.encode(after)

    assert (made, watched.writes) == (2, 2)
    assert document == state_document.encode(after)


def test_an_encoder_never_gives_the_line_of_an_older_value() -> None:
    """A record, a dropped key and an intent under a record's key: each write is as if it were the first."""
    encoder = state_document.Encoder()
    stages = [
        FULL,
        FULL.confirm("launch", record(9, one_off(topic="Another"))),
        FULL.forget("launch"),
        FULL.begin("launch", intent(), day="2026-12-01"),
        FULL,
    ]

    assert [encoder.encode(each) for each in stages] == [state_document.encode(each) for each in stages]


def test_an_encoder_keeps_the_order_of_keys_whatever_came_and_went() -> None:
    """As every other write does: keys are added before, between and behind those that stay."""
    encoder, now = state_document.Encoder(), state()
    documents, expected = [], []
    for number, key in enumerate(["m", "z", "a", "n", "m", "b"]):
        now = now.begin(key, intent(), day="2026-12-01").confirm(key, record(number))
        now = now.begin(f"{key}-next", intent(), day="2026-12-01")
        now = now.forget("z") if key == "n" else now
        documents.append(encoder.encode(now))
        expected.append(state_document.encode(now))

    assert documents == expected
    assert list(orjson.loads(documents[-1])["meetings"]) == ["a", "b", "m", "n"]


def test_a_literal_passcode_is_in_no_state() -> None:
    """Only its scrypt form is recorded, which the schema asks for, too."""
    kept = as_recorded(one_off(password="lift-off-7"), bytes(16))

    document = state_document.encode(state(meetings={"launch": record(1, kept)}))

    assert b"lift-off" not in document
    assert validator.is_valid("state", orjson.loads(document))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\n",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"1.0"',
        b"\xff\xfe",
        b"<<<<<<< HEAD\n" + FULL_TEXT.encode(),
        FULL_TEXT.encode()[:-2],
        FULL_TEXT.encode()[:400],
        FULL_TEXT.encode() + FULL_TEXT.encode(),
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_what_is_no_state_is_never_taken_for_an_empty_one(document: bytes) -> None:
    """Empty, cut short, in conflict, or something else: refused, and left as it is."""
    code, detail = refusal(document)

    assert code == ("state.conflict" if document.startswith(b"<<<<<<< ") else "state.unreadable")
    assert detail.startswith("state.json: It ")
    assert detail.endswith(" It was left unchanged, and nothing was sent.")


def test_no_cut_of_a_state_is_taken_for_one() -> None:
    """Wherever a write broke off."""
    whole = FULL_TEXT.rstrip("\n").encode()

    assert {refusal(whole[:length])[0] for length in range(0, len(whole), 7)} == {"state.unreadable"}


@pytest.mark.parametrize("version", ["2.0", "10.3"])
def test_a_newer_major_format_is_refused(version: str) -> None:
    """What it means is not known here, so nothing of it is used."""
    assert refusal(changed(("format_version",), version)) == (
        "state.newer-format",
        f"state.json has format {version}, this version writes 1.2. It was left unchanged.",
    )


def test_a_newer_minor_format_is_read() -> None:
    """A minor version only adds; what it adds is left alone."""
    assert decoded(changed(("format_version",), "1.7")) == FULL
    assert decoded(changed(("meetings", "launch", "added_later"), 1)) == FULL


def test_a_newer_minor_format_is_not_written() -> None:
    """What it adds would be lost."""
    with pytest.raises(StateError) as caught:
        state_document.check_writable(changed(("format_version",), "1.7"), "state.json")
    state_document.check_writable(FULL_TEXT.encode(), "state.json")

    assert caught.value.diagnostic.detail == (
        "state.json has format 1.7, this version writes 1.2. It was left unchanged."
    )


@pytest.mark.parametrize(
    "version", [1, 1.0, None, True, "", "1.", "0.9", "one", "\N{SUPERSCRIPT ONE}.0", "1.0\n", []]
)
def test_a_format_that_was_never_written_is_no_state(version: Any) -> None:
    """It is not newer, so an upgrade would not help."""
    assert refusal(changed(("format_version",), version))[0] == "state.unreadable"


LAUNCH = ("meetings", "launch")
RETRO = ("intents", "retro")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(((field,), ...) for field in orjson.loads(FULL_TEXT) if field != "format_version"),
        *(((field,), None) for field in orjson.loads(FULL_TEXT) if field != "format_version"),
        (("lineage",), 7),
        (("serial",), "1"),
        (("serial",), True),
        (("serial",), -1),
        (("meetings",), []),
        (LAUNCH, None),
        (LAUNCH, []),
        *(
            ((*LAUNCH, field), ...)
            for field in orjson.loads(FULL_TEXT)["meetings"]["launch"]
            if field != "made"  # older versions do not write it
        ),
        ((*LAUNCH, "made"), "by hand"),
        ((*LAUNCH, "made"), None),
        (("retired", 0, "created_at"), 7),
        ((*LAUNCH, "id"), "81234567001"),
        ((*LAUNCH, "id"), True),
        ((*LAUNCH, "id"), 0),
        ((*LAUNCH, "id"), 1e30),
        ((*LAUNCH, "host"), None),
        ((*LAUNCH, "created_at"), 7),
        ((*LAUNCH, "attributes"), []),
        ((*LAUNCH, "observed"), None),
        ((*LAUNCH, "protect"), 0),
        (RETRO, "text"),
        *(
            ((*RETRO, field), ...)
            for field in orjson.loads(FULL_TEXT)["intents"]["retro"]
            if field != "measured"  # nor this one
        ),
        ((*RETRO, "measured"), "yes"),
        ((*RETRO, "action"), "explode"),
        ((*RETRO, "sent"), {}),
        ((*RETRO, "sent"), ["text"]),
        ((*RETRO, "sent", 0, "start_time"), 7),
        ((*RETRO, "sent", 0, "start_time"), "soon"),
        ((*RETRO, "sent", 0, "start_time"), "2027-01-14T15:00:00"),  # a wall time, and no zone is recorded
        ((*RETRO, "sent", 0, "end_times"), "7"),
        ((*RETRO, "sent", 0, "end_times"), ...),
        ((*RETRO, "first_begun_at"), "yesterday"),
        ((*RETRO, "begun_at"), None),
        ((*RETRO, "id"), "7"),
        (("retired",), {}),
        (("retired", 0, "id"), None),
        (("retired", 0, "host"), None),
        (("retired", 0, "key"), 7),
        (("retired", 1, "times"), []),
        (("usage", "2026-12-01"), []),
        (("usage", "2026-12-01", HOST), -1),
        (("usage", "2026-12-01", HOST), True),
        (("usage", "2026-12-01", HOST), 1.5),
        (("usage", "yesterday"), {}),
        (("usage", "20261201"), {}),
        (("hosts", HOST), 7),
        (("hosts", HOST), ""),
        ((*LAUNCH, "host"), ""),
        ((*RETRO, "host"), ""),
        ((*RETRO, "to_host"), ""),
        (("retired", 0, "host"), ""),
        (("serial",), 2**53),
        (("serial",), 2**64 - 1),
        ((*LAUNCH, "id"), 2**53),
        ((*RETRO, "sent", 0, "end_times"), -1),
        ((*RETRO, "sent", 0, "end_times"), 2**60),
        (("retired", 0, "id"), 2**63),
        (("usage", "2026-12-01", HOST), 2**53),
        (("meetings", "x; touch /tmp/x"), orjson.loads(FULL_TEXT)["meetings"]["launch"]),
        (("meetings", ""), orjson.loads(FULL_TEXT)["meetings"]["launch"]),
        (("meetings", "a\n"), orjson.loads(FULL_TEXT)["meetings"]["launch"]),
        (("intents", "$(touch x)"), orjson.loads(FULL_TEXT)["intents"]["retro"]),
        (("retired", 0, "key"), "a b"),
    ],
)
def test_a_state_with_a_wrong_part_is_refused_whole(path: tuple[str | int, ...], value: Any) -> None:
    """A record that is not understood must not look like a meeting that is missing."""
    assert refusal(changed(path, value))[0] == "state.unreadable"


def test_a_refusal_names_the_part() -> None:
    """A person can find it."""
    assert refusal(changed((*LAUNCH, "id"), "81"))[1] == (
        "state.json: A part is missing or of the wrong kind: '81' where int is expected. "
        "It was left unchanged, and nothing was sent."
    )


DATES = {"2027-04-05": "skip", "2027-05-17": {"start_time": "2027-05-18T12:00:00Z", "duration": 30}}


def test_what_feeds_are_told_is_kept() -> None:
    """The name makes it 1.1: a program that drops it would show everybody a new event."""
    renamed = replace(record(1), uid="old", changes=2, changed_at="2026-12-01T08:00:00Z")
    changed = replace(renamed, uid="")

    whole, plain = (
        state_document.encode(state(meetings={"a": each})).decode() for each in (renamed, changed)
    )

    versions = [orjson.loads(each)["format_version"] for each in (whole, plain)]
    assert versions == ["1.1", "1.0"]
    assert [decoded(each.encode()).meetings["a"] for each in (whole, plain)] == [renamed, changed]
    for wrong in (
        whole.replace("08:00:00Z", "08:00:00+01:00"),
        whole.replace('"changes":2', f'"changes":{2**31}'),
    ):
        with pytest.raises(StateError):
            decoded(wrong.encode())


def test_the_number_of_changes_stays_one_that_a_feed_can_have() -> None:
    most = replace(record(1), changes=2**31 - 1)

    assert most.counted(datetime(2026, 12, 1, tzinfo=UTC)).changes == 2**31 - 1
    assert record(2).succeeding(most).changes == 2**31 - 1


def with_dates() -> State:
    window = {"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"}
    series = replace(record(2, weekly()), exceptions=DATES, window=window)
    waiting = intent(action="update", id=81234567002, dates={"2027-06-07": "skip", "2027-05-17": None})
    return state(meetings={"weekly": series}, intents={"weekly": waiting})


def test_single_dates_and_windows_survive_a_round_trip() -> None:
    whole = with_dates()

    assert decoded(state_document.encode(whole)) == whole


@pytest.mark.parametrize("part", ["exceptions", "window", "dates", None])
def test_single_dates_need_format_1_1(part: str | None) -> None:
    """Older programs would drop them at their next write."""
    whole = with_dates()
    kept, waiting = whole.meetings["weekly"], whole.intents["weekly"]
    kept = kept if part == "exceptions" else replace(kept, exceptions={})
    kept = kept if part == "window" else replace(kept, window={})
    waiting = waiting if part == "dates" else replace(waiting, dates={})

    written = orjson.loads(
        state_document.encode(state(meetings={"weekly": kept}, intents={"weekly": waiting}))
    )

    assert written["format_version"] == ("1.1" if part else "1.0")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("exceptions", {"2027-4-5": "skip"}),
        ("exceptions", {"2027-04-05": "skipped"}),
        ("exceptions", {"2027-04-05": {"start_time": "2027-04-06T10:00:00", "duration": 30}}),
        ("exceptions", {"2027-04-05": {"start_time": "2027-04-06T10:00:00Z", "duration": "30"}}),
        ("exceptions", {"2027-04-05": {"duration": 30}}),
        ("exceptions", []),
        ("window", {"from": "soon", "to": None}),
        ("window", {"from": "2027-01-11T09:00:00", "to": None}),
    ],
)
def test_single_dates_that_cannot_be_are_refused(part: str, value: Json) -> None:
    document = orjson.loads(state_document.encode(with_dates()))
    document["meetings"]["weekly"][part] = value

    assert refusal(orjson.dumps(document))[0] == "state.unreadable"


def test_an_older_state_with_another_form_of_the_time_of_creation_is_read() -> None:
    """Versions before this one recorded whatever text Zoom sent."""
    older = state_document.encode(FULL).replace(
        b'"created_at":"2026-11-01T09:00:00Z"', b'"created_at":"1 Nov 2026"'
    )

    assert {record.created_at for record in state_document.decode(older, "s.json").meetings.values()} == {
        None
    }


def test_an_encoder_that_failed_once_writes_what_a_new_one_writes() -> None:
    encoder, good = (
        state_document.Encoder(),
        state(meetings={"a": record(1, one_off()), "b": record(2, one_off())}),
    )
    bad = state(meetings={"a": record(1, one_off(agenda=object())), "b": record(2, one_off())})

    with pytest.raises(TypeError):
        encoder.encode(bad)

    assert encoder.encode(good) == state_document.encode(good)
