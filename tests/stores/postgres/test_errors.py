"""What the words and codes of a server mean, and that none of them shows a password."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from reconciler.stores.errors import AbsentError, ConflictError, UnansweredError, UnreachableError
from reconciler.stores.postgres import _errors
from reconciler.stores.postgres._address import parse
from reconciler.stores.postgres._errors import Survey

TARGET = parse("postgres://ann:geheimnis@db.example.com/ops?schema=Team", {})
SURVEY = Survey("Ann", "Team", has_usage=True, has_create=True, has_table=True, missing=[])


def failure(sqlstate: str) -> psycopg.Error:
    return psycopg.errors.lookup(sqlstate)("a geheimnis of the server")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('FATAL:  password authentication failed for user "ann"', "state.unauthenticated"),
        ("fe_sendauth: no password supplied", "state.unauthenticated"),
        ('FATAL:  role "ann" does not exist', "state.unauthenticated"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1"', "state.unauthenticated"),
        ('FATAL:  database "ops" does not exist', "state.place-missing"),
        ("FATAL:  no such database: ops", "state.place-missing"),
        ("FATAL:  unsupported startup parameter: options", "state.refused"),
        ("FATAL:  unsupported startup parameter in options: geheimnis", "state.refused"),
        ("SSL error: certificate verify failed", "state.certificate"),
        ('root certificate file "/nowhere/root.crt" does not exist', "state.certificate"),
        ('server certificate for "a" does not match host name "b"', "state.certificate"),
        ("server does not support SSL, but SSL was required", "state.certificate"),
        ("Connection refused", "state.unreachable"),
        ("timeout expired", "state.unreachable"),
    ],
)
def test_the_words_of_a_refused_connection_have_a_meaning(words: str, code: str) -> None:
    found = _errors.of_connection(TARGET, psycopg.OperationalError(f"{words} (geheimnis)"))

    assert found.diagnostic.code == code
    assert "geheimnis" not in str(found) + found.diagnostic.hint


def test_a_server_that_is_not_there_is_told_in_one_sentence() -> None:
    """The advice of libpq on a line of its own is left out: the hint has it."""
    refused = 'connection failed: connection to server at "192.0.2.1", port 1 failed: Connection refused'
    advice = "\n\tIs the server running on that host and accepting TCP/IP connections?\n"

    found = _errors.of_connection(TARGET, psycopg.OperationalError(refused + advice))

    assert f"no connection could be made: {refused}. This request" in found.diagnostic.detail


@pytest.mark.parametrize(
    ("sqlstate", "kind", "code"),
    [
        ("23505", ConflictError, "state.changed"),
        ("42P07", ConflictError, "state.changed"),
        ("42703", None, "state.other-table"),
        ("23514", None, "state.other-table"),
        ("25006", None, "state.read-only"),
        ("57014", UnreachableError, "state.unanswered"),
        ("40001", UnreachableError, "state.unanswered"),
        ("53300", UnreachableError, "state.unanswered"),
        ("57P01", UnreachableError, "state.unanswered"),
        ("54000", None, "state.refused"),
    ],
)
def test_the_code_of_a_statement_has_a_meaning(sqlstate: str, kind: Any, code: str) -> None:
    found = _errors.of_statement(TARGET, failure(sqlstate))

    assert (type(found) if kind else None, found.diagnostic.code) == (kind, code)
    assert "geheimnis" not in str(found)


def test_a_lost_connection_before_the_commit_changed_nothing() -> None:
    found = _errors.of_statement(
        TARGET, psycopg.OperationalError("server closed the connection unexpectedly")
    )

    assert type(found) is UnreachableError
    assert found.diagnostic.detail == (
        "postgres://db.example.com/ops?schema=Team&state=meetings: "
        "server closed the connection unexpectedly. This request changed nothing."
    )


def test_a_pooler_of_statements_is_named() -> None:
    """Also where the driver tells no code."""
    words = "transaction blocks not allowed in statement pooling mode"
    found = _errors.of_statement(TARGET, psycopg.OperationalError(words)).diagnostic

    assert (found.code, "pool_mode" in found.hint) == ("state.refused", True)


def test_a_lost_answer_to_commit_is_an_unknown_outcome() -> None:
    found = _errors.of_commit(TARGET, psycopg.OperationalError("server closed the connection unexpectedly"))

    assert (type(found), found.diagnostic.code) == (UnansweredError, "state.unanswered")


@pytest.mark.parametrize(
    ("sqlstate", "survey", "reason", "remedy"),
    [
        ("42P01", None, "there is no schema Team", 'psql: CREATE SCHEMA "Team";'),
        (
            "42501",
            Survey("Ann", "Team", has_usage=False, has_create=False, has_table=False, missing=[]),
            'the user Ann lacks USAGE on SCHEMA "Team"',
            'GRANT USAGE ON SCHEMA "Team" TO "Ann";',
        ),
        (
            "42501",
            Survey("ann", "public", has_usage=True, has_create=False, has_table=False, missing=[]),
            "the user ann lacks CREATE on SCHEMA public",
            "GRANT CREATE ON SCHEMA public TO ann;",
        ),
        (
            "42501",
            Survey(
                "ann", "public", has_usage=True, has_create=True, has_table=True, missing=["INSERT", "UPDATE"]
            ),
            "the user ann lacks INSERT, UPDATE on TABLE public.meetings_reconciler",
            "GRANT INSERT, UPDATE ON TABLE public.meetings_reconciler TO ann;",
        ),
        ("42501", SURVEY, "it answered 42501", "Read the server's message"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    sqlstate: str, survey: Survey | None, reason: str, remedy: str
) -> None:
    found = _errors.surveyed(TARGET, failure(sqlstate), survey).diagnostic

    assert reason in found.detail
    assert remedy in found.hint


@pytest.mark.parametrize("has_table", [True, False])
def test_a_table_that_is_not_there_yet_is_no_mistake(has_table: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    survey = Survey("ann", "Team", has_usage=True, has_create=True, has_table=has_table, missing=[])

    assert type(_errors.surveyed(TARGET, failure("42P01"), survey)) is AbsentError
