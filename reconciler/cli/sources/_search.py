"""Searches files and folders for specs, and reads each file once."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.sources._problems import (
    DEPTH_MAX,
    NO_SPEC,
    SUBMODULE,
    Problem,
    by_key,
    link,
    missing,
    not_utf8,
    submodule,
    too_deep,
    top,
    unreadable,
)
from reconciler.cli.sources.paths import DEFAULT_SPECS, SUFFIXES, as_typed, is_below, resolves_below, within
from reconciler.errors.diagnostic import Diagnostic, UnlocatedDiagnostic
from reconciler.errors.text import is_utf8
from reconciler.spec.settings import FILENAME
from reconciler.spec.yaml.document import BYTES_MAX, Source, too_large
from reconciler.spec.yaml.locator import Locator
from reconciler.stores.git.submodules import gitlinks, listed_submodules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from reconciler.spec.settings import Settings


class Search:
    """Files that are found and read, without those at the `known` real paths; `has_known` if one is found.

    `refused` are the paths that cannot be used. Files of `policies`, by their real paths, declare no
    meetings: a folder of specs may have them in it. `environ` is what git runs with, and `empty` the problem
    of a folder without a file.
    """

    def __init__(
        self,
        folder: Path,
        known: Collection[str] = (),
        policies: frozenset[str] = frozenset(),
        environ: Mapping[str, str] | None = None,
        *,
        empty: Problem = NO_SPEC,
    ) -> None:
        self.folder = folder
        self.empty = empty
        self.environ = environ or {}
        self.known = known
        self.policies = policies
        self.has_known = False
        self.visited: set[str] = set()
        self.files: list[Source] = []
        self.refused: list[str] = []
        self.diagnostics: list[Diagnostic] = []

    def add_specs(self, settings: Settings) -> None:
        """Add the paths of the settings, else the default ones."""
        self.add_named("specs", settings.specs, settings)
        if not settings.specs:
            self.add_defaults(is_needed=settings.is_known)

    def add_named(self, section: str, paths: Sequence[str], settings: Settings) -> None:
        """Add the paths that a section of the settings names.

        Only those in `folder` are read: else a pull request could show other files.
        """
        by_command_line = ", or name it on the command line" if section == "specs" else ""
        for index, path in enumerate(paths):
            report = report_in_settings(settings, section, index)
            if is_below(self.folder / path, self.folder):
                self.add(path, report)
            else:
                detail = f"`{as_typed(path)}` is not in the working folder."
                hint = f"Move it into the working folder{by_command_line}."
                self.refused.append(as_typed(path))
                self.diagnostics.append(report("source.outside", detail, hint))

    def add_defaults(self, *, is_needed: bool) -> None:
        """Add the default paths; that there is none is an error where one `is_needed`."""
        present = [path for path in DEFAULT_SPECS if os.path.lexists(self.folder / path)]
        for path in present:
            self.add(path, report_at_path(path))
        if not present and is_needed:
            detail = f"Neither `meetings.yaml` nor a folder `meetings/` is in {self.folder.resolve()}."
            hint = (
                "Run `reconciler init` to write one, name files or folders as arguments, or begin in the "
                "folder that has them: `reconciler -C FOLDER validate`."
            )
            if os.path.lexists(self.folder / "meetings.yml"):
                hint = "`meetings.yml` is there: rename it, with `mv meetings.yml meetings.yaml`."
            self.diagnostics.append(Diagnostic("source.none", detail, hint))

    def add(self, path: str, report: Callable[[str, str, str], Diagnostic]) -> None:
        """Add a file or a folder by its path."""
        location, name = self.folder / path, as_typed(path)
        try:
            problem = self.problem(location, name)
        except OSError as error:
            self.diagnostics.append(unreadable(name, error))
            return
        if problem:
            self.refused.append(name)
            self.diagnostics.append(report(*problem))
        elif not location.is_dir():
            self.read(location, name)

    def problem(self, location: Path, name: str) -> Problem | None:
        """Return why a path cannot be used; a folder is read on the way."""
        if not location.exists():
            return missing(name, self.folder)
        if is_below(location, self.folder) and not resolves_below(location, self.folder):
            return (
                "source.link",
                f"`{name}` leads out of the working folder through a link.",
                "Name the path that the link leads to.",
            )
        if self.is_submodule(location):
            return SUBMODULE[0], SUBMODULE[1].format(name), SUBMODULE[2]
        hint = "Name files that declare meetings."
        if os.path.realpath(location) in self.policies:
            return ("source.policies", f"`{name}` is under `policies` in reconciler.yaml.", hint)
        if location.name == FILENAME and not location.is_dir():
            return ("source.settings", f"`{name}` is a file of settings.", hint)
        return self.add_folder(location, name) if location.is_dir() else None

    def is_submodule(self, path: Path) -> bool:
        """Return True for what is in a submodule of the checkout, also where its files were not fetched."""
        real = os.path.realpath(path)
        if any(within(real, submodule) for submodule in self.submodules):
            return True
        return is_empty(path) and real in self.gitlinks  # git keeps no other empty folder

    @cached_property
    def submodules(self) -> frozenset[str]:
        """The real paths that are listed as submodules of the checkout that has the working folder."""
        return listed_submodules(self.folder)

    @cached_property
    def gitlinks(self) -> frozenset[str]:
        """The real paths of the submodules that the index of that checkout has, listed or not."""
        return gitlinks(self.folder, self.environ)

    def add_folder(self, location: Path, name: str) -> Problem | None:
        """Read every spec in a folder; return why it cannot be used."""
        before = len(self.visited) + len(self.diagnostics)
        is_empty = True
        for path, below in self.walk(location, "" if name == "." else f"{name}/"):
            is_empty = False
            if resolves_below(path, location):
                self.read(path, below)
            else:
                self.diagnostics.append(link(below))
        if not is_empty or len(self.visited) + len(self.diagnostics) > before:
            return None
        code, detail, hint = self.empty
        return code, detail.format(name), hint

    def walk(self, folder: Path, prefix: str, root: Path | None = None) -> Iterator[tuple[Path, str]]:
        """Yield (path, name) of every spec file at any depth, sorted, without hidden ones."""
        root = root or folder
        if prefix.count("/") > DEPTH_MAX:
            self.diagnostics.append(too_deep(prefix))
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.diagnostics.append(unreadable(prefix.rstrip("/") or ".", error))
            return
        for entry in entries:
            path, name = Path(entry.path), prefix + entry.name
            if entry.name.startswith(".") or self.is_misnamed(entry, name):
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.path.lexists(path / ".git") or self.is_submodule(path):
                    self.diagnostics.append(submodule(name))
                else:
                    yield from self.walk(path, f"{name}/", root)
            elif entry.is_symlink() and path.is_dir():
                if not resolves_below(path, root):  # a link inside leads to a folder that is read anyway
                    self.diagnostics.append(link(name))
            elif entry.name.endswith(SUFFIXES) and entry.name != FILENAME:
                yield path, name

    def is_misnamed(self, entry: os.DirEntry[str], name: str) -> bool:
        """Return True for a name that is not UTF-8; report it if specs could be there."""
        if is_utf8(entry.name):
            return False
        if entry.is_dir() or entry.name.endswith(SUFFIXES):
            self.diagnostics.append(not_utf8(name))
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
        source = read_file(path, name)
        if isinstance(source, Source):
            self.files.append(source)
        else:
            self.diagnostics.append(source)


def is_empty(path: Path) -> bool:
    """Return True for a folder without entries; False for a file, and for what cannot be read."""
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def report_at_path(path: str) -> Callable[[str, str, str], Diagnostic]:
    """Return a function that reports a problem at the path itself."""

    def report(code: str, detail: str, hint: str) -> Diagnostic:
        more = by_key(path) if code == "source.missing" else ""
        return Diagnostic(code, detail, hint + more, span=top(as_typed(path)))

    return report


def report_in_settings(settings: Settings, section: str, index: int) -> Callable[[str, str, str], Diagnostic]:
    """Return a function that reports a problem at the line of the settings that names the path."""
    assert settings.document is not None, "the list comes from a file"
    locator = Locator(settings.document)

    def report(code: str, detail: str, hint: str) -> Diagnostic:
        diagnostic = UnlocatedDiagnostic((section, index), code, detail, hint)
        return locator.diagnostic(diagnostic, diagnostic.path)

    return report


def read_file(path: Path, name: str) -> Source | Diagnostic:
    """Return the content of a file, or the reason why it cannot be read."""
    try:
        if path.exists() and not path.is_file():  # reading a pipe could block for ever
            detail = f"`{name}` is a device, a pipe or a socket."
            return Diagnostic("source.kind", detail, "Replace it with a file.", span=top(name))
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > BYTES_MAX:
                problem = too_large()
                return Diagnostic(problem.code, problem.detail, problem.hint, span=top(name))
            return Source(name, file.read(BYTES_MAX + 1))
    except OSError as error:
        return unreadable(name, error)
