"""The address of a state in a database: what libpq makes of it, and what is refused without showing it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.errors.exceptions import SettingsError
from reconciler.stores.postgres._address import parse

DEADLINES = {"connect_timeout": 10, "tcp_user_timeout": 20_000}
CHECKED = {"sslmode": "verify-full", "gssencmode": "disable"}
SECRET = "p@ss/wo:rd"


def parameters(address: str, **environ: str) -> dict[str, Any]:
    """Return what libpq is given, without what it always is given."""
    given = dict(parse(address, environ).parameters)
    return {name: value for name, value in given.items() if (name, value) not in DEADLINES.items()}


def refused(address: str, **environ: str) -> str:
    """Return why the address is refused."""
    with pytest.raises(SettingsError) as raised:
        parse(address, environ)
    assert raised.value.diagnostic.code == "state.bad-address"
    assert not {"s/wo:rd", "'wo'"} & {*re.findall(r"\S+", str(raised.value) + raised.value.diagnostic.hint)}
    assert raised.value.__cause__ is None
    return raised.value.diagnostic.detail.partition(": ")[2].removesuffix(" Nothing was sent.")


def test_every_part_of_an_address_is_used() -> None:
    target = parse("postgres://ann:p%40ss%2Fwo%3Ard@db.example.com:6432/ops?state=team-a&schema=Meetings", {})

    assert (target.location, target.state, target.schema) == (
        "postgres://db.example.com:6432/ops?schema=Meetings&state=team-a",
        "team-a",
        "Meetings",
    )
    assert dict(target.parameters) == {
        "user": "ann",
        "password": SECRET,
        "host": "db.example.com",
        "port": "6432",
        "dbname": "ops",
        **DEADLINES,
        **CHECKED,
    }
    assert target.secrets == (SECRET,)
    assert SECRET not in repr(target)


def test_the_state_has_a_name_without_one() -> None:
    assert (
        parse("postgresql://db.example.com/ops", {}).location
        == "postgres://db.example.com/ops?state=meetings"
    )


def test_variables_fill_in_what_the_address_leaves_out() -> None:
    environ = {
        "PGHOST": "db.example.com",
        "PGUSER": "ann",
        "PGPASSWORD": SECRET,
        "PGDATABASE": "ops",
        "PGPORT": "6432",
        "PGSSLMODE": "require",
    }

    target = parse("postgres://bob@/?state=a", environ)

    assert target.location == "postgres://db.example.com:6432/ops?state=a"
    assert dict(target.parameters) == {
        "user": "bob",
        "host": "db.example.com",
        "port": "6432",
        "password": SECRET,
        "dbname": "ops",
        "sslmode": "require",
        **DEADLINES,
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://db.example.com/ops", CHECKED),
        ("postgres://db.example.com/ops?sslmode=require", {"sslmode": "require"}),
        ("postgres://localhost/ops", {}),
        ("postgres://[::1]/ops", {}),
        ("postgres:///ops", {}),
        ("postgres:///ops?host=/run/postgresql", {}),
        ("postgres://%2Frun%2Fpostgresql/ops", {}),
        ("postgres://localhost,db.example.com/ops", {**CHECKED, "target_session_attrs": "read-write"}),
        ("postgres://localhost/ops?hostaddr=192.0.2.1", CHECKED),
        ("postgres://db.example.com/ops?hostaddr=127.0.0.1", {}),
        ("postgres://localhost/ops?service=ops", CHECKED),
    ],
)
def test_tls_checks_the_name_unless_it_is_this_machine(address: str, expected: dict[str, str]) -> None:
    wanted = {"sslmode", "gssencmode", "target_session_attrs"}

    assert {name: value for name, value in parameters(address).items() if name in wanted} == expected


def test_a_service_is_left_to_libpq() -> None:
    """Its file comes before the variables."""
    environ = {"PGSERVICE": "ops", "PGHOST": "elsewhere", "PGPASSWORD": SECRET, "PGSSLMODE": "require"}

    target = parse("postgres:///?state=a", environ)

    assert target.location == "postgres:///?service=ops&state=a"
    assert dict(target.parameters) == {
        "service": "ops",
        "password": SECRET,
        "sslmode": "require",
        **DEADLINES,
    }


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("postgres://ann@[2001:db8::1]:6432/o%20ps", "postgres://[2001:db8::1]:6432/o%20ps?state=meetings"),
        ("postgres://a,b:6432/ops", "postgres://a,b:6432/ops?state=meetings"),
        (
            "postgres:///ops?host=/run/postgresql&port=6432",
            "postgres:///ops?host=/run/postgresql&port=6432&state=meetings",
        ),
    ],
)
def test_a_location_is_an_address_again(address: str, location: str) -> None:
    shown = parse(address, {}).location

    assert (shown, parse(shown, {}).location) == (location, location)


@pytest.mark.parametrize(
    ("given", "seconds"), [("", 10), ("5", 5), ("60", 10), ("0", 10), ("-1", 10), ("x", 10)]
)
def test_no_connection_is_waited_for_without_end(given: str, seconds: int) -> None:
    given_parameters = parse(f"postgres://h/d?connect_timeout={given}&tcp_user_timeout=0", {}).parameters

    assert given_parameters["connect_timeout"] == seconds
    assert given_parameters["tcp_user_timeout"] == 20_000


@pytest.mark.parametrize(
    "address",
    [
        f"postgres://ann:{SECRET}@db/ops",
        "postgres://ann:p@s/wo:rd@db/ops",
        "postgres://ann:p@ss@db/ops",
        "postgres://ann:pas/s/wo:rd@db/ops",
        "postgres://ann:pass/wo:rd",
    ],
)
def test_a_password_with_an_at_sign_has_to_be_written_otherwise(address: str) -> None:
    assert refused(address) == (
        "the part between `@` and `/` is no host. In a password `@` is written %40, `/` %2F, `:` %3A, "
        "`?` %3F, `#` %23 and `%` %25."
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgres://ann:pas%zzs@db/ops", "libpq cannot read it."),
        ("postgres://db", "it names no database."),
        ("postgres://db/ops?state=", "`state` must consist of letters, digits and . _ / -."),
        ("postgres://db/ops?state=a%20b", "`state` must consist of letters, digits and . _ / -."),
        ("postgres://db/ops?schema=a-b", "`schema` must consist of letters, digits, _ and $."),
        ("postgres://db/ops?stat=a", "libpq has no parameter 'stat'."),
        ("postgres://ann:123?wo=rd@db/ops", "libpq has no parameter of this name."),
        ("postgres://db/ops?state", "its parameters are not of the form NAME=VALUE, joined by `&`."),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(address: str, reason: str) -> None:
    assert refused(address) == reason
