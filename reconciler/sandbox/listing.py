"""Lists a host's meetings, page by page, with the few fields that lists show."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox import meetings, occurrences, rendering, times
from reconciler.sandbox.replies import Reply, invalid_parameter, refusal
from reconciler.sandbox.validation import INSTANT, SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.ports import Json
    from reconciler.sandbox.account import StoredMeeting
    from reconciler.sandbox.switches import Switches


PAGE_SIZE = 30
"""Default number of items on a page."""

AGENDA_LENGTH = 250
"""Characters of an agenda in a list."""

_SHOWN = (
    "agenda",
    "created_at",
    "duration",
    "host_id",
    "id",
    "pmi",
    "start_time",
    "timezone",
    "topic",
    "type",
    "uuid",
)
_PAST = frozenset({"previous_meetings"})
_UPCOMING = frozenset({"upcoming", "upcoming_meetings"})
_KINDS = frozenset({"scheduled", "live"}) | _PAST | _UPCOMING


class _Page(Struct, frozen=True):
    host_id: str
    kind: str
    offset: int
    expires_at: datetime


class Pages:
    """The page tokens that were issued; they expire, and are lost with the process."""

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}

    def next(self, host_id: str, kind: str, offset: int, expires_at: datetime) -> str:
        """Return a token for the page at `offset`."""
        token = secrets.token_urlsafe(16)
        self._pages[token] = _Page(host_id, kind, offset, expires_at)
        return token

    def offset(self, token: str, host_id: str, kind: str, now: datetime) -> int:
        """Return the offset of a page. Raises `Refused` for a token that expired or is for another list."""
        page = self._pages.get(token)
        if page is None or (page.host_id, page.kind) != (host_id, kind) or now >= page.expires_at:
            raise refusal(400, 300, "The next page token is either invalid or has expired.")
        return page.offset


def list_page(  # noqa: PLR0913 - a query, a clock, and the meetings
    hosted: Sequence[StoredMeeting],
    host_id: str,
    *,
    query: Mapping[str, str],
    pages: Pages,
    switches: Switches,
    now: datetime,
) -> Reply:
    """Return one page of a host's meetings. Raises `Refused`."""
    if switches.list_forbidden:
        raise refusal(403, 2306, "You cannot see meetings that were scheduled for others.")
    kind = query.get("type", "scheduled")
    if kind not in _KINDS:
        raise invalid_parameter("type")
    items = [item for meeting in hosted for item in _items(meeting, kind, switches, now)]
    if switches.lists_reordered:
        items.reverse()
    return Reply(200, _page("meetings", items, host_id, kind, query, pages, switches, now))


_STATUSES = frozenset({"active", "inactive", "pending"})


def users_page(
    users: Sequence[Mapping[str, Json]],
    *,
    query: Mapping[str, str],
    pages: Pages,
    switches: Switches,
    now: datetime,
) -> Reply:
    """Return one page of the account's users, all of which are active. Raises `Refused`."""
    status = query.get("status", "active")
    if status not in _STATUSES:
        raise invalid_parameter("status")
    listed = users if status == "active" else ()
    return Reply(200, _page("users", listed, "", status, query, pages, switches, now))


def _page(  # noqa: PLR0913, PLR0917 - the items, the list that they belong to, and the query
    name: str,
    items: Sequence[Mapping[str, Json]],
    owner_id: str,
    kind: str,
    query: Mapping[str, str],
    pages: Pages,
    switches: Switches,
    now: datetime,
) -> dict[str, Json]:
    size, number = _size(query, switches), _number(query)
    offset = (number - 1) * size
    if token := query.get("next_page_token"):
        offset = pages.offset(token, owner_id, kind, now)
    end = offset + size
    expires_at = now + timedelta(seconds=switches.page_token_seconds)
    following = pages.next(owner_id, kind, end, expires_at) if end < len(items) else ""
    return {
        "page_count": -(-len(items) // size),
        "page_number": number,
        "page_size": size,
        "total_records": len(items),
        "next_page_token": following,
        name: list(items[offset:end]),
    }


def _size(query: Mapping[str, str], switches: Switches) -> int:
    text = query.get("page_size", str(PAGE_SIZE))
    if not text.isdecimal() or not 1 <= int(text) <= 300:  # noqa: PLR2004 - the API's bound
        raise invalid_parameter("page_size")
    return min(int(text), switches.page_size_max)


def _number(query: Mapping[str, str]) -> int:
    text = query.get("page_number", "1")
    if not text.isdecimal() or int(text) < 1:
        raise invalid_parameter("page_number")
    return int(text)


def _items(meeting: StoredMeeting, kind: str, switches: Switches, now: datetime) -> Iterator[dict[str, Json]]:
    document = meeting.document
    if document["type"] == INSTANT or not _is_of_kind(meeting, kind, switches, now):
        return
    item = {name: document[name] for name in _SHOWN if name in document}
    item["join_url"] = rendering.join_url(meeting, switches)
    if "agenda" in item:
        item["agenda"] = item["agenda"][:AGENDA_LENGTH]
    items = [item]
    if document["type"] == SERIES and switches.list_occurrences:
        items = [
            item | {"start_time": times.text(start)}
            for start in occurrences.upcoming_starts(meeting, switches, now)
        ]
    yield from (rendering.as_replied(each, switches) for each in items)


def _is_of_kind(meeting: StoredMeeting, kind: str, switches: Switches, now: datetime) -> bool:
    expires_at = meetings.expires_at(meeting.document)
    if expires_at is not None and now >= expires_at:
        return False
    if kind == "live":
        return meeting.id in switches.running
    if kind == "scheduled":
        return True
    return _is_over(meeting, switches, now) == (kind in _PAST)


def _is_over(meeting: StoredMeeting, switches: Switches, now: datetime) -> bool:
    document = meeting.document
    if "start_time" not in document:
        return False
    if document["type"] == SERIES:
        return not occurrences.upcoming_starts(meeting, switches, now)
    return times.parsed(document["start_time"]) + timedelta(minutes=document["duration"]) <= now
