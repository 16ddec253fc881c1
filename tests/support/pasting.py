"""A team that pastes what the program prints, and looks whether it helped."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

from shell import NOW, spec_of
from varied import Zoom

if TYPE_CHECKING:
    from shell import RunResult, Shell

LINE = re.compile(r"`((?:moved|imports|removed): \[[^`]*\])`")
COMMAND = re.compile(r"`reconciler ([^`]+)`")
TEXT = re.compile(r"`([a-z_]+: [^`]+)`")
SECOND = {"start_time": "2027-03-14T15:00:00Z"}


class PastingTeam:
    """A folder with a spec that people edit, and commands that they paste."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.zoom = Zoom(shell.folder)
        self.meetings: dict[str, dict[str, Any]] = {}
        self.entries: dict[str, Any] = {}

    def declare(self, **meetings: dict[str, Any]) -> None:
        """Declare these meetings and no others."""
        self.meetings = {key.replace("_", "-"): body for key, body in meetings.items()}
        self.entries = {}
        self.write()

    def paste(self, ran: RunResult, nth: int = 0, *, lets_go: bool = False) -> None:
        """Add the n-th line that was printed to the spec, as text."""
        line = LINE.findall(ran.out + ran.err)[nth]
        self.write(f"{line.replace('destroy: true', 'destroy: false') if lets_go else line}\n")

    def run(self, command: str) -> RunResult:
        """Run a command that was printed; where it asks, the answer is yes."""
        words = shlex.split(command)
        end = words.index("--") if "--" in words else len(words)
        answer = ["--auto-approve"] if words[0] == "apply" else []
        return self.shell(*words[:end], *answer, "--sandbox", "--sandbox-now", NOW, *words[end:])

    def apply(self) -> RunResult:
        """Apply the spec as it is."""
        return self.run("apply")

    def plan(self) -> RunResult:
        """Plan the spec as it is."""
        return self.run("plan")

    def write(self, more: str = "") -> None:
        """Write the spec, with a line as it was printed."""
        text = json.loads(spec_of(self.meetings)) | self.entries
        lines = (f"{name}: {json.dumps(value)}\n" for name, value in text.items())
        self.shell.write("meetings.yaml", "".join(lines) + more)


def commands(ran: RunResult) -> list[str]:
    """The commands that were printed."""
    return COMMAND.findall(ran.out + ran.err)


def is_clean(ran: RunResult) -> bool:
    """Return whether a plan or a report has nothing to say about any key."""
    return ran.status == 0 and not re.search(r"withheld|warning\[|error\[", ran.out + ran.err)


def texts(ran: RunResult) -> list[str]:
    """The lines of a spec or a settings file that were printed."""
    return TEXT.findall(ran.out + ran.err)
