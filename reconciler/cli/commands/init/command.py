"""`init`: a first spec, by flags or by a few questions; what exists is never touched."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler import resources
from reconciler.cli.clock import system_now
from reconciler.cli.commands.init import spec as first_spec
from reconciler.cli.commands.init.spec import GIT_STATE, Answers
from reconciler.cli.console import InputEndedError, Prompter
from reconciler.cli.options import example_epilog, style_options
from reconciler.cli.reporting import unwritable_file
from reconciler.cli.sources import DEFAULT_SPECS
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import SettingsError
from reconciler.meeting.timezones import zone
from reconciler.spec import spec
from reconciler.spec.settings import Settings, parse
from reconciler.spec.yaml.document import Source
from reconciler.views.text import diagnostics as text_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from reconciler.cli.console import Problem
    from reconciler.cli.workspace import Workspace


@click.command(
    epilog=example_epilog("reconciler init", "reconciler init --yes --host platform@example.com --ci github")
)
@click.option("--host", metavar="HOST", help="The Zoom user whose meetings they are: an e-mail or a user id.")
@click.option("--topic", help="Of the first meeting.")
@click.option("--timezone", metavar="ZONE", help="IANA name; by itself this machine's.")
@click.option("--start", metavar="TIME", help="Wall time, as in 2027-01-11T10:00; by itself a Monday at ten.")
@click.option("--weekly/--once", default=None, help="A series, or a single meeting.")
@click.option("--state", metavar="PLACE", help="Where the state shall live; goes into reconciler.yaml.")
@click.option("--ci", type=click.Choice(["github", "gitlab", "none"]), help="Write workflows for it.")
@click.option("--yes", is_flag=True, help="Ask nothing; take what the flags say.")
@style_options
def init(workspace: Workspace, **flags: Any) -> Exit:
    """Begin: write a first spec.

    Asks what the flags leave open, where there is a terminal. Writes meetings.yaml with its schema, and
    on demand reconciler.yaml and workflows. What exists is never overwritten.
    """
    return run(workspace, InitOptions(**flags))


IGNORED = ".reconciler/"
"""What git shall leave alone: the emulator's folder."""


def check_free(folder: Path, names: Iterable[str]) -> None:
    """Raise `SettingsError` where one of `names` is there already."""
    present = [name for name in names if os.path.lexists(folder / name)]
    if present:
        raise SettingsError(_exists(present))


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, by name. Raises `SettingsError`, and takes back what it wrote, where one cannot be."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            _make(folder / name, text, made)
    except OSError as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise SettingsError(unwritable_file(folder / name, error)) from error


def add_to_gitignore(folder: Path) -> bool:
    """Have git leave the emulator's folder alone; False where it does already."""
    path = folder / ".gitignore"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if IGNORED in text.splitlines():
            return False
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{IGNORED}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(unwritable_file(path, OSError(str(error)))) from error
    return True


def _make(path: Path, text: str, made: list[Path]) -> None:
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir()
            made.append(parent)
    with path.open("x", encoding="utf-8") as file:
        made.append(path)
        file.write(text)


def _exists(present: list[str]) -> Diagnostic:
    return Diagnostic(
        code="init.exists",
        detail=f"{', '.join(present)}: what somebody wrote is never overwritten. Nothing was written.",
        hint="Work on with what is there, or run init in another folder.",
    )


LINK = Path("/etc/localtime")
"""What tells the system its zone: on most, a link into the folder of all zones."""

SAME_AS_UTC = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})
"""What systems call UTC, which people call UTC."""


def local_zone(environ: Mapping[str, str], link: Path = LINK) -> str:
    """What TZ names, else the system; UTC where neither names a zone that IANA knows."""
    named = environ.get("TZ", "").removeprefix(":")
    linked = str(link.resolve()).partition("zoneinfo/")[2]
    found = next((name for name in (named, linked) if zone(name)), "UTC")
    return "UTC" if found in SAME_AS_UTC else found


SPEC, SETTINGS, SCHEMA = "meetings.yaml", "reconciler.yaml", "meetings.schema.json"

FOLDERS = {"github": ".github/workflows/", "gitlab": "", "none": ""}
"""Where each CI system looks for what it is to do."""

_TO_MINUTES = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}Z?|Z?)")


@dataclass(frozen=True, slots=True)
class InitOptions:
    """What the flags of `init` say; None: not given."""

    host: str | None = None
    topic: str | None = None
    timezone: str | None = None
    start: str | None = None
    weekly: bool | None = None
    state: str | None = None
    ci: str | None = None
    yes: bool = False


