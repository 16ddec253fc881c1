"""Everything declared: files and settings in, one validated `Spec` out, and every finding of one run.

A meeting that is wrong never hides what is wrong with another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from reconciler.errors.diagnostic import Diagnostic, Severity, Span, UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.ports import Json
from reconciler.spec._file import SpecFile
from reconciler.spec.lifecycle import Import, LifecycleEntries, Moved, Removed
from reconciler.spec.rules import check as rules
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.locator import Path, in_order

TIME_FIELDS = frozenset({"start_time", "timezone", "recurrence"})
"""What the rules about times and series look at beside the type."""

MISSING = ("-missing", ".no-host")
"""How the codes of findings about absent fields end."""

__all__ = ["Import", "Moved", "ParseResult", "Removed", "Spec", "parse"]


@dataclass(frozen=True, slots=True)
class Spec:
    """What is declared, merged with its defaults and valid; `meetings` by key, in the order of keys."""

    meetings: Mapping[str, Meeting] = field(default_factory=lambda: MappingProxyType({}))
    moved: tuple[Moved, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The spec, None where there are errors, and every finding in the order of file, line and column.

    `files` by the keys that they declare: where a later finding about a meeting has its place.
    """

    spec: Spec | None
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, SpecFile] = field(default_factory=dict, repr=False, compare=False)

    def locate(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """A finding about a declared meeting, in its place."""
        return self.files[key].meeting_diagnostic(key, finding)


def parse(sources: Sequence[Source], settings: Settings) -> ParseResult:
    """The spec in `sources`, each a file of its own. Raises nothing."""
    with documents.collector_off():
        reading = _Reading(settings)
        for source in sources:
            reading.read(source)
        reading.check_all()
    return ParseResult(reading.spec(), in_order(reading.diagnostics), reading.declared)


class _Reading:
    """All files of one spec, one after another."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hosts = None if settings.hosts is None else {host.casefold(): host for host in settings.hosts}
        self.files: dict[str, SpecFile] = {}
        self.declared: dict[str, SpecFile] = {}  # every key, be its meeting sound or not
        self.found: dict[str, Meeting] = {}
        self.references = LifecycleEntries()
        self.diagnostics: list[Diagnostic] = []
        self.reported: set[tuple[str, Path, Span | None]] = set()

    def read(self, source: Source) -> None:
        file = SpecFile(documents.parse(source), self.settings)
        self.files[source.filename] = file
        self.diagnostics += file.diagnostics()
        for key in file.raw_meetings:
            first = self.declared.setdefault(key, file)
            if first is not file:
                self.diagnostics.append(_twin(key, first, file))
        for key, body, findings in file.meetings():
            self.report(file, key, findings)
            if self.declared[key] is file:
                self.take(file, key, body, findings)
        self.references += file.references()

    def take(
        self, file: SpecFile, key: str, body: Mapping[str, Json], misfits: Sequence[UnlocatedDiagnostic] = ()
    ) -> None:
        """Make a meeting of a body that fits the schema; `misfits` are about fields that are not in it."""
        attributes = {**body}
        host = attributes.pop("host", None)
        protect = attributes.pop("protect", False)
        filename = file.document.filename
        meeting = Meeting(key, host or "", attributes, protect, filename, *file.position(key))
        problem = self.host_problem(host)
        found = (*((problem,) if problem else ()), *rules.check(meeting))
        if misfits:
            self.tell(file, key, _that_hold_anyway(found, misfits))
        elif found:
            self.tell(file, key, found)
        if not problem and not misfits:
            self.found[key] = meeting

    def host_problem(self, host: str | None) -> UnlocatedDiagnostic | None:
        """What is wrong with a meeting's host, if something is."""
        if host is None:
            return UnlocatedDiagnostic(
                ("host",),
                "spec.no-host",
                "A host is the Zoom user whose meeting it is, by e-mail or user id.",
                "Write `host:` here, or for all meetings of the file under `defaults`.",
            )
        if self.hosts is None or host.casefold() in self.hosts:
            return None
        from difflib import get_close_matches  # noqa: PLC0415 - only for a host that is not in the list

        near = get_close_matches(host.casefold(), self.hosts, n=1, cutoff=0.8)
        return UnlocatedDiagnostic(
            ("host",),
            "spec.unknown-host",
            f"`{host}` is not among the hosts of reconciler.yaml. Where `hosts` is written there, it is a "
            "closed list.",
            f"Did you mean `{self.hosts[near[0]]}`?"
            if near
            else "Add it to `hosts`, or take one that is there.",
        )

    def check_all(self) -> None:
        """What only shows in all files together."""
        for finding in rules.check_all(self.found):
            assert finding.key is not None, "a finding about meetings names one"
            self.tell(self.declared[finding.key], finding.key, (finding,))
        if all(file.is_readable for file in self.files.values()):  # else a key may stand in the part not read
            for entry, finding in self.references.contradictions(self.declared):
                file = self.files[entry.span.filename]
                path = (*file.reference_path(entry), *finding.path)
                self.diagnostics.append(file.locator.diagnostic(finding, path))

    def tell(self, file: SpecFile, key: str, findings: Sequence[UnlocatedDiagnostic]) -> None:
        follows = file.bad_defaults  # what follows from a default that is told already
        self.report(file, key, [finding for finding in findings if finding.path[:1] not in follows])

    def report(self, file: SpecFile, key: str, findings: Sequence[UnlocatedDiagnostic]) -> None:
        """Locate findings about one meeting and keep them, each place once.

        A default, or a value behind an alias, is wrong in every meeting that takes it.
        """
        for finding in findings:
            diagnostic = file.meeting_diagnostic(key, finding)
            place = (finding.code, finding.path, diagnostic.span)
            if place not in self.reported:
                self.reported.add(place)
                self.diagnostics.append(diagnostic)

    def spec(self) -> Spec | None:
        """The spec, if there is no error."""
        if any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics):
            return None
        meetings = MappingProxyType({key: self.found[key] for key in sorted(self.found)})
        return Spec(meetings, self.references.moved, self.references.imports, self.references.removed)


def _that_hold_anyway(
    found: Sequence[UnlocatedDiagnostic], misfits: Sequence[UnlocatedDiagnostic]
) -> tuple[UnlocatedDiagnostic, ...]:
    """Of what is found about a meeting with fields taken out, all that does not hang on those fields."""
    bad = {misfit.path[0] if misfit.path else "type" for misfit in misfits}
    if "type" in bad:  # which rules hold is the type's to say
        return ()
    families = ("time.", "series.") if bad & TIME_FIELDS else ()
    # A field with a typo in its name is missing, and that is told once.
    endings = MISSING if any(misfit.on_key for misfit in misfits) else ()
    held = (one for one in found if not one.code.startswith(families) and not one.code.endswith(endings))
    return tuple(one for one in held if not one.path or one.path[0] not in bad)


def _twin(key: str, first: SpecFile, second: SpecFile) -> Diagnostic:
    line, _ = first.position(key)
    finding = UnlocatedDiagnostic(
        ("meetings", key),
        "spec.duplicate-key",
        f"{first.document.filename}:{line} declares `{key}` first.",
        "A key is unique over all files: rename one of the two.",
        key=key,
        on_key=True,
    )
    return second.diagnostic(finding)
