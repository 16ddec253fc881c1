"""The lists in which one host's meetings can show: its own, and those of whom it schedules for.

Each is read once in a run, or afresh where that is asked. A list that could not be
read whole is never taken for an empty one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import AccessError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.fields import Json
    from reconciler.ports import Body, Remote


class Lists:
    """What was read, by user; a list that failed keeps its error."""

    def __init__(self, remote: Remote, host: str) -> None:
        self._remote = remote
        self._host = host
        self._read: dict[str, tuple[Body, ...] | RemoteError] = {}

    async def read(self, attributes: Iterable[Mapping[str, Json]], *, fresh: bool = False) -> None:
        """Have the host's list, and those of the users that any of `attributes` schedules for.

        Raises `RemoteError` where the host's own cannot be read, `AccessError` where none can.
        """
        if fresh:
            self._read.clear()
        owners = {owner(one, self._host) for one in attributes}
        for user in (self._host, *sorted(owners - {self._host})):
            if user not in self._read:
                self._read[user] = await self._one(user)

    def missing(self, attributes: Mapping[str, Json]) -> RemoteError | None:
        """Why a list in which such a meeting can show is not there; None: all are."""
        found = self._read.get(owner(attributes, self._host))
        return found if isinstance(found, RemoteError) else None

    @property
    def users(self) -> tuple[str, ...]:
        """Whose lists were asked for."""
        return tuple(self._read)

    @property
    def meetings(self) -> tuple[Body, ...]:
        """Every meeting that was read, once per id."""
        whole = (found for found in self._read.values() if not isinstance(found, RemoteError))
        return tuple({one["id"]: one for found in whole for one in found}.values())

    async def _one(self, user: str) -> tuple[Body, ...] | RemoteError:
        try:
            return await self._remote.meetings(user)
        except RemoteError as error:
            if user == self._host or isinstance(error, AccessError):
                raise
            return error


def owner(attributes: Mapping[str, Json], host: str) -> str:
    """The user in whose list such a meeting shows: its host, or whom `schedule_for` names."""
    return str(attributes.get("schedule_for") or host)
