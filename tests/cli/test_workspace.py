"""The workspace of a command: folder, streams, state, clock, each opened on first use."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.workspace import STATE_FILE, Workspace
from reconciler.errors.exceptions import SettingsError, SpecError, StateError
from reconciler.plan.budget import Limits
from reconciler.state import document as state_document
from reconciler.state.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stream(io.StringIO):
    """A stream that is a terminal, or not."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Return what the test chose."""
        return self._terminal


def console(*terminals: str, environ: Mapping[str, str] | None = None) -> Console:
    stdin, stdout, stderr = (Stream(terminal=name in terminals) for name in ("stdin", "stdout", "stderr"))
    return Console(stdin, stdout, stderr, environ or {})


def workspace(folder: Path, environ: Mapping[str, str] | None = None, *, sandbox: bool = False) -> Workspace:
    return Workspace(folder, console("stdin", environ=environ), GlobalOptions(sandbox=sandbox))


@pytest.mark.parametrize(
    ("terminals", "ci", "unattended"),
    [
        (("stdin", "stdout", "stderr"), "", False),
        (("stdin", "stdout", "stderr"), "false", False),
        (("stdin", "stdout", "stderr"), "true", True),
        (("stdin", "stdout", "stderr"), "True", True),
        (("stdin", "stdout", "stderr"), "1", True),
        (("stderr",), "", False),
        ((), "", True),
    ],
)
def test_a_runner_is_known_by_its_variable_or_its_streams(
    terminals: tuple[str, ...],
    ci: str,
    unattended: bool,  # noqa: FBT001 - a case
) -> None:
    assert console(*terminals, environ={"CI": ci}).is_ci is unattended


def test_the_environment_is_in_no_repr() -> None:
    """It holds the credentials."""
    assert "top-secret" not in repr(console(environ={"ZOOM_CLIENT_SECRET": "top-secret"}))


def test_a_state_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert workspace(tmp_path).read_state() == (State(), None)
    assert list(tmp_path.iterdir()) == []


def test_a_state_of_a_newer_minor_format_is_read_but_not_written(tmp_path: Path) -> None:
    newer = state_document.encode(State(lineage="l")).replace(b'"1.0"', b'"1.9"')
    (tmp_path / "reconciler.state.json").write_bytes(newer)
    here = workspace(tmp_path)

    with pytest.raises(StateError) as caught, here.locked_state("apply"):
        pass

    assert (here.read_state()[0], caught.value.diagnostic.code) == (State(lineage="l"), "state.newer-format")
    assert (tmp_path / "reconciler.state.json").read_bytes() == newer


@pytest.mark.parametrize(
    ("environ", "owner"),
    [({"USER": "ann"}, "ann"), ({"LOGNAME": "bob"}, "bob"), ({}, "somebody")],
)
def test_a_lock_names_user_and_machine(environ: dict[str, str], owner: str, tmp_path: Path) -> None:
    name, _, machine = workspace(tmp_path, environ).console.who.partition("@")

    assert (name, bool(machine)) == (owner, True)


def test_a_host_has_its_own_limits(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        "budget: {daily_limit: 80, reserve: 5}\n"
        "hosts: {Ann@example.com: {daily_limit: 50}, bob@example.com: {}}\n"
    )

    allowances = workspace(tmp_path).allowances

    assert [allowances.of(host) for host in ("ann@example.com", "BOB@example.com", "else@example.com")] == [
        Limits(50, 5),
        Limits(80, 5),
        Limits(80, 5),
    ]


def test_settings_that_are_wrong_stop_what_needs_them(tmp_path: Path) -> None:
    """With every finding, in settings and spec alike."""
    (tmp_path / "reconciler.yaml").write_text("budget: {daily_limit: many}\n")
    (tmp_path / "meetings.yaml").write_text("version: 1\nmeetings: {a: {topic: 1}}\n")
    here = workspace(tmp_path)

    with pytest.raises(SettingsError) as settings:
        _ = here.settings
    with pytest.raises(SpecError) as spec:
        here.load_spec(())

    assert {diagnostic.span.filename for diagnostic in settings.value.diagnostics if diagnostic.span} == {
        "reconciler.yaml"
    }
    assert {diagnostic.span.filename for diagnostic in spec.value.diagnostics if diagnostic.span} == {
        "reconciler.yaml",
        "meetings.yaml",
    }


def test_only_yes_is_taken_for_one() -> None:
    """tests/cli/test_console.py has the same at a real terminal."""
    from reconciler.cli.commands.apply.command import is_approved  # noqa: PLC0415 - only here

    answers = {}
    for answer in ("yes\n", "y\n", ""):
        at_a_desk = console("stdin")
        at_a_desk.stdin.write(answer)
        at_a_desk.stdin.seek(0)
        answers[answer] = is_approved(Workspace(Path(), at_a_desk, GlobalOptions()))

    assert answers == {"yes\n": True, "y\n": False, "": False}


def test_a_ci_job_must_name_the_state(tmp_path: Path) -> None:
    at_a_desk = workspace(tmp_path).store.location

    with pytest.raises(SettingsError) as caught:
        _ = workspace(tmp_path, {"CI": "true"}).store

    assert (at_a_desk, caught.value.diagnostic.code) == (str(tmp_path / STATE_FILE), "state.unnamed")


def test_the_sandbox_keeps_its_state_apart(tmp_path: Path) -> None:
    here = workspace(tmp_path, {"RECONCILER_STATE": "elsewhere.json"}, sandbox=True)

    assert here.store.location == str(tmp_path / ".reconciler/sandbox/reconciler.state.json")
    assert workspace(tmp_path).sandbox is None


@pytest.mark.parametrize("address", ["/proc/self/environ", "../s.json", "file:/dev/null", "s\\0.json"])
def test_the_settings_name_no_state_outside_of_the_folder(address: str, tmp_path: Path) -> None:
    """A pull request can change them."""
    (tmp_path / "reconciler.yaml").write_text(f'state: "{address}"\n')

    with pytest.raises((SettingsError, SpecError, StateError)) as raised:
        _ = workspace(tmp_path).store
    assert raised.value.diagnostic.code == "state.bad-address"
