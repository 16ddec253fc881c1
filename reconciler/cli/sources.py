"""Which files make the spec, read from disk: the edge of the declaring side.

What cannot be found or read is an error, and so is an empty folder: neither is
ever taken for "nothing declared".
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Position, Span, UnlocatedDiagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import quote
from reconciler.spec import settings as settings_file
from reconciler.spec.settings import FILENAME, ParsedSettings, Settings
from reconciler.spec.yaml.document import BYTES_MAX, Source, too_large
from reconciler.spec.yaml.locator import Locator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


DEFAULT_SPECS = ("meetings.yaml", "meetings/")
SUFFIXES = (".yaml", ".yml")

_Problem = tuple[str, str, str]  # code, detail, hint


@dataclass(frozen=True, slots=True)
class Sources:
    """The files, each once, in the order of their names within each path, and what could not be read."""

    files: tuple[Source, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def read_settings(folder: Path) -> ParsedSettings:
    """What `reconciler.yaml` in `folder` says; the defaults where there is none."""
    path = folder / FILENAME
    if not os.path.lexists(path):
        return ParsedSettings(Settings())
    source = _read(path, FILENAME) if _stays(path, folder) else _link(FILENAME)
    return settings_file.parse(source) if isinstance(source, Source) else ParsedSettings(None, (source,))


def read_sources(paths: Sequence[str], settings: Settings, folder: Path) -> Sources:
    """The files that `paths`, else the settings, name; relative ones are relative to `folder`."""
    search = _Search(folder)
    if paths:
        for path in paths:
            search.add(path, _refusing(path))
    elif settings.specs:
        for index, path in enumerate(settings.specs):
            search.add_inside(path, _refusing_in(settings, index))
    else:
        search.add_defaults()
    return Sources(tuple(search.files), tuple(search.diagnostics))


def _refusing(path: str) -> Callable[[str, str, str], Diagnostic]:
    """Tell of a path at the path itself."""
    return lambda code, detail, hint: Diagnostic(code, detail, hint, span=_top(_typed(path)))


def _refusing_in(settings: Settings, index: int) -> Callable[[str, str, str], Diagnostic]:
    """Tell of a path at the line of the settings that names it."""
    assert settings.document is not None, "specs come from a file"
    locator = Locator(settings.document)

    def refuse(code: str, detail: str, hint: str) -> Diagnostic:
        finding = UnlocatedDiagnostic(("specs", index), code, detail, hint)
        return locator.diagnostic(finding, finding.path)

    return refuse


def check_inside(paths: Sequence[str], folder: Path, origin: str) -> None:
    """Raise `SettingsError` if one of `paths`, which the file `origin` names, is outside of `folder`.

    A path on the command line may be anywhere; a file could be exchanged, and name files of the runner.
    """
    for path in paths:
        where = folder / path
        if not (_is_below(where, folder) and _stays(where, folder)):
            raise SettingsError.of(
                "source.outside",
                detail=f"{origin} names {quote(path[:200])}, which is not in the working folder. "
                "Nothing was sent.",
                hint="Make the plan again in the folder of the specs, with paths inside of it.",
            )


class _Search:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[str] = set()
        self.files: list[Source] = []
        self.diagnostics: list[Diagnostic] = []

    def add_defaults(self) -> None:
        """What is read where nobody names anything."""
        present = [path for path in DEFAULT_SPECS if os.path.lexists(self.folder / path)]
        for path in present:
            self.add(path, _refusing(path))
        if not present:
            detail = f"Neither `meetings.yaml` nor a folder `meetings/` is in {self.folder.resolve()}."
            hint = "Run `reconciler init` to begin one, or name files or folders as arguments."
            self.diagnostics.append(Diagnostic("source.none", detail, hint))

    def add(self, path: str, refuse: Callable[[str, str, str], Diagnostic]) -> None:
        """A file or a folder that somebody named."""
        where, name = self.folder / path, _typed(path)
        try:
            problem = self.problem(where, name)
        except OSError as error:
            self.diagnostics.append(_unreadable(name, error))
            return
        if problem:
            self.diagnostics.append(refuse(*problem))
        elif not where.is_dir():
            self.take(where, name)

    def add_inside(self, path: str, refuse: Callable[[str, str, str], Diagnostic]) -> None:
        """The same, named in the settings: a pull request could else show us the runner's own files."""
        if _is_below(self.folder / path, self.folder):
            self.add(path, refuse)
            return
        hint = "Move it into the working folder, or name it on the command line."
        self.diagnostics.append(
            refuse("source.outside", f"`{_typed(path)}` is not in the working folder.", hint)
        )

    def problem(self, where: Path, name: str) -> _Problem | None:
        """Why a path cannot be used as a whole. A folder is read on the way."""
        if not where.exists():
            hint = f"Check the spelling; it is looked for in {self.folder.resolve()}."
            return ("source.missing", f"`{name}` does not exist.", hint)
        if _is_below(where, self.folder) and not _stays(where, self.folder):
            return (
                "source.link",
                f"`{name}` leads out of the working folder by a link.",
                "Name the place itself.",
            )
        if where.is_dir():
            return self.add_folder(where, name)
        if where.name == FILENAME:
            hint = "It is always read; name what declares meetings."
            return ("source.settings", f"`{name}` holds settings, no meetings.", hint)
        return None

    def add_folder(self, where: Path, name: str) -> _Problem | None:
        """Every spec in a folder; what is wrong with it as a whole."""
        before = len(self.seen) + len(self.diagnostics)
        found = False
        for path, below in self.walk(where, "" if name == "." else f"{name}/"):
            found = True
            if _stays(path, where):
                self.take(path, below)
            else:
                self.link(below)
        if found or len(self.seen) + len(self.diagnostics) > before:
            return None
        hint = "Put a file `*.yaml` or `*.yml` there. An empty folder never means that nothing is declared."
        return ("source.empty-folder", f"`{name}` holds no spec.", hint)

    def walk(self, folder: Path, prefix: str, root: Path | None = None) -> Iterator[tuple[Path, str]]:
        """(path, name) of every file that looks like a spec, at any depth, sorted; hidden ones left out."""
        root = root or folder
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.diagnostics.append(_unreadable(prefix.rstrip("/") or ".", error))
            return
        for entry in entries:
            path, name = Path(entry.path), prefix + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self.walk(path, f"{name}/", root)
            elif entry.is_symlink() and path.is_dir():
                if not _stays(path, root):  # one that stays leads to a folder that is read anyway
                    self.link(name)
            elif entry.name.endswith(SUFFIXES) and entry.name != FILENAME:
                yield path, name

    def take(self, path: Path, name: str) -> None:
        """Read a file, once."""
        real = os.path.realpath(path)
        if real in self.seen:
            return
        self.seen.add(real)
        source = _read(path, name)
        if isinstance(source, Source):
            self.files.append(source)
        else:
            self.diagnostics.append(source)

    def link(self, name: str) -> None:
        """Tell of a link that is not followed."""
        self.diagnostics.append(_link(name))


