"""The manual page of the program, in roff: from the texts of `--help` and the tables of docs/commands.md."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS_PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"

VERBATIM = "\b\n"
"""Begins a paragraph whose lines click keeps."""

EVERYWHERE = ("-C ", "-h,")
"""How the options begin that every command has; they stand once, at the top."""

_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_ROW = re.compile(r"^\| (?!---)(.+?) \| (.+) \|$", re.MULTILINE)


def man_page() -> str:
    """Return the page."""
    page = COMMANDS_PAGE.read_text(encoding="utf-8")
    parts = (
        '.TH RECONCILER 1 "" "meetings\\-reconciler"',
        ".SH NAME",
        rf"reconciler \- {_escaped(_paragraphs(cli)[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        r"\fBreconciler\fR [\fB\-C\fR \fIDIR\fR] \fICOMMAND\fR [\fIARGS\fR]",
        ".SH OPTIONS",
        *_options(cli, _context(cli, "reconciler", None)),
        ".SH COMMANDS",
        *(line for name in COMMANDS for line in _command(name)),
        ".SH EXIT STATUS",
        *_table(page, "## Exit status"),
        ".SH ENVIRONMENT",
        *_table(page, "## Environment"),
    )
    return "\n".join(parts) + "\n"


def _command(name: str) -> Iterator[str]:
    parent = _context(cli, "reconciler", None)
    command = cli.get_command(parent, name)
    yield from _section(command, _context(command, name, parent))


def _section(command: Any, context: Any) -> Iterator[str]:
    """Yield the lines about a command, and about the commands of a group."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f'.SS "{_escaped(usage)}"'
    for number, paragraph in enumerate(_paragraphs(command)):
        yield from ([".PP"] if number else [])
        yield _escaped(" ".join(paragraph.split()))
    yield from _options(command, context)
    if command.epilog:
        title, *lines = command.epilog.removeprefix(VERBATIM).splitlines()
        yield from (".PP", _escaped(title), ".EX", *map(_escaped, lines), ".EE")
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        child = command.get_command(context, name)
        yield from _section(child, _context(child, name, context))


def _options(command: Any, context: Any) -> Iterator[str]:
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    for term, about in filter(None, records):
        if about and (context.parent is None or not term.startswith(EVERYWHERE)):
            yield from (".TP", rf"\fB{_escaped(term)}\fR", _escaped(about))


def _table(page: str, heading: str) -> Iterator[str]:
    """Yield the rows of the tables below `heading`, without their heads."""
    section = page.partition(f"{heading}\n")[2].partition("\n## ")[0]
    for term, about in _ROW.findall(section):
        if about != "means":
            plain = _LINK.sub(r"\1", about).replace("`", "")
            yield from (".TP", rf"\fB{_escaped(term.replace('`', ''))}\fR", _escaped(plain))


def _paragraphs(command: Any) -> list[str]:
    return inspect.cleandoc(command.help).split("\n\n")


def _context(command: Any, name: str, parent: Any) -> Any:
    return command.context_class(command, info_name=name, parent=parent, **command.context_settings)


def _escaped(text: str) -> str:
    """Return text that roff prints as it is."""
    text = text.replace("[[", "[").replace("]]", "]")  # older versions of click write a choice so
    plain = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain
