"""One file of a spec: its declarations, its findings, and the places of both."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Span, UnlocatedDiagnostic
from reconciler.meeting.fields import get
from reconciler.meeting.names import KEY
from reconciler.ports import Json
from reconciler.spec.defaults import known_depth, merge_levels, without_nulls
from reconciler.spec.keys import readable_key
from reconciler.spec.lifecycle import Import, LifecycleEntries, Moved, Removed
from reconciler.spec.names import Names, Template
from reconciler.spec.repeat import repeat_path
from reconciler.spec.rules.check import (
    check_audience,
    check_closures,
    check_defaults,
    check_level,
    check_templates,
)
from reconciler.spec.schema import validator
from reconciler.spec.schema.misfits import without_misfits
from reconciler.spec.settings import Settings
from reconciler.spec.shorthand import expand
from reconciler.spec.tally import Tally
from reconciler.spec.yaml.document import Document
from reconciler.spec.yaml.locator import Locator, Path

_EMPTY: Mapping[str, Json] = MappingProxyType({})


class DefaultPlace(Struct, frozen=True):
    """The file of a default, the path of the defaults or of the template, and its path inside of them."""

    filename: str
    root: Path
    path: Path


class DeclaredMeeting(Struct, frozen=True):
    """A meeting merged with its defaults and templates.

    Fields with `findings` are left out of the body; those with `unknown` names of people are not.
    """

    key: str
    body: Mapping[str, Json]
    findings: tuple[UnlocatedDiagnostic, ...]
    unknown: tuple[UnlocatedDiagnostic, ...]


_NUMBER = re.compile(r"-[0-9]+$")
"""The end of a key that a hint proposes where a better one is taken."""

OUTER_FINDINGS_MAX = 250
"""A file with more findings outside of its meetings is not read further: some may not be found."""


class _Layer(Struct, frozen=True):
    """One of the mappings that are merged to a meeting: its file, its path there, and its fields."""

    locator: Locator
    root: Path
    fields: Json
    is_default: bool = True


class SpecFile:
    """A file with its meetings and findings, checked against the schema; it knows no other file."""

    def __init__(self, document: Document, settings: Settings) -> None:
        self.document = document
        self.locator = Locator(document)
        self.is_readable = isinstance(document.value, dict) and not _is_output(document.value)
        self.value: Mapping[str, Json] = document.value if self.is_readable else _EMPTY
        self.raw_meetings = _mapping(self.value.get("meetings"))
        self._settings = settings
        self._repeating: set[str] = set()  # keys of the meetings whose rule is written as `repeat`
        self._templates: dict[str, tuple[Template, ...]] = {}  # by key of the meeting that uses them
        self._entry_paths: dict[Span, Path] = {}  # of `moved`, `imports` and `removed`
        self._settings_locator = Locator(settings.document) if settings.document else None
        self.is_whole = True
        """Whether everything in it was looked at."""
        self._outer_findings = self._check_outside_meetings() if self.is_readable else ()
        if not self.is_whole:
            self.value, self.raw_meetings = _EMPTY, {}
        self._bad_entries = {finding.path[:2] for finding in self._outer_findings}
        self.audience = self._own_audience()
        self._default_findings = tuple(
            replace(each, path=each.path[1:])
            for each in self._outer_findings
            if each.path[:1] == ("defaults",)
        )
        self.bad_defaults = {finding.path[:1] for finding in self._default_findings}

    def findings(self) -> Iterator[UnlocatedDiagnostic]:
        """Yield the findings about everything outside of the meetings; paths lead from the file."""
        if self.document.is_sound and not self.is_readable:
            yield _not_a_spec(self.document)
        yield from self._outer_findings

    def meetings(self, names: Names, tally: Tally) -> Iterator[DeclaredMeeting]:
        """Yield each meeting; the paths of findings lead from the meeting.

        Those that do not fit the schema are left out once `tally` has enough of them.
        """
        is_valid = validator.compiled_check("meetings", validator.MEETING)
        defaults = self._defaults()
        has_nulls = self.document.has_nulls or _has_null(defaults)
        for key, raw in self.raw_meetings.items():
            body: Mapping[str, Json] = raw
            findings: tuple[UnlocatedDiagnostic, ...] = ()
            if not is_valid(raw):
                if not tally.takes_meeting():
                    continue
                body, findings = without_misfits(key, raw)
            if "repeat" in body:
                findings += check_level(body)
            body = expand(body)
            merged = merge_levels(defaults, body) if defaults else body
            misfits = findings
            if merged.get("use") is not None:
                self._templates[key], unknown = names.used_by(merged["use"])
                findings += self._not_displaced(key, unknown, misfits)
                merged = self._with_templates(defaults, key, body)
            elif has_nulls:
                merged = without_nulls(merged)
            merged, unknown = names.with_people(merged)
            unknown = self._not_displaced(key, unknown, misfits)
            if "repeat" in merged:
                self._repeating.add(key)
            if findings or KEY.fullmatch(key):
                yield DeclaredMeeting(key, merged, findings, unknown)

    def _not_displaced(
        self,
        key: str,
        unknown: tuple[UnlocatedDiagnostic, ...],
        misfits: tuple[UnlocatedDiagnostic, ...],
    ) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings without those about a farther value in the place of one of the `misfits`."""
        if not unknown:
            return ()
        fields = {finding.path[:1] for finding in misfits}
        return tuple(each for each in unknown if not self._is_displaced(key, each.path, fields))

    def _is_displaced(self, key: str, path: Path, misfit_fields: set[Path]) -> bool:
        layer = self._layer(key, path)
        if not layer.is_default:
            return path[:1] in misfit_fields
        is_own = layer.locator is self.locator and layer.root == ("defaults",)
        return is_own and path[:1] in self.bad_defaults

    def _with_templates(
        self, defaults: Mapping[str, Json], key: str, body: Mapping[str, Json]
    ) -> dict[str, Json]:
        levels = (*(template.body for template in self._templates[key]), body)
        merged: dict[str, Json] = without_nulls(reduce(merge_levels, levels, dict(defaults)))
        return merged

    def template(self, name: str) -> Mapping[str, Json]:
        """Return the fields of a template, without those that have a finding."""
        body = _mapping(_mapping(self.value.get("templates")).get(name))
        bad = self.bad_of_template(name)
        return {each: value for each, value in body.items() if each not in bad}

    def bad_of_template(self, name: str) -> frozenset[str | int]:
        """Return the fields of a template that have a finding."""
        root = ("templates", name)
        found = (finding.path for finding in self._outer_findings)
        return frozenset(path[2] for path in found if path[:2] == root and path[2:])

    def people(self, name: str) -> tuple[str, ...]:
        """Return the e-mails of a list of people; none of a list with a finding."""
        return self._list("people", name)

    def closure(self, name: str) -> tuple[str, ...]:
        """Return the days and ranges of a closure; none of one with a finding."""
        return self._list("closures", name)

    def findings_of(self, section: str, name: str) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings about a declared name; paths lead from the file."""
        return tuple(each for each in self._outer_findings if each.path[:2] == (section, name))

    @property
    def is_read(self) -> bool:
        """True if all of it could be read."""
        return self.is_readable and self.is_whole and self.document.is_sound

    def _list(self, section: str, name: str) -> tuple[str, ...]:
        listed = _mapping(self.value.get(section)).get(name)
        is_bad = (section, name) in self._bad_entries
        return () if is_bad or not isinstance(listed, list) else tuple(listed)

    def bad_fields(self, key: str) -> set[tuple[str | int, ...]]:
        """Return the fields, as paths, of a meeting's defaults and templates that have a finding."""
        if key not in self._templates:
            return self.bad_defaults
        used = self._templates[key]
        bad = {(name,) for each in used for name in each.file.bad_of_template(each.name)}
        return self.bad_defaults | bad

    def shared_findings(self, key: str) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings about a meeting's defaults and templates; paths lead from the meeting.

        Left out is what cannot concern the meeting: a value that it has itself, and an unknown field of a
        mapping such as `settings`, which hides no field of the meeting.
        """
        of_templates = (
            replace(each, path=each.path[2:])
            for template in self._templates.get(key, ())
            for each in template.file.findings_of("templates", template.name)
        )
        own = self.raw_meetings[key]
        return tuple(
            each
            for each in (*self._default_findings, *of_templates)
            if not each.path
            or (known_depth(own, each.path) < len(each.path) and not (each.on_key and len(each.path) > 1))
        )

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
            tuple(Moved(e["from"], e["to"], span) for span, e in self._entries("moved")),
            tuple(Import(int(e["id"]), e["to"], span) for span, e in self._entries("imports")),
            tuple(
                Removed(e["key"], int(e["id"]), e["destroy"], span) for span, e in self._entries("removed")
            ),
        )

    def lifecycle_path(self, entry: Moved | Import | Removed) -> Path:
        """Return the path of `entry`, one of this file's, in the document."""
        return self._entry_paths[entry.span]

    def meeting_diagnostic(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """Return a finding about a meeting with its place: in the meeting, or in the default of the value."""
        path = repeat_path(finding.path) if key in self._repeating else finding.path
        layer = self._layer(key, path)
        diagnostic = layer.locator.diagnostic(finding, (*layer.root, *path), key=key)
        return replace(diagnostic, key=None) if layer.is_default else diagnostic

    def default_place(self, key: str, path: Path) -> DefaultPlace | None:
        """Return the place of the default that gives the value at `path`; None where the meeting gives it."""
        path = repeat_path(path) if key in self._repeating else path
        layer = self._layer(key, path)
        return DefaultPlace(layer.locator.filename, layer.root, path) if layer.is_default else None

    def names_people(self, key: str, path: Path) -> bool:
        """Return whether the value at `path` names a list of people, which several meetings share."""
        written = get(self._layer(key, path).fields, [str(step) for step in path])
        words = written if isinstance(written, list) else str(written).replace(";", ",").split(",")
        return any("@" not in word for word in words)

    def is_in_template(self, key: str, path: Path) -> bool:
        """Return whether a template gives the meeting its value at `path`."""
        place = self.default_place(key, path) if key in self._templates else None
        return place is not None and place.root[:1] == ("templates",)

    def _layer(self, key: str, path: Path) -> _Layer:
        """Return the layer that gives the value at `path`.

        It is the layer with the most steps of `path`; of equals, the meeting, then its templates from the
        last one, then the defaults of the file.
        """
        layers = [
            _Layer(self.locator, ("meetings", key), self.raw_meetings.get(key), is_default=False),
            *(_template_layer(template) for template in reversed(self._templates.get(key, ()))),
            _Layer(self.locator, ("defaults",), self.value.get("defaults")),
        ]
        if self._settings_locator:
            layers.append(_Layer(self._settings_locator, ("defaults",), dict(self._settings.defaults)))
        return max(layers, key=lambda layer: known_depth(layer.fields, path))

    def _defaults(self) -> Mapping[str, Json]:
        """Return the defaults of the settings and of this file, without those that have a finding."""
        own = _mapping(self.value.get("defaults"))
        valid = {name: value for name, value in own.items() if (name,) not in self.bad_defaults}
        return merge_levels(expand(self._settings.defaults), expand(valid))

    def _own_audience(self) -> tuple[str, ...]:
        """Return the zones of the people who join: those of the file, else those of the settings."""
        is_bad = any(finding.path[:1] == ("audience",) for finding in self._outer_findings)
        listed = None if is_bad else self.value.get("audience")
        return self._settings.audience if listed is None else tuple(listed)

    def _check_outside_meetings(self) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings about everything but the bodies of meetings; their keys are included."""
        skeleton = dict(self.value)
        if isinstance(skeleton.get("meetings"), dict):
            bad = [key for key in self.raw_meetings if not KEY.fullmatch(key)]
            better = set(map(readable_key, bad))  # a hint proposes it, with a number where it is taken
            taken = [key for key in self.raw_meetings if {key, _NUMBER.sub("", key)} & better]
            skeleton["meetings"] = {key: {} for key in (*bad, *taken)}
        if validator.is_valid("meetings", skeleton):
            return _check_levels(self.value)
        found = validator.violations("meetings", skeleton)
        self.is_whole = len(found) < OUTER_FINDINGS_MAX
        fitting = _fitting(self.value, found)
        return (*found, *_check_levels(fitting)) if validator.is_valid("meetings", fitting) else found

    def _entries(self, section: str) -> Iterator[tuple[Span, Mapping[str, Json]]]:
        entries = self.value.get(section)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if (section, index) not in self._bad_entries:
                span = self.locator.span((section, index))
                self._entry_paths.setdefault(span, (section, index))
                yield span, entry


def _check_levels(file: Mapping[str, Json]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return what the schema cannot say about the sections that meetings share; they fit it."""
    return (*check_defaults(file), *check_audience(file), *check_templates(file), *check_closures(file))


def _fitting(file: Mapping[str, Json], findings: Iterable[UnlocatedDiagnostic]) -> dict[str, Json]:
    """Return the sections that `_check_levels` reads, without the entries that have a finding."""
    bad = {finding.path[:2] for finding in findings}
    bad_sections = {path[0] for path in bad if path}
    fitting: dict[str, Json] = {"version": 1}
    for section in ("defaults", "audience", "templates", "closures"):
        value = file.get(section)
        if isinstance(value, dict):
            fitting[section] = {name: each for name, each in value.items() if (section, name) not in bad}
        elif value is not None and section not in bad_sections:
            fitting[section] = value
    return fitting


def _template_layer(template: Template) -> _Layer:
    return _Layer(template.file.locator, ("templates", template.name), template.body)


def _not_a_spec(document: Document) -> UnlocatedDiagnostic:
    hint = "Write `version: 1` and `meetings: {}`, or remove the file from the specs."
    if document.value is None:
        detail = "The file is empty. An empty file never means that no meetings are declared."
        return UnlocatedDiagnostic((), "spec.empty", detail, hint)
    if isinstance(document.value, dict):
        return _output(document)
    return UnlocatedDiagnostic((), "spec.shape", "A spec is a mapping with `version` and `meetings`.", hint)


def _output(document: Document) -> UnlocatedDiagnostic:
    detail, hint = (
        "It is a state.",
        "Name the files that declare meetings, or remove the file from the specs.",
    )
    if "steps" in document.value:
        detail = "It is a saved plan."
        hint = f"Apply it with `reconciler apply --plan {shlex.quote(document.filename)}`."
    return UnlocatedDiagnostic(("format_version",), "spec.output", detail, hint)


def _is_output(file: Mapping[str, Json]) -> bool:
    """Return True for a saved plan and for a state; a spec has none of their fields."""
    return "format_version" in file and not file.keys().isdisjoint(("steps", "lineage"))


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else _EMPTY


def _has_null(value: Json) -> bool:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(_has_null, children))
