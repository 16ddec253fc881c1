"""The command `init`: a first spec, from flags or a few prompts. It never overwrites a file."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler import disk, resources, urls
from reconciler.cli import reporting
from reconciler.cli.clock import system_now
from reconciler.cli.commands.init import spec as first_spec
from reconciler.cli.commands.init.spec import GIT_STATE, Answers
from reconciler.cli.console import InputEndedError, Prompter
from reconciler.cli.options import example_epilog, style_options
from reconciler.cli.sources.paths import DEFAULT_SPECS, SCHEMA
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import sentences
from reconciler.meeting.timezones import zone
from reconciler.sandbox.sandbox import INSTALL, is_installed
from reconciler.spec import spec
from reconciler.spec.settings import Settings, parse
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import TextIO

    from reconciler.cli.console import Problem
    from reconciler.cli.workspace import Workspace
    from reconciler.disk import Folder
    from reconciler.errors.diagnostic import Diagnostic


SPEC, SETTINGS = "meetings.yaml", "reconciler.yaml"

FOLDERS = {"github": ".github/workflows/", "gitlab": "", "none": ""}
"""The folder in which each CI system expects its workflows."""

IGNORED = ".reconciler/"
"""The emulator's folder, for .gitignore."""

_TO_MINUTES = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}Z?|Z?)")


class InitOptions(Struct, frozen=True):
    """The flags of `init`; None: not given."""

    host: str | None = None
    topic: str | None = None
    timezone: str | None = None
    start: str | None = None
    weekly: bool | None = None
    state: str | None = None
    ci: str | None = None
    yes: bool = False

    @property
    def adds_workflows(self) -> bool:
        """True if workflows are asked for, and nothing of a first meeting."""
        meeting = (self.host, self.topic, self.timezone, self.start, self.weekly)
        return self.ci not in {None, "none"} and all(value is None for value in meeting)


@click.command(
    epilog=example_epilog("reconciler init", "reconciler init --yes --host platform@example.com --ci github")
)
@click.option("--host", metavar="HOST", help="The Zoom user who owns the meetings: an e-mail or a user id.")
@click.option("--topic", help="Topic of the first meeting.")
@click.option("--timezone", metavar="ZONE", help="IANA name of its time zone; default: this machine's.")
@click.option(
    "--start", metavar="TIME", help="Local start time, as in 2027-01-11T10:00; default: a Monday at 10:00."
)
@click.option("--weekly/--once", default=None, help="A weekly series, or a single meeting.")
@click.option("--state", metavar="PLACE", help="Location of the state, for reconciler.yaml.")
@click.option("--ci", type=click.Choice(["github", "gitlab", "none"]), help="Write workflows for it.")
@click.option("--yes", is_flag=True, help="Ask nothing; use the flags and the defaults.")
@style_options
def init(workspace: Workspace, **flags: Any) -> Exit:
    """Write a first spec.

    At a terminal, asks for what the flags leave open. Writes meetings.yaml and its schema and, on request,
    reconciler.yaml and CI workflows. Where specs exist, `--ci` alone adds the workflows to them. Never
    overwrites a file.
    """
    options, folder, console = InitOptions(**flags), workspace.folder, workspace.console
    _check_address(options.state)
    if options.adds_workflows and any(os.path.lexists(folder / name) for name in (*DEFAULT_SPECS, SETTINGS)):
        return _add_workflows(workspace, options.state, str(options.ci))
    check_free(folder, (*DEFAULT_SPECS, SETTINGS, SCHEMA))
    prompter = Prompter(console, is_asked=not options.yes and console.stdin.isatty() and not console.is_ci)
    try:
        answers, ci = _answers(prompter, workspace, options, system_now())
    except InputEndedError:
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    files = _files(answers, options.state, ci)
    diagnostics = _diagnostics(files[SPEC], files.get(SETTINGS))
    if diagnostics:
        reporting.print_diagnostics(workspace, diagnostics)
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    check_free(folder, files)
    write_files(folder, files)
    written = (*files, *([".gitignore"] if add_to_gitignore(folder) else ()))
    is_root = (folder / ".git").exists()
    console.stdout.write("".join(f"{line}\n" for line in _next_steps(written, ci, is_root=is_root)))
    return Exit.DONE


