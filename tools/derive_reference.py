"""Derive the reference pages: fields from their table, commands from `--help`, CI from its files.

    python tools/derive_reference.py           writes the derived parts of docs/{spec,commands,ci}.md,
                                               and the manual page, docs/reconciler.1
    python tools/derive_reference.py --check   exit 1 where a written part differs

People write the text outside of the markers, and it stays.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_reference import ci_reference
from man_page import man_page

from reconciler.cli.main import cli
from reconciler.meeting.fields import Compare, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.meeting.fields import Field
    from reconciler.ports import Json

DOCS = Path(__file__).resolve().parent.parent / "docs"

BEGIN = "<!-- derived by tools/derive_reference.py: do not edit -->\n"
END = "<!-- end of what is derived -->\n"

WIDTH = 90
"""Columns of a help text."""

SAME = {
    Compare.EXACT: "equal values",
    Compare.INSTANT: "the same moment, however it is written",
    Compare.ZONE: "names of the same zone",
    Compare.EMAIL: "upper and lower case are one",
    Compare.SET: "order does not count",
    Compare.CSV_SET: "order, case and spaces between the parts do not count",
    Compare.EMAIL_SET: "text or list; order and case do not count",
    Compare.KEYED_SET: "entries in any order, found by `{identity}`",
    Compare.PARTS: "field by field",
}
"""When two values of a field are the same, in words."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 where `--check` finds a difference."""
    parser = argparse.ArgumentParser(description="Derive the reference pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page differs")
    parser.add_argument("--into", type=Path, default=DOCS, metavar="FOLDER", help="where the pages are")
    options = parser.parse_args(arguments)
    pages = {name: _renewed(options.into / name, derive()) for name, derive in PAGES.items()}
    stale = [name for name, text in pages.items() if _written(options.into / name) != text]
    for name in stale:
        if options.check:
            print(f"docs/{name} is out of date; run tools/derive_reference.py", file=sys.stderr)
        else:
            (options.into / name).write_text(pages[name], encoding="utf-8")
    return 1 if options.check and stale else 0


def _written(page: Path) -> str | None:
    return page.read_text(encoding="utf-8") if page.exists() else None


def _renewed(page: Path, derived: str) -> str:
    """The page with `derived` between its markers. Raises `SystemExit` where it has none."""
    if page.suffix != ".md":
        return derived
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page}: the two marker lines are missing:\n{BEGIN}{END}")
    return f"{before}{BEGIN}\n{derived}\n{END}{after}"


def fields_reference() -> str:
    """Every field that can be declared: a table for the fields at the top, and one for each mapping."""
    sections: dict[str, list[str]] = {}
    for path, field in table().items():
        if field.create:
            sections.setdefault(path.rpartition(".")[0], []).append(_row(field))
    return "\n".join("\n".join([_heading(section), *rows, ""]) for section, rows in sorted(sections.items()))


def _heading(section: str) -> str:
    """A title, what the mapping is, and the head of its table."""
    mapping = table().get(section.removesuffix("[]"))
    title = f"Fields of `{section}`" if mapping else "Fields of a meeting"
    entry = "Each entry of the list. " if section.endswith("[]") else ""
    about = f"{entry}{mapping.about}" if mapping else "The fields at the top of a meeting."
    level = "###" if "." in section else "##"
    head = "| Field | Value | What it is | When it changes |\n| --- | --- | --- | --- |"
    return f"{level} {title}\n\n{about}\n\n{head}"


def _row(field: Field) -> str:
    cells = (f"`{field.name}`", _value(field), _about(field), _change(field))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _value(field: Field) -> str:
    kind = f"list of {field.items}s" if field.items else field.type
    if field.secret and field.path == "password":
        kind = "string, or `{env: NAME, version: N}`"
    parts = [kind, *_bounds(field)]
    if field.default is not None:
        parts.append(f"default {_shown(field.default)}")
    if field.default_from:
        parts.append(f"default from the {field.default_from}'s settings in Zoom")
    return "; ".join(parts)


def _bounds(field: Field) -> Iterator[str]:
    if field.enum:
        yield "one of " + ", ".join(_shown(value) for value in field.enum)
    yield from _range(field.minimum, field.maximum, "")
    yield from _range(field.min_items, field.max_items, " entries")
    yield from _range(None, field.max_length, " characters")
    if field.separator:
        parts = " ".join(["parts", *(_shown(value) for value in field.elements)])
        yield f"{parts} with `{field.separator}` between"
    if field.example:
        yield f"such as {field.example}"
    for other, bounds in field.maximum_by.items():
        each = ", ".join(f"{bound} ({value})" for value, bound in bounds.items())
        yield f"at most, by `{other}`: {each}"


def _range(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    if least is not None and most is not None:
        yield f"{least} to {most}{unit}"
    elif least is not None:
        yield f"{least}{unit} or more"
    elif most is not None:
        yield f"at most {most}{unit}"


def _about(field: Field) -> str:
    texts = [field.about]
    if field.meaning:
        texts.append("; ".join(f"`{value}`: {words}" for value, words in field.meaning.items()) + ".")
    if field.needs:
        texts.append(f"Only with {field.needs}.")
    texts.extend(_conditions(field))
    marks = {"Secret: never stored, logged or shown.": field.secret, "Obsolete.": field.obsolete}
    texts.extend(f"**{mark}**" for mark, holds in marks.items() if holds)
    return " ".join(texts)


def _conditions(field: Field) -> Iterator[str]:
    if field.required:
        yield "Required if its parent is declared."
    for other, value in field.required_if.items():
        yield f"Required where `{other}` is {_shown(value)}."
    if field.applies_to:
        yield f"For {_types(field.applies_to)}."
    if field.not_for:
        yield f"Not for {_types(field.not_for)}."
    if field.excludes:
        yield f"Not beside {_names(field.excludes)}."
    if field.requires:
        yield f"Together with {_names(field.requires)}."


def _types(types: Sequence[int]) -> str:
    return ("type " if len(types) == 1 else "types ") + ", ".join(str(each) for each in types)


def _names(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _change(field: Field) -> str:
    effect = f"{field.effect[:1].upper()}{field.effect[1:]}."
    if field.create_only:
        effect += " **Create-only: a change is a replace, with a new join link.**"
    same = SAME[field.compare].format(identity=field.identity)
    return effect if field.compare is Compare.EXACT else f"{effect} Same: {same}."


def _shown(value: Json) -> str:
    words = {True: "true", False: "false"}
    return f"`{words[value] if isinstance(value, bool) else value}`"


def commands_reference() -> str:
    """The help of every command, as the program prints it."""
    return "\n".join(_help(cli, "reconciler", None))


def _help(command: Any, name: str, parent: Any) -> Iterator[str]:
    # The context is of the command's own kind, so that click keeps its one door.
    settings = {"terminal_width": WIDTH, **command.context_settings}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    text = text.replace("[[", "[").replace("]]", "]")  # older versions of click write a choice so
    yield f"## {context.command_path}\n\n```text\n{text}\n```\n"
    for child_name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _help(command.get_command(context, child_name), child_name, context)


PAGES: Mapping[str, Callable[[], str]] = {
    "spec.md": fields_reference,
    "commands.md": commands_reference,
    "ci.md": ci_reference,
    "reconciler.1": man_page,
}
"""What derives each page."""

if __name__ == "__main__":
    sys.exit(main())
