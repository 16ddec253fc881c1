from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st
from paths import CASES

from reconciler.errors.diagnostic import Position, Severity, Span
from reconciler.meeting.meeting import Meeting
from reconciler.spec import settings, spec
from reconciler.spec._file import SpecFile
from reconciler.spec.defaults import merge, without_nulls
from reconciler.spec.lifecycle import Import, Moved, Removed
from reconciler.spec.settings import Settings
from reconciler.spec.spec import ParseResult, Spec
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source
from reconciler.views.text import diagnostics as text_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = CASES / "example/every-field-of-the-document.wrong.yaml"
BODY = "topic: Review, type: 3"


def parse(*texts: str, reconciler: str = "") -> ParseResult:
    conf = settings.parse(Source("reconciler.yaml", reconciler.encode())).settings
    assert conf
    return spec.parse(
        [Source(f"{name}.yaml", text.encode()) for name, text in zip("abc", texts, strict=False)], conf
    )


def declared(*texts: str, reconciler: str = "") -> Spec:
    found = parse(*texts, reconciler=reconciler)
    assert found.diagnostics == ()
    assert found.spec
    return found.spec


def places(*texts: str, reconciler: str = "") -> list[tuple[str, str, int, int, str | None]]:
    """(code, file, line, column, key) of every finding."""
    found = parse(*texts, reconciler=reconciler).diagnostics
    return [(d.code, d.span.filename, d.span.start.line, d.span.start.column, d.key) for d in found if d.span]


def test_a_spec_has_everything_that_was_declared() -> None:
    found = declared(
        f"version: 1\nmeetings:\n  weekly: {{host: a@b.c, protect: true, {BODY}}}\n"
        "moved:\n  - {from: old, to: weekly}\n"
        "imports:\n  - {id: 81234567890, to: again}\n",
        "version: 1\ndefaults: {host: d@b.c}\nmeetings:\n  again: {topic: Another, type: 3}\n"
        "removed:\n  - {key: retro, id: 81111111111, destroy: false}\n",
    )

    assert found == Spec(
        meetings={
            "again": Meeting(
                "again", "d@b.c", {"topic": "Another", "type": 3}, filename="b.yaml", line=4, column=3
            ),
            "weekly": Meeting(
                "weekly",
                "a@b.c",
                {"topic": "Review", "type": 3},
                protect=True,
                filename="a.yaml",
                line=3,
                column=3,
            ),
        },
        moved=(Moved("old", "weekly", Span("a.yaml", Position(5, 5), Position(5, 28))),),
        imports=(Import(81234567890, "again", Span("a.yaml", Position(7, 5), Position(7, 33))),),
        removed=(
            Removed(
                "retro", 81111111111, destroy=False, span=Span("b.yaml", Position(6, 5), Position(6, 50))
            ),
        ),
    )
    assert list(found.meetings) == ["again", "weekly"]


def test_no_files_declare_nothing() -> None:
    """The search for files decides whether that is an error."""
    assert declared() == Spec()


def test_mappings_are_merged_lists_are_replaced_and_null_removes() -> None:
    found = declared(
        """\
version: 1
defaults:
  type: 3
  timezone: null
  settings:
    use_pmi: false
    audio: both
    breakout_room: {enable: true}
    global_dial_in_countries: [US, DE]
meetings:
  one:
    topic: Review
    agenda: null
    settings:
      audio: null
      breakout_room: {rooms: [{name: first}], enable: null}
      global_dial_in_countries: [FR]
""",
        reconciler="defaults: {host: a@b.c, timezone: UTC, settings: {waiting_room: true, use_pmi: true}}",
    )

    assert (found.meetings["one"].host, found.meetings["one"].attributes) == (
        "a@b.c",
        {
            "type": 3,
            "topic": "Review",
            "settings": {
                "waiting_room": True,
                "use_pmi": False,
                "breakout_room": {"rooms": [{"name": "first"}]},
                "global_dial_in_countries": ["FR"],
            },
        },
    )


def test_merging_leaves_its_arguments_unchanged() -> None:
    base = {"a": {"b": 1, "c": None}, "d": [1]}
    over = {"a": {"b": 2}, "d": [None, {"x": None}]}
    before = copy.deepcopy((base, over))

    assert without_nulls(merge(base, over)) == {"a": {"b": 2}, "d": [{}]}
    assert (base, over) == before


