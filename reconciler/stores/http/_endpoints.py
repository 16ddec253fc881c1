"""Where a state of the Terraform HTTP protocol is: addresses, methods and credentials.

Terraform's own variables are understood. They count for the state that they were set for: where
`TF_HTTP_ADDRESS` names another one, its lock is not ours to take, and its password not ours to send.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import SettingsError
from reconciler.urls import has_port_in_range, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping


OURS = "RECONCILER_HTTP_"
TERRAFORMS = "TF_HTTP_"
"""How variables begin; ours win. Source: developer.hashicorp.com/terraform/language/backend/http."""

MANAGED = "/terraform/state/"
"""In the path of a state that GitLab or Gitea manages: it is locked by POST and freed by DELETE at `/lock`.

Source: docs.gitlab.com/user/infrastructure/iac/terraform_state, docs.gitea.com/usage/packages/terraform.
"""

JOB_USER = "gitlab-ci-token"
"""Who a job of GitLab CI is, with `CI_JOB_TOKEN` as its password.

Source: docs.gitlab.com/ci/jobs/ci_job_token.
"""

_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?"
_WORD = r"[A-Za-z0-9._~%!$&'()*+,;=:@/-]*"
_URL = re.compile(rf"https?://{_HOST}(/{_WORD})?(\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?")
_METHOD = re.compile(r"[A-Z]{3,20}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked; the query of the address may hold a secret."""

    method: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """All that can be asked, and who asks. `is_managed`: by GitLab, or as GitLab does."""

    location: str
    read: Endpoint
    update: Endpoint
    lock: Endpoint
    unlock: Endpoint
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    is_managed: bool = False

    @classmethod
    def of(cls, address: str, environ: Mapping[str, str]) -> Endpoints:
        """What `address` and the environment say. Raises `SettingsError`, which shows no address."""
        url = _checked("the state's address", address)
        is_managed = MANAGED in urlsplit(url).path
        said = _said(url, environ)
        lock_url = _below(url, "/lock") if is_managed else url
        username, password = _credentials(url, environ)
        return cls(
            location=_shown(url),
            read=Endpoint("GET", url),
            update=_endpoint(said, "UPDATE", "POST", url),
            lock=_endpoint(said, "LOCK", "POST" if is_managed else "LOCK", lock_url),
            unlock=_endpoint(said, "UNLOCK", "DELETE" if is_managed else "UNLOCK", lock_url),
            username=username,
            password=password,
            is_managed=is_managed,
        )

    @property
    def loopback_hosts(self) -> tuple[str, ...]:
        """Hosts that are reached without a proxy: what is sent to them is not encrypted."""
        hosts = (urlsplit(each.url).hostname or "" for each in (self.read, self.lock, self.unlock))
        return tuple(sorted({host for host in hosts if is_loopback(host)}))


def _said(url: str, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What is said of addresses and methods: by `LOCK_ADDRESS` and the like, the variable and its value."""
    terraforms = (environ.get(TERRAFORMS + "ADDRESS") or url) == url
    beginnings = (TERRAFORMS, OURS) if terraforms else (OURS,)
    return {
        name.removeprefix(beginning): (name, environ[name])
        for beginning in beginnings
        for name in environ
        if name.startswith(beginning) and environ[name]
    }


def _endpoint(said: Mapping[str, tuple[str, str]], what: str, method: str, url: str) -> Endpoint:
    name, asked = said.get(f"{what}_METHOD", ("", method))
    if not _METHOD.fullmatch(asked):
        raise SettingsError(_no_method(name))
    named = None if what == "UPDATE" else said.get(f"{what}_ADDRESS")
    return Endpoint(asked, _checked(*named) if named else url)


def _credentials(url: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """User name and password, both of one kind of variable; empty where none is given."""
    terraforms_url = environ.get(TERRAFORMS + "ADDRESS") or url
    beginnings = (OURS, TERRAFORMS) if _origin(terraforms_url) == _origin(url) else (OURS,)
    for beginning in beginnings:
        found = environ.get(beginning + "USERNAME", ""), environ.get(beginning + "PASSWORD", "")
        if any(found):
            return found
    api_url, token = environ.get("CI_API_V4_URL", ""), environ.get("CI_JOB_TOKEN", "")
    if api_url and token and url.startswith(api_url.rstrip("/") + "/"):
        return JOB_USER, token  # this very GitLab gave it to this very job
    return "", ""


def _checked(name: str, url: str) -> str:
    if not _URL.fullmatch(url) or not has_port_in_range(url):
        raise _refused(name, "It is not a plain URL of scheme, host, port, path and query.")
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise _refused(name, "Plain http would show the credentials to everybody on the way.")
    return url


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.casefold(), parts.netloc.casefold()


def _below(url: str, ending: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending))


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="")) + ("?..." if parts.query else "")


def _refused(name: str, why: str) -> SettingsError:
    # The address itself is not shown: somebody may have written a password into it.
    return SettingsError(
        Diagnostic(
            code="state.bad-address",
            detail=f"{name[0].upper()}{name[1:]} cannot be used. {why} Nothing was sent.",
            hint="Give an https address without user and password (http only to localhost, 127.0.0.1 or "
            "[::1]); these are given as RECONCILER_HTTP_USERNAME and RECONCILER_HTTP_PASSWORD.",
        )
    )


def _no_method(name: str) -> Diagnostic:
    return Diagnostic(
        code="state.http-method",
        detail=f"{name} is not an HTTP method: that is written in capital letters, such as POST. Nothing was sent.",
        hint=f"Unset {name}, or give the method that the server's pages name.",
    )
