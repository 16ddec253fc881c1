"""Writes a calendar: to stdout, to a file, or as feeds into a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from reconciler import disk
from reconciler.cli import reporting
from reconciler.cli.commands import links
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import count_noun
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.commands.calendar.build import BuiltCalendar
    from reconciler.cli.workspace import Workspace
    from reconciler.views.results import Calendar

FEED = "ics"
"""The format that a folder gets: one feed for each host, and one for all."""

ALL = "all.ics"

_SAFE = "@.+-_"
"""Characters, other than letters and digits, that a host keeps in the file name of its feed."""


class Target(Struct, frozen=True):
    """The file or folder that is written; `path` None: stdout."""

    path: Path | None = None
    is_folder: bool = False


def target(out: str | None, format_name: str) -> Target:
    """Return what `--out` names. Raises `SettingsError` where it is a folder and one file is written."""
    if out is None:
        return Target()
    path, is_folder = Path(out), out.endswith(("/", os.sep)) or Path(out).is_dir()
    if is_folder and format_name != FEED:
        file = path / "calendar" if path.is_dir() else path
        raise SettingsError.of(
            "output.folder",
            detail=f"{out} names a folder, and `--format {format_name}` is one file. Nothing was written.",
            hint=f"Name a file, such as `--out {file}.{_SUFFIX[format_name]}`; a folder is for "
            "`--format ics`.",
        )
    if is_folder and path.exists() and not path.is_dir():
        raise SettingsError.of(
            "output.folder",
            detail=f"{out} is to be a folder, and {path} is a file. Nothing was written.",
            hint="Name another folder, or leave out the `/` at the end to write one file.",
        )
    return Target(path, is_folder)


_SUFFIX = {"text": "txt", "json": "json", "html": "html"}


def write(workspace: Workspace, target: Target, format_name: str, built: BuiltCalendar) -> None:
    """Write the calendar, and to stderr its warnings where the format does not have them."""
    calendar, console = built.calendar, workspace.console
    if format_name != "json":
        reporting.print_warnings(workspace, calendar.diagnostics)
    render = view("calendar", format_name)
    if target.path is None:
        if calendar.holds_passcodes:
            links.warn_of_log(workspace)
        colour = console.colours(console.stdout, workspace.options)
        console.stdout.write(render(calendar, TextStyle(colour=colour)))
        console.stdout.flush()
        return
    names = _feeds(built) if target.is_folder else {"": calendar}
    files = {target.path / name if name else target.path: each for name, each in names.items()}
    reporting.check_outputs(workspace, *files)
    if target.is_folder:
        _make_folder(target.path)
    write_file = reporting.write_private_file if calendar.holds_passcodes else reporting.write_public_file
    for path, each in files.items():
        write_file(path, render(each, TextStyle()))
    words = f"{count_noun(len(files), 'feed')} in {target.path}" if target.is_folder else str(target.path)
    console.stderr.write(f"Wrote {words}.\n")


def _feeds(built: BuiltCalendar) -> Mapping[str, Calendar]:
    """Return the calendars of a folder by file name."""
    return {ALL: built.calendar} | {_file_name(host): built.of_host(host) for host in built.hosts}


def _file_name(host: str) -> str:
    name = f"{quote(host, safe=_SAFE)}.ics"
    return f"host-{name}" if name == ALL or name.startswith(".") else name


def _make_folder(path: Path) -> None:
    try:
        with disk.open_folder(path, create=True):
            pass
    except OSError as error:
        raise reporting.unwritable_file(path, error) from error
