"""A program that uses the package: `make package` checks its types against the wheel, and runs it."""

from datetime import UTC, datetime
from typing import assert_type

from reconciler.meeting.meeting import Meeting
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.plan import Plan, build
from reconciler.spec.settings import Settings
from reconciler.spec.spec import parse
from reconciler.spec.yaml.document import Source
from reconciler.state.state import State

TEXT = b"""\
version: 1
meetings:
  retro: {host: ada@example.com, topic: Retro, start_time: 2027-01-11T10:00:00Z, duration: 45}
"""

spec = parse([Source("meetings.yaml", TEXT)], Settings()).spec
assert spec is not None
assert_type(spec.meetings["retro"], Meeting)
plan = build(spec, State(), datetime(2026, 12, 1, tzinfo=UTC), Allowances(Limits(), {}))
assert_type(plan, Plan)
assert [(step.key, step.action.value) for step in plan.steps] == [("retro", "create")]
