"""Every diagnostic code is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
from machine_formats import OPEN
from paths import ROOT
from syntax import syntax_tree

from reconciler.errors.explanations.table import table
from reconciler.spec import settings, spec
from reconciler.spec.schema.validator import meeting_fields
from reconciler.spec.settings import Settings
from reconciler.spec.yaml import document
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from shell import Shell

pytestmark = pytest.mark.no_cover

PACKAGE = ROOT / "reconciler"
CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9]+(-[a-z0-9]+)*")
NO_CODES = {"zoom.example", "state.json", "usage.toml"}
"""Texts in the source that look like a code but are none: an example address, names of files."""
SECTIONS = {
    "version",
    "defaults",
    "templates",
    "people",
    "closures",
    "meetings",
    "moved",
    "imports",
    "removed",
}
CODE_PLACES = {"Diagnostic": 0, "UnlocatedDiagnostic": 1, "SyntaxProblem": 3, "of": 0}
"""The position of the code in a call that makes a diagnostic, or an error with one."""


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """The calls and texts of the source, with the name of their file."""
    return tuple(
        (str(path.relative_to(PACKAGE)), node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(syntax_tree(path.read_text()))
        if isinstance(node, (ast.Call, ast.Constant, ast.JoinedStr))
    )


def codes_in_source() -> set[str]:
    """Return every text in the source that looks like a code of an explained family."""
    families = {code.partition(".")[0] for code in table()}
    texts = {
        node.value for _, node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in texts if CODE.fullmatch(text)}
    return {code for code in codes if code.partition(".")[0] in families} - NO_CODES


def test_every_code_is_explained_and_no_other() -> None:
    """A new code gets an entry in reconciler/errors/explanations/FAMILY.toml."""
    assert sorted(codes_in_source() ^ table().keys()) == []


def test_every_code_is_written_whole() -> None:
    """A code that is put together from pieces cannot be searched for."""
    families = {code.partition(".")[0] for code in table()}
    assembled = [
        f"{file}:{node.lineno}"
        for file, node in nodes()
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and str(node.values[0].value) in {f"{family}." for family in families}
    ]

    assert assembled == []


def codes_of(call: ast.Call) -> list[str]:
    """Return the codes that are written in a call that makes a diagnostic: of a choice, both."""
    place = CODE_PLACES.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
    if place is None:
        return []
    passed = [*call.args[place : place + 1], *(each.value for each in call.keywords if each.arg == "code")]
    choices = [
        part for each in passed for part in (getattr(each, "body", each), getattr(each, "orelse", each))
    ]
    texts = [each.value for each in choices if isinstance(each, ast.Constant)]
    return sorted({text for text in texts if isinstance(text, str)})


@pytest.mark.parametrize(
    "call",
    [
        'Diagnostic("new.code")',
        'Diagnostic(detail="A.", code="new.code")',
        'UnlocatedDiagnostic(("host",), "new.code", "A.")',
        'SyntaxProblem(0, 0, 1, "new.code", "A.", "")',
        'SettingsError.of("new.code", detail="A.")',
        'Diagnostic("new.code" if is_new else "new.code")',
    ],
)
def test_a_code_is_seen_wherever_a_diagnostic_is_made(call: str) -> None:
    made = ast.parse(call, mode="eval").body

    assert isinstance(made, ast.Call)
    assert codes_of(made) == ["new.code"]


def test_a_diagnostic_has_an_explained_code() -> None:
    """A code of an unknown family would pass the other tests."""
    written = [
        (f"{file}:{node.lineno}", code)
        for file, node in nodes()
        if isinstance(node, ast.Call)
        for code in codes_of(node)
    ]

    assert [each for each in written if each[1] not in table()] == []


def test_explanations_are_short_and_whole() -> None:
    for each in table().values():
        texts = (each.means, each.why, each.do)
        assert 5 <= len(each.summary) <= 80, each.code
        assert not each.summary.endswith("."), each.code
        assert each.means.rstrip(".") != each.summary, each.code
        assert all(10 <= len(text) <= 240 and text.endswith((".", "?")) for text in texts), each.code
        assert 0 < len(each.example.splitlines()) <= 5, each.code
        assert all(text.isprintable() for text in (*texts, *each.example.splitlines())), each.code


def of_a_spec(example: str) -> str | None:
    """An example as a whole file, where it is lines of one or of a meeting."""
    names = set(re.findall(r"^(\w+):", example, re.MULTILINE))
    if names & SECTIONS:
        return example if "version" in names else f"version: 1\n{example}\n"
    lines = example.replace("\n", "\n    ")
    return f"version: 1\nmeetings:\n  weekly:\n    {lines}\n" if names & meeting_fields() else None


def test_an_example_of_a_spec_can_be_read() -> None:
    """It may lack what stands elsewhere, such as the host, and has nothing that nobody knows."""
    texts = {code: of_a_spec(each.example) for code, each in table().items()}
    found = [
        (code, each.code)
        for code, text in texts.items()
        if text is not None
        for each in spec.parse((Source("a.yaml", text.encode()),), Settings()).diagnostics
        if each.code.startswith("yaml.") or each.code == "spec.unknown-field"
    ]

    assert found == []
    assert len([text for text in texts.values() if text]) > 50


def test_an_example_of_the_settings_can_be_used() -> None:
    """What has the form of reconciler.yaml is read as one, without a finding."""
    sources = [Source(code, each.example.encode()) for code, each in table().items()]
    files = [
        source
        for source in sources
        if source.filename.startswith("settings.") and isinstance(document.parse(source).value, dict)
    ]

    assert [each for source in files for each in settings.parse(source).diagnostics] == []
    assert len(files) > 10


def test_each_family_has_a_file_of_its_own() -> None:
    """The file is named after the family, and has no other codes."""
    files = {path.stem for path in (PACKAGE / "errors" / "explanations").glob("*.toml")}

    assert {code.partition(".")[0] for code in table()} == files


def test_the_page_of_errors_is_up_to_date() -> None:
    """tools/derive_errors.py writes it."""
    command = [sys.executable, str(ROOT / "tools" / "derive_errors.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_code_is_explained(shell: Shell) -> None:
    ran = shell("explain", "state.locked")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "state.locked\n"
        "  Another run holds the lock on the state, so this one did nothing. The exit status is 4.\n"
        "  Why: Two runs at once could create a meeting twice. The message shows who holds the lock, "
        "since when, and where.\n"
        "  Do: Wait for the other run, pass --lock-timeout, or, if its process is surely dead, "
        "unlock with the ID.\n"
        "  Example:\n"
        "    reconciler apply --lock-timeout 5m\n"
    )


@pytest.mark.parametrize("written", ["[state.locked]", "STATE.LOCKED", " state.locked "])
def test_a_code_can_be_copied_with_its_brackets(written: str, shell: Shell) -> None:
    assert shell("explain", written).out == shell("explain", "state.locked").out


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("state.loked", "Did you mean `state.locked`?"),
        ("start-off-rule", "Did you mean `series.start-off-rule`?"),
        ("spec.start-off-rule", "Did you mean `series.start-off-rule`?"),
        ("\x1b[31mxyzzy", "`reconciler explain` lists every code."),
    ],
)
def test_an_unknown_code_gets_a_suggestion(written: str, hint: str, shell: Shell) -> None:
    ran = shell("explain", written)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == "error[usage.unknown-code]: Unknown code"
    assert ran.err.splitlines()[2] == f"  = hint: {hint}"
    assert "\x1b" not in ran.err


def test_all_codes_are_listed_by_family(shell: Shell) -> None:
    lines = shell("explain").out.splitlines()

    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(table())
    assert [line for line in lines if line and not line.startswith(" ")] == sorted(
        {code.partition(".")[0] for code in table()}
    )


def test_a_family_is_listed(shell: Shell) -> None:
    listed = [line.split()[0] for line in shell("explain", "links").out.splitlines()]

    assert listed == ["links", "links.gone", "links.in-a-log", "links.none"]


def test_explanations_are_available_as_json(shell: Shell) -> None:
    (document,) = shell("explain", "links", "--format", "json").rows

    assert [each["code"] for each in document["codes"]] == ["links.gone", "links.in-a-log", "links.none"]


def test_every_code_of_validate_can_be_explained(shell: Shell) -> None:
    shell.write("meetings.yaml", OPEN)

    printed = re.findall(r"^\w+\[(.*?)\]", shell("validate").out, re.MULTILINE)

    assert [shell("explain", code).status for code in printed] == [0, 0]
