"""The command `import`: writes meetings that exist in Zoom as a spec. It records nothing."""

from __future__ import annotations

import asyncio
import os
import re
import warnings
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from reconciler import disk
from reconciler.cli import reporting
from reconciler.cli.connection import check_origin, connect
from reconciler.cli.options import FILE, example_epilog, pace_option, state_options
from reconciler.cli.sources.paths import DEFAULT_SPECS, SCHEMA, SUFFIXES
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import count_noun, escape_control
from reconciler.live import discover, generate
from reconciler.live.discover import ImportFilter
from reconciler.live.generate import SpecContext
from reconciler.meeting.names import fold_host
from reconciler.views.text import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.workspace import ValidationResult, Workspace
    from reconciler.live.discover import DiscoveredMeetings
    from reconciler.state.state import State
    from reconciler.views.text.progress import ProgressCallback


MATCH_MAX = 500
"""Characters of the longest regular expression that is accepted."""

TOPIC_MAX = 1000
"""Characters of a topic that the expression is matched with; Zoom's own bound is 200."""


class ImportOptions(Struct, frozen=True):
    """The flags of `import`."""

    hosts: tuple[str, ...]
    match: str | None = None
    out: Path | None = None
    pace: str | None = None


@click.command(
    "import",
    epilog=example_epilog(
        "reconciler import --host platform@example.com --match '^Platform' --out meetings/platform.yaml"
    ),
)
@click.option("--host", "hosts", metavar="HOST", multiple=True, required=True,
              help="Host of the meetings, an e-mail or a user id; repeatable.")  # fmt: skip
@click.option("--match", metavar="REGEX", help="Only meetings whose topic matches.")
@click.option("--out", type=FILE, help="Write to this new file instead of stdout.")
@pace_option
@state_options
def import_(workspace: Workspace, **flags: Any) -> Exit:
    """Write meetings that exist in Zoom as YAML.

    Reads the meetings of each HOST that are not recorded yet, and writes a spec that declares them, with an
    `imports` list: apply then records them. Import itself records nothing and changes nothing.
    """
    options = ImportOptions(**flags)
    matches = _matcher(options.match)
    if options.out and options.out.exists():
        raise _exists(options.out)
    reporting.check_outputs(workspace, options.out)
    defaults = workspace.settings.defaults
    state, _ = workspace.read_state()
    declared = workspace.read_spec(())
    import_filter = ImportFilter(matches, _known_ids(state, declared), workspace.clock.now())
    discovered = _discover(workspace, state, options, import_filter)
    if discovered.declared:
        taken = {*state.meetings, *state.intents, *declared.parsed.files}
        schema = _schema_from(workspace.folder, options.out)
        context = SpecContext(defaults, taken, declared.parsed.people, schema)
        text = generate.render(discovered.declared, discovered.omitted, context)
        _write(workspace, options.out, text)
    reporting.print_diagnostics(workspace, discovered.failures)
    workspace.console.stderr.write("".join(f"{line}\n" for line in _report(workspace, options, discovered)))
    return Exit.ERROR if discovered.failures else Exit.DONE


def _discover(
    workspace: Workspace, state: State, options: ImportOptions, import_filter: ImportFilter
) -> DiscoveredMeetings:
    console, remote = workspace.console, connect(workspace, options.pace)
    colour = console.colours(console.stderr, workspace.options)

    async def read(on_read: ProgressCallback) -> DiscoveredMeetings:
        async with remote:
            check_origin(state, await remote.origin(), workspace.store.location)
            return await discover.discover(remote, options.hosts, import_filter, on_read)

    with progress.open_read_bar(console.stderr, terminal=console.shows_progress, colour=colour) as on_read:
        return asyncio.run(read(on_read))


def _known_ids(state: State, declared: ValidationResult) -> frozenset[int]:
    """Return the ids that are recorded, or named by an `imports` list already."""
    spec = declared.parsed.spec
    return state.known_ids() | {each.id for each in spec.imports} if spec else state.known_ids()


