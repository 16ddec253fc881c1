"""Address of a state in a database: `postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?state=NAME]`.

libpq reads the rest of the address, so that every parameter has its usual meaning, and the variables
`PG*` fill in what the address leaves out. A password is never shown, and no message of libpq about an
address is: it may repeat a part of one.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct

from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import repr_without
from reconciler.stores.postgres._driver import psycopg
from reconciler.urls import bracket_ipv6, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping


CONNECT_SECONDS_MAX = 10
"""Longest that opening a connection to one host may take."""

UNACKNOWLEDGED_MILLISECONDS_MAX = 20_000
"""Longest that what was sent may stay without an acknowledgement, before the connection counts as dead."""

DEFAULT_STATE = "meetings"

_STATE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,99}")
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%A-Za-z]+\]|[A-Za-z0-9._%-]*)(:[0-9]*)?")

FORM = "postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?state=NAME]"

OURS = ("state", "schema")
"""Parameters of the address that are this program's own."""


class Target(Struct, frozen=True):
    """One state in one table. `parameters` are libpq's, by its own names; they hold the password."""

    location: str
    state: str
    schema: str | None
    parameters: Mapping[str, str | int]

    def __repr__(self) -> str:
        return repr_without(self, "parameters")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that no message may show."""
        names = ("password", "sslpassword", "oauth_client_secret")
        return tuple(str(self.parameters[name]) for name in names if self.parameters.get(name))


def parse(address: str, environ: Mapping[str, str]) -> Target:
    """Combine `address` and the variables of libpq. Raises `SettingsError` without showing the address."""
    base, _, query = address.partition("?")
    _check_written(base)
    pairs = _query(query)
    own = {name: value for name, value in pairs if name in OURS}
    theirs = urlencode([pair for pair in pairs if pair[0] not in OURS], quote_via=quote)
    given = _conninfo(f"{base}?{theirs}" if theirs else base)
    parameters = given | _from_environment(given, environ)
    _check_place(parameters)
    state = _checked(own.get("state", DEFAULT_STATE), _STATE, "state", "letters, digits and . _ / -")
    schema = (
        _checked(own["schema"], _SCHEMA, "schema", "letters, digits, _ and $") if "schema" in own else None
    )
    return Target(
        _location(parameters, own | {"state": state}),
        state,
        schema,
        MappingProxyType(
            parameters | _deadlines(parameters) | _encryption(parameters) | _several(parameters)
        ),
    )


def _query(query: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise _refused("its parameters are not of the form NAME=VALUE, joined by `&`") from None
    known = {*OURS, "ssl", *(option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults())}
    for name, _ in pairs:
        if name not in known:
            is_name = re.fullmatch(r"[A-Za-z_]+", name) and "@" not in query  # else a part of a password
            shown = repr(name[:40]) if is_name else "of this name"
            raise _refused(f"libpq has no parameter {shown}")
    return pairs


def _conninfo(address: str) -> dict[str, str | int]:
    try:
        parsed = psycopg.conninfo.conninfo_to_dict(address)
    except (psycopg.Error, UnicodeError):
        raise _refused("libpq cannot read it") from None  # its message may show a part of the password
    return {name: str(value) for name, value in parsed.items() if value is not None}


def _from_environment(given: Mapping[str, str | int], environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return the parameters that variables set. With a service, libpq reads the rest."""
    variables = {
        option.keyword.decode(): environ[option.envvar.decode()]
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar and environ.get(option.envvar.decode())
    }
    if "service" in given or "service" in variables:
        variables = {
            name: variables[name] for name in ("service", "sslmode", "password") if name in variables
        }
    return {name: value for name, value in variables.items() if name not in given}


def _check_written(base: str) -> None:
    """Raise `SettingsError` if libpq would take a part of the password for a host, a port or a database."""
    authority, _, path = base.partition("://")[2].partition("/")
    hosts = authority.rpartition("@")[2]
    if authority.count("@") > 1 or "@" in path or not all(map(_HOST.fullmatch, hosts.split(","))):
        raise _refused(
            "the part between `@` and `/` is no host. In a password `@` is written %40, `/` %2F, `:` %3A, "
            "`?` %3F, `#` %23 and `%` %25"
        )


def _check_place(parameters: Mapping[str, str | int]) -> None:
    if "dbname" not in parameters and "service" not in parameters:
        raise _refused("it names no database")


def _checked(value: str, form: re.Pattern[str], name: str, characters: str) -> str:
    if not form.fullmatch(value):
        raise _refused(f"`{name}` must consist of {characters}")
    return value


def _location(parameters: Mapping[str, str | int], own: Mapping[str, str]) -> str:
    host, port = (
        str(parameters.get("host") or parameters.get("hostaddr", "")),
        str(parameters.get("port", "")),
    )
    query = {name: own[name] for name in ("schema", "state") if name in own}
    if "service" in parameters:
        query = {"service": str(parameters["service"]), **query}
    if host.startswith(("/", "@")):
        query = {"host": host, **({"port": port} if port else {}), **query}
        host = port = ""
    shown = ",".join(
        bracket_ipv6(each) + (f":{its_port}" if its_port else "") for each, its_port in _ports(host, port)
    )
    database = quote(str(parameters.get("dbname", "")), safe="")
    return f"postgres://{shown}/{database}?{urlencode(query, safe='/')}"


def _ports(host: str, port: str) -> list[tuple[str, str]]:
    """Return each host with its port: one port counts for all hosts."""
    hosts, ports = host.split(","), port.split(",")
    return list(zip(hosts, ports if len(ports) == len(hosts) else ports[:1] * len(hosts), strict=True))


def _deadlines(parameters: Mapping[str, str | int]) -> dict[str, str | int]:
    given = str(parameters.get("connect_timeout", ""))
    seconds = int(given) if given.isdecimal() and len(given) <= len(str(CONNECT_SECONDS_MAX)) else 0
    is_shorter = 0 < seconds < CONNECT_SECONDS_MAX
    return {
        "connect_timeout": seconds if is_shorter else CONNECT_SECONDS_MAX,
        "tcp_user_timeout": UNACKNOWLEDGED_MILLISECONDS_MAX,
    }


def _encryption(parameters: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return TLS with a checked name, unless the address says otherwise or the host is this machine."""
    if "sslmode" in parameters or _is_this_machine(parameters):
        return {}
    return {"sslmode": "verify-full", "gssencmode": "disable"}


def _is_this_machine(parameters: Mapping[str, str | int]) -> bool:
    if "service" in parameters:
        return False  # its file may name any host
    hosts = str(parameters.get("hostaddr") or parameters.get("host", "")).split(",")
    return all(not host or host.startswith(("/", "@")) or is_loopback(host) for host in hosts)


def _several(parameters: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return the wish for the host that takes writes where several are named: another may be behind."""
    is_needed = "," in str(parameters.get("host", "")) and "target_session_attrs" not in parameters
    return {"target_session_attrs": "read-write"} if is_needed else {}


def _refused(reason: str) -> SettingsError:
    return SettingsError.of(
        "state.bad-address",
        detail=f"It is no address of a PostgreSQL database: {reason}. Nothing was sent.",
        hint=f"Write {FORM}, or leave the password out and set PGPASSWORD. For another schema than the "
        "user's own, add schema=NAME.",
    )
