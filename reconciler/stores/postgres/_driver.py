"""Imports the optional driver, or says how to install it."""

from __future__ import annotations

from reconciler.errors.exceptions import SettingsError

try:
    import psycopg
except ImportError as error:  # the package, or its library libpq
    raise SettingsError.of(
        "state.no-postgres",
        detail="The part for postgres:// is optional, and is not installed. Nothing was sent.",
        hint="Install meetings-reconciler[postgres], for example: "
        "pip install 'meetings-reconciler[postgres]'",
    ) from error

__all__ = ["psycopg"]
