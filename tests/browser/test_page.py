"""The calendar's page in headless Chromium: it shows, filters, keeps to itself, and everybody can use it.

`make browser` installs axe-core. Without Chromium these tests are skipped.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from calendar_documents import HOSTILE, clashing, crowd, date, document, team
from paths import ROOT
from playwright.sync_api import sync_playwright

from reconciler.views.html.calendar import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = ROOT / "build" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desk": (1440, 900), "tablet": (820, 1100), "phone": (390, 844)}
VIEWS = ("week", "month", "agenda")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a calendar from a file at 13:20 UTC on 10 December 2026; fail on an error, or a request."""
    requests: list[str] = []
    complaints: list[str] = []
    contexts = []

    def opened(calendar: dict[str, Any], hash_: str = "", size: str = "desk", **options: Any) -> Page:
        width, height = SIZES[size]
        file = tmp_path / "calendar.html"
        file.write_text(page_of(calendar, clashing()), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": height}, **{"timezone_id": "Europe/Berlin", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.clock.set_fixed_time("2026-12-10T13:20:00Z")
        page.goto(f"{file.as_uri()}{hash_}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        "axe.run().then(({violations}) => "
        "violations.map(each => each.id + ' ' + each.nodes.map(node => node.target).join(' ')))"
    )
    return found


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core in build/browser: make browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(show: Callable[..., Page], size: str, scheme: str) -> None:
    page = show(team(), size=size, color_scheme=scheme, bypass_csp=True)
    found = {}
    for view in VIEWS:
        page.locator(f"[data-view={view}]").click()
        found[view] = violations(page)
    page.locator("[data-view=agenda]").click()
    page.locator("button.line").first.click()
    found["date"] = violations(page)

    assert found == {"week": [], "month": [], "agenda": [], "date": []}


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_topics_stay_text(show: Callable[..., Page], view: str) -> None:
    topics = [date(f"key-{n}", f"2026-12-10T1{n}:00", topic=topic) for n, topic in enumerate(HOSTILE)]

    page = show(document(topics), f"#view={view}&day=2026-12-10")
    shown = ".line b bdi" if view == "agenda" else "main bdi"

    assert page.title() == "Meetings, 2026-12-01 to 2027-11-30"
    assert sorted(texts(page, shown)) == sorted([*HOSTILE[:3], "safe\\u202egnp.exe\\u2028\\u2069"])
    assert page.locator("main script, main img").count() == 0


def test_a_week_has_its_dates_its_clashes_and_today(show: Callable[..., Page]) -> None:
    page = show(team())

    assert texts(page, "#period") == ["7 – 13 December 2026"]
    assert texts(page, ".week-head.is-today h3") == ["10\nThu"]
    assert page.locator(".event").all_text_contents() == [
        "!Sync, 10:00 – 10:30, Wed, 9 Dec 2026, clashes",
        "!Retro, 10:15 – 10:45, Wed, 9 Dec 2026, clashes",
        "Launch14:00 – 15:30, 14:00 – 15:30, Thu, 10 Dec 2026",
        "Call, 23:30 – 00:30, Thu, 10 Dec 2026",
        "Call, 23:30 – 00:30, Thu, 10 Dec 2026",
    ]


@pytest.mark.parametrize("size", ["desk", "tablet", "phone"])
def test_a_long_topic_has_whole_lines_above_its_time(show: Callable[..., Page], size: str) -> None:
    topics = [
        date("long", "2026-12-10T10:00", 60, topic="Dramaturgy & repertoire <2027> and what comes after it")
    ]
    topics.append(date("longer", "2026-12-10T12:00", 120, topic="Dramaturgy and " * 20))

    page = show(document(topics), size=size)
    parts = page.evaluate(
        "[...document.querySelectorAll('.event')].map(each => {"
        "  const [topic, time] = each.children;"
        "  const lines = topic.clientHeight / parseFloat(getComputedStyle(topic).lineHeight);"
        "  const [from, to] = [topic, time].map(part => part.getBoundingClientRect());"
        "  return [Math.abs(lines - Math.round(lines)) < 0.1, from.bottom <= to.top + 0.5,"
        "    to.bottom <= each.getBoundingClientRect().bottom];"
        "})"
    )

    assert parts == [[True, True, True], [True, True, True]]


def test_closures_and_skipped_dates_are_shown(show: Callable[..., Page]) -> None:
    page = show(team(), "#view=week&day=2026-12-24")

    assert texts(page, ".week-head .closure") == ["Closed: Winter break"] * 4
    assert texts(page, ".week-head .skipped") == ["1 date skipped"]
    page.keyboard.press("a")
    assert texts(page, "section[data-day='20811'] .line")[0].split("\n") == ["Closed", "Winter break"]


def test_filters_live_in_the_address(show: Callable[..., Page]) -> None:
    page = show(team(), "#view=agenda&day=2026-12-01&host=room-2@example.com&text=CALL")
    assert texts(page, "#count") == ["1 meeting, 50 dates."]

    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Only dates that clash").check()
    page.get_by_label("Find a meeting").fill("retro")
    address = page.evaluate("location.hash")
    assert (texts(page, "#count"), address) == (
        ["1 meeting, 2 dates."],
        "#view=agenda&day=2026-12-01&text=retro&clashes=1",
    )

    page.go_back()
    assert page.get_by_label("Only dates that clash").is_checked() is False


def test_an_address_that_makes_no_sense_shows_today(show: Callable[..., Page]) -> None:
    page = show(team(), "#view=year&day=2026-99-99&zone=Mars/Base&host=nobody&text=%E0%A4%A")

    assert (texts(page, "#period"), page.locator("#zone").input_value()) == (
        ["7 – 13 December 2026"],
        "Europe/Berlin",
    )


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("America/New_York", {"03-11": "17:30 – 18:30", "03-18": "18:30 – 19:30", "04-01": "18:30 – 19:30"}),
        ("Asia/Kolkata", {"03-12": "04:00 – 05:00", "03-19": "04:00 – 05:00", "04-02": "04:00 – 05:00"}),
        ("Europe/Berlin", {"03-11": "23:30 – 00:30", "03-18": "23:30 – 00:30", "04-02": "00:30 – 01:30"}),
    ],
)
def test_times_are_in_the_chosen_zone_across_clock_changes(
    show: Callable[..., Page], zone: str, times: dict[str, str]
) -> None:
    """The call is at 22:30 UTC; New York changes its clock on 14 March, Berlin on the 28th."""
    page = show(team(), f"#view=agenda&day=2027-03-10&zone={zone}&text=call")

    shown = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.day')].map(d => "
        "[new Date(d.dataset.day * 864e5).toISOString().slice(5, 10), d.querySelector('time')?.textContent]))"
    )

    assert {day: shown.get(day) for day in times} == times


