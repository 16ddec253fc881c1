"""An organisation: 40 teams with 5,000 hosts and 60,000 meetings, a state and a folder for each team.

    python organisation.py

Prints what a plan of each team takes, beside the lean way over the same files, and when the last meeting of
a first rollout lands: on the day of its turn, and how long that day's requests take at the account's pace.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import zlib
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import generate
from measure import SURROUNDINGS, Command, Sample, run
from reach import Line, report

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
WORK = HERE / ".work"
SCHEMA = HERE.parent / "schemas" / "meetings.schema.json"
PYTHON = sys.executable
RECONCILER = str(Path(PYTHON).with_name("reconciler"))

TEAMS, HOSTS, MEETINGS = 40, 125, 1_500
"""Teams, and the hosts and meetings of each: 5,000 and 60,000 together."""

PACE = 20
"""Requests a second that Zoom takes from an account of the plan `pro`, all teams together."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """The first rollout of one team: its requests by the UTC day of their turns, from day 1."""

    requests: dict[int, int]


def folder(team: int) -> Path:
    """The folder of one team, which is made where it is missing."""
    made_by = zlib.crc32(Path(generate.__file__).read_bytes() + Path(__file__).read_bytes())
    place = WORK / f"{generate.first_day():%Y}-{made_by:08x}-teams" / f"{team:02}"
    if not (place / "state.json").exists():
        place.mkdir(parents=True, exist_ok=True)
        declared = meetings(team)
        (place / "meetings.yaml").write_text(generate.as_yaml(declared))
        (place / "state.json").write_text(generate.as_state(generate.recorded(declared)))
    return place


def meetings(team: int) -> dict[str, generate.Meeting]:
    """The meetings of one team. A few hosts have many of them, as in every organisation; no host has none."""
    chance = Random(team)
    weights = list(accumulate(1 / (rank + 2) for rank in range(HOSTS)))
    ranks = [*range(HOSTS), *chance.choices(range(HOSTS), cum_weights=weights, k=MEETINGS - HOSTS)]
    made = generate.meetings(MEETINGS, seed=team)
    return {
        key: body | {"host": f"host-{rank:03}@team-{team:02}.example.com"}
        for (key, body), rank in zip(made.items(), ranks, strict=True)
    }


def plan(team: int) -> Sample:
    """What the daily plan of one team takes."""
    arguments = (RECONCILER, "plan", "meetings.yaml", "--state", "state.json")
    return run(Command(f"team {team}", arguments, folder(team)))


def lean(team: int) -> Sample:
    """What the lean way takes over the same files."""
    arguments = (PYTHON, str(HERE / "lean.py"), "meetings.yaml", "state.json", str(SCHEMA))
    return run(Command(f"lean, team {team}", arguments, folder(team)))


def rollout(team: int) -> Rollout:
    """The turns of a first rollout, where nothing is recorded."""
    arguments = (RECONCILER, "plan", "meetings.yaml", "--state", "nothing.json", "--format", "json")
    done = subprocess.run(arguments, cwd=folder(team), env=SURROUNDINGS, check=True, capture_output=True)
    document = json.loads(done.stdout)
    first = date.fromisoformat(document["planned_at"][:10])
    requests: dict[int, int] = {}
    for step in document["steps"]:
        day = (date.fromisoformat(step["day"]) - first).days + 1
        requests[day] = requests.get(day, 0) + step["requests"]
    return Rollout(requests)


def together(rollouts: Iterable[Rollout]) -> dict[int, int]:
    """The requests of all teams, by day."""
    total: dict[int, int] = {}
    for each in rollouts:
        for day, count in each.requests.items():
            total[day] = total.get(day, 0) + count
    return dict(sorted(total.items()))


def lines(*, teams: int = TEAMS) -> list[Line]:
    """Every figure of the organisation."""
    for team in range(teams):
        folder(team)
    run(Command("first", (RECONCILER, "--version"), WORK))  # compiles the modules
    ours = [plan(team) for team in range(teams)]
    leanest = [lean(team) for team in range(0, teams, 5)]
    days = together(rollout(team) for team in range(teams))
    wall, memory = [each.wall for each in ours], max(each.memory for each in ours)
    cpu, lean_cpu = (statistics.median(each.cpu for each in taken) for taken in (ours, leanest))
    print(f"\n{teams} teams: a plan {statistics.median(wall):.2f} s, {cpu:.2f} s of CPU")
    print(f"  {memory:.0f} MiB at most")
    print(f"  all, one after the other: {sum(wall):.0f} s")
    for day, count in days.items():
        print(f"  day {day}: {count:,} requests, {count / PACE / 60:.0f} minutes at {PACE} a second")
    return [
        Line("plan of a team of 1,500: CPU, in times of the lean way", cpu / lean_cpu, 2),
        Line("plan of a team: MiB at its peak", memory, 120),
        Line("60,000 new meetings: the day on which the last one lands", max(days), 3),
        Line(
            "60,000 new meetings: hours of the busiest day at the pace", max(days.values()) / PACE / 3600, 1
        ),
    ]


if __name__ == "__main__":
    sys.exit(report(lines()))
