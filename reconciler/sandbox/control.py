"""The emulator's own endpoints, under /sandbox/, for tests in other processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import asdict
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox import faults as fault_documents
from reconciler.sandbox import meetings, times
from reconciler.sandbox import switches as switch_values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from reconciler.ports import Json
    from reconciler.sandbox.emulator import Emulator
    from reconciler.sandbox.faults import Faults


def routes(emulator: Emulator, faults: Faults, set_clock: Callable[[str], None] | None) -> list[Route]:
    """Return the routes of switches, faults, clock and account."""

    def switches(sent: Json) -> Json:
        if sent is not None:
            emulator.switches = switch_values.changed(emulator.switches, sent)
        return emulator.switches.to_json()

    def prepare(sent: Json) -> Json:
        rows = sent if isinstance(sent, list) else [sent]
        faults.add(*(fault_documents.from_json(row) for row in rows))
        return _waiting(faults)

    def clear(_sent: Json) -> Json:
        faults.clear()
        return _waiting(faults)

    def clock(sent: Json) -> Json:
        if sent is not None:
            if set_clock is None:
                raise ValueError("this clock cannot be set")
            set_clock(str(sent.get("now", "")))
        return {"now": times.text(emulator.now())}

    return [
        Route("/sandbox/users", _endpoint(lambda sent: _change_users(emulator, sent)), methods=["POST"]),
        Route("/sandbox/switches", _endpoint(switches), methods=["GET", "PUT"]),
        Route("/sandbox/faults", _endpoint(lambda _: _waiting(faults)), methods=["GET"]),
        Route("/sandbox/faults", _endpoint(prepare), methods=["POST"]),
        Route("/sandbox/faults", _endpoint(clear), methods=["DELETE"]),
        Route("/sandbox/clock", _endpoint(clock), methods=["GET", "POST"]),
        Route("/sandbox/account", _endpoint(lambda _: account_json(emulator)), methods=["GET"]),
    ]


def account_json(emulator: Emulator) -> dict[str, Json]:
    """Return the meetings, the usage and the requests of the account; no token, no passcode."""
    account = emulator.account
    return {
        "meetings": [
            {
                "id": each.id,
                "host": account.users[each.host_id].email,
                "topic": each.document["topic"],
                "type": each.document["type"],
                "start_time": each.document.get("start_time"),
                "created_at": each.document["created_at"],
                "deleted": each.deleted,
            }
            for each in account.all_meetings_ever
        ],
        "usage": [
            {"day": day, "user_id": payer, "used": used} for (day, payer), used in account.usage.items()
        ],
        "users": [asdict(user) for user in account.users.values()],
        "requests": [asdict(each) | {"at": each.at.isoformat()} for each in account.requests],
        "counters": dict(account.counters),
    }


def _change_users(emulator: Emulator, sent: Json) -> Json:
    """Change users as an admin does: {rename: {EMAIL: EMAIL}, rehost: {MEETING: EMAIL}, leave: [EMAIL]}."""
    account = emulator.account
    for email, new_email in sent.get("rename", {}).items():
        account.rename(email, new_email)
    for number, email in sent.get("rehost", {}).items():
        meeting = account.meeting(int(number))
        if meeting is None:
            raise ValueError(f"no meeting {number}")
        account.put(meetings.handed_over(meeting, emulator.host(account.provide(email))))
    for email in sent.get("leave", ()):
        account.leave(email)
    emulator.save()
    return {"users": [asdict(user) for user in account.users.values()]}


def _waiting(faults: Faults) -> Json:
    return {"waiting": len(faults.waiting)}


def _endpoint(work: Callable[[Json], Json]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(work(json.loads(await request.body() or "null")))
        except (ValueError, TypeError, AttributeError, SettingsError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint
