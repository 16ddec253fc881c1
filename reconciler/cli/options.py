"""The flags that verbs share, and what they become: a `Workspace`, and the `Options` of a plan."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.keys import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from reconciler.errors import Exit
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


def formats(
    *names: str, about: str = "For people or for programs."
) -> Callable[[Callable[..., Exit]], Callable[..., Exit]]:
    """Give a verb its `--format`, one of `names`; the first is what it takes by itself."""
    return click.option(
        "--format", "format_name", type=click.Choice(names), default=names[0], show_default=True, help=about
    )


def lock_timeout(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb that writes the state its `--lock-timeout`, in seconds."""
    return click.option(
        "--lock-timeout", "lock_timeout_seconds", type=Duration(), default="0s", show_default=True,
        help="How long to wait for whoever holds the state.",
    )(command)  # fmt: skip


def looks(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Give a verb that needs no state its `Workspace`."""

    @click.option("--no-color", is_flag=True, help="No colour, whatever the terminal can do.")
    @functools.wraps(command)
    def wrapped(no_color: bool, **flags: Any) -> Exit:  # noqa: FBT001 - click hands flags over as they come
        return _conducted(command, _workspace(no_color=no_color), flags)

    return wrapped


def surroundings(command: Callable[..., Exit]) -> Callable[..., Exit]:
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
    from reconciler.github_actions import failing  # noqa: PLC0415 - only there

    with failing(workspace.folder, workspace.console, command.__name__):
        return command(workspace, **flags)


def _workspace(**choices: Any) -> Workspace:
    from reconciler.console import Choices, Console  # noqa: PLC0415 - not for --help
    from reconciler.workspace import Workspace  # noqa: PLC0415 - the same

    console = Console(sys.stdin, sys.stdout, sys.stderr, os.environ)
    return Workspace(Path.cwd(), console, Choices(**choices))


def selection(command: Callable[..., Exit]) -> Callable[..., Exit]:
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
        from reconciler.plan import Options  # noqa: PLC0415 - not for --help

        return command(workspace, Options(paths, refresh, targets), **flags)

    return wrapped


def example(*lines: str) -> str:
    """The end of a verb's help: what to type."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
