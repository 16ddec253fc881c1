"""The emulator inside the process, with one request at a time."""

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
    """An account with the given switches, and a clock that is frozen at 2026-12-01T09:00:00Z."""

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
        """Change switches."""
        self.app.switches = changed(self.app.switches, switches)

    def meet(self, *faults: Fault) -> None:
        """Add faults."""
        self.faults.add(*faults)

    async def ask(
        self, method: str, path: str, body: Json = None, *, token: str | None = "sandbox", **more: Any
    ) -> httpx.Response:
        """Send one request to the API, by default with the static token."""
        headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        content = {"json": body} if body is not None else {}
        request = httpx.Request(method, API + path, **{"headers": headers, **content, **more})
        response = await httpx.ASGITransport(self.app).handle_async_request(request)
        await response.aread()
        return response

    def send(self, method: str, path: str, body: Json = None, **more: Any) -> httpx.Response:
        """Send one request and wait for its response."""
        return asyncio.run(self.ask(method, path, body, **more))

    def create(self, body: Json = None, host: str = HOST) -> Any:
        """Create a meeting; return the body of the response."""
        response = self.send("POST", f"/v2/users/{host}/meetings", ONCE if body is None else body)
        assert response.status_code == 201, response.text
        return response.json()

    def read(self, number: int, query: str = "") -> Any:
        """Read a meeting; return the body of the response."""
        response = self.send("GET", f"/v2/meetings/{number}{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def patch(self, number: int, body: Json, query: str = "") -> Any:
        """Update a meeting; return it as a read shows it."""
        response = self.send("PATCH", f"/v2/meetings/{number}{query}", body)
        assert (response.status_code, response.text) == (204, "")
        return self.read(number)

    def list(self, query: str = "", host: str = HOST) -> Any:
        """List meetings; return the body of the response."""
        response = self.send("GET", f"/v2/users/{host}/meetings{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def used(self, host: str = HOST) -> int:
        """Return the requests that a host has used today."""
        user = self.account.user(host)
        return self.account.used(self.clock.now().date(), user.id) if user else 0

    def token(self, **form: str) -> httpx.Response:
        """Return the response of the token endpoint to valid credentials."""
        fields = {"grant_type": "account_credentials", "account_id": "acct", **form}
        return self.send("POST", "/oauth/token", token=None, data=fields, headers={"authorization": BASIC})


def error(response: httpx.Response) -> tuple[int, int, str]:
    """Return status, code and message of a refusal."""
    body = response.json()
    return response.status_code, body["code"], body["message"]


def wrong(response: httpx.Response) -> tuple[int, int, list[str]]:
    """Return status, code and the fields of a refused body."""
    body = response.json()
    return response.status_code, body["code"], [entry["field"] for entry in body["errors"]]