def test_a_default_that_removes_holds_for_a_file_without_nulls_of_its_own() -> None:
    found = declared(
        f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}}}\n", reconciler="defaults: {timezone: null}"
    )

    assert "timezone" not in found.meetings["one"].attributes


def test_a_wrong_field_hides_no_finding_about_other_fields() -> None:
    """Rules about the other fields run at once; rules that depend on the wrong field do not."""
    assert places(
        """\
version: 1
meetings:
  one:
    host: a@b.c
    topic: Review
    type: 8
    start_time: 2027-01-12T10:00:00
    timezone: Europe/Berlin
    duration: long
    recurrence: {type: 2, weekly_days: "2", end_times: 3}
  two: {host: a@b.c, topic: Review, start_time: tomorrow, timezone: Europe/Atlantis, agenda: 5}
  three: {host: a@b.c, topic: Review, type: eight, recurrence: {end_times: 3}}
"""
    ) == [
        ("spec.wrong-form", "a.yaml", 9, 15, "one"),
        ("series.start-off-rule", "a.yaml", 10, 40, "one"),
        ("spec.wrong-form", "a.yaml", 11, 49, "two"),
        ("time.zone-unknown", "a.yaml", 11, 69, "two"),
        ("spec.wrong-type", "a.yaml", 11, 94, "two"),
        ("spec.wrong-type", "a.yaml", 12, 45, "three"),
    ]


def test_an_unknown_default_zone_is_found_whatever_is_wrong_with_the_meetings() -> None:
    """Nobody has to correct every start first to hear of the zone."""
    assert places(
        """\
version: 1
defaults: {host: a@b.c, timezone: Berlin}
meetings:
  one: {topic: Review, type: weekly}
  two: {topic: Retro, start: 2027-01-12T10:00:00, start_time: tomorrow}
"""
    ) == [
        ("time.zone-unknown", "a.yaml", 2, 35, None),
        ("spec.wrong-type", "a.yaml", 4, 30, "one"),
        ("spec.unknown-field", "a.yaml", 5, 23, "two"),
        ("spec.wrong-form", "a.yaml", 5, 63, "two"),
    ]


def test_a_wrong_meeting_hides_no_finding_about_another() -> None:
    assert places(
        """\
version: 1
meetings:
  one: {host: a@b.c, type: 3}
  two: {host: a@b.c, tpic: x}
  three: {host: a@b.c, topic: Review, type: 1}
  four: 5
"""
    ) == [
        ("meeting.topic-missing", "a.yaml", 3, 3, "one"),
        ("spec.unknown-field", "a.yaml", 4, 22, "two"),
        ("meeting.instant", "a.yaml", 5, 45, "three"),
        ("spec.wrong-type", "a.yaml", 6, 9, "four"),
    ]


def test_a_broken_file_hides_no_finding_about_another() -> None:
    assert places("a: [", "version: 1\nmeetings:\n  one: {host: a@b.c, type: 3}\n") == [
        ("yaml.syntax", "a.yaml", 1, 4, None),
        ("meeting.topic-missing", "b.yaml", 3, 3, "one"),
    ]


def test_a_wrong_value_of_a_default_is_reported_once_at_the_default() -> None:
    meetings = f"meetings:\n  one: {{{BODY}}}\n  two: {{topic: Two, type: 3}}\n"

    assert places(
        f"version: 1\n{meetings}",
        "version: 1\ndefaults: {timezone: Mars/Base}\nmeetings:\n  x: {topic: X, type: 3}\n",
        reconciler="defaults:\n  host: a@b.c\n  timezone: Europe/Berln\n",
    ) == [
        ("time.zone-unknown", "b.yaml", 2, 22, None),
        ("time.zone-unknown", "reconciler.yaml", 3, 13, None),
    ]


EARLY = "settings: {join_before_host: false, jbh_time: 10}"
TWO = "type: 2, start_time: 2027-01-14T15:00:00Z"


