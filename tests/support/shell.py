"""Runs the program as a shell does: with a folder, an environment, streams and an exit status."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import machine_formats
from manual_clock import ManualClock
from msgspec import Struct

from reconciler.cli.main import run
from reconciler.state import document as state_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from reconciler.cli.clock import Timer
    from reconciler.state.state import State

HOST = "platform@example.com"
NOW = "2026-12-01T08:00:00Z"
"""The instant of the emulator's clock in most tests."""

SANDBOX_STATE = ".reconciler/sandbox/reconciler.state.json"
"""The state of `--sandbox`, in the working folder."""

OURS = ("CI", "GITHUB_", "NO_COLOR", "ZOOM_", "RECONCILER_", "TF_HTTP_")
"""Prefixes of the environment variables that the program reads."""

ONE = f"""\
version: 1
defaults: {{host: {HOST}}}
meetings:
  launch-review:
    topic: Launch review
    type: 2
    start_time: 2027-01-14T15:00:00Z
    duration: 60
"""
"""A spec of one meeting."""


TWO_ENDS = re.compile(r".{0,40}[a-z`)]\.[,;:.](?:\s.{0,20}|$)", re.MULTILINE)
"""Matches a sentence that another text was glued to: "declares it first., and 4 more"."""


class RunResult(Struct, frozen=True):
    """The exit status and the output of a command line."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines of its stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """A working folder. No stream is a terminal, and the machine's environment is hidden.

    No wait takes any time, unless a test makes `timer` that of the machine.
    """

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.timer: Timer = ManualClock()
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, **environ: str) -> RunResult:
        """Run the program in this process; all JSON that it prints must match its schema."""
        states = machine_formats.states(self.folder)
        with self._monkeypatch.context() as patched:
            for name, value in environ.items():
                patched.setenv(name, value)
            self._capsys.readouterr()
            status = run(arguments, self.timer)
            output = self._capsys.readouterr()
        machine_formats.check(arguments, output.out, self.folder, states)
        assert TWO_ENDS.findall(output.out + output.err) == []
        return RunResult(status, output.out, output.err)

    def sandbox(self, *arguments: str, now: str = NOW) -> RunResult:
        """Run it with the emulator, its clock set to `now`."""
        return self(*arguments, "--sandbox", "--sandbox-now", now)

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @property
    def sandbox_state(self) -> Path:
        """The file with the state of `--sandbox`."""
        return self.folder / SANDBOX_STATE

    def recorded(self) -> State:
        """Return the state of `--sandbox`."""
        return state_document.decode(self.sandbox_state.read_bytes(), SANDBOX_STATE)

    def record(self, state: State) -> None:
        """Write the state of `--sandbox`."""
        self.write(SANDBOX_STATE, state_document.encode(state).decode())

    def ids(self) -> dict[str, int]:
        """Return the meeting ids in the state of `--sandbox`, by key."""
        return {key: record.id for key, record in self.recorded().meetings.items()}


FAR = "2099-01-14T15:00:00Z"
"""A start that is in the future for every machine."""


def spec_of(
    meetings: Mapping[str, Mapping[str, Any]], *, host: str = HOST, start: str = "2027-01-14T15:00:00Z"
) -> str:
    """Return a spec; each meeting is a single one, with its key as topic, unless it says otherwise."""
    plain = {"type": 2, "start_time": start, "duration": 60}
    declared = {key: {"topic": key, **plain, **own} for key, own in meetings.items()}
    return json.dumps({"version": 1, "defaults": {"host": host}, "meetings": declared}, ensure_ascii=False)
