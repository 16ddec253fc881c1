"""State in a table of a PostgreSQL database; the only package that uses psycopg.

The documents are rows, each version a row of its own; `leased` has the rules of state and lock.
Begin reading at `place`.
"""
