"""The account and the clock that a sandbox keeps from one command to the next."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sandbox_world import HOST, ONCE, WEEKLY, World

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox import storage
from reconciler.sandbox.account import Account, StoredMeeting
from reconciler.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

REAL = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
HINT = (
    'Write an instant with its zone, such as "2027-01-11T08:00:00Z", '
    'or a step such as "+1d", "+12h" or "+30m".'
)


def opened(folder: Path | None, now: str | None = None) -> Sandbox:
    return Sandbox.open(folder, now=now, real_now=lambda: REAL)


def world_of(sandbox: Sandbox) -> World:
    """The same ways to speak to a sandbox that lasts."""
    world = World()
    world.app, world.account = sandbox.app, sandbox.account
    return world


def test_an_account_outlives_its_process(tmp_path: Path) -> None:
    first = world_of(opened(tmp_path))
    number = first.create(WEEKLY)["id"]
    occurrence = first.read(number)["occurrences"][0]["occurrence_id"]
    first.send("DELETE", f"/v2/meetings/{number}?occurrence_id={occurrence}")
    gone = first.create()["id"]
    first.send("DELETE", f"/v2/meetings/{gone}")
    token = first.token().json()["access_token"]

    second = world_of(opened(tmp_path))

    assert second.account.to_json() == first.account.to_json()
    assert second.send("GET", f"/v2/users/{HOST}", token=token).status_code == 200
    assert [each.deleted for each in second.account.all_meetings_ever] == [False, True]
    assert second.create()["id"] not in (number, gone)


def test_an_account_is_written_down_and_read_back_whole() -> None:
    world = World()
    world.create(WEEKLY)
    world.token()

    copy = Account()
    copy.apply(world.account.to_json())

    assert copy.to_json() == world.account.to_json()


def test_a_change_is_on_disk_before_its_answer_leaves(tmp_path: Path) -> None:
    """So it survives a kill at any instant after the answer."""
    world = world_of(opened(tmp_path))

    number = world.create()["id"]

    assert str(number) in (tmp_path / "account.jsonl").read_text("utf-8")


def test_only_its_owner_may_read_the_account(tmp_path: Path) -> None:
    """It holds passcodes, since a read must show them."""
    world_of(opened(tmp_path)).create()

    assert (tmp_path / "account.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_read_writes_nothing(tmp_path: Path) -> None:
    world = world_of(opened(tmp_path))
    number = world.create()["id"]
    before = (tmp_path / "account.jsonl").stat().st_size
    world.read(number)
    world.list()

    assert (tmp_path / "account.jsonl").stat().st_size == before


def test_a_write_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    """Its request got no reply; the lines before and after it are valid."""
    world = world_of(opened(tmp_path))
    first = world.create()["id"]
    path = tmp_path / "account.jsonl"
    with path.open("ab") as file:
        file.write(b'{"meetings":[{"id":')

    second = world_of(opened(tmp_path)).create()["id"]

    numbers = [each.id for each in opened(tmp_path).account.all_meetings_ever]
    assert numbers == [first, second]


def test_two_processes_see_each_others_meetings(tmp_path: Path) -> None:
    one, other = world_of(opened(tmp_path)), world_of(opened(tmp_path))

    numbers = [world.create()["id"] for world in (one, other, one)]

    assert [item["id"] for item in other.list()["meetings"]] == numbers
    assert [item["id"] for item in one.list()["meetings"]] == numbers
    assert (one.used(), other.used()) == (3, 3)


def test_a_write_of_another_process_is_read_by_the_next_request(tmp_path: Path) -> None:
    path = tmp_path / "account.jsonl"
    mine, theirs = Account(), Account()
    my_file, their_file = storage.AccountFile(path, mine), storage.AccountFile(path, theirs)
    their_file.append({"users": [{"id": "u1", "email": "u1@example.com"}]})
    my_file.append({"users": [{"id": "u2", "email": "u2@example.com"}]})

    my_file.catch_up()

    assert set(mine.users) == {"u1", "u2"}


def test_a_long_file_is_compacted_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "STALE_LINES_MIN", 5)
    path = tmp_path / "account.jsonl"
    world = world_of(opened(tmp_path))
    number = world.create()["id"]
    for minutes in range(10):
        world.patch(number, {"duration": 10 + minutes})
    following = opened(tmp_path)

    short = following.account.to_json()

    assert len(path.read_text("utf-8").splitlines()) == 2
    assert short == world.account.to_json()
    assert world.read(number)["duration"] == 19  # the older process follows the new file


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "account.jsonl"
    path.write_text("notes of mine\n", "utf-8")

    message = r"sandbox\.foreign-file: The folder does not contain an emulator's account"
    with pytest.raises(SettingsError, match=message):
        _ = opened(tmp_path).account

    assert path.read_text("utf-8") == "notes of mine\n"


@pytest.mark.parametrize("content", ["[1]\n", '{"sandbox":99}\n'])
def test_a_file_of_another_form_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "account.jsonl").write_text(content, "utf-8")

    with pytest.raises(SettingsError):
        _ = opened(tmp_path).app


def test_a_clock_that_was_never_set_shows_real_time(tmp_path: Path) -> None:
    assert opened(tmp_path).now() == REAL


def test_a_clock_that_was_set_is_frozen(tmp_path: Path) -> None:
    """In later commands too, until it is set again."""
    opened(tmp_path, "2027-01-11T08:00:00Z")

    assert opened(tmp_path).now() == datetime(2027, 1, 11, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "hours"), [("+1d", 24), ("+12h", 12), ("+30m", 0.5), ("+1w", 168), ("+1d12h", 36), ("+3600s", 1)]
)
def test_a_step_counts_from_the_frozen_time(tmp_path: Path, step: str, hours: float) -> None:
    opened(tmp_path, "2027-01-11T08:00:00Z")

    assert opened(tmp_path, step).now() == datetime(2027, 1, 11, 8, tzinfo=UTC) + timedelta(hours=hours)


def test_the_first_step_counts_from_now(tmp_path: Path) -> None:
    assert opened(tmp_path, "+1d").now() == REAL + timedelta(days=1)


def test_an_instant_is_kept_in_utc(tmp_path: Path) -> None:
    assert opened(tmp_path, "2027-01-11T08:00:00+02:00").now() == datetime(2027, 1, 11, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["tomorrow", "2027-01-11T08:00:00", "2027-01-11", "-1d", "+1", "", "+999999w"]
)
def test_what_is_no_time_is_refused_with_an_example(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        opened(tmp_path, text)

    diagnostic = caught.value.diagnostic
    assert (diagnostic.code, diagnostic.detail, diagnostic.hint) == (
        "sandbox.clock",
        f"{text!r} is neither an instant nor a step forward.",
        HINT,
    )


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"now": 3}', '{"now": "soon"}'])
def test_a_clock_that_cannot_be_read_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock.json").write_text(content, "utf-8")

    with pytest.raises(SettingsError) as caught:
        opened(tmp_path)

    assert caught.value.diagnostic == Diagnostic(
        "sandbox.clock",
        f"{tmp_path}/clock.json does not hold an instant.",
        "Remove the file; the clock then shows the real time.",
    )


def test_a_file_that_was_removed_is_written_again(tmp_path: Path) -> None:
    world = world_of(opened(tmp_path))
    first = world.create()["id"]
    (tmp_path / "account.jsonl").unlink()

    second = world.create()["id"]

    assert [each.id for each in opened(tmp_path).account.all_meetings_ever] == [first, second]


def test_a_folder_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")

    codes = []
    for place, now in (("file", None), ("file/below", "+1d")):
        with pytest.raises(SettingsError) as caught:
            opened(tmp_path / place, now)
        codes.append(caught.value.diagnostic.code)

    assert codes == ["sandbox.folder"] * 2


def test_switches_can_be_written_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "switches.json").write_text('{"daily_limit": 1, "plan": "off"}', "utf-8")
    world = world_of(opened(tmp_path))
    world.create()

    assert world.send("POST", f"/v2/users/{HOST}/meetings", ONCE).status_code == 429


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"daily": 1}', "no such switch: daily"),
        ("[1]", "switches are a JSON object"),
        ("{", "Expecting"),
        ("\udcff", "switches.json"),
    ],
)
def test_invalid_switches_are_reported(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "switches.json").write_text(content, "utf-8", "surrogateescape")

    with pytest.raises(SettingsError) as caught:
        opened(tmp_path)

    assert caught.value.diagnostic.code in ("sandbox.switches", "sandbox.folder")
    assert expected in caught.value.diagnostic.detail


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world_of(opened(None, "2027-01-11T08:00:00Z")).create(ONCE)

    assert list(tmp_path.iterdir()) == []


def test_the_same_requests_make_the_same_meetings(tmp_path: Path) -> None:
    """Ids and passcodes do not differ from run to run."""
    numbers = [world_of(opened(tmp_path / name, "2026-12-01T08:00:00Z")).create()["id"] for name in "ab"]

    assert numbers[0] == numbers[1]


def test_an_id_that_is_taken_is_not_given_again() -> None:
    """Two processes that wrote at once may have gone through the same number."""
    account = Account()
    _, number = account.next_number()
    account.put(StoredMeeting(number, "u", {}, serial=0))

    assert account.next_number()[1] != number


def test_opening_a_sandbox_does_not_load_the_server() -> None:
    """`plan --sandbox` sends nothing and needs neither starlette nor uvicorn."""
    loaded = "'starlette' in sys.modules or 'uvicorn' in sys.modules"
    code = f"import sys, reconciler.sandbox.sandbox as _; sys.exit({loaded})"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_a_missing_extra_is_named(missing: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
from datetime import UTC, datetime
from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox.sandbox import Sandbox, serve
try:
    serve(Sandbox.open(None, now=None, real_now=lambda: datetime.now(UTC)).app, port=0, on_ready=print)
except SettingsError as error:
    print(error.diagnostic.code, error.diagnostic.hint)
"""
    codes = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert codes == 'sandbox.not-installed Install it: `pip install "meetings-reconciler[sandbox]"`.\n'


@pytest.mark.parametrize("link", [".reconciler", ".reconciler/sandbox", ".reconciler/sandbox/account.jsonl"])
def test_nothing_is_written_through_a_link(
    link: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout can hold one instead of the folder."""
    elsewhere, work = tmp_path / "elsewhere", tmp_path / "work"
    elsewhere.mkdir()
    (work / link).parent.mkdir(parents=True)
    (work / link).symlink_to(elsewhere)
    monkeypatch.chdir(work)

    with pytest.raises(SettingsError, match="it is a link, and nothing is written through links"):
        _ = Sandbox.open(work / ".reconciler/sandbox", now=None, real_now=lambda: datetime.now(UTC)).account
    assert list(elsewhere.iterdir()) == []
