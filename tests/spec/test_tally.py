"""Work is bounded by what a person can read: of many findings the first are made, and the rest is counted."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from call_count import calls_of

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.spec import spec
from reconciler.spec.settings import HostSettings, Settings
from reconciler.spec.tally import FINDINGS_MAX, LIKE_IT_MAX, Tally
from reconciler.spec.yaml.document import Source
from reconciler.views.results import severity_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.no_cover  # large documents, and a count of calls is slow under the tracer

HEAD = "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\nmeetings:\n"
GOOD = "  a: {topic: x, type: 2, start_time: 2027-01-11T10:00:00}\n"


def parsed(text: str) -> Sequence[Diagnostic]:
    return spec.parse([Source("meetings.yaml", text.encode())], Settings()).diagnostics


def taken(codes: Sequence[tuple[str, Severity]]) -> list[Diagnostic]:
    tally = Tally()
    kept = [Diagnostic(code, severity=severity) for code, severity in codes if tally.takes(code, severity)]
    return list(tally.bounded(kept))


def test_a_hundred_of_a_code_are_made_and_the_last_counts_the_rest() -> None:
    found = taken([("a", Severity.ERROR)] * 250)

    assert (len(found), found[-1].detail, severity_counts(found)) == (
        LIKE_IT_MAX,
        "And 150 more like it.",
        (250, 0),
    )


def test_of_a_thousand_errors_come_before_warnings() -> None:
    codes = [(f"w{n}", Severity.WARNING) for n in range(11) for _ in range(100)]
    found = taken([*codes, ("e", Severity.ERROR)])

    assert [each.code for each in found if each.severity is Severity.ERROR] == ["e"]
    assert (len(found), severity_counts(found)) == (FINDINGS_MAX + 1, (1, 1_100))


def test_a_code_that_is_cut_whole_is_counted_too() -> None:
    codes = [(f"e{n}", Severity.ERROR) for n in range(10) for _ in range(100)]
    found = taken([*codes, *[("w", Severity.WARNING)] * 7])

    assert (found[-1].code, found[-1].detail) == ("spec.too-many", "7 more findings are not shown.")
    assert severity_counts(found) == (1_000, 7)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (HEAD + "".join(f"  m{n}: {{topik: x, type: 2}}\n" for n in range(3_000)), (3_000, 0)),
        (HEAD + GOOD + "".join(f"k{n}: 1\n" for n in range(5_000)), (5_000, 0)),
        (HEAD + "  a:\n    topic: x\n" + "".join(f"    k{n}: 1\n" for n in range(5_000)), (5_000, 0)),
        (HEAD + "  a:\n    topic: x\n" + "    agenda: y\n" * 5_000, (5_000, 0)),
        (HEAD + "".join(f"  m{n}: {{topic: x}}\n" for n in range(2_000)), (2_000, 1_999)),
        (f"{HEAD}{GOOD}moved:\n" + "".join(f"- {{from: a{n}, to: b}}\n" for n in range(5_000)), (9_999, 0)),
        (f"{HEAD}{GOOD}people:\n" + "".join(f"  p{n}: [a@b.c]\n" for n in range(5_000)), (0, 5_000)),
        (f"{HEAD}{GOOD}closures:\n  c:\n" + "  - 2027-02-30\n" * 5_000, (5_000, 1)),
    ],
    ids=[
        "wrong meetings",
        "unknown keys",
        "unknown fields",
        "duplicate keys",
        "no type",
        "moved keys that nobody declares",
        "unused names",
        "impossible days",
    ],
)
def test_of_many_findings_few_are_shown_and_all_are_counted(text: str, counts: tuple[int, int]) -> None:
    found = parsed(text)

    assert len(found) <= FINDINGS_MAX + 1
    assert severity_counts(found) == counts
    assert calls_of(lambda: parsed(text)) < 200 * sum(counts)


def test_an_unknown_host_costs_no_guess_that_nobody_reads() -> None:
    """A guess compares the name with each of 1,000 hosts: some 40,000 calls."""
    hosts = {f"user{n}@example.com": HostSettings() for n in range(1_000)}
    text = "".join(f"  m{n}: {{host: foreign{n}@other.org, topic: t{n}, type: 3}}\n" for n in range(2_000))
    found: list[Diagnostic] = []

    def read() -> None:
        sources = [Source("a.yaml", f"version: 1\nmeetings:\n{text}".encode())]
        found[:] = spec.parse(sources, Settings(hosts=hosts)).diagnostics

    read()
    assert severity_counts(found) == (2_000, 0)
    assert calls_of(read) < 1_000 * 2_000


def moved_every_day(days: int) -> str:
    dates = [date(2027, 1, 11) + timedelta(days=n) for n in range(days)]
    moved = ", ".join(f"{day}: {{start_time: {day} 12:00}}" for day in dates)
    return (
        f"{HEAD}  a:\n    topic: x\n    start_time: 2027-01-11 10:00\n    repeat: {{every: day}}\n"
        f"    exceptions: {{{moved}}}\n"
    )


def test_many_moved_dates_of_one_series_are_compared_with_near_ones_alone() -> None:
    assert parsed(moved_every_day(1_000)) == ()
    assert calls_of(lambda: parsed(moved_every_day(1_000))) < 3 * calls_of(
        lambda: parsed(moved_every_day(500))
    )


def test_a_scalar_of_ten_megabytes_is_an_error_of_one_line() -> None:
    found = parsed(HEAD + f"  a: {{topic: {'x' * 10_000_000}, type: 2, start_time: 2027-01-11T10:00:00}}\n")

    assert [each.code for each in found] == ["spec.too-long"]
    assert sum(len(f"{each.detail}{each.snippet}") for each in found) < 1_000


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        HEAD + f"  a: {{topic: x, type: 3, timezone: UTC{LONG}}}\n",
        HEAD + f"  a: {{topic: x, type: 3, use: {LONG}}}\n",
        HEAD + f"  a: {{topic: x, start_time: 2027-01-11 10:00, repeat: {{every: day}}, skip: [{LONG}]}}\n",
        HEAD + f"{GOOD}audience: [{LONG}]\n",
        HEAD + f"{GOOD}moved:\n- {{from: b, to: {LONG}}}\n",
        HEAD + f"{GOOD}imports:\n- {{id: 81234567890, to: {LONG}}}\n",
        HEAD + f"  a: *{LONG}\n",
        HEAD + f"  a: !{LONG} x\n",
    ],
    ids=["zone", "template", "closure", "audience", "moved", "imported", "alias", "tag"],
)
def test_a_name_as_long_as_a_file_is_cut_where_it_is_shown(text: str) -> None:
    found = parsed(text)

    assert found
    assert sum(len(f"{each.detail}{each.hint}{each.snippet}") for each in found) < 4_000


def test_a_few_findings_are_as_they_were() -> None:
    found = parsed(HEAD + "  a: {topik: x, type: 2, start_time: 2027-01-11T10:00:00}\n")

    assert [(each.code, each.more) for each in found] == [("spec.unknown-field", 0)]


def one_line(meetings: int) -> str:
    body = {"topic": "x", "type": 2, "start_time": "2099-01-11T10:00:00Z", "agenda": "password: abc1 " * 20}
    entries = {f"k{number}": {**body, "bogus": 1} for number in range(meetings)}
    return json.dumps({"version": 1, "defaults": {"host": "a@example.com"}, "meetings": entries})


def test_one_long_line_with_many_findings_is_judged_once() -> None:
    """A file of JSON is often one line: each finding on it would search all of it for secrets."""
    found = parsed(one_line(200))

    assert severity_counts(found) == (200, 200)
    assert not any("abc1" in (each.snippet or "") for each in found)
    assert calls_of(lambda: parsed(one_line(64))) < 6 * calls_of(lambda: parsed(one_line(16)))


@pytest.mark.parametrize("section", ["moved", "imports", "removed", "people", "closures", "templates"])
def test_entries_past_every_bound_are_not_taken_for_good_ones(section: str) -> None:
    """No more than a thousand entries that do not fit are looked at, and none of the rest is read."""
    entries: dict[str, Any] = {
        "moved": [{"from": 1, "to": 2}],
        "imports": [{"id": "x", "to": "b"}],
        "removed": [{"key": "a", "id": -1, "destroy": "maybe"}],
    }
    named: Any = {f"n{number}": 5 for number in range(2000)}
    text = json.dumps({"version": 1, section: entries[section] * 2000 if section in entries else named})

    assert len(parsed(text)) >= LIKE_IT_MAX


@pytest.mark.parametrize("template", ["5", "x", "[a]", ""])
def test_a_template_that_is_no_mapping_is_an_error(template: str) -> None:
    found = parsed(f"version: 1\ntemplates: {{a: {template}}}\n")

    assert [each.code for each in found if each.severity is Severity.ERROR] == ["spec.wrong-type"]
