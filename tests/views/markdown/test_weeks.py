"""The table of weeks in a comment: whole texts, its bounds, and hostile keys."""

from __future__ import annotations

from datetime import date, timedelta

from builders import meeting, one_off, planned, spec, weekly
from hostile_topics import TOPICS
from rendered import Page

from reconciler.plan.dates.weeks import DateEntry, Kind, WeekEntry, Weeks
from reconciler.views.markdown.weeks import week_table
from reconciler.views.style import TextStyle
from reconciler.views.table import view

MON = date(2027, 1, 11)


def mondays(*weeks: int) -> tuple[date, ...]:
    return tuple(MON + timedelta(weeks=week) for week in weeks)


def added(key: str, *weekdays: int, words: str = "10:00") -> DateEntry:
    return DateEntry(Kind.ADDED, weekdays or (0,), words, key)


def test_each_kind_of_change_has_a_column() -> None:
    table = week_table(
        Weeks(
            "Europe/Berlin",
            (
                WeekEntry(
                    mondays(0, 1, 2, 4, 5),
                    (
                        DateEntry(Kind.GONE, (1,), "09:00", "standup"),
                        DateEntry(Kind.MOVED, (0, 2), "10:00 → 11:00", "daily"),
                        added("sync", 0, 1, 2, 3, 4, words="08:00 America/New_York"),
                    ),
                ),
                WeekEntry(mondays(0, 2, 4, 6), (added("retro", 1),)),
                WeekEntry(mondays(0, 2, 5, 9, 10), (added("board", 2),)),
                WeekEntry(mondays(1), (DateEntry(Kind.MOVED, (0,), "10:00 → Tue 2 Feb 2027, 11:00", "one"),)),
            ),
            has_other_zones=True,
        )
    )

    assert table == (
        "**The calendar of the next 26 weeks.** Local times, in `Europe/Berlin` where no zone is named.\n"
        "\n"
        "| Weeks | Added | Moved | Gone |\n"
        "| --- | --- | --- | --- |\n"
        "| 11 to 31 Jan 2027<br>8 to 21 Feb 2027 | Mon to Fri 08:00 `America/New_York` `sync` "
        "| Mon, Wed 10:00 → 11:00 `daily` | Tue 09:00 `standup` |\n"
        "| every 2 weeks, 11 Jan to 28 Feb 2027 | Tue 10:00 `retro` |  |  |\n"
        "| 11 to 17 Jan 2027<br>25 to 31 Jan 2027<br>15 to 21 Feb 2027<br>and 2 more weeks "
        "| Wed 10:00 `board` |  |  |\n"
        "| 18 to 24 Jan 2027 |  | Mon 10:00 → Tue 2 Feb 2027, 11:00 `one` |  |"
    )


def test_the_table_stays_short() -> None:
    crowd = tuple(added(f"m{number}") for number in range(9))
    entries = tuple(WeekEntry(mondays(week), crowd) for week in range(8))

    table = week_table(Weeks("UTC", entries))

    assert table.splitlines()[2:] == [
        "| Weeks | Added |",
        "| --- | --- |",
        *(
            f"| {days} 2027 | Mon 10:00 `m0`<br>Mon 10:00 `m1`<br>Mon 10:00 `m2`<br>Mon 10:00 `m3`<br>"
            "Mon 10:00 `m4`<br>and 4 more |"
            for days in (
                "11 to 17 Jan",
                "18 to 24 Jan",
                "25 to 31 Jan",
                "1 to 7 Feb",
                "8 to 14 Feb",
                "15 to 21 Feb",
            )
        ),
        "",
        "… and 18 more changes.",
    ]


def test_no_change_is_no_table() -> None:
    assert week_table(Weeks()) == ""


def test_a_hostile_key_stays_in_its_cell() -> None:
    """Whatever a program passes for a key, the table keeps its three columns and has no markup of it."""
    entries = (WeekEntry(mondays(0), tuple(added(topic) for topic in TOPICS)),)
    texts = [
        week_table(Weeks("UTC", (WeekEntry(mondays(0), (each, DateEntry(Kind.GONE, (0,), "9:00", "b"))),)))
        for each in entries[0].entries
    ]

    pages = [Page(text) for text in texts]

    assert {str(page.rows) for page in pages} == {"[[3, 3]]"}
    assert {tag for page in pages for tag in page.tags} == {
        *("p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td")
    }


def test_the_comment_shows_it_for_two_meetings_and_not_for_one() -> None:
    two = planned(spec(meeting("weekly", weekly()), meeting("launch", one_off())))
    one = planned(spec(meeting("weekly", weekly())))

    texts = [view("plan", "markdown")(plan, TextStyle()) for plan in (two, one)]

    assert [text.count("| Weeks | Added |\n| --- | --- |\n| 11 Jan to 30 May") for text in texts] == [1, 0]
