"""The comment on a pull request: whole texts, their size, and hostile values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from builders import (
    HOST,
    NOW,
    at,
    intent,
    meeting,
    moved,
    one_off,
    planned,
    record,
    removed,
    spec,
    state,
    weekly,
)
from hostile_topics import TOPICS
from msgspec.structs import replace
from paths import CASES
from rendered import Page
from shell import ONE, spec_of

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.plan.budget import Allowances, BudgetLine, Limits
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import DateAction, DateStep, Status, Step
from reconciler.views.markdown.escape import cell_code, code, code_block, mermaid_words, prose, visible
from reconciler.views.markdown.size import BYTES_MAX, Entry, fit
from reconciler.views.results import JoinLink
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from shell import Shell

CASES = CASES / "markdown"
TODAY = "2026-12-01"
STYLE = TextStyle(commit="28d679f0c9df")
GITHUB_MAX = 65_536

SIGNALS = re.compile(
    r"""[@\#$%~^&]\w | !\d | ://|www\. | :[\w+-]+: | \b[a-zA-Z]{2,}-\d
    | \b[0-9a-f]{7,}\b | <!-- | \[\[ | \[[ x\]]\]""",
    re.VERBOSE,
)
"""Matches text outside of code that GitHub or GitLab would turn into something else."""


def shown(plan: Plan, style: TextStyle = STYLE) -> str:
    return view("plan", "markdown")(plan, style)


def plan_of(*steps: Step, budget: tuple[BudgetLine, ...] = (), **fields: Any) -> Plan:
    return replace(Plan(steps, budget, "lineage-1", 1, NOW), **fields)


def step(action: Action, key: str = "launch", topic: str = "Launch review", **fields: Any) -> Step:
    return replace(Step(key, action, HOST, topic), **fields)


def check_case(name: str, text: str) -> None:
    """Check that the text equals a file in `cases`, and that its page is whole."""
    check_whole(text)
    assert text.replace(__version__, "VERSION") == (CASES / f"{name}.md").read_text()


def check_whole(text: str) -> Page:
    """Check that no table is ragged, every tag is closed and the size is in the limit; return the page."""
    page = Page(text)
    ragged = [rows for rows in page.rows if len(set(rows)) != 1]
    assert (page.unclosed, ragged, page.tags.get("summary", 0)) == ([], [], page.tags.get("details", 0))
    assert len(text) <= len(text.encode()) <= BYTES_MAX < GITHUB_MAX
    assert text.startswith("<!-- reconciler:")
    return page


# Whole texts


def each_action() -> Plan:
    """Return a plan with a step of every action."""
    old = weekly(topic="Retro", agenda="What went well?")
    new = weekly(
        topic="Retro",
        agenda="What went well, and what did not?",
        start_time="2027-01-12T15:30:00",
        recurrence={**old["recurrence"], "weekly_days": "3"},
        password={"env": "RETRO_PASSCODE", "version": 2},
    )
    kept = {**old, "password": {"env": "RETRO_PASSCODE", "version": 1}}
    known = state(
        meetings={
            "retro": record(1, kept),
            "all-hands": record(2, one_off(topic="All hands")),
            "gone": record(3, one_off(topic="Gone", start_time="2027-02-01T09:00:00Z")),
            "ended": record(4, one_off(topic="Ended")),
            "old-sig": record(5, weekly(topic="SIG")),
            "let-go": record(6, one_off(topic="Let go")),
            "kept": record(7, one_off(topic="Kept", agenda="x")),
            "was": record(8, one_off(topic="Was", start_time="2026-10-01T09:00:00Z")),
        },
        intents={"doubt": intent(one_off(topic="In doubt"))},
        usage={TODAY: {HOST: 12}},
    )
    declared = spec(
        meeting("platform-weekly", weekly(settings={"waiting_room": True}), protect=True),
        meeting("retro", new),
        meeting("all-hands", weekly(topic="All hands")),
        meeting("sig", weekly(topic="SIG")),
        meeting("kept", one_off(topic="Kept")),
        meeting("doubt", one_off(topic="In doubt")),
        removed=(
            removed("all-hands", 81_234_567_002),
            removed("ended", 81_234_567_004),
            removed("let-go", 81_234_567_006, destroy=False),
        ),
        moved=(moved("old-sig", "sig"),),
    )
    return planned(declared, known)


def test_each_action_has_its_place() -> None:
    """Totals, risks, cost, then each meeting folded, then the command to apply."""
    check_case("each-action", shown(each_action()))


def test_no_changes_are_a_short_comment() -> None:
    plan = planned(spec(meeting()), state(meetings={"launch": record()}))

    check_case("no-changes", shown(plan))


def test_a_comment_without_changes_names_what_is_over() -> None:
    """What was never created comes first: there a year may have been mistyped."""
    over = step(Action.KEEP, "over", status=Status.EXPIRED)
    new = step(Action.CREATE, "kick-off", status=Status.EXPIRED)

    calm = shown(plan_of(over, new), TextStyle()).split("\n\n")

    assert calm[1:4] == [
        "### No changes",
        "Zoom is as declared, by what was last applied. `reconciler drift` asks Zoom itself.",
        "Expired, nothing is sent for them: `kick-off`, `over`",
    ]


def test_a_plan_with_refresh_says_that_it_compared_with_zoom() -> None:
    calm = shown(plan_of(options=Options(refresh=True)), TextStyle()).split("\n\n")

    assert calm[1:3] == [
        "### No changes",
        "Zoom is as declared, by what was last applied and by what Zoom says now.",
    ]


def rollout_of(days: int, hosts: int = 2) -> Plan:
    """Return a plan that takes the first host `days` at ten meetings a day, the others fewer days."""
    declared = [
        meeting(f"sig-{host}-{n:03}", one_off(topic=f"SIG {n}"), host=f"host{host}@example.com")
        for host in range(hosts)
        for n in range(max(1, 10 * (days - host)))
    ]
    return planned(spec(*declared), allowances=Allowances(Limits(daily=10, reserve=0), {}))


def test_a_rollout_of_days_is_a_table_and_a_diagram() -> None:
    text = shown(rollout_of(3))

    assert text[text.index("| Host") : text.index("**To add")] == (CASES / "rollout.md").read_text()


def test_many_days_and_hosts_are_counted() -> None:
    """The ticks of a long diagram are a week apart, and only the hosts that take longest are in it."""
    text = shown(rollout_of(days=14, hosts=14))

    page = check_whole(text)
    assert "… and 2 more hosts. The day's budget resets" in text
    assert "… and 4 more days, the last one 2026-12-14." in text
    assert [rows for rows in page.rows if rows[0] == 3] == [[3] * 11]
    (diagram,) = [each for each in page.fences if each.startswith("%%{init")]
    assert (diagram.count("section"), "tickInterval 1week" in diagram) == (8, True)


def test_days_that_differ_are_bars_of_their_own() -> None:
    """A host with nothing today begins on a later day."""
    rows = (("2026-12-02", 5), ("2026-12-03", 5), ("2026-12-05", 5), ("2026-12-06", 1))
    budget = tuple(BudgetLine(HOST, day, 10, 0, 0, count) for day, count in rows)
    text = shown(plan_of(step(Action.FORGET, id=1), budget=budget))

    bars = [line.strip() for line in text.splitlines() if re.search(r" :\d{4}-", line)]
    assert bars == ["5 a day :2026-12-02, 2d", "5 :2026-12-05, 1d", "1 :2026-12-06, 1d"]
    assert "| `platform@example.com` | 0 | 0 |  | 16 | 2026-12-06 |" in text


def test_a_late_meeting_is_a_risk() -> None:
    late = meeting("soon", one_off(topic="Soon", start_time="2026-12-01T12:00:00Z"))
    plan = planned(spec(late), state(usage={TODAY: {HOST: 100}}))

    check_case("late", shown(plan))


def test_a_step_that_is_deferred_without_a_day_says_why() -> None:
    plan = planned(spec(meeting()), allowances=Allowances(Limits(daily=0), {}))

    assert (
        "<b>Launch review</b> for <code>platform@example.com</code>: Thu 14 Jan 2027, 15:00 UTC, 60 min; "
        "not today: its host may send no requests at all</summary>"
    ) in shown(plan)


def test_a_plan_of_withheld_steps_is_not_no_changes() -> None:
    plan = planned(spec(), state(meetings={"launch": record()}))

    text = shown(plan)

    assert "### Plan: 0 to add, 0 to change, 0 to destroy, 1 withheld.\n\nNothing is sent." in text
    assert "add `removed: [{key: launch, id: 81234567001, destroy: true}]`\n" in text
    assert "To apply it" not in text


def test_a_start_without_a_zone_is_shown_in_utc() -> None:
    before = "2027-01-13T15:00:00Z"
    changes = (FieldChange("start_time", before, "2027-01-14T15:00:00Z", "time moves"),)
    recorded = one_off(start_time=before)
    text = shown(plan_of(step(Action.UPDATE, meeting=meeting(), recorded=recorded, changes=changes)))

    assert [line for line in text.splitlines() if line.startswith(("| before", "| after"))] == [
        "| before | Wed 13 Jan 2027, 15:00 | `UTC` | Wed 13 Jan 2027, 15:00 |",
        "| after | Thu 14 Jan 2027, 15:00 | `UTC` | Thu 14 Jan 2027, 15:00 |",
    ]


@pytest.mark.parametrize(
    "before",
    [pytest.param("2026-01-13T15:00:00Z", id="over"), pytest.param("soon", id="unreadable")],
)
def test_a_start_that_is_past_or_unreadable_is_shown_as_none(before: str) -> None:
    changes = (FieldChange("start_time", before, "2027-01-14T15:00:00Z", "time moves"),)
    recorded = one_off(start_time=before)
    text = shown(plan_of(step(Action.UPDATE, meeting=meeting(), recorded=recorded, changes=changes)))

    assert "| before | none to come | | |" in text


def test_times_are_shown_in_their_zone_and_in_utc() -> None:
    """Ten in Berlin is nine UTC in winter; a change of zone alone moves the instant."""
    changes = (FieldChange("timezone", "UTC", "Europe/Berlin", "time zone changes"),)
    recorded = weekly(timezone="UTC")
    text = shown(
        plan_of(step(Action.UPDATE, meeting=meeting("w", weekly()), recorded=recorded, changes=changes))
    )

    assert [line for line in text.splitlines() if line.startswith(("| before", "| after"))] == [
        "| before | Mon 11 Jan 2027, 10:00 | `UTC` | Mon 11 Jan 2027, 10:00 |",
        "| after | Mon 11 Jan 2027, 10:00 | `Europe/Berlin` | Mon 11 Jan 2027, 09:00 |",
    ]


def test_a_series_that_is_over_has_no_start_before_another_kind_of_end() -> None:
    """A count that is no longer declared still ended the series: the record tells, not the changes."""
    over = weekly(start_time="2026-10-05T10:00:00")
    over["recurrence"] = {**over["recurrence"], "end_times": 4}
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_date_time": "2027-06-28T09:00:00Z"}
    continued = weekly(start_time="2026-10-05T10:00:00", recurrence=rule)
    plan = planned(spec(meeting("w", continued)), state(meetings={"w": record(1, over)}))

    text = shown(plan)

    assert [line for line in text.splitlines() if line.startswith(("| before", "| after"))] == [
        "| before | none to come | | |",
        "| after | Mon 7 Dec 2026, 10:00 | `Europe/Berlin` | Mon 7 Dec 2026, 09:00 |",
    ]


def test_many_effects_are_counted_on_a_line() -> None:
    """The folded part has all of them, a new join link and another time first."""
    changes = tuple(FieldChange(f"settings.f{n}", None, n, f"effect {n} changes") for n in range(4))
    more = (
        FieldChange("start_time", None, None, "time moves"),
        FieldChange("settings.use_pmi", 0, 1, "join link changes"),
    )
    page = Page(shown(plan_of(step(Action.UPDATE, changes=(*changes, *more, FieldChange("x", 1, 2))))))

    assert page.summaries == [
        (
            "launch Launch review for platform@example.com: "
            "join link changes; time moves; effect 0 changes; and 4 more"
        )
    ]
    assert page.items[-7:] == [
        "join link changes", "time moves",
        *(f"effect {n} changes" for n in range(4)), "x changes",
    ]  # fmt: skip


def test_a_cut_hides_no_entry_of_a_list() -> None:
    """Of thirty invitees the last one changes; a new meeting has thirty alternative hosts."""
    people = [{"email": f"person-{n:02}@example.com"} for n in range(30)]
    others = [*people[:29], {"email": "stranger@example.com"}]
    changed = step(Action.UPDATE, changes=(FieldChange("settings.meeting_invitees", people, others, ""),))
    (fence,) = Page(shown(plan_of(changed))).fences
    assert fence.splitlines() == [
        '- settings.meeting_invitees: {"email":"person-29@example.com"}',
        '+ settings.meeting_invitees: {"email":"stranger@example.com"}',
    ]

    hosts = ";".join(f"person-{n:02}@example.com" for n in range(30))
    new = step(
        Action.CREATE, meeting=meeting("launch", one_off(settings={"alternative_hosts": hosts})), day=TODAY
    )
    (fence,) = Page(shown(plan_of(new))).fences
    assert [line for line in fence.splitlines() if "alternative_hosts" in line] == [
        f'+ settings.alternative_hosts: "person-{n:02}@example.com"' for n in range(30)
    ]


def test_long_values_are_cut_around_their_difference() -> None:
    before, after = "same " * 100 + "old" + "x" * 900, "same " * 100 + "new" + "x" * 900
    many = tuple(FieldChange(f"settings.f{n}", None, n, "") for n in range(100))
    changes = (FieldChange("agenda", before, after, "description changes"), *many)
    (fence,) = Page(shown(plan_of(step(Action.UPDATE, changes=changes)))).fences

    lines = fence.splitlines()
    assert lines[0].startswith('- agenda: "…' + "same " * 8 + "old")
    assert lines[1].startswith('+ agenda: "…' + "same " * 8 + "new")
    assert (max(map(len, lines)) < 320, len(lines), lines[-1]) == (True, 81, "… and 22 more")


def test_released_fields_and_passcodes_are_shown_without_secrets() -> None:
    """A passcode is never shown: neither a literal one, nor one by reference, nor one in a link in a text."""
    declared = one_off(password="s3cret-7", agenda="https://zoom.example/j/1?pwd=hidden77")
    update = (FieldChange("password", "(passcode)", "(passcode)", "join link and passcode change"),)
    text = shown(
        plan_of(
            step(Action.CREATE, "a", meeting=meeting("a", declared)),
            step(Action.UPDATE, "b", changes=update, released=("agenda",)),
        )
    )

    assert (text.count("s3cret-7"), text.count("hidden77"), text.count("+ password:")) == (0, 0, 2)
    assert "+ password: as written in the spec\n" in text
    assert "- password: (passcode)\n+ password: (passcode)\n- agenda   (no longer declared)\n" in text


def test_errors_are_shown_before_warnings() -> None:
    """An error in plain view with its place, warnings folded; of one code three, the others by number."""
    span = Span("meetings/a b.yaml", Position(3, 5), Position(3, 9))
    error = Diagnostic("zoom.unreadable", "a: HTTP 503.", span=span)
    odd = [Diagnostic("meeting.twins", f"Odd {n}.", "Look.", severity=Severity.WARNING) for n in range(5)]
    page = check_whole(shown(plan_of(step(Action.MOVE), diagnostics=(error, *odd))))

    assert page.summaries[0] == "5 warnings"
    assert page.items[:-1] == [
        "Zoom gave no usable answer at meetings/a b.yaml:3:5 a: HTTP 503. (zoom.unreadable)",
        "meeting.twins Odd 0. Look. (meeting.twins)",
        "meeting.twins Odd 1. Look. (meeting.twins)",
        "meeting.twins Odd 2. Look. (meeting.twins)",
        "… and 2 more; reconciler plan --verbose shows them",
    ]


def test_warnings_that_are_only_counted_are_counted_too() -> None:
    odd = Diagnostic("meeting.twins", "Odd.", severity=Severity.WARNING, more=49)

    assert check_whole(shown(plan_of(step(Action.MOVE), diagnostics=(odd,)))).summaries[0] == "50 warnings"


def test_the_command_has_the_options_of_the_plan() -> None:
    """As a shell takes them; too many are left to the reader."""
    asked = Options(("my specs/a.yaml",), refresh=True, targets=("sig-*",))
    long = Options(tuple(f"meetings/{n}.yaml" for n in range(100)))
    moves = step(Action.MOVE)

    assert (
        "To apply it: `reconciler plan 'my specs/a.yaml' --refresh --target 'sig-*' --out plan.json`, "
        "then `reconciler apply --plan plan.json`.\n"
    ) in shown(plan_of(moves, options=asked))
    assert "To apply it: `reconciler plan --out plan.json`" in shown(plan_of(moves, options=long))


# Size


def creates(count: int) -> Plan:
    declared = [meeting(f"sig-{n:04}", weekly(topic=f"SIG {n}")) for n in range(count)]
    return planned(spec(*declared))


def test_one_change_is_shown_in_full() -> None:
    page = check_whole(shown(creates(1)))

    assert (page.tags["details"], len(page.fences)) == (1, 1)


def test_forty_changes_are_shown_in_full() -> None:
    page = check_whole(shown(creates(40)))

    assert (page.tags["details"], len(page.fences)) == (40, 40)


def test_changes_fold_to_lines_before_they_are_cut() -> None:
    """Each one is listed, the first of them in full."""
    page = check_whole(shown(creates(300)))

    keys = {word for text in (*page.items, *page.summaries) for word in re.findall(r"sig-\d{4}", text)}
    assert (len(keys), 0 < page.tags["details"] < 300) == (300, True)


@pytest.mark.no_cover
@pytest.mark.parametrize("count", [2_000, 8_000])
def test_thousands_are_cut_and_counted(count: int) -> None:
    text = shown(creates(count))

    page = check_whole(text)
    *_, left = re.findall(r"… and ([\d,]+) more; `reconciler plan --verbose`", text)
    listed = sum(text.startswith("sig-") for text in (*page.items, *page.summaries))
    assert (listed + int(left.replace(",", "")), len(text.encode()) > BYTES_MAX * 0.95) == (count, True)
    assert (f"**To add: {count:,}.**" in text, text.count("To apply it:")) == (True, 1)


NEW_PASSCODE = FieldChange("password", "(passcode)", "(passcode)", "join link and passcode change")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("each", "verdict"),
    [
        ({"action": Action.DESTROY, "id": 1}, "2,000 meetings are deleted"),
        ({"action": Action.REPLACE}, "2,000 are replaced"),
        ({"action": Action.UPDATE, "changes": (NEW_PASSCODE,)}, "2,000 join links change"),
        ({"action": Action.CREATE, "late": True, "meeting": meeting()}, "2,000 come late"),
        ({"action": Action.DESTROY, "status": Status.WITHHELD}, "2,000 are withheld until you say so"),
    ],
    ids=["deleted", "replaced", "link", "late", "withheld"],
)
def test_thousands_of_risks_are_cut_and_counted(each: dict[str, Any], verdict: str) -> None:
    """They leave room for the rest of the comment."""
    text = shown(plan_of(*(step(key=f"key-{n:04}", **each) for n in range(2_000))))

    check_whole(text)
    box = text[text.index("> [!CAUTION]") :].partition("\n\n")[0].splitlines()
    listed = sum(line.startswith("> - **") for line in box)
    assert (box[1], box[-1]) == (f"> **{verdict}.**", f"> - … and {2_000 - listed:,} more")
    assert "Commit `28d679f0c9df`, plan digest" in text


@pytest.mark.parametrize(
    "bad", ["`" * 5_000, "\U0001f680" * 5_000, "\u202e" * 5_000], ids=["fences", "bytes", "hidden"]
)
def test_the_longest_values_together_fit(bad: str) -> None:
    """The totals and the footer are shown with any hosts, keys, topics and findings."""
    days = [f"2027-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    steps = [
        step(action, f"{bad}{n}", bad, reasons=(bad,), changes=(FieldChange(bad, bad, f"{bad}x", bad),))
        for n in range(100)
        for action in (Action.DESTROY, Action.REPLACE, Action.UPDATE, Action.MOVE)
    ]
    budget = tuple(
        BudgetLine(f"{n}{bad}", day, 99, 0, 0, 1 + at % 2) for n in range(30) for at, day in enumerate(days)
    )
    error = Diagnostic("x.y", bad, bad)
    odd = [Diagnostic(f"x.y{n}", bad, bad, severity=Severity.WARNING) for n in range(30)]

    text = shown(plan_of(*steps, budget=budget, diagnostics=(error, *odd), options=Options((bad[:250],))))

    check_whole(text)
    assert "### Plan: 100 to add, 100 to change" in text
    assert len(text[text.index("| Host") : text.index("The day's budget")].encode()) < 7_000
    assert re.search(
        r"\n… and \d+ more; `reconciler plan --verbose` shows them all\.\n\n---\n\nTo apply it", text
    )


def test_no_more_entries_are_rendered_than_fit() -> None:
    """Rendering takes time only for what is shown."""
    made: list[str] = []

    def text(name: str, bytes_long: int) -> str:
        made.append(name)
        return "x" * bytes_long

    def entries(count: int) -> list[Entry]:
        return [Entry(lambda: text("line", 8), lambda: text("full", 18)) for _ in range(count)]

    assert fit(entries(100), 35) == (["x" * 8] * 3, [False] * 3)
    assert made == ["line"] * 4

    made.clear()
    assert fit(entries(3), 45) == (["x" * 18, "x" * 8, "x" * 8], [True, False, False])
    assert made == ["line", "line", "line", "full", "full"]


# Hostile values


def hostile(topic: str) -> Plan:
    """Return a plan that has the topic in every place for a value that others choose."""
    texts = {"topic": topic, "agenda": topic, "settings": {"contact_name": topic}}
    change = (
        FieldChange("topic", topic, f"{topic}x", topic),
        FieldChange("agenda", [topic], {"a": topic}, ""),
    )
    error = Diagnostic("x.y", topic, topic, span=Span(topic, Position(1, 1), Position(1, 2)))
    host = f"{topic}@example.com"
    return plan_of(
        step(Action.CREATE, "a", topic, meeting=meeting("a", one_off(**texts))),
        step(Action.UPDATE, "b", topic, changes=change),
        step(Action.UPDATE, "c", topic, changes=(FieldChange("p", 1, 2, f"{topic} join link"),)),
        step(Action.REPLACE, "d", topic, reasons=(f"because {topic}", f"add `{topic}`, or `{topic}`")),
        step(Action.DESTROY, "e", topic, id=81234567001, starts_at=at("2027-01-11T09:00:00Z")),
        step(Action.DESTROY, "f", topic, status=Status.WITHHELD, reasons=(f"add `{topic}`{topic}",)),
        replace(step(Action.MOVE, topic, topic, reasons=(topic,)), host=host),
        budget=(BudgetLine(host, TODAY, 10, 0, 0, 1), BudgetLine(host, "2026-12-02", 10, 0, 0, 1)),
        options=Options((topic,), targets=(topic,)),
        diagnostics=(error, replace(error, severity=Severity.WARNING)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def harmless() -> Page:
    """Return the page of the same plan with a harmless topic."""
    return check_whole(shown(hostile("Topic")))


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.no_cover
@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: ascii(topic[:20]))
def test_a_hostile_topic_is_inert(topic: str, harmless: Page) -> None:
    """It makes no element, row, comment or reference, and stays readable."""
    text = shown(hostile(topic), TextStyle(commit=topic))

    page = check_whole(text)
    quiet = {tag: count for tag, count in page.tags.items() if tag not in {"code", "b", "i"}}
    assert quiet == {tag: count for tag, count in harmless.tags.items() if tag not in {"code", "b", "i"}}
    assert (page.rows, page.comments, text.count("<!--")) == (harmless.rows, harmless.comments, 1)
    assert page.attributes <= {"align", "lang", "class"}
    assert SIGNALS.findall(page.plain) == []
    assert [line for line in text.splitlines() if line.lstrip("> ").startswith("/")] == []
    assert words(visible(topic)[:250]) in words(page.text)


@pytest.mark.no_cover
@pytest.mark.parametrize("topic", TOPICS[::3], ids=lambda topic: ascii(topic[:20]))
def test_hostile_parts_of_a_single_date_are_inert(topic: str) -> None:
    start = at("2027-01-11T10:00:00Z")
    edit = {"start_time": "2027-01-11T09:00:00Z", "duration": 30, "agenda": topic, "settings": {"x": topic}}
    dates = (
        DateStep("2027-01-11", DateAction.CHANGE, start, edit, None, start, closure=topic),
        DateStep("2027-01-18", DateAction.SKIP, start, "skip", None, start, closure=topic),
    )

    notes = {"2027-01-11": topic, "2027-01-25": topic}

    page = check_whole(
        shown(plan_of(step(Action.UPDATE, meeting=meeting("m", weekly()), dates=dates, notes=notes)))
    )

    assert (page.tags.get("a", 0), page.tags.get("img", 0), page.tags["details"]) == (0, 0, 1)
    assert SIGNALS.findall(page.plain) == []


def test_there_are_more_than_a_hundred_hostile_topics() -> None:
    assert len(set(TOPICS)) > 150


def test_a_diagram_holds_no_more_than_an_address() -> None:
    topic = 'x"; click a href "javascript:alert(1)" %%{init}%%\n    section y :2026-01-01'

    (diagram,) = [each for each in Page(shown(hostile(topic))).fences if each.startswith("%%{init")]

    sections = [line.strip() for line in diagram.splitlines() if line.strip().startswith("section")]
    assert sections == ["section x__ click a href _javascript_alert_1__ ___init____U_000A_  …"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Platform weekly, Q1", "Platform weekly, Q1"),
        ("the team's follow-up: 10:00, 2027-01-11 (all)", "the team's follow-up: 10:00, 2027-01-11 (all)"),
        ("ask @root, (#12) now", "ask `@root`, (`#12`) now"),
        ("add `a: [b]`, or not", "add `a: [b]`, or not"),
        ("`a@b`c@d", "`a@b` `c@d`"),
        ("1. first 2. second", "`1.` first 2. second"),
        ("1.", "`1.`"),
        ("meeting 81234567890 GH-1", "meeting `81234567890` `GH-1`"),
        ("a\nb", "`a\u2039U+000A\u203ab`"),
        ("  x  ", "x"),
        ("x " * 2_000, "x " * 499 + "x…"),
    ],
)
def test_only_plain_words_are_not_code(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "`x`"),
        ("", "`   `"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("`" * 100, "`" * 21 + " " + "`" * 20 + "… " + "`" * 21),
        (" x ", "`  x  `"),
        ("\u202ex", "`\u2039U+202E\u203ax`"),
        ("a\u3164b\u2800", "`a\u2039U+3164\u203ab\u2039U+2800\u203a`"),
        ("<!-- x", "`\u2039U+003C\u203a!-- x`"),
        ("https://z.example/j/1?pwd=abc", "`https://z.example/j/1?pwd=***`"),
        ("x" * 400, "`" + "x" * 299 + "…`"),
    ],
)
def test_nothing_closes_a_code_span(text: str, expected: str) -> None:
    assert code(text) == expected


def test_no_value_leaves_its_cell_block_or_diagram() -> None:
    assert cell_code("a|b\\|c") == "`a\\|b\u2039U+005C\u203a\\|c`"
    assert code_block(["+ ````"], "diff") == "`````diff\n+ ````\n`````"
    assert (mermaid_words("a:b;c#d"), mermaid_words(" ")) == ("a_b_c_d", "_")


# Drift and links


def report(*steps: Step, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    return Plan(steps, (), "lineage-1", 1, NOW, Options(refresh=True), diagnostics)


def drifted(plan: Plan, style: TextStyle = STYLE) -> str:
    return view("drift", "markdown")(plan, style, 3)


def test_drift_says_what_was_changed_and_what_to_do() -> None:
    changes = (
        FieldChange("agenda", "Old", "Join: https://zoom.example/j/1?pwd=hidden77", "description changes"),
        FieldChange("start_time", "2027-01-11T10:00:00", "2027-01-12T11:00:00", "time moves"),
        FieldChange("duration", 45, 60, "length changes"),
        FieldChange("password", "(passcode)", None, "join link and passcode change"),
    )
    unread = Diagnostic("zoom.unreadable", "c: HTTP 503.", key="c")
    drift = report(
        step(Action.UPDATE, "a", "Weekly", changes=changes),
        step(Action.DESTROY, "b", "Retro", id=81234567001, reasons=("deleted in Zoom",)),
        step(Action.KEEP, "c", "Call", reasons=("could not be read",)),
        step(Action.KEEP, "d", "Past", status=Status.EXPIRED, reasons=("its time is over",)),
        diagnostics=(unread, replace(unread, severity=Severity.WARNING)),
    )

    check_case("drift", drifted(drift))


@pytest.mark.parametrize(
    ("value", "shown_as"),
    [
        ("2027-01-12T11:00:00Z", "Tue 12 Jan 2027, 11:00 UTC"),
        ("2027-01-12T11:00:00", "Tue 12 Jan 2027, 11:00 local time"),
        ("soon | @root", "`soon \\| @root`"),
        (None, "`None`"),
    ],
)
def test_a_start_that_was_moved_has_its_weekday(value: str | None, shown_as: str) -> None:
    change = FieldChange("start_time", "2027-01-11T10:00:00", value, "time moves")

    text = drifted(report(step(Action.UPDATE, changes=(change,))))

    check_whole(text)
    assert f"| declared | Mon 11 Jan 2027, 10:00 local time |\n| in Zoom | {shown_as} |\n" in text


@pytest.mark.parametrize(
    ("value", "shown_as"),
    [
        pytest.param("2027-01-12T11:00:00", "Tue 12 Jan 2027, 11:00 Asia/Tokyo", id="wall time"),
        pytest.param("2027-01-12T16:00:00Z", "Wed 13 Jan 2027, 01:00 Asia/Tokyo", id="in UTC, the next day"),
    ],
)
def test_a_start_that_was_moved_is_shown_in_the_meetings_own_zone(value: str, shown_as: str) -> None:
    change = FieldChange("start_time", "2027-01-11T10:00:00", value, "time moves")
    recorded = one_off(start_time="2027-01-11T10:00:00", timezone="Asia/Tokyo")

    text = drifted(report(step(Action.UPDATE, recorded=recorded, changes=(change,))))

    assert f"| declared | Mon 11 Jan 2027, 10:00 Asia/Tokyo |\n| in Zoom | {shown_as} |\n" in text


def test_no_drift_is_short() -> None:
    assert drifted(report(step(Action.KEEP)), TextStyle()) == (
        "<!-- reconciler:drift -->\n\n### No drift.\n\n"
        "1 meeting read, 3 requests, none of the daily budget.\n\n"
        f"---\n\nRead 2026-12-01 08:00 UTC by reconciler {__version__}.\n"
    )


def test_verbose_drift_has_its_remarks() -> None:
    """And tells nobody to ask for them; of a meeting that is gone there is no more to say."""
    plan = report(
        step(Action.KEEP, "a", reasons=("Zoom set `settings.audio` to *voip*",)),
        step(Action.DESTROY, "b", reasons=("deleted in Zoom",), id=81),
    )

    text = drifted(plan, TextStyle(verbose=True))

    subject = "<b>Launch review</b> for `platform@example.com`"
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        f"- `b` {subject}: deleted: meeting `81` is gone from Zoom and its join link is dead",
        f"- `a` {subject}: Zoom set `settings.audio` to `*voip*`",
    ]
    assert "--verbose" not in text


def test_thousands_that_drifted_are_cut_and_counted() -> None:
    changes = (FieldChange("duration", 45, 60, "length changes"),)
    text = drifted(report(*(step(Action.UPDATE, f"key-{n}", changes=changes) for n in range(2_000))))

    page = check_whole(text)
    (left,) = re.findall(r"… and ([\d,]+) more; `reconciler drift`", text)
    assert len(page.items) + int(left.replace(",", "")) == 2_000
    assert "Commit `28d679f0c9df`, read 2026" in text


@pytest.mark.parametrize("topic", TOPICS[::3], ids=lambda topic: ascii(topic[:20]))
def test_hostile_values_from_zoom_are_inert(topic: str) -> None:
    changes = tuple(FieldChange(path, topic, f"{topic}x", topic) for path in "abcd")

    page = check_whole(
        drifted(report(step(Action.UPDATE, "a", topic, changes=changes), step(Action.DESTROY, "b", topic)))
    )

    assert (page.tags.get("a", 0), page.tags.get("img", 0), page.tags["details"]) == (0, 0, 1)
    assert SIGNALS.findall(page.plain) == []


def link(key: str, join_url: str, topic: str = "Topic", next_at: str | None = None) -> JoinLink:
    return JoinLink(key, 81234567001, HOST, topic, at(next_at) if next_at else None, join_url)


def linked(*links: JoinLink, errors: tuple[Diagnostic, ...] = ()) -> str:
    return view("links", "markdown")(links, errors)


def test_links_are_a_table_to_paste() -> None:
    """Text that is no web address is not shown as a link."""
    unread = Diagnostic("links.gone", "c: gone.")
    text = linked(
        link("a", "https://zoom.example/j/1?pwd=x.1", "A | B", "2027-01-11T09:00:00Z"),
        link("b", "javascript:alert(1)"),
        errors=(unread,),
    )

    assert text == (
        "> [!WARNING]\n> **1 error.**\n>\n"
        "> - <b>The meeting does not exist in Zoom any more</b> c: gone. (`links.gone`)\n\n"
        "| Meeting | Topic | Next | Join |\n| --- | --- | --- | --- |\n"
        "| `a` | `A \\| B` | Mon 11 Jan 2027, 09:00 UTC | <https://zoom.example/j/1?pwd=x.1> |\n"
        "| `b` | `Topic` |  | `javascript:alert(1)` |\n"
    )
    page = Page(text)
    assert (page.rows, page.tags["a"]) == ([[4, 4, 4]], 1)


def test_links_of_nothing_and_of_thousands() -> None:
    assert linked() == "No meeting is recorded.\n"
    assert "No meeting" not in linked(errors=(Diagnostic("links.gone"),))

    text = linked(*(link(f"key-{n}", "https://zoom.example/j/1") for n in range(2_000)))
    (left,) = re.findall(r"… and ([\d,]+) more", text)
    assert (len(Page(text).rows[0]) - 1 + int(left.replace(",", "")), len(text) <= BYTES_MAX) == (2_000, True)


@pytest.mark.parametrize("topic", TOPICS[::3], ids=lambda topic: ascii(topic[:20]))
def test_a_hostile_topic_breaks_no_row(topic: str) -> None:
    page = Page(linked(link("a", topic, topic), link("b", topic)))

    assert (page.rows, page.tags.get("img", 0), page.unclosed) == ([[4, 4, 4]], 0, [])


# The verbs


AT = ("--sandbox", "--sandbox-now", "2026-12-01T08:00:00Z", "--format", "markdown")


def test_the_commands_print_the_markdown(shell: Shell) -> None:
    """`plan` and `drift` name the commit that CI is about; `links` is read live."""
    shell.write("meetings.yaml", ONE)
    plan = shell("plan", *AT, GITHUB_SHA="28d679f0c9df")
    assert shell.sandbox("apply", "--auto-approve").status == 0
    drift = shell("drift", *AT, CI_COMMIT_SHA="28d679f0c9df")
    links = shell("links", *AT)

    assert [ran.status for ran in (plan, drift, links)] == [0, 0, 0]
    assert plan.out.splitlines()[:3] == [
        "<!-- reconciler:plan -->", "", "### Plan: 1 to add, 0 to change, 0 to destroy.",
    ]  # fmt: skip
    assert "\nCommit `28d679f0c9df`, plan digest" in plan.out
    assert "\nCommit `28d679f0c9df`, read 2026-12-01 08:00 UTC" in drift.out
    assert Page(links.out).rows == [[4, 4]]


@pytest.mark.no_cover
def test_a_hostile_spec_is_planned_and_shown(shell: Shell) -> None:
    """From the file to the page, for every topic that a spec accepts."""
    fit = [topic for topic in TOPICS if topic.strip() and len(topic) < 200 and topic.isprintable()]
    shell.write("meetings.yaml", spec_of({f"key-{n}": {"topic": topic} for n, topic in enumerate(fit)}))

    ran = shell("plan", *AT)

    page = check_whole(ran.out)
    assert (ran.status, page.tags.get("a", 0), SIGNALS.findall(page.plain)) == (0, 0, [])
    assert json.loads(shell("plan", *AT[:3], "--format", "json").out)["summary"]["create"] == len(fit)
