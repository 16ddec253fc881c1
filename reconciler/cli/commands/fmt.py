"""The command `fmt`: the specs in one layout; a file is replaced only by one that declares the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli import reporting
from reconciler.cli.options import example_epilog, paths_argument, style_options
from reconciler.cli.sources import sources
from reconciler.errors.diagnostic import Diagnostic, Exit, Position, Severity, Span
from reconciler.errors.exceptions import SettingsError, SpecError
from reconciler.errors.text import count_noun, escape_control
from reconciler.spec import spec
from reconciler.spec.layout import layout, rules
from reconciler.spec.layout.tree import UnkeepableError
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import BYTES_MAX, Source
from reconciler.spec.yaml.locator import Locator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.sources.sources import Sources
    from reconciler.cli.workspace import Workspace
    from reconciler.spec.layout.rules import Repeats

INSTALL = "pip install 'meetings-reconciler[fmt]'"
"""The command that installs what `fmt` needs."""

STDIN = "-"


class Options(Struct, frozen=True):
    """The flags of `fmt`."""

    check: bool = False
    diff: bool = False
    repeat: bool = False

    @property
    def writes(self) -> bool:
        """True where files are replaced."""
        return not (self.check or self.diff)


class Result(Struct):
    """The new content of each file, None of one that is left as it is, and why."""

    new: dict[Source, bytes | None] = {}
    diagnostics: list[Diagnostic] = []
    others: int = 0
    """Files that are no specs, such as workflows: they are nobody's to lay out here."""

    @property
    def changed(self) -> list[Source]:
        """The files whose layout differs."""
        return [source for source, new in self.new.items() if new is not None and new != source.content]


@click.command(epilog=example_epilog("reconciler fmt", "reconciler fmt --check --diff meetings/"))
@paths_argument
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--repeat", is_flag=True, help="Write `recurrence` as `repeat` where it has such a form.")
@style_options
def fmt(workspace: Workspace, paths: tuple[str, ...], **flags: bool) -> Exit:
    """Write the specs in one layout.

    Orders fields as in the reference, indents by two spaces, and puts one blank line between meetings.
    Values, quotes and comments stay as they are: a file that cannot keep them is left as it is, and so is
    one that is no spec. PATHS `-` reads stdin and writes to stdout.
    """
    options = Options(**flags)
    if not layout.is_installed():
        raise SettingsError.of(
            "fmt.not-installed",
            detail="The command fmt needs ruamel.yaml, which is not installed. Nothing was written.",
            hint=f"Install it: `{INSTALL}`.",
        )
    if STDIN in paths:
        return _format_stdin(workspace, paths, options)
    policies = workspace.policy_files.visited
    environ = workspace.console.environ
    read = sources.read_sources(paths, workspace.settings, workspace.folder, policies, environ)
    read, others = _only_specs(read)
    result = _lay_out(workspace, read, options)
    result.others = others
    if options.writes:
        _replace_files(workspace, result)
    _show(workspace, result, options)
    reporting.print_diagnostics(workspace, result.diagnostics)
    _summarise(workspace, result, options)
    return _status(result, options)


def _only_specs(read: Sources) -> tuple[Sources, int]:
    """Return the specs alone, and how many other files there are: pre-commit names these too."""
    files = tuple(source for source in read.files if layout.is_spec(documents.parse(source)))
    return replace(read, files=files), len(read.files) - len(files)


def _status(result: Result, options: Options) -> Exit:
    is_refused = any(each.severity is Severity.ERROR for each in result.diagnostics)
    return Exit.ERROR if is_refused or (options.check and result.changed) else Exit.DONE


def _format_stdin(workspace: Workspace, paths: Sequence[str], options: Options) -> Exit:
    """Read a spec from stdin, and write it in the one layout to stdout."""
    if len(paths) > 1:
        raise click.UsageError("`-` reads stdin: name no other file.")
    source = Source("<stdin>", workspace.console.stdin.buffer.read(BYTES_MAX + 1))
    result = _lay_out(workspace, sources.Sources((source,)), options)
    reporting.print_diagnostics(workspace, result.diagnostics)
    new = result.new[source]
    if new is not None and options.writes:
        workspace.console.stdout.write(new.decode())
    elif options.diff:
        _show(workspace, result, options)
    return _status(result, options)


