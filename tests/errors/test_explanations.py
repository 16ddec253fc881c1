"""Every diagnostic code is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from machine_formats import OPEN
from paths import ROOT

from reconciler.errors.explanations.table import table
from reconciler.spec.schema._violation import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shell import Shell

PACKAGE = ROOT / "reconciler"
CODE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9]+(-[a-z0-9]+)*")
NAME = re.compile(r"[a-z]+(-[a-z]+)*")

NO_CODES = {"zoom.example", "state.json"}
"""Texts in the source that look like a code of a family we have: a made-up address, a file's name."""


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text())


def constants(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value


def arguments(module: str, called: str, place: int) -> Iterator[str]:
    """The texts that a module hands to calls of a name, at one place among the arguments."""
    for node in ast.walk(tree(module)):
        name = getattr(node, "func", None)
        if isinstance(node, ast.Call) and called in {getattr(name, "attr", ""), getattr(name, "id", "")}:
            yield from constants(node.args[place : place + 1])


def firsts(module: str) -> Iterator[str]:
    """The first texts of the tuples that a module returns, or takes apart at once."""
    for node in ast.walk(tree(module)):
        is_apart = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)
        value = node.value if isinstance(node, ast.Return | ast.Assign) else None
        if isinstance(value, ast.Tuple) and (is_apart or isinstance(node, ast.Return)):
            yield from constants(value.elts[:1])


def worded() -> set[str]:
    found = {*firsts("wording.py"), *firsts("stray.py"), *arguments("wording.py", "code", 0)}
    return found | set(arguments("stray.py", "code", 0))


def about_references() -> set[str]:
    named = {*arguments("references.py", "_finding", 1), *arguments("references.py", "_twins", 3)}
    return named | {f"{what}-undeclared" for what in arguments("references.py", "_undeclared", 0)}


BUILT: dict[tuple[str, str], Callable[[], set[str]]] = {
    ("reading.py", "yaml."): lambda: {
        *arguments("reading.py", "defect", 1),
        *arguments("reading.py", "stop", 1),
    },
    ("references.py", "spec."): about_references,
    ("rules/passcode.py", "passcode."): lambda: set(firsts("rules/passcode.py")),
    ("sources.py", "source."): lambda: set(firsts("sources.py")),
}
"""Where a code is put together from a family and a name: the names that can stand there."""


def modules() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            yield path.relative_to(PACKAGE).as_posix(), node


def written_whole() -> set[str]:
    """Every text in the source that is a code: by its family, or by where it stands."""
    families = {code.partition(".")[0] for code in table()}
    found = set()
    for _, node in modules():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            found |= {node.value} if node.value.partition(".")[0] in families else set()
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Diagnostic", "Finding", "Defect"}:
            handed = [*node.args, *(each.value for each in node.keywords if each.arg == "code")]
            texts = [each.value for each in handed if isinstance(each, ast.Constant)]
            found |= {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}
    return found - NO_CODES


def put_together() -> set[str]:
    """Every code that the source builds from a family and a name."""
    from_schemas = {f"{FAMILIES[name]}.{end}" for name in ("meetings", "reconciler") for end in worded()}
    return from_schemas | {f"{family}{end}" for (_, family), ends in BUILT.items() for end in ends()}


def test_every_code_is_explained_and_no_other() -> None:
    """Whoever gives a new code writes down what it means, in reconciler/explanations/FAMILY.toml."""
    codes = written_whole() | put_together()

    assert sorted(codes ^ table().keys()) == []


def test_no_code_is_put_together_where_nobody_looks() -> None:
    """An f-string that begins with a family is a code that the test above cannot read by itself."""
    families = {code.partition(".")[0] for code in table()}
    sites = set()
    for module, node in modules():
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            begins = str(node.values[0].value)
            if (
                begins.endswith(".")
                and begins[:-1] in families
                and isinstance(node.values[-1], ast.FormattedValue)
            ):
                sites.add((module, begins))

    assert sites == BUILT.keys()


def test_explanations_are_short_and_whole() -> None:
    for each in table().values():
        told = (each.means, each.why, each.do)
        assert all(10 <= len(text) <= 240 and text.endswith((".", "?")) for text in told), each.code
        assert 0 < len(each.example.splitlines()) <= 5, each.code
        assert all(text.isprintable() for text in (*told, *each.example.splitlines())), each.code


def test_each_family_has_a_file_of_its_own() -> None:
    """What two families share stands in one of them."""
    files = {path.stem for path in (PACKAGE / "explanations").glob("*.toml")}

    assert {code.partition(".")[0] for code in table()} == files


def test_the_page_of_errors_is_made_of_the_explanations() -> None:
    """tools/derive_errors.py writes it."""
    command = [sys.executable, str(ROOT / "tools" / "derive_errors.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_code_is_explained(shell: Shell) -> None:
    ran = shell("explain", "state.locked")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "state.locked\n"
        "  Another run holds the state, so this one did nothing. The exit status is 4.\n"
        "  Why: Two runs at once could make a meeting twice. The message has a Lock Info block: "
        "who, since when, and where.\n"
        "  Do: Wait for it, give --lock-timeout, or, if its process is surely dead, unlock by the ID.\n"
        "  Example:\n"
        "    reconciler apply --lock-timeout 5m\n"
    )


@pytest.mark.parametrize("written", ["[state.locked]", "STATE.LOCKED", " state.locked "])
def test_a_code_is_taken_as_it_is_copied(written: str, shell: Shell) -> None:
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
def test_an_unknown_code_leads_to_the_nearest(written: str, hint: str, shell: Shell) -> None:
    ran = shell("explain", written)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == "error[usage.unknown-code]: There is no such code"
    assert ran.err.splitlines()[2] == f"  = hint: {hint}"
    assert "\x1b" not in ran.err


def test_without_a_code_all_are_listed_by_family(shell: Shell) -> None:
    lines = shell("explain").out.splitlines()

    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(table())
    assert [line for line in lines if line and not line.startswith(" ")] == sorted(
        {code.partition(".")[0] for code in table()}
    )


def test_a_family_is_listed(shell: Shell) -> None:
    listed = [line.split()[0] for line in shell("explain", "links").out.splitlines()]

    assert listed == ["links", "links.gone", "links.in-a-log", "links.none"]


def test_programs_read_explanations_too(shell: Shell) -> None:
    (told,) = shell("explain", "links", "--format", "json").rows

    assert [each["code"] for each in told["codes"]] == ["links.gone", "links.in-a-log", "links.none"]


def test_what_validate_prints_can_be_explained(shell: Shell) -> None:
    shell.write("meetings.yaml", OPEN)

    printed = re.findall(r"^\w+\[(.*?)\]", shell("validate").out, re.MULTILINE)

    assert [shell("explain", code).status for code in printed] == [0, 0]
