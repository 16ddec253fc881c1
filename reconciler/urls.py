"""Checks for addresses that receive credentials: https, or plain http to a loopback address."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def has_port_in_range(url: str) -> bool:
    """Return whether the port of `url` is valid or left out."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether `host` is a loopback address, or `localhost` in any case."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def bracket_ipv6(host: str) -> str:
    """Return an IPv6 address in brackets, as in a URL, and any other host unchanged."""
    return f"[{host}]" if ":" in host else host
