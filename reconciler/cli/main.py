"""The command line: the table of commands, and the exit status of a run."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler import __version__, resources
from reconciler.cli import exit as exits
from reconciler.cli.options import example_epilog, with_folder_option
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import is_utf8, sentences, shown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.cli.clock import Timer


VERBOSE = "--verbose"

EXAMPLE = example_epilog(
    "reconciler validate",
    "reconciler plan --out plan.json",
    "reconciler apply --plan plan.json",
)


class Entry(Struct, frozen=True):
    """One command: its section and line in `--help`, and its function in `commands/`."""

    section: str
    short_help: str
    function: str


COMMANDS = {
    "init": Entry("Commands", "Write a first spec.", "init.command:init"),
    "validate": Entry("Commands", "Check the specs for errors.", "validate:validate"),
    "fmt": Entry("Commands", "Write the specs in one layout.", "fmt:fmt"),
    "plan": Entry("Commands", "Show the changes that apply would make.", "plan:plan"),
    "apply": Entry("Commands", "Make the planned changes, each exactly once.", "apply.command:apply"),
    "calendar": Entry("Commands", "Show when the declared meetings take place.", "calendar.command:calendar"),
    "drift": Entry("Zoom and state", "Show what was changed in Zoom since the last apply.", "drift:drift"),
    "links": Entry("Zoom and state", "Show join links.", "links:links"),
    "budget": Entry(
        "Zoom and state", "Show the requests that each host has left today.", "budget.command:budget"
    ),
    "history": Entry("Zoom and state", "Show what was applied, when and by whom.", "history:history"),
    "state": Entry("Zoom and state", "Show and repair the recorded state.", "state.command:state"),
    "import": Entry("Zoom and state", "Write meetings that exist in Zoom as YAML.", "import_:import_"),
    "doctor": Entry(
        "Help and tools", "Check the configuration, the state and the Zoom account.", "doctor.command:doctor"
    ),
    "explain": Entry("Help and tools", "Explain a diagnostic code.", "explain:explain"),
    "schema": Entry("Help and tools", "Print a JSON Schema.", "schema:schema"),
    "completion": Entry("Help and tools", "Print a shell completion script.", "completion:completion"),
    "sandbox": Entry(
        "Help and tools", "Serve the bundled emulator on 127.0.0.1, until Ctrl-C.", "sandbox:sandbox"
    ),
    "force-unlock": Entry("More", "Release the lock of a run that is dead.", "state.command:force_unlock"),
}
"""Every command, in the order of `--help`. A test compares each line with the command's own short help."""


def run(
    arguments: Sequence[str], timer: Timer | None = None, keep: Callable[[object], None] = lambda _: None
) -> int:
    """Run one command line; return its exit status. Only a bug in this program shows a traceback.

    A `timer` takes the place of the machine's, so that no wait takes any time. `keep` is called with what was
    read and planned: a process that ends next need not free it first.
    """
    try:
        exits.prepare_streams()
        resources.check()
        check_utf8(arguments)
        status = cli.main(list(arguments), prog_name="reconciler", standalone_mode=False, obj=(timer, keep))
        sys.stdout.flush()  # here, where a full disk can still be reported
        return int(status or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return Exit.ERROR
    except click.ClickException as error:
        return _report_misuse(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        return exits.report_interrupt()
    except Exception as error:
        status = exits.report(error, arguments)
        if status is None:
            raise
        return status


def check_utf8(arguments: Sequence[str]) -> None:
    """Raise `SettingsError` for an argument with bytes that no report or plan could hold."""
    for argument in arguments:
        if not is_utf8(argument):
            raise SettingsError.of(
                "usage.command-line",
                detail=f"The argument `{shown_name(argument)}` is not UTF-8. Nothing was done.",
                hint="Rename what it names, or check the encoding of the terminal.",
            )


def _report_misuse(error: click.ClickException, arguments: Sequence[str]) -> Exit:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "reconciler"
    diagnostic = Diagnostic(
        code="usage.command-line",
        detail=sentences(error.format_message()),
        hint=f"`{command} --help` shows its arguments and options, with an example.",
    )
    exits.print_diagnostics((diagnostic,), arguments)
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
        return with_folder_option(command)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and keep for `--version` whether `--verbose` is given too, in any order."""
        ctx.meta[VERBOSE] = VERBOSE in args
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, but suggest names from the table, of which click knows nothing."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from error

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


def _show_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - by click
    if is_asked and not context.resilient_parsing:
        click.echo(_version_words(verbose=context.meta[VERBOSE]))
        context.exit()


def _version_words(*, verbose: bool) -> str:
    """Return name and version; if `verbose`, also what else decides how a spec is judged."""
    version = f"reconciler {__version__}"
    if not verbose:
        return version
    import platform  # noqa: PLC0415 - only for this output

    from reconciler.cli.commands.doctor import zones  # noqa: PLC0415 - only for this output

    newer = f"\n{zones.REMEDY}" if zones.is_system_newer() else ""
    return f"{version}\nPython {platform.python_version()}\n{zones.words()}{newer}"


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLE)
@click.option(
    "--version", is_flag=True, is_eager=True, callback=_show_version, expose_value=False,
    help="Show the version and exit.",
)  # fmt: skip
@click.option(VERBOSE, is_flag=True, help="With --version: show Python's and the zone rules' too.")
def cli(*, verbose: bool) -> None:
    """Meetings as code: declare Zoom meetings in YAML, review the plan, apply it exactly once."""
    if verbose:
        message = (
            f"{VERBOSE} without a command goes with --version. Write it after the command: plan {VERBOSE}"
        )
        raise click.UsageError(message)


with_folder_option(cli)
