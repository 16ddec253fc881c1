"""`calendar`: what is declared, as an agenda, a document or feeds."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import icalendar
import pytest
from feed_reader import read_feed
from msgspec.structs import replace
from shell import HOST

from reconciler.cli.commands.calendar import build
from reconciler.errors.diagnostic import Diagnostic
from reconciler.views.results import JoinLink

if TYPE_CHECKING:
    from shell import RunResult, Shell

SPEC = f"""\
version: 1
closures:
  berlin: [2027-01-18..2027-01-20]
defaults: {{host: {HOST}, timezone: Europe/Berlin, duration: 45, skip: [berlin]}}
meetings:
  weekly:
    topic: Platform weekly
    start_time: 2027-01-11T10:00:00
    repeat: {{every: week, on: mon, times: 4}}
    exceptions:
      2027-01-25: {{start_time: 2027-01-26 14:00, note: "Host: Ada"}}
      2027-02-01: skip
  launch:
    host: cto@example.com
    topic: Launch review
    type: 2
    start_time: 2027-01-11T09:30:00Z
    skip: []
"""

MOMENT = "%Y-%m-%dT%H:%M:%SZ"

WINDOW = ("--from", "2027-01-11", "--days", "22")


@pytest.fixture
def declared(shell: Shell) -> Shell:
    shell.write("meetings.yaml", SPEC)
    return shell


def run(shell: Shell, *arguments: str) -> RunResult:
    return shell.sandbox("calendar", *arguments)


def test_an_agenda_by_day(declared: Shell) -> None:
    """In the zone of most meetings: closures, moves, notes, and what is not held."""
    ran = run(declared, *WINDOW)

    assert (ran.status, ran.err) == (0, "")
    assert (
        ran.out
        == """\
Mon 11 Jan 2027
  10:00-10:45  weekly  Platform weekly  platform@example.com
  10:30-11:15  launch  Launch review    cto@example.com

Mon 18 Jan 2027
  closed until 20 Jan 2027: berlin
  skipped: weekly (berlin)

Tue 26 Jan 2027
  14:00-14:45  weekly  Platform weekly  platform@example.com  (moved)  Host: Ada

Mon 1 Feb 2027
  skipped: weekly

