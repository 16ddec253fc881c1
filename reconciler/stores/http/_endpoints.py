"""Addresses, methods and credentials of a state behind the Terraform HTTP protocol.

Terraform's own variables apply too, but only to the state that they were set for: if
`TF_HTTP_ADDRESS` names another state, its lock is not taken, and its password is not sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import repr_without
from reconciler.urls import is_loopback, is_well_formed, loopback_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping


OURS = "RECONCILER_HTTP_"
TERRAFORMS = "TF_HTTP_"
"""Prefixes of variables; the first wins. Source: developer.hashicorp.com/terraform/language/backend/http."""

MANAGED = "/terraform/state/"
"""Part of the path of a state that GitLab or Gitea manages: POST and DELETE at `/lock` lock and free it.

Source: docs.gitlab.com/user/infrastructure/iac/terraform_state, docs.gitea.com/usage/packages/terraform.
"""

JOB_USER = "gitlab-ci-token"
"""User name of a GitLab CI job; its password is `CI_JOB_TOKEN`.

Source: docs.gitlab.com/ci/jobs/ci_job_token.
"""

_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
_WORD = r"[A-Za-z0-9._~%!$&'()*+,;=:@/-]*"
_URL = re.compile(rf"https?://{_HOST}(/{_WORD})?(\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?")
_METHOD = re.compile(r"[A-Z]{3,20}")


class Endpoint(Struct, frozen=True):
    """Method and address of one kind of request; the query of the address may hold a secret."""

    method: str
    url: str

    def __repr__(self) -> str:
        return repr_without(self, "url")


class Endpoints(Struct, frozen=True):
    """Endpoints of one state, with credentials. `is_managed`: by GitLab, or as GitLab does."""

    location: str
    read: Endpoint
    update: Endpoint
    lock: Endpoint
    unlock: Endpoint
    username: str = ""
    password: str = ""
    is_managed: bool = False

    def __repr__(self) -> str:
        return repr_without(self, "username", "password")

    @classmethod
    def of(cls, address: str, environ: Mapping[str, str]) -> Endpoints:
        """Combine `address` and the environment. Raises `SettingsError`, which shows no address."""
        url = _checked("the state's address", address)
        is_managed = MANAGED in urlsplit(url).path
        settings = _settings(url, environ)
        lock_url = _append_path(url, "/lock") if is_managed else url
        username, password = _credentials(url, environ)
        return cls(
            location=_without_query(url),
            read=Endpoint("GET", url),
            update=_endpoint(settings, "UPDATE", "POST", url),
            lock=_endpoint(settings, "LOCK", "POST" if is_managed else "LOCK", lock_url),
            unlock=_endpoint(settings, "UNLOCK", "DELETE" if is_managed else "UNLOCK", lock_url),
            username=username,
            password=password,
            is_managed=is_managed,
        )

    @property
    def loopback_hosts(self) -> tuple[str, ...]:
        """Hosts that are reached without a proxy, since requests to them are not encrypted."""
        return loopback_hosts(self.read.url, self.lock.url, self.unlock.url)


def _settings(url: str, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return variable and value for each setting such as `LOCK_ADDRESS`."""
    is_terraforms = (environ.get(TERRAFORMS + "ADDRESS") or url) == url
    prefixes = (TERRAFORMS, OURS) if is_terraforms else (OURS,)
    return {
        name.removeprefix(prefix): (name, environ[name])
        for prefix in prefixes
        for name in environ
        if name.startswith(prefix) and environ[name]
    }


def _endpoint(
    settings: Mapping[str, tuple[str, str]], request: str, default_method: str, default_url: str
) -> Endpoint:
    name, method = settings.get(f"{request}_METHOD", ("", default_method))
    if not _METHOD.fullmatch(method):
        raise SettingsError.of(
            "state.http-method",
            detail=f"{name} is not an HTTP method: methods are written in capital letters, such as POST. "
            "Nothing was sent.",
            hint=f"Unset {name}, or set it to the method in the server's documentation.",
        )
    address = None if request == "UPDATE" else settings.get(f"{request}_ADDRESS")
    return Endpoint(method, _checked(*address) if address else default_url)


def _credentials(url: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return user name and password, both from variables of one prefix; empty if none is set."""
    terraforms_url = environ.get(TERRAFORMS + "ADDRESS") or url
    prefixes = (OURS, TERRAFORMS) if _origin(terraforms_url) == _origin(url) else (OURS,)
    for prefix in prefixes:
        credentials = environ.get(prefix + "USERNAME", ""), environ.get(prefix + "PASSWORD", "")
        if any(credentials):
            return credentials
    api_url, token = environ.get("CI_API_V4_URL", ""), environ.get("CI_JOB_TOKEN", "")
    if api_url and token and url.startswith(api_url.rstrip("/") + "/"):
        return JOB_USER, token  # the GitLab of this state gave it to this job
    return "", ""


def _checked(name: str, url: str) -> str:
    if not _URL.fullmatch(url) or not is_well_formed(url):
        raise _refused(name, "is not a plain URL of scheme, host, port, path and query")
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise _refused(name, "is plain http, which would expose the credentials on the way")
    return url


def _origin(url: str) -> tuple[str, str]:
    """Return scheme, host and port; empty for an address that no state can have."""
    if not is_well_formed(url):
        return "", ""
    parts = urlsplit(url)
    return parts.scheme.casefold(), parts.netloc.casefold()


def _append_path(url: str, suffix: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix))


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="")) + ("?..." if parts.query else "")


def _refused(name: str, reason: str) -> SettingsError:
    # The address itself is not shown: it may contain a password.
    return SettingsError.of(
        "state.bad-address",
        detail=f"{name[0].upper()}{name[1:]} {reason}. Nothing was sent.",
        hint="Give an https address without user and password (http only to localhost, 127.0.0.1 or "
        "[::1]). Set RECONCILER_HTTP_USERNAME and RECONCILER_HTTP_PASSWORD for these.",
    )
