"""`reconciler.yaml`: where the specs and the state are, and what each host may send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.ports import Json
from reconciler.spec.schema import validator
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Document, Source
from reconciler.spec.yaml.locator import Locator, in_order

FILENAME = "reconciler.yaml"

DAILY_LIMIT = 100
"""Create and update requests per host and UTC day, where nothing else is said."""

RESERVE = 10
"""Of them, those kept for meetings that start within 48 hours."""

PACE = "pro"


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What a host may send. `pace` is `free`, `pro`, `business` or requests a second."""

    daily_limit: int = DAILY_LIMIT
    reserve: int = RESERVE
    pace: str | float = PACE


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What differs for one host; None: as for all."""

    daily_limit: int | None = None
    reserve: int | None = None


def _nothing() -> Mapping[str, Json]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `reconciler.yaml` can say.

    `specs` is empty and `state` None where the file names none. `hosts` is a
    closed list where it is not None. `document` is the file itself, to point into.
    """

    specs: tuple[str, ...] = ()
    state: str | None = None
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    hosts: Mapping[str, HostSettings] | None = None
    defaults: Mapping[str, Json] = field(default_factory=_nothing)
    document: Document | None = field(default=None, repr=False, compare=False)

    def limits(self, host: str) -> BudgetSettings:
        """What `host` may send; its name is compared without regard to case."""
        own = next(
            (own for name, own in (self.hosts or {}).items() if name.casefold() == host.casefold()), None
        )
        if own is None:
            return self.budget
        daily_limit = self.budget.daily_limit if own.daily_limit is None else own.daily_limit
        reserve = self.budget.reserve if own.reserve is None else own.reserve
        return replace(self.budget, daily_limit=daily_limit, reserve=reserve)


@dataclass(frozen=True, slots=True)
class ParsedSettings:
    """The settings, None where there are errors, and what was found."""

    settings: Settings | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(source: Source) -> ParsedSettings:
    """The settings in `source` and every finding about them. Raises nothing."""
    document = documents.parse(source)
    locator = Locator(document)
    if not document.is_sound:
        return ParsedSettings(None, locator.syntax_diagnostics())
    value = {} if document.value is None else document.value  # an empty file sets nothing
    fits = validator.is_valid("reconciler", value)
    findings = tuple(_beyond_schema(value)) if fits else validator.violations("reconciler", value)
    diagnostics = in_order([locator.diagnostic(finding, finding.path) for finding in findings])
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        return ParsedSettings(None, diagnostics)
    return ParsedSettings(_settings(value, document), diagnostics)


def _settings(value: Mapping[str, Json], document: Document) -> Settings:
    hosts = value.get("hosts")
    return Settings(
        specs=tuple(value.get("specs", ())),
        state=value.get("state"),
        budget=BudgetSettings(**value.get("budget", {})),
        hosts=None
        if hosts is None
        else MappingProxyType({h: HostSettings(**own) for h, own in hosts.items()}),
        defaults=MappingProxyType(value.get("defaults", {})),
        document=document,
    )


def _beyond_schema(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    yield from _remote_state(value)
    yield from _twin_hosts(value)
    yield from _reserves(value)


def _remote_state(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    if str(value.get("state", "")).casefold().startswith(("https:", "http:")):
        yield UnlocatedDiagnostic(
            ("state",),
            "settings.state-address",
            "The address gets a password, and who may change this file could send it elsewhere.",
            "Give it by `--state` or in the environment as RECONCILER_STATE.",
        )


def _twin_hosts(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    seen: dict[str, str] = {}
    for host in value.get("hosts", {}):
        first = seen.setdefault(host.casefold(), host)
        if first != host:
            yield UnlocatedDiagnostic(
                ("hosts", host),
                "settings.duplicate-host",
                f"`{host}` and `{first}` are the same host. An e-mail means the same in capital and small letters.",
                "Keep one of the two.",
                on_key=True,
            )


def _reserves(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    budget = value.get("budget", {})
    owners: list[tuple[tuple[str, ...], Mapping[str, int]]] = [(("budget",), budget)]
    owners += [(("hosts", host), own) for host, own in value.get("hosts", {}).items()]
    for path, own in owners:
        daily_limit = own.get("daily_limit", budget.get("daily_limit", DAILY_LIMIT))
        if own.get("reserve", 0) > daily_limit:
            yield UnlocatedDiagnostic(
                (*path, "reserve"),
                "settings.reserve",
                f"The reserve is {own['reserve']} of {daily_limit} requests a day. It is kept for meetings that "
                "start within 48 hours, and nothing would be left for others.",
                f"Write less, such as `reserve: {daily_limit // 10}`.",
            )