def test_a_default_without_effect_in_any_meeting_is_reported_once_at_the_default() -> None:
    meetings = f"one: {{topic: One, {TWO}}}, two: {{topic: Two, type: 3}}"

    assert places(f"version: 1\ndefaults: {{host: a@b.c, {EARLY}}}\nmeetings: {{{meetings}}}\n") == [
        ("meeting.no-effect", "a.yaml", 2, 71, None)
    ]


@pytest.mark.parametrize(
    "second",
    [
        f"topic: Two, {TWO}, settings: {{join_before_host: true}}",
        f"topic: Two, {TWO}, settings: {{jbh_time: null}}",
    ],
)
def test_a_default_that_a_meeting_can_use_is_not_reported(second: str) -> None:
    """A meeting that overrides it does not take it: then only the others count."""
    user = "join_before_host: true" in second

    found = places(
        f"version: 1\ndefaults: {{host: a@b.c, {EARLY}}}\n"
        f"meetings: {{one: {{topic: One, {TWO}}}, two: {{{second}}}}}\n"
    )

    assert [code for code, *_ in found] == ([] if user else ["meeting.no-effect"])


def test_a_default_of_the_settings_counts_over_all_files() -> None:
    room = "version: 1\nmeetings: {room: {topic: Room, type: 3}}\n"
    fixed = f"version: 1\nmeetings: {{once: {{topic: Once, {TWO}}}}}\n"
    defaults = "defaults: {host: a@b.c, timezone: Europe/Berlin, duration: 30}\n"

    assert [code for code, *_ in places(room, fixed, reconciler=defaults)] == []
    assert places(room, reconciler=defaults) == [
        ("meeting.no-effect", "reconciler.yaml", 1, 35, None),
        ("meeting.no-effect", "reconciler.yaml", 1, 60, None),
    ]


def test_a_default_beside_an_own_value_is_reported_at_the_own_one() -> None:
    text = f"""\
version: 1
defaults: {{host: a@b.c, {TWO}, settings: {{waiting_room: true, join_before_host: true}}}}
meetings:
  one: {{topic: One, settings: {{waiting_room: false}}}}
  two: {{topic: Two, settings: {{join_before_host: true}}}}
"""

    assert places(text) == [("meeting.no-effect", "a.yaml", 5, 50, "two")]


def test_a_template_without_effect_names_the_meetings_that_use_it() -> None:
    """Only if none of them can use it; and only those that take the value from it."""
    text = f"""\
version: 1
templates:
  early: {{settings: {{join_before_host: true, waiting_room: true}}}}
  late: {{settings: {{jbh_time: 10}}}}
defaults: {{host: a@b.c, {TWO}}}
meetings:
  one: {{topic: One, use: early}}
  two: {{topic: Two, use: early, settings: {{waiting_room: false}}}}
  three: {{topic: Three, use: late}}
  four: {{topic: Four, use: late}}
  five: {{topic: Five, use: late, settings: {{jbh_time: 0}}}}
"""

    assert [(each.code, each.detail) for each in parse(text).diagnostics] == [
        (
            "meeting.no-effect",
            (
                "`jbh_time` has an effect only with `join_before_host: true`. Here `join_before_host: false` "
                "holds. It concerns `three` and `four`."
            ),
        )
    ]


def test_a_host_in_a_list_of_people_is_no_mistake_of_the_meeting() -> None:
    """The list is for several hosts; an address that is written is the meeting's own."""
    text = f"""\
version: 1
people: {{leads: [a@b.c, d@b.c]}}
defaults: {{host: a@b.c, {TWO}}}
meetings:
  one: {{topic: One, settings: {{alternative_hosts: leads}}}}
  two: {{topic: Two, settings: {{alternative_hosts: [leads, x@b.c]}}}}
  three: {{topic: Three, settings: {{alternative_hosts: [A@b.c, x@b.c]}}}}
"""

    assert [(code, line) for code, _, line, *_ in places(text)] == [("meeting.no-effect", 7)]


def test_a_default_of_a_meeting_with_an_error_is_not_judged() -> None:
    """Nobody knows what it will be when the error is gone."""
    text = (
        f"version: 1\ndefaults: {{host: a@b.c, {EARLY}}}\n"
        f"meetings: {{one: {{topic: One, {TWO}}}, two: {{topic: Two, type: soon}}}}\n"
    )

    assert [code for code, *_ in places(text)] == ["spec.wrong-type"]


