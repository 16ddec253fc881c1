"""The flags that verbs share, and what they become: a `Workspace`, and the `Options` of a plan."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.views.table import formats

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Exit


class Key(click.ParamType[str]):
    """A key, or a glob for several; a shell is offered those that are recorded, and declared where `spec`."""

    name = "key"

    def __init__(self, *, spec: bool = False) -> None:
        self.spec = spec

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Every key that begins so and is not there yet."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from reconciler.cli import keys as completing  # noqa: PLC0415 - the same

        given = ctx.params
        sandbox = bool(given.get("sandbox"))
        keys = {
            *completing.complete_recorded(Path.cwd(), os.environ, state=given.get("state"), sandbox=sandbox)
        }
        if self.spec:
            keys |= {*completing.complete_declared(Path.cwd(), os.environ, tuple(given.get("paths") or ()))}
        there = given.get(param.name or "") or ()
        return [
            CompletionItem(key) for key in sorted(keys) if key.startswith(incomplete) and key not in there
        ]


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


class SchemaName(click.ParamType[str]):
    """The name of a schema; which there are is only looked at where one is wanted."""

    name = "schema"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself."""
        known = _schemas()
        if value not in known:
            self.fail(f"{value!r} is not one of {', '.join(known)}.", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Every name that begins so."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        del ctx, param
        return [CompletionItem(name) for name in _schemas() if name.startswith(incomplete)]


def _schemas() -> tuple[str, ...]:
    from reconciler import resources  # noqa: PLC0415 - not for --help

    return resources.schemas()


def format_option(
    result: str, *, about: str = "For people or for programs."
) -> Callable[[Callable[..., Exit]], Callable[..., Exit]]:
    """Give a command its `--format`: the formats that the table of views has for `result`."""
    names = formats(result)
    return click.option(
        "--format", "format_name", type=click.Choice(names), default=names[0], show_default=True, help=about
    )


def lock_timeout_option(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb that writes the state its `--lock-timeout`, in seconds."""
    return click.option(
        "--lock-timeout", "lock_timeout_seconds", type=Duration(), default="0s", show_default=True,
        help="How long to wait for whoever holds the state.",
    )(command)  # fmt: skip


def style_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb that needs no state its `Workspace`."""

    @click.option("--no-color", is_flag=True, help="No colour, whatever the terminal can do.")
    @functools.wraps(command)
    def wrapped(no_color: bool, **flags: Any) -> Exit:  # noqa: FBT001 - click hands flags over as they come
        return _conducted(command, _workspace(no_color=no_color), flags)

    return wrapped


def state_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb its `Workspace`, made from the flags that every verb with a state has."""

    @click.option(
        "--state",
        type=click.Path(),  # so that a shell offers files
        metavar="PATH_OR_URL",
        help="Where the state lives: a path, s3://, gs://, az://, git:BRANCH or https://. "
        "Wins over RECONCILER_STATE and reconciler.yaml.",
    )
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
        if sandbox_now is not None and not sandbox:
            raise click.UsageError("--sandbox-now sets the emulator's clock: give --sandbox too.")
        if state is not None and sandbox:
            raise click.UsageError("--sandbox always has a state of its own: leave out --state.")
        if state == "":
            raise click.UsageError("--state names no place.")
        choices = {"state": state, "sandbox": sandbox, "sandbox_now": sandbox_now}
        return _conducted(command, _workspace(no_color=no_color, verbose=verbose, **choices), flags)

    return wrapped


def _conducted(command: Callable[..., Exit], workspace: Workspace, flags: dict[str, Any]) -> Exit:
    """Run a verb; where GitHub Actions runs us, the page of the job tells of its failure too."""
    if not workspace.console.is_github_actions:
        return command(workspace, **flags)
    from reconciler.cli.ci import reporting_failure as failing  # noqa: PLC0415 - see above

    with failing(workspace.folder, workspace.console, command.__name__):
        return command(workspace, **flags)


def _workspace(**choices: Any) -> Workspace:
    from reconciler.cli.console import Console  # noqa: PLC0415 - not for --help
    from reconciler.cli.console import GlobalOptions as Choices  # noqa: PLC0415 - not for --help
    from reconciler.cli.workspace import Workspace  # noqa: PLC0415 - the same

    console = Console(sys.stdin, sys.stdout, sys.stderr, os.environ)
    return Workspace(Path.cwd(), console, Choices(**choices))


def selection_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """The PATHS, `--refresh` and `--target` of `plan` and `apply`, as one `Options`."""

    @click.argument("paths", nargs=-1, metavar="[PATHS]...")
    @click.option("--refresh", is_flag=True, help="Add what Zoom says now.")
    @click.option(
        "--target",
        "targets",
        type=Key(spec=True),
        metavar="GLOB",
        multiple=True,
        help="Only keys like this; repeatable.",
    )
    @functools.wraps(command)
    def wrapped(
        workspace: Workspace,
        paths: tuple[str, ...],
        refresh: bool,  # noqa: FBT001 - click hands flags over as they come
        targets: tuple[str, ...],
        **flags: Any,
    ) -> Exit:
        from reconciler.plan.plan import Options  # noqa: PLC0415 - not for --help

        return command(workspace, Options(paths, refresh, targets), **flags)

    return wrapped


def example_epilog(*lines: str) -> str:
    """The end of a verb's help: what to type."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


class Code(click.ParamType[str]):
    """A diagnostic code; which there are is only looked at where a shell asks."""

    name = "code"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Every code that begins so."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from reconciler.errors.explanations.table import table  # noqa: PLC0415 - the same

        del ctx, param
        return [
            CompletionItem(code, help=each.means)
            for code, each in table().items()
            if code.startswith(incomplete)
        ]
