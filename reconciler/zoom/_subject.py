"""Tells what an answer is about: it is believed only if that is what was asked for.

A proxy may send an answer twice, and the second one is then taken for the answer to the next request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.meeting.names import fold_host
from reconciler.zoom._errors import unknown_outcome
from reconciler.zoom._shape import is_meeting_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.errors.exceptions import GoneError
    from reconciler.ports import Body
    from reconciler.zoom._exchange import ApiCall, HttpResponse

_NUMBERS = re.compile(r"(?<![0-9A-Za-z_.-])[0-9]{9,12}(?![0-9A-Za-z_-])")
"""Meeting ids in a message of Zoom's."""


def is_page(body: Body) -> bool:
    """Return whether `body` is a complete page: each meeting has an id, and the next page is named."""
    meetings = body.get("meetings")
    if not isinstance(meetings, list) or not isinstance(body.get("next_page_token", ""), str | None):
        return False
    return all(isinstance(meeting, Mapping) and is_meeting_id(meeting.get("id")) for meeting in meetings)


def names_a_meeting(response: HttpResponse) -> bool:
    """Return whether the answer has the id of a meeting."""
    return is_meeting_id((response.body or {}).get("id"))


def is_user(body: Body, host: str) -> bool:
    """Return whether the user in `body` is the one that `host` names; `me` is anyone."""
    if "@" in host:
        return fold_host(str(body.get("email") or host)) == fold_host(host)
    return host in {"me", body.get("id")}


def check_subject(call: ApiCall, meeting_id: int, response: HttpResponse) -> None:
    """Raise `UnknownOutcomeError` for an answer with a body, unless that is about the meeting."""
    if response.content and (response.body or {}).get("id") != meeting_id:
        raise unknown_outcome(call, f"HTTP {response.status} with a body that belongs to another request")


def check_named(call: ApiCall, meeting_id: int, error: GoneError) -> None:
    """Raise `UnknownOutcomeError` if Zoom's message is about another meeting than `meeting_id`."""
    said = error.diagnostic.detail.removeprefix(f"{call.action}: ")
    numbers = set(_NUMBERS.findall(said))
    if numbers and str(meeting_id) not in numbers:
        raise unknown_outcome(call, "the answer is about another meeting") from error


def is_user_id(value: object) -> bool:
    """Return whether `value` can be the id of a user."""
    return isinstance(value, str) and bool(value)


def body_with_id(call: ApiCall, response: HttpResponse, is_id: Callable[[object], bool]) -> Body:
    """Return the body of an answer that has an id. Raises `UnknownOutcomeError`."""
    if response.body is None or not is_id(response.body.get("id")):
        raise unknown_outcome(call, "the answer has no id", response)
    return response.body
