"""Templates and lists of people: declared in any file, used in any file."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.errors.diagnostic import Severity
from reconciler.spec import settings, spec
from reconciler.spec.spec import OtherSources
from reconciler.spec.yaml.document import Source

TOP = "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\n"
WEEKLY = "topic: Weekly, start_time: 2027-01-13 10:00"
SHARED = """\
version: 1
templates:
  open-door: {settings: {waiting_room: false, join_before_host: true}}
  recorded: {duration: 1h, settings: {auto_recording: cloud, waiting_room: true}}
  section: {repeat: {every: week, on: wed, times: 12}}
people:
  leads: [ada@example.com, cto@example.com]
"""


def source(name: str, text: str) -> Source:
    return Source(name, text.encode())


ID = "zC8fT1aTQ5eR_-KmV0lQdA"


def parsed(*texts: str, setting: str = "", others: OtherSources | None = None) -> spec.ParseResult:
    """The spec of files named `a.yaml`, `b.yaml` and so on."""
    parsed_settings = settings.parse(source("reconciler.yaml", setting)).settings
    assert parsed_settings is not None
    files = [source(f"{chr(97 + index)}.yaml", text) for index, text in enumerate(texts)]
    return spec.parse(files, parsed_settings, others)


def attributes(*texts: str, setting: str = "", key: str = "weekly") -> Any:
    result = parsed(*texts, setting=setting)
    assert result.spec is not None, result.diagnostics
    return result.spec.meetings[key].attributes


def found(result: spec.ParseResult) -> list[tuple[str, str, str]]:
    """Code, place and detail of each finding."""
    return [
        (each.code, f"{each.span.filename}:{each.span.start.line}:{each.span.start.column}", each.detail)
        for each in result.diagnostics
        if each.span is not None
    ]


def meeting(fields: str) -> str:
    return f"{TOP}meetings:\n  weekly: {{{WEEKLY}, {fields}}}\n"


def test_templates_are_merged_in_the_order_of_use() -> None:
    """Over the defaults, under the meeting; the later one wins."""
    text = meeting("use: [recorded, open-door], settings: {join_before_host: false}")

    assert attributes(SHARED, text) == {
        "topic": "Weekly",
        "start_time": "2027-01-13T10:00:00",
        "timezone": "Europe/Berlin",
        "duration": 60,
        "settings": {"auto_recording": "cloud", "waiting_room": False, "join_before_host": False},
    }


@pytest.mark.parametrize(
    ("defaults", "fields", "recording"),
    [
        ("use: recorded", "duration: 30", "cloud"),
        ("use: recorded", "use: null", None),
        ("use: recorded", "use: []", None),
        ("use: recorded", "use: open-door", None),
        ("use: recorded", "settings: {auto_recording: null}", None),
        ("settings: {auto_recording: local}", "use: recorded", "cloud"),
    ],
)
def test_a_use_in_defaults_is_replaced_by_that_of_the_meeting(
    defaults: str, fields: str, recording: str | None
) -> None:
    text = meeting(fields).replace("defaults: {", f"defaults: {{{defaults}, ")

    assert attributes(SHARED, text).get("settings", {}).get("auto_recording") == recording


def test_a_template_of_a_rule_is_dropped_by_a_nearer_type() -> None:
    once = attributes(SHARED, meeting("use: section, type: 2"))
    longer = attributes(SHARED, meeting("use: section, repeat: {until: 2027-12-31}"))

    assert "recurrence" not in once
    assert longer["recurrence"] == {
        "type": 2,
        "repeat_interval": 1,
        "weekly_days": "4",
        "end_date_time": "2027-12-31T22:59:59Z",
    }


def test_a_template_that_is_pulled_out_changes_nothing() -> None:
    """The meeting of plan, state and digests is the merged one."""
    before = attributes(meeting("settings: {waiting_room: false, join_before_host: true}"))

    assert attributes(SHARED, meeting("use: open-door")) == before


def test_names_are_read_from_all_files_and_the_settings_use_them() -> None:
    setting = "defaults: {use: recorded, settings: {alternative_hosts: [leads]}}"

    merged = attributes(meeting("duration: 30"), SHARED, setting=setting)

    assert merged["settings"] == {
        "auto_recording": "cloud",
        "waiting_room": True,
        "alternative_hosts": "ada@example.com;cto@example.com",
    }


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("[leads, bob@example.com]", "ada@example.com;cto@example.com;bob@example.com"),
        ("leads", "ada@example.com;cto@example.com"),
        ('"leads; bob@example.com"', "ada@example.com;cto@example.com;bob@example.com"),
        ("[leads, ada@example.com]", "ada@example.com;cto@example.com"),
        ("[leads, Ada@example.COM]", "ada@example.com;cto@example.com"),
        (f"[leads, {ID}, {ID.lower()}]", f"ada@example.com;cto@example.com;{ID};{ID.lower()}"),
        ("[bob@example.com]", "bob@example.com"),
        ("[abcdefghij0123456789AB]", "abcdefghij0123456789AB"),
        ('"ada@example.com, bob@example.com"', "ada@example.com, bob@example.com"),
        ('""', ""),
    ],
)
def test_a_word_without_an_at_is_a_list_of_people(written: str, sent: str) -> None:
    """What looks like a user id stays one, and e-mails alone stay as they were written."""
    merged = attributes(SHARED, meeting(f"settings: {{alternative_hosts: {written}}}"))

    assert merged["settings"]["alternative_hosts"] == sent


def test_an_unknown_name_has_a_similar_one() -> None:
    result = parsed(SHARED, meeting("use: [open-door, secton], settings: {alternative_hosts: [leeds]}"))

    assert [(each.code, each.hint) for each in result.diagnostics if each.severity is Severity.ERROR] == [
        ("spec.unknown-template", "Did you mean `section`?"),
        ("spec.unknown-people", "Did you mean `leads`?"),
    ]


def test_many_unknown_templates_silence_no_hint_about_a_closure() -> None:
    """Hints are bounded, but those of `use` apart from those of `skip`."""
    rule = "repeat: {every: week, on: wed, times: 12}"
    unknown = "".join(f"  m{index}: {{{WEEKLY}, use: x{index}}}\n" for index in range(1001))
    skips = f"  last: {{{WEEKLY}, {rule}, skip: berln}}\n"

    result = parsed(f"{TOP}closures: {{berlin: [2027-01-20]}}\nmeetings:\n{unknown}{skips}")

    hints = [each.hint for each in result.diagnostics if each.code == "spec.unknown-closure"]
    assert hints == ["Did you mean `berlin`?"]


def test_an_unknown_template_hides_what_it_may_have_given() -> None:
    """No second finding about the host, or about the start of a rule."""
    text = "version: 1\nmeetings:\n  weekly: {topic: Weekly, use: platform}\n"

    assert found(parsed(text)) == [
        ("spec.unknown-template", "a.yaml:3:32", "No file declares `platform` under `templates`.")
    ]


def test_a_finding_about_a_template_is_reported_once_at_its_line() -> None:
    """With the meetings that use it."""
    names = [
        f"  m{index}: {{topic: M, start_time: 2027-01-14 {index + 8:02}:00, use: section}}\n"
        for index in range(5)
    ]

    two, five = (parsed(SHARED, f"{TOP}meetings:\n{''.join(names[:count])}") for count in (2, 5))

    assert [each for each in found(two) if each[0] == "series.start-off-rule"] == [
        (
            "series.start-off-rule",
            "a.yaml:5:39",
            "2027-01-14 is a Thursday, but `on` is Wednesday. It concerns `m0` and `m1`.",
        )
    ]
    assert [each[2] for each in found(five) if each[0] == "series.start-off-rule"] == [
        "2027-01-14 is a Thursday, but `on` is Wednesday. It concerns `m0`, `m1`, `m2` and 2 more."
    ]


def test_a_wrong_field_of_a_template_is_reported_once() -> None:
    """At the template, and not again in the meetings that lack it by that."""
    shared = "version: 1\ntemplates:\n  a: {start_time: tomorrow, duration: 45}\n"
    text = "version: 1\nmeetings:\n  weekly: {host: a@example.com, topic: Weekly, use: a}\n"

    assert found(parsed(shared, text)) == [("spec.wrong-form", "a.yaml:3:19", '`start_time` is "tomorrow".')]


@pytest.mark.parametrize(
    ("shared", "code", "place"),
    [
        ("templates: {a: {use: b}}", "spec.unknown-field", "a.yaml:2:17"),
        ("templates: {a: {tpic: b}}", "spec.unknown-field", "a.yaml:2:17"),
        ("templates: {a b: {topic: b}}", "spec.bad-key", "a.yaml:2:13"),
        ("templates: {a: {type: 2, repeat: {every: day}}}", "series.repeat-twice", "a.yaml:2:26"),
        ("people: {a: ada@example.com}", "spec.wrong-type", "a.yaml:2:13"),
        ("people: {a: []}", "spec.wrong-count", "a.yaml:2:10"),
        ('people: {a: ["a@b.c;d@e.f"]}', "spec.wrong-form", "a.yaml:2:14"),
    ],
)
def test_what_cannot_be_shared_is_an_error_at_its_place(shared: str, code: str, place: str) -> None:
    result = parsed(f"version: 1\n{shared}\n")

    assert [each[:2] for each in found(result) if each[0] != "spec.unused-name"] == [(code, place)]


@pytest.mark.parametrize(
    "settings",
    [
        "meeting_invitees: [{email: x@example.com}, {email: leads}]",
        "authentication_exception: [{name: leads, email: leads}]",
        "breakout_room: {enable: true, rooms: [{name: leads, participants: [leads, e@example.com]}]}",
        "language_interpretation: {enable: true, interpreters: [{email: leads}]}",
        "sign_language_interpretation: {enable: true, interpreters: [{email: leads}]}",
    ],
)
def test_a_list_where_e_mails_are_written_one_by_one_is_an_error(settings: str) -> None:
    text = meeting(f"use: [recorded, open-door, section], settings: {{{settings}}}")
    result = parsed(SHARED, text)

    assert [(each.code, each.detail, each.hint) for each in result.diagnostics] == [
        (
            "spec.misplaced-people",
            "`leads` is a list of people, and only `alternative_hosts` takes one. Zoom would get the name.",
            "Write its e-mails, an entry for each: `ada@example.com`; `cto@example.com`.",
        )
    ]
    line = text.splitlines()[-1]
    assert [each.span and each.span.start.column for each in result.diagnostics] == [line.rindex("leads") + 1]


def test_a_list_where_one_e_mail_is_written_is_an_error() -> None:
    result = parsed(SHARED, meeting("use: [recorded, open-door, section], settings: {contact_email: leads}"))

    assert [(each.code, each.hint) for each in result.diagnostics] == [
        ("spec.misplaced-people", "Write one of its e-mails: `ada@example.com`; `cto@example.com`.")
    ]


def test_a_name_in_two_files_is_an_error() -> None:
    result = parsed(SHARED, "version: 1\npeople: {leads: [eve@example.com]}\n")

    assert found(result)[-1] == (
        "spec.duplicate-name",
        "b.yaml:2:10",
        "a.yaml:7 already declares `leads` under `people`.",
    )


def test_a_name_that_nobody_uses_is_a_warning() -> None:
    result = parsed(
        SHARED,
        meeting("use: [recorded, section]"),
        meeting("use: open-door").replace("weekly", "b").replace("Weekly", "B"),
    )

    assert [(each.code, each.severity, each.detail) for each in result.diagnostics] == [
        ("spec.unused-name", Severity.WARNING, "No meeting uses `leads` of `people`.")
    ]


@pytest.mark.parametrize("is_same_spec", [True, False])
def test_names_of_files_that_paths_leave_out_are_known(*, is_same_spec: bool) -> None:
    """So that one file can be checked by itself; nothing is said about unused names."""
    others = OtherSources((source("shared.yaml", SHARED),), is_same_spec=is_same_spec)

    result = parsed(meeting("use: open-door"), others=others)

    assert (found(result), result.spec is not None) == ([], True)


WRONG = """\
version: 1
foo: 1
templates:
  board: {password: {env: BOARD_PW}, settings: {waiting_rom: true}}
  spare: {settings: {waiting_rom: true}}
