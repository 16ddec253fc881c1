"""`validate` and `plan` tell in every format that a host has more meetings at one time than it can run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import one_off, record, state
from shell import HOST

if TYPE_CHECKING:
    from shell import Shell

CODE = "calendar.double-booked"
SOON = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=9)
"""`validate` has the clock of the machine."""


def at(minutes: int) -> str:
    return f"{SOON + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def one(key: str, minutes: int, host: str = HOST) -> str:
    return f"  {key}: {{host: {host}, topic: {key}, start_time: {at(minutes)}, duration: 60}}\n"


@pytest.fixture(autouse=True)
def pair(shell: Shell) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + one("launch", 0) + one("review", 30))


def found(output: str) -> list[tuple[Any, ...]]:
    return [
        (each["code"], each["key"], each["range"] and each["range"]["start"]["line"])
        for each in json.loads(output)["diagnostics"]
    ]


@pytest.mark.parametrize("format_name", ["text", "json", "github", "sarif", "codequality"])
def test_validate_warns_in_every_format(shell: Shell, format_name: str) -> None:
    run = shell("validate", "--format", format_name)

    assert (run.status, run.out.count(CODE) > 0) == (0, True)
    assert shell("validate", "--strict").status == 1


@pytest.mark.parametrize("format_name", ["text", "json", "markdown"])
def test_plan_warns_once_in_every_format(shell: Shell, format_name: str) -> None:
    run = shell("plan", "--sandbox", "--format", format_name)

    assert (run.status, run.out.count("runs at the same time as")) == (0, 1)
    assert run.err == ""


def test_both_point_at_the_same_meeting(shell: Shell) -> None:
    told = [
        found(shell(*command, "--format", "json").out) for command in (["validate"], ["plan", "--sandbox"])
    ]

    assert told == [[(CODE, "launch", 3)]] * 2


def test_a_wrong_meeting_hides_no_clash_of_others(shell: Shell) -> None:
    text = (shell.folder / "meetings.yaml").read_text() + "  wrong: {topic: Wrong, type: 3}\n"
    shell.write("meetings.yaml", text)

    assert found(shell("validate", "--format", "json").out) == [
        ("spec.no-host", "wrong", 5),
        (CODE, "launch", 3),
    ]


def test_a_capacity_of_the_settings_is_kept_to(shell: Shell) -> None:
    shell.write("reconciler.yaml", "capacity: {meetings: 2}\n")

    assert found(shell("validate", "--format", "json").out) == []
    assert found(shell("plan", "--sandbox", "--format", "json").out) == []


def test_wrong_settings_are_reported_and_no_clash_is_guessed(shell: Shell) -> None:
    shell.write("reconciler.yaml", "capacity: {meetings: 0}\n")

    assert found(shell("validate", "--format", "json").out) == [("settings.out-of-range", None, 1)]


def test_only_plan_knows_what_is_recorded_and_not_declared(shell: Shell) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + one("launch", 0))
    shell.record(state(meetings={"old": record(1, one_off(topic="Old", start_time=at(45)))}))

    assert found(shell("validate", "--format", "json").out) == []
    assert found(shell("plan", "--sandbox", "--format", "json").out) == [(CODE, "launch", 3)]


def test_two_that_are_only_recorded_are_reported_without_a_place(shell: Shell) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + one("launch", 300))
    old = {key: record(each, one_off(topic=key, start_time=at(45))) for each, key in enumerate(("a", "b"), 1)}
    shell.record(state(meetings=old))

    assert found(shell("plan", "--sandbox", "--format", "json").out) == [(CODE, "a", None)]


def test_meetings_of_other_files_are_reported_only_where_they_clash_with_these(
    shell: Shell,
) -> None:
    """`launch` is planned; what is recorded of the other file counts, but not against itself."""
    shell.write("reconciler.yaml", "specs: [meetings.yaml, more.yaml]\n")
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + one("launch", 0))
    shell.write("more.yaml", "version: 1\nmeetings:\n" + one("a", 45) + one("b", 75))
    others = {"a": record(1, one_off(start_time=at(45))), "b": record(2, one_off(start_time=at(75)))}
    shell.record(state(meetings=others))

    assert found(shell("plan", "meetings.yaml", "--sandbox", "--format", "json").out) == [(CODE, "launch", 3)]


def test_a_target_takes_the_clashes_of_its_meetings(shell: Shell) -> None:
    text = (shell.folder / "meetings.yaml").read_text() + one("x", 0, "b@x.org") + one("y", 0, "b@x.org")
    shell.write("meetings.yaml", text)

    planned = shell("plan", "--sandbox", "--target", "re*", "--format", "json")

    assert found(planned.out) == [(CODE, "launch", 3)]


def test_where_errors_are_only_counted_no_dates_are_searched(shell: Shell) -> None:
    wrong = "".join(f"  m{n}: {{host: {HOST}, type: 3}}\n" for n in range(101))
    shell.write("meetings.yaml", "version: 1\nmeetings:\n" + one("launch", 0) + one("review", 30) + wrong)

    codes = {code for code, _, _ in found(shell("validate", "--format", "json").out)}

    assert codes == {"meeting.topic-missing", "meeting.twin"}
