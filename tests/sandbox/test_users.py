"""Users whose addresses change, who leave, and meetings that are handed over."""

from __future__ import annotations

from sandbox_world import HOST, WEEKLY, World

from reconciler.sandbox.account import Account

BOB = "bob@example.com"


def test_a_patch_hands_a_meeting_over() -> None:
    """Everything but the host stays, and the old host pays."""
    world = World()
    made = world.create(WEEKLY)

    answer = world.send("PATCH", f"/v2/meetings/{made['id']}", {"schedule_for": BOB, "agenda": "new"})

    read = world.read(made["id"])
    assert (answer.status_code, read["host_email"], read["agenda"]) == (204, BOB, "new")
    kept = ("id", "password", "join_url", "occurrences", "created_at", "recurrence")
    assert {name: read[name] for name in kept} == {name: made[name] for name in kept}
    lists = [world.send("GET", f"/v2/users/{user}/meetings").json()["meetings"] for user in (HOST, BOB)]
    assert [[one["id"] for one in listed] for listed in lists] == [[], [made["id"]]]
    assert list(world.account.usage.values()) == [2]


def test_without_the_privilege_a_handover_is_refused_whole() -> None:
    world = World(may_be_scheduled_for=False)
    made = world.create()

    answer = world.send("PATCH", f"/v2/meetings/{made['id']}", {"schedule_for": BOB, "agenda": "new"})

    assert (answer.status_code, answer.json()["code"]) == (400, 3000)
    assert (world.read(made["id"])["host_email"], world.read(made["id"]).get("agenda")) == (HOST, None)


def test_a_renamed_user_keeps_id_and_meetings() -> None:
    world = World()
    made = world.create()

    world.send("POST", "/sandbox/users", {"rename": {HOST: "new@example.com"}})

    renamed = world.send("GET", "/v2/users/new@example.com").json()
    assert (renamed["id"], renamed["email"]) == (made["host_id"], "new@example.com")
    assert world.read(made["id"])["host_email"] == "new@example.com"
    assert world.send("GET", f"/v2/users/{HOST}").json()["code"] == 1001


def test_a_user_who_left_is_not_found_and_the_e_mail_can_be_used_again() -> None:
    world = World()
    made = world.create()
    world.send("POST", "/sandbox/users", {"rehost": {str(made["id"]): BOB}, "leave": [HOST]})

    again = Account()
    again.apply(world.account.to_json())

    assert world.send("GET", f"/v2/users/{HOST}/meetings").json()["code"] == 1001
    assert (again.departed, again.user(HOST), len(again.meetings_of(BOB))) == ({HOST}, None, 1)
    assert again.provide(HOST).id != made["host_id"]