people:
  leads: [ada@example.com, bobexample.com]
  spare: [bobexample.com]
closures:
  berlin: [2027-01-25, 2027-02-30..2027-03-05]
  spare: [2027-02-30]
meetings:
  other: {topic: 7}
"""
USES = "use: board, settings: {alternative_hosts: leads}, skip: berlin, repeat: {every: week, times: 9}"


def beside(shared: str, text: str, *more: str, is_same_spec: bool = True) -> spec.ParseResult:
    """The spec of one file; PATHS leave out `shared.yaml`, and `more0.yaml` and so on."""
    files = [source("shared.yaml", shared)]
    files += [source(f"more{index}.yaml", each) for index, each in enumerate(more)]
    return parsed(text, others=OtherSources(tuple(files), is_same_spec=is_same_spec))


@pytest.mark.parametrize("is_same_spec", [True, False])
def test_names_in_use_are_checked_in_files_that_paths_leave_out(*, is_same_spec: bool) -> None:
    """The meetings would not be as declared. What they do not use is not reported."""
    result = beside(WRONG, meeting(USES), is_same_spec=is_same_spec)

    assert result.spec is None
    assert found(result) == [
        ("spec.wrong-form", "shared.yaml:4:27", "`password.env` is a text of 8 characters."),
        ("spec.unknown-field", "shared.yaml:4:49", "`settings` has no field `waiting_rom`."),
        ("spec.wrong-form", "shared.yaml:7:28", '`people.leads[1]` is "bobexample.com".'),
        ("time.impossible", "shared.yaml:10:24", "The calendar has no 2027-02-30."),
    ]


def test_names_that_nobody_uses_are_not_checked_in_files_that_paths_leave_out() -> None:
    result = beside(WRONG, meeting("duration: 30"), "version: 1\ntemplates: {board: {duration: 30}}\n")

    assert (found(result), result.spec is not None) == ([], True)


def test_a_name_is_reported_only_where_it_is_written() -> None:
    """A wrong field of the meeting stands in the place of the default: what that names is not used."""
    text = "version: 1\ndefaults: {use: [aa], settings: {alternative_hosts: bb}}\n" + meeting(
        'use: ["a "], settings: {alternative_hosts: 7}'
    ).removeprefix(TOP)
    setting = "defaults: {host: a@example.com, timezone: Europe/Berlin}\n"

    assert found(parsed(text, setting=setting)) == [
        ("spec.wrong-form", "a.yaml:4:63", '`use[0]` is "a ".'),
        (
            "spec.wrong-type",
            "a.yaml:4:100",
            "`settings.alternative_hosts` expects text or a list, got the number 7.",
        ),
    ]


def test_a_wrong_default_stands_in_the_place_of_that_of_the_settings() -> None:
    setting = "defaults: {use: [aa]}\n"
    text = meeting("duration: 30").replace("defaults: {", 'defaults: {use: ["a "], ')

    assert found(parsed(text, setting=setting)) == [
        ("spec.wrong-form", "a.yaml:2:18", '`use[0]` is "a ".'),
    ]


BOARD = "version: 1\ntemplates: {board: {duration: 30}, spare: {duration: 30}}\n"


def test_a_name_in_use_is_unique_over_files_that_paths_leave_out() -> None:
    """Which one counts would depend on PATHS."""
    own = beside(BOARD, BOARD + meeting("use: board").removeprefix("version: 1\n"))
    other = beside(BOARD, meeting("use: board"), BOARD)

    declared = "{}:2 already declares `board` under `templates`."
    assert found(own) == [("spec.duplicate-name", "shared.yaml:2:13", declared.format("a.yaml"))]
    assert found(other) == [("spec.duplicate-name", "more0.yaml:2:13", declared.format("shared.yaml"))]


def test_paths_that_are_read_instead_may_declare_the_same_names() -> None:
    """As a copy of a file of the spec does."""
    result = beside(WRONG, BOARD + meeting("use: board").removeprefix("version: 1\n"), is_same_spec=False)

    assert (found(result), result.spec is not None) == ([], True)


def test_the_text_of_names_in_use_is_checked_in_files_that_paths_leave_out() -> None:
    """A field that is written twice, a tag and a comment may have lost a part of them."""
    shared = """\
