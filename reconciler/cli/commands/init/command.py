"""`init`: a first spec, by flags or by a few questions; what exists is never touched."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import resources, spec
from reconciler.clock import system_now
from reconciler.document import Source
from reconciler.errors import Diagnostic, Exit, SettingsError
from reconciler.settings import Settings, parse
from reconciler.sources import DEFAULT_SPECS
from reconciler.verbs import first_files, first_spec
from reconciler.verbs.asking import Asker, UnansweredError
from reconciler.verbs.first_spec import GIT_STATE, Answers
from reconciler.verbs.local_zone import local_zone
from reconciler.views import findings
from reconciler.wall_time import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from reconciler.verbs.asking import Problem
    from reconciler.workspace import Workspace

SPEC, SETTINGS, SCHEMA = "meetings.yaml", "reconciler.yaml", "meetings.schema.json"

FOLDERS = {"github": ".github/workflows/", "gitlab": "", "none": ""}
"""Where each CI system looks for what it is to do."""

_TO_MINUTES = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}Z?|Z?)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags of `init` say; None: not given."""

    host: str | None = None
    topic: str | None = None
    timezone: str | None = None
    start: str | None = None
    weekly: bool | None = None
    state: str | None = None
    ci: str | None = None
    yes: bool = False


def run(workspace: Workspace, wishes: Wishes, now: Callable[[], datetime] = system_now) -> Exit:
    """Ask what the flags leave open, write, and say what comes next. Raises `SettingsError`."""
    folder, console = workspace.folder, workspace.console
    first_files.check_free(folder, (*DEFAULT_SPECS, SETTINGS, SCHEMA))
    asker = Asker(console, is_asked=not wishes.yes and console.stdin.isatty() and not console.is_ci)
    try:
        answers, ci = _answers(asker, workspace, wishes, now())
    except UnansweredError:
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    files = _files(answers, wishes.state, ci)
    found = _diagnostics(files[SPEC], files.get(SETTINGS))
    if found:
        console.stderr.write(findings.text(found, colour=console.colours(console.stderr, workspace.choices)))
        console.stderr.write("\nNothing was written.\n")
        return Exit.ERROR
    first_files.check_free(folder, files)
    first_files.write(folder, files)
    written = (*files, *([".gitignore"] if first_files.ignore(folder) else ()))
    is_root = (folder / ".git").exists()
    console.stdout.write("".join(f"{line}\n" for line in _next(written, ci, is_root=is_root)))
    return Exit.DONE


def _answers(asker: Asker, workspace: Workspace, wishes: Wishes, now: datetime) -> tuple[Answers, str]:
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
    found = _diagnostics(first_spec.text(answers), None)
    return " ".join(filter(None, (f"{found[0].summary}.", found[0].detail, found[0].hint))) if found else None


def _one_of(*choices: str) -> Callable[[str], Problem]:
    return lambda text: None if text in choices else f"It is one of {', '.join(choices)}."


def _files(answers: Answers, state: str | None, ci: str) -> dict[str, str]:
    """Every file to write, by name."""
    named = state or (GIT_STATE if ci == "github" else None)
    return {
        SPEC: first_spec.text(answers),
        SCHEMA: resources.read(SCHEMA).decode(),
        **({SETTINGS: first_spec.settings(named)} if named else {}),
        **{
            FOLDERS[ci] + name: first_spec.workflow(content, state)
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
        summary="Nobody said whose meetings they are",
        detail="Without a terminal, or with --yes, nobody is asked. Nothing was written.",
        hint="Give --host EMAIL: a Zoom user who shall own the meetings.",
    )
