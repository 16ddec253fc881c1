"""The command line: the table of commands, and the exit status of a run."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler import __version__
from reconciler.cli import exit as exits
from reconciler.cli.options import example_epilog
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.text import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence


EXAMPLE = example_epilog(
    "reconciler validate",
    "reconciler plan --out plan.json",
    "reconciler apply --plan plan.json",
)


class Entry(NamedTuple):
    """One command: its section and line in `--help`, and the function in `commands/` that is imported for it."""

    section: str
    short_help: str
    function: str


COMMANDS = {
    "init": Entry("Commands", "Begin: write a first spec.", "init.command:init"),
    "validate": Entry("Commands", "Check what is declared.", "validate:validate"),
    "plan": Entry("Commands", "Show what would be done.", "plan:plan"),
    "apply": Entry("Commands", "Do what the plan says, each meeting exactly once.", "apply.command:apply"),
    "drift": Entry("See what is there", "Show what was changed in Zoom since it was applied.", "drift:drift"),
    "links": Entry("See what is there", "Show how people join.", "links:links"),
    "budget": Entry("See what is there", "Show what each host may still send today.", "budget:budget"),
    "state": Entry("See what is there", "Look at what is recorded, and mend it.", "state.command:state"),
    "import": Entry("See what is there", "Write what exists in Zoom as YAML.", "import_:import_"),
    "doctor": Entry("Help and tools", "Check that all is there.", "doctor.command:doctor"),
    "explain": Entry("Help and tools", "Say what a code means.", "explain:explain"),
    "schema": Entry("Help and tools", "Print a JSON Schema.", "schema:schema"),
    "completion": Entry("Help and tools", "Print a script for your shell.", "completion:completion"),
    "sandbox": Entry(
        "Help and tools", "Serve the bundled emulator on 127.0.0.1, until Ctrl-C.", "sandbox:sandbox"
    ),
    "force-unlock": Entry("More", "Free the lock of a run that is dead.", "state.command:force_unlock"),
}
"""Every command, in the order in which `--help` shows it; a test holds each line against the command's own."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit status. Nothing but a bug in this program shows a traceback."""
    exits.prepare_streams()
    try:
        status = cli.main(list(arguments), prog_name="reconciler", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told
        return int(status or 0)
    except click.ClickException as error:
        return _misused(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        return exits.report_interrupt()
    except Exception as error:
        status = exits.report(error, arguments)
        if status is None:
            raise
        return status


def _misused(error: click.ClickException, arguments: Sequence[str]) -> Exit:
    # Older versions of click have no such error, and show the help themselves.
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{error.format_message()}\n")
        return Exit.ERROR
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "reconciler"
    told = Diagnostic(
        code="usage.command-line",
        detail=sentences(error.format_message()),
        hint=f"`{command} --help` shows what it takes, with an example.",
    )
    exits.print_diagnostics((told,), arguments)
    return Exit.ERROR


class CommandTable(click.Group):
    """The group of `COMMANDS`. A command is imported when it is called; `--help` reads the table alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every name, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None where there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].function.partition(":")
        command: click.Command = getattr(import_module(f"reconciler.cli.commands.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, section by section."""
        del ctx
        longest = max(map(len, COMMANDS))
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            rows = [
                (name.ljust(longest), entry.short_help)
                for name, entry in COMMANDS.items()
                if entry.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLE)
@click.version_option(__version__, prog_name="reconciler", message="%(prog)s %(version)s")
def cli() -> None:
    """Meetings as code: declare Zoom meetings in YAML, review the plan, apply it exactly once."""