def test_a_wrong_default_and_its_lack_of_effect_are_one_finding() -> None:
    text = "version: 1\ndefaults: {host: a@b.c, timezone: PT}\nmeetings: {x: {topic: X, type: 3}}\n"

    assert [code for code, *_ in places(text)] == ["time.zone-unknown"]


def test_a_wrong_default_is_reported_once_without_its_consequences() -> None:
    assert places(
        "version: 1\ndefaults: {host: 5, topic: 7}\nmeetings:\n  one: {type: 3}\n  two: {type: 3}\n"
    ) == [
        ("spec.wrong-type", "a.yaml", 2, 18, None),
        ("spec.wrong-type", "a.yaml", 2, 28, None),
    ]


def test_two_missing_fields_of_one_entry_are_two_findings() -> None:
    """Both have the code and the place of the entry; only the detail tells them apart."""
    diagnostics = parse("version: 1\nremoved:\n  - {id: 5}\n").diagnostics

    assert [(each.code, each.detail, each.span) for each in diagnostics] == [
        ("spec.missing", "`removed[0].key` is missing.", Span("a.yaml", Position(3, 5), Position(3, 6))),
        ("spec.missing", "`removed[0].destroy` is missing.", Span("a.yaml", Position(3, 5), Position(3, 6))),
    ]


def test_a_wrong_rule_in_the_defaults_is_one_finding() -> None:
    """Each meeting has another first start, and the detail names the start of the first of them."""
    meetings = "".join(
        f"  {key}: {{host: a@b.c, topic: {key}, type: 8, timezone: UTC, start_time: {start}}}\n"
        for key, start in (("one", "2027-01-12T10:00:00"), ("two", "2027-01-13T10:00:00"))
    )
    rule = 'recurrence: {type: 2, weekly_days: "2", end_times: 3}'

    diagnostics = parse(f"version: 1\ndefaults: {{{rule}}}\nmeetings:\n{meetings}").diagnostics

    assert [(each.code, each.detail) for each in diagnostics] == [
        ("series.start-off-rule", '2027-01-12 is a Tuesday, but `weekly_days: "2"` is Monday.')
    ]


@pytest.mark.parametrize(
    "field", ["topic: A", "host: a@b.c", "use: open", "skip: berlin", "exceptions: skip"]
)
def test_a_field_that_is_not_indented_is_called_a_field(field: str) -> None:
    name = field.partition(":")[0]

    found = parse(f"version: 1\nmeetings:\n  weekly: {{host: a@b.c, {BODY}}}\n  {field}\n").diagnostics

    assert [(each.code, each.hint) for each in found] == [
        ("spec.wrong-type", f"`{name}` is a field: indent it under the key of its meeting.")
    ]


def test_a_key_in_two_files_is_reported_with_both_places() -> None:
    text = f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}}}\n"
    (found,) = parse(text, f"# again\n{text}").diagnostics

    assert (found.code, found.key, found.detail) == (
        "spec.duplicate-key",
        "one",
        "a.yaml:3 already declares `one`.",
    )
    assert found.span == Span("b.yaml", Position(4, 3), Position(4, 6))


def test_hosts_are_compared_without_regard_to_case() -> None:
    found = declared(
        f"version: 1\nmeetings:\n  one: {{host: Ada@Example.com, {BODY}}}\n",
        reconciler="hosts: {ada@example.COM: {}}",
    )

    assert found.meetings["one"].host == "Ada@Example.com"


def test_lifecycle_entries_are_not_checked_while_a_file_is_unreadable() -> None:
    assert places("a: [", "version: 1\nmoved: [{from: a, to: b}]\n") == [
        ("yaml.syntax", "a.yaml", 1, 4, None)
    ]


def test_lifecycle_entries_of_different_files_can_conflict() -> None:
    meeting = f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}}}\n"
    text = "version: 1\nmoved:\n  - {from: old, to: one}\n"

    (found,) = parse(meeting, text, text.replace("old", "older")).diagnostics

    assert (found.code, found.detail) == ("spec.moved-together", "b.yaml:3 already moves a key to `one`.")


def test_a_removed_key_may_be_declared_still() -> None:
    """The entry approves its replacement."""
    removed = "removed:\n  - {key: one, id: 5, destroy: true}\n"

    found = declared(f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}}}\n{removed}")

    assert [entry.key for entry in found.removed] == ["one"]


def test_a_spec_cannot_be_changed_through_its_mapping() -> None:
    found = declared(f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}}}\n")

    with pytest.raises(TypeError):
        found.meetings["two"] = found.meetings["one"]  # type: ignore[index]  # that is the point


def test_a_spec_with_warnings_is_returned() -> None:
    found = parse(f"version: 1\nmeetings:\n  one: {{host: a@b.c, {BODY}, password: hunter2}}\n")

    assert found.spec
    assert [each.severity for each in found.diagnostics] == [Severity.WARNING]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, step))
    else:
        yield path


def wrong(value: Any) -> Any:
    """A value of another type, which cannot be read as the right one."""
    return [{"wrong": 1}] if isinstance(value, bool | int) else 5.5


def example() -> dict[str, Any]:
    value = document.parse(Source("example.yaml", EXAMPLE.read_bytes())).value
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("path", list(leaves(example()["meetings"]["example"])), ids=str)
def test_a_wrong_type_is_reported_at_each_leaf_of_the_example(path: tuple[str | int, ...]) -> None:
    value = example()
    parent = value["meetings"]["example"]
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = wrong(parent[path[-1]])
    text = yaml.safe_dump(value, sort_keys=False)
    located = spec.parse([Source("a.yaml", text.encode())], Settings())

    errors = [each for each in located.diagnostics if each.severity is Severity.ERROR]
    file = SpecFile(document.parse(Source("a.yaml", text.encode())), Settings())
    place = file.locator.span(("meetings", "example", *path))
    assert [(each.code, each.span) for each in errors] == [("spec.wrong-type", place)]


LINES = """\
version: 1
defaults:
meetings:
  one:
  two: {}
    topic: x
    settings:
      use_pmi: 5
    host: a@b.c
    recurrence: {type: 2}
    type: 8
    password: &p hunter2
    agenda: *p
  - a
moved:
  - {from: a, to: b}
imports: [{id: 5, to: one}]
removed:
x: [
\t
? a
""".splitlines()


@few(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=15))
def test_no_spec_ever_raises_or_shows_a_secret(lines: list[str]) -> None:
    found = parse("\n".join(lines), "version: 1\nmeetings: {two: {}}\n")

    assert (found.spec is None) == any(each.severity is Severity.ERROR for each in found.diagnostics)
    assert "hunter2" not in text_diagnostics.diagnostics(found.diagnostics)


def test_a_whole_number_with_a_point_is_a_whole_number() -> None:
    """The schema accepts `8.0` as a type; it is sent and compared as 8."""
    spec = declared(
        "version: 1\nmeetings:\n"
        "  one: {host: a@b.c, topic: Review, type: 2.0, start_time: 2027-01-14T15:00:00Z, duration: 4.5e1}\n"
    )

    attributes = spec.meetings["one"].attributes

    assert [repr(attributes[name]) for name in ("type", "duration")] == ["2", "45"]


def test_a_file_may_have_an_audience_of_its_own() -> None:
    """Elsewhere the one of the settings counts."""
    one, other = (
        f"meetings: {{{key}: {{host: a@b.c, topic: {key}, type: 3}}}}\n" for key in ("one", "other")
    )

    found = declared(
        f"version: 1\naudience: [Asia/Kolkata]\n{one}", f"version: 1\n{other}", reconciler="audience: [UTC]\n"
    )

    assert {key: each.audience for key, each in found.meetings.items()} == {
        "one": ("Asia/Kolkata",),
        "other": ("UTC",),
    }


def test_an_unknown_zone_of_an_audience_is_found_at_its_place() -> None:
    text = f"version: 1\naudience:\n  - UTC\n  - EST5\nmeetings: {{one: {{host: a@b.c, {BODY}}}}}\n"

    assert places(text) == [("time.zone-unknown", "a.yaml", 4, 5, None)]
