"""The token endpoint and the door of the API."""

from __future__ import annotations

import base64

import pytest
from sandbox_world import API, BASIC, HOST, World, error

USER = f"/v2/users/{HOST}"


def test_a_token_lasts_an_hour_and_lists_its_scopes() -> None:
    """The answer has the vendor's five members."""
    answer = World().token()

    body = answer.json()
    assert answer.status_code == 200
    assert {name: body[name] for name in ("token_type", "expires_in", "api_url")} == {
        "token_type": "bearer",
        "expires_in": 3600,
        "api_url": API,
    }
    assert "meeting:write:meeting:admin" in body["scope"].split(" ")


def test_parameters_are_taken_from_the_query_too() -> None:
    """Some clients send no form at all."""
    world = World()
    path = "/oauth/token?grant_type=account_credentials&account_id=acct"

    answer = world.send("POST", path, token=None, headers={"authorization": BASIC})

    assert answer.status_code == 200


def test_an_issued_token_is_accepted() -> None:
    world = World()

    answer = world.send("GET", USER, token=world.token().json()["access_token"])

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "Basic !!!", b"Basic \xff", "Basic " + base64.b64encode(b"x").decode()],
)
def test_bad_credentials_are_refused_in_the_endpoints_own_form(authorization: str | bytes) -> None:
    """Reason and error, no code and no message."""
    form = {"grant_type": "account_credentials", "account_id": "acct"}

    answer = World().send(
        "POST", "/oauth/token", token=None, data=form, headers={"authorization": authorization}
    )

    refusal = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
    assert (answer.status_code, answer.json()) == (400, refusal)


def test_only_listed_clients_get_a_token() -> None:
    world = World(clients={"client": "other"})

    assert world.token().json()["error"] == "invalid_client"


def test_an_unknown_account_is_a_bad_request() -> None:
    world = World(account_ids=["mine"])

    answer = world.token(account_id="theirs")

    assert (answer.status_code, answer.json()) == (400, {"reason": "Bad Request", "error": "invalid_request"})


def test_another_grant_type_is_refused() -> None:
    answer = World().token(grant_type="password")

    refusal = {"reason": "unsupported grant type", "error": "unsupported_grant_type"}
    assert (answer.status_code, answer.json()) == (400, refusal)


def test_a_request_without_a_token_is_refused_with_4700() -> None:
    answer = World().send("GET", USER, token=None)

    assert error(answer) == (401, 4700, "Token cannot be empty.")


def test_an_unknown_token_is_refused_with_124() -> None:
    assert error(World().send("GET", USER, token="guessed")) == (401, 124, "Invalid access token.")


def test_a_token_expires_after_an_hour() -> None:
    world = World()
    token = world.token().json()["access_token"]
    world.clock.advance(3600)

    assert error(world.send("GET", USER, token=token)) == (401, 124, "Access token is expired.")


def test_a_new_token_leaves_the_old_one_alone() -> None:
    world = World()
    old = world.token().json()["access_token"]
    world.token()

    assert world.send("GET", USER, token=old).status_code == 200


def test_a_new_token_can_revoke_the_old_one() -> None:
    world = World(new_token_revokes_old=True)
    old = world.token().json()["access_token"]
    new = world.token().json()["access_token"]

    assert error(world.send("GET", USER, token=old)) == (401, 124, "Invalid access token.")
    assert world.send("GET", USER, token=new).status_code == 200


def test_a_missing_scope_is_named_in_both_forms() -> None:
    world = World(scopes=["meeting:read:meeting:admin"])
    token = world.token().json()["access_token"]

    answer = world.send("POST", f"{USER}/meetings", {}, token=token)

    named = "scopes:[meeting:write:meeting, meeting:write:meeting:admin]"
    assert error(answer) == (400, 4711, f"Invalid access token, does not contain {named}.")


def test_a_classic_scope_is_as_good_as_a_granular_one() -> None:
    world = World(scopes=["meeting:write:admin"])

    assert world.send("POST", f"{USER}/meetings", {}).status_code == 201


def test_every_answer_carries_a_tracking_id() -> None:
    world = World()

    answers = [world.send("GET", USER), world.send("GET", USER, token=None), world.token()]

    assert all(answer.headers["x-zm-trackingid"] for answer in answers)


def test_an_unknown_endpoint_is_reported() -> None:
    answer = World().send("GET", "/v2/webinars/1")

    assert error(answer) == (404, 2300, "This API endpoint is not recognized.")
