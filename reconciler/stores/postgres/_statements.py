"""The table and the statements: each operation is one of them, in a transaction of its own.

A document has a row with version 0, which names its latest version, and a row for each version that is
kept. A write moves the first and adds one of the others, in one statement. Two writers that name the
same version meet at the first row: the server lets one of them pass, and the other finds another number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.stores import size
from reconciler.stores.postgres._driver import psycopg

if TYPE_CHECKING:
    from psycopg.sql import Composed

TABLE = "meetings_reconciler"

FORMAT = 1
"""Version of the table. The constraint keeps a program that knows another one from writing to it."""

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What a job that applies may do with the table; one that plans needs the first."""

BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED;"
    " SET LOCAL statement_timeout = '15s';"
    " SET LOCAL idle_in_transaction_session_timeout = '30s';"
    " SET LOCAL synchronous_commit = on"
)
"""No setting outlives the transaction: behind a pooler the connection is another client's after it."""

_TABLE = """
CREATE TABLE IF NOT EXISTS {table} (
  state text NOT NULL,
  document text NOT NULL,
  version bigint NOT NULL,
  latest bigint,
  body bytea,
  note text NOT NULL,
  format smallint NOT NULL CONSTRAINT meetings_reconciler_format CHECK (format = {format}),
  written_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (state, document, version)
)"""

_READ = """
SELECT head.latest, head.format, octet_length(kept.body),
  CASE WHEN octet_length(kept.body) <= {bytes_max} THEN kept.body END
FROM {table} AS head LEFT JOIN {table} AS kept
  ON kept.state = head.state AND kept.document = head.document AND kept.version = head.latest
WHERE head.state = %(state)s AND head.document = %(document)s AND head.version = 0"""

_CREATE = """
WITH head AS (
  INSERT INTO {table} (state, document, version, latest, note, format)
  VALUES (%(state)s, %(document)s, 0, %(version)s, '', {format})
  ON CONFLICT DO NOTHING
  RETURNING state, document, latest
)
INSERT INTO {table} (state, document, version, body, note, format)
SELECT state, document, latest, %(body)s::bytea, %(note)s, {format} FROM head
RETURNING version"""

_REPLACE = """
WITH head AS (
  UPDATE {table} SET latest = latest + 1, written_at = now()
  WHERE state = %(state)s AND document = %(document)s AND version = 0 AND latest = %(version)s
  RETURNING state, document, latest
), forgotten AS (
  DELETE FROM {table} AS kept USING head
  WHERE kept.state = head.state AND kept.document = head.document
    AND kept.version > 0 AND kept.version < head.latest - %(earlier)s
)
INSERT INTO {table} (state, document, version, body, note, format)
SELECT state, document, latest, %(body)s::bytea, %(note)s, {format} FROM head
RETURNING version"""

SURVEY = b"""
SELECT current_user::text, space.nspname::text,
  has_schema_privilege(space.oid, 'USAGE'), has_schema_privilege(space.oid, 'CREATE'),
  there.oid IS NOT NULL,
  ARRAY(SELECT wanted FROM unnest(%(rights)s::text[]) AS wanted
    WHERE NOT has_table_privilege(there.oid, wanted))
FROM pg_namespace AS space LEFT JOIN pg_class AS there
  ON there.relnamespace = space.oid AND there.relname = %(table)s
WHERE space.nspname = ANY (
  CASE WHEN %(schema)s::text IS NULL THEN current_schemas(false) ELSE ARRAY[%(schema)s::name] END)
ORDER BY there.oid IS NULL, array_position(current_schemas(false), space.nspname)
LIMIT 1"""
"""Who asks, and what is missing: it needs no right of its own."""


class Statements(Struct, frozen=True):
    """The statements for the table in one schema, or in the first one of the user's search path."""

    table: Composed
    read: Composed
    create: Composed
    replace: Composed

    @classmethod
    def of(cls, schema: str | None) -> Statements:
        """Put the name of the table into each."""
        name = psycopg.sql.Identifier(*filter(None, (schema, TABLE)))
        numbers = {
            "format": psycopg.sql.Literal(FORMAT),
            "bytes_max": psycopg.sql.Literal(size.DOCUMENT_BYTES_MAX),
        }
        texts = (_TABLE, _READ, _CREATE, _REPLACE)
        return cls(*(psycopg.sql.SQL(text).format(table=name, **numbers) for text in texts))
