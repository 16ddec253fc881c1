import asyncio
import base64
import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import httpx
import pytest
from manual_clock import ManualClock
from scripted_zoom import ScriptedZoom, answer, no, using

from reconciler.errors.exceptions import AccessError, NeverSentError, ReconcilerError, SettingsError
from reconciler.zoom.addresses import API_URL, AUTH_URL, Addresses
from reconciler.zoom.auth import Credentials, Tokens
from reconciler.zoom.transport import HttpTransport

FULL = {"ZOOM_ACCOUNT_ID": "acc", "ZOOM_CLIENT_ID": "cid-9", "ZOOM_CLIENT_SECRET": "secret-9"}


def refusal(work: Callable[[], object]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        work()
    return caught.value


# Credentials


def test_three_variables_are_server_to_server_credentials() -> None:
    credentials = Credentials.from_environment({**FULL, "ZOOM_ACCESS_TOKEN": ""})

    assert credentials == Credentials("acc", "cid-9", "secret-9")
    assert not credentials.is_fixed


def test_one_variable_is_an_access_token() -> None:
    credentials = Credentials.from_environment({"ZOOM_ACCESS_TOKEN": "token-9"})

    assert credentials == Credentials(access_token="token-9")
    assert credentials.is_fixed


@pytest.mark.parametrize(
    ("environ", "detail"),
    [
        ({}, "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET are not set. Nothing was sent."),
        ({**FULL, "ZOOM_CLIENT_SECRET": ""}, "ZOOM_CLIENT_SECRET is not set. Nothing was sent."),
        (
            {**FULL, "ZOOM_ACCESS_TOKEN": "token-9"},
            "ZOOM_ACCESS_TOKEN and ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET "  # noqa: ISC004 - one
            "may belong to two accounts. Nothing was sent.",
        ),
        (
            {**FULL, "ZOOM_CLIENT_SECRET": "secret-9\n"},
            "ZOOM_CLIENT_SECRET contains a space, a line break or a character outside ASCII, "  # noqa: ISC004 - one
            "which no credential has. Nothing was sent.",
        ),
    ],
)
def test_unusable_credentials_are_named_and_not_shown(environ: Mapping[str, str], detail: str) -> None:
    error = refusal(lambda: Credentials.from_environment(environ))

    assert (error.diagnostic.code, error.diagnostic.detail) == ("settings.credentials", detail)
    assert error.diagnostic.hint
    assert "-9" not in str(error) + error.diagnostic.hint


def test_no_secret_is_in_a_repr() -> None:
    credentials = Credentials("acc", "cid-9", "secret-9", "token-9")

    assert repr(credentials) == "Credentials(account_id='acc')"


# Addresses


def test_the_addresses_are_zooms_own_by_default() -> None:
    addresses = Addresses.from_environment({"RECONCILER_API_URL": ""})

    assert (addresses.api_url, addresses.auth_url) == (API_URL, AUTH_URL)
    assert addresses.loopback_hosts == ()
    assert addresses.origin("acc") == "api.zoom.us/acc"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/v2", "http://127.9.9.9", "http://localhost:1", "http://[::1]:8080/v2"]
)
def test_plain_http_is_only_allowed_to_the_loopback(url: str) -> None:
    addresses = Addresses.from_environment({"RECONCILER_API_URL": url + "/"})

    assert addresses.api_url == url
    assert len(addresses.loopback_hosts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://api.zoom.us/v2",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://128.0.0.1",
        "http://[::2]/v2",
        "http://0.0.0.0",
        "https://user:hunter2@api.zoom.us/v2",
        "https://user@api.zoom.us/v2",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1\\@example.com/",
        "https://api.zoom.us/v2?x=hunter2",
        "https://api.zoom.us/v2#x",
        "https://api.zoom.us:99999/v2",
        "https://api.zoom.us:0/v2",
        "https://[::1",
        "https://[::gg]/",
        "https://256.1.1.1/v2",
        "https://api..zoom.us/v2",
        "ftp://api.zoom.us",
        "api.zoom.us/v2",
        "https://",
        "https://api.zoom.us/v2\n",
    ],
)
@pytest.mark.parametrize("name", ["RECONCILER_API_URL", "RECONCILER_AUTH_URL"])
def test_any_other_address_is_refused_and_not_shown(name: str, url: str) -> None:
    error = refusal(lambda: Addresses.from_environment({name: url}))

    assert error.diagnostic.code == "settings.address"
    assert error.diagnostic.detail.startswith(f"{name} is ")
    assert "hunter2" not in str(error) + error.diagnostic.hint


