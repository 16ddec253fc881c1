"""Settings from `reconciler.yaml`: the specs, the state, the defaults, and the limits of each host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler import urls
from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.errors.text import repr_without
from reconciler.meeting.names import fold_host
from reconciler.ports import DAILY_LIMIT, Json
from reconciler.spec.rules.check import check_audience, check_defaults
from reconciler.spec.schema import validator
from reconciler.spec.tally import in_order
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.document import Document, Source
from reconciler.spec.yaml.locator import Locator

FILENAME = "reconciler.yaml"

RESERVE = 10
"""Requests of a host and UTC day that are kept for meetings that start within 48 hours."""

PACE = "pro"


class BudgetSettings(Struct, frozen=True):
    """The limits of a host. `pace` is `free`, `pro`, `business` or the requests a second."""

    daily_limit: int = DAILY_LIMIT
    reserve: int = RESERVE
    pace: str | int = PACE


class Capacity(Struct, frozen=True):
    """How many meetings a host can run at once, and the minutes to keep free between two."""

    meetings: int = 1
    buffer_minutes: int = 0


class HostSettings(Struct, frozen=True):
    """The limits of one host; None where those of all hosts apply. `pool` names hosts that can stand in."""

    daily_limit: int | None = None
    reserve: int | None = None
    capacity: Mapping[str, int] | None = None
    pool: str | None = None


class Settings(Struct, frozen=True):
    """All settings of `reconciler.yaml`.

    `specs` and `policies` are empty and `state` None where the file does not name them. `hosts` is a closed
    list unless it is None. `audience` are zones of people who join. `document` is the file, for the places
    of findings.
    """

    specs: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    state: str | None = None
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    hosts: Mapping[str, HostSettings] | None = None
    defaults: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    capacity: Capacity = Capacity()
    audience: tuple[str, ...] = ()
    document: Document | None = None
    is_known: bool = True
    """False where the file cannot be used: it may have defaults, and name specs, that nobody knows."""

    def __repr__(self) -> str:
        return repr_without(self, "document")

    def limits(self, host: str) -> BudgetSettings:
        """Return the limits of `host`; upper and lower case make no difference in its name."""
        own = next(
            (own for name, own in (self.hosts or {}).items() if fold_host(name) == fold_host(host)), None
        )
        if own is None:
            return self.budget
        daily_limit = self.budget.daily_limit if own.daily_limit is None else own.daily_limit
        reserve = self.budget.reserve if own.reserve is None else own.reserve
        return replace(self.budget, daily_limit=daily_limit, reserve=reserve)

    def capacity_of(self, host: HostSettings) -> Capacity:
        """Return the capacity of a host: its own, over that of all hosts."""
        return replace(self.capacity, **(host.capacity or {}))


class ParsedSettings(Struct, frozen=True):
    """The settings, None where there are errors, and all findings."""

    settings: Settings | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(source: Source) -> ParsedSettings:
    """Parse the settings in `source`. Raises nothing."""
    document = documents.parse(source)
    locator = Locator(document)
    if not document.is_sound:
        return ParsedSettings(None, locator.syntax_diagnostics())
    value = {} if document.value is None else document.value  # an empty file sets nothing
    is_valid = validator.is_valid("reconciler", value)
    findings = tuple(_check(value)) if is_valid else validator.violations("reconciler", value)
    diagnostics = in_order([locator.diagnostic(finding, finding.path) for finding in findings])
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        return ParsedSettings(None, diagnostics)
    return ParsedSettings(_settings(value, document), diagnostics)


def _settings(value: Mapping[str, Json], document: Document) -> Settings:
    hosts = value.get("hosts")
    return Settings(
        specs=tuple(value.get("specs", ())),
        policies=tuple(value.get("policies", ())),
        state=value.get("state"),
        budget=_budget(value.get("budget", {})),
        hosts=None
        if hosts is None
        else MappingProxyType({host: HostSettings(**own) for host, own in hosts.items()}),
        defaults=MappingProxyType(value.get("defaults", {})),
        capacity=Capacity(**value.get("capacity", {})),
        audience=tuple(value.get("audience", ())),
        document=document,
    )


def _budget(value: Mapping[str, Json]) -> BudgetSettings:
    pace = value.get("pace", PACE)  # 25.0 is a whole number in a JSON Schema
    return BudgetSettings(**{**value, "pace": pace if isinstance(pace, str) else int(pace)})


def _check(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings that the schema cannot express."""
    if urls.is_private(str(value.get("state", ""))):
        yield UnlocatedDiagnostic(
            ("state",),
            "settings.state-address",
            "A password is sent to this address, and anybody who can change the file could redirect it.",
            "Give the address with `--state`, or in the environment variable RECONCILER_STATE.",
        )
    yield from check_defaults(value)
    yield from check_audience(value)
    yield from _host_names(value)
    yield from _reserves(value)


def _host_names(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    names: dict[str, str] = {}
    for host in value.get("hosts", {}):
        if not host.isascii():
            detail = f"{host!a} has characters beyond ASCII, which can look like the letters of an address."
            yield UnlocatedDiagnostic(
                ("hosts", host), "settings.bad-key", detail, "Type it again.", on_key=True
            )
        first = names.setdefault(fold_host(host), host)
        if first != host:
            yield UnlocatedDiagnostic(
                ("hosts", host),
                "settings.duplicate-host",
                f"`{host}` and `{first}` are the same host: upper and lower case make no difference.",
                "Keep one of the two.",
                on_key=True,
            )


def _reserves(value: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    budget = value.get("budget", {})
    limits: list[tuple[tuple[str, ...], Mapping[str, int]]] = [(("budget",), budget)]
    limits += [(("hosts", host), own) for host, own in value.get("hosts", {}).items()]
    for path, own in limits:
        daily_limit = own.get("daily_limit", budget.get("daily_limit", DAILY_LIMIT))
        if own.get("reserve", 0) > daily_limit:
            yield UnlocatedDiagnostic(
                (*path, "reserve"),
                "settings.reserve",
                f"The reserve is {own['reserve']} of {daily_limit} requests a day. It is kept for meetings "
                "that start within 48 hours, so nothing would be left for other meetings.",
                f"Write less, such as `reserve: {daily_limit // 10}`.",
            )
