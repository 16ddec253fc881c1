"""Diagnostics in a comment: errors in a box, warnings folded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun
from reconciler.plan.plan import ending_keys
from reconciler.spec.policies.check import FAILED as POLICY_FAILED
from reconciler.views.markdown.escape import code, prose
from reconciler.views.markdown.size import MORE_BYTES, take_fitting
from reconciler.views.notice import WITHHELD
from reconciler.views.results import severity_counts
from reconciler.views.text.diagnostics import ALIKE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors.diagnostic import Diagnostic


ENDING_MAX = 20
"""Series that end soon and are named."""

POLICIES_MAX = 20
"""Policies that are broken and are named."""

LIST_BYTES_MAX = 5_000
"""Bytes of a comment that the errors, and the warnings, may take."""


def errors(diagnostics: Sequence[Diagnostic], command: str = "plan") -> str:
    """Return a box with every error; empty if there is none. `command` is the one that shows them all."""
    found = _of_severity(diagnostics, Severity.ERROR)
    if not found:
        return ""
    lines = "\n".join(f"> {line}" for line in _lines(found, command))
    return f"> [!WARNING]\n> **{count_noun(severity_counts(found)[0], 'error')}.**\n>\n{lines}"


def policies(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a box that names the policies that are broken, or cannot be checked; empty if there are none."""
    lines = policy_lines(diagnostics)
    return "\n".join(("> [!WARNING]", *(f"> {line}" for line in lines))) if lines else ""


def policy_lines(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """Return a line for the policies that meetings break, and one for those that cannot be checked."""
    found: dict[str, dict[str, None]] = {POLICY_FAILED: {}, "": {}}
    for each in diagnostics:
        if each.policy:
            found[each.code if each.code == POLICY_FAILED else ""][each.policy] = None
    failed, unchecked = map(list, found.values())
    return (
        *([f"**Meetings break {_policies(failed)}**"] if failed else []),
        *([f"**Cannot be checked: {_policies(unchecked)}**"] if unchecked else []),
    )


def _policies(names: Sequence[str]) -> str:
    noun = "the policy" if len(names) == 1 else "the policies"
    more = f" and {len(names) - POLICIES_MAX} more" if len(names) > POLICIES_MAX else ""
    return f"{noun} {', '.join(map(code, names[:POLICIES_MAX]))}{more}."


def ends_soon(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a box that names the series that end soon; empty if there are none."""
    keys = ending_keys(diagnostics)
    named = ", ".join(code(key) for key in keys[:ENDING_MAX])
    more = f" and {len(keys) - ENDING_MAX} more" if len(keys) > ENDING_MAX else ""
    noun = "series ends" if len(keys) == 1 else "series end"
    return f"> [!NOTE]\n> **{len(keys)} {noun} soon:** {named}{more}." if keys else ""


def waiting(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a box that names what waits for a person; empty if nothing does."""
    found = [each for each in diagnostics if each.code == WITHHELD]
    keys = [each.key for each in found if each.key]
    more = " and more" if len(keys) < len(found) else ""
    named = ", ".join(map(code, keys))
    return f"> [!NOTE]\n> **Waits for a person:** {named}{more}." if keys else ""


def warnings(diagnostics: Sequence[Diagnostic], command: str = "plan") -> str:
    """Return every warning, folded; empty if there is none. `command` is the one that shows them all."""
    found = _of_severity(diagnostics, Severity.WARNING)
    if not found:
        return ""
    lines = "\n".join(_lines(found, command))
    count = count_noun(severity_counts(found)[1], "warning")
    return f"<details><summary>{count}</summary>\n\n{lines}\n\n</details>"


def _of_severity(diagnostics: Sequence[Diagnostic], severity: Severity) -> list[Diagnostic]:
    return [diagnostic for diagnostic in diagnostics if diagnostic.severity is severity]


def _lines(diagnostics: Sequence[Diagnostic], command: str) -> Iterator[str]:
    """Yield an item for each diagnostic that fits; of one code only some, so that none hides the others."""
    counts: Counter[str] = Counter()
    shown = []
    for diagnostic in diagnostics:
        counts[diagnostic.code] += 1
        if counts[diagnostic.code] <= ALIKE_MAX:
            shown.append(diagnostic)
    lines = take_fitting(map(_line, shown), LIST_BYTES_MAX - MORE_BYTES)
    yield from lines
    if len(lines) < len(diagnostics):
        yield f"- … and {len(diagnostics) - len(lines):,} more; `reconciler {command} --verbose` shows them"


def _line(diagnostic: Diagnostic) -> str:
    parts = [f"- <b>{prose(diagnostic.summary)}</b>"]
    if diagnostic.span:
        start = diagnostic.span.start
        parts.append(f"at {code(f'{diagnostic.span.filename}:{start.line}:{start.column}')}")
    parts += [prose(" ".join(text.split())) for text in (diagnostic.detail, diagnostic.hint) if text]
    return " ".join([*parts, f"({code(diagnostic.code)})"])