# Tokens


class _TokenEndpoint:
    """Answers the n-th request with the n-th reaction, the last one repeated."""

    def __init__(self, *reactions: httpx.Response | Exception) -> None:
        self.clock = ManualClock()
        self.requests: list[httpx.Request] = []
        self._reactions = reactions

    def tokens(self) -> Tokens:
        credentials = Credentials("acc", "cid-9", "secret-9")
        transport = httpx.MockTransport(self._answer)
        http = HttpTransport(timeout_seconds=5, user_agent="test", transport=transport)
        return Tokens(credentials, AUTH_URL, http, self.clock, lambda: 0.5)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        reaction = self._reactions[min(len(self.requests), len(self._reactions)) - 1]
        if isinstance(reaction, Exception):
            raise reaction
        return reaction


def given(token: str, seconds: object = 3600) -> httpx.Response:
    return answer(200, {"access_token": token, "token_type": "bearer", "expires_in": seconds})


def ask(endpoint: _TokenEndpoint, work: Callable[[Tokens], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work(endpoint.tokens()))


def test_a_token_is_requested_with_basic_authorization_and_a_form() -> None:
    endpoint = _TokenEndpoint(given("t1"))

    assert ask(endpoint, Tokens.token) == "t1"

    [request] = endpoint.requests
    assert str(request.url) == AUTH_URL
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"cid-9:secret-9").decode()
    assert request.content == b"grant_type=account_credentials&account_id=acc"


def test_one_request_fetches_the_token_for_all_callers() -> None:
    endpoint = _TokenEndpoint(given("t1"))

    async def many(tokens: Tokens) -> list[str]:
        return await asyncio.gather(*(tokens.token() for _ in range(20)))

    assert ask(endpoint, many) == ["t1"] * 20
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("seconds", "kept_for"), [(3600, 3540), (3599, 3539), (60, 30), (None, 3540), ("9", 3540)]
)
def test_a_token_is_replaced_a_minute_before_it_expires(seconds: object, kept_for: int) -> None:
    """A token of two minutes or less is kept for half its life; without `expires_in`, it lives an hour."""
    endpoint = _TokenEndpoint(given("t1", seconds), given("t2"))

    async def twice(tokens: Tokens) -> tuple[str, str, str]:
        first = await tokens.token()
        endpoint.clock.advance(kept_for - 0.5)
        second = await tokens.token()
        endpoint.clock.advance(0.5)
        return first, second, await tokens.token()

    assert ask(endpoint, twice) == ("t1", "t1", "t2")


def test_a_token_that_is_refused_several_times_is_replaced_once() -> None:
    endpoint = _TokenEndpoint(given("t1"), given("t2"))

    async def refused(tokens: Tokens) -> str:
        old = await tokens.token()
        tokens.refuse(old)
        await tokens.token()
        tokens.refuse(old)
        return await tokens.token()

    assert ask(endpoint, refused) == "t2"
    assert len(endpoint.requests) == 2


def test_a_cancelled_fetch_is_left_to_the_next_caller() -> None:
    endpoint = _TokenEndpoint(given("t1"), given("t2"))

    async def cancelled(tokens: Tokens) -> str:
        first = asyncio.create_task(tokens.token())
        second = asyncio.create_task(tokens.token())
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert ask(endpoint, cancelled) in {"t1", "t2"}


