"""Parses files and settings into one valid `Spec`, and reports every finding of all files at once.

A wrong meeting never hides a finding about another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity, Span, UnlocatedDiagnostic
from reconciler.errors.text import repr_without
from reconciler.meeting.meeting import Meeting
from reconciler.ports import Json
from reconciler.spec._file import DefaultPlace, SpecFile
from reconciler.spec._hosts import Hosts
from reconciler.spec._independent import independent
from reconciler.spec.dates import timetable
from reconciler.spec.dates.declared_times import read_times
from reconciler.spec.keys import in_words
from reconciler.spec.lifecycle import Import, LifecycleEntries, Moved, Removed
from reconciler.spec.names import Names, duplicate
from reconciler.spec.policies.check import PolicyChecker
from reconciler.spec.policies.placing import check_policies
from reconciler.spec.rules import check as rules
from reconciler.spec.rules.check import NO_EFFECT
from reconciler.spec.settings import Settings
from reconciler.spec.tally import Tally, in_order
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.locator import Locator, Path

UNDECLARED = frozenset({"spec.moved-undeclared", "spec.imported-undeclared"})
"""Codes of findings about an entry whose key no file declares."""

_NOT_SENT = ("use", "skip", "timetable")
"""Fields of a meeting, beside its times, that the API does not have."""

_KEYS_MAX = 3
"""Keys that a finding in a template names."""


class OtherFiles(Struct, frozen=True):
    """What the files of the spec declare that PATHS leave out: they are read for keys, names and entries.

    `files` are their names. `is_complete` is False if one of them cannot be read, so that a key may be in it.
    """

    keys: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    is_complete: bool = True

    def may_declare(self, key: str) -> bool:
        """Return whether one of the files declares `key`, as far as is known."""
        return key in self.keys or not self.is_complete


NO_OTHERS = OtherFiles()
"""PATHS leave out no file of the spec."""


class Spec(Struct, frozen=True):
    """The declared meetings by key, in the order of keys, merged with their defaults and valid.

    `moved`, `imports` and `removed` have the entries of all files, those that PATHS leave out too.
    """

    meetings: Mapping[str, Meeting] = field(default_factory=lambda: MappingProxyType({}))
    moved: tuple[Moved, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: tuple[Removed, ...] = ()
    others: OtherFiles = NO_OTHERS


class ParseResult(Struct, frozen=True):
    """The spec, None where there are errors, and all findings in the order of file, line and column.

    `files` has the file of each declared key, for the places of later findings. `people` are the names of
    the lists of people. `meetings` has each meeting that fits the schema, also where others have errors.
    """

    spec: Spec | None
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, SpecFile] = {}
    people: frozenset[str] = frozenset()
    meetings: Mapping[str, Meeting] = {}

    def __repr__(self) -> str:
        return repr_without(self, "files", "meetings")

    def locate(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """Return a finding about a meeting with its place, if it is declared."""
        file = self.files.get(key)
        return file.meeting_diagnostic(key, finding) if file else finding.without_place()


class OtherSources(Struct, frozen=True):
    """The files of the spec that PATHS leave out; `unread` are the names of those that cannot be read.

    `is_same_spec` is False if PATHS are read instead of them: then they only give names, as of templates.
    """

    files: tuple[Source, ...] = ()
    unread: tuple[str, ...] = ()
    is_same_spec: bool = True


def parse(
    sources: Sequence[Source],
    settings: Settings,
    others: OtherSources | None = None,
    now: datetime | None = None,
    policies: PolicyChecker | None = None,
) -> ParseResult:
    """Parse `sources`, each a file of its own. Raises nothing.

    Of `others`, the files that PATHS leave out, only the templates, people and closures that the meetings
    use are checked. Hints name no day before `now`. Every meeting without an error in its fields is held to
    `policies`.
    """
    with documents.collector_off():
        parser = _SpecParser(settings, sources, others, now)
        parser.read_all()
        parser.check_together()
        parser.report_of_several()
        if policies is not None:
            parser.check_policies(policies)
    people = frozenset(parser.names.people)
    found = tuple(parser.tally.bounded(in_order(parser.diagnostics)))
    return ParseResult(parser.spec(), found, parser.declared, people, parser.meetings)


class _SpecParser:
    """Parses the files of one spec, one after another."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        others: OtherSources | None,
        now: datetime | None,
    ) -> None:
        self.now = now
        self.is_whole = settings.is_known
        self.hosts = Hosts.of(settings)
        self.files = {source.filename: SpecFile(documents.parse(source), settings) for source in sources}
        self.other_sources = others
        other_files = others.files if others else ()
        self.other_files = [SpecFile(documents.parse(source), settings) for source in other_files]
        self.names = Names.of(self.files.values(), self.other_files, others.unread if others else ())
        self.declared: dict[str, SpecFile] = {}  # every key, also of a meeting with errors
        self.meetings: dict[str, Meeting] = {}
        self.lifecycle = LifecycleEntries()
        self.others = NO_OTHERS
        self.tally = Tally()
        self.diagnostics: list[Diagnostic] = []
        for locator, finding in self.names.duplicates:
            self.place(locator, [finding])
        self.reported: set[tuple[str, Path, Span | None]] = set()
        self.of_several: dict[Diagnostic, list[str]] = {}
        self.without_effect: dict[DefaultPlace, dict[str, UnlocatedDiagnostic]] = {}

    def read_all(self) -> None:
        for file in self.files.values():
            self.read(file)
        if self.other_sources is None:
            for locator, finding in self.names.unused():
                self.place(locator, [finding])
            return
        self.report_used(self.other_sources)
        if self.other_sources.is_same_spec:
            self.read_others(self.other_sources)

    def read(self, file: SpecFile) -> None:
        self.keep(file.locator.syntax_diagnostics())
        self.place(file.locator, file.findings())
        for key in file.raw_meetings:
            first = self.declared.setdefault(key, file)
            if first is not file:
                self.place(file.locator, [_duplicate_key(key, first)])
        for each in file.meetings(self.names, self.tally):
            self.report(file, each.key, (*each.findings, *each.unknown))
            if self.declared[each.key] is file:
                self.add_meeting(file, each.key, each.body, each.findings)
        self.lifecycle += file.lifecycle_entries()

    def read_others(self, sources: OtherSources) -> None:
        """Read the keys and the entries of the files that PATHS leave out."""
        keys: set[str] = set()
        is_complete = not sources.unread
        for file in self.other_files:
            is_complete = is_complete and file.is_readable and file.is_whole and file.document.is_sound
            keys |= file.raw_meetings.keys()
            self.lifecycle += file.lifecycle_entries()
        names = frozenset(source.filename for source in sources.files)
        self.others = OtherFiles(frozenset(keys - self.declared.keys()), names, is_complete)

    def report_used(self, sources: OtherSources) -> None:
        """Report what is wrong with the names that meetings use, in the files that PATHS leave out.

        PATHS that are read instead of those files may declare the same names.
        """
        syntax: dict[Diagnostic, None] = {}  # each once: the text of several names may have one problem
        for first, places in self.names.used_elsewhere():
            is_elsewhere = first is places[0]
            if is_elsewhere:
                locator = first.file.locator
                syntax |= dict.fromkeys(locator.syntax_diagnostics_of(first.section, first.name))
                self.place(locator, first.file.findings_of(first.section, first.name))
            if is_elsewhere or sources.is_same_spec:
                for locator, finding in (duplicate(place, first) for place in places if place is not first):
                    self.place(locator, [finding])
        self.keep(syntax)

    def add_meeting(
        self,
        file: SpecFile,
        key: str,
        body: Mapping[str, Json],
        schema_findings: Sequence[UnlocatedDiagnostic] = (),
    ) -> None:
        """Check a meeting whose `body` lacks the fields with `schema_findings`; keep it if it has none."""
        slots, skip = body.get("timetable"), body.get("skip")
        closures, unknown = self.names.skipped_by(skip) if skip else ((), ())
        times = read_times(body, () if slots else closures)  # those of a room hold for its slots
        attributes = times.attributes
        host, protect = attributes.pop("host", None), attributes.pop("protect", False)
        for name in _NOT_SENT:
            attributes.pop(name, None)
        meeting = Meeting(
            key,
            host or "",
            attributes,
            protect,
            file.document.filename,
            *file.position(key),
            times.dates,
            times.is_repeat,
            file.audience,
        )
        problem = self.hosts.problem(host, self.names, self.tally)
        problem = problem or self.hosts.several(("schedule_for",), attributes.get("schedule_for"), self.names)
        of_slots: tuple[UnlocatedDiagnostic, ...] = ()
        if slots or schema_findings:
            meeting, of_slots = timetable.of(meeting, slots, closures, self.now, schema_findings)
        problems = (*((problem,) if problem else ()), *times.findings, *unknown)
        of_rules = times.without_repeated(rules.check(meeting, times.repeat, times.rule, self.now))
        if problems or of_rules or of_slots:
            findings = (*problems, *timetable.without_start(of_rules, of_slots), *of_slots)
            misfits = (*schema_findings, *file.shared_findings(key))
            if misfits or not self.is_whole:
                findings = independent(findings, misfits, is_whole=self.is_whole)
            own = (each for each in findings if not _is_of_people(each, file, key))
            self.report_rules(file, key, tuple(own))
        if not problem and not schema_findings:
            self.meetings[key] = meeting

    def check_policies(self, checker: PolicyChecker) -> None:
        """Report what the meetings break of the policies."""
        self.diagnostics += check_policies(checker, self.meetings.values(), self.declared, self.tally)

    def check_together(self) -> None:
        """Report the findings that need all files together."""
        for place, findings in self.without_effect.items():
            if not any(self.takes(key, place) for key in self.declared if key not in findings):
                self.report_without_effect(findings)
        for finding in rules.check_all(self.meetings):
            assert finding.key is not None, "a finding about several meetings names one of them"
            self.report_rules(self.declared[finding.key], finding.key, (finding,))
        if all(file.is_readable for file in self.files.values()):  # else a key may be in an unread part
            for entry, finding in self.lifecycle.conflicts({*self.declared, *self.others.keys}):
                if entry.span.filename in self.others.files:
                    continue
                if finding.code in UNDECLARED and not self.others.is_complete:
                    continue  # the key may be in the file that cannot be read
                if self.tally.is_full(finding.code, finding.severity):
                    self.tally.takes(finding.code, finding.severity)
                    continue
                file = self.files[entry.span.filename]
                path = (*file.lifecycle_path(entry), *finding.path)
                self.place(file.locator, [replace(finding, path=path)])

    def report_rules(self, file: SpecFile, key: str, findings: Sequence[UnlocatedDiagnostic]) -> None:
        """Report findings of rules, except those that follow from a default that is reported already.

        A default without effect in one meeting may have one in another: `check_together` reports it.
        """
        own = []
        for finding in findings:
            place = file.default_place(key, finding.path) if finding.code == NO_EFFECT else None
            if place:
                self.without_effect.setdefault(place, {})[key] = finding
            elif finding.path[:1] not in file.bad_fields(key):
                own.append(finding)
        self.report(file, key, own)

    def report_without_effect(self, findings: Mapping[str, UnlocatedDiagnostic]) -> None:
        """Report a value that no meeting can use once; a template's for each meeting, which are named."""
        for key in findings:
            first = next(iter(findings.values()))
            file = self.declared[key]
            self.report(file, key, (first,))
            if not file.is_in_template(key, first.path):
                return

    def takes(self, key: str, place: DefaultPlace) -> bool:
        """Return whether the meeting takes the default at `place`."""
        return self.declared[key].default_place(key, place.path) == place

    def report(self, file: SpecFile, key: str, findings: Sequence[UnlocatedDiagnostic]) -> None:
        """Locate findings about one meeting and keep them, each place once.

        A default, or a value behind an alias, is wrong in every meeting that takes it. Not so what a template
        has, and exceptions in defaults: whether they fit depends on the meeting, so those are named.
        """
        for finding in findings:
            if self.tally.is_full(finding.code, finding.severity):
                self.tally.takes(finding.code, finding.severity, finding.more)
                continue
            diagnostic = file.meeting_diagnostic(key, finding)
            concerns_some = file.is_in_template(key, finding.path) or finding.path[:1] == ("exceptions",)
            if diagnostic.key is None and concerns_some:
                self.of_several.setdefault(diagnostic, []).append(key)
                continue
            place = (finding.code, finding.path, diagnostic.span)
            if place not in self.reported:
                self.reported.add(place)
                self.keep([diagnostic])

    def report_of_several(self) -> None:
        """Report the findings about what only some meetings share, each with the meetings that have it."""
        for diagnostic, keys in self.of_several.items():
            detail = f"{diagnostic.detail} It concerns {in_words(keys, _KEYS_MAX)}.".lstrip()
            self.keep([replace(diagnostic, detail=detail)])

    def place(self, locator: Locator, findings: Iterable[UnlocatedDiagnostic]) -> None:
        """Locate findings, whose paths lead from the file, or count them where there are enough like them."""
        self.diagnostics += (
            locator.diagnostic(each, each.path)
            for each in findings
            if self.tally.takes(each.code, each.severity, each.more)
        )

    def keep(self, found: Iterable[Diagnostic]) -> None:
        """Keep diagnostics, or count them where there are enough like them."""
        self.diagnostics += (each for each in found if self.tally.takes(each.code, each.severity, each.more))

    def spec(self) -> Spec | None:
        """Return the spec; None where there is an error."""
        if self.tally.unread_meetings or any(each.severity is Severity.ERROR for each in self.diagnostics):
            return None
        meetings = MappingProxyType({key: self.meetings[key] for key in sorted(self.meetings)})
        lifecycle = self.lifecycle
        return Spec(meetings, lifecycle.moved, lifecycle.imports, lifecycle.removed, self.others)


def _is_of_people(finding: UnlocatedDiagnostic, file: SpecFile, key: str) -> bool:
    """Return whether the finding is about the host in a list of people, which others share."""
    is_about_hosts = finding.code == NO_EFFECT and finding.path == ("settings", "alternative_hosts")
    return is_about_hosts and file.names_people(key, finding.path)


def _duplicate_key(key: str, first: SpecFile) -> UnlocatedDiagnostic:
    line, _ = first.position(key)
    return UnlocatedDiagnostic(
        ("meetings", key),
        "spec.duplicate-key",
        f"{first.document.filename}:{line} already declares `{key}`.",
        "Rename one of the two. A key is unique across all files.",
        key=key,
        on_key=True,
    )
