"""Reads the spec files, the files of policies and the settings file.

A file that is missing or cannot be read is an error, and so is an empty folder: neither ever counts as
"nothing declared".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.sources._problems import NO_POLICY, link, misnamed_settings, settings_unread
from reconciler.cli.sources._search import Search, read_file, report_at_path
from reconciler.cli.sources.paths import as_typed, is_below, resolves_below
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import quote
from reconciler.spec import settings as settings_file
from reconciler.spec.settings import FILENAME, ParsedSettings, Settings
from reconciler.spec.spec import OtherSources
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.errors.diagnostic import Diagnostic


_MISNAMED = ("reconciler.yml", ".reconciler.yaml", ".reconciler.yml")
"""Names that people give the settings file by mistake."""


class Sources(Struct, frozen=True):
    """The files, each once, sorted by name within each path, and a diagnostic for each unreadable one.

    `visited` has the real path of each, of an unreadable one too.
    """

    files: tuple[Source, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    visited: frozenset[str] = frozenset()


def read_settings(folder: Path) -> ParsedSettings:
    """Read `reconciler.yaml` in `folder`; the defaults where there is none, by no other name either."""
    path = folder / FILENAME
    if not os.path.lexists(path):
        misnamed = next((name for name in _MISNAMED if os.path.lexists(folder / name)), None)
        return (
            ParsedSettings(None, (misnamed_settings(misnamed),)) if misnamed else ParsedSettings(Settings())
        )
    source = read_file(path, FILENAME) if resolves_below(path, folder) else link(FILENAME)
    return settings_file.parse(source) if isinstance(source, Source) else ParsedSettings(None, (source,))


def read_policies(settings: Settings, folder: Path, environ: Mapping[str, str] | None = None) -> Sources:
    """Read the files of policies that the settings name, relative to `folder`."""
    search = Search(folder, environ=environ, empty=NO_POLICY)
    search.add_named("policies", settings.policies, settings)
    roots = {os.path.realpath(folder / path) for path in settings.policies}
    return Sources(tuple(search.files), tuple(search.diagnostics), frozenset(search.visited | roots))


def read_sources(
    paths: Sequence[str],
    settings: Settings,
    folder: Path,
    policies: frozenset[str] = frozenset(),
    environ: Mapping[str, str] | None = None,
) -> Sources:
    """Read the files that `paths`, else the settings, name, without `policies`, relative to `folder`.

    Git, which knows the submodules of the checkout, runs with `environ`.
    """
    search = Search(folder, policies=policies, environ=environ)
    if paths:
        for path in paths:
            search.add(path, report_at_path(path))
    else:
        search.add_specs(settings)
    diagnostics = (*search.diagnostics, *_other_settings(search.files, folder))
    return Sources(tuple(search.files), diagnostics, frozenset(search.visited))


def read_others(
    read: Sources,
    settings: Settings,
    folder: Path,
    policies: frozenset[str] = frozenset(),
    environ: Mapping[str, str] | None = None,
) -> OtherSources:
    """Read the files of the settings' `specs` besides `read`, the files of PATHS.

    If no file of PATHS is one of `specs`, PATHS are read instead of it, and the others give names only.
    """
    known = {os.path.realpath(folder / file.filename) for file in read.files}
    search = Search(folder, known, policies, environ)
    search.add_specs(settings)
    spans = (each.span for each in search.diagnostics if each.span)
    unread = (*search.refused, *(span.filename for span in spans if span.filename != FILENAME))
    return OtherSources(tuple(search.files), tuple(dict.fromkeys(unread)), search.has_known)


def check_inside(paths: Sequence[str], folder: Path, origin: str) -> None:
    """Raise `SettingsError` if one of `paths`, which the file `origin` names, is outside `folder`.

    A path on the command line may be anywhere; a plan file may have been replaced, and name other files.
    """
    for path in paths:
        location = folder / path
        # No file has a null byte in its name; the system's functions raise ValueError for one.
        if "\0" in path or not (is_below(location, folder) and resolves_below(location, folder)):
            raise SettingsError.of(
                "source.outside",
                detail=f"{origin} names {quote(path[:200])}, which is not in the working folder. "
                "Nothing was sent.",
                hint="Make the plan again in the folder of the specs, with paths inside it.",
            )


def _other_settings(files: Sequence[Source], folder: Path) -> Iterator[Diagnostic]:
    """Yield a warning for each settings file between the working folder and a spec: it is not read."""
    seen: set[str] = set()
    for file in files:
        for parent in Path(os.path.normpath(folder / file.filename)).parents:
            if folder.is_relative_to(parent) or str(parent) in seen:
                break
            seen.add(str(parent))
            if os.path.lexists(parent / FILENAME):
                yield settings_unread(as_typed(os.path.relpath(parent, folder)))
