"""The generated text of a spec: its shape, its comments, and the defaults and keys around it."""

from __future__ import annotations

from typing import Any

from builders import one_off, weekly

from reconciler.live import generate
from reconciler.live._from_zoom import ImportedMeeting
from reconciler.live.generate import Skipped, SkippedSummary, SpecContext
from reconciler.spec import spec
from reconciler.spec.layout.layout import lay_out
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source, parse

HOST = "ada@example.com"


def imported(number: int, attributes: dict[str, Any], *, host: str = HOST, **more: Any) -> ImportedMeeting:
    return ImportedMeeting(81_234_567_000 + number, host, attributes, stored={}, **more)


def lines(*declared: ImportedMeeting, left: tuple[Skipped, ...] = (), **around: Any) -> str:
    return generate.render(declared, SkippedSummary(left), SpecContext(**around))


WHOLE = """\
# yaml-language-server: $schema=meetings.schema.json
# 1 meeting has a passcode: Zoom keeps it, and none is written here.
version: 1

defaults:
  host: ada@example.com
  duration: 45  # minutes
  settings:
    approval_type: 0  # people register and are in

meetings:
  call-2:
    topic: Call 2
    start_time: 2027-01-11T10:00:00
    timezone: Europe/Berlin
    repeat: {every: week, on: mon, times: 20}  # until 24 May 2027

  # First remark \\u202e.
  # Second remark.
  call-10:
    topic: Call 10
    type: 2  # once, at a fixed time
    start_time: 2027-01-14T15:00:00Z

  other:
    host: bob@example.com
    topic: Other
    type: 2  # once, at a fixed time
    start_time: 2027-01-14T15:00:00Z

# `apply` records these meetings. After that the list can be removed.
imports:
  - {id: 81234567002, to: call-2}
  - {id: 81234567001, to: call-10}
  - {id: 81234567003, to: other}

# Left out: it is a webinar.
#   1  ada@example.com  A talk
#   2  ada@example.com  (a topic with a secret in it)

# Left out: a series without an end.
#   3  ada@example.com  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…

# Left out: 4 recorded or declared already, 5 over.
"""


def test_a_generated_spec_reads_like_a_written_one() -> None:
    """It is sorted by host and by natural order of keys, and explains numbers."""
    common = {"duration": 45, "settings": {"approval_type": 0}}
    declared = (
        imported(1, one_off(topic="Call 10", **common), remarks=("First remark \u202e.", "Second remark.")),
        imported(2, weekly(topic="Call 2", **common), has_passcode=True),
        imported(3, one_off(topic="Other", **common), host="bob@example.com"),
    )
    left = (
        Skipped(1, HOST, "A talk", "it is a webinar"),
        Skipped(3, HOST, "x" * 80, "a series without an end"),
        Skipped(2, HOST, "see https://zoom.example/j/1?pwd=abc", "it is a webinar"),
    )

    assert generate.render(declared, SkippedSummary(left, known=4, expired=5), SpecContext()) == WHOLE


def test_the_defaults_of_the_settings_file_are_subtracted() -> None:
    """They merge into every spec, and an imported meeting must not change by that."""
    settings = Settings(defaults={"duration": 45, "settings": {"waiting_room": True, "use_pmi": False}})
    declared = ImportedMeeting(
        7, HOST, one_off(duration=None), stored={"duration": 60, "settings": {"use_pmi": False}}
    )

    text = generate.render((declared,), SkippedSummary(), SpecContext(settings.defaults))
    parsed = spec.parse([Source("m.yaml", text.encode())], settings).spec

    assert parsed is not None
    assert parsed.meetings["launch-review"].attributes == one_off(duration=60, settings={"use_pmi": False})


def test_keys_that_are_in_use_are_not_assigned() -> None:
    assert "launch-review-2:\n" in lines(imported(1, one_off()), taken={"launch-review"})


def test_alternative_hosts_of_three_meetings_are_a_list_of_people() -> None:
    """Two meetings, or one address, are written as they are; the text reads back as what was stored."""
    three = [
        "bob@example.com; Ada@example.com",
        "ada@example.com;bob@example.com",
        "bob@example.com;ada@example.com",
    ]
    hosts = [*three, "bob@example.com", "eve@example.com;bob@example.com"]
    declared = [
        imported(index, one_off(topic=f"T {index}", settings={"alternative_hosts": each}))
        for index, each in enumerate(hosts)
    ]

    text = lines(*declared, taken_people={"bob-and-ada"})
    parsed = spec.parse([Source("m.yaml", text.encode())], Settings()).spec

    assert "people:\n  bob-and-ada-2: [bob@example.com, Ada@example.com]\n" in text
    assert text.count("alternative_hosts: [bob-and-ada-2]") == 3
    assert parsed is not None
    assert [each.attributes["settings"]["alternative_hosts"] for each in parsed.meetings.values()] == [
        *["bob@example.com;Ada@example.com"] * 3,
        "bob@example.com",
        "eve@example.com;bob@example.com",
    ]


def test_what_is_written_is_in_the_layout_of_fmt() -> None:
    settings = {"alternative_hosts": "ada@example.com;bob@example.com", "waiting_room": True}
    series = weekly(topic="Weekly", agenda="One", settings=settings)
    exceptions = {"2027-02-01": "skip", "2027-02-08": {"start_time": "2027-02-09 10:00", "duration": 30}}
    other = one_off(topic="Other", settings=settings)
    room = {"topic": "Room", "type": 3}

    text = lines(
        imported(1, series, exceptions=exceptions), imported(2, other, host="bob@example.com"),
        imported(3, room), defaults={"timezone": "Asia/Tokyo"},
    ).encode()  # fmt: skip

    assert lay_out(parse(Source("meetings.yaml", text)), text) == text
