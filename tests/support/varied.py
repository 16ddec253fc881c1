"""Sixty meetings of every kind and an account that stores most of what it is sent otherwise.

The account's silent changes are all on; two hosts are odder still.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import sandbox_world
from msgspec.structs import replace
from paths import CASES

from reconciler.cli.sources import sources
from reconciler.sandbox.sandbox import Sandbox
from reconciler.spec import spec
from reconciler.spec.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox.account import StoredMeeting

COUNT = 60
HOSTS = ("ada@example.com", "grace@example.com", "alan@example.com", "Edsger@Example.com")
PERSONAL, BASIC = "pia@example.com", "basil@example.com"
"""Hosts whose meetings all end up on the personal id, or lose their registration."""

ENVIRON = {"TEAM_PASSCODE": "lift-off_7"}

SILENT: Mapping[str, Any] = {
    "safeguard_forced": True,
    "waiting_room_forced": True,
    "waiting_room_hides_join_before_host": True,
    "breakout_rooms_allowed": False,
    "interpretation_allowed": False,
    "approval_type_forced": True,
    "registration_needs_start": True,
    "meeting_authentication": True,
    "pmi_forced": False,
    "locked_settings": {
        "watermark": True,
        "auto_recording": "local",
        "alternative_hosts": "boss@example.com",
    },
    "dropped_settings": ["host_video", "focus_mode", "meeting_invitees", "global_dial_in_countries"],
    "tracking_fields": ["cost centre", "team", "project"],
    "lists_reordered": True,
    "contacts_filled": True,
    "empty_agenda": True,
    "end_date_moved": True,
    "both_ends": "end_date_time",
    "patched_start_needs_recurrence": True,
    "nested_settings": "replaced",
    "long_text": "cut",
    "trimmed_topics": True,
    "zone_names": {"Asia/Calcutta": "Asia/Kolkata"},
}
"""Every switch by which something is stored otherwise than it was sent, on."""

SWITCHES: Mapping[str, Any] = {
    **SILENT,
    "plan": "off",
    "per_host": {PERSONAL: {"pmi_forced": True}, BASIC: {"user_type": 1, "passcode_locked": True}},
}

_WEEKLY = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}

_KINDS: tuple[Mapping[str, Any], ...] = (
    {"type": 2, "start_time": "2027-01-14T15:00:00Z", "duration": 60},
    {"type": 2, "start_time": "2027-01-14T15:00:00", "timezone": "America/New_York", "duration": 45},
    {"type": 3, "settings": {"approval_type": 0, "registrants_confirmation_email": True}},
    {"type": 8, "start_time": "2027-01-11T10:00:00", "timezone": "Europe/Berlin", "recurrence": _WEEKLY},
    {
        "type": 8,
        "start_time": "2027-01-12T09:30:00",
        "timezone": "Europe/London",
        "duration": 25,
        "recurrence": {
            "type": 2,
            "repeat_interval": 2,
            "weekly_days": "3,5",
            "end_date_time": "2027-06-30T12:00:00Z",
        },
    },
    {
        "type": 8,
        "start_time": "2027-01-07T16:00:00Z",
        "timezone": "UTC",
        "recurrence": {"type": 3, "monthly_week": 1, "monthly_week_day": 5, "end_times": 12},
    },
    {
        "type": 8,
        "start_time": "2027-01-31T08:00:00",
        "timezone": "Asia/Tokyo",
        "recurrence": {"type": 3, "repeat_interval": 1, "monthly_day": 31, "end_times": 6},
    },
    {
        "type": 8,
        "start_time": "2027-01-05T07:45:00",
        "timezone": "America/Sao_Paulo",
        "duration": 15,
        "recurrence": {"type": 1, "repeat_interval": 1, "end_date_time": "2027-02-10T23:59:59Z"},
    },
    {
        "type": 8,
        "start_time": "2027-03-02T18:00:00",
        "timezone": "America/Los_Angeles",
        "recurrence": {"type": 1, "repeat_interval": 3, "end_times": 50},
    },
)

_WISHES: tuple[Mapping[str, Any], ...] = (
    {},
    {"settings": {"waiting_room": False, "join_before_host": True, "jbh_time": 5, "mute_upon_entry": True}},
    {
        "settings": {
            "alternative_hosts": "Zoe@example.com;bea@example.com",
            "contact_email": "Zoe@example.com",
        }
    },
    {"agenda": "What shipped, what broke, what is next.", "settings": {"auto_recording": "cloud"}},
    {"tracking_fields": [{"field": "team", "value": "platform"}], "settings": {"use_pmi": False}},
    {
        "settings": {
            "breakout_room": {"enable": True, "rooms": [{"name": "a", "participants": ["x@example.com"]}]}
        }
    },
    {"password": "Lift-off_8", "settings": {"host_video": True, "watermark": False}},
    {"password": {"env": "TEAM_PASSCODE", "version": 1}},
    {"default_password": False, "settings": {"meeting_authentication": False, "approval_type": 1}},
    {
        "settings": {
            "language_interpretation": {
                "enable": True,
                "interpreters": [{"email": "Kim@example.com", "interpreter_languages": "English,French"}],
            },
            "global_dial_in_countries": ["US", "DE"],
        }
    },
    {
        "settings": {
            "meeting_invitees": [{"email": "b@example.com"}, {"email": "a@example.com"}],
            "focus_mode": True,
        }
    },
)


def meetings() -> dict[str, dict[str, Any]]:
    """The sixty by key, each with its host; the first is the API document's own example."""
    bodies: Iterator[Any] = zip(cycle(_KINDS), cycle(_WISHES), cycle((*HOSTS, PERSONAL, BASIC)), strict=False)
    made = {"m00": {**_document_example(), "start_time": "2027-04-01T07:32:55Z"}}
    for n, (kind, wish, host) in enumerate(islice(bodies, COUNT - 1), 1):
        settings = {**kind.get("settings", {}), **wish.get("settings", {})}
        made[f"m{n:02}"] = {"topic": f"Meeting {n}", "host": host, **kind, **wish, "settings": settings}
    return made