version: 1
templates:
  before: {duration: !t 30, duration: 60, agenda: A #1
    }
  board:
    duration: 30
    agenda: Items #1 to 5
    duration: 60
    timezone: !z Europe/Paris
  board: {duration: 90}
  after: {duration: !t 30, duration: 60, agenda: A #1
    }
meetings: {b: {}, b: {}}
"""

    assert found(beside(shared, meeting("use: board"))) == [
        (
            "yaml.comment",
            "shared.yaml:7:19",
            "`agenda` ends before the `#`: with a space in front, it begins a comment.",
        ),
        ("yaml.duplicate-key", "shared.yaml:8:5", "Line 6 already has the key `duration`."),
        ("yaml.tag", "shared.yaml:9:15", "`!z` is a YAML tag."),
        ("yaml.duplicate-key", "shared.yaml:10:3", "Line 5 already has the key `board`."),
    ]


def test_an_alias_in_a_name_in_use_may_bring_what_is_wrong() -> None:
    """It is written in another place of a file that PATHS leave out."""
    shared = (
        "version: 1\naudience: [&zone !z Asia/Tokyo]\ntemplates: {a: {timezone: *zone}, b: {duration: 30}}\n"
    )

    assert found(beside(shared, meeting("use: a"))) == [
        ("yaml.tag", "shared.yaml:2:12", "`!z` is a YAML tag.")
    ]
    assert found(beside(shared, meeting("use: b"))) == []


def test_a_text_with_more_problems_than_are_kept_may_have_one_in_a_name_in_use() -> None:
    tags = "".join(f"  t{index}: !z {{}}\n" for index in range(100))
    shared = f"version: 1\ntemplates:\n{tags}  board: {{agenda: !z Items}}\n"

    result = beside(shared, meeting("use: board"))

    assert (result.spec, {each.code for each in result.diagnostics}) == (None, {"yaml.tag"})


def test_a_section_that_is_there_twice_may_have_other_names() -> None:
    shared = "version: 1\npeople: {leads: [a@b.c]}\npeople: {leads: [b@b.c]}\n"

    assert found(beside(shared, meeting("settings: {alternative_hosts: leads}"))) == [
        ("yaml.duplicate-key", "shared.yaml:3:1", "Line 2 already has the key `people`.")
    ]


CORRECT_FIRST = "Correct that first: a run without PATHS says what is wrong with it."


@pytest.mark.parametrize("shared", ["closures: [", "- a list\n", "meetings: {b: {}, b: {}}\n"])
def test_what_cannot_be_read_may_declare_a_name(shared: str) -> None:
    """Then the hint does not say to declare it."""
    uses = "use: board, settings: {alternative_hosts: leads}, skip: berlin, repeat: {every: week, times: 9}"

    result = beside(shared, meeting(uses))

    may = "What cannot be read may declare it: `shared.yaml`."
    assert [(each.code, each.detail, each.hint) for each in result.diagnostics] == [
        (
            "spec.unknown-template",
            f"No file that can be read declares `board` under `templates`. {may}",
            CORRECT_FIRST,
        ),
        (
            "spec.unknown-people",
            f"`leads` is no e-mail, and no file that can be read declares it under `people`. {may}",
            CORRECT_FIRST,
        ),
        (
            "spec.unknown-closure",
            f"No file that can be read declares `berlin` under `closures`. {may}",
            CORRECT_FIRST,
        ),
    ]


def test_a_section_that_is_no_mapping_may_have_been_meant_to_declare_a_name() -> None:
    result = beside("version: 1\nclosures: [b]\n", meeting("skip: b, repeat: {every: week, times: 9}"))

    assert [(each.code, each.hint) for each in result.diagnostics] == [
        ("spec.unknown-closure", CORRECT_FIRST)
    ]


ID = "zC8fT1aTQ5eR_-KmV0lQdA"


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("leads", "spec.several-hosts"),
        ("nobody", "spec.several-hosts"),
        ("Leads", None),
        ("me", None),
        (ID, None),
        ("a@example.com", None),
    ],
)
def test_a_host_is_one_user_and_no_list(host: str, code: str | None) -> None:
    """A user id and Zoom's own word for a user are users, also where a list has that name."""
    lists = f"people: {{leads: [ada@example.com], me: [a@b.c], {ID}: [a@b.c], nobody: [a@b.c]}}\n"
    one = f"meetings:\n  k: {{host: {host}, topic: K, type: 2, start_time: 2027-01-14T15:00:00Z}}\n"

    found = [each.code for each in parsed("version: 1\n" + lists + one).diagnostics]

    assert [each for each in found if each != "spec.unused-name"] == ([code] if code else [])