3 dates of 2 meetings, 2 skipped: 11 Jan 2027 to 1 Feb 2027, Europe/Berlin.
"""
    )


def test_closed_days_end_where_the_closure_does_not_where_the_window_does(shell: Shell) -> None:
    closures = "closures: {far: [2027-01-13..2027-01-16], always: [2027-01-15..]}"
    shell.write(
        "meetings.yaml",
        f"version: 1\n{closures}\ndefaults: {{host: {HOST}, timezone: Europe/Berlin, skip: [far, always]}}\n"
        "meetings:\n  weekly: {topic: A, start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}}\n",
    )

    ran = run(shell, "--from", "2027-01-14", "--days", "2")

    assert ran.out.splitlines() == [
        "Thu 14 Jan 2027",
        "  closed until 16 Jan 2027: far",
        "",
        "Fri 15 Jan 2027",
        "  closed, without an end: always",
        "",
        "No dates: 14 Jan 2027 to 15 Jan 2027, Europe/Berlin.",
    ]


def test_a_long_topic_moves_nothing_but_its_own_line(shell: Shell) -> None:
    long = "A topic that is so long that nobody puts it on a door"
    shell.write("meetings.yaml", SPEC.replace("Launch review", long))

    ran = run(shell, "--from", "2027-01-11", "--days", "1")

    assert ran.out.splitlines()[1:3] == [
        "  10:00-10:45  weekly  Platform weekly  platform@example.com",
        f"  10:30-11:15  launch  {long}  cto@example.com",
    ]


def test_a_document_for_programs(declared: Shell) -> None:
    """In UTC, sorted by start; the schema is checked by the shell."""
    ran = run(declared, *WINDOW, "--format", "json")

    (document,) = ran.rows
    same = {"timezone": "Europe/Berlin", "exception": None}
    skipped = {"key": "weekly", "topic": "Platform weekly", "host": HOST}
    weekly = {**skipped, **same}
    assert (ran.status, ran.err) == (0, "")
    assert document | {"tool_version": "X"} == {
        "format_version": "1.0",
        "tool_version": "X",
        "from": "2027-01-11",
        "to": "2027-02-01",
        "zone": "Europe/Berlin",
        "dates": [
            {**weekly, "start_at": "2027-01-11T09:00:00Z", "end_at": "2027-01-11T09:45:00Z"},
            {
                **same,
                "key": "launch",
                "topic": "Launch review",
                "host": "cto@example.com",
                "start_at": "2027-01-11T09:30:00Z",
                "end_at": "2027-01-11T10:15:00Z",
            },
            {
                **weekly,
                "start_at": "2027-01-26T13:00:00Z",
                "end_at": "2027-01-26T13:45:00Z",
                "exception": "moved",
                "note": "Host: Ada",
            },
        ],
        "skipped": [
            {**skipped, "date": "2027-01-18", "closure": "berlin"},
            {**skipped, "date": "2027-02-01", "closure": None},
        ],
        "clashes": [],
        "closures": [{"name": "berlin", "from": "2027-01-18", "to": "2027-01-20"}],
        "diagnostics": [],
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--host", "CTO@example.com"), ["launch"]),
        (("--host", "*@example.com", "--match", "week*"), ["weekly"]),
        (("--match", "launch", "--match", "weekly"), ["launch", "weekly"]),
        (("--days", "1", "--from", "2027-01-26"), ["weekly"]),
        (("--days", "1", "--from", "2027-01-11", "--zone", "Pacific/Kiritimati"), ["launch", "weekly"]),
        (("--days", "1", "--from", "2027-01-10", "--zone", "Pacific/Kiritimati"), []),
    ],
)
def test_hosts_keys_and_days_choose(arguments: tuple[str, ...], expected: list[str], declared: Shell) -> None:
    ran = run(declared, "--format", "json", *arguments)

    assert sorted({each["key"] for each in ran.rows[0]["dates"]}) == expected


def test_it_begins_today_and_needs_no_state(declared: Shell) -> None:
    """By the clock in the zone; two weeks for people, and a year for programs."""
    text = declared.sandbox("calendar", now="2026-12-31T23:30:00Z")
    document = declared.sandbox("calendar", "--format", "json", now="2026-12-31T23:30:00Z")

    assert text.out.splitlines()[-1].endswith("1 Jan 2027 to 14 Jan 2027, Europe/Berlin.")
    assert [document.rows[0][name] for name in ("from", "to")] == ["2027-01-01", "2027-12-31"]
    assert not declared.sandbox_state.exists()


def test_ci_needs_no_state_either(declared: Shell) -> None:
    """A job that shows a pull request may know no state; what changes one refuses that."""
    ran = declared("calendar", *WINDOW, CI="true")

    assert (ran.status, ran.err, ran.out.count(" weekly")) == (0, "", 6)


@pytest.mark.parametrize(
    ("environment", "why"),
    [({"CI": "true"}, "No state is named"), ({"RECONCILER_STATE": "none.json"}, "none.json does not exist")],
)
def test_a_feed_without_a_state_says_that_its_events_have_other_names(
    environment: dict[str, str], why: str, declared: Shell
) -> None:
    feed = declared("calendar", "--format", "ics", **environment)
    others = [declared("calendar", *WINDOW, "--format", each, **environment) for each in ("text", "json")]

    assert (feed.status, feed.out.count("BEGIN:VEVENT")) == (0, 3)
    code, detail, *_ = feed.err.splitlines()
    assert code == "warning[calendar.no-state]: A feed is made without the state"
    assert f"{why}, so the events of this feed are named by their keys alone." in detail
    assert [(each.status, each.err) for each in others] == [(0, ""), (0, "")]


def test_a_state_that_cannot_be_read_stops_a_feed_and_nothing_else(declared: Shell) -> None:
    """Nothing of an agenda comes from the state; a feed with other names would be seen twice."""
    declared.write("broken.json", "{")

    feed, text = (
        declared("calendar", *WINDOW, "--format", each, "--state", "broken.json") for each in ("ics", "text")
    )

    assert (feed.status, feed.out, text.status, text.err) == (1, "", 0, "")
    assert feed.err.startswith("error[state.unreadable]")


def feeds(shell: Shell, folder: str) -> dict[str, list[str]]:
    """Return the topics of each feed of a folder."""
    return {
        path.name: [
            str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
        ]
        for path in sorted((shell.folder / folder).iterdir())
    }


def test_a_folder_gets_a_feed_for_each_host_and_one_for_all(declared: Shell) -> None:
    """A listed host without meetings gets a feed of nothing."""
    hosts = f"{{{HOST}: {{}}, cto@example.com: {{}}, Room@example.com: {{}}}}"
    declared.write("reconciler.yaml", f"hosts: {hosts}\n")

    ran = run(declared, "--format", "ics", "--out", "public/feeds/")

    assert (ran.status, ran.out, ran.err) == (0, "", "Wrote 4 feeds in public/feeds.\n")
    assert feeds(declared, "public/feeds") == {
        "all.ics": ["Launch review", "Platform weekly", "Platform weekly"],
        "cto@example.com.ics": ["Launch review"],
        "platform@example.com.ics": ["Platform weekly", "Platform weekly"],
        "room@example.com.ics": [],
    }


def test_feeds_are_the_same_on_another_day(declared: Shell) -> None:
    """What is over stays in them. Closures and clock changes go on in another year."""
    first = declared.sandbox("calendar", "--format", "ics", now="2027-01-12T08:00:00Z")
    again = declared.sandbox("calendar", "--format", "ics", now="2027-03-01T08:00:00Z")

    assert first.out == again.out
    assert first.out.count("BEGIN:VEVENT") == 3


def test_an_event_keeps_its_name_when_its_key_is_renamed(declared: Shell) -> None:
    """Before the apply that records it, and after it; a change is counted."""
    declared.sandbox("apply", "--auto-approve")
    before = run(declared, "--format", "ics", "--match", "launch")
    renamed = SPEC.replace("  launch:\n", "  review:\n") + "moved: [{from: launch, to: review}]\n"
    declared.write("meetings.yaml", renamed)
    planned = run(declared, "--format", "ics", "--match", "review")
    declared.sandbox("apply", "--auto-approve")
    declared.write("meetings.yaml", SPEC.replace("  launch:\n", "  review:\n"))
    applied = run(declared, "--format", "ics", "--match", "review")
    declared.write("meetings.yaml", SPEC.replace("  launch:\n", "  review:\n").replace("Launch", "The"))
    declared.sandbox("apply", "--auto-approve", now="2026-12-02T08:00:00Z")
    changed = run(declared, "--format", "ics", "--match", "review")

    assert before.out == planned.out == applied.out
    (first,) = icalendar.Calendar.from_ical(before.out).walk("VEVENT")
    (last,) = icalendar.Calendar.from_ical(changed.out).walk("VEVENT")
    assert (last["UID"], first["SEQUENCE"], last["SEQUENCE"]) == (first["UID"], 0, 1)
    moments = [each["LAST-MODIFIED"].to_ical() for each in (first, last)]
    assert moments == [b"20261201T080000Z", b"20261202T080000Z"]


def test_what_a_feed_shows_is_what_the_agenda_shows(declared: Shell) -> None:
    text = run(declared, "--format", "ics").out
    document = run(declared, "--format", "json", *WINDOW).rows[0]

    read = read_feed(text, datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    moments = [[each[name] for name in ("start_at", "end_at", "topic")] for each in document["dates"]]
    assert [[f"{start:{MOMENT}}", f"{end:{MOMENT}}", topic] for start, end, topic in read] == moments


PLAIN = r"https://zoom.example/j/"


def test_links_are_read_without_their_passcodes(declared: Shell) -> None:
    """In every format; what is not recorded has none."""
    declared.write("meetings.yaml", SPEC.partition("  launch:")[0])
    declared.sandbox("apply", "--auto-approve")
    declared.write("meetings.yaml", SPEC)
    link = f"{PLAIN}{declared.ids()['weekly']}"

    document = run(declared, "--links", "--format", "json", *WINDOW)
    text = run(declared, "--links", *WINDOW)
    feed = run(declared, "--links", "--format", "ics", *WINDOW)

    assert document.rows[0]["links"] == {"weekly": link}
    assert "holds_passcodes" not in document.rows[0]
    assert text.out.count(link) == 2
    assert feed.out.count(f"URL:{link}\r\n") == 2
    assert not any("pwd" in each.out for each in (document, text, feed))


def test_with_passcodes_the_first_line_says_so(declared: Shell) -> None:
    """A file of them is for its owner alone; a feed says it in the first line that it may have of its own."""
    declared.sandbox("apply", "--auto-approve")

    flags = ("--links", "--with-passcodes", *WINDOW)
    text, document = run(declared, *flags), run(declared, *flags, "--format", "json")
    run(declared, *flags, "--format", "ics", "--out", "all.ics")

    feed = declared.folder / "all.ics"
    assert text.out.splitlines()[0] == "These links hold passcodes: whoever has this text can join."
    assert document.out.startswith('{"holds_passcodes":true,')
    assert feed.read_bytes().split(b"\r\n")[1].startswith(b"X-RECONCILER-NOTE:The links of this feed hold")
    assert [each.count("?pwd=") for each in (text.out, document.out)] == [3, 2]
    assert stat.S_IMODE(feed.stat().st_mode) == 0o600


def test_a_link_that_cannot_be_read_is_named_and_the_rest_is_shown(declared: Shell) -> None:
    declared.sandbox("apply", "--auto-approve")
    state = declared.recorded()
    gone = state.meetings["weekly"]
    declared.record(
        state.confirm("weekly", replace(gone, id=81999999999)),
    )

    ran = run(declared, "--links", "--format", "json", *WINDOW)

    assert (ran.status, sorted(ran.rows[0]["links"])) == (1, ["launch"])
    assert [each["code"] for each in ran.rows[0]["diagnostics"]] == ["links.gone"]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://zoom.example/j/1", "https://zoom.example/j/1\r\nX-EVIL:1", "https://"],
)
def test_no_link_that_does_more_than_lead_to_a_page_is_taken(url: str) -> None:
    """Zoom's answer, or that of a proxy, may hold anything."""
    link = JoinLink("weekly", 81234567890, HOST, "Weekly", None, url)
    good = replace(link, join_url="https://zoom.example/j/1?pwd=a.1#success")

    refused = build.plain_link(link)

    assert (isinstance(refused, Diagnostic) and refused.code, build.plain_link(good)) == ("links.none", good)
    assert good.open_url == "https://zoom.example/j/1"


