"""Finds and reads the spec files, the files of policies and the settings file.

A file that is missing or cannot be read is an error, and so is an empty folder: neither ever counts as
"nothing declared".
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span, UnlocatedDiagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import is_utf8, quote, shown_name
from reconciler.spec import settings as settings_file
from reconciler.spec.settings import FILENAME, ParsedSettings, Settings
from reconciler.spec.spec import OtherSources
from reconciler.spec.yaml.document import BYTES_MAX, Source, too_large
from reconciler.spec.yaml.locator import Locator
from reconciler.stores.git.submodules import submodules_around

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence


DEFAULT_SPECS = ("meetings.yaml", "meetings/")
SUFFIXES = (".yaml", ".yml")

DEPTH_MAX = 60
"""Folders in folders that are searched for specs."""

_Problem = tuple[str, str, str]  # code, detail, hint


@dataclass(frozen=True, slots=True)
class Sources:
    """The files, each once, sorted by name within each path, and a diagnostic for each unreadable one.

    `visited` has the real path of each, of an unreadable one too.
    """

    files: tuple[Source, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    visited: frozenset[str] = frozenset()


def read_settings(folder: Path) -> ParsedSettings:
    """Read `reconciler.yaml` in `folder`; the defaults where there is none."""
    path = folder / FILENAME
    if not os.path.lexists(path):
        return ParsedSettings(Settings())
    source = _read(path, FILENAME) if _resolves_below(path, folder) else _link(FILENAME)
    return settings_file.parse(source) if isinstance(source, Source) else ParsedSettings(None, (source,))


def read_policies(settings: Settings, folder: Path) -> Sources:
    """Read the files of policies that the settings name, relative to `folder`."""
    search = _Search(folder)
    search.add_named("policies", settings.policies, settings)
    roots = {os.path.realpath(folder / path) for path in settings.policies}
    return Sources(tuple(search.files), tuple(search.diagnostics), frozenset(search.visited | roots))


def read_sources(
    paths: Sequence[str], settings: Settings, folder: Path, policies: frozenset[str] = frozenset()
) -> Sources:
    """Read the files that `paths`, else the settings, name, without `policies`, relative to `folder`."""
    search = _Search(folder, policies=policies)
    if paths:
        for path in paths:
            search.add(path, _reporting(path))
    else:
        search.add_specs(settings)
    diagnostics = (*search.diagnostics, *_other_settings(search.files, folder))
    return Sources(tuple(search.files), diagnostics, frozenset(search.visited))


def read_others(
    read: Sources, settings: Settings, folder: Path, policies: frozenset[str] = frozenset()
) -> OtherSources:
    """Read the files of the settings' `specs` besides `read`, the files of PATHS.

    If no file of PATHS is one of `specs`, PATHS are read instead of it, and the others give names only.
    """
    known = {os.path.realpath(folder / file.filename) for file in read.files}
    search = _Search(folder, known, policies)
    search.add_specs(settings)
    return OtherSources(
        tuple(search.files), is_complete=not search.diagnostics, is_same_spec=search.has_known
    )


def _reporting(path: str) -> Callable[[str, str, str], Diagnostic]:
    """Return a function that reports a problem at the path itself."""
    return lambda code, detail, hint: Diagnostic(code, detail, hint, span=_top(_as_typed(path)))


def _reporting_in_settings(
    settings: Settings, section: str, index: int
) -> Callable[[str, str, str], Diagnostic]:
    """Return a function that reports a problem at the line of the settings that names the path."""
    assert settings.document is not None, "the list comes from a file"
    locator = Locator(settings.document)

    def report(code: str, detail: str, hint: str) -> Diagnostic:
        diagnostic = UnlocatedDiagnostic((section, index), code, detail, hint)
        return locator.diagnostic(diagnostic, diagnostic.path)

    return report


def check_inside(paths: Sequence[str], folder: Path, origin: str) -> None:
    """Raise `SettingsError` if one of `paths`, which the file `origin` names, is outside `folder`.

    A path on the command line may be anywhere; a plan file may have been replaced, and name other files.
    """
    for path in paths:
        location = folder / path
        # No file has a null byte in its name; the system's functions raise ValueError for one.
        if "\0" in path or not (_is_below(location, folder) and _resolves_below(location, folder)):
            raise SettingsError.of(
                "source.outside",
                detail=f"{origin} names {quote(path[:200])}, which is not in the working folder. "
                "Nothing was sent.",
                hint="Make the plan again in the folder of the specs, with paths inside it.",
            )


class _Search:
    """Files that are found and read, without those at the `known` real paths; `has_known` if one is found.

    Files of `policies`, by their real paths, declare no meetings: a folder of specs may have them in it.
    """

    def __init__(
        self, folder: Path, known: Collection[str] = (), policies: frozenset[str] = frozenset()
    ) -> None:
        self.folder = folder
        self.known = known
        self.policies = policies
        self.has_known = False
        self.visited: set[str] = set()
        self.files: list[Source] = []
        self.diagnostics: list[Diagnostic] = []

    def add_specs(self, settings: Settings) -> None:
        """Add the paths of the settings, else the default ones."""
        self.add_named("specs", settings.specs, settings)
        if not settings.specs:
            self.add_defaults()

    def add_named(self, section: str, paths: Sequence[str], settings: Settings) -> None:
        """Add the paths that a section of the settings names."""
        for index, path in enumerate(paths):
            self.add_inside(path, _reporting_in_settings(settings, section, index))

    def add_defaults(self) -> None:
        """Add the default paths."""
        present = [path for path in DEFAULT_SPECS if os.path.lexists(self.folder / path)]
        for path in present:
            self.add(path, _reporting(path))
        if not present:
            detail = f"Neither `meetings.yaml` nor a folder `meetings/` is in {self.folder.resolve()}."
            hint = (
                "Run `reconciler init` to write one, name files or folders as arguments, or begin in the "
                "folder that has them: `reconciler -C FOLDER validate`."
            )
            self.diagnostics.append(Diagnostic("source.none", detail, hint))

    def add(self, path: str, report: Callable[[str, str, str], Diagnostic]) -> None:
        """Add a file or a folder by its path."""
        location, name = self.folder / path, _as_typed(path)
        try:
            problem = self.problem(location, name)
        except OSError as error:
            self.diagnostics.append(_unreadable(name, error))
            return
        if problem:
            self.diagnostics.append(report(*problem))
        elif not location.is_dir():
            self.read(location, name)

    def add_inside(self, path: str, report: Callable[[str, str, str], Diagnostic]) -> None:
        """Add a path of the settings, only below `folder`: else a pull request could show other files."""
        if _is_below(self.folder / path, self.folder):
            self.add(path, report)
            return
        hint = "Move it into the working folder, or name it on the command line."
        self.diagnostics.append(
            report("source.outside", f"`{_as_typed(path)}` is not in the working folder.", hint)
        )

    def problem(self, location: Path, name: str) -> _Problem | None:
        """Return why a path cannot be used; a folder is read on the way."""
        if not location.exists():
            hint = f"Check the spelling; relative paths start at {self.folder.resolve()}."
            return ("source.missing", f"`{name}` does not exist.", hint)
        if _is_below(location, self.folder) and not _resolves_below(location, self.folder):
            return (
                "source.link",
                f"`{name}` leads out of the working folder through a link.",
                "Name the path that the link leads to.",
            )
        if self.is_submodule(location):
            return _SUBMODULE[0], _SUBMODULE[1].format(name), _SUBMODULE[2]
        hint = "Name files that declare meetings."
        if os.path.realpath(location) in self.policies:
            return ("source.policies", f"`{name}` is under `policies` in reconciler.yaml.", hint)
        if location.name == FILENAME and not location.is_dir():
            return ("source.settings", f"`{name}` is a file of settings.", hint)
        return self.add_folder(location, name) if location.is_dir() else None

    def is_submodule(self, path: Path) -> bool:
        """Return True for what is in a submodule of the checkout, also where its files were not fetched."""
        real = os.path.realpath(path)
        return any(_within(real, submodule) for submodule in self.submodules)

    @cached_property
    def submodules(self) -> frozenset[str]:
        """The real paths of the submodules of the checkout that has the working folder."""
        return submodules_around(self.folder)

    def add_folder(self, location: Path, name: str) -> _Problem | None:
        """Read every spec in a folder; return why it cannot be used."""
        before = len(self.visited) + len(self.diagnostics)
        is_empty = True
        for path, below in self.walk(location, "" if name == "." else f"{name}/"):
            is_empty = False
            if _resolves_below(path, location):
                self.read(path, below)
            else:
                self.diagnostics.append(_link(below))
        if not is_empty or len(self.visited) + len(self.diagnostics) > before:
            return None
        hint = "Add one. An empty folder never means that nothing is declared."
        return ("source.empty-folder", f"`{name}` has no file `*.yaml` or `*.yml`.", hint)

    def walk(self, folder: Path, prefix: str, root: Path | None = None) -> Iterator[tuple[Path, str]]:
        """Yield (path, name) of every spec file at any depth, sorted, without hidden ones."""
        root = root or folder
        if prefix.count("/") > DEPTH_MAX:
            self.diagnostics.append(_too_deep(prefix))
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.diagnostics.append(_unreadable(prefix.rstrip("/") or ".", error))
            return
        for entry in entries:
            path, name = Path(entry.path), prefix + entry.name
            if entry.name.startswith(".") or self.is_misnamed(entry, name):
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.path.lexists(path / ".git") or self.is_submodule(path):
                    self.diagnostics.append(_submodule(name))
                else:
                    yield from self.walk(path, f"{name}/", root)
            elif entry.is_symlink() and path.is_dir():
                if not _resolves_below(path, root):  # a link inside leads to a folder that is read anyway
                    self.diagnostics.append(_link(name))
            elif entry.name.endswith(SUFFIXES) and entry.name != FILENAME:
                yield path, name

    def is_misnamed(self, entry: os.DirEntry[str], name: str) -> bool:
        """Return True for a name that is not UTF-8; report it if specs could be there."""
        if is_utf8(entry.name):
            return False
        if entry.is_dir() or entry.name.endswith(SUFFIXES):
            self.diagnostics.append(_not_utf8(name))
        return True

    def read(self, path: Path, name: str) -> None:
        """Read a file, unless it was read already."""
        real = os.path.realpath(path)
        if real in self.visited or real in self.policies:
            return
        self.visited.add(real)
        if real in self.known:
            self.has_known = True
            return
        source = _read(path, name)
        if isinstance(source, Source):
            self.files.append(source)
        else:
            self.diagnostics.append(source)


def _other_settings(files: Sequence[Source], folder: Path) -> Iterator[Diagnostic]:
    """Yield a warning for each settings file between the working folder and a spec: it is not read."""
    seen: set[str] = set()
    for file in files:
        for parent in Path(os.path.normpath(folder / file.filename)).parents:
            if folder.is_relative_to(parent) or str(parent) in seen:
                break
            seen.add(str(parent))
            if os.path.lexists(parent / FILENAME):
                yield _settings_unread(_as_typed(os.path.relpath(parent, folder)))


def _settings_unread(folder: str) -> Diagnostic:
    name = f"{folder}/{FILENAME}"
    return Diagnostic(
        "source.other-settings",
        f"`{name}` was not read: the settings are those of the working folder.",
        f"Begin there to use it: `reconciler -C {shlex.quote(folder)} validate`, with paths as seen from "
        "there.",
        Severity.WARNING,
        span=_top(name),
    )


def _read(path: Path, name: str) -> Source | Diagnostic:
    try:
        if path.exists() and not path.is_file():  # reading a pipe could block for ever
            detail = f"`{name}` is a device, a pipe or a socket."
            return Diagnostic("source.kind", detail, "Replace it with a file.", span=_top(name))
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > BYTES_MAX:
                problem = too_large()
                return Diagnostic(problem.code, problem.detail, problem.hint, span=_top(name))
            return Source(name, file.read(BYTES_MAX + 1))
    except OSError as error:
        return _unreadable(name, error)


def _link(name: str) -> Diagnostic:
    detail = f"The link `{name}` leads out of its folder."
    hint = "Put the file itself there, or name the folder that it is in."
    return Diagnostic("source.link", detail, hint, span=_top(name))


_SUBMODULE = (
    "source.submodule",
    "`{}` is a repository of its own: a pull request shows its commit, not its files.",
    "Put the files themselves there, or take the submodule out of the specs.",
)


def _submodule(name: str) -> Diagnostic:
    code, detail, hint = _SUBMODULE
    return Diagnostic(code, detail.format(name), hint, span=_top(name))


def _unreadable(name: str, error: OSError) -> Diagnostic:
    return Diagnostic(
        "source.unreadable",
        f"`{name}`: {error.strerror or type(error).__name__}.",
        "Check its permissions, or leave it out of the specs.",
        span=_top(name),
    )


def _not_utf8(name: str) -> Diagnostic:
    shown = shown_name(name)
    return Diagnostic(
        "source.name",
        f"`{shown}` is not UTF-8.",
        "Rename it, or leave it out of the specs.",
        span=_top(shown),
    )


def _too_deep(prefix: str) -> Diagnostic:
    first = "/".join(prefix.split("/")[:3])
    return Diagnostic(
        "source.too-deep",
        f"Below `{first}`, folders are nested more than {DEPTH_MAX} levels deep.",
        "Move the specs up, or name their own folder.",
        span=_top(first),
    )


def _as_typed(path: str) -> str:
    """Return a path as a person would type it."""
    name = path.replace(os.sep, "/")
    return name.rstrip("/") or "/"


def _is_below(path: Path, folder: Path) -> bool:
    """Return True where `path`, as written, is in `folder`."""
    return _within(os.path.abspath(path), os.path.abspath(folder))  # noqa: PTH100 - links must stay as written


def _resolves_below(path: Path, folder: Path) -> bool:
    """Return True where `path`, with links resolved, is in `folder`."""
    return _within(os.path.realpath(path), os.path.realpath(folder))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _top(name: str) -> Span:
    return Span(name, Position(1, 1), Position(1, 1))
