"""The auditor by itself: small logs, each with one thing that must not be."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import auditor
import pytest
from auditor import Exchange, Finding, Version, audit

if TYPE_CHECKING:
    from pathlib import Path

    from auditor import Entry

BEGUN_AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
DAY = "2026-12-01"
TOPIC = "Retro"
ANSWERS: dict[str, tuple[int, Any]] = {
    "POST": (201, {"id": 81, "host_id": "u-ada", "host_email": "ada@example.com"}),
    "PATCH": (204, None),
    "DELETE": (204, None),
}


def sent(method: str, number: int | None = None, **given: Any) -> Exchange:
    """A request that the API carries out: a create of 81, or what is done to a meeting."""
    status, answer = ANSWERS[method]
    path = f"/v2/meetings/{number}" if number else "/v2/users/ada@example.com/meetings"
    body = {"topic": TOPIC} if method == "POST" else None
    return Exchange(BEGUN_AT, method, path, **{"sent": body, "status": status, "answer": answer, **given})


def record(number: int) -> dict[str, Any]:
    """A meeting as it is recorded."""
    return {"id": number, "host": "ada@example.com", "attributes": {"topic": TOPIC, "type": 3}}


def intent(action: str = "create", number: int | None = None) -> dict[str, Any]:
    """A request as it is begun."""
    begun = {"action": action, "host": "ada@example.com", "first_begun_at": "2026-12-01T09:00:00Z"}
    return {**begun, "attributes": {"topic": TOPIC}, "id": number}


def version(serial: int, *, charged: int = 1, **parts: Any) -> Version:
    """A state with these parts, and so many requests charged."""
    whole = {
        "lineage": "one", "serial": serial, "meetings": {}, "intents": {}, "retired": [], "hosts": {},
        "usage": {DAY: {"ada@example.com": charged}}, **parts,
    }  # fmt: skip
    return Version(BEGUN_AT, json.dumps(whole).encode())


BEGUN = version(1, intents={"retro": intent()})
RECORDED = version(2, meetings={"retro": record(81)})
CREATED: list[Entry] = [BEGUN, sent("POST"), RECORDED]
REPLACING = version(3, charged=2, meetings={"retro": record(81)}, intents={"retro": intent("replace", 81)})
SECOND = sent("POST", answer={"id": 82, "host_id": "u-ada"})
GONE_82 = {"id": 82, "host": "ada@example.com", "key": "retro"}

WRONG: dict[str, tuple[list[Entry], str]] = {
    "a second meeting of a key": (
        [BEGUN, sent("POST"), version(2, charged=2, intents={"retro": intent()}), SECOND],
        "twin: retro has 82 and [81]",
    ),
    "a create before its intent": (
        [version(1), sent("POST")],
        "unbegun: POST /v2/users/ada@example.com/meetings without a durable intent",
    ),
    "half a create before its intent": (
        [version(1), sent("POST", sent=None, status=400, answer={})],
        "unbegun: POST /v2/users/ada@example.com/meetings without a durable intent",
    ),
    "an update before its intent": (
        [*CREATED, sent("PATCH", 81, status=400)],
        "unbegun: PATCH /v2/meetings/81 without a durable intent",
    ),
    "a create that is not charged": (
        [version(1, charged=0, intents={"retro": intent()}), sent("POST")],
        "uncharged: POST /v2/users/ada@example.com/meetings: 0 were done, 0 are charged",
    ),
    "an update on the charge of its create": (
        [*CREATED, version(3, meetings={"retro": record(81)}, intents={"retro": intent("update", 81)}),
         sent("PATCH", 81)],
        "uncharged: PATCH /v2/meetings/81: 1 were done, 1 are charged",
    ),
    "a meeting that was made and is nowhere": (
        [BEGUN, sent("POST"), version(2)],
        "stray: 81, made for retro, is in Zoom and in no record",
    ),
    "a record that is gone, though its meeting is not": (
        [version(1, meetings={"retro": record(70)}), version(2)],
        "lost: 70, recorded as retro, is in Zoom and in no record",
    ),
    "a version that is written over": (
        [version(1), version(2), version(2)],
        "lost: serial 2 after 2: a version was written over",
    ),
    "a version that nobody can read": ([Version(BEGUN_AT, b"{")], "lost: a version cannot be read"),
    "a serial that is left out": ([version(1), version(3)], "serial: serial 3 after 1"),
    "another lineage": ([version(1), version(2, lineage="two")], "serial: lineage two after one"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_must_not_be_is_found(name: str) -> None:
    log, words = WRONG[name]
    kind, _, said = words.partition(": ")

    assert audit(log) == [Finding(kind, BEGUN_AT, said)]


RIGHT: dict[str, list[Entry]] = {
    "a create": CREATED,
    "a create that is refused and sent again": [BEGUN, sent("POST", status=429, answer={}), sent("POST")],
    "half a create, whose sender died, and a whole one": [
        BEGUN,
        sent("POST", sent=None, status=400, answer={}),
        version(2, charged=2, intents={"retro": intent()}),
        sent("POST"),
        version(3, charged=2, meetings={"retro": record(81)}),
    ],
    "a replace": [
        *CREATED,
        REPLACING,
        SECOND,
        version(4, charged=2, meetings={"retro": record(82)}, retired=[{**GONE_82, "id": 81}]),
        sent("DELETE", 81),
        version(5, charged=2, meetings={"retro": record(82)}),
    ],
    "a create that takes another key": [
        BEGUN,
        sent("POST"),
        version(2, intents={"weekly": intent()}),
        version(3, meetings={"weekly": record(81)}),
    ],
    "a meeting that somebody deletes": [*CREATED, sent("DELETE", 81, by_hand=True), version(3)],
    "a meeting that is not there": [
        *CREATED,
        sent("DELETE", 81, status=404, answer={"code": 3001}),
        version(3),
    ],
    "what somebody makes": [version(1), sent("POST", by_hand=True)],
}


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_what_may_be_is_not_found(name: str) -> None:
    assert audit(RIGHT[name]) == []


def test_a_meeting_that_people_let_go_is_neither_lost_nor_a_twin() -> None:
    log = [*CREATED, version(3), version(4, charged=2, intents={"retro": intent()}), SECOND]

    assert audit(log, let_go={81}) == []


def test_a_meeting_whose_dates_are_over_needs_no_record() -> None:
    over = {"topic": TOPIC, "type": 2, "start_time": "2026-11-01T10:00:00Z"}
    recorded = {**record(70), "attributes": over}

    assert audit([version(1, meetings={"retro": recorded}), version(2)]) == []


def test_a_log_is_read_from_files_in_the_order_of_its_instants(tmp_path: Path) -> None:
    """Two of them: what the API saw, and what the store kept."""
    requests, versions = tmp_path / "requests.jsonl", tmp_path / "versions.jsonl"
    second = timedelta(seconds=1)
    post = Exchange(BEGUN_AT + second, "POST", "/v2/users/ada/meetings", sent={"topic": TOPIC}, status=400)
    requests.write_text(auditor.line(post) + "\n")
    versions.write_text(auditor.line(version(1)) + "\n")

    ended = subprocess.run(
        [sys.executable, auditor.__file__, requests, versions], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr, ended.stdout.splitlines()) == (
        1,
        "",
        [
            "2026-12-01T09:00:01Z unbegun: POST /v2/users/ada/meetings without a durable intent",
            "1 requests, 1 versions, 1 findings",
        ],
    )
