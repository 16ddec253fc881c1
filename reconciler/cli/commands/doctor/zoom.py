"""Whether Zoom lets us in, with which scopes, by which clock, and whether it knows the hosts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.cli.connection import check_origin, connect
from reconciler.errors.exceptions import AccessError, ReconcilerError, RemoteError
from reconciler.meeting.names import fold_host
from reconciler.views import results
from reconciler.views.results import Check, CheckStatus, ok, warn
from reconciler.zoom.auth import ACCESS_TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.cli.workspace import Workspace
    from reconciler.state.state import State
    from reconciler.zoom.client import ZoomClient


SKEW_SECONDS = 30.0
"""How far apart our clock and Zoom's may be before it is worth a word."""

SKEW_SECONDS_MAX = 300.0
"""How far apart they may be before a lost create can no longer be looked up surely."""

BASIC = 1
"""Zoom's number for a user without a licence."""

LET_NOBODY_IN = frozenset({"zoom.scopes", "zoom.token-refused", "zoom.credentials"})
"""What Zoom says of the credentials, whatever host is asked for."""

NAMED_MAX = 5
"""Hosts that have a line each; of more, only those have one with which something is wrong."""


@dataclass(frozen=True, slots=True)
class RequiredScope:
    """What we do, and the scopes that allow it: Zoom's newer name, and the classic ones."""

    what: str
    granular: str
    classic: tuple[str, ...]

    def is_met(self, scopes: frozenset[str]) -> bool:
        """Whether one of them is there; each is as good with `:admin` behind it."""
        accepted = (self.granular, *self.classic)
        return not scopes.isdisjoint((*accepted, *(f"{name}:admin" for name in accepted)))


NEEDS = (
    RequiredScope("create meetings", "meeting:write:meeting", ("meeting:write",)),
    RequiredScope("change meetings", "meeting:update:meeting", ("meeting:write",)),
    RequiredScope("end meetings", "meeting:delete:meeting", ("meeting:write",)),
    RequiredScope("read meetings", "meeting:read:meeting", ("meeting:read",)),
    RequiredScope("list meetings", "meeting:read:list_meetings", ("meeting:read",)),
    RequiredScope("read users", "user:read:user", ("user:read", "user:write")),
)
"""Source: the `scopes` of each operation in Zoom's API document."""


def check_account(workspace: Workspace, state: State, location: str) -> Iterator[Check]:
    """Every check that asks Zoom. Raises `SettingsError` where it cannot even be asked.

    `location` is where `state` lives.
    """
    remote = connect(workspace, None)
    yield ok("credentials", "the emulator's own" if workspace.sandbox else "they are set")
    yield from asyncio.run(_look(workspace, remote, state, location))


async def _look(workspace: Workspace, remote: ZoomClient, state: State, location: str) -> list[Check]:
    async with remote:
        try:
            await remote.sign_in()
        except RemoteError as error:
            return [results.from_diagnostic("token", error.diagnostic)]
        given = not workspace.sandbox and workspace.console.environ.get(ACCESS_TOKEN)
        found = [ok("token", f"{ACCESS_TOKEN} is used" if given else "Zoom gave one")]
        found += _scopes(remote.told.scopes)
        found += await _origin(remote, state, location)
        found += await _hosts(remote, sorted(_named(workspace, state), key=str.casefold))
        found += _clock(workspace, remote)  # last: with a token that was given, only answers tell the time
        return found


def _scopes(scopes: frozenset[str] | None) -> Iterator[Check]:
    if scopes is None:
        yield ok("scopes", "the token does not tell; Zoom names one that is missing when it is needed")
        return
    missing = [need for need in NEEDS if not need.is_met(scopes)]
    if not missing:
        yield ok("scopes", "all that are needed")
    for need in missing:
        classic = " or ".join(f"{name}:admin" for name in need.classic)
        yield Check(
            "scopes",
            CheckStatus.FAIL,
            f"none that lets us {need.what}",
            f"Add {need.granular}:admin (classic: {classic}) under Scopes of the app, and activate it again.",
            "zoom.scopes",
        )


async def _origin(remote: ZoomClient, state: State, location: str) -> list[Check]:
    try:
        origin = await remote.origin()
        check_origin(state, origin, location)
    except ReconcilerError as error:
        return [results.from_diagnostic("account", error.diagnostic)]
    return [ok("account", f"{origin}{', as in the state' if state.origin else ''}")]


def _clock(workspace: Workspace, remote: ZoomClient) -> Iterator[Check]:
    server_at = remote.told.server_at
    if server_at is None:
        yield ok("clock", "it is the emulator's" if workspace.sandbox else "no answer told Zoom's")
        return
    ahead = (workspace.clock.now() - server_at).total_seconds()
    told = f"ours is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Zoom's"
    remedy = "Set this machine's clock, and have it kept right (NTP): days and leases are judged by it."
    if abs(ahead) > SKEW_SECONDS_MAX:
        yield Check("clock", CheckStatus.FAIL, told, remedy)
    elif abs(ahead) > SKEW_SECONDS:
        yield warn("clock", told, remedy)
    else:
        yield ok("clock", "ours and Zoom's agree")


def _named(workspace: Workspace, state: State) -> set[str]:
    """Every host that is declared, or recorded, or listed in the settings."""
    spec = workspace.findings(()).parsed.spec
    listed: Iterable[str] = workspace.settings.hosts or ()
    declared = (meeting.host for meeting in spec.meetings.values()) if spec else ()
    recorded = (record.host for record in state.meetings.values())
    return set({fold_host(name): name for name in (*recorded, *listed, *declared)}.values())


async def _hosts(remote: ZoomClient, hosts: list[str]) -> list[Check]:
    if not hosts:
        return [ok("hosts", "none is declared yet")]
    seen = await asyncio.gather(*(_host(remote, host) for host in hosts))
    refused = [each for each in seen if each.code in LET_NOBODY_IN][:1]  # the same for every host
    found = [*(each for each in seen if each.code not in LET_NOBODY_IN), *refused]
    sound = [each for each in found if each.status is CheckStatus.OK]
    others = [each for each in found if each.status is not CheckStatus.OK]
    if len(sound) > NAMED_MAX:
        sound = [ok("hosts", f"{len(sound)} exist and are licensed")]
    return [*sound, *others]


async def _host(remote: ZoomClient, host: str) -> Check:
    try:
        user = (await remote.user(host)).body
    except AccessError as error:
        return results.from_diagnostic("hosts", error.diagnostic)
    except RemoteError as error:
        return Check(
            "hosts",
            CheckStatus.FAIL,
            f"{host}: {error.diagnostic.summary}",
            error.diagnostic.hint,
            error.diagnostic.code,
        )
    status = user.get("status")
    if status not in {None, "active"}:
        return warn(
            "hosts", f"{host} is {str(status)[:40]}", "Have the user activated, or name another host."
        )
    if user.get("type") == BASIC:
        return warn("hosts", f"{host} has no licence", "Zoom ends a Basic user's meetings early, and refuses "
                    "some settings: give the user a licence, or name another host.")  # fmt: skip
    return ok("hosts", f"{host} exists and is licensed")
