"""A meeting on the personal id of its host: found by apply and by drift, for as long as it is so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from shell import HOST, NOW, spec_of
from varied import Zoom

if TYPE_CHECKING:
    from shell import RunResult, Shell

AT = ("--sandbox", "--sandbox-now", NOW)
APPLY = ("apply", *AT, "--auto-approve", "--format", "json")
SETTING = "Use Personal Meeting ID (PMI) when scheduling a meeting"


def declare(shell: Shell, **own: Any) -> None:
    shell.write("meetings.yaml", spec_of({"a": own}))


def warned(ran: RunResult) -> list[str]:
    """The hints of the warnings about the personal id, in an apply or a report."""
    rows = ran.rows
    found = [row["diagnostic"] for row in rows if row.get("type") == "diagnostic"]
    found += [each for row in rows for each in row.get("diagnostics", ())]
    return [each["hint"] for each in found if each["code"] == "refresh.personal-id"]


def drift(shell: Shell) -> RunResult:
    return shell("drift", *AT, "--format", "json")


@pytest.fixture
def zoom(shell: Shell) -> Zoom:
    """An account whose hosts put every meeting on their personal id."""
    zoom = Zoom(shell.folder)
    zoom.switch(pmi_forced=True)
    return zoom


RENEW = (
    "delete the meeting in Zoom's web portal and run `reconciler apply --refresh`, which creates one with an "
    "id of its own."
)
DECLARE = f"Declare `settings: {{use_pmi: false}}`. If Zoom does not change it back, {RENEW}"
TURN_OFF = f"Turn off `{SETTING}` in the settings of {HOST} in Zoom, then {RENEW}"


@pytest.mark.parametrize(
    ("own", "hints"),
    [
        ({}, [DECLARE]),
        ({"type": None}, [DECLARE]),
        ({"settings": {"use_pmi": False}}, [TURN_OFF]),
        ({"settings": {"use_pmi": True}}, []),
        ({"settings": {"waiting_room": True}}, [DECLARE]),
    ],
)
def test_it_is_found_by_apply_and_by_every_drift(
    own: dict[str, Any], hints: list[str], shell: Shell, zoom: Zoom
) -> None:
    """Unless it is declared; once `false` is, the host's own setting is what is left."""
    del zoom
    declare(shell, **own)
    spec = json.loads((shell.folder / "meetings.yaml").read_text())
    spec["meetings"]["a"] = {
        name: value for name, value in spec["meetings"]["a"].items() if value is not None
    }
    shell.write("meetings.yaml", json.dumps(spec))

    applied = shell(*APPLY)

    assert (applied.status, warned(applied)) == (0, hints)
    assert [warned(drift(shell)) for _ in range(2)] == [hints, hints]
    refreshed = shell("plan", *AT, "--refresh", "--format", "json")
    assert warned(refreshed) == hints


def test_what_the_hints_say_ends_it(shell: Shell, zoom: Zoom) -> None:
    """First the declaration, then the host's setting, then a meeting of its own."""
    declare(shell)
    assert warned(shell(*APPLY)) == [DECLARE]

    declare(shell, settings={"use_pmi": False})
    assert warned(shell(*APPLY)) == [TURN_OFF]
    zoom.switch(pmi_forced=False)
    assert warned(drift(shell)) == [TURN_OFF]
    zoom.delete_in_portal(shell.ids()["a"])

    again = shell(*APPLY, "--refresh")
    assert (again.status, warned(again), warned(drift(shell))) == (0, [], [])


def test_a_meeting_that_somebody_put_on_the_personal_id_is_found(shell: Shell) -> None:
    zoom = Zoom(shell.folder)
    declare(shell, settings={"use_pmi": False})
    shell(*APPLY)
    zoom.meddle(shell.ids()["a"], type=4, pmi="1234567890")

    assert warned(drift(shell)) == [TURN_OFF]


def test_an_update_of_one_says_so_again(shell: Shell, zoom: Zoom) -> None:
    del zoom
    declare(shell, settings={"use_pmi": False})
    shell(*APPLY)
    declare(shell, settings={"use_pmi": False}, agenda="News")

    assert warned(shell(*APPLY)) == [TURN_OFF]
