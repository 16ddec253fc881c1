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

    for name in (HOST, made["host_id"]):
        assert world.send("GET", f"/v2/users/{name}/meetings").json()["code"] == 1001
    assert (again.departed, again.user(HOST), len(again.meetings_of(BOB))) == ({HOST}, None, 1)
    assert again.provide(HOST).id != made["host_id"]


def test_the_rules_of_the_account_are_shown() -> None:
    """The rule for passcodes is part of a user's security settings; tracking fields are the account's."""
    world = World(
        passcode_length_min=8, passcode_needs=["letter"], passcode_run_length=4,
        tracking_fields=["Team"], tracking_fields_required=["Cost centre"],
    )  # fmt: skip

    settings = world.send("GET", f"/v2/users/{HOST}/settings?option=meeting_security").json()
    listed = world.send("GET", "/v2/tracking_fields").json()

    assert settings["meeting_security"]["meeting_password_requirement"] == {
        "length": 8,
        "have_letter": True,
        "have_number": False,
        "have_special_character": False,
        "have_upper_and_lower_characters": False,
        "only_allow_numeric": False,
        "consecutive_characters_length": 4,
        "weak_enhance_detection": False,
    }
    assert [(field["field"], field["required"]) for field in listed["tracking_fields"]] == [
        ("Team", False),
        ("Cost centre", True),
    ]
    assert list(world.account.usage.values()) == []


def test_without_its_scope_a_rule_is_refused() -> None:
    world = World(scopes=["meeting:write:admin"])

    answers = [
        world.send("GET", path).json() for path in (f"/v2/users/{HOST}/settings", "/v2/tracking_fields")
    ]

    assert [answer["code"] for answer in answers] == [4711, 4711]
