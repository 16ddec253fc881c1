"""The straightforward way to a plan: PyYAML's safe loader, jsonschema, DeepDiff on every pair.

python straightforward.py SPEC STATE SCHEMA
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from deepdiff import DeepDiff
from jsonschema import Draft7Validator

ARGUMENTS = 4


class Loader(yaml.CSafeLoader):
    """Without timestamps, which a schema takes for no type of JSON's."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def main() -> int:
    """Print the plan; 1 where the spec does not pass."""
    if len(sys.argv) != ARGUMENTS:
        print(__doc__, file=sys.stderr)
        return 1
    spec, state, schema = (Path(name) for name in sys.argv[1:])
    with spec.open() as file:
        document = yaml.load(file, Loader)
    errors = list(Draft7Validator(json.loads(schema.read_text())).iter_errors(document))
    for error in errors:
        print(f"{'.'.join(map(str, error.absolute_path))}: {error.message}", file=sys.stderr)
    if errors:
        return 1
    show(document["meetings"], json.loads(state.read_text())["meetings"])
    return 0


def show(declared: dict[str, Any], recorded: dict[str, Any]) -> None:
    """What would be done, a line for each key."""
    counts = {"+": 0, "~": 0, "-": 0}
    for key in sorted(declared.keys() | recorded.keys()):
        sign, told = step(declared.get(key), recorded.get(key))
        if sign:
            counts[sign] += 1
            print(f"{sign} {key}{told}")
    print(f"\nPlan: {counts['+']} to add, {counts['~']} to change, {counts['-']} to destroy.")


def step(body: dict[str, Any] | None, record: dict[str, Any] | None) -> tuple[str, str]:
    """The sign of what is to be done about one key, and what changes."""
    if body is None:
        return "-", ""
    if record is None:
        return "+", f"  {body['host']}  {body['topic']}"
    changes = DeepDiff({**record["attributes"], "host": record["host"]}, body, verbose_level=2)
    return ("~", f"  {body['host']}  {changes.to_dict()}") if changes else ("", "")


if __name__ == "__main__":
    sys.exit(main())
