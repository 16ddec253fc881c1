"""Rules of series that are written as `repeat`: only those that mean the same then."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.spec import spec
from reconciler.spec.layout import layout, rules
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Source

TIED = """\
  anchored:
    topic: Anchored
    type: 8
    start_time: 2027-01-11T12:00:00
    recurrence: &rule {type: 1, repeat_interval: 1, end_times: 5}

  repeated:
    topic: Aliased
    type: 8
    start_time: 2027-01-11T13:00:00
    recurrence: *rule
"""
"""Rules that an anchor ties together: they stay as they are."""

SPEC = (
    """\
version: 1
defaults: {host: a@example.com, timezone: Europe/Berlin, duration: 30}
meetings:
  weekly:
    topic: Weekly
    type: 8  # a series
    start_time: 2027-01-11T10:00:00
    # the rule
    recurrence: # since 2020
      # on two days
      weekly_days: "3,2" # Monday, too
      type: 2
      end_date_time: 2027-06-30T21:59:59Z
      # until summer
  monthly: {topic: M, type: 8, start_time: 2027-01-15T17:00:00,
    recurrence: {type: 3, repeat_interval: 2, monthly_day: 15, end_times: 6}}
"""
    + TIED
)

WRITTEN = (
    """\
version: 1

defaults: {host: a@example.com, duration: 30, timezone: Europe/Berlin}

meetings:
  weekly:
    topic: Weekly
    start_time: 2027-01-11T10:00:00
    # a series
    # the rule
    # on two days
    # Monday, too
    # until summer
    repeat: {every: week, on: [mon, tue], until: "2027-06-30"}  # since 2020

  monthly: {topic: M, start_time: 2027-01-15T17:00:00, repeat: {every: 2 months, on: 15, times: 6}}

"""
    + TIED
)


def parsed(*sources: Source) -> spec.ParseResult:
    return spec.parse(sources, Settings())


def written(source: Source) -> tuple[Source, frozenset[str]]:
    """The file with its rules as `repeat`, and the files that would not be the same."""
    before = parsed(source)
    repeats = rules.repeats_by_file(before).get(source.filename, {})
    new = layout.lay_out(documents.parse(source), source.content, repeats)
    after = replace(source, content=new)
    return after, rules.changed_files(before, parsed(after))


def test_a_rule_is_written_as_repeat_with_its_comments_above() -> None:
    source, changed = written(Source("a.yaml", SPEC.encode()))

    assert source.content.decode() == WRITTEN
    assert changed == frozenset()
    assert written(source) == (source, frozenset())


def test_a_rule_that_is_partly_a_default_stays() -> None:
    """As `repeat` it would replace the default's part."""
    text = (
        "version: 1\n\n"
        "defaults:\n  host: a@example.com\n  timezone: Europe/Berlin\n  recurrence: {end_times: 5}\n\n"
        "meetings:\n  a:\n    topic: A\n    type: 8\n    start_time: 2027-01-11T10:00:00\n    duration: 30\n"
        "    recurrence: {type: 1, repeat_interval: 1}\n"
    )

    assert written(Source("a.yaml", text.encode())) == (Source("a.yaml", text.encode()), frozenset())


def test_a_file_whose_meeting_is_another_one_is_named() -> None:
    before = parsed(Source("a.yaml", SPEC.encode()))

    later = parsed(Source("a.yaml", SPEC.replace("2027-01-11T10", "2027-01-11T11").encode()))
    broken = parsed(Source("a.yaml", SPEC.replace("topic: Weekly", "topik: Weekly").encode()))

    assert rules.changed_files(before, later) == {"a.yaml"}
    assert rules.changed_files(before, broken) == {"a.yaml"}
