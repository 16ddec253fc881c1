"""A page of the list of a host's meetings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from reconciler.ports import Body

PAGE_SIZE = 300
"""Meetings asked for at once; Zoom's most."""


def page_query(page_token: str) -> str:
    """The query that asks for the page `page_token`, empty for the first."""
    query = {"type": "scheduled", "page_size": PAGE_SIZE}
    return urlencode({**query, "next_page_token": page_token} if page_token else query)


def is_page(body: Body) -> bool:
    """It is whole: every meeting in it can be told from others, and it says whether more follow."""
    meetings = body.get("meetings")
    if not isinstance(meetings, list) or not isinstance(body.get("next_page_token", ""), str | None):
        return False
    return all(isinstance(meeting, Mapping) and is_meeting_id(meeting.get("id")) for meeting in meetings)


def is_meeting_id(value: object) -> bool:
    """Whether it is a whole number, above 0, as the state keeps it."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
