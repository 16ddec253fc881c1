"""Each line that a finding of tests/cases/ says to write is written, and the finding is then gone."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
from paths import CASES

from reconciler.errors.diagnostic import Severity
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.writer import flow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.ports import Json

pytestmark = pytest.mark.no_cover

LINE = re.compile(r"(?<!remove )`([a-z_][a-z_0-9-]*): ([^`…]+)`")
GOES = re.compile(r"(?:in place of|and remove|remove) `([a-z_]+)[`:](?: and `([a-z_]+)`)?")
WHOLE_FILE = frozenset({"yaml.syntax", "yaml.merge-key", "spec.empty", "spec.shape"})
"""Codes of files that are not read at all, so that no line can be put into them here."""


ELSEWHERE = {
    ("every-field-of-the-document.wrong.yaml", "type: 8"): "the document's own example fits no series",
    ("instant.wrong.yaml", "type: 2"): "the words beside it name the start that it needs",
    ("instant.wrong.yaml", "type: 8"): "the words beside it name the rule that it needs",
    ("passcode-in-words.wrong.yaml", "tracking_fields: [{field: Team, value: Platform}]"): "text moves there",
    ("repeat-days-of-month.wrong.yaml", "on: 12 and on: 26"): "one for each of two meetings",
    ("repeat-days-of-month.wrong.yaml", "on: [mon, wed]"): "of another unit, to show that days have names",
}
"""Lines that do not stand by themselves, and why."""


class Line(NamedTuple):
    """A line that the hint of a finding has, or two that belong together."""

    file: Path
    finding: Diagnostic
    values: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The line, without its code quotes."""
        return " and ".join(f"{name}: {value}" for name, value in self.values)

    @property
    def subject(self) -> str:
        """What the finding is about: the first thing that it names; empty where it names nothing."""
        named = re.search(r"`([a-z_.]+)", self.finding.detail)
        return f"`{named[1]}" if named else ""

    @property
    def goes(self) -> set[str]:
        """The fields that are to be removed together with the line."""
        name, value = self.values[0]
        sentences = re.split(r"\. |, or |, and remove ", self.finding.hint)
        with_it = next(each for each in sentences if f"`{name}: {value}`" in each)
        text = with_it if "Keep" not in with_it else self.finding.hint
        others = {name for name, _ in LINE.findall(with_it)} if with_it.startswith("Keep") else set()
        return {name for pair in GOES.findall(text) for name in pair if name} | others - {name}


@cache
def findings(text: bytes) -> tuple[Diagnostic, ...]:
    return spec.parse((Source("a.yaml", text),), Settings()).diagnostics


def lines() -> Iterator[Line]:
    """Every line of every hint about the files in tests/cases/."""
    for path in sorted(CASES.rglob("*.wrong.yaml")):
        for finding in findings(path.read_bytes()):
            if finding.code not in WHOLE_FILE:
                together = re.sub(r"` (?:and|with) `(?=[a-z_]+: )", "`&`", finding.hint)
                for part in re.findall(f"{LINE.pattern}(?:&{LINE.pattern})?", together):
                    yield Line(path, finding, tuple(filter(all, (part[:2], part[2:]))))


def written(line: Line) -> Iterator[str]:
    """The file with the line in each mapping where it may belong."""
    for number in range(len(list(_mappings(document.parse(Source("a.yaml", line.file.read_bytes())).value)))):
        whole = document.parse(Source("a.yaml", line.file.read_bytes())).value
        mapping = list(_mappings(whole))[number]
        for name, value in line.values:
            mapping[name] = document.parse(Source("a.yaml", f"{name}: {value}\n".encode())).value[name]
        for name in line.goes:
            mapping.pop(name, None)
        yield f"{flow(whole)}\n"


def _mappings(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _mappings(each)


def does_away(line: Line, text: str) -> bool:
    """Whether the file has no finding like that of the line any more, and no error that it had not before."""
    before, after = findings(line.file.read_bytes()), findings(text.encode())
    errors = {each.code for each in after if each.severity is Severity.ERROR}
    return errors <= {each.code for each in before} and not any(
        each.code == line.finding.code and each.key == line.finding.key and line.subject in each.detail
        for each in after
    )


LINES = tuple(lines())


@pytest.mark.parametrize(
    "line",
    [line for line in LINES if (line.file.name, line.text) not in ELSEWHERE],
    ids=lambda line: f"{line.file.name}: {line.text}",
)
def test_the_line_of_a_hint_does_away_with_its_finding(line: Line) -> None:
    assert any(does_away(line, text) for text in written(line))


def test_every_line_that_is_left_out_exists() -> None:
    assert ELSEWHERE.keys() <= {(line.file.name, line.text) for line in LINES}