USAGE = "error[usage.command-line]: The command line cannot be used"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--zone", "Berlin"), "Did you mean `Europe/Berlin`?"),
        (("--zone", "../etc/passwd"), "Write an IANA name, such as Europe/Berlin or UTC."),
        (("--days", "0"), "0 is not in the range 1<=x<=3660."),
        (("--days", "36525"), "36525 is not in the range 1<=x<=3660."),
        (("--from", "2027-02-30"), "'2027-02-30' is not a day such as 2027-01-11."),
        (("--from", "20270211"), "'20270211' is not a day such as 2027-01-11."),
        (("--from", "9999-12-31"), "9999-12-31 is not in the years 1970 to 9000."),
        (("--with-passcodes",), "--with-passcodes needs --links: it is about the links that --links adds."),
    ],
)
def test_a_flag_that_makes_no_calendar(arguments: tuple[str, ...], expected: str, declared: Shell) -> None:
    ran = run(declared, *arguments)

    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (1, "", USAGE)
    assert expected in ran.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--host", "nobody@example.com"), "`--host nobody@example.com` matches no declared host."),
        (("--match", "weekl"), "`--match weekl` matches no declared key."),
    ],
)
def test_a_glob_has_to_match_something(arguments: tuple[str, ...], expected: str, declared: Shell) -> None:
    """An empty feed in place of the former one would empty many calendars."""
    declared.write("all.ics", "the former one")

    ran = run(declared, *arguments, "--format", "ics", "--out", "all.ics")

    assert (ran.status, ran.out, ran.err.splitlines()[1]) == (1, "", f"  = {expected} Nothing was written.")
    assert (declared.folder / "all.ics").read_text() == "the former one"