def _add_workflows(workspace: Workspace, state: str | None, ci: str) -> Exit:
    """Write the workflows for specs that exist, and the settings if there are none."""
    folder, named = workspace.folder, workspace.settings.state
    if state is None and named and ":" in named:  # a runner would forget a local file
        state = named
    settings = {} if os.path.lexists(folder / SETTINGS) else _settings(state, ci)
    files = {**settings, **_workflows(state, ci)}
    diagnostics = _diagnostics(None, settings.get(SETTINGS))
    if diagnostics:
        reporting.print_diagnostics(workspace, diagnostics)
        workspace.console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    check_free(folder, files)
    write_files(folder, files)
    is_root = (folder / ".git").exists()
    address = state or GIT_STATE
    differs = ci == "github" and not settings and named != address
    name_it = ((SETTINGS, f"name the state that the workflows use: `state: {address}`"),) if differs else ()
    rows = _rows((*files,), (*name_it, *_workflow_steps(is_root=is_root)))
    workspace.console.stdout.write("".join(f"{line}\n" for line in rows))
    return Exit.DONE


def _check_address(state: str | None) -> None:
    if state is not None and urls.is_private(state):
        raise SettingsError.of(
            "settings.state-address",
            detail="init writes the address into files that others read, and a password is in it, or is sent "
            "to it. Nothing was written.",
            hint="Leave --state out. Then set RECONCILER_STATE where the program runs, in CI from a secret.",
        )


def check_free(folder: Path, names: Iterable[str]) -> None:
    """Raise `SettingsError` where one of `names` exists already."""
    present = [name for name in names if os.path.lexists(folder / name)]
    if present:
        raise SettingsError.of(
            "init.exists",
            detail=f"{', '.join(present)}: init never overwrites a file. Nothing was written.",
            hint="Edit what is there, or run init in another folder. "
            "`reconciler init --ci github` adds workflows to specs that exist.",
        )


def _answers(
    prompter: Prompter, workspace: Workspace, options: InitOptions, now: datetime
) -> tuple[Answers, str]:
    """Return the first meeting and the CI system. Raises `SettingsError` and `InputEndedError`."""
    if options.host is None and not prompter.is_asked:
        raise SettingsError.of(
            "init.no-host",
            detail="Without a terminal, or with --yes, there are no prompts. Nothing was written.",
            hint="Give --host EMAIL: the Zoom user who owns the meetings.",
        )
    example = Answers("a@example.com", "Team weekly", "UTC", first_spec.next_start(now, "UTC"), weekly=True)
    host = prompter.answer(options.host, "Host of the meetings: the e-mail of a Zoom user", "",
                           lambda text: _problem(replace(example, host=text)))  # fmt: skip
    topic = prompter.answer(options.topic, "Topic of the first meeting", example.topic,
                            lambda text: _problem(replace(example, topic=text)))  # fmt: skip
    timezone = prompter.answer(options.timezone, "Time zone", local_zone(workspace.console.environ),
                               lambda text: _problem(replace(example, timezone=text)))  # fmt: skip
    given = None if options.weekly is None else ("weekly" if options.weekly else "once")
    weekly = prompter.answer(given, "Weekly, or once", "weekly", _one_of("weekly", "once")) == "weekly"
    example = replace(example, timezone=timezone if zone(timezone) else "UTC")
    start = first_spec.next_start(now, example.timezone)
    start = prompter.answer(options.start, "First start, local time", start,
                            lambda text: _problem(replace(example, start=_with_seconds(text))))  # fmt: skip
    ci = prompter.answer(options.ci, "Workflows for github, gitlab or none", "none", _one_of(*FOLDERS))
    return Answers(host, topic, timezone, _with_seconds(start), weekly), ci


def _with_seconds(start: str) -> str:
    """Add seconds and a `T`, as a spec has them, where only those are missing."""
    match = _TO_MINUTES.fullmatch(start.strip())
    if not match:
        return start
    ending = match[3] if match[3].startswith(":") else f":00{match[3]}"
    return f"{match[1]}T{match[2]}{ending}"


def _problem(answers: Answers) -> Problem:
    """Return the first problem that `validate` finds in the answers."""
    diagnostics = _diagnostics(first_spec.render_spec(answers), None)
    if not diagnostics:
        return None
    return sentences(diagnostics[0].summary, diagnostics[0].detail, diagnostics[0].hint)


def _one_of(*choices: str) -> Callable[[str], Problem]:
    return lambda text: None if text in choices else f"Choose one of {', '.join(choices)}."


LINK = Path("/etc/localtime")
"""The system's time zone: on most systems, a link into the folder of all zones."""

SAME_AS_UTC = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})
"""Names by which systems call UTC."""


