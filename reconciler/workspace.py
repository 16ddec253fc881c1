"""Where a verb works: the folder with its settings and specs, the state, the clock, the terminal.

The edge of the program: environment and disk are looked at here and handed on as values.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler import sources, spec, statefile, stores
from reconciler.budget import Allowances, Limits
from reconciler.clock import SystemClock, system_now
from reconciler.errors import Diagnostic, Finding, SettingsError, Severity, SpecError
from reconciler.settings import Settings
from reconciler.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.ports import Clock, Lease, Store
    from reconciler.sandbox import Sandbox
    from reconciler.settings import BudgetSettings, ParsedSettings

STATE_FILE = "reconciler.state.json"
SANDBOX_FOLDER = Path(".reconciler") / "sandbox"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the flags that every verb has say; None: not given."""

    state: str | None = None
    sandbox: bool = False
    sandbox_now: str | None = None
    no_color: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Console:
    """The three streams and what may be done with them."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str] = field(repr=False)

    @property
    def is_ci(self) -> bool:
        """Nobody watches: `CI` says so, or no stream is a terminal."""
        return self.is_runner or not any(stream.isatty() for stream in (self.stdin, self.stdout, self.stderr))

    @property
    def is_runner(self) -> bool:
        """The environment says that this is a job of a CI system."""
        return self.environ.get("CI", "").casefold() in {"true", "1"}

    def colours(self, stream: TextIO, choices: Choices) -> bool:
        """Whether `stream` is a terminal whose reader wants colour. Source: no-color.org."""
        return stream.isatty() and not choices.no_color and not self.environ.get("NO_COLOR")


@dataclass(frozen=True, slots=True)
class Declared:
    """A valid spec, the warnings that it gave, and the place of a finding about one of its meetings."""

    spec: spec.Spec
    warnings: tuple[Diagnostic, ...]
    locate: Callable[[str, Finding], Diagnostic]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found: `parsed.spec` is None where there are errors."""

    parsed: spec.Parsed
    files: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        """Whether the spec cannot be used."""
        return any(found.severity is Severity.ERROR for found in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Held:
    """The state as it was read, its version, and the lock under which it is held."""

    state: State
    version: str | None
    lease: Lease


class Workspace:
    """One verb's surroundings. Everything is opened when it is first asked for."""

    def __init__(self, folder: Path, console: Console, choices: Choices) -> None:
        self.folder = folder
        self.console = console
        self.choices = choices

    @cached_property
    def sandbox(self) -> Sandbox | None:
        """The emulator that takes Zoom's place; None: the real one is meant."""
        if not self.choices.sandbox:
            return None
        from reconciler.sandbox import Sandbox  # noqa: PLC0415 - only where it is asked for

        folder = self.folder / SANDBOX_FOLDER
        return Sandbox.open(folder, now=self.choices.sandbox_now, real_now=system_now)

    @cached_property
    def clock(self) -> Clock:
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

    def findings(self, paths: Sequence[str]) -> Findings:
        """Every finding about the settings and the specs that `paths`, else the settings, name."""
        settings = self._settings.settings or Settings()
        read = sources.read(paths, settings, self.folder)
        parsed = spec.parse(read.files, settings)
        found = (*self._settings.diagnostics, *read.diagnostics, *parsed.diagnostics)
        return Findings(parsed, len(read.files), found)

    def declared(self, paths: Sequence[str]) -> Declared:
        """The valid spec. Raises `SpecError` with every finding."""
        findings = self.findings(paths)
        if findings.has_errors or findings.parsed.spec is None:
            raise SpecError(*findings.diagnostics)
        return Declared(findings.parsed.spec, findings.diagnostics, findings.parsed.locate)

    @cached_property
    def store(self) -> Store:
        """Where the state lives: the flag, the environment, the settings, else a file here."""
        return stores.open_store(self._state_address(), self.folder, self.owner, self.clock)

    def state(self) -> tuple[State, str | None]:
        """The recorded state and its version; an empty one and None where nothing was ever recorded."""
        snapshot = self.store.read()
        if snapshot is None:
            return State(), None
        return statefile.decode(snapshot.document, self.store.location), snapshot.version

    @contextmanager
    def held(self, operation: str, *, timeout_seconds: float = 0.0) -> Iterator[Held]:
        """The state, nobody else's to write meanwhile. Raises `StateLockedError` after `timeout_seconds`."""
        lease = self.store.lock(operation, timeout_seconds=timeout_seconds)
        try:
            yield Held(*self.state(), lease)
        finally:
            lease.release()

    def rewrite(self, operation: str, changed: Callable[[State], State]) -> State:
        """The state after `changed`, written in the place of the one before; what that raises leaves it."""
        with self.held(operation) as held:
            state = changed(held.state).written()
            self.store.write(statefile.encode(state), replaces=held.version)
            return state

    @property
    def owner(self) -> str:
        """Who we are to whoever finds the state locked: user and machine."""
        environ = self.console.environ
        return f"{environ.get('USER') or environ.get('LOGNAME') or 'somebody'}@{os.uname().nodename}"

    @cached_property
    def allowances(self) -> Allowances:
        """What each host may send a day."""
        settings = self.settings
        hosts = {host.casefold(): _limits(settings.limits(host)) for host in settings.hosts or ()}
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


def _limits(budget: BudgetSettings) -> Limits:
    return Limits(budget.daily_limit, budget.reserve)


def _unnamed_state() -> Diagnostic:
    return Diagnostic(
        code="state.unnamed",
        summary="A runner would forget the state",
        detail=f"No state is named, and {STATE_FILE} in this folder is gone when a CI job ends. "
        "Nothing was sent.",
        hint="Name it: `state:` in reconciler.yaml, RECONCILER_STATE, or --state PATH.",
    )
