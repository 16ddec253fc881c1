"""Derives the schemas of what people write from the field table, or compares it with an API document.

    python tools/derive_schema.py                          writes meetings, reconciler, policies in schemas/
    python tools/derive_schema.py --check                  exit 1 if a written schema differs
    python tools/derive_schema.py --against OPENAPI.json   print what that document adds, drops and changes

It never changes the table: people write the facts about the API.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from compare_api import differences
from spec_schema import schemas

from reconciler.meeting.fields import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schema_parts import Schema

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0, or 1 if `--check` or `--against` finds a difference."""
    parser = argparse.ArgumentParser(description="Derive the schemas from the field table.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    parser.add_argument("--against", type=Path, metavar="OPENAPI.json", help="compare with an API document")
    parser.add_argument("--into", type=Path, default=SCHEMAS, metavar="FOLDER", help="where the schemas are")
    options = parser.parse_args(arguments)
    if options.against:
        try:
            document = orjson.loads(options.against.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            parser.error(f"{options.against} cannot be read as an API document: {error}")
        return _report(differences(document, table()))
    return _check(options.into) if options.check else _write(options.into)


def _text(schema: Schema) -> bytes:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _write(folder: Path) -> int:
    for name, schema in schemas().items():
        (folder / name).write_bytes(_text(schema))
    return 0


def _check(folder: Path) -> int:
    stale = [n for n, schema in schemas().items() if _read(folder / n) != _text(schema)]
    for name in stale:
        print(f"{name} differs from the field table; run tools/derive_schema.py", file=sys.stderr)
    return 1 if stale else 0


def _report(lines: Sequence[str]) -> int:
    print("\n".join(lines) or "The document agrees with the table.")
    return 1 if lines else 0


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


if __name__ == "__main__":
    sys.exit(main())
