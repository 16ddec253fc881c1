"""Meetings from a seed, and the state of a team that applied nearly all of them.

A world of N meetings is a folder with

    meetings.yaml   N meetings of 28 lines, 40 % of them series
    recorded.yaml   what was applied: 5 % differ in one field, 1 % are missing
    state.json      the same as this program records it
    bad/            meetings.yaml with one wrong value, in the middle
    dates/          the same two, where each series skips a closure of 12 days and has 2 exceptions

Starts lie in the year after this one, so that no meeting is over.
"""

from __future__ import annotations

import argparse
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SEED = 8
CLOSURE = "office"
NOT_RECORDED = ("host", "skip", "exceptions")
HOSTS = 60
SERIES_SHARE = 0.4
CHANGED_SHARE = 0.05
MISSING_SHARE = 0.01
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", "Europe/London")
WORDS = ("platform", "design", "sales", "support", "finance", "data", "growth", "infra", "mobile", "legal")
KINDS = ("weekly", "review", "sync", "retro", "planning", "office hours", "demo")

Meeting = dict[str, Any]


def meetings(count: int, seed: int = SEED) -> dict[str, Meeting]:
    """`count` meetings by key; the same for the same seed and year."""
    chance = random.Random(seed)
    series_every = round(1 / SERIES_SHARE * 2)  # two of five
    return {f"team-{n:06}": meeting(n, n % series_every in {0, 2}, chance) for n in range(count)}


def meeting(number: int, is_series: bool, chance: random.Random) -> Meeting:  # noqa: FBT001 - it says what is made
    """One meeting of 28 lines, with the line of its key."""
    start = first_day() + timedelta(
        days=chance.randrange(300), hours=chance.randint(7, 18), minutes=number % 60
    )
    subject = f"{chance.choice(WORDS)} {chance.choice(KINDS)}"
    body: Meeting = {
        "host": f"host-{number % HOSTS:02}@example.com",
        "topic": f"{subject} {number}",
        "agenda": f"What the {subject} is about: news, numbers, next steps.",
        "type": 8 if is_series else 2,
        "start_time": f"{start:%Y-%m-%dT%H:%M:%S}",
        "timezone": chance.choice(ZONES),
        "duration": chance.choice((15, 30, 45, 60, 90)),
    }
    if is_series:
        day = str(start.isoweekday() % 7 + 1)
        body["recurrence"] = {
            "type": 2,
            "repeat_interval": chance.randint(1, 2),
            "weekly_days": day,
            "end_times": chance.randint(8, 40),
        }
    body["settings"] = settings(is_series, chance)
    return body


def settings(is_series: bool, chance: random.Random) -> Meeting:  # noqa: FBT001 - it says what is made
    """Fourteen settings, and rooms for a one-off, which has no recurrence."""
    chosen: Meeting = {
        name: chance.choice((True, False))
        for name in (
            "host_video",
            "participant_video",
            "mute_upon_entry",
            "waiting_room",
            "focus_mode",
            "email_notification",
            "alternative_hosts_email_notification",
            "meeting_authentication",
            "watermark",
        )
    }
    chosen |= {
        "use_pmi": False,
        "audio": chance.choice(("both", "voip")),
        "auto_recording": chance.choice(("none", "cloud", "local")),
        "contact_email": f"contact-{chance.randrange(99)}@example.com",
        "alternative_hosts": f"deputy-{chance.randrange(HOSTS):02}@example.com",
    }
    if not is_series:
        people = [f"person-{chance.randrange(999)}@example.com" for _ in range(2)]
        chosen["breakout_room"] = {"enable": True, "rooms": [{"name": "Room 1", "participants": people}]}
    return chosen


def first_day() -> datetime:
    """The first of February of the year after this one."""
    return datetime(datetime.now(UTC).year + 1, 2, 1, tzinfo=UTC)


def recorded(declared: dict[str, Meeting]) -> dict[str, Meeting]:
    """What was applied before: some meetings with another duration, some missing."""
    changed_every, missing_every = round(1 / CHANGED_SHARE), round(1 / MISSING_SHARE)
    return {
        key: {**body, "duration": body["duration"] + 5} if number % changed_every == 1 else body
        for number, (key, body) in enumerate(declared.items())
        if number % missing_every != missing_every // 2
    }


def with_dates(declared: dict[str, Meeting]) -> dict[str, Meeting]:
    """The meetings, where each series skips the closure, one date more, and moves another one."""
    return {
        key: {**body, **own_dates(body)} if "recurrence" in body else body for key, body in declared.items()
    }


def own_dates(body: Meeting) -> Meeting:
    """What a series declares about its single dates."""
    _, _, skipped, moved, *_ = days_of(body)
    start = f"{moved + timedelta(days=1)}T{body['start_time'][11:]}"
    return {
        "skip": CLOSURE,
        "exceptions": {f"{skipped}": "skip", f"{moved}": {"start_time": start, "duration": 30}},
    }