def written() -> str:
    """The spec."""
    return json.dumps({"version": 1, "meetings": meetings()})


PERSONAL_KEYS = ["m11", "m29", "m47"]
"""The meetings that Zoom puts on the personal id of their host, without a declared `use_pmi: true`."""

_FINDING = re.compile(r"warning\[refresh\.personal-id\]: .*\n  = (\S+): .*\n  = hint: .*\n")

_BOOKED = re.compile(r"warning\[calendar\.double-booked\]: (?:.+\n)+")
"""The sixty are booked twice on purpose: few hosts, and many kinds of meetings."""

_COUNTED = re.compile(r"… \d+ more of (?:refresh\.personal-id|calendar\.double-booked).*\n")


def split_personal(out: str) -> tuple[list[str], str]:
    """Return the keys that a text output warns about for their personal id, and the text without that.

    A text names three of them, and counts the rest.
    """
    left = _COUNTED.sub("", _BOOKED.sub("", _FINDING.sub("", out)))
    return _FINDING.findall(out), left.lstrip("\n")


class Zoom:
    """The emulator of a shell's folder, as a person who clicks in Zoom's web page meets it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / ".reconciler" / "sandbox"

    def switch(self, **switches: Any) -> None:
        """Change its switches, for every later command."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "switches.json").write_text(json.dumps(switches))

    def click(self, method: str, path: str, body: Any = None) -> None:
        """Change something that the API can change."""
        world = sandbox_world.World()
        world.app = self._opened().app
        answer = world.send(method, f"/v2/meetings/{path}", body)
        assert answer.status_code == 204, answer.text

    def make(self, host: str, body: Any) -> None:
        """Create a meeting, as somebody else does."""
        world = sandbox_world.World()
        world.app = self._opened().app
        world.create(body, host)

    def admin(self, **change: Any) -> None:
        """Change users as an admin does: `rename`, `rehost`, `leave`."""
        world = sandbox_world.World()
        world.app = self._opened().app
        answer = world.send("POST", "/sandbox/users", change)
        assert answer.status_code == 200, answer.text

    def meddle(self, number: int, **document: Any) -> None:
        """Change a meeting in a way that no request can."""
        sandbox = self._opened()
        meeting = sandbox.account.meeting(number)
        assert meeting is not None
        host = (
            sandbox.account.provide(document["host_email"]).id
            if "host_email" in document
            else meeting.host_id
        )
        changed = {**meeting.document, **document, "host_id": host}
        sandbox.account.put(replace(meeting, host_id=host, document=changed))
        sandbox.app.emulator.save()

    def delete_in_portal(self, number: int) -> None:
        """Delete a meeting as a person does in Zoom's web portal, also one that the API does not delete."""
        sandbox = self._opened()
        sandbox.account.put(replace(self.meeting(number), deleted=True))
        sandbox.app.emulator.save()

    def read(self, number: int) -> dict[str, Any]:
        """Return a meeting as a read shows it."""
        world = sandbox_world.World()
        world.app = self._opened().app
        body: dict[str, Any] = world.send("GET", f"/v2/meetings/{number}").json()
        return body

    def meeting(self, number: int) -> StoredMeeting:
        """Return a meeting as the emulator stores it."""
        found = self._opened().account.meeting(number)
        assert found is not None
        return found

    def _opened(self) -> Sandbox:
        return Sandbox.open(self.folder, now=None, real_now=lambda: datetime.now(UTC))


def _document_example() -> dict[str, Any]:
    name = "every-field-of-the-document.wrong.yaml"
    read = sources.read_sources([name], Settings(), CASES / "example")
    parsed = spec.parse(read.files, Settings()).spec
    assert parsed is not None
    declared = parsed.meetings["example"]
    return {"host": declared.host, **declared.attributes}
