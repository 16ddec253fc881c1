"""Example files and the exact output of `validate` for them. A new case is a new file.

`GROUP/NAME.wrong.yaml` (or a folder `NAME.wrong` with several files) has a counterpart `NAME.right` that
differs only in the mistake. The output is in `.expected`. `python tests/project/test_cases.py` writes these
files again; read the diff.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from paths import CASES

from reconciler.cli.sources import sources
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source
from reconciler.views.text import diagnostics as text_diagnostics

if TYPE_CHECKING:
    from pathlib import Path

STEMS = sorted({path.parent / path.name.removesuffix(".expected") for path in CASES.rglob("*.expected")})
WRONG = [stem for stem in STEMS if stem.suffix == ".wrong"]

PROMISED = {
    "a key written twice": "yaml.duplicate-key",
    "a tag": "yaml.tag",
    "an alias bomb": "yaml.values",
    "too many levels": "yaml.depth",
    "a key that is not text": "yaml.key",
    "a second document": "yaml.document",
    "text that is not YAML": "yaml.syntax",
    "an unknown field": "spec.unknown-field",
    "a wrong type": "spec.wrong-type",
    "a key in two files": "spec.duplicate-key",
    "no host": "spec.no-host",
    "a host that is not listed": "spec.unknown-host",
    "a missing file": "source.missing",
    "an empty folder": "source.empty-folder",
    "an https:// state in the file": "settings.state-address",
    "no topic": "meeting.topic-missing",
    "no start": "time.start-missing",
    "a local time or a series without a zone": "time.zone-missing",
    "an unknown zone": "time.zone-unknown",
    "a skipped time": "time.skipped",
    "a time that occurs twice": "time.ambiguous",
    "Z in a zone with summer time": "time.utc-in-series",
    "type 1": "meeting.instant",
    "type 8 without recurrence": "series.rule-missing",
    "recurrence without type": "series.type-missing",
    "recurrence on another type": "series.ignored",
    "no end": "series.end-missing",
    "both ends": "series.end-twice",
    "weekly without days": "series.days-missing",
    "monthly without a day": "series.day-missing",
    "monthly with both days": "series.day-twice",
    "a start off the rule": "series.start-off-rule",
    "an interval past its bound": "series.interval",
    "two ways to write one rule": "series.repeat-twice",
    "days that the unit does not have": "series.day-misfit",
    "a passcode outside the charset": "passcode.charset",
    "a literal passcode": "passcode.literal",
    "a join link with a secret": "passcode.in-link",
    "two alike": "meeting.twin",
    "an obsolete field": "meeting.obsolete-field",
}
"""The mistakes that the design lists, and the codes of their findings."""


def output(stem: Path) -> str:
    """The output of `validate` for a case: a file, or a folder as the working folder."""
    if not stem.is_dir():
        name = f"{stem.name}.yaml"
        files = (Source(name, (stem.parent / name).read_bytes()),)
        return _render(spec.parse(files, Settings()), len(files))
    settings = sources.read_settings(stem)
    read = sources.read_sources((), settings.settings or Settings(), stem)
    parsed = spec.parse(read.files, settings.settings or Settings())
    diagnostics = (*settings.diagnostics, *read.diagnostics, *parsed.diagnostics)
    text = _render(spec.ParseResult(parsed.spec, diagnostics), len(read.files))
    return text.replace(str(stem.resolve()), "FOLDER")


def _render(parsed: spec.ParseResult, files: int) -> str:
    meetings = len(parsed.spec.meetings) if parsed.spec else 0
    text = text_diagnostics.diagnostics(parsed.diagnostics)
    return (
        text
        + ("\n" if text else "")
        + text_diagnostics.totals_line(parsed.diagnostics, meetings=meetings, files=files)
    )


def expected(stem: Path) -> str:
    return stem.with_name(f"{stem.name}.expected").read_text(encoding="utf-8")


def codes(text: str) -> set[str]:
    return set(re.findall(r"^(?:error|warning)\[(.+?)\]", text, re.MULTILINE))


@pytest.mark.parametrize("stem", STEMS, ids=lambda stem: str(stem.relative_to(CASES)))
def test_a_case_has_its_expected_output(stem: Path) -> None:
    assert output(stem) == expected(stem)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda stem: str(stem.relative_to(CASES)))
def test_a_wrong_case_has_a_right_counterpart(wrong: Path) -> None:
    """The finding comes from the mistake, not from what both files have."""
    right = codes(expected(wrong.with_suffix(".right")))

    assert codes(expected(wrong))
    assert not right


def test_every_mistake_that_the_design_lists_has_a_case() -> None:
    shown = set().union(*(codes(expected(stem)) for stem in WRONG))

    assert {mistake for mistake, code in PROMISED.items() if code not in shown} == set()


def test_no_case_shows_a_secret() -> None:
    """The cases use these words as passcodes."""
    assert [stem for stem in STEMS if re.search("hunter|c2VjcmV0|12345678(?!90)", expected(stem))] == []


def _write() -> None:
    for path in CASES.rglob("*"):
        if path.name.endswith((".wrong", ".right")) or path.suffixes[-2:] in (
            [".wrong", ".yaml"],
            [".right", ".yaml"],
        ):
            stem = path if path.is_dir() else path.with_suffix("")
            stem.with_name(f"{stem.name}.expected").write_text(output(stem), encoding="utf-8")


if __name__ == "__main__":
    _write()
