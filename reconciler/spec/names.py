"""Names that one file of a spec declares and every file may use: templates, lists of people, closures.

They are unique over all files. A word without `@` among e-mails is the name of such a list, unless it looks
like a user id of Zoom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.text import shorten
from reconciler.meeting.closures import Closure, DayRange
from reconciler.meeting.names import KEY
from reconciler.ports import Json
from reconciler.spec.keys import in_words, readable_key
from reconciler.spec.people.misplaced import SEPARATOR, TAKES_LISTS, misplaced
from reconciler.spec.shorthand import expand
from reconciler.spec.tally import FINDINGS_MAX
from reconciler.spec.yaml.locator import Locator
from reconciler.spec.yaml.writer import flow

TEMPLATES, PEOPLE, CLOSURES = "templates", "people", "closures"
"""The sections of a file that declare names."""

_SHOWN_MAX = 60
_UNREAD_MAX = 3
_CORRECT_FIRST = "Correct that first: a run without PATHS says what is wrong with it."
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOSED_DAY = re.compile(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}")
_USER_ID = re.compile(r"[A-Za-z0-9_-]{20,}")
_ME = "me"  # Zoom's word for the user of the token


Located = tuple[Locator, UnlocatedDiagnostic]
"""A finding with the locator of its file; its path leads from the file."""


class DeclaringFile(Protocol):
    """A file of the spec."""

    value: Mapping[str, Json]
    locator: Locator

    def template(self, name: str) -> Mapping[str, Json]:
        """Return the fields of a template, without those that have a finding."""

    def bad_of_template(self, name: str) -> frozenset[str | int]:
        """Return the fields of a template that have a finding."""

    def people(self, name: str) -> tuple[str, ...]:
        """Return the e-mails of a list of people; none of a list with a finding."""

    def closure(self, name: str) -> tuple[str, ...]:
        """Return the days and ranges of a closure; none of one with a finding."""

    def findings_of(self, section: str, name: str) -> tuple[UnlocatedDiagnostic, ...]:
        """Return the findings about a declared name; paths lead from the file."""

    @property
    def is_read(self) -> bool:
        """True if all of it could be read."""


class Template(Struct, frozen=True):
    """Fields that meetings share: the file and the name, and the fields in the API's form."""

    file: DeclaringFile
    name: str
    body: Mapping[str, Json]


class Place(Struct, frozen=True):
    """Where a name is declared: the section, the name and the file."""

    section: str
    name: str
    file: DeclaringFile