@pytest.mark.parametrize(
    ("status", "body", "detail", "hint"),
    [
        (
            400,
            {"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
            "Zoom answered HTTP 400: Invalid client_id or client_secret (invalid_client).",
            "Check ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET against the app at marketplace.zoom.us.",
        ),
        (
            401,
            {"reason": "Bad Request", "error": "invalid_request"},
            "Zoom answered HTTP 401: Bad Request (invalid_request).",
            "Check ZOOM_ACCOUNT_ID, and that the server-to-server OAuth app is activated.",
        ),
        (
            400,
            {"reason": "no, secret-9", "error": "other"},
            "Zoom answered HTTP 400: no, *** (other).",
            "Check ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET.",
        ),
    ],
)
def test_refused_credentials_are_reported_with_a_remedy(
    status: int, body: dict[str, str], detail: str, hint: str
) -> None:
    endpoint = _TokenEndpoint(answer(status, body))

    with pytest.raises(AccessError) as caught:
        ask(endpoint, Tokens.token)

    assert caught.value.diagnostic.code == "zoom.credentials"
    assert caught.value.diagnostic.detail == (
        f"Fetching an access token: {detail} Nothing was sent without a token."
    )
    assert caught.value.diagnostic.hint == hint
    assert len(endpoint.requests) == 1


BROKEN_ENDPOINTS = {
    "no connection": httpx.ConnectError("no route"),
    "no answer": httpx.ReadTimeout("slow"),
    "a server error": httpx.Response(503, content=b"<html>"),
    "a limit": answer(429, {"reason": "Too many requests", "error": "rate_limited"}),
    "a timeout of a proxy": answer(408, {"error": "timeout"}),
    "a proxy's page": httpx.Response(403, content=b"<html>no</html>"),
    "a redirect": httpx.Response(302, headers={"Location": "https://example.com"}),
    "no token in it": answer(200, {"access_token": ""}),
    "an invalid token": answer(200, {"access_token": "a b"}),
    "no JSON": httpx.Response(200, content=b"secret-9"),
}


@pytest.mark.parametrize("reaction", BROKEN_ENDPOINTS.values(), ids=BROKEN_ENDPOINTS.keys())
def test_without_a_token_nothing_was_sent(reaction: httpx.Response | Exception) -> None:
    """After three tries the request that needed the token is known not to have been sent."""
    endpoint = _TokenEndpoint(reaction)

    with pytest.raises(NeverSentError) as caught:
        ask(endpoint, Tokens.token)

    assert caught.value.diagnostic.code == "zoom.no-token"
    assert caught.value.diagnostic.detail.endswith(
        ". It was tried 3 times; the request that needed the token was not sent."
    )
    assert len(endpoint.requests) == 3
    assert endpoint.clock.monotonic() == 3.0


def test_a_transient_failure_is_retried() -> None:
    endpoint = _TokenEndpoint(httpx.ConnectError("no route"), given("t1"))

    assert ask(endpoint, Tokens.token) == "t1"


# Secrets


def test_no_secret_is_in_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, with a success, a refused token and a refusal that quotes the request."""
    caplog.set_level(logging.DEBUG)
    zoom = ScriptedZoom(
        answer(201, {"id": 1, "join_url": "https://zoom.us/j/1?pwd=hunter-9"}),
        no(401, 124, "Invalid access token."),
        no(400, 300, "Not good: passcode-9 of token-2-9, client-secret-9, pwd=abc-9"),
    )

    async def create_two() -> ReconcilerError:
        async with zoom.client() as client:
            await client.create("a@example.com", {"password": "passcode-9"})
            with pytest.raises(ReconcilerError) as caught:
                await client.create("a@example.com", {"password": "passcode-9"})
            texts.append(repr(client) + repr(client.__dict__))
            return caught.value

    texts: list[str] = []
    error = asyncio.run(create_two())

    assert error.diagnostic.detail == (
        "Creating a meeting for a@example.com: Zoom answered HTTP 400, code 300: "
        "Not good: *** of ***, ***, pwd=***. Nothing was done."
    )
    assert "-9" not in caplog.text + repr(error) + str(error) + repr(error.diagnostic) + "".join(texts)
    assert zoom.tokens == ["token-1-9", "token-1-9", "token-2-9"]


def test_no_secret_is_in_an_address() -> None:
    zoom = ScriptedZoom(answer(201, {"id": 1}))

    asyncio.run(using(zoom.client(), lambda client: client.create("a@example.com", {"password": "pass-9"})))

    assert zoom.asked == ["POST /v2/users/a%40example.com/meetings"]
    assert json.loads(zoom.bodies[0]) == {"password": "pass-9"}
