"""Ours beside the lean way, the straightforward way, octoDNS and Terraform: ratios of one run.

    python bench.py [--quick]

Every round runs each program once, as a whole process, so that all share the machine's weather;
figures are medians. The worlds stay in benchmarks/.work, since they follow from a seed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import zlib
from pathlib import Path

import apply
import generate
import organisation
import page
import storage
import teams
from measure import Command, Sample, medians
from peers import octodns_world, terraform_world
from reach import Line, report

HERE = Path(__file__).parent
WORK = HERE / ".work"
SCHEMA = HERE.parent / "schemas" / "meetings.schema.json"
PYTHON = sys.executable
RECONCILER = str(Path(PYTHON).with_name("reconciler"))
PEERS = Path(PYTHON).parent.parent / "peers" / "bin"

MAKERS = (generate, octodns_world, terraform_world)
"""What decides how a world looks: another one is made when they change."""

SMALL, LARGE, LARGEST = 1_000, 10_000, 100_000
LARGEST_FILES = 40
TERRAFORM_COUNT = SMALL
"""Its plan of 10,000 takes minutes."""

ROUNDS_START, ROUNDS_SMALL, ROUNDS_LARGE, ROUNDS_LARGEST = 21, 5, 5, 3
REFUSED = (1,)

Samples = dict[str, Sample]


def world(count: int) -> Path:
    """The folder of `count` meetings, for ours and for the peers."""
    made_by = zlib.crc32(b"".join(Path(str(each.__file__)).read_bytes() for each in MAKERS))
    folder = WORK / f"{generate.first_day():%Y}-{made_by:08x}-{count}"
    if not (folder / "config.yaml").exists():
        declared = generate.meetings(count)
        generate.write(folder, count)
        if count == TERRAFORM_COUNT:
            terraform_world.write(folder, generate.recorded(declared))
            terraform = [str(PEERS / "python"), str(HERE / "peers" / "terraform_plan.py"), ".", "init"]
            subprocess.run(terraform, cwd=folder, check=True, capture_output=True)
        octodns_world.write(folder, count)
    return folder


def ours(name: str, folder: Path, *arguments: str, statuses: tuple[int, ...] = (0,)) -> Command:
    """A verb of ours."""
    return Command(name, (RECONCILER, *arguments), folder, statuses)


def planners(count: int) -> list[Command]:
    """Everybody who can plan `count` meetings in reasonable time."""
    folder = world(count)
    files = ("meetings.yaml", "state.json", str(SCHEMA))
    commands = [
        ours("plan", folder, "plan", "meetings.yaml", "--state", "state.json"),
        ours("validate", folder, "validate", "meetings.yaml"),
        ours("plan with dates", folder / "dates", "plan", "meetings.yaml", "--state", "state.json"),
        ours("validate with dates", folder / "dates", "validate", "meetings.yaml"),
        Command("lean", (PYTHON, str(HERE / "lean.py"), *files), folder),
        Command("straightforward", (PYTHON, str(HERE / "straightforward.py"), *files), folder),
        Command("octodns", (str(PEERS / "octodns-sync"), "--config-file", "config.yaml"), folder),
    ]
    if count == TERRAFORM_COUNT:
        script = str(HERE / "peers" / "terraform_plan.py")
        commands.append(Command("terraform", (str(PEERS / "python"), script, ".", "plan"), folder))
    else:
        commands.append(
            ours("validate, one bad", folder / "bad", "validate", "meetings.yaml", statuses=REFUSED)
        )
        without = (PYTHON, str(HERE / "without_clashes.py"))
        commands.append(Command("validate, no clashes", (*without, "validate", "meetings.yaml"), folder))
        commands.append(ours("calendar", folder, "calendar", "meetings.yaml", "--format", "json"))
        planned = (*without, "plan", "meetings.yaml", "--state", "state.json")
        commands.append(Command("plan, no clashes", planned, folder))
    return commands


def largest() -> list[Command]:
    """A plan of an organisation in many files, and the lean way over the same meetings in one file."""
    made_by = zlib.crc32(Path(generate.__file__).read_bytes())
    folder = WORK / f"{generate.first_day():%Y}-{made_by:08x}-{LARGEST}-files"
    if not (folder / "specs").exists():
        generate.write(folder, LARGEST)
        generate.write_files(folder / "specs", generate.meetings(LARGEST), LARGEST_FILES)
    lean = (PYTHON, str(HERE / "lean.py"), "meetings.yaml", "state.json", str(SCHEMA))
    return [ours("plan", folder, "plan", "specs", "--state", "state.json"), Command("lean", lean, folder)]


def starts() -> list[Command]:
    """What it takes to come up at all."""
    folder = world(1)
    return [
        Command("python -c pass", (PYTHON, "-c", "pass"), folder),
        Command("bare click --help", (PYTHON, str(HERE / "bare_click.py"), "--help"), folder),
        ours("--version", folder, "--version"),
        ours("--help", folder, "--help"),
        ours("plan of one", folder, "plan", "meetings.yaml", "--state", "state.json"),
    ]


def show(title: str, samples: Samples) -> Samples:
    """The same, printed."""
    print(f"\n{title:<22} {'wall s':>9} {'CPU s':>9} {'MiB':>7}")
    for name, taken in samples.items():
        print(f"  {name:<20} {taken.wall:>9.3f} {taken.cpu:>9.3f} {taken.memory:>7.0f}", flush=True)
    return samples


def start_lines(taken: Samples) -> list[Line]:
    """The reach of the start."""
    none, click = taken["python -c pass"].wall, taken["bare click --help"].wall
    return [
        Line("--version, in times of python -c pass", taken["--version"].wall / none, 1.7),
        Line("--help, in times of a bare click program", taken["--help"].wall / click, 1.2),
        Line("plan of one meeting, in times of python -c pass", taken["plan of one"].wall / none, 9),
    ]


def small_lines(taken: Samples) -> list[Line]:
    """The reach at 1,000 meetings."""
    faster = taken["terraform"].wall / taken["plan"].wall
    return [Line("plan of 1,000: times faster than terraform plan", faster, 10, at_least=True)]


def large_lines(small: Samples, taken: Samples) -> list[Line]:
    """The reach at 10,000 meetings."""
    plan, straightforward, octodns = (taken[name].wall for name in ("plan", "straightforward", "octodns"))
    bad = taken["validate, one bad"].wall / taken["validate"].wall
    return [
        Line("plan of 10,000, in times of the lean way", plan / taken["lean"].wall, 1.2),
        Line("plan of 10,000: times faster than straightforward", straightforward / plan, 8, at_least=True),
        Line("plan of 10,000: times faster than octoDNS", octodns / plan, 5, at_least=True),
        Line("plan of 10,000: MiB at its peak", taken["plan"].memory, 250),
        *(
            Line(f"{verb} with closures and exceptions: CPU, in times of without", with_dates / without, 1.3)
            for verb in ("plan", "validate")
            for with_dates, without in [(taken[f"{verb} with dates"].cpu, taken[verb].cpu)]
        ),
        Line("plan: CPU of 10,000, in times of 1,000", taken["plan"].cpu / small["plan"].cpu, 9.5),
        *(
            Line(
                f"{verb} of 10,000: CPU, in times of without the check for clashes",
                taken[verb].cpu / taken[f"{verb}, no clashes"].cpu,
                1.25,
            )
            for verb in ("validate", "plan")
        ),
        Line("one bad meeting in 10,000, in times of a good run", bad, 1.3),
        Line(
            "calendar of 10,000 for a year, as JSON: CPU, in times of validate",
            taken["calendar"].cpu / taken["validate"].cpu,
            4,
        ),
    ]


def largest_lines(taken: Samples) -> list[Line]:
    """The reach at 100,000 meetings."""
    plan, lean = taken["plan"], taken["lean"]
    return [
        Line("plan of 100,000 in 40 files, in times of the lean way", plan.wall / lean.wall, 1.2),
        Line("plan of 100,000: memory, in times of the lean way", plan.memory / lean.memory, 1),
    ]


def lines(*, quick: bool, with_apply: bool) -> list[Line]:
    """Every figure."""
    reached = start_lines(show("start", medians(starts(), ROUNDS_START)))
    if not quick:
        show("100 meetings", medians(planners(100), ROUNDS_SMALL))
    small = show("1,000 meetings", medians(planners(SMALL), 3 if quick else ROUNDS_SMALL))
    reached += small_lines(small)
    if not quick:
        reached += large_lines(small, show("10,000 meetings", medians(planners(LARGE), ROUNDS_LARGE)))
        reached += page.lines(WORK, RECONCILER)
        reached += largest_lines(show("100,000 in 40 files", medians(largest(), ROUNDS_LARGEST)))
        reached += organisation.lines()
    print(flush=True)
    return reached + (
        [*apply.lines(quick=quick), *storage.lines(quick=quick), *teams.lines(quick=quick)]
        if with_apply
        else []
    )


def main() -> int:
    """Print every figure; 1 where one misses its reach."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="no 10,000 meetings, one apply")
    parser.add_argument("--no-apply", action="store_true", help="start, validate and plan only")
    given = parser.parse_args()
    if not PEERS.exists():
        print("The peers are not installed: make bench does it.", file=sys.stderr)
        return 1
    return report(lines(quick=given.quick, with_apply=not given.no_apply))


if __name__ == "__main__":
    sys.exit(main())
