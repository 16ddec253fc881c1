"""Parses files of policies: to whom each policy applies, and the JSON Schema that those meetings must fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.errors.text import repr_without
from reconciler.ports import Json
from reconciler.spec.policies._requirement import Budget, Requirement, read_requirement
from reconciler.spec.schema import validator
from reconciler.spec.tally import Tally, in_order
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.locator import Locator, Path

_FREE_SCHEMA = True  # a schema that everything fits


class Policy(Struct, frozen=True):
    """One policy. `match` has globs by `host`, `key`, `topic` and `file`; all of them must fit.

    `requirement` is the compiled schema. `filename` and `line`, which counts from 1, are its place.
    """

    name: str
    message: str
    severity: Severity
    match: Mapping[str, str]
    requirement: Requirement
    filename: str = ""
    line: int = 0

    def __repr__(self) -> str:
        return repr_without(self, "requirement")


class ParsedPolicies(Struct, frozen=True):
    """The policies without an error, in the order of their files, and all findings."""

    policies: tuple[Policy, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(sources: Sequence[Source]) -> ParsedPolicies:
    """Parse the files of policies. Raises nothing."""
    budget, tally = Budget(), Tally()
    policies: dict[str, Policy] = {}
    found: list[Diagnostic] = []
    for source in sources:
        file = _PolicyFile(source)
        found += file.diagnostics()
        for policy in file.policies(budget):
            if isinstance(policy, Diagnostic):
                found.append(policy)
            elif policies.setdefault(policy.name, policy) is not policy:
                found.append(file.duplicate(policy, policies[policy.name]))
    kept = (each for each in in_order(found) if tally.takes(each.code, each.severity, each.more))
    return ParsedPolicies(tuple(policies.values()), tuple(tally.bounded(kept)))


class _PolicyFile:
    """A file of policies with its findings; it knows no other file."""

    def __init__(self, source: Source) -> None:
        self._document = documents.parse(source)
        self._locator = Locator(self._document)
        self._value: Json = self._document.value
        self._findings = self._shape_findings() if self._document.is_sound else ()

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield the findings about the text, and about everything but the requirements."""
        yield from self._locator.syntax_diagnostics()
        for finding in self._findings:
            yield self._locator.diagnostic(finding, finding.path)

    def policies(self, budget: Budget) -> Iterator[Policy | Diagnostic]:
        """Yield each policy of a sound file, or the findings about its requirement."""
        bad = {finding.path[:2] for finding in self._findings}
        if not self._document.is_sound or ("version",) in bad:
            return
        for name, declared in _mapping(_mapping(self._value).get("policies")).items():
            path: Path = ("policies", name)
            if not isinstance(declared, dict) or "require" not in declared:
                continue  # the finding about its shape says so
            read = read_requirement(self._value, (*path, "require"), budget)
            if isinstance(read, tuple):
                yield from (self._locator.diagnostic(finding, finding.path) for finding in read)
            elif path not in bad:
                yield self._policy(name, declared, read)

    def duplicate(self, second: Policy, first: Policy) -> Diagnostic:
        """Return the finding about a policy whose name an earlier file declares."""
        finding = UnlocatedDiagnostic(
            ("policies", second.name),
            "policy.duplicate-name",
            f"{first.filename}:{first.line} already declares the policy `{second.name}`.",
            "Rename one of the two. The name of a policy is unique across all files.",
            on_key=True,
        )
        return self._locator.diagnostic(finding, finding.path)

    def _policy(self, name: str, declared: Mapping[str, Any], requirement: Requirement) -> Policy:
        return Policy(
            name,
            declared["message"],
            Severity(declared.get("severity", Severity.ERROR)),
            MappingProxyType(declared.get("match", {})),
            requirement,
            self._document.filename,
            self._locator.span(("policies", name), on_key=True).start.line,
        )

    def _shape_findings(self) -> tuple[UnlocatedDiagnostic, ...]:
        if not isinstance(self._value, dict):
            detail = "A file of policies is a mapping with `version` and `policies`."
            hint = "Write `version: 1` and `policies:`, or remove the file."
            return (UnlocatedDiagnostic((), "spec.shape", detail, hint),)
        skeleton = _without_schemas(self._value)
        if validator.is_valid("policies", skeleton):
            return ()
        return validator.violations("policies", skeleton)


def _without_schemas(value: Mapping[str, Json]) -> dict[str, Json]:
    """Return a file with the schemas in it left open: what is wrong with them is reported elsewhere."""
    skeleton = dict(value)
    if isinstance(skeleton.get("definitions"), dict):
        skeleton["definitions"] = {}
    if isinstance(skeleton.get("policies"), dict):
        skeleton["policies"] = dict(map(_without_schema, skeleton["policies"].items()))
    return skeleton


def _without_schema(item: tuple[str, Json]) -> tuple[str, Json]:
    name, declared = item
    if not isinstance(declared, dict) or "require" not in declared:
        return item
    return name, {**declared, "require": _FREE_SCHEMA}


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
