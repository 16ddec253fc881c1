"""The entries of the history: their size, how they end, and how keys are followed through renames."""

from __future__ import annotations

import string
from datetime import UTC, datetime

import pytest
from builders import state

from reconciler.state import document as state_document
from reconciler.state import history
from reconciler.state.history import ENTRY_BYTES_MAX, EntryWriter, Fact, Kind, RunInfo, Status

INFO = RunInfo("2026-12-01T09:00:00Z", "ana", "apply", "https://ci.example.com/7", "c0ffee", "d1ce", "lock-1")


def entry(*facts: Fact, open_count: int = 0, info: RunInfo = INFO) -> history.Entry:
    writer = EntryWriter(info)
    for fact in facts:
        writer.add(fact)
    return history.parse(writer.entry(open_count))


def moved(old: str, new: str) -> history.Entry:
    return entry(Fact(Kind.MOVE, new, (old,)))


def updated(key: str) -> history.Entry:
    return entry(Fact(Kind.UPDATE, key, ("topic",)))


def told(entries: list[history.Entry]) -> list[str]:
    return [f"{fact.kind} {fact.key}" for each in entries for fact in each.facts]


def test_an_entry_says_who_did_what_and_what_is_left() -> None:
    writer = EntryWriter(INFO)
    writer.add(Fact(Kind.UPDATE, "board", ("start_time",)))
    writer.add(Fact(Kind.UPDATE, "board", ("duration", "start_time")))
    writer.add(Fact(Kind.CREATE, "launch"))
    writer.add(Fact(Kind.FAIL, "retro", ("zoom.quota",)))

    assert writer.entry(2) == {
        "at": "2026-12-01T09:00:00Z",
        "by": "ana",
        "command": "apply",
        "run": "https://ci.example.com/7",
        "commit": "c0ffee",
        "digest": "d1ce",
        "done": {"update": {"board": ["start_time", "duration"]}, "create": {"launch": []}},
        "left": {"fail": {"retro": ["zoom.quota"]}},
        "open": 2,
        "lock": "lock-1",
    }


def test_an_entry_is_read_as_it_was_written() -> None:
    facts = [Fact(kind, f"key-{kind}", ("one", "two")) for kind in history.ORDER]

    read = entry(*reversed(facts), open_count=3)

    assert read == history.Entry(
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        by="ana",
        command="apply",
        run_url="https://ci.example.com/7",
        commit="c0ffee",
        digest="d1ce",
        facts=tuple(facts),
        more={},
        open_count=3,
        lock="lock-1",
        left=history.LEFT,
    )


def test_no_entry_is_larger_than_4_kb() -> None:
    """Keys as long as a spec allows, names in any script, and every kind at once."""
    wide = "\N{HEAVY BLACK HEART}" * 3000
    writer = EntryWriter(RunInfo(INFO.at, wide, "apply", f"https://{wide}", "c" * 90, "d" * 64, "e" * 36))
    for number in range(600):
        for kind in Kind:
            writer.add(
                Fact(kind, f"{number}-{string.ascii_letters}", tuple(f"{wide[:20]}{n}" for n in range(20)))
            )

    written = history.encoded(writer.entry(9_999_999))

    assert 2000 < len(written) <= ENTRY_BYTES_MAX
    assert sum(history.parse(writer.entry(0)).more.values()) > 8000


def test_many_small_keys_are_named() -> None:
    read = entry(*(Fact(Kind.CREATE, f"meeting-{number:03}") for number in range(200)))

    assert (len(read.facts), dict(read.more)) == (88, {"create": 112})


def test_the_last_200_are_kept() -> None:
    past = tuple({"at": f"{number}"} for number in range(200))

    kept = history.with_entry(past, {"at": "new"})

    assert (len(kept), kept[0], kept[-1]) == (200, {"at": "1"}, {"at": "new"})


@pytest.mark.parametrize(
    ("read", "holder", "status"),
    [
        (updated("a"), "", Status.DONE),
        (entry(Fact(Kind.DEFER, "a", ("2026-12-02",))), "", Status.WORK_LEFT),
        (entry(Fact(Kind.WITHHOLD, "a"), Fact(Kind.FAIL, "b", ("zoom.quota",))), "", Status.FAILED),
        (entry(Fact(Kind.FAIL, "b", ("zoom.quota",))).about({"a"}), "", Status.FAILED),
        (entry(open_count=1), "lock-1", Status.RUNNING),
        (entry(open_count=1), "lock-2", Status.INTERRUPTED),
        (entry(open_count=1, info=RunInfo(INFO.at, "ana")), "", Status.INTERRUPTED),
    ],
)
def test_the_status_is_that_of_the_whole_run(read: history.Entry, holder: str, status: Status) -> None:
    assert read.status(holder) == status


def test_a_key_is_followed_through_its_renames() -> None:
    """`c` was `b`, and before that `a`; another meeting took the key `a`, and a third one `b`."""
    entries = [
        updated("a"),
        moved("a", "b"),
        updated("b"),
        updated("a"),
        moved("b", "c"),
        updated("b"),
        updated("c"),
    ]

    assert told(history.about(entries, {"c"})) == ["update a", "move b", "update b", "move c", "update c"]
    assert told(history.about(entries, {"b"})) == ["update b"]
    assert told(history.about(entries, {"a"})) == ["update a"]
    assert [history.named_now(entries, key) for key in "abcd"] == ["c", "c", "c", "d"]


def test_two_keys_that_change_places_are_both_followed() -> None:
    """By way of a third one, in three runs."""
    entries = [updated("a"), updated("b"), moved("a", "x"), moved("b", "a"), moved("x", "b")]

    assert told(history.about(entries, {"a"})) == ["update b", "move a"]
    assert told(history.about(entries, {"b"})) == ["update a", "move x", "move b"]


def test_a_state_with_history_is_of_format_1_2_and_is_read_again() -> None:
    entries = (EntryWriter(INFO).entry(0), EntryWriter(INFO).entry(1))
    whole = state(history=entries)

    document = state_document.encode(whole)

    assert document.startswith(b'{"format_version":"1.2",')
    assert state_document.decode(document, "state.json") == whole
    assert b'"history"' not in state_document.encode(state())


def test_only_the_new_entry_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write of a state with 200 entries costs what one entry costs."""
    encoder, entries, encoded = state_document.Encoder(), [{"at": f"{n}"} for n in range(200)], list[object]()
    encoder.encode(state(history=tuple(entries)))

    def encode(entry: object) -> bytes:
        encoded.append(entry)
        return b"{}"

    monkeypatch.setattr(history, "encoded", encode)

    encoder.encode(state(history=history.with_entry(tuple(entries), {"at": "new"})))

    assert encoded == [{"at": "new"}]


def test_a_failure_that_an_entry_only_counts_is_a_failure() -> None:
    deferred = [Fact(Kind.DEFER, f"{number:03}-{'k' * 40}", ("2026-12-02",)) for number in range(30)]
    read = entry(*deferred, Fact(Kind.FAIL, "f" * 80, ("zoom.refused",)))

    assert (read.more[Kind.FAIL], read.status("")) == (1, Status.FAILED)
