"""The emulator's own endpoints, for tests in other processes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sandbox_world import HOST, World

from reconciler.sandbox.sandbox import Sandbox
from reconciler.sandbox.switches import Switches, changed


def test_switches_are_read_and_changed_one_by_one() -> None:
    world = World()

    before = world.send("GET", "/sandbox/switches").json()
    after = world.send("PUT", "/sandbox/switches", {"daily_limit": 7, "users": [HOST]}).json()

    assert after == before | {"daily_limit": 7, "users": [HOST]}
    assert (world.app.switches.daily_limit, world.app.switches.users) == (7, (HOST,))


def test_secrets_of_clients_are_not_shown() -> None:
    assert World(clients={"client": "s3cret"}).app.switches.to_json()["clients"] == ["client"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"daily": 1}, "no such switch: daily"),
        ({"daily_limit": "1"}, "the switch daily_limit cannot be '1'; it is int"),
        ({"daily_limit": None}, "the switch daily_limit cannot be None; it is int"),
        ({"daily_limit": True}, "the switch daily_limit cannot be True; it is int"),
        ({"may_host": 1}, "the switch may_host cannot be 1; it is bool"),
        ({"per_host": {HOST: 5}}, "switches are a JSON object"),
        ({"per_host": {HOST: {"daily": 1}}}, "no such switch: daily"),
        ({"long_text": "kept"}, "the switch long_text cannot be 'kept'; it is Literal['refused', 'cut']"),
    ],
)
def test_an_unknown_switch_is_refused(sent: dict[str, object], expected: str) -> None:
    answer = World().send("PUT", "/sandbox/switches", sent)

    assert (answer.status_code, answer.json()) == (400, {"error": expected})


def test_a_list_of_switches_is_refused() -> None:
    assert World().send("PUT", "/sandbox/switches", [1]).status_code == 400


def test_values_of_every_kind_are_taken() -> None:
    sent = {"users": None, "latency_seconds": 1, "locked_settings": {"audio": "voip"}, "plan": "free"}

    switches = changed(Switches(), sent)

    assert (switches.users, switches.latency_seconds, switches.locked_settings, switches.plan) == (
        None,
        1,
        {"audio": "voip"},
        "free",
    )


def test_faults_are_prepared_counted_and_cleared() -> None:
    world = World()

    one = world.send("POST", "/sandbox/faults", {"status": 503, "method": "GET"}).json()
    three = world.send("POST", "/sandbox/faults", [{"status": 500}, {"status": 501}]).json()
    met = world.send("GET", f"/v2/users/{HOST}").status_code
    left = world.send("GET", "/sandbox/faults").json()
    none = world.send("DELETE", "/sandbox/faults").json()

    assert (one, three, met, left, none) == (
        {"waiting": 1},
        {"waiting": 3},
        503,
        {"waiting": 2},
        {"waiting": 0},
    )


def test_the_account_is_shown_without_secrets() -> None:
    world = World()
    meeting = world.create()
    world.token()

    answer = world.send("GET", "/sandbox/account")

    shown = answer.json()
    assert (shown["meetings"], shown["usage"], shown["counters"]) == (
        [
            {
                "id": meeting["id"],
                "host": HOST,
                "topic": "Launch",
                "type": 2,
                "start_time": "2027-01-14T15:00:00Z",
                "created_at": "2026-12-01T09:00:00Z",
                "deleted": False,
            }
        ],
        [{"day": "2026-12-01", "user_id": meeting["host_id"], "used": 1}],
        {"POST": 2},
    )
    assert [each["path"] for each in shown["requests"]] == [f"/v2/users/{HOST}/meetings", "/oauth/token"]
    assert meeting["password"] not in answer.text
    assert all(token not in answer.text for token in world.account.tokens)


def test_a_clock_that_was_handed_in_is_shown_and_cannot_be_set() -> None:
    world = World()

    assert world.send("GET", "/sandbox/clock").json() == {"now": "2026-12-01T09:00:00Z"}
    assert world.send("POST", "/sandbox/clock", {"now": "+1d"}).json() == {
        "error": "this clock cannot be set"
    }


def test_a_sandboxes_clock_can_be_set() -> None:
    sandbox = Sandbox.open(None, now="2026-12-01T09:00:00Z", real_now=lambda: datetime.now(UTC))
    world = World()
    world.app = sandbox.app

    moved = world.send("POST", "/sandbox/clock", {"now": "+1d"})
    refused = world.send("POST", "/sandbox/clock", {"now": "later"})

    assert (moved.json(), sandbox.now()) == (
        {"now": "2026-12-02T09:00:00Z"},
        datetime(2026, 12, 2, 9, tzinfo=UTC),
    )
    assert (refused.status_code, refused.json()["error"][:13]) == (400, "sandbox.clock")
