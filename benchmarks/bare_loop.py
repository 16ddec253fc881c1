"""The bare loop that `apply` is held against: each create sent and read back at a pace, and nothing promised.

    python bare_loop.py ADDRESS PACE CREATES [--posts-only]

No state, no intent, no look-up, no budget: what httpx itself costs for as many requests.
"""

from __future__ import annotations

import asyncio
import sys
import time

import httpx

HOSTS = 60
CONNECTIONS = 24


async def main(address: str, pace: float, creates: int, *, reads: bool) -> None:
    """Send every create at a pace; `reads` reads each one back beside the next."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=address, limits=limits) as client:
        granted = {"grant_type": "account_credentials", "account_id": "account"}
        answer = await client.post("/oauth/token", params=granted, auth=("client", "secret"))
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        started_at = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(creates):
                await asyncio.sleep(max(0.0, started_at + (1 + reads) * number / pace - time.monotonic()))
                group.create_task(create(client, number, 1 / pace, reads=reads))


async def create(client: httpx.AsyncClient, number: int, pause_seconds: float, *, reads: bool) -> None:
    """One meeting, made, and read."""
    body = {
        "topic": f"Meeting {number}",
        "type": 2,
        "start_time": "2027-01-11T10:00:00Z",
        "timezone": "UTC",
        "duration": 30,
        "settings": {"waiting_room": True, "use_pmi": False},
    }
    made = await client.post(f"/v2/users/host-{number % HOSTS}@example.com/meetings", json=body)
    if not reads:
        return
    await asyncio.sleep(pause_seconds)
    (await client.get(f"/v2/meetings/{made.json()['id']}")).json()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), reads="--posts-only" not in sys.argv))
