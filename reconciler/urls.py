"""Checks for addresses that receive credentials: https, or plain http to a loopback address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

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
