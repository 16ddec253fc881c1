"""Follows a page of the docs as a reader would: writes its files, makes its edits and runs its commands.

A block ```yaml title="FILE"``` is written, ```diff title="FILE"``` is an edit, and each line `$ …` of
a ```console``` block is run; the lines after it are its expected output. Other blocks are ignored. What our
program prints may be piped, or go to a file: `reconciler plan | tail -n 1`.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from msgspec import Struct

from reconciler.cli.main import run

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Block(Struct, frozen=True):
    """A fenced block of the page; `title` is the name of its file, if it has one."""

    language: str
    title: str
    body: str


class CommandRun(Struct, frozen=True):
    """A command, the output on the page, and what it printed: both streams, in order."""

    command: str
    expected: str
    printed: str
    status: int


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks, in order."""
    return [Block(*(part or "" for part in found)) for found in _BLOCK.findall(page)]


def follow(page: str) -> list[CommandRun]:
    """Follow `page` in the current folder; return every command, in order."""
    runs = []
    for block in blocks(page):
        if block.language == "console":
            runs += [_run(command, expected) for command, expected in _COMMAND.findall(block.body)]
        elif block.language == "diff":
            _edit(Path(block.title), block.body)
        elif block.title:
            Path(block.title).write_text(block.body)
    return runs


def _run(command: str, expected: str) -> CommandRun:
    if command.startswith("cd "):
        os.chdir(command.removeprefix("cd "))
        return CommandRun(command, expected, "", 0)
    if not command.startswith("reconciler "):
        ran = subprocess.run(
            ["bash", "-c", command], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return CommandRun(command, expected, ran.stdout, ran.returncode)
    ours, _, pipe = re.sub(" > ", " | cat > ", command).partition(" | ")
    printed = io.StringIO()
    piped = io.StringIO() if pipe else printed
    with redirect_stdout(piped), redirect_stderr(printed):
        status = run(shlex.split(ours)[1:])
    if pipe:
        printed.write(_through(pipe, piped.getvalue()))
    return CommandRun(command, expected, printed.getvalue(), status)


def _through(pipe: str, text: str) -> str:
    """Return what the shell's commands make of a text."""
    return subprocess.run(["bash", "-c", pipe], check=True, input=text, capture_output=True, text=True).stdout


def _edit(path: Path, diff: str) -> None:
    """Put the lines of `diff` that begin with a blank or a plus in place of the others."""
    lines = [line for line in diff.splitlines(keepends=True) if not line.startswith("@@")]
    before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
    after = "".join(line[1:] or "\n" for line in lines if line[0] != "-")
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} has not these lines once:\n{before}"
    path.write_text(text.replace(before, after))
