"""The two addresses of Zoom that secrets are sent to, and the paths below the first one.

The addresses come from the environment only, never from a spec, and are never plain http to another machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.errors.exceptions import NeverSentError, SettingsError
from reconciler.urls import is_loopback, is_well_formed, loopback_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping


API_URL = "https://api.zoom.us/v2"
"""The global API; regional hosts work too. Source: developers.zoom.us/docs/api."""

AUTH_URL = "https://zoom.us/oauth/token"
"""The token endpoint of server-to-server OAuth. Source: developers.zoom.us/docs/internal-apps/s2s-oauth."""

_PLAIN_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


class Addresses(Struct, frozen=True):
    """The API's base address and the token endpoint; https, or http to a loopback address."""

    api_url: str = API_URL
    auth_url: str = AUTH_URL

    def __post_init__(self) -> None:
        force_setattr(self, "api_url", _checked("RECONCILER_API_URL", self.api_url).rstrip("/"))
        force_setattr(self, "auth_url", _checked("RECONCILER_AUTH_URL", self.auth_url))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Addresses:
        """Read RECONCILER_API_URL and RECONCILER_AUTH_URL, or return the defaults. Raises `SettingsError`."""
        return cls(
            api_url=environ.get("RECONCILER_API_URL") or API_URL,
            auth_url=environ.get("RECONCILER_AUTH_URL") or AUTH_URL,
        )

    def origin(self, account_id: str) -> str:
        """Return what a state is bound to: API host and account, as in `api.zoom.us/ACCOUNT_ID`."""
        return f"{urlsplit(self.api_url).netloc.lower()}/{account_id}"

    @property
    def loopback_hosts(self) -> tuple[str, ...]:
        """Hosts that must be reached without a proxy, since requests to them are not encrypted."""
        return loopback_hosts(self.api_url, self.auth_url)


def _checked(name: str, url: str) -> str:
    if not _PLAIN_URL.fullmatch(url) or not is_well_formed(url):
        raise _refused(name, "is not a plain URL of scheme, host, port and path")
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise _refused(name, "is plain http, which would expose the credentials on the way")
    return url


def _refused(name: str, reason: str) -> SettingsError:
    # The address itself is not shown: it may contain a password.
    return SettingsError.of(
        "settings.address",
        detail=f"{name} {reason}. Nothing was sent.",
        hint=f"Unset {name} to reach Zoom, or set it to an https address without a user name "
        "(http only to localhost, 127.0.0.1 or [::1]).",
    )


PAGE_SIZE = 300
"""Meetings on one page; Zoom's maximum."""


def page_query(page_token: str) -> str:
    """Return the query of the page `page_token`; empty for the first page."""
    query = {"type": "scheduled", "page_size": PAGE_SIZE}
    return urlencode({**query, "next_page_token": page_token} if page_token else query)


NO_MAILS = "schedule_for_reminder=false&cancel_meeting_reminder=false"
"""The query of a deletion that sends no mail to anyone."""


def date_query(occurrence_id: str) -> str:
    """Return the query that names one date of a series. Raise `ValueError` for an id that is not digits.

    A request that loses this query changes or deletes the whole series.
    """
    if not (occurrence_id.isascii() and occurrence_id.isdigit()):
        message = f"{occurrence_id[:40]!r} is not the id of an occurrence"
        raise ValueError(message)
    return f"occurrence_id={occurrence_id}"


def path_segment(host: str) -> str:
    """Return the host quoted for a path. Raises `NeverSentError` if it would change the path."""
    if host in {"", ".", ".."}:
        raise NeverSentError.of(
            "zoom.host-name",
            detail=f"`{host}` is neither an e-mail address nor a user id. Nothing was sent.",
            hint="Name the host by e-mail address or user id.",
        )
    return quote(host, safe="")