def _lay_out(workspace: Workspace, read: Sources, options: Options) -> Result:
    """Return every file in the one layout; with `--repeat`, those that then declare the same."""
    result = Result(diagnostics=[*read.diagnostics])
    before = _parse(workspace, read, read.files) if options.repeat else None
    found = rules.repeats_by_file(before) if before else {}
    for source in read.files:
        result.new[source] = _lay_out_file(source, found.get(source.filename, {}), result.diagnostics)
    if before and found:
        after = _parse(workspace, read, _renewed(result), is_checked=False)
        changed = rules.changed_files(before, after) & found.keys()
        for source in read.files:
            if source.filename in changed and result.new[source] is not None:
                result.new[source] = None
                result.diagnostics.append(
                    _left(source.filename, "A series in it would not be the same any more.")
                )
    return result


def _renewed(result: Result) -> tuple[Source, ...]:
    return tuple(replace(source, content=new or source.content) for source, new in result.new.items())


def _parse(
    workspace: Workspace, read: Sources, files: tuple[Source, ...], *, is_checked: bool = True
) -> spec.ParseResult:
    """Parse files for their series. Raises `SpecError` where they have errors, if `is_checked`."""
    policies = workspace.policy_files.visited
    others = sources.read_others(read, workspace.settings, workspace.folder, policies)
    if files and files[0].filename == "<stdin>":
        others = replace(others, is_same_spec=False)
    parsed = spec.parse(files, workspace.settings, others, now=workspace.clock.now())
    if parsed.spec is None and is_checked:
        raise SpecError(*parsed.diagnostics)
    return parsed


def _lay_out_file(source: Source, repeats: Repeats, diagnostics: list[Diagnostic]) -> bytes | None:
    """Return a file in the one layout; None where it is left as it is, with a diagnostic that says why."""
    document = documents.parse(source)
    if not document.is_sound:
        diagnostics += Locator(document).syntax_diagnostics()
        return None
    try:
        return layout.lay_out(document, source.content, repeats)
    except UnkeepableError as error:
        diagnostics.append(_left(source.filename, str(error), error.line))
        return None


def _left(filename: str, reason: str, line: int = 1) -> Diagnostic:
    return Diagnostic(
        "fmt.left",
        f"{reason} The file was left as it is.",
        "Write the part that the message names in another way, or leave the file out.",
        span=Span(filename, Position(line, 1), Position(line, 1)),
    )


def _replace_files(workspace: Workspace, result: Result) -> None:
    """Replace the files that changed; one that is not what was read any more is left as it is."""
    for source in result.changed:
        path, new = workspace.folder / source.filename, result.new[source]
        assert new is not None, "it changed"
        try:
            if path.read_bytes() != source.content:
                result.diagnostics.append(_left(source.filename, "It was changed while it was read."))
                result.new[source] = None
            else:
                reporting.replace_file(path, new)
        except OSError as error:
            result.diagnostics += reporting.unwritable_file(Path(source.filename), error).diagnostics
            result.new[source] = None


def _show(workspace: Workspace, result: Result, options: Options) -> None:
    """Write the names of the files that changed to stdout, or how."""
    from reconciler.views.text.difference import difference  # noqa: PLC0415 - only where it is shown

    console = workspace.console
    for source in result.changed:
        if options.diff:
            new = result.new[source]
            assert new is not None, "it changed"
            colour = console.colours(console.stdout, workspace.options)
            console.stdout.write(difference(source.filename, source.content, new, colour=colour))
        else:
            console.stdout.write(f"{escape_control(source.filename)}\n")


def _summarise(workspace: Workspace, result: Result, options: Options) -> None:
    changed, left = len(result.changed), list(result.new.values()).count(None)
    would_be = "" if options.writes else " would be"
    parts = [
        f"{count_noun(changed, 'file')}{would_be} formatted",
        f"{len(result.new) - changed - left} unchanged",
    ]
    others = f"{count_noun(result.others, 'other file')} that {'is' if result.others == 1 else 'are'} no spec"
    parts += [others] if result.others else []
    parts += [f"{left} left as {'it is' if left == 1 else 'they are'}"] if left else []
    workspace.console.stderr.write(f"{', '.join(parts)}.\n")
