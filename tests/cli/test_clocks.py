"""A machine whose clock is not Zoom's gets a warning, or a refusal before anything is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from served import Served, served
from shell import HOST, ONE, Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLY = ("apply", "--auto-approve", "--state", "s.json")
REMEDY = "Set this machine's clock and keep it synchronized (NTP): days and leases depend on it."


@pytest.fixture
def zoom() -> Iterator[Served]:
    with served() as running:
        yield running


def put_ahead(zoom: Served, minutes: float) -> None:
    """Make this machine's clock so many minutes ahead of Zoom's."""
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    zoom.client.post("/sandbox/clock", json={"now": at.isoformat()}).raise_for_status()


def writes(zoom: Served) -> list[str]:
    requests = zoom.client.get("/sandbox/account").json()["requests"]
    return [one["path"] for one in requests if one["method"] != "GET" and "token" not in one["path"]]


@pytest.mark.parametrize(("minutes", "where"), [(-12, "behind"), (12, "ahead of"), (55, "ahead of")])
def test_apply_refuses_before_it_sends(minutes: float, where: str, zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    put_ahead(zoom, minutes)
    zoom.meet(method="POST", path="/v2/users/*/meetings", cut="after")

    ran = shell(*APPLY, **zoom.environ)

    assert (ran.status, writes(zoom), zoom.meetings(HOST)) == (1, [], [])
    assert f" s {where} Zoom's, by 3 answers. Nothing was sent." in " ".join(ran.err.split())
    assert not (shell.folder / "s.json").exists()


@pytest.mark.parametrize(("minutes", "where"), [(-9, "behind"), (4, "ahead of"), (9, "ahead of")])
def test_apply_tells_the_difference_and_uses_zooms_time(
    minutes: float, where: str, zoom: Served, shell: Shell
) -> None:
    """The answer to the create is lost, and its look-up finds the meeting: never a twin."""
    shell.write("meetings.yaml", ONE)
    put_ahead(zoom, minutes)
    zoom.meet(method="POST", path="/v2/users/*/meetings", cut="after")

    ran = shell(*APPLY, **zoom.environ, RECONCILER_SETTLE="0")

    assert (ran.status, len(zoom.meetings(HOST))) == (0, 1)
    assert f" s {where} Zoom's. Zoom's time is used." in ran.err
    assert REMEDY in ran.err


def test_a_clock_that_agrees_is_not_mentioned(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell(*APPLY, **zoom.environ)

    assert (ran.status, ran.err) == (0, "")


def test_a_program_reads_the_refusal_too(zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    put_ahead(zoom, 12)

    ran = shell(*APPLY, "--format", "json", **zoom.environ)

    codes = [row["diagnostic"]["code"] for row in ran.rows if row["type"] == "diagnostic"]
    assert (ran.status, codes) == (1, ["apply.clock-wrong"])


def test_a_given_access_token_is_measured_too(zoom: Served, shell: Shell) -> None:
    """No token is fetched then, so the first answer is the one to a read."""
    shell.write("meetings.yaml", ONE)
    put_ahead(zoom, 12)
    addresses = {name: value for name, value in zoom.environ.items() if name.startswith("RECONCILER_")}

    ran = shell(*APPLY, **addresses, ZOOM_ACCESS_TOKEN="sandbox")

    assert (ran.status, zoom.meetings(HOST)) == (1, [])
    assert "by 3 answers. Nothing was sent." in " ".join(ran.err.split())


@pytest.mark.parametrize("minutes", [-12, 12, 55])
def test_doctor_fails_with_the_difference(minutes: float, zoom: Served, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    put_ahead(zoom, minutes)

    ran = shell("doctor", "--state", "s.json", "--format", "json", **zoom.environ)

    [row] = [row for row in json.loads(ran.out)["checks"] if row["name"] == "clock"]
    assert (ran.status, row["status"]) == (1, "fail")
    assert row["summary"].endswith("ahead of Zoom's" if minutes > 0 else "behind Zoom's")
    assert row["remedy"] == f"{REMEDY} Until then, apply sends nothing."


@pytest.mark.parametrize("command", [("drift",), ("plan", "--refresh")])
def test_what_reads_zoom_tells_the_difference_too(
    command: tuple[str, ...], zoom: Served, shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)
    shell(*APPLY, **zoom.environ)
    put_ahead(zoom, 12)

    ran = shell(*command, "--state", "s.json", "--format", "json", **zoom.environ)

    codes = [each["code"] for each in json.loads(ran.out)["diagnostics"]]
    assert (ran.status, codes) == (0, ["apply.clock-skew"])
