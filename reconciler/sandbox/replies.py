"""Replies of the emulator: a status, a JSON body, headers; and refusals as exceptions."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Reply(Struct, frozen=True):
    """One reply; `body` is None where it has none."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = {}


NO_OBJECT = Reply(400, {"code": 300, "message": "Request Body should be a valid JSON object."})
"""The reply to a body that is no JSON object."""


class Refused(Exception):  # noqa: N818 - a reply, not an error of this program
    """A request that was not carried out; the client gets `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def refusal(status: int, code: int, message: str, *, headers: Mapping[str, str] = NO_HEADERS) -> Refused:
    """Return the API's usual error: a code and a message."""
    return Refused(Reply(status, {"code": code, "message": message}, headers))


def invalid_parameter(*paths: str) -> Refused:
    """Return code 300 with one entry for each dotted field path, worded as in the API."""
    errors = [{"field": path, "message": f"Invalid parameter: {path.rpartition('.')[2]}."} for path in paths]
    return Refused(Reply(400, {"code": 300, "message": "Validation Failed.", "errors": errors}))


def no_meeting(number: int | str) -> Refused:
    """Return 404/3001: unknown, deleted or expired; the API does not say which."""
    return refusal(404, 3001, f"Meeting does not exist: {number}.")


def no_user(name: str) -> Refused:
    """Return 404/1001: no user of the account has that id or e-mail."""
    return refusal(404, 1001, f"User does not exist: {name}.")
