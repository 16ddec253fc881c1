"""Every path has an answer of the API: what is not served is a 404 with code 2300, whatever its form."""

from __future__ import annotations

import pytest
from sandbox_world import HOST, WEEKLY, World

UNKNOWN = [
    ("GET", "/"),
    ("GET", "/v2"),
    ("GET", "/v2/"),
    ("GET", "/v2/users/"),
    ("GET", "/v2/users/x@example.com/"),
    ("GET", "/v2//users"),
    ("POST", "/v2/users"),
    ("PUT", "/v2/users/x@example.com"),
    ("DELETE", "/v2/users/x@example.com"),
    ("GET", "/v2/meetings"),
    ("POST", "/v2/meetings/81234567890"),
    ("GET", "/v2/meetings/1/2/3/4/5/6"),
    ("GET", "/v2/meetings/%2F"),
    ("GET", "/v2/%E2%80%A8"),
    ("OPTIONS", "/v2/users"),
    ("TRACE", "/v2/users"),
    ("BREW", "/v2/users"),
    ("GET", "/v2/webinars/1"),
    ("GET", "/oauth/token"),
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
def test_a_path_that_is_not_served_is_a_404_of_the_api(method: str, path: str) -> None:
    answer = World().send(method, path)

    assert (answer.status_code, answer.json()["code"]) == (404, 2300)


def test_a_body_that_is_nested_too_deeply_is_no_object() -> None:
    answer = World().send("POST", f"/v2/users/{HOST}/meetings", content=b"[" * 200_000)

    assert (answer.status_code, answer.json()["code"]) == (400, 300)


# Users


def test_users_are_listed_page_by_page() -> None:
    """The owner, those that the switch names, and those that were named so far; none that left."""
    world = World(users=["ada@example.com", "ben@example.com", "cleo@example.com", "owner@example.com"])
    world.account.leave("ben@example.com")

    first = world.send("GET", "/v2/users?page_size=2").json()
    second = world.send("GET", f"/v2/users?page_size=2&next_page_token={first['next_page_token']}").json()

    emails = [one["email"] for one in (*first["users"], *second["users"])]
    assert emails == ["ada@example.com", "cleo@example.com", "owner@example.com"]
    assert (first["total_records"], first["page_count"], second["next_page_token"]) == (3, 2, "")
    assert world.send("GET", f"/v2/users/{first['users'][0]['id']}").json() == first["users"][0]


def test_a_client_begins_with_the_list_of_users() -> None:
    world = World()
    world.create()

    listed = world.send("GET", "/v2/users").json()["users"]

    assert [one["email"] for one in listed] == [HOST, "owner@example.com"]
    assert world.send("GET", "/v2/users?status=inactive").json()["users"] == []
    assert world.send("GET", "/v2/users?status=x").status_code == 400


def test_the_list_needs_its_scope() -> None:
    answer = World(scopes=["meeting:read:meeting"]).send("GET", "/v2/users")

    assert (answer.status_code, answer.json()["code"]) == (400, 4711)


# Rules


@pytest.mark.parametrize("half", [{"monthly_week": 1}, {"monthly_week_day": 2}])
def test_half_a_monthly_rule_is_refused(half: dict[str, int]) -> None:
    rule = {"type": 3, "repeat_interval": 1, "end_times": 3, **half}

    answer = World().send("POST", f"/v2/users/{HOST}/meetings", {**WEEKLY, "recurrence": rule})

    assert (answer.status_code, answer.json()["code"]) == (400, 300)


# Where Zoom's documentation is silent: docs/emulator.md


def test_the_cases_that_nobody_knows_are_as_the_docs_say() -> None:
    world = World()
    both = {**WEEKLY["recurrence"], "end_date_time": "2027-06-01T00:00:00Z"}
    made = world.create({**WEEKLY, "recurrence": both})
    date = made["occurrences"][0]["occurrence_id"]
    path = f"/v2/meetings/{made['id']}?occurrence_id="

    answers = (
        world.send("POST", f"/v2/users/{HOST}/meetings", {**WEEKLY, "start_time": ""}),
        world.send("PATCH", f"{path}{date}", {"topic": "Other"}),
        world.send("PATCH", f"{path}1", {"agenda": "Other"}),
    )

    assert [answer.status_code for answer in answers] == [400, 204, 400]
    assert ("end_date_time" in made["recurrence"], made["recurrence"]["end_times"]) == (False, 3)
    assert world.read(made["id"], f"?occurrence_id={date}")["topic"] == "Weekly"
