"""The workspace of a command: its folder with settings and specs, the state, the clock, the console.

Environment and disk are read here, at the edge of the program, and handed on as values.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.calendar.kinds import told_once
from reconciler.cli.clock import SystemClock, system_now
from reconciler.cli.sources import sources
from reconciler.errors.diagnostic import Diagnostic, Severity, UnlocatedDiagnostic
from reconciler.errors.exceptions import SettingsError, SpecError, StateError
from reconciler.errors.text import quote
from reconciler.meeting.names import fold_host
from reconciler.meeting.timezones import utc_text
from reconciler.plan.budget import Allowances, Limits
from reconciler.spec import spec
from reconciler.spec.policies import policies
from reconciler.spec.policies.check import PolicyChecker
from reconciler.spec.settings import FILENAME, Settings
from reconciler.state import checks
from reconciler.state import document as state_document
from reconciler.state.history import RunInfo, with_facts
from reconciler.state.state import State
from reconciler.stores.lock import renewing
from reconciler.stores.open import files_of, open_store
from reconciler.stores.options import StoreOptions
from reconciler.zoom.clock import ZoomClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reconciler.cli.clock import Timer
    from reconciler.cli.console import Console, GlobalOptions
    from reconciler.ports import Lease, Snapshot, Store
    from reconciler.sandbox.sandbox import Sandbox
    from reconciler.spec.policies.policies import ParsedPolicies
    from reconciler.spec.settings import BudgetSettings, ParsedSettings
    from reconciler.state.history import Fact


STATE_FILE = "reconciler.state.json"
SANDBOX_FOLDER = Path(".reconciler") / "sandbox"


class LoadedSpec(Struct, frozen=True):
    """A valid spec, the warnings about it, and a function that locates diagnostics of its meetings."""

    spec: spec.Spec
    warnings: tuple[Diagnostic, ...]
    locate: Callable[[str, UnlocatedDiagnostic], Diagnostic]


class ValidationResult(Struct, frozen=True):
    """The result of validation; `parsed.spec` is None where there are errors."""

    parsed: spec.ParseResult
    files: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        """True where the spec cannot be used."""
        return any(each.severity is Severity.ERROR for each in self.diagnostics)


class LockedState(Struct, frozen=True):
    """The state as it was read, its version, and the lock that is held on it."""

    state: State
    version: str | None
    lease: Lease


class Workspace:
    """Everything that a command works with, opened on first use."""

    def __init__(
        self,
        folder: Path,
        console: Console,
        options: GlobalOptions,
        timer: Timer | None = None,
        keep: Callable[[object], None] = lambda _: None,
    ) -> None:
        self.folder = folder
        self.keep = keep
        self._timer = timer
        self.console = console
        self.options = options
        self._visited: set[str] = set()

    def check_sandbox(self) -> None:
        """Raise `SettingsError` for `--sandbox` where the emulator is not installed.

        A plan needs no emulator, but one that no apply can carry out would be misleading.
        """
        if self.options.sandbox:
            from reconciler.sandbox.sandbox import check_installed  # noqa: PLC0415 - only with --sandbox

            check_installed()

    @cached_property
    def sandbox(self) -> Sandbox | None:
        """The emulator in place of Zoom; None without `--sandbox`."""
        if not self.options.sandbox:
            return None
        from reconciler.sandbox.sandbox import Sandbox  # noqa: PLC0415 - only with --sandbox

        folder = self.folder / SANDBOX_FOLDER
        return Sandbox.open(folder, now=self.options.sandbox_now, real_now=system_now)

    @cached_property
    def system_clock(self) -> SystemClock:
        """The clock of this machine, or the emulator's; leases depend on it."""
        if self.sandbox is None:
            return SystemClock(timer=self._timer)
        return SystemClock(self.sandbox.now, self.sandbox.on_wait, self._timer)

    @cached_property
    def clock(self) -> ZoomClock:
        """The clock of this machine, then Zoom's from its first answer with a time on."""
        return ZoomClock(self.system_clock, is_own=self.sandbox is not None)

    @cached_property
    def _settings(self) -> ParsedSettings:
        return sources.read_settings(self.folder)

    @property
    def settings(self) -> Settings:
        """The settings of `reconciler.yaml`. Raises `SettingsError`."""
        if self._settings.settings is None:
            raise SettingsError(*self._settings.diagnostics)
        return self._settings.settings

    def validate(self, paths: Sequence[str]) -> ValidationResult:
        """Check the settings, the policies, and the specs that `paths`, else the settings, name."""
        parsed = self._policies
        checker = PolicyChecker(parsed.policies, str(self.folder.resolve())) if parsed.policies else None
        result = self.read_spec(paths, checker)
        return replace(result, diagnostics=(*parsed.diagnostics, *result.diagnostics))

    def read_spec(self, paths: Sequence[str], checker: PolicyChecker | None = None) -> ValidationResult:
        """Check the settings and the specs; with a `checker`, hold the meetings to its policies."""
        settings = self._settings.settings or Settings(is_known=False)
        where = (self.folder, self.policy_files.visited, self.console.environ)
        read = sources.read_sources(paths, settings, *where)
        others = sources.read_others(read, settings, *where) if paths else None
        self._visited |= read.visited | self.policy_files.visited
        if others:
            self._visited |= {os.path.realpath(self.folder / one.filename) for one in others.files}
        parsed = spec.parse(read.files, settings, others, self.clock.now(), checker)
        self.keep(parsed)
        diagnostics = (*self._settings.diagnostics, *read.diagnostics, *parsed.diagnostics)
        files = {each.filename for each in read.files}
        if parsed.spec is None and others:  # of what it uses, an error may be in a file that PATHS leave out
            named = {each.span.filename for each in parsed.diagnostics if each.span}
            files |= named & {each.filename for each in others.files}
        return ValidationResult(parsed, len(files), diagnostics)

    @cached_property
    def policy_files(self) -> sources.Sources:
        """The files of policies that the settings name; none where the settings cannot be read."""
        settings = self._settings.settings
        environ = self.console.environ
        return sources.read_policies(settings, self.folder, environ) if settings else sources.Sources(())

    @cached_property
    def _policies(self) -> ParsedPolicies:
        parsed = policies.parse(self.policy_files.files)
        return replace(parsed, diagnostics=(*self.policy_files.diagnostics, *parsed.diagnostics))

    def load_spec(self, paths: Sequence[str]) -> LoadedSpec:
        """Return the valid spec, held to the policies. Raises `SpecError` with every diagnostic."""
        return self._loaded(self.validate(paths))

    def load_declared(self, paths: Sequence[str]) -> LoadedSpec:
        """Return the valid spec, not held to the policies. Raises `SpecError` with every diagnostic."""
        return self._loaded(self.read_spec(paths))

    @staticmethod
    def _loaded(result: ValidationResult) -> LoadedSpec:
        if result.has_errors or result.parsed.spec is None:
            raise SpecError(*result.diagnostics)
        warnings = told_once(result.diagnostics, result.parsed.spec.meetings)
        return LoadedSpec(result.parsed.spec, warnings, result.parsed.locate)

    @cached_property
    def store(self) -> Store:
        """The store of the state: from the flag, the environment, the settings, else a file in the folder."""
        return self.store_at(self._state_address())

    def store_at(self, address: str) -> Store:
        """Return the store at `address`. Raises `SettingsError` for an unusable address."""
        options = StoreOptions(
            self.folder,
            who=self.console.who,
            clock=self.system_clock,
            wait=self.system_clock.wait,
            notify=self.print_notice,
            environ=self.console.environ,
            run_url=self.console.run_url,
        )
        return open_store(address, options)

    def print_notice(self, line: str) -> None:
        """Print to stderr why the run waits, or may end early."""
        print(line, file=self.console.stderr, flush=True)

    def read_state(self) -> tuple[State, str | None]:
        """Return the recorded state and its version; an empty one and None before the first write."""
        return self.decode_state(self.store.read())

    def decode_state(self, snapshot: Snapshot | None) -> tuple[State, str | None]:
        """Return the state and the version of what was read from the store, as `read_state` does."""
        if snapshot is None:
            return State(), None
        state = state_document.decode(snapshot.document, self.store.location)
        self.keep(state)
        return state, snapshot.version

    @contextmanager
    def lock(self, operation: str, *, timeout_seconds: float = 0.0) -> Iterator[Lease]:
        """Lock the state, readable or not. Raises `StateLockedError` after `timeout_seconds`."""
        with locked(self, self.store, operation, timeout_seconds) as lease:
            yield lease

    @contextmanager
    def locked_state(self, operation: str, *, timeout_seconds: float = 0.0) -> Iterator[LockedState]:
        """Lock the state and read it. Raises `StateLockedError` after `timeout_seconds`."""
        with self.lock(operation, timeout_seconds=timeout_seconds) as lease:
            yield LockedState(*self.writable_state(lease), lease)

    def update_state(
        self, operation: str, update: Callable[[State], State], fact: Fact, *, timeout_seconds: float = 0.0
    ) -> State:
        """Lock the state and write `update` of it, and a `fact` into its history.

        Where `update` raises, the state stays as it was.
        """
        with self.locked_state(operation, timeout_seconds=timeout_seconds) as before:
            info = run_info(self, operation, before.lease)
            state = with_facts(update(before.state), info, (fact,)).written()
            self.store.write(state_document.encode(state), replaces=before.version, note=operation)
            return state

    def writable_state(self, lease: Lease) -> tuple[State, str | None]:
        """Return the state and its version, in a format that this version writes without loss.

        After a takeover the state is written once more: the former holder can then write nothing,
        since its version of the state is outdated.
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
        note = f"Take over from {lease.taken_from.who}, whose lock expired"
        return state, self.store.write(state_document.encode(state), replaces=snapshot.version, note=note)

    def check_zones(self, state: State) -> None:
        """Raise `StateError` where something is recorded in a time zone that this machine does not know."""
        times = [
            (key, each.attributes) for kept in (state.meetings, state.intents) for key, each in kept.items()
        ]
        times += [(each.key, each.times) for each in state.retired]
        checks.check_zones(times, self.store.location)

    def is_input(self, path: Path) -> bool:
        """Return True for a file that was read as a spec or as settings, and for the files of the state."""
        real = Path(os.path.realpath(path))
        if real.is_relative_to((self.folder / SANDBOX_FOLDER.parent).resolve()):
            return True
        named = (self.folder / FILENAME, *self._state_files())
        inputs = self._visited | {os.path.realpath(each) for each in named}
        return str(real) in inputs or (path.exists() and _has_file(inputs, path))

    def _state_files(self) -> Iterator[Path]:
        """Yield the files of the state; with --sandbox too those that other runs of this folder record in."""
        yield from files_of(self.store_at(STATE_FILE))
        with suppress(SettingsError):  # reported where the state is read
            yield from files_of(self.store_at(self.named_address() or STATE_FILE))

    @cached_property
    def allowances(self) -> Allowances:
        """The daily limit and reserve of each host."""
        settings = self.settings
        hosts = {fold_host(host): _limits(settings.limits(host)) for host in settings.hosts or ()}
        return Allowances(default=_limits(settings.budget), hosts=hosts)

    def named_address(self) -> str | None:
        """Return the address of the state that a flag, the environment or the settings name.

        Raises `SettingsError` where the settings name a file outside of the folder.
        """
        address = self.options.state or self.console.environ.get("RECONCILER_STATE")
        if address or not self.settings.state:
            return address or None
        return self._inside(self.settings.state)

    def _state_address(self) -> str:
        if self.options.sandbox:
            return str(SANDBOX_FOLDER / STATE_FILE)
        address = self.named_address()
        if address is not None:
            return address
        if self.console.is_ci:
            raise SettingsError.of(
                "state.unnamed",
                detail=f"{self._why_unattended()} Nothing was sent.",
                hint="Name it: `state:` in reconciler.yaml, RECONCILER_STATE, or --state PATH_OR_URL; "
                f"`--state {STATE_FILE}` keeps it in this folder.",
            )
        return STATE_FILE

    def _why_unattended(self) -> str:
        if self.console.is_runner:
            return f"`CI` is set, and {STATE_FILE} in this folder is gone when a CI job ends."
        return (
            "No stream is a terminal, as in a container or under cron, "
            f"where {STATE_FILE} in this folder may be gone when the run ends."
        )

    def _inside(self, address: str) -> str:
        """Return the address that the settings name. Raises `SettingsError` if it is outside."""
        path = address.removeprefix("file:")
        is_path = address.isprintable() and ":" not in path
        if is_path and not (self.folder / path).resolve().is_relative_to(self.folder.resolve()):
            raise SettingsError.of(
                "state.bad-address",
                detail=f"reconciler.yaml names {quote(path[:80])}, which is not in the working folder. "
                "Nothing was read or sent.",
                hint="Name a file in the folder, or give this one with --state or RECONCILER_STATE.",
            )
        return address


def run_info(workspace: Workspace, operation: str, lease: Lease) -> RunInfo:
    """Return who runs what under a lock, for the history."""
    console = workspace.console
    at = utc_text(workspace.clock.now().replace(microsecond=0))
    by = console.actor or console.who
    return RunInfo(at, by, operation, console.run_url, console.commit, lock=lease.info.lock_id)


@contextmanager
def locked(workspace: Workspace, store: Store, operation: str, timeout_seconds: float) -> Iterator[Lease]:
    """Lock `store`, renew the lock inside the block, and release it. Raises `StateLockedError`."""
    lease = store.lock(operation, timeout_seconds=timeout_seconds)
    try:
        with renewing(lease, workspace.print_notice):
            yield lease
    finally:
        lease.release()


def check_still_locked(lease: Lease, location: str) -> None:
    """Raise `StateError` where the lock expired while the state was read."""
    if lease.seconds_left():
        return
    raise StateError.of(
        "state.lease-lost",
        detail=f"It was not renewed while {location} was read, so that another run may hold it by now. "
        "Nothing was sent.",
        hint="Run the same command again.",
    )


def _has_file(paths: Iterable[str], path: Path) -> bool:
    """Return True if one of `paths` is another name of the file, as on a disk that ignores case."""
    status = path.stat()
    return any(os.path.samestat(status, Path(each).stat()) for each in paths if Path(each).exists())


def _limits(budget: BudgetSettings) -> Limits:
    return Limits(budget.daily_limit, budget.reserve)