NAME_A_POOL = "Write a name that the hosts of the pool share, such as `pool: rooms`, or remove it."


@pytest.mark.parametrize(
    ("pool", "hint"),
    [
        ('""', NAME_A_POOL),
        (
            "[one, other]",
            "Write a name that the hosts of the pool share, such as `pool: rooms`, or remove it.",
        ),
        ("Meeting rooms", "Write `pool: Meeting-rooms`."),
        ("[rooms]", "Write `pool: rooms`."),
        ("7", 'Write `pool: "7"`.'),
        ("", "Delete the line, or give it a value."),
    ],
)
def test_a_pool_that_is_no_name_is_answered_by_one(pool: str, hint: str) -> None:
    text = f"hosts:\n  a@example.com:\n    pool: {pool}\n"

    assert [each.hint for each in settings.parse(Source("reconciler.yaml", text.encode())).diagnostics] == [
        hint
    ]


def test_a_closure_is_checked_whatever_else_is_wrong_with_its_file() -> None:
    """A day that does not exist is no day of a series."""
    closures = "closures: {b: [2027-01-25, 2027-02-30..2027-03-05], c: 7}"
    shared = f"version: 1\n{closures}\naudience: [Mars]\nfoo: 1\n"

    result = parsed(shared, meeting("skip: [b, c], repeat: {every: week, times: 9}"))

    assert found(result) == [
        ("time.impossible", "a.yaml:2:28", "The calendar has no 2027-02-30."),
        ("spec.wrong-type", "a.yaml:2:56", "`closures.c` expects a list, got the number 7."),
        ("time.zone-unknown", "a.yaml:3:12", "`Mars` is not a name in the IANA time zone database."),
        ("spec.unknown-field", "a.yaml:4:1", "This file has no field `foo`."),
    ]


