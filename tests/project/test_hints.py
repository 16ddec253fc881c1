"""Each hint that names a command or an entry's line is followed by a test, or needs none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "reconciler"

WALKED = frozenset(
    {
        "apply.dates",
        "apply.gone",
        "apply.not-taken",
        "apply.unclear",
        "import.gone",
        "import.unfit",
        "init.exists",
        "links.gone",
        "plan.move-blocked",
        "plan.only-skips",
        "plan.unreadable",
        "refresh.webinar",
        "state.conflict",
        "state.interrupted-key",
        "state.unknown-key",
        "state.unknown-zone",
        "state.unreadable",
    }
)
"""Codes whose hints are followed in tests/cli/test_hints.py."""

ELSEWHERE = {
    "output.drift-report": "tests/cli/commands/test_budget.py: the report of `drift` is read",
    "state.not-the-lock": "tests/cli/commands/test_state_lock.py: force-unlock with the ID",
    "state.unanswered": "tests/stores/leased/test_store.py",
}
"""Codes whose hints are followed by other tests, or outside of this program."""

INFORMS = frozenset(
    {
        "output.unwritable",
        "passcode.in-link",
        "plan.late",
        "state.file-unreadable",
        "state.not-a-state",
        "usage.no-file",
        "usage.unknown-code",
    }
)
"""Codes whose hints name a command that only shows or writes something; the remedy is in words."""


def hints_with_commands() -> set[str]:
    """The codes whose hints name a command or the list of an entry."""
    named = re.compile(r"`reconciler |_line\(|state rm|`imports`")
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            hint = _hint(call) if isinstance(call, ast.Call) else None
            code = _code(call) if isinstance(call, ast.Call) else None
            if code and hint is not None and named.search(ast.unparse(hint)):
                found.add(code)
    return found


def _code(call: ast.Call) -> str | None:
    values = [*call.args[:2], *(each.value for each in call.keywords if each.arg == "code")]
    texts = (each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return next((text for text in texts if re.fullmatch(r"[a-z]+\.[a-z-]+", text)), None)


def _hint(call: ast.Call) -> ast.expr | None:
    named = next((each.value for each in call.keywords if each.arg == "hint"), None)
    return named or (call.args[-1] if len(call.args) > 2 else None)


def test_no_hint_with_a_command_is_left_out() -> None:
    """A new one gets a test in tests/cli/test_hints.py, or stands above with the reason why it needs none."""
    known = WALKED | ELSEWHERE.keys() | INFORMS

    assert hints_with_commands() - known == set()
    assert known - hints_with_commands() == set()
