"""The command line: which verb, with which flags, and what its errors look like. The only click."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import __version__
from reconciler.errors import Diagnostic, Exit, ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.workspace import Workspace

SECONDS = {"s": 1, "m": 60, "h": 3600}

FILE = click.Path(path_type=Path, dir_okay=False)


class Duration(click.ParamType[float]):
    """`30s`, `5m`, `1h`, or plain seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Its seconds."""
        if isinstance(value, float):
            return value
        number, unit = (value[:-1], value[-1:]) if value[-1:] in SECONDS else (value, "s")
        if not number.isdigit():
            self.fail(f"{value!r} is not a duration such as 30s, 5m or 1h.", param, ctx)
        return float(number) * SECONDS[unit]


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit status. Nothing but a bug in this program shows a traceback."""
    try:
        return int(cli.main(list(arguments), prog_name="reconciler", standalone_mode=False) or 0)
    except (click.ClickException, click.exceptions.Exit, click.Abort) as ended:
        return _ended(ended)
    except ReconcilerError as error:
        _show(error.diagnostics)
        return error.exit_status
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ERROR
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What was sent already is looked up by the next apply.\n")
        return Exit.INTERRUPTED
    except Exception:
        sys.stderr.write(_own_fault())
        raise


def _ended(ended: Exception) -> int:
    if isinstance(ended, click.ClickException):
        ended.show()
    return ended.exit_code if isinstance(ended, click.exceptions.Exit) else Exit.ERROR


def _show(diagnostics: Sequence[Diagnostic]) -> None:
    from reconciler.views import findings  # noqa: PLC0415 - only an error needs it

    colour = sys.stderr.isatty() and "--no-color" not in sys.argv and not os.environ.get("NO_COLOR")
    sys.stdout.flush()
    sys.stderr.write(findings.text(diagnostics, colour=colour))


def _own_fault() -> str:
    return (
        f"This is a bug in reconciler {__version__}, not in what you wrote. The state is as it was last "
        "written, and the next run looks up what was under way. Please report it with these lines:\n"
    )


def surroundings(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb its `Workspace`, made from the flags that every verb has."""

    @click.option("--state", metavar="PATH", help="Where the state lives. Env: RECONCILER_STATE.")
    @click.option("--sandbox", is_flag=True, help="Use the bundled emulator: no account, no network.")
    @click.option("--sandbox-now", metavar="INSTANT|+1d", help="Set the emulator's clock, which then stays.")
    @click.option("--no-color", is_flag=True, help="No colour, whatever the terminal can do.")
    @click.option("--verbose", is_flag=True, help="Show everything, folded or not.")
    @functools.wraps(command)
    def wrapped(
        state: str | None,
        sandbox: bool,  # noqa: FBT001 - click hands flags over as they come
        sandbox_now: str | None,
        no_color: bool,  # noqa: FBT001 - the same
        verbose: bool,  # noqa: FBT001 - the same
        **flags: Any,
    ) -> Exit:
        from reconciler.workspace import Choices, Console, Workspace  # noqa: PLC0415 - not for --help

        if sandbox_now and not sandbox:
            raise click.UsageError("--sandbox-now sets the emulator's clock: give --sandbox too.")
        console = Console(sys.stdin, sys.stdout, sys.stderr, os.environ)
        choices = Choices(state, sandbox, sandbox_now, no_color, verbose)
        return command(Workspace(Path.cwd(), console, choices), **flags)

    return wrapped


def selection(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """The PATHS, `--refresh` and `--target` of `plan` and `apply`, as one `Options`."""

    @click.argument("paths", nargs=-1)
    @click.option("--refresh", is_flag=True, help="Add what Zoom says now.")
    @click.option(
        "--target", "targets", metavar="GLOB", multiple=True, help="Only keys like this; repeatable."
    )
    @functools.wraps(command)
    def wrapped(
        workspace: Workspace,
        paths: tuple[str, ...],
        refresh: bool,  # noqa: FBT001 - click hands flags over as they come
        targets: tuple[str, ...],
        **flags: Any,
    ) -> Exit:
        from reconciler.plan import Options  # noqa: PLC0415 - not for --help

        if refresh:
            raise click.UsageError("--refresh is not part of this version yet.")
        return command(workspace, Options(paths, refresh, targets), **flags)

    return wrapped


def example(*lines: str) -> str:
    """The end of a verb's help: what to type."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=example("reconciler plan"))
@click.version_option(__version__, prog_name="reconciler", message="%(prog)s %(version)s")
def cli() -> None:
    """Meetings as code: declare Zoom meetings in YAML, review the plan, apply it exactly once."""


@cli.command(epilog=example("reconciler validate meetings/ --strict"))
@click.argument("paths", nargs=-1)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option("--format", "format_name", type=click.Choice(["text", "json", "github"]), default="text")
@surroundings
def validate(workspace: Workspace, paths: tuple[str, ...], strict: bool, format_name: str) -> Exit:  # noqa: FBT001 - click
    """Check what is declared: every finding with its place and a remedy."""
    from reconciler.verbs import validate as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, paths, strict=strict, format_name=format_name)


@cli.command(
    epilog=example("reconciler plan --out plan.json", "reconciler plan --sandbox examples/meetings.yaml")
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan, to be approved."
)
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--json-into", type=click.Path(path_type=Path, dir_okay=False), help="Write JSON beside any view."
)
@click.option("--changes-only", is_flag=True, help="Leave keep and expired steps out of JSON.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@surroundings
@selection
def plan(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Show what would be done: declared against recorded. Sends nothing, needs no credentials."""
    from reconciler.verbs import plan as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, options, **flags)


@cli.command(epilog=example("reconciler apply", "reconciler apply --plan plan.json"))
@click.option(
    "--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), help="Apply what was approved."
)
@click.option("--auto-approve", is_flag=True, help="Ask nobody.")
@click.option("--pace", metavar="free|pro|business|N", help="Requests a second: your Zoom plan's, or N.")
@click.option("--lock-timeout", "lock_timeout_seconds", type=Duration(), default="0s", show_default=True,
              help="How long to wait for whoever holds the state.")  # fmt: skip
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 3 where work is left for a later day.")
@surroundings
@selection
def apply(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Create what is missing, exactly once, within every host's daily budget."""
    from reconciler.verbs import apply as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, verb.Wishes(options, **flags))


@cli.group(epilog=example("reconciler state list"))
def state() -> None:
    """Look at what is recorded, and mend it."""


@state.command("list", epilog=example("reconciler state list"))
@surroundings
def state_list(workspace: Workspace) -> Exit:
    """Every recorded key with its meeting's id, and every interrupted request."""
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.list_all(workspace)


@state.command("rm", epilog=example("reconciler state rm platform-weekly"))
@click.argument("key")
@surroundings
def state_rm(workspace: Workspace, key: str) -> Exit:
    """Forget KEY, record and interrupted request; Zoom is not touched."""
    from reconciler.verbs import state as verb  # noqa: PLC0415 - not for --help

    return verb.remove(workspace, key)


@cli.command(epilog=example("reconciler schema meetings > meetings.schema.json"))
@click.argument("name", type=click.Choice(["meetings", "reconciler", "plan", "state"]), default="meetings")
def schema(name: str) -> Exit:
    """Print a JSON Schema: of specs, settings, plans or states."""
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
