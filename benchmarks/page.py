"""The calendar's page of 2,000 meetings: its size, and how soon a browser paints it."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import generate
from measure import Command, run
from reach import Line

COUNT = 2_000
FILE = "page.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

FIRST_PAINT = """new Promise(done => new PerformanceObserver(found => done(found.getEntries()[0].startTime))
    .observe({type: 'paint', buffered: true}))"""


def lines(work: Path, reconciler: str) -> list[Line]:
    """The reach of the page; without a browser, that of its size alone."""
    made_by = zlib.crc32(Path(generate.__file__).read_bytes())
    folder = work / f"{generate.first_day():%Y}-{made_by:08x}-{COUNT}-page"
    if not folder.exists():
        generate.write(folder, COUNT)
    made = ("calendar", "meetings.yaml", "--format", "html", "--out", FILE)
    run(Command("page", (reconciler, *made), folder))
    size = (folder / FILE).stat().st_size / 1e6
    reached = [Line(f"page of {COUNT:,} meetings, in MB", size, 2)]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is not None:
        paint = first_paint(folder / FILE, browser)
        reached.append(Line(f"page of {COUNT:,} meetings: seconds to the first paint", paint, 1))
    return reached


def first_paint(file: Path, browser: str) -> float:
    """Seconds from opening the file to its first paint, in a browser that has just started."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = started.new_page()
        page.goto(file.as_uri())
        milliseconds: float = page.evaluate(FIRST_PAINT)
        started.close()
    return milliseconds / 1000
