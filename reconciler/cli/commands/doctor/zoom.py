"""Checks of the Zoom account: token, scopes, account id, clock and hosts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.commands.doctor.rules import BASIC, check_rules
from reconciler.cli.connection import check_origin, connect
from reconciler.errors.exceptions import AccessError, GoneError, ReconcilerError, RemoteError
from reconciler.meeting.names import fold_host
from reconciler.state.identity import host_renamed
from reconciler.views import results
from reconciler.views.results import Check, CheckStatus, ok, warn
from reconciler.zoom import skew
from reconciler.zoom.auth import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.cli.workspace import Workspace
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State
    from reconciler.zoom.client import ZoomClient


SKEW_SECONDS = 30.0
"""Seconds between this machine's clock and Zoom's from which doctor warns."""

ACCESS_CODES = frozenset({"zoom.scopes", "zoom.token-refused", "zoom.credentials"})
"""Codes about the credentials, which are the same for every host."""

NAMED_MAX = 5
"""Sound hosts that get a line each; more of them are counted in one line."""


class RequiredScope(Struct, frozen=True):
    """An operation of the program, and the scopes that allow it: the granular one, and the classic ones."""

    purpose: str
    granular: str
    classic: tuple[str, ...]

    def is_met(self, scopes: frozenset[str]) -> bool:
        """Return True where `scopes` has one of them, with or without `:admin`."""
        accepted = (self.granular, *self.classic)
        return not scopes.isdisjoint((*accepted, *(f"{name}:admin" for name in accepted)))


REQUIRED_SCOPES = (
    RequiredScope("create meetings", "meeting:write:meeting", ("meeting:write",)),
    RequiredScope("change meetings", "meeting:update:meeting", ("meeting:write",)),
    RequiredScope("delete meetings", "meeting:delete:meeting", ("meeting:write",)),
    RequiredScope("read meetings", "meeting:read:meeting", ("meeting:read",)),
    RequiredScope("list meetings", "meeting:read:list_meetings", ("meeting:read",)),
    RequiredScope("read users", "user:read:user", ("user:read", "user:write")),
)
"""Source: the `scopes` of each operation in Zoom's API document."""


def check_account(
    workspace: Workspace, paths: tuple[str, ...], state: State, location: str
) -> Iterator[Check]:
    """Run every check that needs Zoom. Raises `SettingsError` where no client can be made.

    `paths` are the files with specs, `location` is the location of `state`.
    """
    remote = connect(workspace, None)
    yield ok("credentials", "the emulator's own" if workspace.sandbox else "they are set")
    yield from asyncio.run(_check(workspace, paths, remote, state, location))


async def _check(
    workspace: Workspace, paths: tuple[str, ...], remote: ZoomClient, state: State, location: str
) -> list[Check]:
    async with remote:
        try:
            await remote.sign_in()
        except RemoteError as error:
            return [results.from_diagnostic("token", error.diagnostic)]
        given = not workspace.sandbox and workspace.console.environ.get(ACCESS_TOKEN)
        checks = [ok("token", f"{ACCESS_TOKEN} is used" if given else "Zoom issued one")]
        checks += _scopes(remote.scopes)
        checks += await _origin(remote, state, location)
        spec = workspace.read_spec(paths).parsed.spec
        checks += await _hosts(remote, state, sorted(_all_hosts(workspace, state, spec), key=str.casefold))
        checks += await check_rules(remote, spec, workspace.console.environ.get) if spec else []
        checks += _clock(workspace)  # last: with a given token, only these answers have a `Date`
        return checks


def _scopes(scopes: frozenset[str] | None) -> Iterator[Check]:
    if scopes is None:
        yield ok("scopes", "the token does not list its scopes; Zoom names a missing one when it is needed")
        return
    missing = [scope for scope in REQUIRED_SCOPES if not scope.is_met(scopes)]
    if not missing:
        yield ok("scopes", "all that are required")
    for scope in missing:
        classic = " or ".join(f"{name}:admin" for name in scope.classic)
        yield Check(
            "scopes",
            CheckStatus.FAIL,
            f"no scope to {scope.purpose}",
            f"Add {scope.granular}:admin (classic: {classic}) under Scopes of the app, then activate it.",
            "zoom.scopes",
        )


