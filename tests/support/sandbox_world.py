"""The emulator in the process, spoken to one request at a time."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import httpx
from manual_clock import ManualClock

from reconciler.sandbox.account import Account
from reconciler.sandbox.app import create_app
from reconciler.sandbox.faults import Fault, Faults
from reconciler.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from reconciler.ports import Json

API = "https://zoom.test"
HOST = "ada@example.com"
BASIC = "Basic " + base64.b64encode(b"client:secret").decode()

WEEKLY: dict[str, Any] = {
    "topic": "Weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 3},
}
ONCE: dict[str, Any] = {
    "topic": "Launch",
    "type": 2,
    "start_time": "2027-01-14T15:00:00Z",
    "timezone": "Europe/Berlin",
    "duration": 30,
}


class World:
    """An account at 2026-12-01T09:00:00Z whose clock stands, with the given switches."""

    def __init__(self, **switches: Json) -> None:
        self.clock = ManualClock()
        self.account = Account()
        self.faults = Faults()
        self.changes: list[Json] = []
        self.app = create_app(
            self.account,
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            switches=changed(Switches(plan="off"), switches),
            faults=self.faults,
            on_change=self.changes.append,
            sleep=self.clock.sleep,
        )

    def switch(self, **switches: Json) -> None:
        """Have it behave otherwise from now on."""
        self.app.switches = changed(self.app.switches, switches)

    def meet(self, *faults: Fault) -> None:
        """Prepare faults."""
        self.faults.add(*faults)

    async def ask(
        self, method: str, path: str, body: Json = None, *, token: str | None = "sandbox", **more: Any
    ) -> httpx.Response:
        """One request to the API, with the token that always holds unless told otherwise."""
        headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        content = {"json": body} if body is not None else {}
        request = httpx.Request(method, API + path, **{"headers": headers, **content, **more})
        response = await httpx.ASGITransport(self.app).handle_async_request(request)
        await response.aread()
        return response

    def send(self, method: str, path: str, body: Json = None, **more: Any) -> httpx.Response:
        """The same, waited for."""
        return asyncio.run(self.ask(method, path, body, **more))

    def create(self, body: Json = None, host: str = HOST) -> Any:
        """A meeting that is accepted: the answer's body."""
        response = self.send("POST", f"/v2/users/{host}/meetings", ONCE if body is None else body)
        assert response.status_code == 201, response.text
        return response.json()

    def read(self, number: int, query: str = "") -> Any:
        """A meeting that is found: the answer's body."""
        response = self.send("GET", f"/v2/meetings/{number}{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def patch(self, number: int, body: Json, query: str = "") -> Any:
        """An update that is accepted: how the meeting reads after it."""
        response = self.send("PATCH", f"/v2/meetings/{number}{query}", body)
        assert (response.status_code, response.text) == (204, "")
        return self.read(number)

    def list(self, query: str = "", host: str = HOST) -> Any:
        """A list that is given: the answer's body."""
        response = self.send("GET", f"/v2/users/{host}/meetings{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def used(self, host: str = HOST) -> int:
        """What a host has used today."""
        user = self.account.user(host)
        return self.account.used(self.clock.now().date(), user.id) if user else 0

    def token(self, **form: str) -> httpx.Response:
        """The token endpoint's answer to good credentials."""
        asked = {"grant_type": "account_credentials", "account_id": "acct", **form}
        return self.send("POST", "/oauth/token", token=None, data=asked, headers={"authorization": BASIC})


def error(response: httpx.Response) -> tuple[int, int, str]:
    """Status, code and message of a refusal."""
    body = response.json()
    return response.status_code, body["code"], body["message"]


def wrong(response: httpx.Response) -> tuple[int, int, list[str]]:
    """Status, code and the fields of a refused body."""
    body = response.json()
    return response.status_code, body["code"], [entry["field"] for entry in body["errors"]]
