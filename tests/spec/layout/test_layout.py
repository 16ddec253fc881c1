"""One layout: of all files that the project has, and of random ones, nothing but the layout changes."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from paths import CASES, ROOT

from reconciler.spec.layout import layout
from reconciler.spec.layout.tree import UnkeepableError
from reconciler.spec.yaml import document as documents
from reconciler.spec.yaml.comments import comments
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.spec.yaml.document import Document

RANDOM = 200
"""Random texts that are tried."""


def parsed(text: str) -> Document:
    return documents.parse(Source("meetings.yaml", text.encode()))


def laid_out(text: str) -> str:
    document = parsed(text)
    assert document.is_sound, document.problems
    return layout.lay_out(document, text.encode()).decode()


def facts(text: str) -> tuple[object, Counter[str]]:
    """What a text declares, and its comments."""
    document = parsed(text)
    assert document.is_sound, text
    return document.value, Counter(comments(text.replace("\r\n", "\n")))


WRITTEN = """\
# yaml-language-server: $schema=meetings.schema.json

# all of them
meetings:   # by key
    zeta:
        settings: {waiting_room: true, # for guests
          # ours
          use_pmi: false
          }   # as agreed
        # shown in the calendar
        topic: |   # two lines
              Hello
                there

              end

        # commented: out
    # about alpha
    alpha:
        agenda: "several
           lines \\
           of text"
        topic: 'it''s'
        start_time:
           # by request
           2027-01-01T10:00:00


        # the rule
        recurrence:
            end_times: 5   # five
            type: 2
            weekly_days: "2" # Monday
            # until summer
        type: 8
    keep:
        agenda: |+
           kept


        topic: NO
    people: {topic: 0730, host: a@example.com, settings: {alternative_hosts: [b@example.com]}}
imports:
- {to: zeta, id: 81234567890}
# the other one
- to: alpha # alpha
  id: 81234567891
version: 1
# the end
"""

LAID_OUT = """\
# yaml-language-server: $schema=meetings.schema.json

# all of them
version: 1

meetings:  # by key
  zeta:
    # shown in the calendar
    topic: |   # two lines
      Hello
        there

      end
    settings:  # as agreed
      # ours
      use_pmi: false
      waiting_room: true  # for guests

    # commented: out

  # about alpha
  alpha:
    topic: 'it''s'
    agenda: "several
      lines \\
      of text"
    type: 8
    # by request
    start_time: 2027-01-01T10:00:00

    # the rule
    recurrence:
      type: 2
      weekly_days: "2"  # Monday
      end_times: 5  # five
      # until summer

  keep:
    topic: NO
    agenda: |+
      kept


  people: {host: a@example.com, topic: 0730, settings: {alternative_hosts: [b@example.com]}}

imports:
  - {id: 81234567890, to: zeta}
  # the other one
  - id: 81234567891
    to: alpha  # alpha
