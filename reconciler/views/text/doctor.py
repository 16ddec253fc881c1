"""What `doctor` found: a line for each check, and the remedy where one is needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import Severity
from reconciler.masking import escaped
from reconciler.views.json import FORMAT_VERSION, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic
    from reconciler.views.look import Look


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `code` is that of the diagnostic behind it, where there is one."""

    name: str
    verdict: Verdict
    summary: str
    remedy: str = ""
    code: str | None = None


def ok(name: str, summary: str) -> Check:
    """All is as it must be."""
    return Check(name, Verdict.OK, summary)


def warn(name: str, summary: str, remedy: str) -> Check:
    """It works, and somebody should look."""
    return Check(name, Verdict.WARN, summary, remedy)


def of(name: str, told: Diagnostic) -> Check:
    """What a diagnostic says about `name`."""
    verdict = Verdict.FAIL if told.severity is Severity.ERROR else Verdict.WARN
    summary = f"{told.summary}: {told.detail}" if told.detail else told.summary
    return Check(name, verdict, summary, told.hint, told.code)


def text(checks: Sequence[Check], look: Look) -> str:
    """A line for each check, remedies below, and the verdict last."""
    width = max(len(each.name) for each in checks)
    lines = [line for each in checks for line in _lines(each, width, look)]
    return "".join(f"{line}\n" for line in (*lines, "", _end(checks, look)))


def json(checks: Sequence[Check], _: Look) -> str:
    """`{format_version, ok, checks: [{name, status, summary, code, remedy}]}`."""
    rows = [
        {
            "name": each.name,
            "status": each.verdict,
            "summary": each.summary,
            "code": each.code,
            "remedy": each.remedy,
        }
        for each in checks
    ]
    sound = all(each.verdict is not Verdict.FAIL for each in checks)
    return line({"format_version": FORMAT_VERSION, "ok": sound, "checks": rows})


def _lines(each: Check, width: int, look: Look) -> list[str]:
    painted = {Verdict.OK: look.good, Verdict.WARN: look.warning, Verdict.FAIL: look.error}[each.verdict]
    code = f" {look.dim(f'[{each.code}]')}" if each.code else ""
    indent = " " * (6 + width + 2)
    first, *others = (escaped(part) for part in each.summary.split("\n"))
    remedies = [escaped(part) for part in each.remedy.split("\n") if part]
    return [
        f"{painted(each.verdict.ljust(4))}  {each.name.ljust(width)}  {first}{code}",
        *(indent + other for other in others),
        *(f"{indent}{'-> ' if not number else '   '}{told}" for number, told in enumerate(remedies)),
    ]


def _end(checks: Sequence[Check], look: Look) -> str:
    counts = {verdict: sum(each.verdict is verdict for each in checks) for verdict in Verdict}
    told = [f"{counts[Verdict.FAIL]} failed"] if counts[Verdict.FAIL] else []
    if counts[Verdict.WARN]:
        told.append(f"{counts[Verdict.WARN]} to look at")
    return look.bold(f"{', '.join(told)}." if told else "All is as it must be.")
