"""The state on a server that speaks the Terraform HTTP protocol, such as GitLab: one exchange with it.

What is asked and what an answer means stands in `dialogue` and `terraform`; here is the way there.
No redirect is followed, since credentials go along, and no connection is kept: one that the server
has closed meanwhile would make a write of which nobody could tell whether it happened.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import TYPE_CHECKING

import httpx

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.stores.errors import UnansweredError, UnreachableError
from reconciler.stores.http._endpoints import Endpoints
from reconciler.stores.http._errors import ServerResponse
from reconciler.stores.http._protocol import HttpStateProtocol
from reconciler.stores.http._store import HttpStore
from reconciler.urls import bracket_ipv6

if TYPE_CHECKING:
    from reconciler.ports import Clock
    from reconciler.stores.http._endpoints import Endpoint
    from reconciler.stores.options import StoreOptions


CONNECT_SECONDS_MAX = 10.0
"""Longest that opening a connection may take."""

READ_SECONDS_MAX = 30.0
"""Longest silence in an answer, or while a document is sent."""

ANSWER_SECONDS_MAX = 60.0
"""Longest that a whole answer may take to come in, however it drips."""

NEVER_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)
"""What httpx raises before the first byte of a request leaves."""


def open_http(address: str, surroundings: StoreOptions) -> HttpStore:
    """The store at an https address, or at an http one of this machine. Raises `SettingsError`."""
    endpoints = Endpoints.of(address, surroundings.environ)
    wire = HttpTransport(endpoints, surroundings.clock)
    return HttpStore(HttpStateProtocol(endpoints, wire.exchange, surroundings.wait), surroundings)


class HttpTransport:
    """httpx, bounded in time, with the credentials of one state."""

    def __init__(self, endpoints: Endpoints, clock: Clock) -> None:
        self._location = endpoints.location
        self._clock = clock
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
            raise SettingsError(_unusable(error)) from error

    def exchange(
        self, asked: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> ServerResponse:
        """The server's answer, whatever its status.

        Raises `UnreachableError` where nothing was sent, `UnansweredError` where nobody can tell.
        """
        url = httpx.URL(asked.url)
        try:
            with self._http.stream(
                asked.method,
                url if lock_id is None else url.copy_add_param("ID", lock_id),
                content=content,
                headers=_headers(content),
            ) as response:
                return ServerResponse(
                    response.status_code, self._body(response), response.headers.get("location", "")
                )
        except NEVER_SENT as error:
            raise UnreachableError(_unreachable(self._location, error)) from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise UnansweredError(_unanswered(self._location, type(error).__name__)) from error

    def _body(self, response: httpx.Response) -> bytes:
        until = self._clock.monotonic() + ANSWER_SECONDS_MAX
        parts = []
        for part in response.iter_bytes():
            parts.append(part)
            if self._clock.monotonic() > until:
                raise UnansweredError(_unanswered(self._location, "it took too long"))
        return b"".join(parts)


def _headers(content: bytes | None) -> dict[str, str]:
    if content is None:
        return {}
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"Content-Type": "application/json", "Content-MD5": base64.b64encode(digest).decode()}


def _unreachable(location: str, error: Exception) -> Diagnostic:
    is_certificate = "CERTIFICATE_VERIFY_FAILED" in str(error) or isinstance(error.__cause__, ssl.SSLError)
    return Diagnostic(
        code="state.unreachable",
        detail=f"{location}: {str(error)[:200] or type(error).__name__}. Nothing was sent to it.",
        hint="Name the file with your authority's certificate in SSL_CERT_FILE."
        if is_certificate
        else "See to the address, the network and HTTPS_PROXY, then run the same command again.",
    )


def _unanswered(location: str, why: str) -> Diagnostic:
    return Diagnostic(
        code="state.unanswered",
        detail=f"{location}: {why}.",
        hint="Run the same command again once the server answers.",
    )


def _unusable(error: Exception) -> Diagnostic:
    return Diagnostic(
        code="settings.network",
        detail=f"One of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR "
        f"gave a {type(error).__name__}. Nothing was sent.",
        hint="A proxy is written http://HOST:PORT; the certificate files must exist.",
    )
