"""Checks meetings against policies: which policies apply, and what a meeting breaks.

Most meetings break none, so all policies that apply to a meeting are one compiled schema.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import translate

from msgspec import Struct

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.text import sentences
from reconciler.meeting.meeting import SERIES, Meeting
from reconciler.meeting.names import fold_host
from reconciler.ports import Json
from reconciler.spec.policies.policies import Policy
from reconciler.spec.schema import validator
from reconciler.spec.schema.validator import Misfit
from reconciler.spec.yaml.locator import Path

FAILED = "policy.failed"
"""The code of a meeting that breaks a policy."""

LITERAL = "(literal)"
"""The passcode that policies see where a meeting has one in its text."""

GATES_MAX = 256
"""Sets of policies that are compiled together; beyond, each policy is checked for itself."""

_Fits = Callable[[Json], bool]
_SHARED, _OWN = ("host", "file"), ("key", "topic")  # many meetings have the same host and file


class Breach(Struct, frozen=True):
    """What one meeting breaks of one policy; the path leads from the meeting, and is empty for itself."""

    policy: Policy
    finding: UnlocatedDiagnostic


class PolicyChecker:
    """Checks meetings against policies. `folder` is the absolute path that names of files start at."""

    def __init__(self, policies: Sequence[Policy], folder: str) -> None:
        self._policies = policies
        self._folder = folder
        self._shared = [_patterns(policy, _SHARED) for policy in policies]
        self._own = [_patterns(policy, _OWN) for policy in policies]
        self._candidates: dict[tuple[str, str], tuple[tuple[int, ...], bool]] = {}
        self._gates: dict[tuple[int, ...], _Fits] = {}

    def breaches(self, meeting: Meeting) -> Iterator[Breach]:
        """Yield what the meeting breaks; nothing, quickly, where it fits every policy."""
        applicable = self._applicable(meeting)
        if not applicable:
            return
        body = visible(meeting)
        if self._gate(applicable)(body):
            return
        for policy in (self._policies[index] for index in applicable):
            if not policy.requirement.compiled.is_valid(body):
                for misfit in policy.requirement.compiled.misfits(body):
                    yield Breach(policy, _finding(policy, misfit))

    def _applicable(self, meeting: Meeting) -> tuple[int, ...]:
        """Return the indices of the policies that apply to the meeting."""
        place = (meeting.host, meeting.filename)
        if place not in self._candidates:
            self._candidates[place] = self._candidates_of(meeting)
        candidates, are_all = self._candidates[place]
        if are_all:
            return candidates
        values = {"key": meeting.key, "topic": meeting.topic}
        return tuple(index for index in candidates if _fit(self._own[index], values))

    def _candidates_of(self, meeting: Meeting) -> tuple[tuple[int, ...], bool]:
        """Return the policies that apply by host and file, and whether no other glob decides."""
        values = {"host": fold_host(meeting.host), "file": self._file(meeting.filename)}
        fitting = tuple(n for n, patterns in enumerate(self._shared) if _fit(patterns, values))
        return fitting, not any(self._own[index] for index in fitting)

    def _file(self, name: str) -> str:
        """Return the name of a file as it is from the working folder: `./a.yaml` is `a.yaml`."""
        path = posixpath.normpath(posixpath.join(self._folder, name))
        return path.removeprefix(f"{self._folder.rstrip('/')}/")

    def _gate(self, applicable: tuple[int, ...]) -> _Fits:
        """Return the check of all these policies at once."""
        gate = self._gates.get(applicable)
        if gate is None:
            requirements = [self._policies[index].requirement for index in applicable]
            if len(requirements) == 1 or len(self._gates) >= GATES_MAX:
                checks = [each.compiled.is_valid for each in requirements]
                return checks[0] if len(checks) == 1 else lambda body: all(check(body) for check in checks)
            together = {"allOf": [each.schema for each in requirements]}
            gate = self._gates[applicable] = validator.compile_schema(together).is_valid
        return gate


def visible(meeting: Meeting) -> dict[str, Json]:
    """Return a meeting as policies see it: the API's body, with what this program has beside it."""
    body = {
        **meeting.attributes,
        "host": meeting.host,
        "protect": meeting.protect,
        "evergreen": _is_evergreen(meeting.attributes),
    }
    if isinstance(body.get("password"), str):
        body["password"] = LITERAL
    closures = dict.fromkeys(name for each in _with_slots(meeting) for name in _closures(each))
    if closures:
        body["skip"] = list(closures)
    if meeting.dates.exceptions:
        body["exceptions"] = dict(meeting.dates.exceptions)
    if meeting.timetable:
        body["timetable"] = {slot.name: _slot(slot.meeting) for slot in meeting.timetable}
    return body