# the end
"""


def test_the_layout_of_all_that_people_write() -> None:
    assert laid_out(WRITTEN) == LAID_OUT
    assert laid_out(LAID_OUT) == LAID_OUT


FILES = sorted((*ROOT.glob("examples/**/*.y*ml"), *CASES.glob("**/*.y*ml")))


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda folder: folder.name)
def test_every_file_of_the_project_declares_the_same(folder: Path) -> None:
    """And has its comments still, and is not changed a second time."""
    for path in (each for each in FILES if each.parent == folder):
        content = path.read_bytes()
        document = documents.parse(Source(path.name, content))
        if not document.is_sound:
            continue
        new = layout.lay_out(document, content).decode()
        assert facts(new) == facts(content.decode().removeprefix("\ufeff")), path
        assert laid_out(new) == new, path


TEXTS = (
    "plain",
    '"quoted"',
    "'single'",
    "NO",
    "0730",
    "10:30",
    "1.50",
    "true",
    "null",
    "",
    "a#b",
    "~",
    '"# no"',
)
NAMES = ("topic", "host", "type", "settings", "duration", "agenda", "recurrence", "zz", '"quoted key"', "use")


class RandomText:
    """Writes random texts: comments wherever they may be, any indentation, both styles."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0

    def _is_drawn(self, share: float) -> bool:
        return self.chance.random() < share

    def _comment(self) -> str:
        self.number += 1
        return self.chance.choice(("# note {}", "#{}", "#  : - {} #")).format(self.number)

    def _gap(self, indent: int) -> Iterator[str]:
        """Empty lines and comments above an entry."""
        for _ in range(self.chance.choice((0, 0, 0, 1, 2))):
            yield (
                ""
                if self._is_drawn(0.4)
                else " " * self.chance.choice((0, indent, indent, indent + 3)) + self._comment()
            )

    def _beside(self) -> str:
        return f" {self._comment()}" if self._is_drawn(0.25) else ""

    def _flow(self, depth: int) -> str:
        if depth > 2 or self._is_drawn(0.5):
            return self.chance.choice([text for text in TEXTS if text])
        if self._is_drawn(0.5):
            return f"[{', '.join(self._flow(depth + 1) for _ in range(self.chance.randrange(4)))}]"
        return f"{{{', '.join(f'{name}: {self._flow(depth + 1)}' for name in self._names(4))}}}"

    def _names(self, most: int) -> list[str]:
        return self.chance.sample(NAMES, self.chance.randrange(most))

    def _mapping(self, indent: int, depth: int) -> Iterator[str]:
        for name in self._names(6) or ["topic"]:
            yield from self._gap(indent)
            yield from self._value(f"{' ' * indent}{name}:", indent, depth)

    def _sequence(self, indent: int, depth: int) -> Iterator[str]:
        for _ in range(self.chance.randrange(1, 4)):
            yield from self._gap(indent)
            yield from self._value(f"{' ' * indent}-", indent, depth)

    def _value(self, head: str, indent: int, depth: int) -> Iterator[str]:
        kind = self.chance.randrange(8 if depth < 4 else 4)
        inner = indent + self.chance.choice((1, 2, 4))
        if kind < 2:
            yield f"{head} {self.chance.choice(TEXTS)}{self._beside()}"
        elif kind == 2:
            mark = self.chance.choice(("|", ">", "|-", ">+", "|+"))
            yield f"{head} {mark}{self._beside()}"
            yield from (
                f"{' ' * inner}first",
                f"{' ' * inner}  further # no comment",
                "",
                f"{' ' * inner}last",
            )
        elif kind == 3:
            yield f"{head} {self._flow(0)}{self._beside()}"
        elif kind == 4:
            yield f"{head} {{topic: a,{self._beside()}"
            yield from self._gap(inner)
            yield f"{' ' * inner}use: 'b'{self._beside()}"
            yield f"{' ' * inner}}}{self._beside()}"
        elif kind == 5:
            yield f'{head} "one'
            yield f'{" " * inner}two"{self._beside()}'
        else:
            yield f"{head}{self._beside()}"
            yield from self._sequence(inner, depth + 1) if kind == 6 else self._mapping(inner, depth + 1)

    def text(self) -> str:
        """Return the text."""
        sections = self.chance.sample(["version: 1", "defaults:", "meetings:", "templates:"], 4)
        lines: list[str] = []
        for section in sections:
            lines += [*self._gap(0), section]
            if section.endswith(":"):
                lines += self._mapping(self.chance.choice((2, 4)), 0)
        return "\n".join([*lines, *self._gap(0)]) + "\n"


@pytest.mark.no_cover
def test_random_texts_declare_the_same() -> None:
    """And have their comments still, and are not changed a second time."""
    for seed in range(RANDOM):
        text = RandomText(seed).text()

        new = laid_out(text)

        assert facts(new) == facts(text), seed
        assert laid_out(new) == new, seed


