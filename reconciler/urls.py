"""Checks for addresses that receive credentials: https, or plain http to a loopback address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct

_DOTTED_NUMBERS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")


def is_well_formed(url: str) -> bool:
    """Return whether `url` has a host that a request can name, and a port that is valid or left out."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if ":" in host or _DOTTED_NUMBERS.fullmatch(host):
            ipaddress.ip_address(host)
        host.encode("idna")
    except ValueError:
        return False
    return host != "" and port != 0


def is_loopback(host: str) -> bool:
    """Return whether `host` is a loopback address, or `localhost` in any case."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def loopback_hosts(*urls: str) -> tuple[str, ...]:
    """Return the loopback hosts of `urls`, sorted. Requests to them are not encrypted."""
    hosts = {urlsplit(url).hostname or "" for url in urls}
    return tuple(sorted(filter(is_loopback, hosts)))


def bracket_ipv6(host: str) -> str:
    """Return an IPv6 address in brackets, as in a URL, and any other host unchanged."""
    return f"[{host}]" if ":" in host else host


class StoreKind(Struct, frozen=True):
    """One kind of store. `opener` is a module of `reconciler.stores` and its function.

    `form` is an address of it in a hint, `prefix` the short one of `--help`; empty for a second scheme of
    the same kind. A `is_private` address holds a password, or receives one: it is never read from YAML, nor
    shown. A kind that `is_served` has a server that may answer with a page of its own. `variables` is the
    beginning of the variables that hold its credentials, which no other program inherits.
    """

    opener: str
    form: str = ""
    prefix: str = ""
    is_private: bool = False
    is_served: bool = False
    variables: tuple[str, ...] = ()


_AWS, _AZURE, _GOOGLE = ("AWS_",), ("AZURE_", "ARM_"), ("GOOGLE_",)
_OBJECT, _HTTP = "object.place:open_object", "http.transport:open_http"
_POSTGRES = "postgres.place:open_postgres"

KINDS = {
    "": StoreKind("file:open_file", "a path such as reconciler.state.json", "a path"),
    "file": StoreKind("file:open_file"),
    "s3": StoreKind(_OBJECT, "s3://BUCKET/NAME", "s3://", is_served=True, variables=_AWS),
    "gs": StoreKind(_OBJECT, "gs://BUCKET/NAME", "gs://", is_served=True, variables=_GOOGLE),
    "az": StoreKind(_OBJECT, "az://CONTAINER/NAME", "az://", is_served=True, variables=_AZURE),
    "postgres": StoreKind(
        _POSTGRES, "postgres://HOST/DATABASE", "postgres://", is_private=True, variables=("PG",)
    ),
    "postgresql": StoreKind(_POSTGRES, is_private=True),
    "git": StoreKind("git.place:open_git", "git:BRANCH, git:REMOTE:BRANCH", "git:BRANCH, git:REMOTE:BRANCH"),
    "https": StoreKind(
        _HTTP, "an https:// address", "https://", is_private=True, is_served=True, variables=("TF_HTTP_",)
    ),
    "http": StoreKind(_HTTP, is_private=True, is_served=True),
}
"""Kinds of stores by scheme. The empty scheme is a path."""


def kind_of(address: str) -> StoreKind | None:
    """Return the kind of `address`; None for an unknown scheme."""
    return KINDS.get(address.partition(":")[0] if ":" in address else "")


def is_private(address: str) -> bool:
    """Return whether `address`, in any case, may not stand in a file that others can change or read."""
    kind = kind_of(address.casefold())
    return kind is not None and kind.is_private


def is_served(location: str) -> bool:
    """Return whether a server answers at `location`, so that a page need not be what is stored."""
    kind = kind_of(location)
    return kind is not None and kind.is_served


def forms() -> str:
    """Return the forms of an address, as the end of a sentence."""
    *most, last = (kind.form for kind in KINDS.values() if kind.form)
    return f"{', '.join(most)}, or {last}"


def prefixes() -> str:
    """Return the beginnings of an address, as the end of a sentence."""
    *most, last = (kind.prefix for kind in KINDS.values() if kind.prefix)
    return f"{', '.join(most)} or {last}"


def variables() -> Iterator[str]:
    """Yield the beginning of each variable with credentials of a store."""
    for kind in KINDS.values():
        yield from kind.variables
