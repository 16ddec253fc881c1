"""Where a verb works: the folder with its settings and specs, the state, the clock, the terminal.

The edge of the program: environment and disk are looked at here and handed on as values.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import sources
from reconciler.cli.clock import SystemClock, system_now
from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.errors.exceptions import SettingsError, SpecError, StateError
from reconciler.meeting.names import fold_host
from reconciler.plan.budget import Allowances, Limits
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.state import checks
from reconciler.state import document as state_document
from reconciler.state.state import State
from reconciler.stores.lock import renewing
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.console import Console, GlobalOptions
    from reconciler.ports import Lease, Snapshot, Store
    from reconciler.sandbox.sandbox import Sandbox
    from reconciler.spec.settings import BudgetSettings, ParsedSettings


STATE_FILE = "reconciler.state.json"
SANDBOX_FOLDER = Path(".reconciler") / "sandbox"


@dataclass(frozen=True, slots=True)
class LoadedSpec:
    """A valid spec, the warnings that it gave, and the place of a finding about one of its meetings."""

    spec: spec.Spec
    warnings: tuple[Diagnostic, ...]
    locate: Callable[[str, UnlocatedDiagnostic], Diagnostic]


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """All that was found: `parsed.spec` is None where there are errors."""

    parsed: spec.ParseResult
    files: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        """Whether the spec cannot be used."""
        return any(found.severity is Severity.ERROR for found in self.diagnostics)


@dataclass(frozen=True, slots=True)
class LockedState:
    """The state as it was read, its version, and the lock under which it is held."""

    state: State
    version: str | None
    lease: Lease


class Workspace:
    """One verb's surroundings. Everything is opened when it is first asked for."""

    def __init__(self, folder: Path, console: Console, choices: GlobalOptions) -> None:
        self.folder = folder
        self.console = console
        self.choices = choices

    @cached_property
    def sandbox(self) -> Sandbox | None:
        """The emulator that takes Zoom's place; None: the real one is meant."""
        if not self.choices.sandbox:
            return None
        from reconciler.sandbox.sandbox import Sandbox  # noqa: PLC0415 - only where it is asked for

        folder = self.folder / SANDBOX_FOLDER
        return Sandbox.open(folder, now=self.choices.sandbox_now, real_now=system_now)

    @cached_property
    def clock(self) -> SystemClock:
        """The machine's clock, or the emulator's."""
        return SystemClock(self.sandbox.now, self.sandbox.wait) if self.sandbox else SystemClock()

    @cached_property
    def _settings(self) -> ParsedSettings:
        return sources.read_settings(self.folder)

    @property
    def settings(self) -> Settings:
        """What `reconciler.yaml` says. Raises `SettingsError`."""
        if self._settings.settings is None:
            raise SettingsError(*self._settings.diagnostics)
        return self._settings.settings

    def findings(self, paths: Sequence[str]) -> ValidationResult:
        """Every finding about the settings and the specs that `paths`, else the settings, name."""
        settings = self._settings.settings or Settings()
        read = sources.read_sources(paths, settings, self.folder)
        parsed = spec.parse(read.files, settings)
        found = (*self._settings.diagnostics, *read.diagnostics, *parsed.diagnostics)
        return ValidationResult(parsed, len(read.files), found)

    def declared(self, paths: Sequence[str]) -> LoadedSpec:
        """The valid spec. Raises `SpecError` with every finding."""
        findings = self.findings(paths)
        if findings.has_errors or findings.parsed.spec is None:
            raise SpecError(*findings.diagnostics)
        return LoadedSpec(findings.parsed.spec, findings.diagnostics, findings.parsed.locate)

    @cached_property
    def store(self) -> Store:
        """Where the state lives: the flag, the environment, the settings, else a file here."""
        return self.store_at(self._state_address())

    def store_at(self, address: str) -> Store:
        """A store anywhere. Raises `SettingsError` for an address that cannot be one."""
        surroundings = StoreOptions(
            self.folder,
            who=self.console.who,
            clock=self.clock,
            wait=self.clock.wait,
            notify=self.tell,
            environ=self.console.environ,
            run_url=self.console.run_url,
        )
        return open_store(address, surroundings)

    def tell(self, line: str) -> None:
        """Say on stderr why nothing seems to happen, or what may end the run."""
        print(line, file=self.console.stderr, flush=True)

    def state(self) -> tuple[State, str | None]:
        """The recorded state and its version; an empty one and None where nothing was ever recorded."""
        return self.decoded(self.store.read())

    def decoded(self, snapshot: Snapshot | None) -> tuple[State, str | None]:
        """The state in what was read of the store, and its version, as `state` gives them."""
        if snapshot is None:
            return State(), None
        return state_document.decode(snapshot.document, self.store.location), snapshot.version

    @contextmanager
    def locked(self, operation: str, *, timeout_seconds: float = 0.0) -> Iterator[Lease]:
        """The lock on the state, be it readable or not. Raises `StateLockedError` after `timeout_seconds`."""
        lease = self.store.lock(operation, timeout_seconds=timeout_seconds)
        try:
            with renewing(lease, self.tell):
                yield lease
        finally:
            lease.release()

    @contextmanager
    def held(self, operation: str, *, timeout_seconds: float = 0.0) -> Iterator[LockedState]:
        """The state, nobody else's to write meanwhile. Raises `StateLockedError` after `timeout_seconds`."""
        with self.locked(operation, timeout_seconds=timeout_seconds) as lease:
            yield LockedState(*self.to_write(lease), lease)

    def rewrite(
        self, operation: str, changed: Callable[[State], State], *, timeout_seconds: float = 0.0
    ) -> State:
        """The state after `changed`, written in the place of the one before; what that raises leaves it."""
        with self.held(operation, timeout_seconds=timeout_seconds) as held:
            state = changed(held.state).written()
            self.store.write(state_document.encode(state), replaces=held.version, note=operation)
            return state

    def to_write(self, lease: Lease) -> tuple[State, str | None]:
        """The state and its version, of a format that we can write without loss.

        After a takeover it is written once more: whoever held it before can write nothing any more,
        since a version counts only where it was read while the lock was still held.
        """
        snapshot = self.store.read()
        check_still_locked(lease, self.store.location)
        if snapshot is None:
            return State(), None
        state = state_document.decode(snapshot.document, self.store.location)
        state_document.check_writable(snapshot.document, self.store.location)
        if lease.taken_from is None:
            return state, snapshot.version
        state = state.written()
        note = f"Take over from {lease.taken_from.who}, whose lock ran out"
        return state, self.store.write(state_document.encode(state), replaces=snapshot.version, note=note)

    def check_zones(self, state: State) -> None:
        """Raise `StateError` where something is recorded in a zone that cannot be reckoned with here."""
        times = [
            (key, each.attributes) for kept in (state.meetings, state.intents) for key, each in kept.items()
        ]
        times += [(each.key, each.times) for each in state.retired]
        checks.check_zones(times, self.store.location)

    @cached_property
    def allowances(self) -> Allowances:
        """What each host may send a day."""
        settings = self.settings
        hosts = {fold_host(host): _limits(settings.limits(host)) for host in settings.hosts or ()}
        return Allowances(default=_limits(settings.budget), hosts=hosts)

    def _state_address(self) -> str:
        named = self.choices.state or self.console.environ.get("RECONCILER_STATE")
        if self.choices.sandbox:
            return str(SANDBOX_FOLDER / STATE_FILE)
        named = named or self.settings.state
        if named:
            return named
        if self.console.is_ci:
            raise SettingsError(_unnamed_state())
        return STATE_FILE


def check_still_locked(lease: Lease, location: str) -> None:
    """Raise `StateError` where what was read a moment ago may have been read after the lock ran out."""
    if lease.seconds_left():
        return
    raise StateError.of(
        "state.lease-lost",
        detail=f"It was not renewed while {location} was read, so that another run may hold it by now. "
        "Nothing was sent.",
        hint="Run the same command again.",
    )


def _limits(budget: BudgetSettings) -> Limits:
    return Limits(budget.daily_limit, budget.reserve)


def _unnamed_state() -> Diagnostic:
    return Diagnostic(
        code="state.unnamed",
        detail=f"No state is named, and {STATE_FILE} in this folder is gone when a CI job ends. "
        "Nothing was sent.",
        hint="Name it: `state:` in reconciler.yaml, RECONCILER_STATE, or --state PATH_OR_URL.",
    )
