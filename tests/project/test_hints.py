"""Each hint that names a command or an entry's line is followed by a test, or needs none."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

import pytest
from syntax import syntax_tree

pytestmark = pytest.mark.no_cover

PACKAGE = Path(__file__).parents[2] / "reconciler"

WALKED = frozenset(
    {
        "apply.dates",
        "apply.exists-already",
        "apply.gone",
        "apply.handover-refused",
        "apply.not-taken",
        "apply.unclear",
        "import.gone",
        "import.unfit",
        "init.exists",
        "links.gone",
        "output.drift-report",
        "output.unwritable",
        "passcode.in-link",
        "plan.late",
        "plan.move-blocked",
        "plan.only-skips",
        "plan.other-key",
        "plan.over-in-spec",
        "plan.unreadable",
        "refresh.other-host",
        "refresh.personal-id",
        "refresh.webinar",
        "source.none",
        "source.other-settings",
        "state.conflict",
        "state.file-unreadable",
        "state.interrupted-key",
        "state.key-taken",
        "state.no-remote",
        "state.not-a-state",
        "state.not-the-lock",
        "state.other-meeting",
        "state.unanswered",
        "state.unknown-key",
        "state.unknown-zone",
        "state.unreadable",
        "usage.unknown-code",
    }
)
"""Codes whose hints are followed in tests/cli/test_hints.py and tests/cli/test_hints_of_commands.py."""

ELSEWHERE = {
    "spec.output": "tests/cli/test_paths.py: a saved plan is applied",
    "usage.no-file": "tests/cli/commands/test_state_transfer.py: a file that is pushed",
}
"""Codes whose hints are followed by other tests."""


COMMAND = re.compile(r"`reconciler |_line\(|state rm|`imports`|force-unlock|git remote add")


def hints_with_commands() -> set[str]:
    """The codes whose hints name a command or the list of an entry, also in a part that has a name."""
    return {code for path in PACKAGE.rglob("*.py") for code in _in_module(syntax_tree(path.read_text()))}


def _in_module(tree: ast.Module) -> Iterator[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    shared = _set_in(tree.body) | {each.name: _returned(each) for each in functions}
    for scope in (*functions, tree):
        named = shared | (_set_in(scope.body) if isinstance(scope, ast.FunctionDef) else {})
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            code, hint = _code_and_hint(call)
            if code and hint is not None and COMMAND.search(_whole(hint, named)):
                yield code


def _set_in(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """What each name is set to in a function, or at the top of a module."""
    set_to: dict[str, list[ast.expr]] = {}
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            for name in node.targets if isinstance(node, ast.Assign) else ():
                for each in ast.walk(name):
                    if isinstance(each, ast.Name):
                        set_to.setdefault(each.id, []).append(node.value)  # type: ignore[attr-defined]  # - of an Assign
    return set_to


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    returns = (each for each in ast.walk(function) if isinstance(each, ast.Return))
    return [each.value for each in returns if each.value is not None]


def _whole(hint: ast.expr, named: dict[str, list[ast.expr]], depth: int = 3) -> str:
    """The source of a hint, and of the texts that it names."""
    names = {each.id for each in ast.walk(hint) if isinstance(each, ast.Name)} if depth else set()
    parts = (_whole(text, named, depth - 1) for name in sorted(names) for text in named.get(name, ()))
    return "\n".join((ast.unparse(hint), *parts))


def _code_and_hint(call: ast.Call) -> tuple[str | None, ast.expr | None]:
    """The code and the hint of a finding or an error; the hint stands two places after the code."""
    keywords = {each.arg: each.value for each in call.keywords}
    values = [*call.args[:2], keywords.get("code")]
    texts = [each.value if isinstance(each, ast.Constant) else None for each in values]
    place = next((n for n, text in enumerate(texts) if isinstance(text, str) and CODE.fullmatch(text)), None)
    if place is None:
        return None, None
    hint = keywords.get("hint") or (call.args[place + 2] if len(call.args) > place + 2 else None)
    return str(texts[place]), hint


CODE = re.compile(r"[a-z]+\.[a-z-]+")


def test_no_hint_with_a_command_is_left_out() -> None:
    """A new one gets a test in one of the two files, or stands above with the reason why it needs none."""
    known = WALKED | ELSEWHERE.keys()

    assert hints_with_commands() ^ known == set()
