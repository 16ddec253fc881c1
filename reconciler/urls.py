"""Checks on addresses that may receive credentials: https, or plain http to a loopback address."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def has_port_in_range(url: str) -> bool:
    """Whether the port of `url` is one that can be connected to, or left out."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine: a loopback address, or `localhost` in any case."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def bracket_ipv6(host: str) -> str:
    """Put an IPv6 address in brackets, as a URL has it; return any other host as it is."""
    return f"[{host}]" if ":" in host else host