def test_a_mapping_with_an_anchor_or_an_alias_keeps_its_order() -> None:
    """An alias means the anchor above it."""
    text = (
        "meetings:\n"
        "  a:\n"
        "    settings: &shared {use_pmi: false, host_video: true}\n"
        "    topic: A\n"
        "\n"
        "  b:\n"
        "    settings: *shared\n"
        "    topic: B\n"
        "\n"
        "  c:\n"
        "    topic: C\n"
        "    host: c@example.com\n"
        "version: 1\n"
    )

    expected = text.replace(
        "    topic: C\n    host: c@example.com\n", "    host: c@example.com\n    topic: C\n\n"
    )
    assert laid_out(text) == expected


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\ufeffversion:   1\r\n", "\ufeffversion: 1\r\n"),
        ("# only a comment\n", "# only a comment\n"),
        ("# head\n---\n# below\nversion:   1\n...\n", "# head\n---\n# below\nversion: 1\n"),
        ("{version: 1,   meetings: {}}\n", "{version: 1, meetings: {}}\n"),
        (
            "meetings:\n  a:\n    agenda: |\n      no end of line",
            "meetings:\n  a:\n    agenda: |-\n      no end of line\n",
        ),
        ("meetings:\n  a:\n    agenda: |1\n       four\n", "meetings:\n  a:\n    agenda: |1\n       four\n"),
        ("version: 1\t# a tab\t\n", "version: 1  # a tab\n"),
        ("meetings: {} # none\n", "meetings: {}  # none\n"),
        ("meetings: { # none\n  }\n", "meetings: {}  # none\n"),
        ("? meetings\n: {a: {topic: x}}\n", "meetings: {a: {topic: x}}\n"),
    ],
)
def test_what_a_file_has_beside_its_fields_is_kept(written: str, kept: str) -> None:
    assert laid_out(written) == kept


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("%YAML 1.1\n---\nversion: 1\n", "Above this line is a directive, which begins with `%`."),
        ('? "a\n  b"\n: 1\n', "A key is written on several lines."),
        (
            "version:\t1\n",
            "ruamel.yaml cannot read it: found character '\\t' that cannot start any token.",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnkeepableError) as raised:
        laid_out(text)

    assert str(raised.value) == reason


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("version: 2  # one\n", "It would not declare the same any more."),
        ("version: 1.5  # one\n", "It would not declare the same any more."),
        ('version: "1"  # one\n', "It would not declare the same any more."),
        ("version: true  # one\n", "It would not declare the same any more."),
        ("version: [  # one\n", "It would not declare the same any more."),
        ("version: 1\n", "1 of its comments would be lost."),
        ("version: 1  # on\n", "1 of its comments would be lost."),
    ],
)
def test_a_new_text_that_says_something_else_is_refused(new: str, reason: str) -> None:
    old = "version: 1 # one\n"
    with pytest.raises(UnkeepableError) as raised:
        layout.check_kept(parsed(old), old, new)

    assert str(raised.value) == reason


def test_a_flow_that_does_not_fit_on_a_line_is_opened() -> None:
    people = ", ".join(f"person-{number}@example.com" for number in range(5))

    assert laid_out(f"people:\n  all: [{people}]\n") == "people:\n  all:\n" + "".join(
        f"    - person-{number}@example.com\n" for number in range(5)
    )


@pytest.mark.parametrize(
    ("text", "is_spec"),
    [
        ("meetings: {}\nowner: ann\n", True),
        ('version: "1"\nmeetings: {}\nowner: ann\n', True),
        ("defaults: {run: {shell: bash}}\njobs: {}\n", False),
        ("version: 1\njobs: {}\n", False),
        ('{"version": 1, "x": [}\n', True),
        ('{"x": {"version": 2}, "version" : 1}, "y": [}\n', True),
        ('{"version": 1.5, "x": [}\n', False),
        ('{"version": 1e3, "x": [}\n', False),
        ("{\"x\": [}, 'meetings': {}}\n", True),
        ('{"x": "a } \\" {",\n "meetings": [}\n', True),
        ('{"x": "a {\n, "meetings": [}\n', True),
        ('{"x": {"meetings": [}}\n', False),
        ('{"x": [{"version": 1, "y": [}}]}\n', False),
        ('{"x": "{", "y": {"meetings": [}}\n', False),
        ('{"x": "meetings", "y": [}\n', False),
    ],
)
def test_a_file_with_meetings_is_meant_as_a_spec_whatever_else_it_has(text: str, *, is_spec: bool) -> None:
    """Its mistakes are found by `validate`; to pass it over would say that it is in order."""
    assert layout.is_spec(documents.parse(Source("file.yaml", text.encode()))) is is_spec