@pytest.mark.parametrize("days", ["1", "3660"])
def test_a_window_before_today_is_shown_with_a_warning(days: str, declared: Shell) -> None:
    ran = run(declared, "--from", "2016-01-01", "--days", days, "--format", "json")

    document = ran.rows[0]
    assert (ran.status, document["dates"]) == (0, [])
    assert [each["code"] for each in document["diagnostics"]] == ["calendar.past"]


def test_no_meetings_make_an_empty_calendar(shell: Shell) -> None:
    """In every format."""
    shell.write("meetings.yaml", "version: 1\n")

    text, document, feed = (run(shell, "--format", each) for each in ("text", "json", "ics"))

    assert text == type(text)(0, "No dates: 1 Dec 2026 to 14 Dec 2026, UTC.\n", "")
    assert (document.status, document.rows[0]["dates"], document.rows[0]["zone"]) == (0, [], "UTC")
    assert icalendar.Calendar.from_ical(feed.out).walk("VEVENT") == []


@pytest.mark.parametrize(
    ("out", "file"),
    [
        ("folder", "folder/calendar.html"),
        ("folder/", "folder/calendar.html"),
        ("new/", "new.html"),
        ("taken/", "taken.html"),
    ],
)
def test_a_folder_for_one_file_has_a_hint_with_a_file_that_can_be_written(
    out: str, file: str, declared: Shell
) -> None:
    declared.write("taken", "mine")
    (declared.folder / "folder").mkdir()

    refused = run(declared, "--format", "html", "--out", out)
    pasted = run(declared, "--format", "html", "--out", file)

    assert refused.err.splitlines()[2] == (
        f"  = hint: Name a file, such as `--out {file}`; a folder is for `--format ics`."
    )
    assert (pasted.status, pasted.err.splitlines()[-1]) == (0, f"Wrote {file}.")


