"""What two Zoom clients of others do against a server: run in an environment that has them, prints one JSON.

`python clients.py zoomus|pyzoom ADDRESS HOST`. An exception ends it with a traceback.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

RULE = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 3}
SERIES = {
    "topic": "Series",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 30,
    "recurrence": RULE,
}


def zoomus(address: str, host: str) -> dict[str, Any]:
    """Users, a create, get, update, list, delete and a series, with server-to-server OAuth."""
    library: Any = import_module("zoomus")
    client = library.ZoomClient(
        "client", "secret", "account", base_uri=f"{address}/v2", oauth_uri=f"{address}/oauth/token"
    )
    user = client.user.get(id=host).json()
    users = client.user.list().json()["users"]
    made = client.meeting.create(user_id=user["id"], topic="One", type=3).json()
    start = datetime(2027, 1, 11, 9, tzinfo=UTC)
    series = client.meeting.create(user_id=user["id"], **{**SERIES, "start_time": start}).json()
    updated = client.meeting.update(id=made["id"], topic="Other").status_code
    read = client.meeting.get(id=made["id"]).json()
    deleted = client.meeting.delete(id=made["id"]).status_code
    listed = client.meeting.list(user_id=user["id"]).json()["meetings"]
    return {
        "users": [one["email"] for one in users],
        "read": read["topic"],
        "statuses": [updated, deleted],
        "dates": len(series["occurrences"]),
        "listed": [one["topic"] for one in listed],
    }


def pyzoom(address: str, host: str) -> dict[str, Any]:
    """The same with an access token; a meeting is always one of the token's user."""
    library: Any = import_module("pyzoom")
    client = library.ZoomClient("sandbox", base_url=f"{address}/v2")
    client.raw.get(f"/users/{host}")
    users = client.users.get_users("active").users
    made = client.meetings.create_meeting("One", start_time="2027-01-14T15:00:00Z", duration_min=30)
    series = client.raw.post("/users/me/meetings", body=SERIES).json()
    client.meetings.update_meeting(
        "Other", start_time="2027-01-14T15:00:00Z", duration_min=45, meeting_id=made.id, password="pass-1"
    )
    read = client.meetings.get_meeting(made.id)
    deleted = client.meetings.delete_meeting(made.id)
    listed = client.raw.get("/users/me/meetings").json()["meetings"]
    return {
        "users": [one.email for one in users],
        "read": read.topic,
        "statuses": [204, 204 if deleted else 0],
        "dates": len(series["occurrences"]),
        "listed": [one["topic"] for one in listed],
    }


if __name__ == "__main__":
    client = {"zoomus": zoomus, "pyzoom": pyzoom}[sys.argv[1]]
    sys.stdout.write(json.dumps(client(*sys.argv[2:])))
