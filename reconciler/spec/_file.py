"""One file of a spec: its declarations, its findings, and the places of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from reconciler.errors.diagnostic import Diagnostic, UnlocatedDiagnostic
from reconciler.meeting.fields import field_at
from reconciler.meeting.names import KEY
from reconciler.ports import Json
from reconciler.spec.defaults import known_depth, merge_levels, without_nulls
from reconciler.spec.lifecycle import Import, LifecycleEntries, Moved, Removed
from reconciler.spec.repeat import repeat_path
from reconciler.spec.rules.check import check_defaults, check_level
from reconciler.spec.schema import validator
from reconciler.spec.settings import Settings
from reconciler.spec.shorthand import expand
from reconciler.spec.yaml.document import Document
from reconciler.spec.yaml.locator import Locator, Path

_EMPTY: Mapping[str, Json] = MappingProxyType({})


class DefaultPlace(NamedTuple):
    """The file of a default, and its path inside of the defaults."""

    filename: str
    path: Path


class SpecFile:
    """A file with its meetings and findings, checked against the schema; it knows no other file."""

    def __init__(self, document: Document, settings: Settings) -> None:
        self.document = document
        self.locator = Locator(document)
        self.is_readable = isinstance(document.value, dict)
        self.value: Mapping[str, Json] = document.value if self.is_readable else _EMPTY
        self.raw_meetings = _mapping(self.value.get("meetings"))
        self._settings = settings
        self._repeating: set[str] = set()  # keys of the meetings whose rule is written as `repeat`
        self._settings_locator = Locator(settings.document) if settings.document else None
        self._outer_findings = self._check_outside_meetings() if self.is_readable else ()
        self._bad_entries = {finding.path[:2] for finding in self._outer_findings}
        self.bad_defaults = {
            finding.path[1:2] for finding in self._outer_findings if finding.path[:1] == ("defaults",)
        }

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield the findings about the text, and about everything outside of the meetings."""
        yield from self.locator.syntax_diagnostics()
        if self.document.is_sound and not self.is_readable:
            yield self.diagnostic(_not_a_spec(self.document.value))
        for finding in self._outer_findings:
            yield self.diagnostic(finding)

    def meetings(self) -> Iterator[tuple[str, dict[str, Json], tuple[UnlocatedDiagnostic, ...]]]:
        """Yield (key, body merged with its defaults, findings) for each meeting; paths lead from the meeting.

        Fields with a finding are left out of the body.
        """
        is_valid = validator.compiled_check("meetings", validator.MEETING)
        defaults = self._defaults()
        has_nulls = self.document.has_nulls or _has_null(defaults)
        for key, raw in self.raw_meetings.items():
            body: Json = raw
            findings: tuple[UnlocatedDiagnostic, ...] = ()
            if not is_valid(body):
                findings = validator.violations("meetings", body, validator.MEETING)
                if not isinstance(body, dict):
                    findings = _with_depth_hint(key, findings)
                body = _without_bad_fields(body, findings)
            if "repeat" in body:
                findings += check_level(body)
            body = expand(body)
            merged = merge_levels(defaults, body) if defaults else body
            if has_nulls:
                merged = without_nulls(merged)
            if "repeat" in merged:
                self._repeating.add(key)
            if findings or KEY.fullmatch(key):
                yield key, merged, findings

    def position(self, key: str) -> tuple[int, int]:
        """Return line and column of a meeting's key; they count from 1."""
        entry = self.document.entries.get(("meetings", key))
        if entry:
            return entry.line + 1, entry.column + 1
        start = self.locator.span(("meetings", key), on_key=True).start
        return start.line, start.column

    def lifecycle_entries(self) -> LifecycleEntries:
        """Return the entries of `moved`, `imports` and `removed` that are valid by the schema."""
        return LifecycleEntries(
            tuple(Moved(e["from"], e["to"], self.locator.span(p)) for p, e in self._entries("moved")),
            tuple(Import(int(e["id"]), e["to"], self.locator.span(p)) for p, e in self._entries("imports")),
            tuple(
                Removed(e["key"], int(e["id"]), e["destroy"], self.locator.span(p))
                for p, e in self._entries("removed")
            ),
        )

    def lifecycle_path(self, entry: Moved | Import | Removed) -> Path:
        """Return the path of `entry`, one of this file's, in the document."""
        section = {Moved: "moved", Import: "imports", Removed: "removed"}[type(entry)]
        return next(path for path, _ in self._entries(section) if self.locator.span(path) == entry.span)

    def diagnostic(self, finding: UnlocatedDiagnostic) -> Diagnostic:
        """Return a finding about the file with its place."""
        return self.locator.diagnostic(finding, finding.path)

    def meeting_diagnostic(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """Return a finding about a meeting with its place: in the meeting, or in the default of the value."""
        path = repeat_path(finding.path) if key in self._repeating else finding.path
        locator, root, is_default = self._origin(key, path)
        diagnostic = locator.diagnostic(finding, (*root, *path), key=key)
        return replace(diagnostic, key=None) if is_default else diagnostic

    def default_place(self, key: str, path: Path) -> DefaultPlace | None:
        """Return the place of the default that gives the value at `path`; None where the meeting gives it."""
        locator, _, is_default = self._origin(key, path)
        return DefaultPlace(locator.filename, path) if is_default else None

    def _origin(self, key: str, path: Path) -> tuple[Locator, Path, bool]:
        """Return the origin of the value at `path`: locator, path of the layer, and whether it is a default.

        It is the layer with the most steps of `path`; of equals, the meeting, then the defaults of the file.
        """
        layers: list[tuple[Locator, Path, Json, bool]] = [
            (self.locator, ("meetings", key), self.raw_meetings.get(key), False),
            (self.locator, ("defaults",), self.value.get("defaults"), True),
        ]
        if self._settings_locator:
            layers.append((self._settings_locator, ("defaults",), dict(self._settings.defaults), True))
        locator, root, _, is_default = max(layers, key=lambda layer: known_depth(layer[2], path))
        return locator, root, is_default

    def _defaults(self) -> dict[str, Json]:
        """Return the defaults of the settings and of this file, without those that have a finding."""
        own = _mapping(self.value.get("defaults"))
        valid = {name: value for name, value in own.items() if (name,) not in self.bad_defaults}
        return merge_levels(expand(self._settings.defaults), expand(valid))

    def _check_outside_meetings(self) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings about everything but the bodies of meetings; their keys are included."""
        skeleton = dict(self.value)
        if isinstance(skeleton.get("meetings"), dict):
            skeleton["meetings"] = {key: {} for key in self.raw_meetings if not KEY.fullmatch(key)}
        if not validator.is_valid("meetings", skeleton):
            return validator.violations("meetings", skeleton)
        return check_defaults(self.value)

    def _entries(self, section: str) -> Iterator[tuple[Path, Mapping[str, Json]]]:
        entries = self.value.get(section)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if (section, index) not in self._bad_entries:
                yield (section, index), entry


def _with_depth_hint(key: str, findings: tuple[UnlocatedDiagnostic, ...]) -> tuple[UnlocatedDiagnostic, ...]:
    """Add a hint to findings about a meeting that is no mapping, where its key is the name of a field."""
    if key not in {"host", "protect", "repeat"} and ("." in key or field_at((key,)) is None):
        return findings
    hint = f"`{key}` is a field: indent it under the key of its meeting."
    return tuple(replace(finding, hint=hint) for finding in findings)


def _not_a_spec(value: Json) -> UnlocatedDiagnostic:
    hint = "Write `version: 1` and `meetings:`, or remove the file from the specs."
    if value is None:
        detail = "The file is empty. An empty file never means that no meetings are declared."
        return UnlocatedDiagnostic((), "spec.empty", detail, hint)
    return UnlocatedDiagnostic((), "spec.shape", "A spec is a mapping with `version` and `meetings`.", hint)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else _EMPTY


def _has_null(value: Json) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(_has_null, children))


def _without_bad_fields(body: Json, findings: Iterable[UnlocatedDiagnostic]) -> dict[str, Json]:
    bad = {finding.path[0] for finding in findings if finding.path}
    return {name: value for name, value in _mapping(body).items() if name not in bad}