@pytest.mark.parametrize(
    ("out", "form", "said"),
    [
        ("taken/", "ics", "taken/ is to be a folder, and taken is a file."),
        ("folder", "json", "folder names a folder, and `--format json` is one file."),
        ("new/", "text", "new/ names a folder, and `--format text` is one file."),
        ("taken/all.ics", "ics", "taken/all.ics: Not a directory."),
        ("none/all.ics", "ics", "none/all.ics: No such file or directory."),
        ("meetings.yaml", "json", "meetings.yaml is left as it is"),
        (".reconciler/sandbox/", "ics", ".reconciler/sandbox/all.ics is left as it is"),
        ("link/", "ics", "in its path, link: it is a link"),
    ],
)
def test_an_output_that_cannot_be_written(out: str, form: str, said: str, declared: Shell) -> None:
    """A folder that is a file, what is read, and what leads elsewhere: nothing is written."""
    declared.write("taken", "mine")
    (declared.folder / "folder").mkdir()
    (declared.folder / "link").symlink_to(declared.folder / "folder")
    declared.sandbox("apply", "--auto-approve")
    before = {path: path.read_bytes() for path in declared.folder.rglob("*") if path.is_file()}

    ran = run(declared, "--format", form, "--out", out)

    assert (ran.status, ran.out, said in ran.err) == (1, "", True), ran.err
    assert {path: path.read_bytes() for path in declared.folder.rglob("*") if path.is_file()} == before


def test_a_folder_holds_no_feed_over_a_spec(shell: Shell) -> None:
    """Specs have other endings than feeds, but a link may have any."""
    shell.write("specs/meetings.yaml", SPEC)
    (shell.folder / "feeds").mkdir()
    (shell.folder / "feeds" / "all.ics").hardlink_to(shell.folder / "specs" / "meetings.yaml")

    ran = run(shell, "specs", "--format", "ics", "--out", "feeds/")

    assert (ran.status, "feeds/all.ics is left as it is" in ran.err) == (1, True)
    assert (shell.folder / "specs" / "meetings.yaml").read_text() == SPEC


