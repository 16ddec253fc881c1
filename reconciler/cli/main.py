"""The command line: which verb, with which flags, and what its errors look like. The only click."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import __version__, ending
from reconciler.cli.completing import completion
from reconciler.cli.flags import (
    FILE,
    SchemaName,
    example,
    formats,
    lock_timeout,
    looks,
    selection,
    surroundings,
)
from reconciler.cli.importing import import_
from reconciler.cli.keys import Key
from reconciler.cli.recorded import force_unlock, state
from reconciler.cli.terminal import doctor, explain, init
from reconciler.errors import Diagnostic, Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.workspace import Workspace


EXAMPLE = example(
    "reconciler validate",
    "reconciler plan --out plan.json",
    "reconciler apply --plan plan.json",
)


SECTIONS = {
    "Commands": ("init", "validate", "plan", "apply"),
    "See what is there": ("drift", "links", "budget", "state", "import"),
    "Help and tools": ("doctor", "explain", "schema", "completion", "sandbox"),
}
"""The verbs by what they are for, in the order in which people meet them."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit status. Nothing but a bug in this program shows a traceback."""
    ending.prepare_streams()
    try:
        status = cli.main(list(arguments), prog_name="reconciler", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk or a closed pipe can still be told
        return int(status or 0)
    except click.ClickException as error:
        return _misused(error, arguments)
    except (click.Abort, KeyboardInterrupt):
        return ending.interrupted()
    except Exception as error:
        status = ending.of(error, arguments)
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
        summary=error.format_message().rstrip("."),
        hint=f"`{command} --help` shows what it takes, with an example.",
    )
    ending.show((told,), arguments)
    return Exit.ERROR


class Sections(click.Group):
    """A group whose help lists its verbs by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections; a verb that is in none comes last."""
        named = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in named)
        longest = max(map(len, self.commands))
        width = formatter.width - 6 - longest
        for title, names in {**SECTIONS, "More": others}.items():
            rows = [(name.ljust(longest), self.commands[name].get_short_help_str(width)) for name in names]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLE)
@click.version_option(__version__, prog_name="reconciler", message="%(prog)s %(version)s")
def cli() -> None:
    """Meetings as code: declare Zoom meetings in YAML, review the plan, apply it exactly once."""


@cli.command(epilog=example("reconciler validate meetings/ --strict"))
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@formats("text", "json", "github", "sarif", "codequality", about="For people, programs, or a pull request.")
@looks
def validate(workspace: Workspace, paths: tuple[str, ...], strict: bool, format_name: str) -> Exit:  # noqa: FBT001 - click
    """Check what is declared.

    Every finding of one run, each with its place and a remedy.
    """
    from reconciler.verbs import validate as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, paths, strict=strict, format_name=format_name)


@cli.command(
    epilog=example("reconciler plan --out plan.json", "reconciler plan --sandbox examples/meetings.yaml")
)
@click.option("--out", type=FILE, help="Write the plan, to be approved.")
@formats("text", "json", "markdown", about="For people, programs, or a pull request.")
@click.option("--json-into", type=FILE, help="Write JSON beside any view.")
@click.option("--changes-only", is_flag=True, help="Leave keep and expired steps out of JSON.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@surroundings
@selection
def plan(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Show what would be done.

    Declared against recorded. Sends nothing, and needs no credentials unless it is to refresh.
    """
    from reconciler.verbs import plan as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, options, **flags)


@cli.command(epilog=example("reconciler apply", "reconciler apply --plan plan.json"))
@click.option("--plan", "plan_file", type=FILE, help="Apply what was approved: a file that plan --out wrote.")
@click.option("--auto-approve", is_flag=True, help="Ask nobody.")
@click.option("--pace", metavar="free|pro|business|N", help="Requests a second: your Zoom plan's, or N.")
@lock_timeout
@formats("text", "json")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 3 where work is left for a later day.")
@surroundings
@selection
def apply(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Do what the plan says, each meeting exactly once.

    Creates what is missing, changes what differs, and ends what `removed` names, within every host's
    daily budget: what does not fit today is left for a later day.
    """
    from reconciler.verbs import apply as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, verb.Wishes(options, **flags))


@cli.command(epilog=example("reconciler drift", "reconciler drift meetings/ --detailed-exitcode"))
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@formats("text", "json", "markdown", about="For people, programs, or a pull request.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where something drifted.")
@surroundings
def drift(workspace: Workspace, paths: tuple[str, ...], **flags: Any) -> Exit:
    """Show what was changed in Zoom since it was applied.

    Reads every recorded meeting that is not over, or those declared in PATHS. Changes nothing, and takes
    nothing from the daily budget.
    """
    from reconciler.verbs import drift as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, paths, **flags)


@cli.command(epilog=example("reconciler links", "reconciler links 'platform-*' --format json"))
@click.argument("keys", nargs=-1, type=Key(), metavar="[KEYS]...")
@formats("text", "json", "markdown", about="For people, programs, or a pull request.")
@surroundings
def links(workspace: Workspace, keys: tuple[str, ...], format_name: str) -> Exit:
    """Show how people join.

    Reads from Zoom the link of every recorded meeting, or of those named; globs will do. Links hold
    passcodes, so they are kept nowhere.
    """
    from reconciler.verbs import links as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, keys, format_name=format_name)


@cli.command(epilog=example("reconciler budget"))
@formats("text", "json")
@surroundings
def budget(workspace: Workspace, format_name: str) -> Exit:
    """Show what each host may still send today.

    Used and left of the daily limit, and when the day ends. Needs no credentials.
    """
    from reconciler.verbs import budget as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, format_name=format_name)


cli.add_command(import_)
cli.add_command(state)
cli.add_command(force_unlock)
cli.add_command(init)
cli.add_command(doctor)
cli.add_command(explain)
cli.add_command(completion)


@cli.command(epilog=example("reconciler schema meetings > meetings.schema.json"))
@click.argument("name", type=SchemaName(), default="meetings", metavar="[NAME]")
def schema(name: str) -> Exit:
    """Print a JSON Schema.

    NAME is `meetings` (specs), `reconciler` (settings), `state`, or a format that a verb prints: `plan`
    (drift too), `apply` (a line of its log), `validate`, `links`, `budget`, `state-list`, `state-show`,
    `state-lock`, `state-change` (mv and rm), `doctor`, `explain`.
    """
    from reconciler import resources  # noqa: PLC0415 - not for --help

    sys.stdout.write(resources.read(f"{name}.schema.json").decode())
    return Exit.DONE


@cli.command(epilog=example("reconciler sandbox --port 8080"))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free one."
)
@click.option("--sandbox-now", metavar="INSTANT|+1d", help="Set the emulator's clock, which then stays.")
def sandbox(port: int, sandbox_now: str | None) -> Exit:
    """Serve the bundled emulator on 127.0.0.1, until Ctrl-C."""
    from reconciler.verbs import sandbox as verb  # noqa: PLC0415 - not for --help

    return verb.run(Path.cwd(), sys.stdout, port=port, now=sandbox_now)