def _with_slots(meeting: Meeting) -> Iterator[Meeting]:
    yield meeting
    for slot in meeting.timetable:
        yield slot.meeting


def _closures(meeting: Meeting) -> Iterator[str]:
    return (closure.name for closure in meeting.dates.closures)


def _slot(meeting: Meeting) -> dict[str, Json]:
    """Return a slot as policies see it: its times in the API's form, and its exceptions."""
    exceptions = dict(meeting.dates.exceptions)
    return {**meeting.attributes, **({"exceptions": exceptions} if exceptions else {})}


def _is_evergreen(attributes: Mapping[str, Json]) -> bool:
    rule = attributes.get("recurrence")
    if rule is None or attributes.get("type") != SERIES:
        return False
    return not rule.get("end_times") and not rule.get("end_date_time")


def _patterns(policy: Policy, fields: Sequence[str]) -> Mapping[str, Callable[[str], object]]:
    return {name: _pattern(name, policy.match[name]) for name in fields if name in policy.match}


def _pattern(name: str, glob: str) -> Callable[[str], object]:
    # The same globs as `--target`; a host is compared as everywhere, without upper and lower case.
    return re.compile(translate(fold_host(glob) if name == "host" else glob)).match


def _fit(patterns: Mapping[str, Callable[[str], object]], values: Mapping[str, str]) -> bool:
    return all(fits(values[name]) for name, fits in patterns.items())


def _finding(policy: Policy, misfit: Misfit) -> UnlocatedDiagnostic:
    detail = sentences(f"Policy `{policy.name}`: {policy.message}".rstrip("."), _fact(misfit))
    return UnlocatedDiagnostic(
        () if misfit.is_missing else _written_at(misfit.path),
        FAILED,
        detail,
        f"{_remedy(misfit)}The policy is at {policy.filename}:{policy.line}.",
        policy.severity,
        on_key=misfit.is_missing or not misfit.path,
        policy=policy.name,
    )


def _written_at(path: Path) -> Path:
    return ("recurrence",) if path == ("evergreen",) else path


def _fact(misfit: Misfit) -> str:
    """Return what the meeting has; empty where only the policy's own message can say it."""
    if not misfit.path:
        return ""
    name = f"`{validator.name_field(misfit.path)}`"
    if misfit.is_missing:
        return f"{name} is missing."
    if misfit.keyword in {"additionalProperties", "falseSchema"}:
        return f"{name} is not allowed."
    must = _MUST.get(misfit.keyword)
    # No secret is in a reference to a passcode: the meeting is valid, so `env` is the name of a variable.
    path = () if misfit.path[:1] == ("password",) and len(misfit.path) > 1 else misfit.path
    has = "" if misfit.value is None else f"{name} is {validator.render(path, misfit.value)}"
    if must is None or misfit.limit is None:
        return f"{has}." if has else f"{name} does not fit."
    return f"{f'{has}, and' if has else name} must {must.format(validator.render((), misfit.limit))}."


_MUST = {
    "const": "be {}",
    "minimum": "be {} or more",
    "maximum": "be {} or less",
    "exclusiveMinimum": "be more than {}",
    "exclusiveMaximum": "be less than {}",
    "minLength": "have {} or more characters",
    "maxLength": "have {} or fewer characters",
    "minItems": "have {} or more entries",
    "maxItems": "have {} or fewer entries",
}


def _remedy(misfit: Misfit) -> str:
    """Return the line to write, where the policy wants one value of a field that a person writes."""
    name = misfit.path[-1] if misfit.path and misfit.path != ("evergreen",) else None
    if misfit.keyword != "const" or not isinstance(misfit.limit, bool | int) or not isinstance(name, str):
        return ""
    return f"Write `{name}: {str(misfit.limit).lower()}`. "
