"""The report and the exit status of a run that failed."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from reconciler.cli import exit as exits
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import StateLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKED = StateLockedError(Diagnostic("state.locked", hint="Wait."))


@contextmanager
def full_output(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TextIO, io.StringIO]]:
    """A stdout that holds a plan and can write none of it, and a stderr to be read."""
    with monkeypatch.context() as patched, Path("/dev/full").open("w") as out:
        err = io.StringIO()
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        out.write("a plan")
        yield out, err


def test_an_error_of_ours_has_its_own_status(capsys: pytest.CaptureFixture[str]) -> None:
    status = exits.report(LOCKED, [])

    assert (status, capsys.readouterr().err) == (
        Exit.LOCKED,
        "error[state.locked]: The state is locked by another run\n  = hint: Wait.\n",
    )


def test_an_unwritable_output_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_output(monkeypatch) as (_, err):
        status = exits.report(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), [])

    assert (status, err.getvalue().splitlines()[:2]) == (
        Exit.ERROR,
        [
            "error[output.unwritable]: The output could not be written",
            "  = stdout: No space left on device. What was sent to Zoom, if anything, is recorded.",
        ],
    )


def test_an_error_is_shown_though_the_output_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_output(monkeypatch) as (_, err):
        status = exits.report(LOCKED, [])

    assert (status, err.getvalue()[:19]) == (Exit.LOCKED, "error[state.locked]")


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(errno.ENOSPC, "full", "s.json"), OSError(1, "no")]
)
def test_everything_else_is_ours(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert (exits.report(error, []), capsys.readouterr().err[:18]) == (None, "This is a bug in r")


def test_a_character_that_cannot_be_shown_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    exits.prepare_streams()

    sys.stdout.write("\N{ROCKET}")
    sys.stdout.flush()
    assert shown.getvalue() == rb"\U0001f680"