@pytest.mark.parametrize(
    ("shared", "use", "place"),
    [
        ("templates: {wed: {start: 2027-01-13 10:00}}", "use: wed, ", "a.yaml:2:19"),
        ("defaults: {start: 2027-01-13 10:00}", "", "a.yaml:2:12"),
    ],
)
def test_a_misspelt_field_that_is_shared_is_one_finding(shared: str, use: str, place: str) -> None:
    """As in a meeting, the field is not said to be missing, too."""
    own = f"{use}host: a@example.com, timezone: Europe/Berlin"
    meetings = f"meetings: {{one: {{{own}, topic: One}}, two: {{{own}, topic: Two}}}}"
    result = parsed(f"version: 1\n{shared}\n{meetings}\n")

    assert [each[:2] for each in found(result)] == [("spec.unknown-field", place)]
    assert [each.hint for each in result.diagnostics] == ["Did you mean `start_time`?"]


@pytest.mark.parametrize(
    ("shared", "own", "wrong"),
    [
        ("settings: {waitingroom: true}", "", ("spec.unknown-field", "a.yaml:2:69")),
        ("type: x", "type: 2, ", ("spec.wrong-type", "a.yaml:2:64")),
    ],
    ids=["an unknown setting", "a value that each meeting has itself"],
)
def test_a_wrong_default_hides_nothing_that_it_does_not_concern(
    shared: str, own: str, wrong: tuple[str, str]
) -> None:
    result = parsed(
        f"version: 1\ndefaults: {{host: a@example.com, timezone: Europe/Berlin, {shared}}}\nmeetings:\n"
        f"  one: {{{own}start_time: 2027-01-13 10:00}}\n  two: {{{own}topic: Two}}\n"
    )

    assert [each[:2] for each in found(result)] == [
        wrong,
        ("meeting.topic-missing", "a.yaml:4:3"),
        ("time.start-missing", "a.yaml:5:3"),
    ]
