"""`import`: what exists in Zoom as a spec; reads, and records nothing."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.connection import check_origin, connect
from reconciler.cli.options import FILE, example_epilog, state_options
from reconciler.cli.reporting import unwritable_file
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import count_noun, escape_control
from reconciler.live import discover, generate
from reconciler.live.discover import ImportFilter
from reconciler.live.generate import SpecContext
from reconciler.meeting.names import fold_host
from reconciler.views.text import diagnostics as text_diagnostics
from reconciler.views.text import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.live.discover import DiscoveredMeetings
    from reconciler.state.state import State
    from reconciler.views.text.progress import TellCount


@click.command(
    "import",
    epilog=example_epilog(
        "reconciler import --host platform@example.com --match '^Platform' --out meetings/platform.yaml"
    ),
)
@click.option("--host", "hosts", metavar="HOST", multiple=True, required=True,
              help="Whose meetings: an e-mail or a user id; repeatable.")  # fmt: skip
@click.option("--match", metavar="REGEX", help="Only topics in which this is found.")
@click.option("--out", type=FILE, help="Write to this file, which must not exist, instead of stdout.")
@state_options
def import_(workspace: Workspace, **flags: Any) -> Exit:
    """Write what exists in Zoom as YAML.

    Reads the meetings of each HOST that are not recorded yet, as a person would have declared them, with
    the `imports` list by which apply records them. Records nothing and changes nothing.
    """
    return run(workspace, ImportOptions(**flags))


MATCH_MAX = 500
"""Characters of a regular expression that is taken."""

TOPIC_MAX = 1000
"""Characters of a topic that a regular expression is held against; Zoom's own bound is 200."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the flags of `import` say."""

    hosts: tuple[str, ...]
    match: str | None = None
    out: Path | None = None


def run(workspace: Workspace, wishes: ImportOptions) -> Exit:
    """Write what the hosts have as YAML, and what to do next to stderr. An error where a read failed."""
    matches = _matcher(wishes.match)
    if wishes.out and wishes.out.exists():
        raise _exists(wishes.out)
    defaults = workspace.settings.defaults
    state, _ = workspace.state()
    declared = workspace.findings(())
    wanted = ImportFilter(matches, _known(state, declared), workspace.clock.now())
    found = _read(workspace, state, wishes.hosts, wanted)
    if found.declared:
        taken = {*state.meetings, *state.intents, *declared.parsed.files}
        _write(
            workspace,
            wishes.out,
            generate.render(found.declared, found.omitted, SpecContext(defaults, taken)),
        )
    stderr = workspace.console.stderr
    colour = workspace.console.colours(stderr, workspace.choices)
    stderr.write(text_diagnostics.diagnostics(found.failures, colour=colour))
    stderr.write("".join(f"{line}\n" for line in _next(workspace, wishes, found)))
    return Exit.ERROR if found.failures else Exit.DONE


def _read(
    workspace: Workspace, state: State, hosts: tuple[str, ...], wanted: ImportFilter
) -> DiscoveredMeetings:
    console, remote = workspace.console, connect(workspace, None)
    terminal = not console.is_ci and console.stderr.isatty()
    colour = console.colours(console.stderr, workspace.choices)

    async def read(tell: TellCount) -> DiscoveredMeetings:
        async with remote:
            check_origin(state, await remote.origin(), workspace.store.location)
            return await discover.discover(remote, hosts, wanted, tell)

    with progress.open_read_bar(console.stderr, terminal=terminal, colour=colour) as tell:
        return asyncio.run(read(tell))


def _known(state: State, declared: ValidationResult) -> frozenset[int]:
    """Ids that are recorded, or named by an `imports` list already."""
    spec = declared.parsed.spec
    return state.known_ids() | {wish.id for wish in spec.imports} if spec else state.known_ids()


def _matcher(pattern: str | None) -> Callable[[str], bool]:
    """Whether a topic is wanted. Raises `SettingsError`."""
    if pattern is None:
        return lambda _: True
    try:
        if len(pattern) > MATCH_MAX:
            raise _unfit(pattern, f"it has {len(pattern)} characters; {MATCH_MAX} are taken")
        search = re.compile(pattern).search
    except (re.error, OverflowError, RecursionError) as error:
        raise _unfit(pattern, str(error)) from error
    return lambda topic: search(topic[:TOPIC_MAX]) is not None


def _unfit(pattern: str, reason: str) -> SettingsError:
    return SettingsError.of(
        "import.match",
        detail=f"`{pattern[:80]}`: {reason}. Nothing was read.",
        hint="It is looked for anywhere in the topic: `--match '^Platform'`, `--match '(?i)retro'`.",
    )


def _write(workspace: Workspace, out: Path | None, text: str) -> None:
    """Put the text to stdout, or into a file that was not there. Raises `SettingsError`."""
    if out is None:
        workspace.console.stdout.write(text)
        workspace.console.stdout.flush()
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise _exists(out) from error
    except OSError as error:
        raise SettingsError(unwritable_file(out, error)) from error


def _exists(out: Path) -> SettingsError:
    return SettingsError.of(
        "import.file-exists",
        detail=f"{out} is left as it is: what somebody wrote is never overwritten.",
        hint="Name another file with --out, and move what you want of it.",
    )


def _next(workspace: Workspace, wishes: ImportOptions, found: DiscoveredMeetings) -> Iterator[str]:
    """What was done, and what a person does now."""
    count, omitted = len(found.declared), found.omitted
    left = len(omitted.left) + omitted.known + omitted.expired
    counts = f"{count_noun(count, 'meeting')} written, {left} left out."
    if not count:
        yield f"Nothing to import: no meeting found that can be declared, {left} left out."
        for one in omitted.left:
            yield f"  {one.id}: {escape_control(one.reason)}"
        return
    yield f"{counts} Nothing was recorded, and nothing changed in Zoom."
    hosts = workspace.settings.hosts
    names = {fold_host(host) for host in hosts or ()}
    strange = sorted({one.host for one in found.declared if fold_host(one.host) not in names})
    if hosts is not None and strange:
        yield f"Add to `hosts` in reconciler.yaml: {escape_control(', '.join(strange))}."
    place = wishes.out or "the file"
    yield f"Next: review {place}, put it among your specs, run `reconciler plan`, and commit it;"
    yield "`reconciler apply` then records what its `imports` list names, and sends nothing for it."