def _matcher(pattern: str | None) -> Callable[[str], bool]:
    """Return a function that matches topics. Raises `SettingsError`."""
    if pattern is None:
        return lambda _: True
    try:
        if len(pattern) > MATCH_MAX:
            raise _invalid_pattern(pattern, f"it has {len(pattern)} characters; the limit is {MATCH_MAX}")
        with warnings.catch_warnings(action="ignore"):  # a warning would show a line of this file
            search = re.compile(pattern).search
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid_pattern(pattern, str(error)) from error
    return lambda topic: search(topic[:TOPIC_MAX]) is not None


def _invalid_pattern(pattern: str, reason: str) -> SettingsError:
    return SettingsError.of(
        "import.match",
        detail=f"`{pattern[:80]}`: {reason}. Nothing was read.",
        hint="It matches anywhere in the topic: `--match '^Platform'`, `--match '(?i)retro'`.",
    )


def _write(workspace: Workspace, out: Path | None, text: str) -> None:
    """Write the text to stdout, or to a new file. Raises `SettingsError`."""
    if out is None:
        workspace.console.stdout.write(text)
        workspace.console.stdout.flush()
        return
    try:
        disk.create_file(out, text.encode())
    except FileExistsError as error:
        raise _exists(out) from error
    except OSError as error:
        raise reporting.unwritable_file(out, error) from error


def _exists(out: Path) -> SettingsError:
    return SettingsError.of(
        "import.file-exists",
        detail=f"{out} is left as it is: import never overwrites a file.",
        hint="Name another file with --out, and merge the two by hand.",
    )


def _report(workspace: Workspace, options: ImportOptions, discovered: DiscoveredMeetings) -> Iterator[str]:
    """Yield the lines that say what was written, and what to do next."""
    count, omitted = len(discovered.declared), discovered.omitted
    left = f"{len(omitted.left)} cannot be declared" if omitted.left else ""
    left_out = ", ".join(filter(None, (omitted.counted, left)))
    if not count:
        yield f"Nothing to import: {left_out or _none_found(options, discovered)}{':' if left else '.'}"
        for each in omitted.left:
            yield f"  {each.id}: {escape_control(each.reason)}"
        return
    yield f"{count_noun(count, 'meeting')} written. Nothing was recorded, and nothing changed in Zoom."
    if left_out:
        yield f"Left out: {left_out}{'; comments in the file say why' if left else ''}."
    hosts = workspace.settings.hosts
    known = {fold_host(host) for host in hosts or ()}
    unknown = sorted({each.host for each in discovered.declared if fold_host(each.host) not in known})
    if hosts is not None and unknown:
        yield f"Add to `hosts` in reconciler.yaml: {escape_control(', '.join(unknown))}."
    file = options.out or "the file"
    added = "" if options.out and _is_read(workspace, options.out) else "add it to your specs, "
    yield f"Next: review {file}, {added}run `reconciler plan`, and commit it;"
    yield "`reconciler apply` then records what its `imports` list names, and sends nothing for it."


def _schema_from(folder: Path, out: Path | None) -> str:
    """Return the path from the written file to the schema that `init` writes into the working folder."""
    return os.path.relpath(folder / SCHEMA, (folder / out).parent if out else folder)


def _is_read(workspace: Workspace, out: Path) -> bool:
    """Return whether `out` is one of the specs that are read without PATHS."""
    folder = workspace.folder
    places = [(folder / path).resolve() for path in workspace.settings.specs or DEFAULT_SPECS]
    written = (folder / out).resolve()
    return out.suffix in SUFFIXES and any(place == written or place in written.parents for place in places)


def _none_found(options: ImportOptions, discovered: DiscoveredMeetings) -> str:
    if discovered.failures:
        return "no meeting could be read"
    matching = f" whose topic matches `{options.match}`" if options.match else ""
    return escape_control(f"no meeting of {' or '.join(options.hosts)}{matching}")
