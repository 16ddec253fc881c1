"""What may go wrong on the way to an answer, prepared beforehand and met by matching requests.

A fault waits for the n-th request that fits its method and path; then it cuts
the connection, answers something else, or takes its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json


class Cut(ConnectionResetError):  # noqa: N818 - what happens, not whose fault it is
    """The connection is gone and no answer will come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to which request.

    `path` is a pattern with `*`, matched against the whole path, such as
    `/v2/users/*/meetings`. `nth` counts matching requests from 1, `times` is how many
    of them in a row are met (0: all from there on).
    """

    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int = 1

    cut: Literal["", "before", "after"] = ""
    """Cut the connection before the request is carried out, or after it, with the answer lost."""
    delay_before_seconds: float = 0.0
    """Wait, then carry it out, even where the client has gone by then."""
    delay_after_seconds: float = 0.0
    """Carry it out, then wait before the answer."""
    status: int | None = None
    """Answer with this instead."""
    body: str | Mapping[str, Any] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    commit: bool = False
    """Whether the request is carried out although `status` is what the client sees."""
    keep_bytes: int | None = None
    """Send only the beginning of the body, with a Content-Length that agrees."""

    def fits(self, method: str, path: str) -> bool:
        """Whether it is meant for such a request."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The faults that still wait, in the order in which they were added."""

    def __init__(self, *faults: Fault) -> None:
        self._waiting = list(faults)

    def add(self, *faults: Fault) -> None:
        """Have more of them wait."""
        self._waiting.extend(faults)

    def clear(self) -> None:
        """Forget those that still wait."""
        self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not been used up."""
        return tuple(self._waiting)

    def meet(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets; each that fits counts it."""
        met: Fault | None = None
        for place, fault in enumerate(self._waiting):
            if not fault.fits(method, path):
                continue
            if fault.nth > 1:
                self._waiting[place] = replace(fault, nth=fault.nth - 1)
            elif met is None:
                met = fault
                self._waiting[place] = _used(fault)
        self._waiting = [fault for fault in self._waiting if fault.times >= 0]
        return met


def _used(fault: Fault) -> Fault:
    if fault.times == 0:
        return fault
    return replace(fault, times=fault.times - 1 or -1)


def from_json(document: Mapping[str, Json]) -> Fault:
    """A fault from its JSON object. Raises ValueError for a name that is none."""
    if unknown := sorted(set(document) - {each.name for each in fields(Fault)}):
        raise ValueError(f"no such part of a fault: {', '.join(unknown)}")
    return Fault(**document)


CREATE: Mapping[str, Any] = {"method": "POST", "path": "/v2/users/*/meetings"}
UPDATE: Mapping[str, Any] = {"method": "PATCH", "path": "/v2/meetings/*"}
DELETE: Mapping[str, Any] = {"method": "DELETE", "path": "/v2/meetings/*"}
READ: Mapping[str, Any] = {"method": "GET", "path": "/v2/meetings/*"}
LIST: Mapping[str, Any] = {"method": "GET", "path": "/v2/users/*/meetings"}
TOKEN: Mapping[str, Any] = {"method": "POST", "path": "/oauth/token"}


def answer_lost(**match: Any) -> Fault:
    """Carried out, and the connection cut before the answer."""
    return Fault(cut="after", **match)


def never_arrived(**match: Any) -> Fault:
    """The connection cut before anything was done."""
    return Fault(cut="before", **match)


def gateway_page(status: int = 502, *, commit: bool = False, **match: Any) -> Fault:
    """A 5xx with a page for people."""
    page = f"<html><head><title>{status}</title></head><body>Bad Gateway</body></html>"
    return Fault(status=status, body=page, headers={"content-type": "text/html"}, commit=commit, **match)


def truncated(keep_bytes: int = 20, **match: Any) -> Fault:
    """Carried out, and the answer's JSON ends in the middle."""
    return Fault(keep_bytes=keep_bytes, **match)


def redirect(location: str = "https://elsewhere.example/", *, status: int = 302, **match: Any) -> Fault:
    """Sent elsewhere."""
    return Fault(status=status, headers={"location": location}, **match)


def refused_with_200(code: int = 300, message: str = "Invalid field.", **match: Any) -> Fault:
    """A status of success and an error in the body."""
    return Fault(status=200, body={"code": code, "message": message}, **match)


def empty_201(**match: Any) -> Fault:
    """Carried out, and a 201 without a body."""
    return Fault(status=201, commit=True, **match)
