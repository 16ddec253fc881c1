"""Turns errors of the driver and the server into errors of the state.

A refusal of a statement has an SQLSTATE. One of a connection has only words, which the server may have
translated: what is not recognised there counts as "cannot be reached".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.errors.redact import redact_answer
from reconciler.errors.text import replace_control
from reconciler.stores import errors
from reconciler.stores.errors import AbsentError, ConflictError, UnreachableError
from reconciler.stores.postgres._statements import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.stores.postgres._address import Target
    from reconciler.stores.postgres._driver import psycopg


SHOWN_MAX = 300
"""Most characters of a message of the server that are shown."""

MISSING_TABLE = "42P01"
NO_RIGHT = "42501"
READ_ONLY = "25006"

SURVEYED = frozenset({MISSING_TABLE, "3F000", NO_RIGHT})
"""No table, no schema, no right: `surveyed` says which of them, and what to do."""

CONFLICTS = frozenset({"23505", "42P07", "42710"})
"""A version that somebody else has just written, or a table that another run has just made."""

OTHER_TABLE = frozenset(
    {"42703", "42704", "42804", "42809", "42P10", "42846", "42883", "22P02", "23514", "23502"}
)
"""A column, a type or a constraint that the table of this version does not have so."""

PASSING = re.compile(r"08(?!P01)...|40...|53...|55P03|55006|57014|57P0.|58...")
"""Troubles of the server or the connection that may be over at the next try."""


def of_statement(target: Target, error: psycopg.Error) -> StateError:
    """Return the error of a transaction that did not come to its COMMIT: it changed nothing."""
    code = error.sqlstate or ""
    if code in CONFLICTS:
        return ConflictError.of("state.changed", detail=f"{target.location}: {_words(target, error)}")
    if code in OTHER_TABLE:
        return other_table(target, _words(target, error))
    if code == READ_ONLY:
        return _read_only(target, error)
    if "statement pooling" in str(error):  # an older driver loses the code
        return _pooler_without_transactions(target, error)
    if not code or PASSING.fullmatch(code):
        return UnreachableError.of(
            "state.unanswered",
            detail=f"{target.location}: {_words(target, error)} This request changed nothing.",
            hint="Run the same command again once the database answers; what was sent already is looked up.",
        )
    return _refused(target, error)


def of_commit(target: Target, error: psycopg.Error) -> StateError:
    """Return the error of a COMMIT without an answer: nobody knows yet whether it was carried out."""
    return errors.unanswered(f"{target.location}: the answer to COMMIT is missing. {_words(target, error)}")


def of_connection(target: Target, error: psycopg.Error) -> StateError:
    """Return the error of a connection that was not made."""
    words = _words(target, error)
    for pattern, build in _CONNECTION:
        if re.search(pattern, str(error)):
            return build(target, words)
    return errors.unreachable(
        target.location,
        f"no connection could be made: {words.rstrip('.')}",
        hint="Check host, port and network (of a pooler, its own), then run the same command again; what was "
        "sent already is looked up.",
    )


def other_table(target: Target, words: str) -> StateError:
    """Return the error of a table that this version did not make."""
    return StateError.of(
        "state.other-table",
        detail=f"{target.location}: the table {TABLE} is of another version of this program, or of another "
        f"one. {words} It was left as it is, and nothing was sent.",
        hint="Upgrade meetings-reconciler to the version that the others use; or keep the state in a schema "
        "of its own, with schema=NAME in the address.",
    )


class Survey(Struct, frozen=True):
    """What the user finds: the schema, its table, and the rights that are missing on each."""

    user: str
    schema: str
    has_usage: bool
    has_create: bool
    has_table: bool
    missing: Sequence[str]


def surveyed(target: Target, error: psycopg.Error, survey: Survey | None) -> StateError:
    """Return the error of one of `SURVEYED`; `AbsentError` if only the table is not there yet."""
    if survey is None:
        return _schema_missing(target)
    if not survey.has_usage:
        return _rights_missing(target, survey, ("USAGE",), on_table=False)
    if not survey.has_table and error.sqlstate == NO_RIGHT:
        return _rights_missing(target, survey, ("CREATE",), on_table=False)
    if survey.has_table and survey.missing:
        return _rights_missing(target, survey, survey.missing, on_table=True)
    if error.sqlstate == MISSING_TABLE:  # or it was made since
        return AbsentError.of("state.absent", detail=f"{target.location}: there is no table {TABLE}.")
    return _refused(target, error)


def _schema_missing(target: Target) -> StateError:
    if target.schema is None:
        reason = "the search path of the user has no schema"
        hint = "Add schema=NAME to the address, as in postgres://HOST/DATABASE?schema=public"
    else:
        reason = f"there is no schema {target.schema}"
        made = f"CREATE SCHEMA {_identifier(target.schema)};"
        hint = f"Correct schema=… in the address, or make it in psql: {made}"
    return StateError.of(
        "state.place-missing",
        detail=f"{target.location}: {reason}, so nobody knows whether the state was lost or never existed. "
        "Nothing was sent.",
        hint=hint,
    )


def _rights_missing(target: Target, survey: Survey, rights: Sequence[str], *, on_table: bool) -> StateError:
    schema, user = _identifier(survey.schema), _identifier(survey.user)
    place = f"TABLE {schema}.{TABLE}" if on_table else f"SCHEMA {schema}"
    listed = ", ".join(rights)
    return StateError.of(
        "state.forbidden",
        detail=f"{target.location}: the user {survey.user} lacks {listed} on {place}. "
        "Nothing was written, and nothing more is sent.",
        hint=f"As its owner, in psql: GRANT {listed} ON {place} TO {user};",
    )


def _read_only(target: Target, error: psycopg.Error) -> StateError:
    return StateError.of(
        "state.read-only",
        detail=f"{target.location}: {_words(target, error)} Nothing was written, and nothing more is sent.",
        hint="Name the primary server, or each of them: postgres://ONE,TWO/DATABASE finds the one that takes "
        "writes. Otherwise default_transaction_read_only is on for the database or the user.",
    )


def _refused(target: Target, error: psycopg.Error) -> StateError:
    return StateError.of(
        "state.refused",
        detail=f"{target.location}: it answered {error.sqlstate}: {_words(target, error)} "
        "Nothing was written, and nothing more is sent.",
        hint="Read the server's message, then run the same command again; "
        "what was sent already is looked up.",
    )


def _pooler_without_transactions(target: Target, error: psycopg.Error) -> StateError:
    return StateError.of(
        "state.refused",
        detail=f"{target.location}: a pooler keeps no transaction together: {_words(target, error)} "
        "Nothing was written, and nothing more is sent.",
        hint="Name a pool in the mode transaction or session (pool_mode of PgBouncer), or the server itself. "
        "No lock of a session is needed.",
    )


def _unauthenticated(target: Target, words: str) -> StateError:
    return StateError.of(
        "state.unauthenticated",
        detail=f"{target.location}: {words} Nothing was written, and nothing more is sent.",
        hint="Set PGUSER and PGPASSWORD, or a line of ~/.pgpass. In an address, write `@` in a password as "
        "%40, `/` as %2F and `:` as %3A.",
    )


def _database_missing(target: Target, words: str) -> StateError:
    return StateError.of(
        "state.place-missing",
        detail=f"{target.location}: {words} So nobody knows whether the state was lost or never existed. "
        "Nothing was sent.",
        hint="Correct the name of the database, or create it: createdb NAME",
    )


def _startup_refused(target: Target, words: str) -> StateError:
    return StateError.of(
        "state.refused",
        detail=f"{target.location}: a pooler refuses parameters at the start of a connection: {words} "
        "Nothing was sent.",
        hint="Leave options=… and PGOPTIONS out. Another schema than the user's own is named by schema=NAME "
        "in the address, and several states in one table by state=NAME.",
    )


def _certificate(target: Target, words: str) -> StateError:
    return StateError.of(
        "state.certificate",
        detail=f"{target.location}: {words} Nothing was sent.",
        hint="Name the certificates of the authority that signed the server's: sslrootcert=FILE in the "
        "address or PGSSLROOTCERT, or sslrootcert=system for the public ones. sslmode=require encrypts "
        "without a check; sslmode=disable does not encrypt.",
    )


_CONNECTION: tuple[tuple[str, Callable[[Target, str], StateError]], ...] = (
    (r"unsupported startup parameter", _startup_refused),
    (r"certificate|does not support SSL|SSL error|sslrootcert|sslmode value", _certificate),
    (r"authentication failed|no password supplied|role \".*\" does not exist|pg_hba|SASL", _unauthenticated),
    (r"(?i)database \".*\" does not exist|no such database", _database_missing),
)
"""What the words of a refused connection mean; the first that is found counts."""


_ADVICE = re.compile(r"\s+Is the server running [^?]*\?")
"""What libpq asks on a line of its own: the hint says it."""


def _words(target: Target, error: psycopg.Error) -> str:
    """Return what the server said, as one sentence without secrets."""
    text = error.diag.message_primary or _ADVICE.sub("", str(error)) or type(error).__name__
    shown = replace_control(redact_answer(text, target.secrets), " ").strip()[:SHOWN_MAX]
    return shown if shown.endswith(".") else f"{shown}."


def _identifier(name: str) -> str:
    """Return a name as SQL takes it: in quotes where it needs them."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
