"""One file of a spec: what it declares, checked against the schema, and where it says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from reconciler.errors.diagnostic import Diagnostic, UnlocatedDiagnostic
from reconciler.meeting.fields import field_at
from reconciler.ports import Json
from reconciler.spec.defaults import known_depth, merge, without_nulls
from reconciler.spec.keys import KEY
from reconciler.spec.lifecycle import Import, LifecycleEntries, Moved, Removed
from reconciler.spec.schema import validator
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Document
from reconciler.spec.yaml.locator import Locator, Path

_EMPTY: Mapping[str, Json] = MappingProxyType({})


class SpecFile:
    """A file and what is found in it. Nothing here looks at another file."""

    def __init__(self, document: Document, settings: Settings) -> None:
        self.document = document
        self.locator = Locator(document)
        self.is_readable = isinstance(document.value, dict)
        self.value: Mapping[str, Json] = document.value if self.is_readable else _EMPTY
        self.raw_meetings = _mapping(self.value.get("meetings"))
        self._settings = settings
        self._settings_locator = Locator(settings.document) if settings.document else None
        self._outer = tuple(self._outer_findings()) if self.is_readable else ()
        self._bad_entries = {finding.path[:2] for finding in self._outer}
        self.bad_defaults = {
            finding.path[1:2] for finding in self._outer if finding.path[:1] == ("defaults",)
        }

    def diagnostics(self) -> Iterator[Diagnostic]:
        """What is wrong with the text, and with all that is no meeting."""
        yield from self.locator.syntax_diagnostics()
        if self.document.is_sound and not self.is_readable:
            yield self.diagnostic(_nothing_declared(self.document.value))
        for finding in self._outer:
            yield self.diagnostic(finding)

    def meetings(self) -> Iterator[tuple[str, dict[str, Json], tuple[UnlocatedDiagnostic, ...]]]:
        """(key, the body merged with its defaults, findings) per meeting, paths leading from the meeting.

        Where there are findings, the fields that they are about are taken out of the body.
        """
        fits = validator.compiled_check("meetings", validator.MEETING)
        base = self._base()
        clean = self.document.has_nulls or _has_null(base)
        for key, raw in self.raw_meetings.items():
            body: Json = raw
            findings: tuple[UnlocatedDiagnostic, ...] = ()
            if not fits(body):
                found = validator.violations("meetings", body, validator.MEETING)
                findings = found if isinstance(body, dict) else _at_wrong_depth(key, found)
                body = _without_bad_fields(body, findings)
            whole = merge(base, body) if base else body
            if clean:
                whole = without_nulls(whole)
            if findings or KEY.fullmatch(key):
                yield key, whole, findings

    def position(self, key: str) -> tuple[int, int]:
        """Line and column, from 1, of a meeting's key."""
        entry = self.document.entries.get(("meetings", key))
        if entry:
            return entry.line + 1, entry.column + 1
        start = self.locator.span(("meetings", key), on_key=True).start
        return start.line, start.column

    def references(self) -> LifecycleEntries:
        """The entries of `moved`, `imports` and `removed` that fit the schema."""
        return LifecycleEntries(
            tuple(Moved(e["from"], e["to"], self.locator.span(p)) for p, e in self._entries("moved")),
            tuple(Import(int(e["id"]), e["to"], self.locator.span(p)) for p, e in self._entries("imports")),
            tuple(
                Removed(e["key"], int(e["id"]), e["destroy"], self.locator.span(p))
                for p, e in self._entries("removed")
            ),
        )

    def reference_path(self, entry: Moved | Import | Removed) -> Path:
        """Where in the document `entry`, one of this file's, stands."""
        section = {Moved: "moved", Import: "imports", Removed: "removed"}[type(entry)]
        return next(path for path, _ in self._entries(section) if self.locator.span(path) == entry.span)

    def diagnostic(self, finding: UnlocatedDiagnostic) -> Diagnostic:
        """A finding about the file, in its place."""
        return self.locator.diagnostic(finding, finding.path)

    def meeting_diagnostic(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """A finding about a meeting, told there or at the default that the value came from."""
        locator, root, is_default = self._origin(key, finding.path)
        placed = locator.diagnostic(finding, (*root, *finding.path), key=None if is_default else key)
        return replace(placed, key=None) if is_default else placed

    def _origin(self, key: str, path: Path) -> tuple[Locator, Path, bool]:
        """Who wrote what stands at `path`: who has most of the path; the meeting before defaults."""
        layers: list[tuple[Locator, Path, Json, bool]] = [
            (self.locator, ("meetings", key), self.raw_meetings.get(key), False),
            (self.locator, ("defaults",), self.value.get("defaults"), True),
        ]
        if self._settings_locator:
            layers.append((self._settings_locator, ("defaults",), dict(self._settings.defaults), True))
        locator, root, _, is_default = max(layers, key=lambda layer: known_depth(layer[2], path))
        return locator, root, is_default

    def _base(self) -> dict[str, Json]:
        """The defaults of the settings and of this file; without those that are wrong, which is told once."""
        own = _mapping(self.value.get("defaults"))
        sound = {name: value for name, value in own.items() if (name,) not in self.bad_defaults}
        return merge(self._settings.defaults, sound)

    def _outer_findings(self) -> tuple[UnlocatedDiagnostic, ...]:
        """What is wrong with all that is no meeting's body, keys of meetings included."""
        skeleton = dict(self.value)
        if isinstance(skeleton.get("meetings"), dict):
            skeleton["meetings"] = {key: {} for key in self.raw_meetings if not KEY.fullmatch(key)}
        if validator.is_valid("meetings", skeleton):
            return ()
        return validator.violations("meetings", skeleton)

    def _entries(self, section: str) -> Iterator[tuple[Path, Mapping[str, Json]]]:
        entries = self.value.get(section)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if (section, index) not in self._bad_entries:
                yield (section, index), entry


def _at_wrong_depth(key: str, found: tuple[UnlocatedDiagnostic, ...]) -> tuple[UnlocatedDiagnostic, ...]:
    """What to do about a meeting that is one value, where its key names a field of a meeting."""
    if key not in {"host", "protect"} and ("." in key or field_at((key,)) is None):
        return found
    hint = f"`{key}` is a field: indent it under the key of its meeting."
    return tuple(replace(finding, hint=hint) for finding in found)


def _nothing_declared(value: Json) -> UnlocatedDiagnostic:
    hint = "Write `version: 1` and `meetings:`, or take the file out of the specs."
    if value is None:
        detail = "An empty file is never taken for one that declares no meetings."
        return UnlocatedDiagnostic((), "spec.empty", detail, hint)
    return UnlocatedDiagnostic((), "spec.shape", "A spec begins with `version: 1` and has `meetings`.", hint)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else _EMPTY


def _has_null(value: Json) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(_has_null, inner))


def _without_bad_fields(body: Json, findings: Iterable[UnlocatedDiagnostic]) -> dict[str, Json]:
    bad = {finding.path[0] for finding in findings if finding.path}
    return {name: value for name, value in _mapping(body).items() if name not in bad}