class Names(Struct):
    """The templates, people and closures of all files, and which of them were used so far.

    `duplicates` are the findings about names that two files declare.
    """

    templates: dict[str, Template] = {}
    people: dict[str, tuple[str, ...]] = {}
    closures: dict[str, Closure] = {}
    duplicates: list[Located] = []
    _elsewhere: dict[tuple[str, str], list[Place]] = {}
    """The places of each name in files that PATHS leave out."""
    _unread: dict[str, tuple[str, ...]] = {}
    """The files that may declare more names, by section."""
    _places: dict[tuple[str, str], Place] = {}
    _used: set[tuple[str, str]] = set()
    _hints: dict[str, dict[str, str]] = {}
    """The hints of the first unknown names of each section: more findings of one code are not shown."""

    @classmethod
    def of(
        cls,
        files: Collection[DeclaringFile],
        others: Collection[DeclaringFile] = (),
        unread: Iterable[str] = (),
    ) -> Names:
        """Return the names that the files declare; of a name in two files, the first one counts.

        About `others`, the files that PATHS leave out, only `used_elsewhere` tells. `unread` are the
        names of those that cannot be read.
        """
        names = cls()
        for place in (place for file in files for place in _places_of(file)):
            first = names._places.setdefault((place.section, place.name), place)
            if first is not place:
                names.duplicates.append(duplicate(place, first))
        for place in (place for file in others for place in _places_of(file)):
            names._places.setdefault((place.section, place.name), place)
            names._elsewhere.setdefault((place.section, place.name), []).append(place)
        for section in (TEMPLATES, PEOPLE, CLOSURES):
            # A section of `files` that is no mapping has an error of its own.
            parts = (
                *(file for file in files if not file.is_read),
                *(file for file in others if not _has_all_names(file, section)),
            )
            names._unread[section] = (*unread, *(file.locator.filename for file in parts))
        for (section, name), place in names._places.items():
            if section == PEOPLE:
                names.people[name] = place.file.people(name)
            elif section == CLOSURES:
                names.closures[name] = Closure(name, tuple(map(_day_range, place.file.closure(name))))
            else:
                names.templates[name] = Template(place.file, name, expand(place.file.template(name)))
        return names

    def used_by(self, use: Json) -> tuple[tuple[Template, ...], tuple[UnlocatedDiagnostic, ...]]:
        """Return the templates that a valid `use` names, and a finding for each unknown name."""
        known: list[Template] = []
        findings: list[UnlocatedDiagnostic] = []
        for index, name in enumerate(use if isinstance(use, list) else [use]):
            self._used.add((TEMPLATES, name))
            if name in self.templates:
                known.append(self.templates[name])
            else:
                path = ("use", index) if isinstance(use, list) else ("use",)
                findings.append(self._unknown_template(path, name))
        return tuple(known), tuple(findings)

    def skipped_by(self, skip: Json) -> tuple[tuple[Closure, ...], tuple[UnlocatedDiagnostic, ...]]:
        """Return the closures that a valid `skip` names, and a finding for each unknown name."""
        listed = skip if isinstance(skip, list) else [skip]
        self._used |= {(CLOSURES, name) for name in listed}
        known = tuple(self.closures[name] for name in listed if name in self.closures)
        if len(known) == len(listed):
            return known, ()
        paths = {
            name: ("skip", index) if isinstance(skip, list) else ("skip",)
            for index, name in enumerate(listed)
        }
        return known, tuple(
            self._unknown_closure(path, name) for name, path in paths.items() if name not in self.closures
        )

    def with_people(
        self, body: Mapping[str, Json]
    ) -> tuple[Mapping[str, Json], tuple[UnlocatedDiagnostic, ...]]:
        """Return a body with e-mails for the names of people in it.

        With it comes a finding for each name that is unknown, or in a field that takes no list.
        """
        settings: Mapping[str, Json] = body.get("settings") or {}
        found = misplaced(settings, self.people)
        findings = tuple(finding for name, finding in found if self.list_named(name) is not None)
        written = settings.get(TAKES_LISTS)
        if not written:
            return body, findings
        words = [word.strip() for word in SEPARATOR.split(written)]
        if all(_is_email(word) for word in words):
            return body, findings
        unknown = [word for word in words if not self._is_known(word)]
        findings += tuple(map(self._unknown_people, unknown))
        emails = _each_once(email for word in words for email in self._emails(word))
        return {**body, "settings": {**settings, TAKES_LISTS: ";".join(emails)}}, findings

    def list_named(self, word: str) -> tuple[str, ...] | None:
        """Return the e-mails of the list that is named where a user belongs; None where it is a user."""
        if word == _ME or _is_email(word) or _USER_ID.fullmatch(word) or word not in self.people:
            return None
        self._used.add((PEOPLE, word))
        return self.people[word]

    def _unknown_template(self, path: tuple[str | int, ...], name: str) -> UnlocatedDiagnostic:
        hint = self._hint(TEMPLATES, name, self.templates, _declare_template)
        detail = self._undeclared(TEMPLATES, f"No file declares `{name}` under `{TEMPLATES}`.")
        return UnlocatedDiagnostic(path, "spec.unknown-template", detail, hint)

    def _unknown_closure(self, path: tuple[str | int, ...], name: str) -> UnlocatedDiagnostic:
        hint = self._hint(CLOSURES, name, self.closures, _declare_closure)
        detail = self._undeclared(CLOSURES, f"No file declares `{name}` under `{CLOSURES}`.")
        return UnlocatedDiagnostic(path, "spec.unknown-closure", detail, hint)

    def _unknown_people(self, written: str) -> UnlocatedDiagnostic:
        emails = [word.strip("<>()") for word in written.split() if _is_email(word)]
        if emails:
            return _more_than_an_email(written, emails)
        name = shorten(written, _SHOWN_MAX)
        return UnlocatedDiagnostic(
            ("settings", TAKES_LISTS),
            "spec.unknown-people",
            self._undeclared(PEOPLE, f"`{name}` is no e-mail, and no file declares it under `{PEOPLE}`."),
            suggestion(
                did_you_mean(written.rpartition(".")[2], tuple(self.people)),
                _CORRECT_FIRST if self._unread.get(PEOPLE) else _declare_people(written),
            ),
        )

    def _undeclared(self, section: str, detail: str) -> str:
        """Return why a name is unknown; where files cannot be read, one of them may declare it."""
        unread = self._unread.get(section)
        if not unread:
            return detail
        known = detail.replace("o file declares", "o file that can be read declares", 1)
        return f"{known} What cannot be read may declare it: {in_words(unread, _UNREAD_MAX)}."

    def _hint(self, section: str, name: str, known: Iterable[str], otherwise: Callable[[str], str]) -> str:
        hints = self._hints.setdefault(section, {})
        if name not in hints and len(hints) < FINDINGS_MAX:
            near = did_you_mean(name, tuple(known))
            hints[name] = suggestion(near, _CORRECT_FIRST if self._unread.get(section) else otherwise(name))
        return hints.get(name, "")

    def _is_known(self, word: str) -> bool:
        return _is_email(word) or not word or word in self.people or _USER_ID.fullmatch(word) is not None

    def _emails(self, word: str) -> Sequence[str]:
        if _is_email(word) or word not in self.people:
            return (word,) if word else ()
        self._used.add((PEOPLE, word))
        return self.people[word]

    def used_elsewhere(self) -> Iterator[tuple[Place, tuple[Place, ...]]]:
        """Yield the place that counts of each name in use, and its places in files that PATHS leave out."""
        for key, places in self._elsewhere.items():
            if key in self._used:
                yield self._places[key], tuple(places)

    def unused(self) -> Iterator[Located]:
        """Yield a warning for each name that no meeting uses."""
        for key, place in self._places.items():
            if key not in self._used and KEY.fullmatch(place.name):
                yield _located(
                    place,
                    "spec.unused-name",
                    f"No meeting uses `{place.name}` of `{place.section}`.",
                    "Use it, or remove it.",
                    Severity.WARNING,
                )