def days_of(body: Meeting) -> list[date]:
    """The days of a weekly series."""
    first = datetime.fromisoformat(body["start_time"]).date()
    rule = body["recurrence"]
    return [first + timedelta(weeks=rule["repeat_interval"] * n) for n in range(rule["end_times"])]


def done_dates(body: Meeting) -> Meeting:
    """What a state keeps about the dates of a series that are as declared."""
    if "exceptions" not in body:
        return {}
    done: Meeting = {f"{day}": "skip" for day in days_of(body) if day in closed_days()}
    for day, own in body["exceptions"].items():
        if own == "skip":
            done[day] = own
        else:
            local = datetime.fromisoformat(own["start_time"]).replace(tzinfo=ZoneInfo(body["timezone"]))
            done[day] = {**own, "start_time": f"{local.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    return done


def closed_days() -> set[date]:
    """The 12 days of the closure."""
    year = first_day().year
    ranges = (date(year, 12, 24), 9), (date(year, 4, 5), 1), (date(year, 5, 17), 1), (date(year, 5, 1), 1)
    return {first + timedelta(days=n) for first, count in ranges for n in range(count)}


def closure() -> str:
    """The closure as a spec file has it."""
    year = first_day().year
    days = f"{year}-12-24..{year + 1}-01-01, {year}-04-05, {year}-05-17, {year}-05-01"
    return f"closures:\n  {CLOSURE}: [{days}]\n"


def as_yaml(declared: dict[str, Meeting]) -> str:
    """A spec file, in block style, as people write it."""
    return "version: 1\nmeetings:\n" + "".join(
        f"  {key}:\n" + "".join(block(body, "    ")) for key, body in declared.items()
    )


def block(body: Meeting, indent: str) -> list[str]:
    """The lines of a mapping, one scalar a line."""
    lines = []
    for name, value in body.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:\n", *block(value, indent + "  ")]
        elif name == "rooms":
            room = value[0]
            lines += [f"{indent}{name}:\n", f"{indent}  - name: {room['name']}\n"]
            lines += [f"{indent}    participants: [{', '.join(room['participants'])}]\n"]
        else:
            lines.append(f"{indent}{name}: {scalar(value)}\n")
    return lines


def scalar(value: object) -> str:
    """Text as it stands, unless it would be read as a number."""
    is_plain = isinstance(value, str) and not value.isdigit() and ": " not in value
    return str(value) if is_plain else json.dumps(value)


def as_state(applied: dict[str, Meeting]) -> str:
    """The state document: a line for each meeting, sorted."""
    lines = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(record(number, applied[key]), separators=(',', ':'), sort_keys=True)}"
        for number, key in enumerate(sorted(applied))
    )
    head = '{"format_version":"1.0",\n"lineage":"benchmark",\n"serial":1,\n"origin":"",\n"meetings":{\n'
    return head + lines + '\n},\n"intents":{},\n"retired":[],\n"usage":{},\n"hosts":{}\n}\n'


def record(number: int, body: Meeting) -> Meeting:
    """What a state keeps of a meeting."""
    dates = done_dates(body)
    return {
        "id": 80_000_000_000 + number,
        "host": body["host"],
        "created_at": "2026-11-01T09:00:00Z",
        "attributes": {name: value for name, value in body.items() if name not in NOT_RECORDED},
        "observed": {},
        "protect": False,
        **({"exceptions": dates} if dates else {}),
    }


def write(folder: Path, count: int, seed: int = SEED) -> Path:
    """Put a world of `count` meetings into `folder`; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    declared = meetings(count, seed)
    applied = recorded(declared)
    text = as_yaml(declared)
    (folder / "meetings.yaml").write_text(text)
    (folder / "recorded.yaml").write_text(as_yaml(applied))
    (folder / "state.json").write_text(as_state(applied))
    dated = with_dates(declared)
    dates = folder / "dates"
    dates.mkdir(exist_ok=True)
    (dates / "meetings.yaml").write_text(as_yaml(dated).replace("meetings:", closure() + "meetings:", 1))
    (dates / "state.json").write_text(as_state(recorded(dated)))
    middle = text.index("    duration: ", text.index(f"  team-{count // 2:06}:"))
    bad = folder / "bad"
    bad.mkdir(exist_ok=True)
    (bad / "meetings.yaml").write_text(
        text[:middle] + text[middle:].replace("    duration: ", "    duration: PT", 1)
    )
    return folder


def write_files(folder: Path, declared: dict[str, Meeting], count: int) -> None:
    """Write the meetings into `count` files of `folder`, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    items = list(declared.items())
    size = -(-len(items) // count)
    for number, start in enumerate(range(0, len(items), size)):
        (folder / f"{number:02}.yaml").write_text(as_yaml(dict(items[start : start + size])))


def main() -> None:
    """Write one world."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    print(write(given.folder, given.count, given.seed))


if __name__ == "__main__":
    main()
