"""Wrong spellings, as people write who never read the reference, and the message that each of them gets.

A file `NAME.txt` begins with a spec in which `...` stands for the cases. Each case has its lines, then its
findings: place, code, detail and hint, or `=> taken`. `PYTHONPATH=tests/support python
tests/spec/spellings/test_spellings.py` writes the findings again; read the diff as that person.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.writer import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.ports import Json

FOLDER = Path(__file__).parent
BETWEEN = "---\n"
TAKEN = "=> taken\n"


class Case(NamedTuple):
    """A case: the file, the spec around it, its lines, and the findings as they are written there."""

    file: str
    around: str
    lines: str
    expected: str

    @property
    def text(self) -> str:
        """The whole spec, with the lines of the case in the place of `...`."""
        (place,) = re.findall(r"^( *)\.\.\.\n", self.around, re.MULTILINE)
        indented = "".join(f"{place}{line}\n" for line in self.lines.splitlines())
        return self.around.replace(f"{place}...\n", indented)


def cases() -> Iterator[Case]:
    """Every case of every file."""
    for path in sorted(FOLDER.glob("*.txt")):
        around, *parts = path.read_text("utf-8").split(BETWEEN)
        for part in parts:
            lines, arrow, findings = part.partition("=> ")
            yield Case(path.stem, around, lines, arrow + findings)


CASES = tuple(cases())


@cache
def findings(text: str) -> tuple[Diagnostic, ...]:
    """The findings about a file."""
    return spec.parse((Source("a.yaml", text.encode()),), Settings()).diagnostics


def rendered(found: tuple[Diagnostic, ...]) -> str:
    """The findings as they are written after a case."""
    return "".join(map(_one, found)) or TAKEN


def _one(found: Diagnostic) -> str:
    assert found.span is not None, "everything here has a place"
    start = found.span.start
    words = "".join(f"   {line}\n" for line in (found.detail, found.hint) if line)
    mark = "" if found.severity.value == "error" else f" ({found.severity.value})"
    return f"=> {start.line}:{start.column} {found.code}{mark}\n{words}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.lines.strip()}")
def test_a_wrong_spelling_gets_its_place_and_the_right_line(case: Case) -> None:
    assert rendered(findings(case.text)) == case.expected


PASTED = re.compile(
    r"(?m:^ *|[,.;] |and )(?:[Ww]rite|Add(?: the [a-z ]+:)?|Declare it at the top of a file[,:]|(?<=and )) ?"
    r"`([a-z_0-9-]+): ([^`…]+)`"
)
SECTIONS = ("closures", "people", "templates")


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if case.expected.count("=> ") == 1
        and PASTED.search(case.expected)
        and "spec.unknown-field" not in case.expected  # another line goes, which is not told by its key
    ],
    ids=lambda case: f"{case.file}: {case.lines.strip()}",
)
def test_the_line_of_a_hint_is_taken(case: Case) -> None:
    """Where the key of the line is in the file, its value is replaced; the finding is then gone."""
    (finding,) = findings(case.text)
    lines = dict(PASTED.findall(finding.hint))
    whole = document.parse(Source("a.yaml", case.text.encode())).value

    whole |= {name: {} for name in SECTIONS if name in lines and name not in whole}
    pasted = {name for name, value in lines.items() if _paste(whole, name, value)}

    again = findings(f"{flow(whole)}\n") if pasted else ()
    assert [each for each in again if each.code == finding.code] == []


def _paste(node: Json, name: str, value: str) -> bool:
    """Replace the value under `name` wherever it is; return whether it is somewhere."""
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if sum(_paste(each, name, value) for each in parts):  # the innermost one is meant
        return True
    if not isinstance(node, dict) or name not in node:
        return False
    node[name] = document.parse(Source("line.yaml", f"{name}: {value}\n".encode())).value[name]
    return True


def write_again() -> None:
    """Write the findings of all files as they are now."""
    for path in sorted(FOLDER.glob("*.txt")):
        around = path.read_text("utf-8").split(BETWEEN)[0]
        own = [case for case in cases() if case.file == path.stem]
        parts = [f"{case.lines.rstrip()}\n{rendered(findings(case.text))}" for case in own]
        path.write_text(BETWEEN.join([around, *parts]), "utf-8")


if __name__ == "__main__":
    write_again()
