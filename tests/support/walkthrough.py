"""A page that somebody follows at a keyboard: its files, edits and commands, done as they stand there.

A block ```yaml title="FILE"``` is written, ```diff title="FILE"``` is an edit, and each line `$ …` of
a ```console``` block is run; what follows it is what must be shown. Other blocks are only read.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.main import run

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the page; `title` names the file that it is about, if it does."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A command, what the page shows after it, and what it printed: both streams, in order."""

    command: str
    expected: str
    printed: str
    status: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks, in order."""
    return [Block(*(part or "" for part in found)) for found in _BLOCK.findall(page)]


def follow(page: str) -> list[Shown]:
    """Do all that `page` says where the process stands; every command, in order."""
    shown = []
    for block in blocks(page):
        if block.language == "console":
            shown += [_done(command, expected) for command, expected in _COMMAND.findall(block.body)]
        elif block.language == "diff":
            _edit(Path(block.title), block.body)
        elif block.title:
            Path(block.title).write_text(block.body)
    return shown


def _done(command: str, expected: str) -> Shown:
    if command.startswith("cd "):
        os.chdir(command.removeprefix("cd "))
        return Shown(command, expected, "", 0)
    if not command.startswith("reconciler "):
        ran = subprocess.run(
            ["bash", "-c", command], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return Shown(command, expected, ran.stdout, ran.returncode)
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        status = run(shlex.split(command)[1:])
    return Shown(command, expected, printed.getvalue(), status)


def _edit(path: Path, diff: str) -> None:
    """Put the lines of `diff` that begin with a blank or a plus in the place of the others."""
    lines = [line for line in diff.splitlines(keepends=True) if not line.startswith("@@")]
    before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
    after = "".join(line[1:] or "\n" for line in lines if line[0] != "-")
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} has not these lines once:\n{before}"
    path.write_text(text.replace(before, after))