def test_the_keyboard_does_everything(show: Callable[..., Page]) -> None:
    page = show(team())
    for key, period in (
        ("m", "December 2026"),
        ("ArrowRight", "January 2027"),
        ("t", "December 2026"),
        ("w", "7 – 13 December 2026"),
        ("ArrowLeft", "30 Nov – 6 Dec 2026"),
    ):
        page.keyboard.press(key)
        assert texts(page, "#period") == [period]

    page.locator(".event").first.focus()
    page.keyboard.press("Enter")
    assert texts(page, "#details[open] .warning p") == [
        "Retro 10:15 – 10:45",
        "Free on all dates: room-2@example.com",
    ]
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("wma")
    assert page.locator("#text").input_value() == "wma"


def test_a_date_tells_what_a_reader_needs(show: Callable[..., Page]) -> None:
    page = show(
        team() | {"links": {"retro": "https://example.zoom.us/j/1"}}, "#view=agenda&day=2026-12-16&zone=UTC"
    )

    page.locator("section[data-day='20803'] button.line").click()

    assert texts(page, "#details dd") == [
        "Wednesday, 16 December 2026\n09:15 – 09:45, UTC",
        "Wednesday, 16 December 2026\n10:15 – 10:45, Europe/Berlin",
        "30 min",
        "room-1@example.com",
        "The room is painted",
        "retro",
        "12 dates",
    ]
    assert texts(page, "#details .badge") == ["Moved"]
    assert page.locator("#details a").get_attribute("href") == "https://example.zoom.us/j/1"


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_shows_it_without_scrolling_sideways(show: Callable[..., Page], view: str) -> None:
    page = show(team(), f"#view={view}&day=2026-12-10", size="phone", has_touch=True)

    assert page.evaluate(
        "[document.documentElement, document.querySelector('main')].map(e => e.scrollWidth)"
    ) == [390, 390]
    page.get_by_role("button", name="Filters").click()
    assert page.get_by_label("Find a meeting").is_visible()


def test_paper_has_the_agenda_from_the_shown_day_on(show: Callable[..., Page]) -> None:
    page = show(crowd(200), "#view=agenda&day=2026-12-10")

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    shown = page.evaluate(
        "[document.querySelector('.day').dataset.day, document.querySelectorAll('.line').length]"
    )
    assert (shown[0], 1000 <= shown[1] <= 1100, page.locator("#side").is_visible()) == ("20797", True, False)


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize(("view", "day"), [("week", "2026-12-10"), ("month", "2027-08-10")])
def test_a_week_and_a_month_of_six_weeks_fit_a_page(
    show: Callable[..., Page], view: str, day: str, size: str
) -> None:
    """Upright and on its side, also where the screen is a phone's."""
    page = show(crowd(200), f"#view={view}&day={day}", size=size)

    printed = [page.pdf(format="A4", landscape=landscape) for landscape in (False, True)]

    assert [pdf.count(b"/Type /Page\n") for pdf in printed] == [1, 1]


SCROLL = """() => new Promise(done => {
    const main = document.querySelector('main');
    let frames = 0;
    const next = () => {
        main.scrollTop += 300;
        if (++frames < 120) requestAnimationFrame(next);
        else done(frames);
    };
    requestAnimationFrame(next);
})"""
"""Scrolls through 120 frames."""


def test_2000_meetings_scroll_without_a_stutter(show: Callable[..., Page]) -> None:
    """Shown in less than a second; while 104,000 dates scroll, few rows exist and frames are done in time.

    Counted is what the page's thread works, since a busy machine lets it wait: `make bench` has the seconds.
    """
    page = show(crowd(2000), "#view=agenda&day=2026-12-10")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()

    def worked() -> float:
        """Return the seconds that the thread has worked since the page was opened."""
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")

    shown = worked()
    frames = page.evaluate(SCROLL)
    frame = (worked() - shown) / frames

    print(f"shown after {shown:.2f} s of work, {frame * 1000:.1f} ms for a frame")  # noqa: T201 - the figures of the page
    assert (shown < 1, frame < 1 / 40, page.locator(".line").count() < 1000) == (True, True, True)
