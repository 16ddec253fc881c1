"""The checks of `doctor` as text: a line for each, with the remedy below those that failed or warned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun, escape_control
from reconciler.views.results import Check, CheckStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.views.style import TextStyle


def doctor(checks: Sequence[Check], style: TextStyle) -> str:
    """Return a line for each check, its remedy below it, and the totals last."""
    width = max(len(check.name) for check in checks)
    lines = [line for check in checks for line in _lines(check, width, style)]
    return "".join(f"{line}\n" for line in (*lines, "", _totals(checks, style)))


def _lines(check: Check, width: int, style: TextStyle) -> list[str]:
    paint = {CheckStatus.OK: style.good, CheckStatus.WARN: style.warning, CheckStatus.FAIL: style.error}
    status = paint[check.status](check.status.ljust(4))
    code = f" {style.dim(f'[{check.code}]')}" if check.code else ""
    indent = " " * (6 + width + 2)
    first, *rest = (escape_control(line) for line in check.summary.split("\n"))
    remedies = [escape_control(line) for line in check.remedy.split("\n") if line]
    return [
        f"{status}  {check.name.ljust(width)}  {first}{code}",
        *(indent + line for line in rest),
        *(f"{indent}{'   ' if number else '-> '}{line}" for number, line in enumerate(remedies)),
    ]


def _totals(checks: Sequence[Check], style: TextStyle) -> str:
    counts = Counter(check.status for check in checks)
    failed, warned = counts[CheckStatus.FAIL], counts[CheckStatus.WARN]
    parts = [f"{failed} failed"] if failed else []
    parts += [count_noun(warned, "warning")] if warned else []
    return style.bold(f"{', '.join(parts)}." if parts else "All checks passed.")
