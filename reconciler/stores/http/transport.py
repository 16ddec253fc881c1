"""Sends requests to a server of the Terraform HTTP protocol, such as GitLab, over httpx.

`_protocol` has the requests and `_store` the meaning of the answers. No redirect is followed, since
it would take the credentials along. No connection is kept alive: a write on one that the server has
closed meanwhile would have an unknown outcome.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import TYPE_CHECKING

import httpx

from reconciler import __version__
from reconciler.errors.network import unusable_network_settings
from reconciler.stores import size
from reconciler.stores.errors import unanswered, unreachable
from reconciler.stores.http._deadline import Deadline
from reconciler.stores.http._endpoints import Endpoints
from reconciler.stores.http._errors import ServerResponse
from reconciler.stores.http._protocol import HttpStateProtocol
from reconciler.stores.http._store import HttpStore
from reconciler.urls import bracket_ipv6

if TYPE_CHECKING:
    from reconciler.stores.errors import UnreachableError
    from reconciler.stores.http._endpoints import Endpoint
    from reconciler.stores.options import StoreOptions


CONNECT_SECONDS_MAX = 10.0
"""Longest that opening a connection may take."""

READ_SECONDS_MAX = 30.0
"""Longest silence within a response, or while a document is sent."""

CALL_SECONDS_MAX = 180.0
"""Longest that one request may take, with its response, however steadily a few bytes arrive."""

NEVER_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)
"""Errors of httpx from before the first byte of a request was sent."""


def open_http(address: str, options: StoreOptions) -> HttpStore:
    """Return the store at an https address, or an http one on this machine. Raises `SettingsError`."""
    endpoints = Endpoints.of(address, options.environ)
    transport = HttpTransport(endpoints)
    return HttpStore(HttpStateProtocol(endpoints, transport.send, options.wait), options)


class HttpTransport:
    """An httpx client with time limits and the credentials of one state."""

    def __init__(self, endpoints: Endpoints, call_seconds_max: float = CALL_SECONDS_MAX) -> None:
        self._location = endpoints.location
        self._call_seconds_max = call_seconds_max
        has_credentials = bool(endpoints.username or endpoints.password)
        direct = {f"all://{bracket_ipv6(host)}": None for host in endpoints.loopback_hosts}
        try:
            self._http = httpx.Client(
                auth=httpx.BasicAuth(endpoints.username, endpoints.password) if has_credentials else None,
                headers={"User-Agent": f"reconciler/{__version__}", "Accept": "application/json, */*"},
                timeout=httpx.Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
                limits=httpx.Limits(max_keepalive_connections=0),
                mounts=direct,
                follow_redirects=False,
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise unusable_network_settings(error) from error

    def send(
        self, endpoint: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> ServerResponse:
        """Send one request and return the response, whatever its status.

        Raises `UnreachableError` if nothing was sent, `UnansweredError` if the outcome is unknown.
        """
        url = httpx.URL(endpoint.url)
        deadline = Deadline(self._call_seconds_max)
        try:
            with (
                deadline,
                self._http.stream(
                    endpoint.method,
                    url if lock_id is None else url.copy_add_param("ID", lock_id),
                    content=content,
                    headers=_headers(content),
                    extensions={"trace": deadline.on_event},
                ) as response,
            ):
                return ServerResponse(
                    response.status_code, self._body(response), response.headers.get("location", "")
                )
        except NEVER_SENT as error:
            raise self._unreachable(error) from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            reason = type(error).__name__
            if deadline.is_over:
                reason = f"no whole response within {self._call_seconds_max:.0f} s"
            raise unanswered(f"{self._location}: {reason}.") from error

    def _body(self, response: httpx.Response) -> bytes:
        parts, received = [], 0
        for part in response.iter_bytes():
            parts.append(part)
            received += len(part)
            size.check(received, self._location)
        return b"".join(parts)

    def _unreachable(self, error: Exception) -> UnreachableError:
        is_certificate = "CERTIFICATE_VERIFY_FAILED" in str(error) or isinstance(
            error.__cause__, ssl.SSLError
        )
        return unreachable(
            self._location,
            str(error)[:200] or type(error).__name__,
            hint="Name the file with your authority's certificate in SSL_CERT_FILE."
            if is_certificate
            else "",
        )


def _headers(content: bytes | None) -> dict[str, str]:
    if content is None:
        return {}
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"Content-Type": "application/json", "Content-MD5": base64.b64encode(digest).decode()}
