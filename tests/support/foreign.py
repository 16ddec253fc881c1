"""Meetings that somebody else made: of every type and rule, with odd topics and settings."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sandbox_world import World

HOSTS = ("ada@example.com", "grace@example.com", "alan@example.com")
ZONES = ("Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata")
TOPICS = (
    "Platform weekly",
    "Retro: what hurts?",
    "1:1 Ada / Grace #2",
    "週次ミーティング",
    "Übung & Größe",
    'say "hi" \\ there',
    "no",
    "2027",
    "line\nbreak",
    "turned \u202eround",
    "🚀 Launch",
    "- dash",
    "x" * 190,
    "{curly}: [brackets]",
)
DERIVED = ("global_dial_in_numbers",)
"""What Zoom makes of other settings."""

RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("2027-01-11T10:00:00", {"type": 2, "weekly_days": "2", "end_times": 20}),
    ("2027-01-12T15:30:00", {"type": 2, "repeat_interval": 2, "weekly_days": "3,5", "end_times": 50}),
    ("2027-01-04T09:00:00", {"type": 1, "repeat_interval": 3, "end_date_time": "2027-03-31T21:59:59Z"}),
    ("2027-01-31T18:00:00", {"type": 3, "monthly_day": 31, "end_times": 6}),
    ("2027-01-29T08:15:00", {"type": 3, "monthly_week": -1, "monthly_week_day": 6, "end_times": 12}),
    ("2026-12-02T23:30:00", {"type": 2, "weekly_days": "4", "end_date_time": "2027-06-01T00:00:00Z"}),
    ("2026-12-01T12:00:00", {"type": 1, "end_times": 30}),
)
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"waiting_room": True},
    {"waiting_room": True, "mute_upon_entry": True, "auto_recording": "cloud"},
    {"join_before_host": True, "jbh_time": 10, "host_video": True, "audio": "voip"},
    {"approval_type": 0, "registrants_confirmation_email": False, "show_share_button": True},
    {"approval_type": 1, "close_registration": True, "registrants_email_notification": False},
    {"breakout_room": {"enable": True, "rooms": [{"name": "One", "participants": ["a@example.com"]}]}},
    {
        "alternative_hosts": "grace@example.com;alan@example.com",
        "alternative_hosts_email_notification": False,
    },
    {"meeting_authentication": True, "authentication_domains": "example.com,example.org"},
    {
        "contact_name": "Front desk",
        "contact_email": "desk@example.com",
        "global_dial_in_countries": ["DE", "US"],
    },
    {
        "language_interpretation": {
            "enable": True,
            "interpreters": [{"email": "m@example.com", "interpreter_languages": "English,French"}],
        }
    },
    {
        "waiting_room": True,
        "waiting_room_options": {"mode": "custom", "who_goes_to_waiting_room": "everyone"},
    },
    {"email_notification": False, "watermark": True, "encryption_type": "e2ee", "private_meeting": True},
    {"continuous_meeting_chat": {"enable": False}, "focus_mode": True, "use_pmi": False},
    {
        "question_and_answer": {
            "enable": True,
            "allow_submit_questions": True,
            "question_visibility": "answered",
        }
    },
    {"approved_or_denied_countries_or_regions": {"enable": True, "method": "deny", "denied_list": ["XX"]}},
    {"auto_start_meeting_summary": True, "who_will_receive_summary": 3},
    {"auto_start_ai_companion_questions": True, "who_can_ask_questions": 2},
)


def bodies(count: int, *, seed: int = 7) -> list[tuple[str, dict[str, Any]]]:
    """So many (host, create body), the same for the same seed."""
    choice = random.Random(seed)
    return [(choice.choice(HOSTS), _body(number, choice)) for number in range(count)]


def fill(zoom: World, count: int) -> list[int]:
    """Have somebody else create them; their ids."""
    return [zoom.create(body, host)["id"] for host, body in bodies(count)]


def essence(body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a copy of a meeting has in common with it: its type, its settings, and when it will take place."""
    since = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    dates = [one["start_time"] for one in body.get("occurrences", ()) if one["start_time"] > since]
    names = ("host_email", "topic", "type", "timezone", "duration", *(("start_time",) if not dates else ()))
    settings = {name: value for name, value in body["settings"].items() if name not in DERIVED}
    people = sorted(settings.pop("alternative_hosts").replace(",", ";").split(";"))
    tracked = sorted((one["field"], one["value"]) for one in body.get("tracking_fields", ()))
    plain = {name: body.get(name) for name in names} | {"agenda": body.get("agenda") or None}
    if body["type"] == 3:  # a room, in which a zone has no effect
        del plain["timezone"]
    return plain | {"settings": _ordered(settings), "people": people, "tracked": tracked, "dates": dates}


def _ordered(value: Any) -> Any:
    """The same with every list sorted."""
    if isinstance(value, dict):
        return {name: _ordered(inner) for name, inner in value.items()}
    return sorted(map(_ordered, value), key=str) if isinstance(value, list) else value


def _body(number: int, choice: random.Random) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "topic": TOPICS[number % len(TOPICS)],
        "timezone": choice.choice(ZONES),
        "settings": SETTINGS[number % len(SETTINGS)],
    }
    plain |= choice.choice(
        ({}, {}, {"agenda": "One topic, then another"}, {"agenda": "First:\n\n- one\n- two: 2"})
    )
    plain |= choice.choice(({}, {}, {"duration": 30}, {"duration": 45}))
    plain |= choice.choice(({}, {}, {"tracking_fields": [{"field": "Team", "value": "Core"}]}))
    plain |= choice.choice(({}, {}, {"password": "lift-off-7"}))
    kind = (2, 8, 8, 3)[number % 4]
    if kind == 3:
        return {**plain, "type": 3}
    if kind == 2:
        return {**plain, "type": 2, "start_time": f"2027-02-{1 + number % 28:02}T{number % 24:02}:30:00"}
    start, rule = RULES[number % len(RULES)]
    return {**plain, "type": 8, "start_time": start, "recurrence": rule}