def run(workspace: Workspace, wishes: InitOptions, now: Callable[[], datetime] = system_now) -> Exit:
    """Ask what the flags leave open, write, and say what comes next. Raises `SettingsError`."""
    folder, console = workspace.folder, workspace.console
    check_free(folder, (*DEFAULT_SPECS, SETTINGS, SCHEMA))
    asker = Prompter(console, is_asked=not wishes.yes and console.stdin.isatty() and not console.is_ci)
    try:
        answers, ci = _answers(asker, workspace, wishes, now())
    except InputEndedError:
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    files = _files(answers, wishes.state, ci)
    found = _diagnostics(files[SPEC], files.get(SETTINGS))
    if found:
        console.stderr.write(
            text_diagnostics.diagnostics(found, colour=console.colours(console.stderr, workspace.choices))
        )
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    check_free(folder, files)
    write_files(folder, files)
    written = (*files, *([".gitignore"] if add_to_gitignore(folder) else ()))
    is_root = (folder / ".git").exists()
    console.stdout.write("".join(f"{line}\n" for line in _next(written, ci, is_root=is_root)))
    return Exit.DONE


def _answers(
    asker: Prompter, workspace: Workspace, wishes: InitOptions, now: datetime
) -> tuple[Answers, str]:
    """What the first meeting is, and which CI system runs us. Raises `SettingsError`, `UnansweredError`."""
    if wishes.host is None and not asker.is_asked:
        raise SettingsError(_no_host())
    example = Answers("a@example.com", "Team weekly", "UTC", first_spec.next_start(now, "UTC"), weekly=True)
    host = asker.answer(wishes.host, "Whose meetings: the e-mail of a Zoom user", "",
                        lambda text: _problem(replace(example, host=text)))  # fmt: skip
    topic = asker.answer(wishes.topic, "Topic of the first meeting", example.topic,
                         lambda text: _problem(replace(example, topic=text)))  # fmt: skip
    timezone = asker.answer(wishes.timezone, "Time zone", local_zone(workspace.console.environ),
                            lambda text: _problem(replace(example, timezone=text)))  # fmt: skip
    given = None if wishes.weekly is None else ("weekly" if wishes.weekly else "once")
    weekly = asker.answer(given, "Weekly, or once", "weekly", _one_of("weekly", "once")) == "weekly"
    example = replace(example, timezone=timezone if zone(timezone) else "UTC")
    start = first_spec.next_start(now, example.timezone)
    start = asker.answer(wishes.start, "First start, as on the wall there", start,
                         lambda text: _problem(replace(example, start=_exact(text))))  # fmt: skip
    ci = asker.answer(wishes.ci, "Workflows for github, gitlab or none", "none", _one_of(*FOLDERS))
    return Answers(host, topic, timezone, _exact(start), weekly), ci


def _exact(start: str) -> str:
    """With seconds and a `T`, as a spec has it, where only those are missing."""
    match = _TO_MINUTES.fullmatch(start.strip())
    if not match:
        return start
    ending = match[3] if match[3].startswith(":") else f":00{match[3]}"
    return f"{match[1]}T{match[2]}{ending}"


def _problem(answers: Answers) -> Problem:
    """What the rules of every spec say about the answers so far."""
    found = _diagnostics(first_spec.render_spec(answers), None)
    return " ".join(filter(None, (f"{found[0].summary}.", found[0].detail, found[0].hint))) if found else None


def _one_of(*choices: str) -> Callable[[str], Problem]:
    return lambda text: None if text in choices else f"It is one of {', '.join(choices)}."


def _files(answers: Answers, state: str | None, ci: str) -> dict[str, str]:
    """Every file to write, by name."""
    named = state or (GIT_STATE if ci == "github" else None)
    return {
        SPEC: first_spec.render_spec(answers),
        SCHEMA: resources.read(SCHEMA).decode(),
        **({SETTINGS: first_spec.render_settings(named)} if named else {}),
        **{
            FOLDERS[ci] + name: first_spec.render_workflow(content, state)
            for name, content in resources.workflows(ci).items()
        },
    }


def _diagnostics(declared: str, settings: str | None) -> tuple[Diagnostic, ...]:
    """What `validate --strict` would say."""
    parsed = parse(Source(SETTINGS, (settings or "").encode()))
    found = spec.parse([Source(SPEC, declared.encode())], parsed.settings or Settings())
    return (*parsed.diagnostics, *found.diagnostics)


def _next(written: tuple[str, ...], ci: str, *, is_root: bool) -> Iterator[str]:
    """What was done, and what a person does now."""
    yield f"Wrote {', '.join(written)}."
    yield ""
    yield "Next:"
    yield f"  {SPEC:<36}add your meetings; `reconciler import --host HOST` writes those that exist"
    yield f"  {'reconciler validate --strict':<36}is it right?"
    yield f"  {'reconciler plan --sandbox':<36}what would be done, on an emulator, without an account"
    yield f"  {'reconciler apply --sandbox':<36}do it there"
    yield f"  {'reconciler doctor':<36}are credentials, hosts and state as they must be?"
    if ci == "none":
        return
    yield f"  {'the workflow files':<36}put in OWNER and the commit where they say so, and the Zoom secrets"
    if not is_root:
        yield f"  {'(the folder)':<36}has no .git: workflows are only found at the root of a repository"


def _no_host() -> Diagnostic:
    return Diagnostic(
        code="init.no-host",
        detail="Without a terminal, or with --yes, nobody is asked. Nothing was written.",
        hint="Give --host EMAIL: a Zoom user who shall own the meetings.",
    )