async def _origin(remote: ZoomClient, state: State, location: str) -> list[Check]:
    try:
        origin = await remote.origin()
        check_origin(state, origin, location)
    except ReconcilerError as error:
        return [results.from_diagnostic("account", error.diagnostic)]
    return [ok("account", f"{origin}{', as in the state' if state.origin else ''}")]


def _clock(workspace: Workspace) -> Iterator[Check]:
    seconds = workspace.clock.skew_seconds
    if seconds is None:
        yield ok(
            "clock", "the emulator's clock is used" if workspace.sandbox else "no answer of Zoom had a date"
        )
        return
    words = skew.words(seconds)
    summary = f"{words[0].lower()}{words[1:]}"
    if skew.is_beyond(seconds, skew.REFUSED_SECONDS):
        remedy = f"{skew.REMEDY} Until then, apply sends nothing."
        yield Check("clock", CheckStatus.FAIL, summary, remedy)
    elif skew.is_beyond(seconds, SKEW_SECONDS):
        yield warn("clock", summary, skew.REMEDY)
    else:
        yield ok("clock", "this machine's and Zoom's agree")


def _all_hosts(workspace: Workspace, state: State, spec: Spec | None) -> set[str]:
    """Return every host that is declared, recorded or listed in the settings."""
    listed: Iterable[str] = workspace.settings.hosts or ()
    declared = (meeting.host for meeting in spec.meetings.values()) if spec else ()
    recorded = (record.host for record in state.meetings.values())
    return set({fold_host(name): name for name in (*recorded, *listed, *declared)}.values())


async def _hosts(remote: ZoomClient, state: State, hosts: list[str]) -> list[Check]:
    if not hosts:
        return [ok("hosts", "no host is declared yet")]
    checks = await asyncio.gather(*(_host(remote, state, host) for host in hosts))
    sound = [each for each in checks if each.status is CheckStatus.OK]
    problems = [
        each for each in checks if each.status is not CheckStatus.OK and each.code not in ACCESS_CODES
    ]
    denied = [each for each in checks if each.code in ACCESS_CODES][:1]  # the same for every host
    if len(sound) > NAMED_MAX:
        sound = [ok("hosts", f"{len(sound)} exist and are licensed")]
    return [*sound, *problems, *denied]


async def _host(remote: ZoomClient, state: State, host: str) -> Check:
    try:
        user = (await remote.user(host)).body
    except AccessError as error:
        return results.from_diagnostic("hosts", error.diagnostic)
    except RemoteError as error:
        email = await _new_address(remote, state, host) if isinstance(error, GoneError) else ""
        found = host_renamed(host, email) if email else error.diagnostic
        words = f"{host} is {email} in Zoom now" if email else f"{host}: {found.summary}"
        return Check("hosts", CheckStatus.FAIL, words, found.hint, found.code)
    status = user.get("status")
    if status not in {None, "active"}:
        return warn("hosts", f"{host} is {str(status)[:40]}", "Activate the user, or name another host.")
    if user.get("type") == BASIC:
        return warn("hosts", f"{host} has no licence", "Zoom ends a Basic user's meetings early, and refuses "
                    "some settings: give the user a licence, or name another host.")  # fmt: skip
    return ok("hosts", f"{host} exists and is licensed")


async def _new_address(remote: ZoomClient, state: State, host: str) -> str:
    """Return the address that the user whom the state knows as `host` has now; empty if there is none."""
    user_id = state.hosts.get(fold_host(host))
    try:
        email = str((await remote.user(user_id)).body.get("email") or "") if user_id else ""
    except RemoteError:
        return ""
    return "" if fold_host(email) == fold_host(host) else email
