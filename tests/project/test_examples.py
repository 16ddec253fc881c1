"""The examples are what people copy: each is valid, without a warning, and says what its file claims."""

from __future__ import annotations

import runpy
from collections import Counter
from datetime import UTC, datetime

import pytest
from paths import ROOT

from reconciler.calendar.findings import double_booked
from reconciler.calendar.hosts import Hosts
from reconciler.cli.main import run
from reconciler.cli.sources import sources
from reconciler.plan import plan
from reconciler.plan.budget import Allowances, Limits
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.state.state import State
from reconciler.views.text import diagnostics as text_diagnostics

EXAMPLES = ROOT / "examples"
SPECS = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("meetings.yaml"))
DEMO_NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
"""The emulator's clock in `make demo`."""


def parsed(name: str) -> spec.ParseResult:
    read = sources.read_sources([name], Settings(), EXAMPLES)
    assert read.diagnostics == ()
    return spec.parse(read.files, Settings())


@pytest.mark.parametrize("name", SPECS)
def test_an_example_is_valid_without_a_warning(name: str) -> None:
    assert text_diagnostics.diagnostics(parsed(name).diagnostics) == ""


@pytest.mark.parametrize("name", SPECS)
def test_no_example_books_a_host_twice(name: str) -> None:
    """`validate --strict` counts that too."""
    example = parsed(name)

    assert list(double_booked(example.meetings, DEMO_NOW, Hosts.of(Settings()), example.locate)) == []


@pytest.mark.parametrize("name", SPECS)
def test_an_example_names_its_schema_where_it_is(name: str) -> None:
    """The first line is for editors, and leads to the schema from the folder of the file."""
    path = EXAMPLES / name
    first, _, _ = path.read_text().partition("\n")

    label, _, schema = first.partition("=")

    assert label == "# yaml-language-server: $schema"
    assert (path.parent / schema).resolve() == EXAMPLES.parent / "schemas" / "meetings.schema.json"


def test_the_demo_creates_every_meeting_of_the_example() -> None:
    """Nothing in it is over, waits or comes late at the demo's instant."""
    declared = parsed("meetings.yaml").spec
    assert declared is not None

    made = plan.build(declared, State(), DEMO_NOW, Allowances(Limits(), {}))

    done = {name: count for name, count in made.summary.items() if count}
    assert done == {"create": len(declared.meetings)}
    assert made.diagnostics == ()


def test_the_rollout_takes_three_days() -> None:
    """240 meetings of one host, 100 requests a day of which 10 are kept back."""
    declared = parsed("rollout/meetings.yaml").spec
    assert declared is not None

    made = plan.build(declared, State(), DEMO_NOW, Allowances(Limits(), {}))

    days = Counter(step.day for step in made.steps)
    assert days == {"2026-12-01": 90, "2026-12-02": 90, "2026-12-03": 60}


def test_the_rollout_is_what_its_script_writes() -> None:
    rollout = EXAMPLES / "rollout"
    script = runpy.run_path(str(rollout / "generate.py"))

    assert (rollout / "meetings.yaml").read_text() == script["text"]()


def test_each_example_has_the_one_layout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The workflows among them are no specs, and are left alone."""
    monkeypatch.chdir(ROOT)

    status = run(["fmt", "--check", "examples"])

    assert (status, capsys.readouterr().out) == (0, "")
