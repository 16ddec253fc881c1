"""The leanest way to a plan: the bound that ours is held against. One file, nothing of ours imported.

    python lean.py SPEC STATE SCHEMA

It reads a spec, checks it, compares it with a state and prints what differs. What it leaves out is
what a tool owes people: places in a file, words for what is wrong, rules beyond the schema, budgets.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from jsonschema_rs import validator_for
from yaml._yaml import CParser
from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

if TYPE_CHECKING:
    from collections.abc import Callable

ARGUMENTS = 4
NUMBER_STARTS = frozenset("-0123456789")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "": None}


def main() -> int:
    """Print the plan; 1 where the spec does not pass."""
    if len(sys.argv) != ARGUMENTS:
        print(__doc__, file=sys.stderr)
        return 1
    spec, state, schema = (Path(name).read_bytes() for name in sys.argv[1:])
    gc.disable()  # everything made here stays: a collection would find nothing
    declared, _ = load(spec.decode())
    if not validator_for(orjson.loads(schema)).is_valid(declared):
        print("the spec does not pass its schema", file=sys.stderr)
        return 1
    sys.stdout.write(plan(declared["meetings"], orjson.loads(state)["meetings"]))
    return 0


def load(text: str) -> tuple[Any, dict[str, tuple[int, int]]]:
    """The document, and where each meeting's key stands."""
    next_event: Callable[[], Any] = CParser(text).get_event
    places: dict[str, tuple[int, int]] = {}

    def value(event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return plain(event.value) if event.implicit[0] else event.value
        if kind is MappingStartEvent:
            return mapping(depth + 1)
        if kind is AliasEvent:
            raise ValueError("an alias")
        items = []
        while type(item := next_event()) is not SequenceEndEvent:
            items.append(value(item, depth + 1))
        return items

    def mapping(depth: int) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while type(event := next_event()) is not MappingEndEvent:
            key = event.value
            if key in pairs:
                raise ValueError(f"{key} is written twice")
            if depth == 2:  # noqa: PLR2004 - the meetings
                places[key] = event.start_mark.line, event.start_mark.column
            pairs[key] = value(next_event(), depth)
        return pairs

    next_event()  # the stream
    next_event()  # the document
    return value(next_event(), 0), places


def plain(text: str) -> Any:
    """A scalar by JSON's grammar; all else is text."""
    if text in WORDS:
        return WORDS[text]
    if text[0] in NUMBER_STARTS:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def plan(declared: dict[str, Any], recorded: dict[str, Any]) -> str:
    """What would be done, a line for each key."""
    lines = []
    counts = {"+": 0, "~": 0, "-": 0}
    for key in sorted(declared.keys() | recorded.keys()):
        sign, told = step(declared.get(key), recorded.get(key))
        if sign:
            counts[sign] += 1
            lines.append(f"{sign} {key}{told}\n")
    lines.append(f"\nPlan: {counts['+']} to add, {counts['~']} to change, {counts['-']} to destroy.\n")
    return "".join(lines)


def step(body: dict[str, Any] | None, record: dict[str, Any] | None) -> tuple[str, str]:
    """The sign of what is to be done about one key, and what changes."""
    if body is None:
        return "-", ""
    host = body.pop("host")
    if record is None:
        return "+", f"  {host}  {body['topic']}"
    if record["host"] == host and record["attributes"] == body:
        return "", ""
    from deepdiff import DeepDiff  # noqa: PLC0415 - 110 ms that only a change has to pay

    changes = DeepDiff(record["attributes"], body, verbose_level=2)
    return "~", f"  {host}  {changes.to_dict()}"


if __name__ == "__main__":
    sys.exit(main())