def test_an_unusable_spec_writes_nothing(declared: Shell) -> None:
    declared.write("meetings.yaml", SPEC.replace("Europe/Berlin", "Europe/Berln"))

    ran = run(declared, "--format", "json", "--out", "calendar.json")

    assert (ran.status, ran.out, "time.zone-unknown" in ran.err) == (1, "", True)
    assert not (declared.folder / "calendar.json").exists()


ROOMS = """\
hosts:
  platform@example.com: {pool: rooms}
  cto@example.com: {pool: rooms}
  solo@example.com: {pool: alone}
"""


def clashing(shell: Shell, launch: str = HOST) -> None:
    """Declare two meetings of one host at one time, on a date of four."""
    shell.write("reconciler.yaml", ROOMS)
    shell.write("meetings.yaml", SPEC.replace("host: cto@example.com", f"host: {launch}"))


def test_clashes_are_marked_and_counted(declared: Shell) -> None:
    """On each date, with what it clashes, whatever is selected."""
    clashing(declared)

    ran, one = run(declared, *WINDOW), run(declared, *WINDOW, "--match", "launch")

    assert ran.out.splitlines()[:3] == [
        "Mon 11 Jan 2027",
        "! 10:00-10:45  weekly  Platform weekly  platform@example.com  clashes with launch",
        "! 10:30-11:15  launch  Launch review    platform@example.com  clashes with weekly",
    ]
    assert ran.out.splitlines()[-1].startswith("3 dates of 2 meetings, 2 skipped, 1 clash: ")
    assert one.out == (
        "Mon 11 Jan 2027\n"
        "! 10:30-11:15  launch  Launch review  platform@example.com  clashes with weekly\n\n"
        "1 date of 1 meeting, 1 clash: 11 Jan 2027 to 1 Feb 2027, Europe/Berlin.\n"
    )


def test_a_program_gets_clashes_with_hosts_that_are_free(declared: Shell) -> None:
    clashing(declared)

    ran = run(declared, *WINDOW, "--format", "json")

    assert ran.rows[0]["clashes"] == [
        {
            "host": HOST,
            "capacity": 1,
            "keys": ["launch", "weekly"],
            "first_at": "2027-01-11T09:30:00Z",
            "dates": 1,
            "free_hosts": ["cto@example.com"],
        }
    ]


def test_a_pool_of_one_has_no_free_host(declared: Shell) -> None:
    clashing(declared, launch="solo@example.com")
    text = (declared.folder / "meetings.yaml").read_text()
    declared.write("meetings.yaml", text.replace(HOST, "solo@example.com"))

    ran = run(declared, *WINDOW, "--format", "json")

    assert [(each["host"], each["free_hosts"]) for each in ran.rows[0]["clashes"]] == [
        ("solo@example.com", [])
    ]


ROOM = f"""\
version: 1
closures: {{berlin: [2027-01-18]}}
meetings:
  room:
    topic: Open room
    host: {HOST}
    type: 3
    timezone: Europe/Berlin
    duration: 30
    skip: [berlin]
    timetable:
      europe: {{start_time: 2027-01-11 10:00, repeat: {{every: week, on: mon, times: 3}}}}
      pacific: {{start_time: 2027-01-14 16:00, timezone: Asia/Tokyo, topic: Clinic}}
"""


def test_each_slot_of_a_room_is_an_event_of_its_own(shell: Shell) -> None:
    shell.write("meetings.yaml", ROOM)

    text = run(shell, "--format", "ics").out
    agenda = run(shell, *WINDOW, "--zone", "Europe/Berlin")

    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    read = read_feed(text, datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    assert len({str(each["UID"]) for each in events}) == len(events) == 2
    assert [f"{start:{MOMENT}} {topic}" for start, _, topic in read] == [
        "2027-01-11T09:00:00Z Open room",
        "2027-01-14T07:00:00Z Clinic",
        "2027-01-25T09:00:00Z Open room",
    ]
    assert "  closed: berlin\n  skipped: room (berlin)\n" in agenda.out
    assert agenda.out.endswith("3 dates of 1 meeting, 1 skipped: 11 Jan 2027 to 1 Feb 2027, Europe/Berlin.\n")
