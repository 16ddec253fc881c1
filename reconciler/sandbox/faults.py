"""Faults: prepared failures that matching requests run into.

A fault waits for the n-th request that matches its method and path; then it cuts the connection, replaces
the response, or delays it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json


class Cut(ConnectionResetError):  # noqa: N818 - an event, not an error of this program
    """The connection is cut, and there is no response."""


class Fault(Struct, frozen=True, kw_only=True):
    """One fault, and the requests that it affects.

    `path` is a pattern with `*`, matched with the whole path, such as `/v2/users/*/meetings`. `nth` counts
    matching requests from 1, `times` is the number of them in a row that are affected (0: all from then on).
    """

    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int = 1

    cut: Literal["", "before", "after"] = ""
    """Cut the connection before the request is carried out, or after it, before the response."""
    delay_before_seconds: float = 0.0
    """Wait, then carry it out, even if the client has disconnected by then."""
    delay_after_seconds: float = 0.0
    """Carry it out, then wait before the response."""
    status: int | None = None
    """Respond with this status, `headers` and `body` instead."""
    body: str | Mapping[str, Any] = ""
    headers: Mapping[str, str] = {}
    commit: bool = False
    """Carry the request out although the client gets `status`."""
    previous: bool = False
    """Carry the request out, then send the response to the request before it once more."""
    keep_bytes: int | None = None
    """Send only the beginning of the body, with a matching Content-Length."""

    def matches(self, method: str, path: str) -> bool:
        """Return True where the fault affects such a request."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The waiting faults, in the order in which they were added."""

    def __init__(self, *faults: Fault) -> None:
        self._waiting = list(faults)

    def add(self, *faults: Fault) -> None:
        """Add faults."""
        self._waiting.extend(faults)

    def clear(self) -> None:
        """Remove every waiting fault."""
        self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The faults that are not used up."""
        return tuple(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that affects this request, if any; every matching fault counts the request."""
        taken: Fault | None = None
        for index, fault in enumerate(self._waiting):
            if not fault.matches(method, path):
                continue
            if fault.nth > 1:
                self._waiting[index] = replace(fault, nth=fault.nth - 1)
            elif taken is None:
                taken = fault
                self._waiting[index] = _used(fault)
        self._waiting = [fault for fault in self._waiting if fault.times >= 0]
        return taken


def _used(fault: Fault) -> Fault:
    if fault.times == 0:
        return fault
    return replace(fault, times=fault.times - 1 or -1)


def from_json(document: Mapping[str, Json]) -> Fault:
    """Return a fault from its JSON object. Raises ValueError for an unknown name."""
    if unknown := sorted(set(document) - set(Fault.__struct_fields__)):
        raise ValueError(f"unknown field of a fault: {', '.join(unknown)}")
    return Fault(**document)


CREATE: Mapping[str, Any] = {"method": "POST", "path": "/v2/users/*/meetings"}
UPDATE: Mapping[str, Any] = {"method": "PATCH", "path": "/v2/meetings/*"}
DELETE: Mapping[str, Any] = {"method": "DELETE", "path": "/v2/meetings/*"}
READ: Mapping[str, Any] = {"method": "GET", "path": "/v2/meetings/*"}
LIST: Mapping[str, Any] = {"method": "GET", "path": "/v2/users/*/meetings"}
TOKEN: Mapping[str, Any] = {"method": "POST", "path": "/oauth/token"}


def answer_lost(**match: Any) -> Fault:
    """Carry the request out, then cut the connection before the response."""
    return Fault(cut="after", **match)


def never_arrived(**match: Any) -> Fault:
    """Cut the connection before the request is carried out."""
    return Fault(cut="before", **match)


def gateway_page(status: int = 502, *, commit: bool = False, **match: Any) -> Fault:
    """Respond with a 5xx and an HTML page."""
    page = f"<html><head><title>{status}</title></head><body>Bad Gateway</body></html>"
    return Fault(status=status, body=page, headers={"content-type": "text/html"}, commit=commit, **match)


def truncated(keep_bytes: int = 20, **match: Any) -> Fault:
    """Carry the request out, then send only the beginning of the JSON."""
    return Fault(keep_bytes=keep_bytes, **match)


def redirect(location: str = "https://elsewhere.example/", *, status: int = 302, **match: Any) -> Fault:
    """Respond with a redirect."""
    return Fault(status=status, headers={"location": location}, **match)


def refused_with_200(code: int = 300, message: str = "Invalid field.", **match: Any) -> Fault:
    """Respond with status 200 and an error in the body."""
    return Fault(status=200, body={"code": code, "message": message}, **match)


def previous_answer(**match: Any) -> Fault:
    """Carry the request out, then respond as to the request before it: a proxy sent that response twice."""
    return Fault(previous=True, **match)


def empty_201(**match: Any) -> Fault:
    """Carry the request out, then respond with 201 and no body."""
    return Fault(status=201, commit=True, **match)