def local_zone(environ: Mapping[str, str], link: Path = LINK) -> str:
    """Return the zone of TZ, else the system's; UTC where neither is a zone that IANA knows."""
    named = environ.get("TZ", "").removeprefix(":")
    linked = str(link.resolve()).partition("zoneinfo/")[2]
    name = next((name for name in (named, linked) if zone(name)), "UTC")
    return "UTC" if name in SAME_AS_UTC else name


def _files(answers: Answers, state: str | None, ci: str) -> dict[str, str]:
    """Return every file to write, by name."""
    return {
        SPEC: first_spec.render_spec(answers),
        SCHEMA: resources.read(SCHEMA).decode(),
        **_settings(state, ci),
        **_workflows(state, ci),
    }


def _settings(state: str | None, ci: str) -> dict[str, str]:
    """Return the settings with the address of the state; empty if there is nothing to set."""
    address = state or (GIT_STATE if ci == "github" else None)
    return {SETTINGS: first_spec.render_settings(address)} if address else {}


def _workflows(state: str | None, ci: str) -> dict[str, str]:
    """Return the workflows of a CI system, each by the path at which the system looks for it."""
    return {
        FOLDERS[ci] + name: first_spec.render_workflow(content, state)
        for name, content in resources.workflows(ci).items()
    }


def _diagnostics(declared: str | None, settings: str | None) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of `validate --strict`; without a spec, those of the settings."""
    parsed = parse(Source(SETTINGS, (settings or "").encode()))
    if declared is None:
        return parsed.diagnostics
    result = spec.parse([Source(SPEC, declared.encode())], parsed.settings or Settings())
    return (*parsed.diagnostics, *result.diagnostics)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, by name. Where one cannot be written, remove the others and raise `SettingsError`."""
    with ExitStack() as opened:
        undo: list[Callable[[], None]] = []
        try:
            root = opened.enter_context(disk.open_folder(folder, create=True))
            for name, text in files.items():
                _create(root, PurePath(name), text, opened, undo)
        except OSError as error:
            for remove in reversed(undo):
                with suppress(OSError):
                    remove()
            raise reporting.unwritable_file(folder / name, error) from error


def _create(
    folder: Folder, path: PurePath, text: str, opened: ExitStack, undo: list[Callable[[], None]]
) -> None:
    """Write one file, and add to `undo` what removes it and the folders that are made for it."""
    for name in path.parent.parts:
        if folder.make(name):
            undo.append(partial(folder.remove_folder, name))
        folder = opened.enter_context(folder.inner(name))
    folder.create(path.name, text.encode(), disk.PUBLIC)
    undo.append(partial(folder.remove, path.name))


def add_to_gitignore(folder: Path) -> bool:
    """Add the emulator's folder to .gitignore; return False where it is there already."""
    path = folder / ".gitignore"
    try:
        with disk.open_folder(folder) as opened, _open_text(opened, path.name) as file:
            file.seek(0)
            text = file.read()
            if IGNORED in text.splitlines():
                return False
            file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{IGNORED}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise reporting.unwritable_file(path, OSError(str(error))) from error
    return True


def _open_text(folder: Folder, name: str) -> TextIO:
    return os.fdopen(
        folder.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, disk.PUBLIC), "a+", encoding="utf-8"
    )


def _next_steps(written: tuple[str, ...], ci: str, *, is_root: bool) -> Iterator[str]:
    """Yield the lines that say what was written, and what to do next."""
    return _rows(written, tuple(_steps(ci, is_root=is_root)))


def _rows(written: tuple[str, ...], steps: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f"Wrote {', '.join(written)}."
    yield ""
    yield "Next:"
    width = max(len(what) for what, _ in steps) + 2
    yield from (f"  {what:<{width}}{why}" for what, why in steps)


def _steps(ci: str, *, is_root: bool) -> Iterator[tuple[str, str]]:
    """Yield each next step: what to type or edit, and what for."""
    yield SPEC, "add your meetings; `reconciler import --host HOST` writes those that exist"
    yield "reconciler validate --strict", "check them"
    if not is_installed():
        yield INSTALL, "install the emulator, which the next two commands need"
    yield "reconciler plan --sandbox", "show the changes, on an emulator, without an account"
    yield "reconciler apply --sandbox", "make them there"
    yield "reconciler doctor", "check credentials, hosts and state"
    if ci != "none":
        yield from _workflow_steps(is_root=is_root)


def _workflow_steps(*, is_root: bool) -> Iterator[tuple[str, str]]:
    yield "the workflow files", "fill in OWNER and the commit where they say so, and the Zoom secrets"
    yield "docs/ci.md", "of this program has the checklist, from here to the first applied pull request"
    if not is_root:
        yield "(the folder)", "has no .git: workflows are only found at the root of a repository"
