"""Flags that commands share, their types, and the `Workspace` and `Options` that are made of them."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import urls
from reconciler.views.table import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from click.shell_completion import CompletionItem

    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Exit


class Key(click.ParamType[str]):
    """A key, or a glob for several; completes recorded keys, and declared ones with `spec`."""

    name = "key"

    def __init__(self, *, spec: bool = False) -> None:
        self.spec = spec

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return every key that begins with `incomplete` and is not given yet."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for shell completion

        from reconciler.cli.keys import complete_declared, complete_recorded  # noqa: PLC0415 - the same

        params = ctx.params
        sandbox = bool(params.get("sandbox"))
        keys = {*complete_recorded(Path.cwd(), os.environ, state=params.get("state"), sandbox=sandbox)}
        if self.spec:
            keys |= {*complete_declared(Path.cwd(), os.environ, tuple(params.get("paths") or ()))}
        given = params.get(param.name or "") or ()
        return [
            CompletionItem(key) for key in sorted(keys) if key.startswith(incomplete) and key not in given
        ]


class Code(click.ParamType[str]):
    """A diagnostic code; the explanations are read only to complete one."""

    name = "code"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return every code that begins with `incomplete`."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for shell completion

        from reconciler.errors.explanations.table import table  # noqa: PLC0415 - the same

        del ctx, param
        return [
            CompletionItem(code, help=each.means)
            for code, each in table().items()
            if code.startswith(incomplete)
        ]


class SchemaName(click.ParamType[str]):
    """The name of a schema; the names are read only when one is given or completed."""

    name = "schema"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, if it is the name of a schema."""
        names = _schemas()
        if value not in names:
            self.fail(f"{value!r} is not one of {', '.join(names)}.", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return every name that begins with `incomplete`."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for shell completion

        del ctx, param
        return [CompletionItem(name) for name in _schemas() if name.startswith(incomplete)]


def _schemas() -> tuple[str, ...]:
    from reconciler import resources  # noqa: PLC0415 - not for --help

    return resources.schemas()


class PathType(click.ParamType[str]):
    """A path that the shell completes: a `file`, or a `dir` alone."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self._kind = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Leave it to the shell, which knows how to quote a name."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for shell completion

        del ctx, param
        return [CompletionItem(incomplete, type=self._kind)]


SPEC_PATH = PathType("path", "file")
"""The path of a file or folder with specs."""

FOLDER = PathType("folder", "dir")
"""The path of a folder. With several, each starts where the one before leads."""

SECONDS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """A duration: `30s`, `5m`, `1h`, or plain seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if isinstance(value, float):
            return value
        number, unit = (value[:-1], value[-1:]) if value[-1:] in SECONDS else (value, "s")
        if not number.isdecimal():
            self.fail(f"{value!r} is not a duration such as 30s, 5m or 1h.", param, ctx)
        return float(number) * SECONDS[unit]


FILE = click.Path(path_type=Path, dir_okay=False)


def format_option(
    result: str, *, about: str = "For people or for programs."
) -> Callable[[Callable[..., Exit]], Callable[..., Exit]]:
    """Add `--format` to a command, with the formats that the table of views has for `result`."""
    names = formats(result)
    return click.option(
        "--format", "format_name", type=click.Choice(names), default=names[0], show_default=True, help=about
    )


def lock_timeout_option(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add `--lock-timeout`, in seconds, to a command that writes the state."""
    return click.option(
        "--lock-timeout", "lock_timeout_seconds", type=Duration(), default="0s", show_default=True,
        help="How long to wait for the lock on the state.",
    )(command)  # fmt: skip


def paths_argument(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add PATHS, the files and folders with specs, to a command."""
    return click.argument("paths", nargs=-1, type=SPEC_PATH, metavar="[PATHS]...")(command)


def pace_option(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add `--pace` to a command that sends requests to Zoom."""
    return click.option(
        "--pace", metavar="free|pro|business|N", help="Requests a second: your Zoom plan's, or N."
    )(command)


def style_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add the flags of a command that needs no state, and call it with its `Workspace`."""

    @click.option("--no-color", is_flag=True, help="Turn off colour.")
    @functools.wraps(command)
    def wrapped(no_color: bool, **flags: Any) -> Exit:  # noqa: FBT001 - click hands flags over as they come
        return _call(command, _workspace(no_color=no_color), flags)

    return wrapped


def state_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add the flags of a command that needs the state, and call it with its `Workspace`."""

    @click.option(
        "--state",
        type=click.Path(),  # so that a shell completes files
        metavar="PATH_OR_URL",
        help=f"Location of the state: {urls.prefixes()}. Overrides RECONCILER_STATE and reconciler.yaml.",
    )
    @click.option("--sandbox", is_flag=True, help="Use the bundled emulator: no account, no network.")
    @click.option("--sandbox-now", metavar="INSTANT|+1d", help="Set the emulator's clock and freeze it.")
    @click.option("--no-color", is_flag=True, help="Turn off colour.")
    @click.option("--verbose", is_flag=True, help="Show everything, and fold nothing.")
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
            raise click.UsageError("--sandbox has a state of its own: leave out --state.")
        if state == "":
            raise click.UsageError("--state is empty.")
        workspace = _workspace(
            state=state, sandbox=sandbox, sandbox_now=sandbox_now, no_color=no_color, verbose=verbose
        )
        return _call(command, workspace, flags)

    return wrapped


def _call(command: Callable[..., Exit], workspace: Workspace, flags: dict[str, Any]) -> Exit:
    """Run a command; in GitHub Actions, report a failure to the job as well."""
    if not workspace.console.is_github_actions:
        workspace.check_sandbox()
        return command(workspace, **flags)
    from reconciler.cli.ci import reporting_failure  # noqa: PLC0415 - only in GitHub Actions

    name = click.get_current_context().command_path.partition(" ")[2]  # without the program's name
    with reporting_failure(workspace.folder, workspace.console, name):
        workspace.check_sandbox()
        return command(workspace, **flags)


def with_folder_option(command: click.Command) -> click.Command:
    """Return the command with `-C`, which the commands of a group get as well."""
    if not any("-C" in parameter.opts for parameter in command.params):
        command.params.append(_option())
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_folder_option(each)
    return command


def _option() -> click.Option:
    return click.Option(
        ["-C"],
        type=FOLDER,
        metavar="DIR",
        multiple=True,
        is_eager=True,  # before any option that has a path
        expose_value=False,
        callback=_enter_all,
        help="Begin in DIR, as git and make do. Before or after the command.",
    )


def _enter_all(ctx: click.Context, _: click.Parameter, folders: Sequence[str]) -> None:
    for folder in filter(None, folders):  # like git, an empty one is no other folder
        _enter(ctx, folder)


def _enter(ctx: click.Context, folder: str) -> None:
    """Make `folder` the working folder until the command is over."""
    before = working_folder()
    try:
        os.chdir(folder)
    except (OSError, ValueError) as error:  # a null byte is a ValueError
        if not ctx.resilient_parsing:  # completion says nothing
            reason = error.strerror if isinstance(error, OSError) else error
            raise click.UsageError(f"-C {folder}: {reason}. Nothing was done.") from error
    if not ctx.resilient_parsing:  # completion closes its contexts before it completes
        ctx.call_on_close(functools.partial(os.chdir, before))


def working_folder() -> Path:
    """Return the folder that this process is in. Raises `SettingsError` if it is gone."""
    try:
        return Path.cwd()
    except OSError as error:
        from reconciler.errors.exceptions import SettingsError  # noqa: PLC0415 - not for --help

        raise SettingsError.of(
            "usage.no-folder",
            detail=f"The working folder cannot be found: {error.strerror or error}. Nothing was done.",
            hint="Change to a folder that exists, for example with `cd`, and run the command again there.",
        ) from error


def _workspace(**options: Any) -> Workspace:
    from reconciler.cli.console import Console, GlobalOptions  # noqa: PLC0415 - not for --help
    from reconciler.cli.workspace import Workspace  # noqa: PLC0415 - the same

    console = Console(sys.stdin, sys.stdout, sys.stderr, os.environ)
    timer, keep = click.get_current_context().obj
    return Workspace(working_folder(), console, GlobalOptions(**options), timer, keep)


def selection_options(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add PATHS, `--refresh` and `--target` of `plan` and `apply`, passed on as one `Options`."""

    @paths_argument
    @click.option("--refresh", is_flag=True, help="Read the recorded meetings from Zoom first.")
    @click.option(
        "--target",
        "targets",
        type=Key(spec=True),
        metavar="GLOB",
        multiple=True,
        help="Only keys that match; repeatable.",
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
    """Return the end of a command's help: an example."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
