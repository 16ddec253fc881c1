"""What `doctor` found: a line for each check, and the remedy where one is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.text import escape_control
from reconciler.views.results import Check, CheckStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.views.style import TextStyle


def doctor(checks: Sequence[Check], style: TextStyle) -> str:
    """A line for each check, remedies below, and the verdict last."""
    width = max(len(each.name) for each in checks)
    lines = [line for each in checks for line in _lines(each, width, style)]
    return "".join(f"{line}\n" for line in (*lines, "", _end(checks, style)))


def _lines(each: Check, width: int, style: TextStyle) -> list[str]:
    painted = {CheckStatus.OK: style.good, CheckStatus.WARN: style.warning, CheckStatus.FAIL: style.error}[
        each.verdict
    ]
    code = f" {style.dim(f'[{each.code}]')}" if each.code else ""
    indent = " " * (6 + width + 2)
    first, *others = (escape_control(part) for part in each.summary.split("\n"))
    remedies = [escape_control(part) for part in each.remedy.split("\n") if part]
    return [
        f"{painted(each.verdict.ljust(4))}  {each.name.ljust(width)}  {first}{code}",
        *(indent + other for other in others),
        *(f"{indent}{'-> ' if not number else '   '}{told}" for number, told in enumerate(remedies)),
    ]


def _end(checks: Sequence[Check], style: TextStyle) -> str:
    counts = {verdict: sum(each.verdict is verdict for each in checks) for verdict in CheckStatus}
    told = [f"{counts[CheckStatus.FAIL]} failed"] if counts[CheckStatus.FAIL] else []
    if counts[CheckStatus.WARN]:
        told.append(f"{counts[CheckStatus.WARN]} to look at")
    return style.bold(f"{', '.join(told)}." if told else "All is as it must be.")