def _each_once(words: Iterable[str]) -> list[str]:
    """Return e-mails and user ids without those that come again; the case of an e-mail does not count."""
    firsts: dict[str, str] = {}
    for word in words:
        firsts.setdefault(word.casefold() if _is_email(word) else word, word)
    return list(firsts.values())


def _is_email(word: str) -> bool:
    return word.find("@") > 0 and " " not in word


def _has_all_names(file: DeclaringFile, section: str) -> bool:
    """Return whether every name that a section of a file declares is known."""
    return file.is_read and isinstance(file.value.get(section), dict | None)


def _places_of(file: DeclaringFile) -> Iterator[Place]:
    for section in (TEMPLATES, PEOPLE, CLOSURES):
        declared = file.value.get(section)
        for name in declared if isinstance(declared, dict) else ():
            yield Place(section, name, file)


def duplicate(place: Place, first: Place) -> Located:
    """Return the finding about a name that is declared at `first`, too."""
    span = first.file.locator.span((first.section, first.name), on_key=True)
    detail = f"{span.filename}:{span.start.line} already declares `{place.name}` under `{place.section}`."
    hint = "Rename one of the two. A name is unique across all files."
    return _located(place, "spec.duplicate-name", detail, hint)


def _located(place: Place, code: str, detail: str, hint: str, severity: Severity = Severity.ERROR) -> Located:
    path = (place.section, place.name)
    return place.file.locator, UnlocatedDiagnostic(path, code, detail, hint, severity, on_key=True)


def _declare_template(name: str) -> str:
    declared = flow({TEMPLATES: {name: {"settings": {"waiting_room": True}}}})[1:-1]
    return f"Declare it at the top of a file: `{declared}`."


def _day_range(written: str) -> DayRange:
    first, dots, last = written.partition("..")
    return DayRange(first, last if dots else first)


def _declare_closure(name: str) -> str:
    first, dots, _ = name.partition("..")
    if name.casefold() in ("none", "no", "nothing"):
        return "For none write `skip: []`."
    if _DAY.fullmatch(name):
        return f"For one date of the series write `exceptions: {{{name}: skip}}`."
    if _CLOSED_DAY.fullmatch(first) and (dots or first == name):
        return f"Declare it at the top of a file, `closures: {{closed: [{name}]}}`, and write `skip: closed`."
    return f"Declare it at the top of a file: `closures: {{{name}: [2027-05-17]}}`."


def _declare_people(written: str) -> str:
    name = readable_key(shorten(written, _SHOWN_MAX)) or "leads"
    declared = flow({PEOPLE: {name: ["ada@example.com"]}})[1:-1]
    if name == written:
        return f"Write an e-mail, or declare the list: `{declared}`."
    return f"Write an e-mail, or `{name}` for a list with that name: `{declared}`."


def _more_than_an_email(written: str, emails: Sequence[str]) -> UnlocatedDiagnostic:
    fact = f"`{shorten(written, _SHOWN_MAX)}` is no e-mail"
    if len(emails) == 1:
        detail, hint = f"{fact}: it has more than the address.", f"Write `{emails[0]}`."
    else:
        detail = f"{fact}: something has to be between two of them."
        hint = f"Write a list: `{TAKES_LISTS}: [{', '.join(emails)}]`."
    return UnlocatedDiagnostic(("settings", TAKES_LISTS), "spec.unknown-people", detail, hint)