def _read(path: Path, name: str) -> Source | Diagnostic:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep us waiting for ever
            detail = f"`{name}` is a device, a pipe or a socket."
            return Diagnostic("source.kind", detail, "Put a file in its place.", span=_top(name))
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > BYTES_MAX:
                defect = too_large()
                return Diagnostic(defect.code, defect.detail, defect.hint, span=_top(name))
            return Source(name, file.read(BYTES_MAX + 1))
    except OSError as error:
        return _unreadable(name, error)


def _link(name: str) -> Diagnostic:
    detail = f"The link `{name}` leads out of its folder."
    hint = "Put the file itself there, or name its own folder."
    return Diagnostic("source.link", detail, hint, span=_top(name))


def _unreadable(name: str, error: OSError) -> Diagnostic:
    return Diagnostic(
        "source.unreadable",
        f"`{name}`: {error.strerror or type(error).__name__}.",
        "Check its permissions, or leave it out of the specs.",
        span=_top(name),
    )


def _typed(path: str) -> str:
    """A path as a person would type it."""
    name = path.replace(os.sep, "/")
    return name.rstrip("/") or "/"


def _is_below(path: Path, folder: Path) -> bool:
    """Whether `path`, as it is written, is in `folder`."""
    return _within(os.path.abspath(path), os.path.abspath(folder))  # noqa: PTH100 - links must stay as written


def _stays(path: Path, folder: Path) -> bool:
    """Whether `path` is in `folder` once every link is followed."""
    return _within(os.path.realpath(path), os.path.realpath(folder))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _top(name: str) -> Span:
    return Span(name, Position(1, 1), Position(1, 1))
